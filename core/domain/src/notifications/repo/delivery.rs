//! SQL of what is sent.

use soko_infra::db::{Bound, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{
    ChannelId, ChannelScope, CustomerId, EventActionId, EventHandlerId, EventId, Timestamp, UserId,
    WebhookEndpointId,
};
use sqlx::AssertSqlSafe;

use super::routing::EventRow;
use super::webhooks::signing_endpoint;
use crate::notifications::catalogue::{ActionType, EventType};
use crate::notifications::delivery::{Claimed, Due, Outcome, Target};
use crate::notifications::entity::{Recipient, StoredEvent};
use crate::notifications::reason::ActionReason;

#[derive(sqlx::FromRow)]
struct DueRow {
    channel_id: ChannelId,
    id: EventActionId,
    priority: i64,
}

/// What is to be done, the longest due first, in other channels than these.
pub(in crate::notifications) async fn due_deliveries(
    reader: &mut Reader,
    now: Timestamp,
    but: &[ChannelId],
    deliveries_max: i64,
) -> Result<Vec<Due>, DatabaseError> {
    let mut values = vec![Bound::from(now), deliveries_max.into()];
    let others = if but.is_empty() {
        String::new()
    } else {
        format!("AND channel_id NOT IN ({})", in_list(&mut values, but.iter().copied()))
    };
    let sql = format!(
        "SELECT channel_id, id, priority FROM event_action WHERE due_at <= $1 {others} ORDER BY due_at, id LIMIT $2"
    );
    let rows: Vec<DueRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let due = |DueRow { channel_id: channel, id: action, priority }| Due { channel, action, priority };
    Ok(rows.into_iter().map(due).collect())
}

#[derive(sqlx::FromRow)]
struct ClaimedRow {
    id: EventId,
    name: String,
    payload: String,
    created_at: Timestamp,
    action: String,
    recipient_type: String,
    recipient_id: i64,
    attempts: i64,
}

/// Takes a delivery that is due until `lease`, if nobody has it. What was said of an earlier try is no longer true.
pub(in crate::notifications) async fn claim_delivery(
    tx: &mut Tx,
    scope: ChannelScope,
    id: EventActionId,
    (now, lease): (Timestamp, Timestamp),
) -> Result<Option<Claimed>, DatabaseError> {
    let claim = "UPDATE event_action SET attempts = attempts + 1, due_at = $1, reason = NULL, message = NULL, \
                 updated_at = $2 \
                 WHERE channel_id = $3 AND id = $4 AND due_at <= $2";
    if tx.execute(claim, (lease, now, scope.channel_id(), id)).await? == 0 {
        return Ok(None);
    }
    let sql = "SELECT o.id, o.name, o.payload, o.created_at, a.action, a.recipient_type, a.recipient_id, a.attempts \
               FROM event_action a \
               JOIN outbox o ON o.channel_id = a.channel_id AND o.id = a.event_id \
               WHERE a.channel_id = $1 AND a.id = $2";
    let row: Option<ClaimedRow> = tx.fetch_optional(sql, (scope.channel_id(), id)).await?;
    let Some(row) = row else {
        // It waited for longer than events are kept.
        let give_up = "UPDATE event_action SET state = 'Failed', due_at = NULL, reason = 'gone', message = $1 \
                       WHERE channel_id = $2 AND id = $3";
        tx.execute_one(give_up, ("the event is gone", scope.channel_id(), id)).await?;
        return Ok(None);
    };
    let to = target(tx, scope, &row, now).await?;
    let ClaimedRow { id, name, payload, created_at, attempts, .. } = row;
    let event = StoredEvent::try_from(EventRow { id, name, payload, created_at, routed_at: None })?;
    Ok(Some(Claimed { event, to, attempts }))
}

async fn target(
    reader: &mut Reader,
    scope: ChannelScope,
    row: &ClaimedRow,
    now: Timestamp,
) -> Result<Target, DatabaseError> {
    let (action, id) = (ActionType::parse(&row.action), row.recipient_id);
    if action == Some(ActionType::Webhook) {
        let endpoint = signing_endpoint(reader, scope, WebhookEndpointId(id), now).await?;
        return Ok(endpoint.map_or(Target::Gone("the endpoint is off or gone"), Target::Webhook));
    }
    let Some(kind) = EventType::find(&row.name) else {
        return Ok(Target::Gone("nobody knows such an event"));
    };
    if action == Some(ActionType::Handler) {
        return Ok(Target::Handler(kind, EventHandlerId(id)));
    }
    // As whom a customer logs in, if they still do, is found out when they are told.
    let user = UserId(0);
    let person = match row.recipient_type.as_str() {
        "customer" => Recipient::Customer { id: CustomerId(id), user },
        _ => Recipient::Administrator(UserId(id)),
    };
    let to = action.and_then(|action| person.by(action, Some(user)));
    Ok(to.map_or(Target::Gone("this is nothing that is sent"), |to| Target::Person(kind, to)))
}

/// Leaves a delivery that was taken for later: it was no try.
pub(in crate::notifications) async fn put_off(
    tx: &mut Tx,
    scope: ChannelScope,
    id: EventActionId,
    until: Timestamp,
) -> Result<(), DatabaseError> {
    let sql =
        "UPDATE event_action SET attempts = attempts - 1, due_at = $1 WHERE channel_id = $2 AND id = $3";
    tx.execute_one(sql, (until, scope.channel_id(), id)).await
}

/// Leaves a delivery that was taken out for good: it was no try.
pub(in crate::notifications) async fn skip_delivery(
    tx: &mut Tx,
    scope: ChannelScope,
    id: EventActionId,
    (reason, why): (ActionReason, &'static str),
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE event_action SET attempts = attempts - 1, state = 'Skipped', due_at = NULL, reason = $1, \
               message = $2, updated_at = $3 WHERE channel_id = $4 AND id = $5";
    tx.execute_one(sql, (reason.as_str(), why, now, scope.channel_id(), id)).await
}

/// Writes down what has become of a try, unless somebody has tried again since.
pub(in crate::notifications) async fn record_delivery(
    tx: &mut Tx,
    scope: ChannelScope,
    (id, attempts): (EventActionId, i64),
    outcome: &Outcome,
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    const MESSAGE_CHARACTERS_MAX: usize = 500;
    let sql = "UPDATE event_action SET state = $1, reason = $2, message = $3, due_at = $4, duration_ms = $5, \
               segments = segments + $6, \
               cost_micros = COALESCE(COALESCE(cost_micros, 0) + $7, cost_micros), \
               cost_currency = COALESCE($8, cost_currency), reference = COALESCE($9, reference), updated_at = $10 \
               WHERE channel_id = $11 AND id = $12 AND attempts = $13";
    let Outcome { state, reason, message, due_at, duration_ms, bill } = outcome;
    let message = message.as_ref().map(|text| text.chars().take(MESSAGE_CHARACTERS_MAX).collect::<String>());
    let (micros, currency) = bill.cost.clone().map(|cost| (cost.micros, cost.currency)).unzip();
    let values = vec![
        Bound::from(state.as_str()),
        reason.map(ActionReason::as_str).into(),
        message.into(),
        (*due_at).into(),
        (*duration_ms).into(),
        bill.segments.into(),
        micros.into(),
        currency.into(),
        bill.reference.clone().into(),
        now.into(),
        scope.channel_id().0.into(),
        id.0.into(),
        attempts.into(),
    ];
    tx.execute(sql, values).await
}

/// Whether there is such a delivery that was not made.
pub(in crate::notifications) async fn retry_delivery(
    tx: &mut Tx,
    scope: ChannelScope,
    id: EventActionId,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let sql = "UPDATE event_action SET state = 'Pending', due_at = $1, updated_at = $1 \
               WHERE channel_id = $2 AND id = $3 AND state <> 'Done' AND (action <> 'in_app' OR due_at IS NOT NULL OR attempts > 0)";
    if tx.execute(sql, (now, scope.channel_id(), id)).await? == 0 {
        return Ok(false);
    }
    // Whoever asks for it takes the risk that it was sent.
    let doubts =
        "UPDATE event_step SET state = 'failed' WHERE channel_id = $1 AND action_id = $2 AND state = 'begun'";
    tx.execute(doubts, (scope.channel_id(), id)).await?;
    Ok(true)
}
