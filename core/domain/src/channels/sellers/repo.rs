//! SQL of sellers.

use soko_infra::db::{Column, ListSql};
use soko_infra::{Reader, Tx};
use soko_kernel::{ChannelScope, ListQuery, Page, SellerId, Timestamp};

use crate::channels::entity::Seller;
use crate::channels::error::ChannelError;

const SELECT: &str = "s.id, s.name, s.created_at, s.updated_at";
/// `$1` is a channel's id, or 0 for all sellers of the platform.
const VISIBLE: &str = "($1 = 0 OR EXISTS (SELECT 1 FROM channel c WHERE c.seller_id = s.id AND c.id = $1))";

fn channel_or_all(scope: Option<ChannelScope>) -> i64 {
    scope.map_or(0, |scope| scope.channel_id().0)
}

/// A page of sellers: of one channel, or of the platform.
pub(super) async fn list(
    reader: &mut Reader,
    scope: Option<ChannelScope>,
    query: &ListQuery,
) -> Result<Page<Seller>, ChannelError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "s.id"),
        Column::time("createdAt", "s.created_at"),
        Column::time("updatedAt", "s.updated_at"),
        Column::text("name", "s.name"),
    ];
    let list = ListSql {
        select: SELECT,
        from: "FROM seller s",
        condition: VISIBLE.to_owned(),
        values: vec![channel_or_all(scope).into()],
        columns: COLUMNS,
        tie_break: "s.id",
    };
    Ok(list.fetch(reader, query).await?)
}

/// A seller: of one channel, or of the platform.
pub(super) async fn find(
    reader: &mut Reader,
    scope: Option<ChannelScope>,
    id: SellerId,
) -> Result<Option<Seller>, ChannelError> {
    let sql = format!("SELECT {SELECT} FROM seller s WHERE {VISIBLE} AND s.id = $2");
    Ok(reader.fetch_optional(sqlx::AssertSqlSafe(sql), (channel_or_all(scope), id)).await?)
}

pub(super) async fn rename(
    tx: &mut Tx,
    id: SellerId,
    name: &str,
    now: Timestamp,
) -> Result<(), ChannelError> {
    let sql = "UPDATE seller SET name = $1, updated_at = $2 WHERE id = $3";
    Ok(tx.execute_one(sql, (name, now, id)).await?)
}
