//! SQL of browsers in which people are told.

use std::collections::HashSet;

use soko_extension::push::PushTarget;
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, Timestamp, UserId};

use crate::notifications::inbox::Owner;
use crate::notifications::push::PushSubscription;

/// Those of one person.
pub(in crate::notifications) async fn push_subscriptions(
    reader: &mut Reader,
    owner: Owner,
) -> Result<Vec<PushSubscription>, DatabaseError> {
    let sql = "SELECT endpoint, created_at FROM push_subscription \
               WHERE channel_id = $1 AND user_id = $2 AND recipient_type = $3 ORDER BY created_at, endpoint";
    let rows: Vec<(String, Timestamp)> =
        reader.fetch_all(sql, (owner.scope.channel_id(), owner.user, owner.kind)).await?;
    Ok(rows.into_iter().map(|(endpoint, created_at)| PushSubscription { endpoint, created_at }).collect())
}

/// Where one person is reached.
pub(in crate::notifications) async fn push_targets(
    reader: &mut Reader,
    scope: ChannelScope,
    (user, kind): (UserId, &'static str),
) -> Result<Vec<PushTarget>, DatabaseError> {
    let sql = "SELECT endpoint, p256dh, auth FROM push_subscription \
               WHERE channel_id = $1 AND user_id = $2 AND recipient_type = $3 ORDER BY created_at, endpoint";
    let rows: Vec<(String, String, String)> = reader.fetch_all(sql, (scope.channel_id(), user, kind)).await?;
    let target = |(endpoint, p256dh, auth)| PushTarget { endpoint, p256dh, auth };
    Ok(rows.into_iter().map(target).collect())
}

/// Who in the shop is told in a browser at all.
pub(in crate::notifications) async fn pushed_users(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<HashSet<(UserId, String)>, DatabaseError> {
    let sql = "SELECT DISTINCT user_id, recipient_type FROM push_subscription WHERE channel_id = $1";
    Ok(reader.fetch_all(sql, (scope.channel_id(),)).await?.into_iter().collect())
}

pub(in crate::notifications) async fn put_push_subscription(
    tx: &mut Tx,
    owner: Owner,
    target: &PushTarget,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO push_subscription (channel_id, endpoint, user_id, recipient_type, p256dh, auth, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (channel_id, endpoint) DO UPDATE \
               SET user_id = excluded.user_id, recipient_type = excluded.recipient_type, p256dh = excluded.p256dh, \
               auth = excluded.auth, created_at = excluded.created_at";
    let PushTarget { endpoint, p256dh, auth } = target;
    let (channel, endpoint) = (owner.scope.channel_id(), endpoint.as_str());
    let values = (channel, endpoint, owner.user, owner.kind, p256dh.as_str(), auth.as_str(), now);
    tx.execute_one(sql, values).await
}

/// Whether it was one of theirs.
pub(in crate::notifications) async fn delete_push_subscription(
    tx: &mut Tx,
    owner: Owner,
    endpoint: &str,
) -> Result<bool, DatabaseError> {
    let sql = "DELETE FROM push_subscription WHERE channel_id = $1 AND endpoint = $2 AND user_id = $3 \
               AND recipient_type = $4";
    let values = (owner.scope.channel_id(), endpoint.to_owned(), owner.user, owner.kind);
    Ok(tx.execute(sql, values).await? == 1)
}

/// Forgets a browser that is no longer there.
pub(in crate::notifications) async fn forget_push_target(
    tx: &mut Tx,
    scope: ChannelScope,
    endpoint: &str,
) -> Result<u64, DatabaseError> {
    let sql = "DELETE FROM push_subscription WHERE channel_id = $1 AND endpoint = $2";
    tx.execute(sql, (scope.channel_id(), endpoint.to_owned())).await
}
