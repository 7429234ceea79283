//! SQL of callbacks.

use soko_extension::payment::Callback;
use soko_infra::{DatabaseError, Tx};
use soko_kernel::{ChannelScope, Timestamp};

use super::entity::{CallbackState, StoredCallback, digest, kept_headers, kept_query};

/// Bytes of what was made of a callback that are kept.
const MESSAGE_CHARACTERS_MAX: usize = 500;

/// What was refused may have been emptied, and is kept anew: it may be taken this time.
pub(super) async fn put(
    tx: &mut Tx,
    scope: ChannelScope,
    method: &str,
    callback: &Callback,
    now: Timestamp,
) -> Result<StoredCallback, DatabaseError> {
    let headers = serde_json::to_string(&kept_headers(callback))
        .map_err(|error| DatabaseError::corrupt("callback's headers", error))?;
    let row: (i64, String) = tx
        .fetch_one(
            "INSERT INTO payment_callback (channel_id, method, digest, headers, query, body, state, times, \
             received_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 'Received', 1, $7, $7) \
             ON CONFLICT (channel_id, method, digest) DO UPDATE SET times = payment_callback.times + 1, \
             headers = CASE payment_callback.state WHEN 'Refused' THEN excluded.headers ELSE payment_callback.headers END, \
             query = CASE payment_callback.state WHEN 'Refused' THEN excluded.query ELSE payment_callback.query END, \
             body = CASE payment_callback.state WHEN 'Refused' THEN excluded.body ELSE payment_callback.body END, \
             updated_at = excluded.updated_at RETURNING id, state",
            (
                scope.channel_id(),
                method,
                digest(callback),
                headers,
                kept_query(&callback.query),
                callback.body.clone(),
                now,
            ),
        )
        .await?;
    let (id, state) = row;
    let done = [CallbackState::Applied, CallbackState::Ignored].iter().any(|one| one.as_str() == state);
    Ok(StoredCallback { id, done })
}

/// What has been dealt with stays so: a later refusal of the same bytes changes nothing.
pub(super) async fn close(
    tx: &mut Tx,
    scope: ChannelScope,
    id: i64,
    (state, message): (CallbackState, Option<&str>),
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let message = message.map(|text| text.chars().take(MESSAGE_CHARACTERS_MAX).collect::<String>());
    tx.execute(
        "UPDATE payment_callback SET state = $1, message = $2, updated_at = $3 \
         WHERE channel_id = $4 AND id = $5 AND state NOT IN ('Applied', 'Ignored')",
        (state.as_str(), message, now, scope.channel_id(), id),
    )
    .await
    .map(|_| ())
}

/// Forgets what was in a callback that is not genuine, but that it came: whoever knows the address can send any number.
pub(super) async fn empty(
    tx: &mut Tx,
    scope: ChannelScope,
    id: i64,
    message: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let message: String = message.chars().take(MESSAGE_CHARACTERS_MAX).collect();
    tx.execute(
        "UPDATE payment_callback SET state = 'Refused', message = $1, headers = '[]', query = '', body = $2, \
         updated_at = $3 WHERE channel_id = $4 AND id = $5 AND state NOT IN ('Applied', 'Ignored')",
        (message, Vec::new(), now, scope.channel_id(), id),
    )
    .await
    .map(|_| ())
}

pub(super) const DELETE_OLD: &str = "DELETE FROM payment_callback \
     WHERE (channel_id, id) IN (SELECT channel_id, id FROM payment_callback WHERE received_at <= $1 \
     ORDER BY received_at LIMIT $2)";
