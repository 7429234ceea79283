//! What was done about events, in numbers.

use async_graphql::{Context, Object, SimpleObject};
use soko_domain::notifications::{ActionLatency, ActionStatistic};

use super::event::EventActionState;
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::DateTime;
use crate::shared::inbox::EventActionType;

/// What was done on a day, of one event, kind of action and outcome.
#[derive(Debug, SimpleObject)]
#[graphql(name = "EventActionStatistic")]
pub struct EventActionStatistic {
    /// The day by the shop's clock: `2026-07-01`.
    pub day: String,
    /// The event: `order.placed`.
    pub event_type: String,
    /// What was done.
    pub action_type: EventActionType,
    /// How it stands.
    pub state: EventActionState,
    /// How often.
    pub count: i64,
    /// Segments that text messages took.
    pub segments: i64,
    /// What text messages cost, where the providers say so, in millionths of a unit of `costCurrency`.
    pub cost_micros: Option<i64>,
    /// ISO 4217 code.
    pub cost_currency: Option<String>,
}

impl From<ActionStatistic> for EventActionStatistic {
    fn from(statistic: ActionStatistic) -> Self {
        let (cost_micros, cost_currency) = statistic.cost.unzip();
        Self {
            day: statistic.day,
            event_type: statistic.event,
            action_type: statistic.action.into(),
            state: statistic.state.into(),
            count: statistic.count,
            segments: statistic.segments,
            cost_micros,
            cost_currency,
        }
    }
}

/// How long it took from an event to what was done about it.
#[derive(Debug, SimpleObject)]
#[graphql(name = "EventActionLatency")]
pub struct EventActionLatency {
    /// What was done.
    pub action_type: EventActionType,
    /// How often.
    pub count: i64,
    /// Milliseconds within which half of it was done.
    pub p50_ms: i64,
    /// Nine of ten.
    pub p90_ms: i64,
    /// Ninety-nine of a hundred.
    pub p99_ms: i64,
}

impl From<ActionLatency> for EventActionLatency {
    fn from(latency: ActionLatency) -> Self {
        let ActionLatency { action, count, p50_ms, p90_ms, p99_ms } = latency;
        Self { action_type: action.into(), count, p50_ms, p90_ms, p99_ms }
    }
}

/// Queries of numbers about events.
#[derive(Default)]
pub struct EventStatisticsQuery;

#[Object]
impl EventStatisticsQuery {
    /// What was done about events, by day, event, kind of action, outcome and currency: from `start` on, before `end`, at
    /// most 100 days later.
    async fn event_action_statistics(
        &self,
        context: &Context<'_>,
        start: DateTime,
        end: DateTime,
    ) -> ApiResult<Vec<EventActionStatistic>> {
        let request = context.request();
        let notifications = &request.services.notifications;
        let statistics = notifications.action_statistics(&request.actor(), (start.0, end.0)).await?;
        Ok(statistics.into_iter().map(EventActionStatistic::from).collect())
    }

    /// How long it took from events to what was done about them, by kind of action: from `start` on, before `end`, at most
    /// 100 days later.
    async fn event_action_latencies(
        &self,
        context: &Context<'_>,
        start: DateTime,
        end: DateTime,
    ) -> ApiResult<Vec<EventActionLatency>> {
        let request = context.request();
        let notifications = &request.services.notifications;
        let latencies = notifications.action_latencies(&request.actor(), (start.0, end.0)).await?;
        Ok(latencies.into_iter().map(EventActionLatency::from).collect())
    }
}
