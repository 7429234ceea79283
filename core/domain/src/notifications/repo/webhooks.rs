//! SQL of webhook endpoints.

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, Timestamp, WebhookEndpointId};

use crate::notifications::catalogue::EventType;
use crate::notifications::delivery::Endpoint;
use crate::notifications::webhooks::WebhookEndpoint;

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

#[derive(sqlx::FromRow)]
struct SigningRow {
    id: WebhookEndpointId,
    url: String,
    secret: Vec<u8>,
    previous_secret: Option<Vec<u8>>,
    previous_until: Option<Timestamp>,
}

/// An endpoint that is sent something, and what signs it now.
pub(super) async fn signing_endpoint(
    reader: &mut Reader,
    scope: ChannelScope,
    id: WebhookEndpointId,
    now: Timestamp,
) -> Result<Option<Endpoint>, DatabaseError> {
    let sql = "SELECT id, url, secret, previous_secret, previous_until FROM webhook_endpoint \
               WHERE channel_id = $1 AND id = $2 AND enabled";
    let row: Option<SigningRow> = reader.fetch_optional(sql, (scope.channel_id(), id)).await?;
    Ok(row.map(|SigningRow { id, url, secret, previous_secret, previous_until }| {
        let previous = previous_secret.filter(|_| previous_until.is_some_and(|until| now < until));
        Endpoint { id, url, secrets: std::iter::once(secret).chain(previous).collect() }
    }))
}
