//! SQL of versions.

use soko_extension::{Digest, Inspection};
use soko_infra::db::{Bound, Column, ListSql};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, ListQuery, Page, PluginId, PluginVersionId, Timestamp, UserId};

use super::{capabilities, digest, first, json_of, list_of_texts, page};
use crate::plugins::entity::PluginVersion;
use crate::plugins::error::PluginError;

#[derive(sqlx::FromRow)]
struct VersionRow {
    id: PluginVersionId,
    plugin_id: PluginId,
    plugin_name: String,
    version: String,
    digest: String,
    contract: String,
    description: String,
    config_schema: String,
    imports: String,
    capabilities: String,
    size_bytes: i64,
    compile_ms: i64,
    file_name: Option<String>,
    uploaded_by: Option<UserId>,
    created_at: Timestamp,
}

impl TryFrom<VersionRow> for PluginVersion {
    type Error = DatabaseError;

    fn try_from(row: VersionRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.id,
            plugin_id: row.plugin_id,
            plugin_name: row.plugin_name,
            version: row.version,
            digest: digest(&row.digest)?,
            contract: row.contract,
            description: row.description,
            config_schema: row.config_schema,
            imports: list_of_texts("imports", &row.imports)?,
            capabilities: capabilities(&row.capabilities)?,
            size_bytes: row.size_bytes,
            compile_ms: row.compile_ms,
            file_name: row.file_name,
            uploaded_by: row.uploaded_by,
            created_at: row.created_at,
        })
    }
}

const VERSION_COLUMNS: &[Column] = &[
    Column::integer("id", "v.id"),
    Column::integer("pluginId", "v.plugin_id"),
    Column::text("pluginName", "p.name"),
    Column::text("version", "v.version"),
    Column::text("digest", "v.digest"),
    Column::text("contract", "v.contract"),
    Column::integer("sizeBytes", "v.size_bytes"),
    Column::time("createdAt", "v.created_at"),
];

fn versions(condition: &str, values: Vec<Bound>) -> ListSql {
    ListSql {
        select: "v.id, v.plugin_id, p.name AS plugin_name, v.version, v.digest, v.contract, v.description, \
                 v.config_schema, v.imports, v.capabilities, v.size_bytes, v.compile_ms, v.file_name, \
                 v.uploaded_by, v.created_at",
        from: "FROM plugin_version v JOIN plugin p ON p.channel_id = v.channel_id AND p.id = v.plugin_id",
        condition: condition.to_owned(),
        values,
        columns: VERSION_COLUMNS,
        tie_break: "v.id DESC",
    }
}

pub(in crate::plugins) async fn list_versions(
    reader: &mut Reader,
    scope: ChannelScope,
    plugin: Option<PluginId>,
    query: &ListQuery,
) -> Result<Page<PluginVersion>, PluginError> {
    let channel = scope.channel_id().0.into();
    let list = match plugin {
        Some(plugin) => versions("v.channel_id = $1 AND v.plugin_id = $2", vec![channel, plugin.0.into()]),
        None => versions("v.channel_id = $1", vec![channel]),
    };
    page::<VersionRow, _>(list, reader, query).await
}

pub(in crate::plugins) async fn find_version(
    reader: &mut Reader,
    scope: ChannelScope,
    id: PluginVersionId,
) -> Result<Option<PluginVersion>, PluginError> {
    let values = vec![scope.channel_id().0.into(), id.0.into()];
    Ok(first::<VersionRow, _>(versions("v.channel_id = $1 AND v.id = $2", values), reader).await?)
}

/// The channel's version with these bytes. There is one at most: the bytes name plugin and version.
pub(in crate::plugins) async fn find_version_by_digest(
    reader: &mut Reader,
    scope: ChannelScope,
    digest: Digest,
) -> Result<Option<PluginVersion>, PluginError> {
    let values = vec![scope.channel_id().0.into(), digest.to_string().into()];
    Ok(first::<VersionRow, _>(versions("v.channel_id = $1 AND v.digest = $2", values), reader).await?)
}

/// The plugin's version that was uploaded last before this one.
pub(in crate::plugins) async fn find_version_before(
    reader: &mut Reader,
    scope: ChannelScope,
    version: &PluginVersion,
) -> Result<Option<PluginVersion>, PluginError> {
    let values = vec![scope.channel_id().0.into(), version.plugin_id.0.into(), version.id.0.into()];
    Ok(first::<VersionRow, _>(
        versions("v.channel_id = $1 AND v.plugin_id = $2 AND v.id < $3", values),
        reader,
    )
    .await?)
}

/// How many versions the plugin has, and how many of them are called `version`.
pub(in crate::plugins) async fn count_versions(
    reader: &mut Reader,
    scope: ChannelScope,
    plugin: PluginId,
    version: &str,
) -> Result<(i64, i64), DatabaseError> {
    reader
        .fetch_one(
            "SELECT COUNT(*), COUNT(CASE WHEN version = $3 THEN 1 END) FROM plugin_version \
             WHERE channel_id = $1 AND plugin_id = $2",
            (scope.channel_id(), plugin, version),
        )
        .await
}

pub(in crate::plugins) async fn insert_version(
    tx: &mut Tx,
    scope: ChannelScope,
    plugin: PluginId,
    digest: Digest,
    inspection: &Inspection,
    (file_name, uploaded_by, now): (Option<&str>, Option<UserId>, Timestamp),
) -> Result<PluginVersionId, DatabaseError> {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let row = tx.fetch_one(
        "INSERT INTO plugin_version (channel_id, plugin_id, version, digest, contract, description, config_schema, \
         imports, capabilities, size_bytes, compile_ms, file_name, uploaded_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id",
        (
            scope.channel_id(),
            plugin,
            inspection.manifest.version.as_str(),
            digest.to_string(),
            inspection.contract.as_str(),
            inspection.manifest.description.as_str(),
            inspection.manifest.config_schema.as_str(),
            json_of("imports", &inspection.imports)?,
            json_of("capabilities", &inspection.manifest.capabilities)?,
            number(inspection.size_bytes),
            number(inspection.compile_ms),
            file_name,
            uploaded_by,
            now,
        ),
    );
    row.await.map(|(id,)| id)
}
