//! SQL of handing events on.

use std::collections::HashSet;

use soko_infra::db::{Bound, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelId, ChannelScope, EventId, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use crate::notifications::catalogue::EventType;
use crate::notifications::entity::{ActionState, Recipient, StoredEvent};
use crate::notifications::reason::ActionReason;
use crate::notifications::texts::Text;

/// Something that is done about an event, or to be done.
pub(in crate::notifications) struct NewAction {
    pub(in crate::notifications) event_id: EventId,
    pub(in crate::notifications) event: &'static EventType,
    pub(in crate::notifications) event_at: Timestamp,
    pub(in crate::notifications) to: Recipient,
    /// For an inbox, where it is put there at once; what is sent is made up when it is.
    pub(in crate::notifications) message: Option<NewMessage>,
    pub(in crate::notifications) priority: i64,
    /// When it is to be done, if not at once.
    pub(in crate::notifications) due_at: Option<Timestamp>,
}

/// A message for somebody's inbox.
#[derive(Clone)]
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

/// Writes down what is done, in the inboxes at once, and what is to be done; what was before is not again. Those at the places
/// of `too_much` are left out for good. Says how many.
pub(in crate::notifications) async fn insert_actions(
    tx: &mut Tx,
    scope: ChannelScope,
    actions: &[&NewAction],
    too_much: &HashSet<usize>,
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    const INSERT: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO event_action (channel_id, event_id, event, action, recipient_type, recipient_id, state, priority, \
         attempts, reason, due_at, event_at, created_at, updated_at)",
        14,
        "ON CONFLICT (channel_id, event_id, action, recipient_type, recipient_id) DO NOTHING",
    );
    let row = |(place, action): (usize, &&NewAction)| {
        let left_out = too_much.contains(&place);
        let (state, attempts) = match action.due_at {
            Some(_) => (ActionState::Pending, 0_i64),
            None if left_out => (ActionState::Skipped, 0),
            None => (ActionState::Done, 1),
        };
        vec![
            Bound::from(scope.channel_id().0),
            action.event_id.0.into(),
            action.event.name.into(),
            action.to.action().as_str().into(),
            action.to.kind().into(),
            action.to.id().into(),
            state.as_str().into(),
            action.priority.into(),
            attempts.into(),
            left_out.then_some(ActionReason::RateLimited.as_str()).into(),
            action.due_at.into(),
            action.event_at.into(),
            now.into(),
            now.into(),
        ]
    };
    INSERT.execute(tx, actions.iter().enumerate().map(row).collect()).await
}

/// Puts messages into inboxes, each once, but for those of actions at the places of `too_much`.
pub(in crate::notifications) async fn insert_messages(
    tx: &mut Tx,
    scope: ChannelScope,
    actions: &[&NewAction],
    too_much: &HashSet<usize>,
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    let row = |(place, action): (usize, &&NewAction)| {
        let message = action.message.as_ref().filter(|_| !too_much.contains(&place))?;
        Some(message_row(scope, (action.to.kind(), action.event_id, action.event.name), message, now))
    };
    INSERT_MESSAGES.execute(tx, actions.iter().enumerate().filter_map(row).collect()).await
}

/// Puts a message into an inbox, unless one about the event is there.
pub(in crate::notifications) async fn insert_message(
    tx: &mut Tx,
    scope: ChannelScope,
    about: (&'static str, EventId, &'static str),
    message: &NewMessage,
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    INSERT_MESSAGES.execute(tx, vec![message_row(scope, about, message, now)]).await
}

const INSERT_MESSAGES: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO inbox_message (channel_id, user_id, recipient_type, event_id, event, title, body, data, created_at)",
    9,
    "ON CONFLICT (channel_id, user_id, recipient_type, event_id) DO NOTHING",
);

fn message_row(
    scope: ChannelScope,
    (recipient_type, event_id, event): (&'static str, EventId, &'static str),
    message: &NewMessage,
    now: Timestamp,
) -> Vec<Bound> {
    vec![
        Bound::from(scope.channel_id().0),
        message.user.0.into(),
        recipient_type.into(),
        event_id.0.into(),
        event.into(),
        message.text.title.as_str().into(),
        message.text.body.as_str().into(),
        message.data.as_str().into(),
        now.into(),
    ]
}
