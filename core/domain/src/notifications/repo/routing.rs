//! SQL of handing events on.

use soko_infra::db::{Bound, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelId, ChannelScope, EventId, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use crate::notifications::catalogue::ActionType;
use crate::notifications::entity::{ActionState, Recipient, StoredEvent};
use crate::notifications::texts::Text;

/// Something that is done about an event, or to be done.
pub(in crate::notifications) struct NewAction {
    pub(in crate::notifications) event_id: EventId,
    /// The event's name.
    pub(in crate::notifications) event: &'static str,
    pub(in crate::notifications) event_at: Timestamp,
    pub(in crate::notifications) to: Recipient,
    /// For an inbox; what is sent to an address is made up when it is.
    pub(in crate::notifications) message: Option<NewMessage>,
}

/// A message for somebody's inbox.
pub(in crate::notifications) struct NewMessage {
    pub(in crate::notifications) user: UserId,
    pub(in crate::notifications) text: Text,
    pub(in crate::notifications) data: String,
}

#[derive(sqlx::FromRow)]
pub(super) struct EventRow {
    pub(super) id: EventId,
    pub(super) name: String,
    pub(super) payload: String,
    pub(super) created_at: Timestamp,
    pub(super) routed_at: Option<Timestamp>,
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

/// Writes down what is done, in the inboxes at once, and what is to be done; what was before is not again. Says how many.
pub(in crate::notifications) async fn insert_actions(
    tx: &mut Tx,
    scope: ChannelScope,
    actions: &[&NewAction],
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    const INSERT: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO event_action (channel_id, event_id, event, action, recipient_type, recipient_id, state, attempts, \
         due_at, event_at, created_at, updated_at)",
        12,
        "ON CONFLICT (channel_id, event_id, action, recipient_type, recipient_id) DO NOTHING",
    );
    let row = |action: &&NewAction| {
        let kind = action.to.action();
        let (state, attempts, due_at) = match kind {
            ActionType::InApp => (ActionState::Done, 1_i64, None),
            ActionType::Email | ActionType::Webhook => (ActionState::Pending, 0, Some(now)),
        };
        vec![
            Bound::from(scope.channel_id().0),
            action.event_id.0.into(),
            action.event.into(),
            kind.as_str().into(),
            action.to.kind().into(),
            action.to.id().into(),
            state.as_str().into(),
            attempts.into(),
            due_at.into(),
            action.event_at.into(),
            now.into(),
            now.into(),
        ]
    };
    INSERT.execute(tx, actions.iter().map(row).collect()).await
}

/// Puts messages into inboxes, each once.
pub(in crate::notifications) async fn insert_messages(
    tx: &mut Tx,
    scope: ChannelScope,
    actions: &[&NewAction],
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    const INSERT: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO inbox_message (channel_id, user_id, recipient_type, event_id, event, title, body, data, created_at)",
        9,
        "ON CONFLICT (channel_id, user_id, recipient_type, event_id) DO NOTHING",
    );
    let row = |action: &&NewAction| {
        let message = action.message.as_ref()?;
        Some(vec![
            Bound::from(scope.channel_id().0),
            message.user.0.into(),
            action.to.kind().into(),
            action.event_id.0.into(),
            action.event.into(),
            message.text.title.as_str().into(),
            message.text.body.as_str().into(),
            message.data.as_str().into(),
            now.into(),
        ])
    };
    INSERT.execute(tx, actions.iter().filter_map(row).collect()).await
}
