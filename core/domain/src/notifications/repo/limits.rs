//! SQL of how much people are told at most, and when not.

use std::collections::BTreeSet;
use std::time::Duration;

use soko_infra::db::{Bound, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, RateLimitId, Timestamp};
use sqlx::AssertSqlSafe;

use crate::notifications::catalogue::{ActionType, EventCategory, EventType};
use crate::notifications::limits::{Counter, CounterKey, Counters, LimitScope, RateLimit};
use crate::notifications::quiet::QuietHours;

#[derive(sqlx::FromRow)]
struct LimitRow {
    id: RateLimitId,
    action: String,
    scope: String,
    event: Option<String>,
    category: Option<String>,
    actions_max: i64,
    period_s: i64,
}

/// The shop's limits. One of an event that is no longer there is left out.
pub(in crate::notifications) async fn rate_limits(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<RateLimit>, DatabaseError> {
    let sql = "SELECT id, action, scope, event, category, actions_max, period_s FROM rate_limit \
               WHERE channel_id = $1 ORDER BY id";
    let rows: Vec<LimitRow> = reader.fetch_all(sql, (scope.channel_id(),)).await?;
    let known = |row: LimitRow| {
        let event = row.event.as_deref().map(EventType::find);
        let category = row.category.as_deref().map(EventCategory::parse);
        // Of something that is unknown: of nothing, and never of everything.
        if event == Some(None) || category == Some(None) {
            return None;
        }
        Some(RateLimit {
            id: row.id,
            action: ActionType::parse(&row.action)?,
            scope: LimitScope::parse(&row.scope)?,
            event: event.flatten(),
            category: category.flatten(),
            actions_max: row.actions_max,
            period: Duration::from_secs(u64::try_from(row.period_s).ok()?),
        })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

pub(in crate::notifications) async fn insert_rate_limit(
    tx: &mut Tx,
    scope: ChannelScope,
    limit: &RateLimit,
    now: Timestamp,
) -> Result<RateLimitId, DatabaseError> {
    let sql = "INSERT INTO rate_limit (channel_id, action, scope, event, category, actions_max, period_s, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id";
    let values = (
        scope.channel_id(),
        limit.action.as_str(),
        limit.scope.as_str(),
        limit.event.map(|event| event.name),
        limit.category.map(EventCategory::as_str),
        limit.actions_max,
        i64::try_from(limit.period.as_secs()).unwrap_or(i64::MAX),
        now,
    );
    let (id,): (RateLimitId,) = tx.fetch_one(sql, values).await?;
    Ok(id)
}

/// Whether there was such a limit. What it counted goes with it.
pub(in crate::notifications) async fn delete_rate_limit(
    tx: &mut Tx,
    scope: ChannelScope,
    id: RateLimitId,
) -> Result<bool, DatabaseError> {
    let counters = "DELETE FROM rate_limit_counter WHERE channel_id = $1 AND limit_id = $2";
    tx.execute(counters, (scope.channel_id(), id)).await?;
    let sql = "DELETE FROM rate_limit WHERE channel_id = $1 AND id = $2";
    Ok(tx.execute(sql, (scope.channel_id(), id)).await? == 1)
}

#[derive(sqlx::FromRow)]
struct CounterRow {
    limit_id: RateLimitId,
    subject: String,
    period_start: Timestamp,
    used: i64,
}

/// Holds these counters until the transaction ends.
pub(in crate::notifications) async fn hold_counters(
    tx: &mut Tx,
    scope: ChannelScope,
    keys: &BTreeSet<CounterKey>,
) -> Result<Counters, DatabaseError> {
    const BEGIN: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO rate_limit_counter (channel_id, limit_id, subject, period_start, used)",
        5,
        "ON CONFLICT (channel_id, limit_id, subject) DO NOTHING",
    );
    if keys.is_empty() {
        return Ok(Counters::default());
    }
    let row = |(limit, subject): &CounterKey| {
        let key = [scope.channel_id().0.into(), limit.0.into(), subject.as_str().into()];
        key.into_iter().chain([Bound::from(0_i64), 0_i64.into()]).collect()
    };
    BEGIN.execute(tx, keys.iter().map(row).collect()).await?;
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let limits = in_list(&mut values, keys.iter().map(|(limit, _)| *limit).collect::<BTreeSet<_>>());
    let sql = format!(
        "SELECT limit_id, subject, period_start, used FROM rate_limit_counter \
         WHERE channel_id = $1 AND limit_id IN ({limits}) ORDER BY limit_id, subject"
    );
    tx.lock_rows(&sql, values.clone()).await?;
    let rows: Vec<CounterRow> = tx.fetch_all(AssertSqlSafe(sql), values).await?;
    let held = rows.into_iter().filter_map(|row| {
        let key = (row.limit_id, row.subject);
        let counter = Counter { period_start: row.period_start, used: row.used };
        keys.contains(&key).then_some((key, (counter, false)))
    });
    Ok(Counters { held: held.collect() })
}

/// Writes down those that were raised.
pub(in crate::notifications) async fn put_counters(
    tx: &mut Tx,
    scope: ChannelScope,
    counters: &Counters,
) -> Result<u64, DatabaseError> {
    const PUT: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO rate_limit_counter (channel_id, limit_id, subject, period_start, used)",
        5,
        "ON CONFLICT (channel_id, limit_id, subject) DO UPDATE \
         SET period_start = excluded.period_start, used = excluded.used",
    );
    let mut raised: Vec<_> = counters.held.iter().filter(|(_, (_, changed))| *changed).collect();
    raised.sort_by_key(|(key, _)| *key);
    let row = |((limit, subject), (counter, _)): (&CounterKey, &(Counter, bool))| {
        vec![
            Bound::from(scope.channel_id().0),
            limit.0.into(),
            subject.as_str().into(),
            counter.period_start.into(),
            counter.used.into(),
        ]
    };
    PUT.execute(tx, raised.into_iter().map(row).collect()).await
}

/// When the shop leaves people alone.
pub(in crate::notifications) async fn quiet_hours(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Option<QuietHours>, DatabaseError> {
    let sql = "SELECT from_minute, until_minute FROM quiet_hours WHERE channel_id = $1";
    let row: Option<(i64, i64)> = reader.fetch_optional(sql, (scope.channel_id(),)).await?;
    row.map(|(from, until)| {
        let minute =
            |value| i16::try_from(value).map_err(|error| DatabaseError::corrupt("quiet hours", error));
        Ok(QuietHours { from_minute: minute(from)?, until_minute: minute(until)? })
    })
    .transpose()
}

pub(in crate::notifications) async fn put_quiet_hours(
    tx: &mut Tx,
    scope: ChannelScope,
    hours: Option<QuietHours>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let Some(QuietHours { from_minute, until_minute }) = hours else {
        tx.execute("DELETE FROM quiet_hours WHERE channel_id = $1", (scope.channel_id(),)).await?;
        return Ok(());
    };
    let sql = "INSERT INTO quiet_hours (channel_id, from_minute, until_minute, updated_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (channel_id) DO UPDATE SET from_minute = excluded.from_minute, \
               until_minute = excluded.until_minute, updated_at = excluded.updated_at";
    let values = (scope.channel_id(), i64::from(from_minute), i64::from(until_minute), now);
    tx.execute_one(sql, values).await
}
