//! SQL of endpoints and of what is sent to them.

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelId, ChannelScope, EventActionId, EventId, Timestamp, WebhookEndpointId};

use super::routing::EventRow;
use crate::notifications::catalogue::EventType;
use crate::notifications::entity::StoredEvent;
use crate::notifications::webhooks::{Claimed, Outcome, WebhookEndpoint};

#[derive(sqlx::FromRow)]
struct EndpointRow {
    id: WebhookEndpointId,
    url: String,
    description: String,
    events: String,
    enabled: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<EndpointRow> for WebhookEndpoint {
    fn from(row: EndpointRow) -> Self {
        let EndpointRow { id, url, description, events, enabled, created_at, updated_at } = row;
        let known = |name| Some(EventType::find(name)?.name);
        let events = events.split_whitespace().filter_map(known).collect();
        Self { id, url, description, events, enabled, created_at, updated_at }
    }
}

pub(in crate::notifications) async fn webhooks(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<WebhookEndpoint>, DatabaseError> {
    let sql = "SELECT id, url, description, events, enabled, created_at, updated_at FROM webhook_endpoint \
               WHERE channel_id = $1 ORDER BY id";
    let rows: Vec<EndpointRow> = reader.fetch_all(sql, (scope.channel_id(),)).await?;
    Ok(rows.into_iter().map(WebhookEndpoint::from).collect())
}

pub(in crate::notifications) async fn webhook_count(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<i64, DatabaseError> {
    let sql = "SELECT COUNT(*) FROM webhook_endpoint WHERE channel_id = $1";
    let (count,): (i64,) = reader.fetch_one(sql, (scope.channel_id(),)).await?;
    Ok(count)
}

pub(in crate::notifications) async fn insert_webhook(
    tx: &mut Tx,
    scope: ChannelScope,
    endpoint: &WebhookEndpoint,
    secret: Vec<u8>,
) -> Result<WebhookEndpointId, DatabaseError> {
    let sql = "INSERT INTO webhook_endpoint (channel_id, url, description, events, enabled, secret, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING id";
    let WebhookEndpoint { url, description, events, enabled, created_at, .. } = endpoint;
    let events = events.join(" ");
    let values =
        (scope.channel_id(), url.as_str(), description.as_str(), events, *enabled, secret, *created_at);
    let (id,): (WebhookEndpointId,) = tx.fetch_one(sql, values).await?;
    Ok(id)
}

/// Whether there is such an endpoint.
pub(in crate::notifications) async fn update_webhook(
    tx: &mut Tx,
    scope: ChannelScope,
    endpoint: &WebhookEndpoint,
) -> Result<bool, DatabaseError> {
    let sql = "UPDATE webhook_endpoint SET url = $1, description = $2, events = $3, enabled = $4, updated_at = $5 \
               WHERE channel_id = $6 AND id = $7";
    let WebhookEndpoint { id, url, description, events, enabled, updated_at, .. } = endpoint;
    let events = events.join(" ");
    let values = (url.as_str(), description.as_str(), events, *enabled, *updated_at, scope.channel_id(), *id);
    Ok(tx.execute(sql, values).await? == 1)
}

/// Whether there was such an endpoint.
pub(in crate::notifications) async fn delete_webhook(
    tx: &mut Tx,
    scope: ChannelScope,
    id: WebhookEndpointId,
) -> Result<bool, DatabaseError> {
    let sql = "DELETE FROM webhook_endpoint WHERE channel_id = $1 AND id = $2";
    Ok(tx.execute(sql, (scope.channel_id(), id)).await? == 1)
}

/// Sends an endpoint nothing any more.
pub(in crate::notifications) async fn disable_webhook(
    tx: &mut Tx,
    scope: ChannelScope,
    id: WebhookEndpointId,
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    let sql =
        "UPDATE webhook_endpoint SET enabled = FALSE, updated_at = $1 WHERE channel_id = $2 AND id = $3";
    tx.execute(sql, (now, scope.channel_id(), id)).await
}

/// The secret that signs, sealed.
pub(in crate::notifications) async fn webhook_secret(
    reader: &mut Reader,
    scope: ChannelScope,
    id: WebhookEndpointId,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let sql = "SELECT secret FROM webhook_endpoint WHERE channel_id = $1 AND id = $2";
    let found: Option<(Vec<u8>,)> = reader.fetch_optional(sql, (scope.channel_id(), id)).await?;
    Ok(found.map(|(secret,)| secret))
}

/// Whether there is such an endpoint.
pub(in crate::notifications) async fn rotate_webhook_secret(
    tx: &mut Tx,
    scope: ChannelScope,
    id: WebhookEndpointId,
    (secret, previous_until): (Vec<u8>, Timestamp),
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let sql = "UPDATE webhook_endpoint SET previous_secret = secret, previous_until = $1, secret = $2, updated_at = $3 \
               WHERE channel_id = $4 AND id = $5";
    Ok(tx.execute(sql, (previous_until, secret, now, scope.channel_id(), id)).await? == 1)
}

/// What is to be sent, the longest due first.
pub(in crate::notifications) async fn due_deliveries(
    reader: &mut Reader,
    now: Timestamp,
    deliveries_max: i64,
) -> Result<Vec<(ChannelId, EventActionId)>, DatabaseError> {
    let sql = "SELECT channel_id, id FROM event_action WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
    reader.fetch_all(sql, (now, deliveries_max)).await
}

#[derive(sqlx::FromRow)]
struct ClaimedRow {
    event_id: EventId,
    name: String,
    payload: String,
    created_at: Timestamp,
    endpoint_id: WebhookEndpointId,
    url: String,
    secret: Vec<u8>,
    previous_secret: Option<Vec<u8>>,
    previous_until: Option<Timestamp>,
    attempts: i64,
}

/// Takes a delivery that is due until `lease`, if nobody has it. One whose endpoint is off or gone is given up.
pub(in crate::notifications) async fn claim_delivery(
    tx: &mut Tx,
    scope: ChannelScope,
    id: EventActionId,
    (now, lease): (Timestamp, Timestamp),
) -> Result<Option<Claimed>, DatabaseError> {
    let claim = "UPDATE event_action SET attempts = attempts + 1, due_at = $1, updated_at = $2 \
                 WHERE channel_id = $3 AND id = $4 AND due_at <= $2";
    if tx.execute(claim, (lease, now, scope.channel_id(), id)).await? == 0 {
        return Ok(None);
    }
    let sql = "SELECT o.id AS event_id, o.name, o.payload, o.created_at, w.id AS endpoint_id, w.url, w.secret, \
               w.previous_secret, w.previous_until, a.attempts FROM event_action a \
               JOIN outbox o ON o.channel_id = a.channel_id AND o.id = a.event_id \
               JOIN webhook_endpoint w ON w.channel_id = a.channel_id AND w.id = a.recipient_id AND w.enabled \
               WHERE a.channel_id = $1 AND a.id = $2";
    let row: Option<ClaimedRow> = tx.fetch_optional(sql, (scope.channel_id(), id)).await?;
    let Some(row) = row else {
        let give_up = "UPDATE event_action SET state = 'Failed', due_at = NULL, message = $1 \
                       WHERE channel_id = $2 AND id = $3";
        tx.execute_one(give_up, ("the endpoint is off or gone", scope.channel_id(), id)).await?;
        return Ok(None);
    };
    let previous = row.previous_secret.filter(|_| row.previous_until.is_some_and(|until| now < until));
    let event = EventRow {
        id: row.event_id,
        name: row.name,
        payload: row.payload,
        created_at: row.created_at,
        routed_at: None,
    };
    Ok(Some(Claimed {
        event: StoredEvent::try_from(event)?,
        endpoint: row.endpoint_id,
        url: row.url,
        secrets: std::iter::once(row.secret).chain(previous).collect(),
        attempts: row.attempts,
    }))
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
               WHERE channel_id = $2 AND id = $3 AND action = 'webhook' AND state <> 'Done'";
    Ok(tx.execute(sql, (now, scope.channel_id(), id)).await? == 1)
}
