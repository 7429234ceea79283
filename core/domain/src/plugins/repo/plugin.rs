//! SQL of plugins.

use soko_extension::PluginKind;
use soko_infra::db::{Bound, Column, ListSql};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, ListQuery, Page, PluginId, PluginVersionId, Timestamp};

use super::{first, kind, page, version_ref};
use crate::plugins::entity::{Plugin, PluginRef};
use crate::plugins::error::PluginError;

#[derive(sqlx::FromRow)]
struct PluginRow {
    id: PluginId,
    name: String,
    kind: String,
    latest_id: PluginVersionId,
    latest_version: String,
    latest_digest: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<PluginRow> for Plugin {
    type Error = DatabaseError;

    fn try_from(row: PluginRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.id,
            name: row.name,
            kind: kind(&row.kind)?,
            latest: version_ref(row.latest_id, row.latest_version, &row.latest_digest)?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

const PLUGIN_COLUMNS: &[Column] = &[
    Column::integer("id", "p.id"),
    Column::text("name", "p.name"),
    Column::text("kind", "p.kind"),
    Column::time("createdAt", "p.created_at"),
    Column::time("updatedAt", "p.updated_at"),
];

fn plugins(condition: &str, values: Vec<Bound>) -> ListSql {
    ListSql {
        select: "p.id, p.name, p.kind, v.id AS latest_id, v.version AS latest_version, v.digest AS latest_digest, \
                 p.created_at, p.updated_at",
        from: "FROM plugin p \
               JOIN plugin_version v ON v.channel_id = p.channel_id AND v.id = \
               (SELECT MAX(l.id) FROM plugin_version l WHERE l.channel_id = p.channel_id AND l.plugin_id = p.id)",
        condition: condition.to_owned(),
        values,
        columns: PLUGIN_COLUMNS,
        tie_break: "p.id",
    }
}

pub(in crate::plugins) async fn list_plugins(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<Plugin>, PluginError> {
    page::<PluginRow, _>(plugins("p.channel_id = $1", vec![scope.channel_id().0.into()]), reader, query).await
}

pub(in crate::plugins) async fn find_plugin(
    reader: &mut Reader,
    scope: ChannelScope,
    plugin: &PluginRef,
) -> Result<Option<Plugin>, PluginError> {
    let channel = scope.channel_id().0.into();
    let list = match plugin {
        PluginRef::Id(id) => plugins("p.channel_id = $1 AND p.id = $2", vec![channel, id.0.into()]),
        PluginRef::Name(name) => {
            plugins("p.channel_id = $1 AND p.name = $2", vec![channel, name.as_str().into()])
        }
    };
    Ok(first::<PluginRow, _>(list, reader).await?)
}

pub(in crate::plugins) async fn count_plugins(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<i64, DatabaseError> {
    let row = reader.fetch_one("SELECT COUNT(*) FROM plugin WHERE channel_id = $1", (scope.channel_id(),));
    row.await.map(|(count,)| count)
}

pub(in crate::plugins) async fn insert_plugin(
    tx: &mut Tx,
    scope: ChannelScope,
    name: &str,
    kind: PluginKind,
    now: Timestamp,
) -> Result<PluginId, DatabaseError> {
    let row = tx.fetch_one(
        "INSERT INTO plugin (channel_id, name, kind, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) \
         RETURNING id",
        (scope.channel_id(), name, kind.as_str(), now),
    );
    row.await.map(|(id,)| id)
}

pub(in crate::plugins) async fn touch_plugin(
    tx: &mut Tx,
    scope: ChannelScope,
    id: PluginId,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute_one(
        "UPDATE plugin SET updated_at = $1 WHERE channel_id = $2 AND id = $3",
        (now, scope.channel_id(), id),
    )
    .await
}
