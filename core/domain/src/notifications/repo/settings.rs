//! SQL of what shops and people want to be told.

use std::collections::HashMap;

use soko_infra::db::{Bound, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use crate::notifications::audience::EventSetting;
use crate::notifications::catalogue::{ActionType, EventType};

/// What somebody has said about an event and an action.
pub(in crate::notifications) type Preference = (&'static EventType, ActionType, bool);

#[derive(sqlx::FromRow)]
struct SettingRow {
    event: String,
    action: String,
    enabled: bool,
    default_for_users: bool,
    respects_quiet_hours: bool,
    priority: i64,
}

/// What the shop has said. What is of no use any more, an event or an action that is no longer there, is left out.
pub(in crate::notifications) async fn settings(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<EventSetting>, DatabaseError> {
    let sql = "SELECT event, action, enabled, default_for_users, respects_quiet_hours, priority FROM event_setting \
               WHERE channel_id = $1 ORDER BY event, action";
    let rows: Vec<SettingRow> = reader.fetch_all(sql, (scope.channel_id(),)).await?;
    let known = |row: SettingRow| {
        let (event, action) = (EventType::find(&row.event)?, ActionType::parse(&row.action)?);
        let SettingRow { enabled, default_for_users, respects_quiet_hours, priority, .. } = row;
        Some(EventSetting { event, action, enabled, default_for_users, respects_quiet_hours, priority })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

pub(in crate::notifications) async fn put_setting(
    tx: &mut Tx,
    scope: ChannelScope,
    setting: &EventSetting,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO event_setting (channel_id, event, action, enabled, default_for_users, respects_quiet_hours, \
               priority, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (channel_id, event, action) DO UPDATE \
               SET enabled = excluded.enabled, default_for_users = excluded.default_for_users, \
               respects_quiet_hours = excluded.respects_quiet_hours, priority = excluded.priority, \
               updated_at = excluded.updated_at";
    let EventSetting { event, action, enabled, default_for_users, respects_quiet_hours, priority } = *setting;
    let values = (
        scope.channel_id(),
        event.name,
        action.as_str(),
        enabled,
        default_for_users,
        respects_quiet_hours,
        priority,
        now,
    );
    tx.execute_one(sql, values).await
}

/// What these users have said, of the events that let them.
pub(in crate::notifications) async fn preferences(
    reader: &mut Reader,
    scope: ChannelScope,
    users: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<(UserId, &'static str, ActionType), bool>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, users);
    let sql = format!(
        "SELECT user_id, event, action, enabled FROM event_preference WHERE channel_id = $1 AND user_id IN ({listed})"
    );
    let rows: Vec<(UserId, String, String, bool)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let known = |(user, event, action, enabled): (UserId, String, String, bool)| {
        Some(((user, EventType::find(&event)?.name, ActionType::parse(&action)?), enabled))
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

/// What one user has said.
pub(in crate::notifications) async fn preferences_of(
    reader: &mut Reader,
    scope: ChannelScope,
    user: UserId,
) -> Result<Vec<Preference>, DatabaseError> {
    let said = preferences(reader, scope, [user]).await?;
    let found = said
        .into_iter()
        .filter_map(|((_, event, action), enabled)| Some((EventType::find(event)?, action, enabled)));
    Ok(found.collect())
}

pub(in crate::notifications) async fn put_preference(
    tx: &mut Tx,
    scope: ChannelScope,
    user: UserId,
    (event, action, enabled): Preference,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO event_preference (channel_id, user_id, event, action, enabled, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (channel_id, user_id, event, action) DO UPDATE \
               SET enabled = excluded.enabled, updated_at = excluded.updated_at";
    tx.execute_one(sql, (scope.channel_id(), user, event.name, action.as_str(), enabled, now)).await
}
