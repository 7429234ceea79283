//! Money that a customer has with the shop: spent, and given back to it. It passes through the clearing account of store
//! credit, so that what it is spent on is booked like any other tender.

use soko_kernel::{CustomerId, OrderId};

use crate::ledger::chart::{ACCOUNTS_RECEIVABLE, CLEARING_CREDIT};
use crate::ledger::entity::{NewEntry, Party, Tags};
use crate::ledger::error::LedgerError;

/// The tender of this entry, which is [`CLEARING_CREDIT`], comes out of the customer's deposit.
///
/// # Errors
/// [`LedgerError`] when the amount makes no sense.
pub fn from_deposit(entry: NewEntry, customer: CustomerId, amount: i64) -> Result<NewEntry, LedgerError> {
    let tags = Tags { party: Some(Party::Customer(customer)), ..Tags::default() };
    entry.leg(ACCOUNTS_RECEIVABLE, CLEARING_CREDIT, amount, tags)
}

/// What this entry gives back, by [`CLEARING_CREDIT`], makes the customer owe less, order by order; `None` is for what no
/// order takes up, which is the customer's deposit.
///
/// # Errors
/// [`LedgerError`] when the amounts make no sense.
pub fn to_account(
    entry: NewEntry,
    customer: CustomerId,
    parts: &[(Option<OrderId>, i64)],
) -> Result<NewEntry, LedgerError> {
    parts.iter().try_fold(entry, |entry, (order, amount)| {
        let tags = Tags { party: Some(Party::Customer(customer)), order: *order, session: None };
        entry.leg(CLEARING_CREDIT, ACCOUNTS_RECEIVABLE, *amount, tags)
    })
}
