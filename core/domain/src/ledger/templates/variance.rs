//! A difference found by counting.

use super::Occasion;
use crate::ledger::chart::CASH_SHORT_OVER;
use crate::ledger::entity::{AccountCode, NewEntry, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// The account becomes what was counted. `counted_less_booked` is below zero when money is missing.
///
/// # Errors
/// [`LedgerError`] when the amount makes no sense.
pub fn variance(
    occasion: Occasion,
    id: impl ToString,
    account: AccountCode,
    counted_less_booked: i64,
    tags: Tags,
) -> Result<NewEntry, LedgerError> {
    let source = Source::new(SourceKind::VarianceAdjustment, id);
    let entry = NewEntry::new(source, occasion.date, occasion.currency, "Difference found by counting");
    let amount = counted_less_booked.checked_abs().ok_or(LedgerError::Overflow)?;
    if counted_less_booked < 0 {
        entry.leg(CASH_SHORT_OVER, account, amount, tags)
    } else {
        entry.leg(account, CASH_SHORT_OVER, amount, tags)
    }
}
