//! What came of a try, and what is known of the parts of an action.

use std::time::Duration;

use rand::Rng as _;
use soko_extension::sms::SmsCost;
use soko_kernel::{EventActionId, Timestamp};

use crate::notifications::entity::ActionState;
use crate::notifications::reason::ActionReason;

/// Time until the next try, after each that failed; after the last one nobody tries by themselves.
const TRIED_AFTER: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];
/// A time is made longer by at most this part of it, so that what failed together is not tried together.
const JITTER_PARTS: u32 = 5;

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    Taken,
    /// On purpose it is not sent.
    Skipped(ActionReason, String),
    /// It may be taken later.
    Later(ActionReason, String),
    /// It will not be, at least not by itself.
    Dead(ActionReason, String),
}

/// What text messages took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::notifications) struct Bill {
    pub(in crate::notifications) segments: i64,
    pub(in crate::notifications) cost: Option<SmsCost>,
    pub(in crate::notifications) reference: Option<String>,
}

impl Bill {
    /// This and what came after it.
    pub(super) fn add(&mut self, other: Self) {
        self.segments += other.segments;
        self.cost = match (self.cost.take(), other.cost) {
            (Some(one), Some(two)) if one.currency == two.currency => {
                Some(SmsCost { micros: one.micros.saturating_add(two.micros), ..one })
            }
            (one, two) => one.or(two),
        };
        self.reference = other.reference.or(self.reference.take());
    }
}

/// What came of a try, and what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) sent: Sent,
    pub(super) bill: Bill,
}

impl Report {
    pub(super) fn taken() -> Self {
        Self { sent: Sent::Taken, bill: Bill::default() }
    }

    pub(super) fn skipped(reason: ActionReason, why: impl Into<String>) -> Self {
        Self { sent: Sent::Skipped(reason, why.into()), bill: Bill::default() }
    }

    pub(super) fn later(reason: ActionReason, why: impl Into<String>) -> Self {
        Self { sent: Sent::Later(reason, why.into()), bill: Bill::default() }
    }

    pub(super) fn dead(reason: ActionReason, why: impl Into<String>) -> Self {
        Self { sent: Sent::Dead(reason, why.into()), bill: Bill::default() }
    }
}

/// What has become of a try, as it is written down.
#[derive(Debug, Clone)]
pub(in crate::notifications) struct Outcome {
    pub(in crate::notifications) state: ActionState,
    pub(in crate::notifications) reason: Option<ActionReason>,
    pub(in crate::notifications) message: Option<String>,
    pub(in crate::notifications) due_at: Option<Timestamp>,
    pub(in crate::notifications) duration_ms: i64,
    pub(in crate::notifications) bill: Bill,
}

impl Outcome {
    pub(super) fn of(report: Report, attempts: i64, duration_ms: i64, now: Timestamp) -> Self {
        let Report { sent, bill } = report;
        let (state, why, due_at) = match sent {
            Sent::Taken => (ActionState::Done, None, None),
            Sent::Skipped(reason, why) => (ActionState::Skipped, Some((reason, why)), None),
            Sent::Dead(reason, why) => (ActionState::Failed, Some((reason, why)), None),
            Sent::Later(reason, why) => match next_try(attempts) {
                Some(wait) => (ActionState::Pending, Some((reason, why)), Some(now.after(wait))),
                None => (ActionState::Failed, Some((reason, why)), None),
            },
        };
        let (reason, message) = why.unzip();
        Self { state, reason, message, due_at, duration_ms, bill }
    }
}

/// How long to wait after so many tries, if there is to be another.
fn next_try(attempts: i64) -> Option<Duration> {
    let wait = TRIED_AFTER.get(usize::try_from(attempts.checked_sub(1)?).ok()?)?;
    #[expect(clippy::disallowed_methods, reason = "a pause decides nothing")]
    let jitter = rand::rng().random_range(Duration::ZERO..=*wait / JITTER_PARTS);
    Some(*wait + jitter)
}

/// Places of the messages of a kind among the steps of a part.
pub(in crate::notifications) const STEPS_OF_A_KIND: i64 = 100;

/// Names a part of an action, or a message of one.
#[derive(Debug, Clone, Copy)]
pub(in crate::notifications) struct StepKey {
    pub(in crate::notifications) action: EventActionId,
    /// The handler's id; 0 is the built-in action.
    pub(in crate::notifications) handler: i64,
    /// Which message of the part, from 1 on; 0 is the whole part.
    pub(in crate::notifications) step: i64,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::notifications) enum StepState {
    /// It may have been done.
    Begun,
    Done,
    /// It was certainly not done.
    Failed,
}

impl StepState {
    const ALL: [Self; 3] = [Self::Begun, Self::Done, Self::Failed];

    pub(in crate::notifications) fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    pub(in crate::notifications) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What is known of a step.
#[derive(Debug, Clone)]
pub(in crate::notifications) struct StoredStep {
    pub(in crate::notifications) state: StepState,
    pub(in crate::notifications) reference: Option<String>,
    pub(in crate::notifications) segments: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bills_of_one_currency_are_added() {
        let of = |micros, currency: &str| Bill {
            segments: 1,
            cost: Some(SmsCost { micros, currency: currency.to_owned() }),
            reference: None,
        };
        let mut bill = of(800_000, "KES");
        bill.add(of(1_600_000, "KES"));
        assert_eq!((bill.segments, bill.cost.as_ref().map(|cost| cost.micros)), (2, Some(2_400_000)));
        bill.add(Bill { reference: Some("one".to_owned()), ..Bill::default() });
        assert_eq!((bill.segments, bill.reference.as_deref()), (2, Some("one")));
    }

    #[test]
    fn tries_are_ever_more_seldom_and_come_to_an_end() {
        let waits: Vec<Duration> = (1..).map_while(next_try).collect();
        assert_eq!(waits.len(), TRIED_AFTER.len());
        for (wait, least) in waits.iter().zip(TRIED_AFTER) {
            assert!(*wait >= least && *wait <= least + least / JITTER_PARTS, "{wait:?}");
        }
        assert_eq!(next_try(0), None);
    }
}
