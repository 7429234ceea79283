//! SQL of what is new in a channel.

use soko_infra::db::{Bound, in_list};
use soko_infra::{DatabaseError, Reader};
use soko_kernel::{ChannelScope, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use super::inbox::MessageRow;
use super::routing::EventRow;
use crate::notifications::entity::{InboxMessage, StoredEvent};
use crate::notifications::live::Heard;

async fn ids(
    reader: &mut Reader,
    sql: &'static str,
    scope: ChannelScope,
    above: i64,
    most: i64,
) -> Result<Vec<i64>, DatabaseError> {
    let rows: Vec<(i64,)> = reader.fetch_all(sql, (scope.channel_id(), above, most)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The first ids of events above one.
pub(in crate::notifications) async fn event_ids(
    reader: &mut Reader,
    scope: ChannelScope,
    above: i64,
    most: i64,
) -> Result<Vec<i64>, DatabaseError> {
    let sql = "SELECT id FROM outbox WHERE channel_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    ids(reader, sql, scope, above, most).await
}

/// The first ids of messages above one.
pub(in crate::notifications) async fn message_ids(
    reader: &mut Reader,
    scope: ChannelScope,
    above: i64,
    most: i64,
) -> Result<Vec<i64>, DatabaseError> {
    let sql = "SELECT id FROM inbox_message WHERE channel_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    ids(reader, sql, scope, above, most).await
}

async fn last_before(
    reader: &mut Reader,
    sql: &'static str,
    scope: ChannelScope,
    before: Timestamp,
) -> Result<i64, DatabaseError> {
    let row: Option<(i64,)> = reader.fetch_optional(sql, (scope.channel_id(), before)).await?;
    Ok(row.map_or(0, |(id,)| id))
}

/// The greatest id of an event that became true before a moment; 0 when there is none.
pub(in crate::notifications) async fn last_event_before(
    reader: &mut Reader,
    scope: ChannelScope,
    before: Timestamp,
) -> Result<i64, DatabaseError> {
    let sql = "SELECT id FROM outbox WHERE channel_id = $1 AND created_at < $2 ORDER BY id DESC LIMIT 1";
    last_before(reader, sql, scope, before).await
}

/// The greatest id of a message that came before a moment; 0 when there is none.
pub(in crate::notifications) async fn last_message_before(
    reader: &mut Reader,
    scope: ChannelScope,
    before: Timestamp,
) -> Result<i64, DatabaseError> {
    let sql =
        "SELECT id FROM inbox_message WHERE channel_id = $1 AND created_at < $2 ORDER BY id DESC LIMIT 1";
    last_before(reader, sql, scope, before).await
}

/// Events, in the order of their ids.
pub(in crate::notifications) async fn events_by_id(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[i64],
) -> Result<Vec<StoredEvent>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, ids.iter().copied());
    let sql = format!(
        "SELECT id, name, payload, created_at, routed_at FROM outbox WHERE channel_id = $1 AND id IN ({listed}) ORDER BY id"
    );
    let rows: Vec<EventRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    rows.into_iter().map(StoredEvent::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct HeardRow {
    user_id: UserId,
    recipient_type: String,
    #[sqlx(flatten)]
    message: MessageRow,
}

/// Messages with whose they are, in the order of their ids.
pub(in crate::notifications) async fn messages_by_id(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[i64],
) -> Result<Vec<Heard>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, ids.iter().copied());
    let sql = format!(
        "SELECT user_id, recipient_type, id, event_id, event, title, body, data, read_at, created_at FROM inbox_message \
         WHERE channel_id = $1 AND id IN ({listed}) ORDER BY id"
    );
    let rows: Vec<HeardRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let heard = |HeardRow { user_id: user, recipient_type, message }| {
        Ok(Heard::Message { user, recipient_type, message: InboxMessage::try_from(message)? })
    };
    rows.into_iter().map(heard).collect()
}
