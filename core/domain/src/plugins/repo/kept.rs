//! SQL of what is kept for plugins: secrets, and values of their own.

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, PluginId, Timestamp};

/// The sealed secret.
pub(in crate::plugins) async fn find_secret(
    reader: &mut Reader,
    scope: ChannelScope,
    plugin: PluginId,
    name: &str,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let row = reader.fetch_optional(
        "SELECT sealed FROM plugin_secret WHERE channel_id = $1 AND plugin_id = $2 AND name = $3",
        (scope.channel_id(), plugin, name),
    );
    Ok(row.await?.map(|(sealed,)| sealed))
}

/// Names of the secrets that are set, and since when.
pub(in crate::plugins) async fn secrets_set(
    reader: &mut Reader,
    scope: ChannelScope,
    plugin: PluginId,
) -> Result<Vec<(String, Timestamp)>, DatabaseError> {
    reader
        .fetch_all(
            "SELECT name, updated_at FROM plugin_secret WHERE channel_id = $1 AND plugin_id = $2 ORDER BY name",
            (scope.channel_id(), plugin),
        )
        .await
}

pub(in crate::plugins) async fn put_secret(
    tx: &mut Tx,
    scope: ChannelScope,
    (plugin, name): (PluginId, &str),
    sealed: Vec<u8>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute_one(
        "INSERT INTO plugin_secret (channel_id, plugin_id, name, sealed, updated_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (channel_id, plugin_id, name) DO UPDATE SET sealed = excluded.sealed, \
         updated_at = excluded.updated_at",
        (scope.channel_id(), plugin, name, sealed, now),
    )
    .await
}

/// How many were there: one or none.
pub(in crate::plugins) async fn delete_secret(
    tx: &mut Tx,
    scope: ChannelScope,
    plugin: PluginId,
    name: &str,
) -> Result<u64, DatabaseError> {
    tx.execute(
        "DELETE FROM plugin_secret WHERE channel_id = $1 AND plugin_id = $2 AND name = $3",
        (scope.channel_id(), plugin, name),
    )
    .await
}

/// The value, unless it has expired.
pub(in crate::plugins) async fn find_value(
    reader: &mut Reader,
    scope: ChannelScope,
    plugin: PluginId,
    name: &str,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let row = reader.fetch_optional(
        "SELECT value FROM plugin_kv WHERE channel_id = $1 AND plugin_id = $2 AND name = $3 \
         AND (expires_at IS NULL OR expires_at > $4)",
        (scope.channel_id(), plugin, name, now),
    );
    Ok(row.await?.map(|(value,)| value))
}

/// Values of the plugin that have not expired, the one of this name left out.
pub(in crate::plugins) async fn count_other_values(
    reader: &mut Reader,
    scope: ChannelScope,
    plugin: PluginId,
    name: &str,
    now: Timestamp,
) -> Result<i64, DatabaseError> {
    let row = reader.fetch_one(
        "SELECT COUNT(*) FROM plugin_kv WHERE channel_id = $1 AND plugin_id = $2 AND name <> $3 \
         AND (expires_at IS NULL OR expires_at > $4)",
        (scope.channel_id(), plugin, name, now),
    );
    row.await.map(|(count,)| count)
}

pub(in crate::plugins) async fn put_value(
    tx: &mut Tx,
    scope: ChannelScope,
    (plugin, name): (PluginId, &str),
    value: Vec<u8>,
    expires_at: Option<Timestamp>,
) -> Result<(), DatabaseError> {
    tx.execute_one(
        "INSERT INTO plugin_kv (channel_id, plugin_id, name, value, expires_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (channel_id, plugin_id, name) DO UPDATE SET value = excluded.value, \
         expires_at = excluded.expires_at",
        (scope.channel_id(), plugin, name, value, expires_at),
    )
    .await
}

pub(in crate::plugins) async fn delete_value(
    tx: &mut Tx,
    scope: ChannelScope,
    plugin: PluginId,
    name: &str,
) -> Result<u64, DatabaseError> {
    tx.execute(
        "DELETE FROM plugin_kv WHERE channel_id = $1 AND plugin_id = $2 AND name = $3",
        (scope.channel_id(), plugin, name),
    )
    .await
}

pub(in crate::plugins) const DELETE_EXPIRED_VALUES: &str = "DELETE FROM plugin_kv \
     WHERE (channel_id, plugin_id, name) IN (SELECT channel_id, plugin_id, name FROM plugin_kv \
     WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
