//! How urgent it is to speak of what is unpaid. Pure.

use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::Date;
use soko_kernel::Timestamp;

use crate::credit::entity::CreditAccount;

/// Who paid something in this time is not asked after three days.
const JUST_PAID: Duration = Duration::from_hours(24 * 3);

/// A rung of the ladder, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// The oldest has been overdue for ten days: the last notice.
    Overdue10,
    /// For seven days.
    Overdue7,
    /// Nine tenths of the limit are used.
    Limit90,
    /// For three days.
    Overdue3,
    /// Eight tenths of the limit are used.
    Limit80,
}

impl Rung {
    /// The name that events and the database use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overdue10 => "overdue_10",
            Self::Overdue7 => "overdue_7",
            Self::Limit90 => "limit_90",
            Self::Overdue3 => "overdue_3",
            Self::Limit80 => "limit_80",
        }
    }
}

/// How things stand with somebody who has something to pay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    /// Days since the oldest was to be paid; below zero it still has time.
    pub(super) overdue_days: i64,
    /// Hundredths of the limit that are used; none where there is no limit.
    used_percent: Option<i64>,
    just_paid: bool,
}

impl Standing {
    /// As it is on this day. `None` for a day that no calendar has.
    pub(super) fn of(
        account: &CreditAccount,
        unpaid: i64,
        since: Date,
        today: Date,
        now: Timestamp,
    ) -> Option<Self> {
        let due = since.checked_add(account.duration_days.days()).ok()?;
        let overdue_days = i64::from(due.until(today).ok()?.get_days());
        let percent = |limit: i64| {
            let percent = i128::from(unpaid) * 100 / i128::from(limit);
            i64::try_from(percent).unwrap_or(i64::MAX)
        };
        let used_percent = (account.limit > 0).then(|| percent(account.limit));
        let just_paid = account.last_payment_at.is_some_and(|paid| now < paid.after(JUST_PAID));
        Some(Self { overdue_days, used_percent, just_paid })
    }
}

/// The rung for how things stand, if there is anything to say.
pub(super) fn rung_of(standing: &Standing) -> Option<Rung> {
    let used = |percent| standing.used_percent.is_some_and(|used| used >= percent);
    match standing.overdue_days {
        10.. => Some(Rung::Overdue10),
        7.. => Some(Rung::Overdue7),
        _ if used(90) => Some(Rung::Limit90),
        3.. if !standing.just_paid => Some(Rung::Overdue3),
        _ if used(80) => Some(Rung::Limit80),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_urgent_is_said() {
        let standing =
            |overdue_days, used, just_paid| Standing { overdue_days, used_percent: Some(used), just_paid };
        for (standing, expected) in [
            (standing(30, 100, true), Some(Rung::Overdue10)),
            (standing(10, 0, false), Some(Rung::Overdue10)),
            (standing(9, 100, false), Some(Rung::Overdue7)),
            (standing(6, 95, false), Some(Rung::Limit90)),
            (standing(6, 89, false), Some(Rung::Overdue3)),
            (standing(6, 89, true), Some(Rung::Limit80)),
            (standing(6, 79, true), None),
            (standing(2, 80, false), Some(Rung::Limit80)),
            (standing(2, 79, false), None),
            (standing(-20, 0, false), None),
        ] {
            assert_eq!(rung_of(&standing), expected, "{standing:?}");
        }
    }
}
