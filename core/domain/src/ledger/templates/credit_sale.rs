//! A sale on the customer's account.

use soko_kernel::{CustomerId, OrderId, PaymentId};

use super::{Occasion, TaxedAmount};
use crate::ledger::chart::{ACCOUNTS_RECEIVABLE, SALES, TAX_PAYABLE};
use crate::ledger::entity::{NewEntry, Party, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// The customer owes what was bought, tax included.
///
/// # Errors
/// [`LedgerError`] when the amounts make no sense.
pub fn credit_sale(
    occasion: Occasion,
    payment: PaymentId,
    order: OrderId,
    customer: CustomerId,
    amount: TaxedAmount,
) -> Result<NewEntry, LedgerError> {
    let tags = Tags { party: Some(Party::Customer(customer)), order: Some(order), session: None };
    let source = Source::new(SourceKind::CreditSale, payment);
    NewEntry::new(source, occasion.date, occasion.currency, "Sale on account")
        .leg(ACCOUNTS_RECEIVABLE, SALES, amount.net()?, tags)?
        .leg(ACCOUNTS_RECEIVABLE, TAX_PAYABLE, amount.tax, tags)
}
