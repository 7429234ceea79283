//! SQL of what was done about events, in numbers.

use soko_infra::db::Bound;
use soko_infra::{DatabaseError, Reader};
use soko_kernel::{ChannelScope, Timestamp};
use sqlx::AssertSqlSafe;

use super::log::names;
use crate::notifications::catalogue::ActionType;
use crate::notifications::entity::ActionState;
use crate::notifications::statistics::{ActionLatency, QuarterRow};

#[derive(sqlx::FromRow)]
struct Row {
    quarter: i64,
    event: String,
    action: String,
    state: String,
    cost_currency: Option<String>,
    actions: i64,
    segments: i64,
    cost_micros: Option<i64>,
}

/// Milliseconds of a quarter of an hour.
const QUARTER_MS: i64 = 900_000;

/// What was done in each quarter of an hour.
pub(in crate::notifications) async fn action_quarters(
    reader: &mut Reader,
    scope: ChannelScope,
    types: &[&'static str],
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<QuarterRow>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0), from.into(), until.into()];
    let listed = names(&mut values, types);
    let sql = format!(
        "SELECT created_at / {QUARTER_MS} AS quarter, event, action, state, cost_currency, COUNT(*) AS actions, \
         CAST(SUM(segments) AS BIGINT) AS segments, CAST(SUM(cost_micros) AS BIGINT) AS cost_micros FROM event_action \
         WHERE channel_id = $1 AND created_at >= $2 AND created_at < $3 AND event IN ({listed}) \
         GROUP BY created_at / {QUARTER_MS}, event, action, state, cost_currency"
    );
    let rows: Vec<Row> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let known = |row: Row| {
        Some(QuarterRow {
            begun: Timestamp(row.quarter.checked_mul(QUARTER_MS)?),
            event: row.event,
            action: ActionType::parse(&row.action)?,
            state: ActionState::parse(&row.state)?,
            count: row.actions,
            segments: row.segments,
            cost: row.cost_micros.zip(row.cost_currency),
        })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

#[derive(sqlx::FromRow)]
struct LatencyRow {
    action: String,
    total: i64,
    p50: i64,
    p90: i64,
    p99: i64,
}

/// How long it took from events to what was done about them.
pub(in crate::notifications) async fn action_latencies(
    reader: &mut Reader,
    scope: ChannelScope,
    types: &[&'static str],
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<ActionLatency>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0), from.into(), until.into()];
    let listed = names(&mut values, types);
    let within = |percent: u8| format!("MIN(CASE WHEN place * 100 >= total * {percent} THEN latency END)");
    let (p50, p90, p99) = (within(50), within(90), within(99));
    let sql = format!(
        "WITH ranked AS MATERIALIZED (SELECT action, state, updated_at - event_at AS latency, \
         ROW_NUMBER() OVER (PARTITION BY action, state ORDER BY updated_at - event_at) AS place, \
         COUNT(*) OVER (PARTITION BY action, state) AS total FROM event_action \
         WHERE channel_id = $1 AND created_at >= $2 AND created_at < $3 AND event IN ({listed})) \
         SELECT action, total, {p50} AS p50, {p90} AS p90, {p99} AS p99 FROM ranked WHERE state = 'Done' \
         GROUP BY action, total ORDER BY action"
    );
    let rows: Vec<LatencyRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let known = |LatencyRow { action, total: count, p50: p50_ms, p90: p90_ms, p99: p99_ms }| {
        Some(ActionLatency { action: ActionType::parse(&action)?, count, p50_ms, p90_ms, p99_ms })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}
