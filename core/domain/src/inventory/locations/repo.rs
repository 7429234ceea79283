//! SQL of stock locations.

use soko_infra::db::{Column, ListSql, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, ListQuery, Page, StockLocationId, Timestamp};
use sqlx::AssertSqlSafe;

use super::{Existing, NewStockLocation, StockLocation};
use crate::inventory::InventoryError;

pub(super) async fn find(
    reader: &mut Reader,
    scope: ChannelScope,
    id: StockLocationId,
) -> Result<Option<StockLocation>, DatabaseError> {
    reader
        .fetch_optional(
            "SELECT * FROM stock_location WHERE channel_id = $1 AND id = $2",
            (scope.channel_id(), id),
        )
        .await
}

pub(super) async fn find_default(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Option<StockLocationId>, DatabaseError> {
    let (id,) = reader
        .fetch_one("SELECT MIN(id) FROM stock_location WHERE channel_id = $1", (scope.channel_id(),))
        .await?;
    Ok(id)
}

/// Those of the ids that are locations of the channel.
pub(in crate::inventory) async fn existing(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: impl IntoIterator<Item = StockLocationId>,
) -> Result<Existing, DatabaseError> {
    let mut values = vec![scope.channel_id().0.into()];
    let list = in_list(&mut values, ids);
    let sql = format!("SELECT id FROM stock_location WHERE channel_id = $1 AND id IN ({list})");
    let rows: Vec<(StockLocationId,)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

const COLUMNS: &[Column] = &[
    Column::integer("id", "id"),
    Column::text("name", "name"),
    Column::text("description", "description"),
    Column::time("createdAt", "created_at"),
    Column::time("updatedAt", "updated_at"),
];

pub(super) async fn list(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<StockLocation>, InventoryError> {
    let list = ListSql {
        select: "*",
        from: "FROM stock_location",
        condition: "channel_id = $1".to_owned(),
        values: vec![scope.channel_id().0.into()],
        columns: COLUMNS,
        tie_break: "id",
    };
    Ok(list.fetch(reader, query).await?)
}

pub(super) async fn count(reader: &mut Reader, scope: ChannelScope) -> Result<i64, DatabaseError> {
    let (count,) = reader
        .fetch_one("SELECT COUNT(*) FROM stock_location WHERE channel_id = $1", (scope.channel_id(),))
        .await?;
    Ok(count)
}

pub(super) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    new: &NewStockLocation,
    now: Timestamp,
) -> Result<StockLocation, DatabaseError> {
    tx.fetch_one(
        "INSERT INTO stock_location (channel_id, name, description, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $4) RETURNING *",
        (scope.channel_id(), new.name.as_str(), new.description.as_str(), now),
    )
    .await
}

pub(super) async fn update(
    tx: &mut Tx,
    scope: ChannelScope,
    location: &StockLocation,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute_one(
        "UPDATE stock_location SET name = $1, description = $2, updated_at = $3 WHERE channel_id = $4 AND id = $5",
        (location.name.as_str(), location.description.as_str(), now, scope.channel_id(), location.id),
    )
    .await
}

pub(super) async fn holds_stock(
    reader: &mut Reader,
    scope: ChannelScope,
    id: StockLocationId,
) -> Result<bool, DatabaseError> {
    let (holds,) = reader
        .fetch_one(
            "SELECT EXISTS (SELECT 1 FROM stock_level WHERE channel_id = $1 AND stock_location_id = $2 \
             AND (on_hand <> 0 OR allocated <> 0))",
            (scope.channel_id(), id),
        )
        .await?;
    Ok(holds)
}

/// The first of the channel's other locations; there is one.
pub(super) async fn first_besides(
    reader: &mut Reader,
    scope: ChannelScope,
    id: StockLocationId,
) -> Result<StockLocationId, DatabaseError> {
    let sql = "SELECT id FROM stock_location WHERE channel_id = $1 AND id <> $2 ORDER BY id LIMIT 1";
    let (first,) = reader.fetch_one(sql, (scope.channel_id(), id)).await?;
    Ok(first)
}

/// Adds a location's levels to another's, and lets past movements point there, so that what order lines have
/// allocated is found where it now lies.
pub(super) async fn transfer(
    tx: &mut Tx,
    scope: ChannelScope,
    from: StockLocationId,
    to: StockLocationId,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(
        "INSERT INTO stock_level \
         (channel_id, variant_id, stock_location_id, on_hand, allocated, created_at, updated_at) \
         SELECT channel_id, variant_id, $1, on_hand, allocated, $2, $2 FROM stock_level \
         WHERE channel_id = $3 AND stock_location_id = $4 \
         ON CONFLICT (channel_id, variant_id, stock_location_id) DO UPDATE \
         SET on_hand = stock_level.on_hand + excluded.on_hand, \
         allocated = stock_level.allocated + excluded.allocated, updated_at = excluded.updated_at",
        (to, now, scope.channel_id(), from),
    )
    .await?;
    tx.execute(
        "UPDATE stock_movement SET stock_location_id = $1 WHERE channel_id = $2 AND stock_location_id = $3",
        (to, scope.channel_id(), from),
    )
    .await?;
    Ok(())
}

pub(super) async fn delete(
    tx: &mut Tx,
    scope: ChannelScope,
    id: StockLocationId,
) -> Result<(), DatabaseError> {
    tx.execute(
        "DELETE FROM stock_level WHERE channel_id = $1 AND stock_location_id = $2",
        (scope.channel_id(), id),
    )
    .await?;
    tx.execute_one("DELETE FROM stock_location WHERE channel_id = $1 AND id = $2", (scope.channel_id(), id))
        .await
}
