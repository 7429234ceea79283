//! What running the shop costs.

use super::Occasion;
use crate::ledger::chart::EXPENSES;
use crate::ledger::entity::{AccountCode, NewEntry, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// The money leaves the account that it was paid from.
///
/// # Errors
/// [`LedgerError`] when the amount makes no sense.
pub fn expense(
    occasion: Occasion,
    id: impl ToString,
    paid_from: AccountCode,
    amount: i64,
    memo: impl Into<String>,
) -> Result<NewEntry, LedgerError> {
    let source = Source::new(SourceKind::Expense, id);
    NewEntry::new(source, occasion.date, occasion.currency, memo).leg(
        EXPENSES,
        paid_from,
        amount,
        Tags::default(),
    )
}
