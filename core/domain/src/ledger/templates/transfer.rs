//! Money moved between the shop's own accounts.

use super::Occasion;
use crate::ledger::entity::{AccountCode, NewEntry, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// The money leaves one account and is on the other.
///
/// # Errors
/// [`LedgerError`] when the amount makes no sense.
pub fn transfer(
    occasion: Occasion,
    id: impl ToString,
    (from, to): (AccountCode, AccountCode),
    amount: i64,
    memo: impl Into<String>,
) -> Result<NewEntry, LedgerError> {
    let source = Source::new(SourceKind::InterAccountTransfer, id);
    NewEntry::new(source, occasion.date, occasion.currency, memo).leg(to, from, amount, Tags::default())
}
