//! A sale that is paid for.

use soko_kernel::{OrderId, PaymentId};

use super::{Occasion, TaxedAmount};
use crate::ledger::chart::{SALES, TAX_PAYABLE};
use crate::ledger::entity::{AccountCode, NewEntry, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// The money comes in where the tender is kept; what is tax is owed to the state.
///
/// # Errors
/// [`LedgerError`] when the amounts make no sense.
pub fn cash_sale(
    occasion: Occasion,
    payment: PaymentId,
    order: OrderId,
    tender: AccountCode,
    amount: TaxedAmount,
) -> Result<NewEntry, LedgerError> {
    let tags = Tags { order: Some(order), ..Tags::default() };
    let source = Source::new(SourceKind::Payment, payment);
    NewEntry::new(source, occasion.date, occasion.currency, "Sale")
        .leg(tender.clone(), SALES, amount.net()?, tags)?
        .leg(tender, TAX_PAYABLE, amount.tax, tags)
}
