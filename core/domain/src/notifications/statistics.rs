//! What was done about events, in numbers: by day, event, kind of action and outcome, and how long it took.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use soko_kernel::{Actor, Timestamp};

use super::catalogue::ActionType;
use super::entity::ActionState;
use super::error::NotificationError;
use super::{Notifications, heard_by, repo};

/// Longest time that is looked at together.
const SPAN_MAX: Duration = Duration::from_hours(100 * 24);

/// What was done on a day, of one event, kind of action and outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionStatistic {
    /// The day by the shop's clock: `2026-07-01`.
    pub day: String,
    /// The event's name.
    pub event: String,
    /// What was done.
    pub action: ActionType,
    /// How it stands.
    pub state: ActionState,
    /// How often.
    pub count: i64,
    /// Segments that text messages took.
    pub segments: i64,
    /// What text messages cost, where the providers say so: millionths of a unit, and the currency's code. Of several
    /// currencies each stands by itself.
    pub cost: Option<(i64, String)>,
}

/// How long it took from an event to what was done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionLatency {
    /// What was done.
    pub action: ActionType,
    /// How often.
    pub count: i64,
    /// Milliseconds within which half of it was done.
    pub p50_ms: i64,
    /// Nine of ten.
    pub p90_ms: i64,
    /// Ninety-nine of a hundred.
    pub p99_ms: i64,
}

/// What was done in a quarter of an hour: no time zone is off by less.
#[derive(Debug, Clone)]
pub(super) struct QuarterRow {
    pub(super) begun: Timestamp,
    pub(super) event: String,
    pub(super) action: ActionType,
    pub(super) state: ActionState,
    pub(super) count: i64,
    pub(super) segments: i64,
    pub(super) cost: Option<(i64, String)>,
}

impl Notifications {
    /// What was done about events that the actor may hear of, by day, event, action, state and currency, in that order.
    ///
    /// # Errors
    /// [`NotificationError::Span`], an actor who may hear of none.
    pub async fn action_statistics(
        &self,
        actor: &Actor,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Vec<ActionStatistic>, NotificationError> {
        let (scope, types) = (actor.public_scope(), heard_by(actor)?);
        check_span(from, until)?;
        let read = async |reader: &mut soko_infra::Reader| {
            repo::action_quarters(reader, scope, &types, (from, until)).await
        };
        let quarters = self.database.read(scope, read).await?;
        let zone = TimeZone::get(&actor.channel.time_zone).unwrap_or(TimeZone::UTC);
        Ok(by_day(quarters, &zone))
    }

    /// How long it took from events to what was done about them, by kind of action.
    ///
    /// # Errors
    /// [`NotificationError::Span`], an actor who may hear of none.
    pub async fn action_latencies(
        &self,
        actor: &Actor,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Vec<ActionLatency>, NotificationError> {
        let (scope, types) = (actor.public_scope(), heard_by(actor)?);
        check_span(from, until)?;
        let read = async |reader: &mut soko_infra::Reader| {
            repo::action_latencies(reader, scope, &types, (from, until)).await
        };
        Ok(self.database.read(scope, read).await?)
    }
}

fn check_span(from: Timestamp, until: Timestamp) -> Result<(), NotificationError> {
    if from < until && until <= from.after(SPAN_MAX) { Ok(()) } else { Err(NotificationError::Span) }
}

fn by_day(quarters: Vec<QuarterRow>, zone: &TimeZone) -> Vec<ActionStatistic> {
    let mut days: BTreeMap<_, (i64, i64, Option<i64>)> = BTreeMap::new();
    for row in quarters {
        let moment = jiff::Timestamp::from_millisecond(row.begun.0).unwrap_or_default();
        let day = moment.to_zoned(zone.clone()).date().to_string();
        let (micros, currency) = row.cost.unzip();
        let key = (day, row.event, row.action, row.state.as_str(), currency);
        let (count, segments, cost) = days.entry(key).or_default();
        *count += row.count;
        *segments += row.segments;
        *cost = micros.map(|micros| cost.unwrap_or(0).saturating_add(micros)).or(*cost);
    }
    let mut statistics = Vec::with_capacity(days.len());
    for ((day, event, action, state, currency), (count, segments, cost)) in days {
        if let Some(state) = ActionState::parse(state) {
            let cost = cost.zip(currency);
            statistics.push(ActionStatistic { day, event, action, state, count, segments, cost });
        }
    }
    statistics
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test")]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_shop() {
        let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let row = |begun: &str, count, micros: Option<i64>| QuarterRow {
            begun: at(begun),
            event: "order.placed".to_owned(),
            action: ActionType::Sms,
            state: ActionState::Done,
            count,
            segments: count,
            cost: micros.map(|micros| (micros, "KES".to_owned())),
        };
        let quarters = vec![
            row("2026-07-01T20:45:00Z", 2, Some(1_600_000)),
            row("2026-07-01T21:00:00Z", 1, None),
            row("2026-07-01T00:00:00Z", 3, Some(2_400_000)),
        ];
        let days = by_day(quarters, &TimeZone::get("Africa/Nairobi").unwrap());
        let shown: Vec<_> = days.iter().map(|one| (one.day.as_str(), one.count, one.cost.clone())).collect();
        assert_eq!(shown, [("2026-07-01", 5, Some((4_000_000, "KES".to_owned()))), ("2026-07-02", 1, None)]);
    }

    #[test]
    fn looks_at_a_hundred_days_at_most() {
        let day = 24 * 3_600_000;
        assert!(check_span(Timestamp(0), Timestamp(100 * day)).is_ok());
        for (from, until) in [(0, 100 * day + 1), (5, 5), (6, 5)] {
            assert!(check_span(Timestamp(from), Timestamp(until)).is_err());
        }
    }
}
