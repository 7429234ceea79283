//! The rows of claimed operations.

use soko_kernel::{ChannelScope, Timestamp};

use super::{Claim, Sha};
use crate::db::{DataScope, Database, DatabaseError, Tx};

/// Most rows that one transaction removes.
const EXPIRED_ROWS_MAX: i64 = 500;
/// Most transactions of one round of removing.
const EXPIRY_TRANSACTIONS_MAX: usize = 20;

/// An operation to be claimed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) scope: ChannelScope,
    pub(super) digest: Sha,
    pub(super) request: Sha,
    pub(super) claimed_until: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// An operation that has been claimed before.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Found {
    #[sqlx(rename = "request_digest")]
    pub(super) request: Vec<u8>,
    pub(super) took_effect: bool,
    pub(super) answer: Option<Vec<u8>>,
    pub(super) claimed_until: Timestamp,
}

/// Claims an operation that is new, has expired, or whose last run ended without an effect or an answer. Returns the
/// number of the run, or what there is instead.
pub(super) async fn claim(
    tx: &mut Tx,
    row: &Row,
    now: Timestamp,
) -> Result<Result<i64, Found>, DatabaseError> {
    let (channel_id, digest, request) =
        (row.scope.channel_id(), row.digest.as_slice(), row.request.as_slice());
    let claimed: Option<(i64,)> = tx
        .fetch_optional(
            "INSERT INTO idempotency_key (channel_id, key_digest, request_digest, run, claimed_until, took_effect, \
                 expires_at) VALUES ($1, $2, $3, 1, $4, FALSE, $5) \
             ON CONFLICT (channel_id, key_digest) DO UPDATE SET run = idempotency_key.run + 1, \
                 request_digest = excluded.request_digest, claimed_until = excluded.claimed_until, \
                 took_effect = FALSE, answer = NULL, expires_at = excluded.expires_at \
             WHERE idempotency_key.expires_at <= $6 OR (idempotency_key.request_digest = excluded.request_digest \
                 AND idempotency_key.claimed_until <= $6 AND NOT idempotency_key.took_effect \
                 AND idempotency_key.answer IS NULL) \
             RETURNING run",
            (channel_id, digest, request, row.claimed_until, row.expires_at, now),
        )
        .await?;
    if let Some((run,)) = claimed {
        return Ok(Ok(run));
    }
    let found: Found = tx
        .fetch_one(
            "SELECT request_digest, took_effect, answer, claimed_until FROM idempotency_key \
             WHERE channel_id = $1 AND key_digest = $2",
            (channel_id, digest),
        )
        .await?;
    Ok(Err(found))
}

/// Notes an effect. False when the claim is another run's by now.
pub(super) async fn note_effect(tx: &mut Tx, claim: &Claim) -> Result<bool, DatabaseError> {
    let noted = tx
        .execute(
            "UPDATE idempotency_key SET took_effect = TRUE \
             WHERE channel_id = $1 AND key_digest = $2 AND run = $3 AND answer IS NULL",
            (claim.scope.channel_id(), claim.digest.as_slice(), claim.run),
        )
        .await?;
    Ok(noted == 1)
}

/// Ends a run with its answer, or without where it is not kept. False when the claim is another run's by now.
pub(super) async fn end(tx: &mut Tx, claim: &Claim, answer: Option<&[u8]>) -> Result<bool, DatabaseError> {
    let ended = tx
        .execute(
            "UPDATE idempotency_key SET took_effect = TRUE, answer = $4, claimed_until = 0 \
             WHERE channel_id = $1 AND key_digest = $2 AND run = $3 AND answer IS NULL",
            (claim.scope.channel_id(), claim.digest.as_slice(), claim.run, answer),
        )
        .await?;
    Ok(ended == 1)
}

/// Removes a claim that had no effect. False when there is none.
pub(super) async fn give_back(tx: &mut Tx, claim: &Claim) -> Result<bool, DatabaseError> {
    let removed = tx
        .execute(
            "DELETE FROM idempotency_key \
             WHERE channel_id = $1 AND key_digest = $2 AND run = $3 AND NOT took_effect AND answer IS NULL",
            (claim.scope.channel_id(), claim.digest.as_slice(), claim.run),
        )
        .await?;
    Ok(removed == 1)
}

/// Removes expired rows, a bounded number in each of a bounded number of transactions.
pub(super) async fn expire(database: &Database, now: Timestamp) -> Result<u64, DatabaseError> {
    const DELETE: &str = "DELETE FROM idempotency_key WHERE (channel_id, key_digest) IN \
        (SELECT channel_id, key_digest FROM idempotency_key WHERE expires_at <= $1 LIMIT $2)";
    let mut removed = 0;
    for _ in 0..EXPIRY_TRANSACTIONS_MAX {
        let batch = database
            .write(DataScope::Platform, async move |tx| tx.execute(DELETE, (now, EXPIRED_ROWS_MAX)).await)
            .await?;
        removed += batch;
        if batch < EXPIRED_ROWS_MAX.unsigned_abs() {
            break;
        }
    }
    Ok(removed)
}
