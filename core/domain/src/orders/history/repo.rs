//! SQL of orders' histories.

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, HistoryEntryId, ListQuery, OrderId, Page, Timestamp, UserId};

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
            true.into(),
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
    created_at: Timestamp,
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
        select: "id, type, is_public, data, created_at",
        from: "FROM order_history_entry",
        condition: "channel_id = $1 AND order_id = $2 AND (is_public OR $3 = FALSE)".to_owned(),
        values: vec![scope.channel_id().0.into(), order.0.into(), public_only.into()],
        columns: COLUMNS,
        tie_break: "id",
    };
    let page = list.fetch::<EntryRow>(reader, query).await?;
    let parse = |row: EntryRow| {
        let data = serde_json::from_str(&row.data)
            .map_err(|error| DatabaseError::corrupt("history entry", error))?;
        let EntryRow { id, r#type: kind, is_public, created_at, .. } = row;
        Ok(HistoryEntry { id, kind, is_public, data, created_at })
    };
    let items = page.items.into_iter().map(parse).collect::<Result<_, OrderError>>()?;
    Ok(Page { items, total: page.total })
}
