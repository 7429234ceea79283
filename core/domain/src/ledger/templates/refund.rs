//! Money given back to a customer.

use soko_kernel::{OrderId, RefundId};

use super::{Occasion, TaxedAmount};
use crate::ledger::chart::{SALES_RETURNS, TAX_PAYABLE};
use crate::ledger::entity::{AccountCode, NewEntry, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// The money leaves where the tender is kept, and its tax is no longer owed.
///
/// # Errors
/// [`LedgerError`] when the amounts make no sense.
pub fn refund(
    occasion: Occasion,
    refund: RefundId,
    order: OrderId,
    tender: AccountCode,
    amount: TaxedAmount,
) -> Result<NewEntry, LedgerError> {
    let tags = Tags { order: Some(order), ..Tags::default() };
    let source = Source::new(SourceKind::Refund, refund);
    NewEntry::new(source, occasion.date, occasion.currency, "Refund")
        .leg(SALES_RETURNS, tender.clone(), amount.net()?, tags)?
        .leg(TAX_PAYABLE, tender, amount.tax, tags)
}
