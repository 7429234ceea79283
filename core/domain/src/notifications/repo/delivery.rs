//! SQL of what is sent.

use soko_infra::db::{Bound, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{
    ChannelId, ChannelScope, CustomerId, EventActionId, EventId, Timestamp, WebhookEndpointId,
};
use sqlx::AssertSqlSafe;

use super::routing::EventRow;
use super::webhooks::signing_endpoint;
use crate::notifications::catalogue::ActionType;
use crate::notifications::delivery::{Claimed, Outcome, Target};
use crate::notifications::entity::StoredEvent;

/// What is to be sent, the longest due first, in other channels than these.
pub(in crate::notifications) async fn due_deliveries(
    reader: &mut Reader,
    now: Timestamp,
    but: &[ChannelId],
    deliveries_max: i64,
) -> Result<Vec<(ChannelId, EventActionId)>, DatabaseError> {
    let mut values = vec![Bound::from(now), deliveries_max.into()];
    let others = if but.is_empty() {
        String::new()
    } else {
        format!("AND channel_id NOT IN ({})", in_list(&mut values, but.iter().copied()))
    };
    let sql = format!(
        "SELECT channel_id, id FROM event_action WHERE due_at <= $1 {others} ORDER BY due_at, id LIMIT $2"
    );
    reader.fetch_all(AssertSqlSafe(sql), values).await
}

#[derive(sqlx::FromRow)]
struct ClaimedRow {
    id: EventId,
    name: String,
    payload: String,
    created_at: Timestamp,
    action: String,
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
    let claim = "UPDATE event_action SET attempts = attempts + 1, due_at = $1, message = NULL, updated_at = $2 \
                 WHERE channel_id = $3 AND id = $4 AND due_at <= $2";
    if tx.execute(claim, (lease, now, scope.channel_id(), id)).await? == 0 {
        return Ok(None);
    }
    let sql = "SELECT o.id, o.name, o.payload, o.created_at, a.action, a.recipient_id, a.attempts FROM event_action a \
               JOIN outbox o ON o.channel_id = a.channel_id AND o.id = a.event_id \
               WHERE a.channel_id = $1 AND a.id = $2";
    let row: Option<ClaimedRow> = tx.fetch_optional(sql, (scope.channel_id(), id)).await?;
    let Some(row) = row else {
        // It waited for longer than events are kept.
        let give_up = "UPDATE event_action SET state = 'Failed', due_at = NULL, message = $1 \
                       WHERE channel_id = $2 AND id = $3";
        tx.execute_one(give_up, ("the event is gone", scope.channel_id(), id)).await?;
        return Ok(None);
    };
    let to = match ActionType::parse(&row.action) {
        Some(ActionType::Webhook) => {
            let endpoint = signing_endpoint(tx, scope, WebhookEndpointId(row.recipient_id), now).await?;
            endpoint.map_or(Target::Gone("the endpoint is off or gone"), Target::Webhook)
        }
        Some(ActionType::Email) => Target::Email(CustomerId(row.recipient_id)),
        Some(ActionType::InApp) | None => Target::Gone("this is nothing that is sent"),
    };
    let ClaimedRow { id, name, payload, created_at, attempts, .. } = row;
    let event = StoredEvent::try_from(EventRow { id, name, payload, created_at, routed_at: None })?;
    Ok(Some(Claimed { event, to, attempts }))
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
    let sql = "UPDATE event_action SET state = $1, message = $2, due_at = $3, duration_ms = $4, updated_at = $5 \
               WHERE channel_id = $6 AND id = $7 AND attempts = $8";
    let Outcome { state, message, due_at, duration_ms } = outcome;
    let message = message.as_ref().map(|text| text.chars().take(MESSAGE_CHARACTERS_MAX).collect::<String>());
    let values = (state.as_str(), message, *due_at, *duration_ms, now, scope.channel_id(), id, attempts);
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
               WHERE channel_id = $2 AND id = $3 AND action <> 'in_app' AND state <> 'Done'";
    Ok(tx.execute(sql, (now, scope.channel_id(), id)).await? == 1)
}
