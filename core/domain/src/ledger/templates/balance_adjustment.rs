//! What a customer owes, or is owed to a supplier, corrected by hand.

use soko_kernel::OrderId;

use super::Occasion;
use crate::ledger::chart::{ACCOUNTS_PAYABLE, ACCOUNTS_RECEIVABLE, BALANCE_ADJUSTMENT};
use crate::ledger::entity::{NewEntry, Party, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// The party's debt, or what is owed to it, changes by so much, order by order; below zero it becomes less. `None` is for
/// what no order takes up. The reason is the memo.
///
/// # Errors
/// [`LedgerError`] when an amount makes no sense.
pub fn balance_adjustment(
    occasion: Occasion,
    id: impl ToString,
    party: Party,
    changes: &[(Option<OrderId>, i64)],
    reason: impl Into<String>,
) -> Result<NewEntry, LedgerError> {
    let source = Source::new(SourceKind::BalanceAdjustment, id);
    let entry = NewEntry::new(source, occasion.date, occasion.currency, reason);
    let (account, grows_by_debit) = match party {
        Party::Customer(_) => (ACCOUNTS_RECEIVABLE, true),
        Party::Supplier(_) => (ACCOUNTS_PAYABLE, false),
    };
    changes.iter().try_fold(entry, |entry, (order, change)| {
        let tags = Tags { party: Some(party), order: *order, session: None };
        let amount = change.checked_abs().ok_or(LedgerError::Overflow)?;
        if (*change > 0) == grows_by_debit {
            entry.leg(account, BALANCE_ADJUSTMENT, amount, tags)
        } else {
            entry.leg(BALANCE_ADJUSTMENT, account, amount, tags)
        }
    })
}
