//! SQL of bindings.

use std::sync::Arc;

use soko_extension::effect::Capabilities;
use soko_infra::db::{Bound, Column, ListSql};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, ListQuery, Page, PluginBindingId, PluginId, PluginVersionId, Timestamp};

use super::{capabilities, digest, digest_of, first, json_of, kind, page, version_ref};
use crate::plugins::entity::{ActiveBinding, FailurePolicy, PluginBinding, Setting};
use crate::plugins::error::PluginError;

#[derive(sqlx::FromRow)]
struct BindingRow {
    id: PluginBindingId,
    plugin_id: PluginId,
    plugin_name: String,
    version_id: PluginVersionId,
    version: String,
    digest: String,
    config: String,
    previous_version_id: Option<PluginVersionId>,
    previous_version: Option<String>,
    previous_digest: Option<String>,
    previous_config: Option<String>,
    grants: String,
    priority: i64,
    failure_policy: String,
    enabled: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<BindingRow> for PluginBinding {
    type Error = DatabaseError;

    fn try_from(row: BindingRow) -> Result<Self, DatabaseError> {
        let previous =
            (row.previous_version_id, row.previous_version, row.previous_digest, row.previous_config);
        let previous = match previous {
            (Some(id), Some(version), Some(digest), Some(config)) => {
                Some(Setting { version: version_ref(id, version, &digest)?, config })
            }
            _ => None,
        };
        let version = version_ref(row.version_id, row.version, &row.digest)?;
        Ok(Self {
            id: row.id,
            plugin_id: row.plugin_id,
            plugin_name: row.plugin_name,
            current: Setting { version, config: row.config },
            previous,
            grants: capabilities(&row.grants)?,
            priority: row.priority,
            failure_policy: FailurePolicy::parse(&row.failure_policy)?,
            enabled: row.enabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

const BINDING_COLUMNS: &[Column] = &[
    Column::integer("id", "b.id"),
    Column::integer("pluginId", "b.plugin_id"),
    Column::text("pluginName", "p.name"),
    Column::integer("versionId", "b.version_id"),
    Column::integer("priority", "b.priority"),
    Column::text("failurePolicy", "b.failure_policy"),
    Column::boolean("enabled", "b.enabled"),
    Column::time("createdAt", "b.created_at"),
    Column::time("updatedAt", "b.updated_at"),
];

fn bindings(condition: &str, values: Vec<Bound>) -> ListSql {
    ListSql {
        select: "b.id, b.plugin_id, p.name AS plugin_name, b.version_id, v.version, v.digest, b.config, \
                 b.previous_version_id, o.version AS previous_version, o.digest AS previous_digest, \
                 b.previous_config, b.grants, b.priority, b.failure_policy, b.enabled, b.created_at, b.updated_at",
        from: "FROM plugin_binding b JOIN plugin p ON p.channel_id = b.channel_id AND p.id = b.plugin_id \
               JOIN plugin_version v ON v.channel_id = b.channel_id AND v.id = b.version_id \
               LEFT JOIN plugin_version o ON o.channel_id = b.channel_id AND o.id = b.previous_version_id",
        condition: condition.to_owned(),
        values,
        columns: BINDING_COLUMNS,
        tie_break: "b.priority, b.id",
    }
}

pub(in crate::plugins) async fn list_bindings(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<PluginBinding>, PluginError> {
    page::<BindingRow, _>(bindings("b.channel_id = $1", vec![scope.channel_id().0.into()]), reader, query)
        .await
}

pub(in crate::plugins) async fn find_binding(
    reader: &mut Reader,
    scope: ChannelScope,
    id: PluginBindingId,
) -> Result<Option<PluginBinding>, PluginError> {
    let list = bindings("b.channel_id = $1 AND b.id = $2", vec![scope.channel_id().0.into(), id.0.into()]);
    Ok(first::<BindingRow, _>(list, reader).await?)
}

/// The version of the plugin that is bound.
pub(in crate::plugins) async fn bound_version(
    reader: &mut Reader,
    scope: ChannelScope,
    plugin: PluginId,
) -> Result<Option<PluginVersionId>, DatabaseError> {
    let row = reader.fetch_optional(
        "SELECT version_id FROM plugin_binding WHERE channel_id = $1 AND plugin_id = $2",
        (scope.channel_id(), plugin),
    );
    Ok(row.await?.map(|(version,)| version))
}

/// Enabled bindings of the channel, the one with this id left out.
pub(in crate::plugins) async fn count_other_enabled(
    reader: &mut Reader,
    scope: ChannelScope,
    id: Option<PluginBindingId>,
) -> Result<i64, DatabaseError> {
    let row = reader.fetch_one(
        "SELECT COUNT(*) FROM plugin_binding WHERE channel_id = $1 AND enabled = TRUE AND id <> $2",
        (scope.channel_id(), id.map_or(0, |id| id.0)),
    );
    row.await.map(|(count,)| count)
}

/// The values of a new binding's columns.
pub(in crate::plugins) struct BindingValues<'v> {
    pub(in crate::plugins) plugin: PluginId,
    pub(in crate::plugins) version: PluginVersionId,
    pub(in crate::plugins) config: &'v str,
    pub(in crate::plugins) grants: &'v Capabilities,
    pub(in crate::plugins) priority: i64,
    pub(in crate::plugins) failure_policy: FailurePolicy,
    pub(in crate::plugins) enabled: bool,
}

pub(in crate::plugins) async fn insert_binding(
    tx: &mut Tx,
    scope: ChannelScope,
    binding: BindingValues<'_>,
    now: Timestamp,
) -> Result<PluginBindingId, DatabaseError> {
    let row = tx.fetch_one(
        "INSERT INTO plugin_binding (channel_id, plugin_id, version_id, config, grants, priority, failure_policy, \
         enabled, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) RETURNING id",
        (
            scope.channel_id(),
            binding.plugin,
            binding.version,
            binding.config,
            json_of("grants", binding.grants)?,
            binding.priority,
            binding.failure_policy.as_str(),
            binding.enabled,
            now,
        ),
    );
    row.await.map(|(id,)| id)
}

pub(in crate::plugins) async fn update_binding(
    tx: &mut Tx,
    scope: ChannelScope,
    binding: &PluginBinding,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let previous = binding.previous.as_ref();
    tx.execute_one(
        "UPDATE plugin_binding SET version_id = $1, config = $2, previous_version_id = $3, previous_config = $4, \
         priority = $5, failure_policy = $6, enabled = $7, grants = $8, updated_at = $9 \
         WHERE channel_id = $10 AND id = $11",
        (
            binding.current.version.id,
            binding.current.config.as_str(),
            previous.map(|setting| setting.version.id),
            previous.map(|setting| setting.config.as_str()),
            binding.priority,
            binding.failure_policy.as_str(),
            binding.enabled,
            json_of("grants", &binding.grants)?,
            now,
            scope.channel_id(),
            binding.id,
        ),
    )
    .await
}

pub(in crate::plugins) async fn delete_binding(
    tx: &mut Tx,
    scope: ChannelScope,
    id: PluginBindingId,
) -> Result<(), DatabaseError> {
    tx.execute_one("DELETE FROM plugin_binding WHERE channel_id = $1 AND id = $2", (scope.channel_id(), id))
        .await
}

#[derive(sqlx::FromRow)]
struct ActiveRow {
    id: PluginBindingId,
    plugin_id: PluginId,
    version_id: PluginVersionId,
    kind: String,
    name: String,
    version: String,
    contract: String,
    digest: String,
    config: String,
    capabilities: String,
    grants: String,
    priority: i64,
    failure_policy: String,
}

impl TryFrom<ActiveRow> for ActiveBinding {
    type Error = DatabaseError;

    fn try_from(row: ActiveRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.id,
            plugin_id: row.plugin_id,
            version_id: row.version_id,
            kind: kind(&row.kind)?,
            name: row.name.into(),
            version: row.version.into(),
            contract: row.contract.into(),
            digest: digest(&row.digest)?,
            config_digest: digest_of(row.config.as_bytes()),
            config: Arc::from(row.config),
            wanted: Arc::new(capabilities(&row.capabilities)?),
            granted: Arc::new(capabilities(&row.grants)?),
            priority: row.priority,
            failure_policy: FailurePolicy::parse(&row.failure_policy)?,
        })
    }
}

/// The channel's enabled bindings in the order in which they are called.
pub(in crate::plugins) async fn active_bindings(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<ActiveBinding>, DatabaseError> {
    let rows: Vec<ActiveRow> = reader
        .fetch_all(
            "SELECT b.id, b.plugin_id, b.version_id, p.kind, p.name, v.version, v.contract, v.digest, b.config, \
             v.capabilities, b.grants, b.priority, b.failure_policy FROM plugin_binding b \
             JOIN plugin p ON p.channel_id = b.channel_id AND p.id = b.plugin_id \
             JOIN plugin_version v ON v.channel_id = b.channel_id AND v.id = b.version_id \
             WHERE b.channel_id = $1 AND b.enabled = TRUE \
             ORDER BY b.priority, b.id",
            (scope.channel_id(),),
        )
        .await?;
    rows.into_iter().map(ActiveBinding::try_from).collect()
}
