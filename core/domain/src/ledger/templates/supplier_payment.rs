//! Money for a supplier.

use soko_kernel::CustomerId;

use super::Occasion;
use crate::ledger::chart::ACCOUNTS_PAYABLE;
use crate::ledger::entity::{AccountCode, NewEntry, Party, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// Less is owed to the supplier.
///
/// # Errors
/// [`LedgerError`] when the amount makes no sense.
pub fn supplier_payment(
    occasion: Occasion,
    id: impl ToString,
    supplier: CustomerId,
    paid_from: AccountCode,
    amount: i64,
) -> Result<NewEntry, LedgerError> {
    let tags = Tags { party: Some(Party::Supplier(supplier)), ..Tags::default() };
    let source = Source::new(SourceKind::SupplierPayment, id);
    NewEntry::new(source, occasion.date, occasion.currency, "Payment to supplier").leg(
        ACCOUNTS_PAYABLE,
        paid_from,
        amount,
        tags,
    )
}
