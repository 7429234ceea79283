//! SQL of plugins that act on events, and of what was done of an action that has several parts.

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, EventActionId, EventHandlerId, PluginBindingId, Timestamp};

use crate::notifications::catalogue::{ActionType, EventCategory, EventType};
use crate::notifications::delivery::{STEPS_OF_A_KIND, StepKey, StepState, StoredStep};
use crate::notifications::handlers::{EventHandler, Placement};

#[derive(sqlx::FromRow)]
struct HandlerRow {
    id: EventHandlerId,
    binding_id: PluginBindingId,
    event: Option<String>,
    category: Option<String>,
    action: Option<String>,
    placement: String,
    created_at: Timestamp,
}

/// The shop's handlers. One of an event that is no longer there is left out.
pub(in crate::notifications) async fn handlers(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<EventHandler>, DatabaseError> {
    let sql = "SELECT id, binding_id, event, category, action, placement, created_at FROM event_handler \
               WHERE channel_id = $1 ORDER BY id";
    let rows: Vec<HandlerRow> = reader.fetch_all(sql, (scope.channel_id(),)).await?;
    let known = |row: HandlerRow| {
        let event = row.event.as_deref().map(EventType::find);
        let category = row.category.as_deref().map(EventCategory::parse);
        let action = row.action.as_deref().map(ActionType::parse);
        // Of something that is unknown: of nothing, and never of everything.
        if event == Some(None) || category == Some(None) || action == Some(None) {
            return None;
        }
        Some(EventHandler {
            id: row.id,
            binding: row.binding_id,
            event: event.flatten(),
            category: category.flatten(),
            action: action.flatten(),
            placement: Placement::parse(&row.placement)?,
            created_at: row.created_at,
        })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

pub(in crate::notifications) async fn insert_handler(
    tx: &mut Tx,
    scope: ChannelScope,
    handler: &EventHandler,
) -> Result<EventHandlerId, DatabaseError> {
    let sql = "INSERT INTO event_handler (channel_id, binding_id, event, category, action, placement, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    let values = (
        scope.channel_id(),
        handler.binding,
        handler.event.map(|event| event.name),
        handler.category.map(EventCategory::as_str),
        handler.action.map(ActionType::as_str),
        handler.placement.as_str(),
        handler.created_at,
    );
    let (id,): (EventHandlerId,) = tx.fetch_one(sql, values).await?;
    Ok(id)
}

/// Whether there was such a handler.
pub(in crate::notifications) async fn delete_handler(
    tx: &mut Tx,
    scope: ChannelScope,
    id: EventHandlerId,
) -> Result<bool, DatabaseError> {
    let sql = "DELETE FROM event_handler WHERE channel_id = $1 AND id = $2";
    Ok(tx.execute(sql, (scope.channel_id(), id)).await? == 1)
}

#[derive(sqlx::FromRow)]
struct StepRow {
    state: String,
    reference: Option<String>,
    segments: i64,
}

/// The parts of an action that are done: handlers, and 0 for the built-in action.
pub(in crate::notifications) async fn parts_done(
    reader: &mut Reader,
    scope: ChannelScope,
    action: EventActionId,
) -> Result<Vec<i64>, DatabaseError> {
    let sql = "SELECT handler_id FROM event_step WHERE channel_id = $1 AND action_id = $2 AND step = 0 \
               AND state = 'done'";
    let rows: Vec<(i64,)> = reader.fetch_all(sql, (scope.channel_id(), action)).await?;
    Ok(rows.into_iter().map(|(part,)| part).collect())
}

/// Begins a step, unless it was before: then what is known of it.
pub(in crate::notifications) async fn begin_step(
    tx: &mut Tx,
    scope: ChannelScope,
    key: StepKey,
    now: Timestamp,
) -> Result<Option<StoredStep>, DatabaseError> {
    let StepKey { action, handler, step } = key;
    let begin = "INSERT INTO event_step (channel_id, action_id, handler_id, step, state, segments, created_at) \
                 VALUES ($1, $2, $3, $4, 'begun', 0, $5) ON CONFLICT (channel_id, action_id, handler_id, step) DO NOTHING";
    if tx.execute(begin, (scope.channel_id(), action, handler, step, now)).await? == 1 {
        return Ok(None);
    }
    let again = "UPDATE event_step SET state = 'begun' WHERE channel_id = $1 AND action_id = $2 AND handler_id = $3 \
                 AND step = $4 AND state = 'failed'";
    if tx.execute(again, (scope.channel_id(), action, handler, step)).await? == 1 {
        return Ok(None);
    }
    find_step(tx, scope, key).await
}

/// What is known of a step, if it was begun.
pub(in crate::notifications) async fn find_step(
    reader: &mut Reader,
    scope: ChannelScope,
    StepKey { action, handler, step }: StepKey,
) -> Result<Option<StoredStep>, DatabaseError> {
    let sql = "SELECT state, reference, segments FROM event_step WHERE channel_id = $1 AND action_id = $2 \
               AND handler_id = $3 AND step = $4";
    let row: Option<StepRow> =
        reader.fetch_optional(sql, (scope.channel_id(), action, handler, step)).await?;
    let stored = |StepRow { state, reference, segments }| {
        let state = StepState::parse(&state).ok_or_else(|| DatabaseError::corrupt("event step", state))?;
        Ok(StoredStep { state, reference, segments })
    };
    row.map(stored).transpose()
}

/// Whether a message of the same kind was begun for the same action.
pub(in crate::notifications) async fn has_like_step(
    reader: &mut Reader,
    scope: ChannelScope,
    StepKey { action, step, .. }: StepKey,
) -> Result<bool, DatabaseError> {
    let first = step - step % STEPS_OF_A_KIND + 1;
    let sql = "SELECT step FROM event_step WHERE channel_id = $1 AND action_id = $2 AND step BETWEEN $3 AND $4 LIMIT 1";
    let values = (scope.channel_id(), action, first, first + STEPS_OF_A_KIND - 2);
    Ok(reader.fetch_optional::<(i64,)>(sql, values).await?.is_some())
}

/// Writes down what has become of a step.
pub(in crate::notifications) async fn end_step(
    tx: &mut Tx,
    scope: ChannelScope,
    key: StepKey,
    ended: &StoredStep,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE event_step SET state = $1, reference = $2, segments = $3 WHERE channel_id = $4 AND action_id = $5 \
               AND handler_id = $6 AND step = $7";
    let StepKey { action, handler, step } = key;
    let StoredStep { state, reference, segments } = ended;
    let values = (state.as_str(), reference.clone(), *segments, scope.channel_id(), action, handler, step);
    tx.execute_one(sql, values).await
}

/// Writes down that a part is done, whether or not it was begun.
pub(in crate::notifications) async fn put_part_done(
    tx: &mut Tx,
    scope: ChannelScope,
    (action, part): (EventActionId, i64),
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO event_step (channel_id, action_id, handler_id, step, state, segments, created_at) \
               VALUES ($1, $2, $3, 0, 'done', 0, $4) \
               ON CONFLICT (channel_id, action_id, handler_id, step) DO UPDATE SET state = 'done'";
    tx.execute_one(sql, (scope.channel_id(), action, part, now)).await
}

pub(in crate::notifications) const DELETE_OLD_STEPS: &str = "DELETE FROM event_step \
     WHERE (channel_id, action_id, handler_id, step) IN (SELECT channel_id, action_id, handler_id, step FROM event_step \
     WHERE created_at <= $1 ORDER BY created_at LIMIT $2)";

pub(in crate::notifications) const DELETE_OLD_COUNTERS: &str = "DELETE FROM rate_limit_counter \
     WHERE (channel_id, limit_id, subject) IN (SELECT channel_id, limit_id, subject FROM rate_limit_counter \
     WHERE period_start <= $1 ORDER BY period_start LIMIT $2)";
