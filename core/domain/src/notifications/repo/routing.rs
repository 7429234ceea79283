//! SQL of handing events on.

use soko_infra::db::{Bound, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelId, ChannelScope, EventId, Timestamp};
use sqlx::AssertSqlSafe;

use crate::notifications::catalogue::ActionType;
use crate::notifications::entity::{ActionState, Recipient, StoredEvent};
use crate::notifications::texts::Text;

/// A message for somebody's inbox.
pub(in crate::notifications) struct NewMessage {
    pub(in crate::notifications) event_id: EventId,
    /// The event's name.
    pub(in crate::notifications) event: &'static str,
    pub(in crate::notifications) event_at: Timestamp,
    pub(in crate::notifications) to: Recipient,
    pub(in crate::notifications) text: Text,
    pub(in crate::notifications) data: String,
}

#[derive(sqlx::FromRow)]
pub(super) struct EventRow {
    id: EventId,
    name: String,
    payload: String,
    created_at: Timestamp,
    routed_at: Option<Timestamp>,
}

impl TryFrom<EventRow> for StoredEvent {
    type Error = DatabaseError;

    fn try_from(row: EventRow) -> Result<Self, DatabaseError> {
        let payload =
            serde_json::from_str(&row.payload).map_err(|error| DatabaseError::corrupt("event", error))?;
        let EventRow { id, name, created_at, routed_at, .. } = row;
        Ok(Self { id, name, payload, created_at, routed_at })
    }
}

/// Channels with events that nobody has handed on: each is found by one step through the index, however many wait.
pub(in crate::notifications) async fn waiting_channels(
    reader: &mut Reader,
    channels_max: i64,
) -> Result<Vec<ChannelId>, DatabaseError> {
    let sql = "WITH RECURSIVE waiting (id) AS ( \
               SELECT MIN(channel_id) FROM outbox WHERE routed_at IS NULL \
               UNION ALL SELECT (SELECT MIN(o.channel_id) FROM outbox o \
               WHERE o.routed_at IS NULL AND o.channel_id > waiting.id) FROM waiting WHERE waiting.id IS NOT NULL) \
               SELECT id FROM waiting WHERE id IS NOT NULL LIMIT $1";
    let rows: Vec<(ChannelId,)> = reader.fetch_all(sql, (channels_max,)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The oldest events of a channel that nobody has handed on.
pub(in crate::notifications) async fn unrouted(
    reader: &mut Reader,
    scope: ChannelScope,
    events_max: i64,
) -> Result<Vec<StoredEvent>, DatabaseError> {
    let sql = "SELECT id, name, payload, created_at, routed_at FROM outbox \
               WHERE channel_id = $1 AND routed_at IS NULL ORDER BY id LIMIT $2";
    let rows: Vec<EventRow> = reader.fetch_all(sql, (scope.channel_id(), events_max)).await?;
    rows.into_iter().map(StoredEvent::try_from).collect()
}

/// Takes those of some events that nobody has handed on meanwhile.
pub(in crate::notifications) async fn mark_routed(
    tx: &mut Tx,
    scope: ChannelScope,
    events: &[StoredEvent],
    now: Timestamp,
) -> Result<Vec<EventId>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, events.iter().map(|event| event.id));
    let select = format!(
        "SELECT id FROM outbox WHERE channel_id = $1 AND id IN ({listed}) AND routed_at IS NULL ORDER BY id"
    );
    tx.lock_rows(&select, values).await?;
    let mut values = vec![Bound::from(scope.channel_id().0), now.into()];
    let listed = in_list(&mut values, events.iter().map(|event| event.id));
    let sql = format!(
        "UPDATE outbox SET routed_at = $2 WHERE channel_id = $1 AND id IN ({listed}) AND routed_at IS NULL RETURNING id"
    );
    let rows: Vec<(EventId,)> = tx.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Writes down that these messages were handed on; what was before is not again.
pub(in crate::notifications) async fn insert_actions(
    tx: &mut Tx,
    scope: ChannelScope,
    messages: &[&NewMessage],
    (action, state): (ActionType, ActionState),
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    const INSERT: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO event_action (channel_id, event_id, event, action, recipient_type, recipient_id, state, attempts, \
         event_at, created_at, updated_at)",
        11,
        "ON CONFLICT (channel_id, event_id, action, recipient_type, recipient_id) DO NOTHING",
    );
    let row = |message: &&NewMessage| {
        vec![
            Bound::from(scope.channel_id().0),
            message.event_id.0.into(),
            message.event.into(),
            action.as_str().into(),
            message.to.kind().into(),
            message.to.id().into(),
            state.as_str().into(),
            1_i64.into(),
            message.event_at.into(),
            now.into(),
            now.into(),
        ]
    };
    INSERT.execute(tx, messages.iter().map(row).collect()).await
}

/// Puts messages into inboxes, each once.
pub(in crate::notifications) async fn insert_messages(
    tx: &mut Tx,
    scope: ChannelScope,
    messages: &[&NewMessage],
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    const INSERT: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO inbox_message (channel_id, user_id, recipient_type, event_id, event, title, body, data, created_at)",
        9,
        "ON CONFLICT (channel_id, user_id, recipient_type, event_id) DO NOTHING",
    );
    let row = |message: &&NewMessage| {
        vec![
            Bound::from(scope.channel_id().0),
            message.to.user().0.into(),
            message.to.kind().into(),
            message.event_id.0.into(),
            message.event.into(),
            message.text.title.as_str().into(),
            message.text.body.as_str().into(),
            message.data.as_str().into(),
            now.into(),
        ]
    };
    INSERT.execute(tx, messages.iter().map(row).collect()).await
}
