//! SQL of orders' histories.

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, HistoryEntryId, ListQuery, OrderId, Page, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use super::{HistoryEntry, NewEntry};
use crate::orders::error::OrderError;

pub(super) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    order: OrderId,
    by: Option<UserId>,
    entries: &[NewEntry],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    const INSERT: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO order_history_entry \
         (channel_id, order_id, type, is_public, data, user_id, created_at, updated_at)",
        8,
        "",
    );
    let row = |entry: &NewEntry| {
        vec![
            scope.channel_id().0.into(),
            order.0.into(),
            entry.kind.into(),
            entry.is_public.into(),
            entry.data.to_string().into(),
            Bound::Integer(by.map(|user| user.0)),
            now.into(),
            now.into(),
        ]
    };
    INSERT.execute(tx, entries.iter().map(row).collect()).await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    id: HistoryEntryId,
    r#type: String,
    is_public: bool,
    data: String,
    user_id: Option<UserId>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

const SELECT: &str = "id, type, is_public, data, user_id, created_at, updated_at";

impl TryFrom<EntryRow> for HistoryEntry {
    type Error = DatabaseError;

    fn try_from(row: EntryRow) -> Result<Self, DatabaseError> {
        let data = serde_json::from_str(&row.data)
            .map_err(|error| DatabaseError::corrupt("history entry", error))?;
        let EntryRow { id, r#type: kind, is_public, user_id, created_at, updated_at, .. } = row;
        Ok(Self { id, kind, is_public, data, user_id, created_at, updated_at })
    }
}

/// An entry of this kind.
pub(super) async fn find(
    reader: &mut Reader,
    scope: ChannelScope,
    kind: &str,
    id: HistoryEntryId,
) -> Result<Option<HistoryEntry>, DatabaseError> {
    let sql =
        format!("SELECT {SELECT} FROM order_history_entry WHERE channel_id = $1 AND id = $2 AND type = $3");
    let row: Option<EntryRow> =
        reader.fetch_optional(AssertSqlSafe(sql), (scope.channel_id(), id, kind)).await?;
    row.map(HistoryEntry::try_from).transpose()
}

pub(super) async fn update(
    tx: &mut Tx,
    scope: ChannelScope,
    entry: &HistoryEntry,
) -> Result<(), DatabaseError> {
    tx.execute_one(
        "UPDATE order_history_entry SET is_public = $1, data = $2, updated_at = $3 \
         WHERE channel_id = $4 AND id = $5",
        (entry.is_public, entry.data.to_string(), entry.updated_at, scope.channel_id(), entry.id),
    )
    .await
}

pub(super) async fn delete(
    tx: &mut Tx,
    scope: ChannelScope,
    kind: &str,
    id: HistoryEntryId,
) -> Result<bool, DatabaseError> {
    let sql = "DELETE FROM order_history_entry WHERE channel_id = $1 AND id = $2 AND type = $3";
    Ok(tx.execute(sql, (scope.channel_id(), id, kind)).await? == 1)
}

pub(super) async fn list(
    reader: &mut Reader,
    scope: ChannelScope,
    order: OrderId,
    public_only: bool,
    query: &ListQuery,
) -> Result<Page<HistoryEntry>, OrderError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "id"),
        Column::time("createdAt", "created_at"),
        Column::time("updatedAt", "updated_at"),
        Column::text("type", "type"),
        Column::boolean("isPublic", "is_public"),
    ];
    let list = ListSql {
        select: SELECT,
        from: "FROM order_history_entry",
        condition: "channel_id = $1 AND order_id = $2 AND (is_public OR $3 = FALSE)".to_owned(),
        values: vec![scope.channel_id().0.into(), order.0.into(), public_only.into()],
        columns: COLUMNS,
        tie_break: "id",
    };
    let page = list.fetch::<EntryRow>(reader, query).await?;
    let items = page.items.into_iter().map(HistoryEntry::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, total: page.total })
}
