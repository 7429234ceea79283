//! Money for what was bought on account.

use soko_kernel::{CustomerId, OrderId};

use super::Occasion;
use crate::ledger::chart::ACCOUNTS_RECEIVABLE;
use crate::ledger::entity::{AccountCode, NewEntry, Party, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// The customer owes less, order by order; `None` is for money that no order takes up, which is the customer's until one
/// does.
///
/// # Errors
/// [`LedgerError`] when the amounts make no sense.
pub fn repayment(
    occasion: Occasion,
    id: impl ToString,
    customer: CustomerId,
    tender: &AccountCode,
    allocations: &[(Option<OrderId>, i64)],
) -> Result<NewEntry, LedgerError> {
    let source = Source::new(SourceKind::PaymentAllocation, id);
    let entry = NewEntry::new(source, occasion.date, occasion.currency, "Repayment");
    allocations.iter().try_fold(entry, |entry, (order, amount)| {
        let tags = Tags { party: Some(Party::Customer(customer)), order: *order, session: None };
        entry.leg(tender.clone(), ACCOUNTS_RECEIVABLE, *amount, tags)
    })
}
