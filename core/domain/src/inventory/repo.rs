//! SQL of stock: levels, holds and movements. It reads the variant's and the channel's tracking settings where they
//! stand, so that one statement tells all about many variants.

use std::collections::{BTreeMap, HashMap};

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{
    ChannelScope, ListQuery, OrderId, OrderLineId, Page, StockLevelId, StockLocationId, StockMovementId,
    Timestamp, VariantId,
};
use sqlx::AssertSqlSafe;

use super::entity::{Level, LineAt, LineTrail, Movement, MovementKind, Stock, StockLevel, StockMovement};
use super::error::InventoryError;
use super::locations::StockLocation;

#[derive(sqlx::FromRow)]
struct StockRow {
    variant_id: VariantId,
    deleted: bool,
    track_inventory: String,
    channel_tracks: bool,
    threshold: i64,
    low_stock_threshold: i64,
    held: i64,
    default_location_id: Option<StockLocationId>,
    stock_location_id: Option<StockLocationId>,
    on_hand: Option<i64>,
    allocated: Option<i64>,
}

/// The stock of those of the variants that the channel has, deleted ones included. Holds of `except` and holds that
/// have expired are not counted. One statement.
pub(super) async fn stock_of(
    reader: &mut Reader,
    scope: ChannelScope,
    variants: impl IntoIterator<Item = VariantId>,
    except: Option<OrderId>,
    now: Timestamp,
) -> Result<BTreeMap<VariantId, Stock>, DatabaseError> {
    let mut values = vec![scope.channel_id().0.into(), now.into(), except.map_or(0, |order| order.0).into()];
    let list = in_list(&mut values, variants);
    let sql = format!(
        "SELECT v.id AS variant_id, v.deleted_at IS NOT NULL AS deleted, v.track_inventory, \
         c.track_inventory AS channel_tracks, \
         CASE WHEN v.use_global_out_of_stock_threshold THEN c.out_of_stock_threshold \
         ELSE v.out_of_stock_threshold END AS threshold, c.low_stock_threshold, \
         (SELECT CAST(COALESCE(SUM(h.quantity), 0) AS BIGINT) FROM stock_hold h \
         WHERE h.channel_id = v.channel_id AND h.variant_id = v.id AND h.expires_at > $2 AND h.order_id <> $3) AS held, \
         (SELECT MIN(d.id) FROM stock_location d WHERE d.channel_id = c.id) AS default_location_id, \
         l.stock_location_id, l.on_hand, l.allocated \
         FROM product_variant v JOIN channel c ON c.id = v.channel_id \
         LEFT JOIN stock_level l ON l.channel_id = v.channel_id AND l.variant_id = v.id \
         WHERE v.channel_id = $1 AND v.id IN ({list})"
    );
    let rows: Vec<StockRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let mut stocks = BTreeMap::new();
    for row in rows {
        let stock = stocks.entry(row.variant_id).or_insert_with(|| Stock {
            variant: row.variant_id,
            deleted: row.deleted,
            tracked: match row.track_inventory.as_str() {
                "TRUE" => true,
                "FALSE" => false,
                _ => row.channel_tracks,
            },
            threshold: row.threshold,
            low_at: row.low_stock_threshold,
            unsold_before: 0,
            held: row.held,
            default_location: row.default_location_id,
            levels: BTreeMap::new(),
        });
        if let (Some(location), Some(on_hand), Some(allocated)) =
            (row.stock_location_id, row.on_hand, row.allocated)
        {
            stock.levels.insert(location, Level { on_hand, allocated, changed: false });
            stock.unsold_before = stock.unsold();
        }
    }
    Ok(stocks)
}

/// [`stock_of`] for whoever changes it: nobody else does until the transaction ends.
pub(super) async fn stock_to_change(
    tx: &mut Tx,
    scope: ChannelScope,
    variants: impl IntoIterator<Item = VariantId> + Clone,
    except: Option<OrderId>,
    now: Timestamp,
) -> Result<BTreeMap<VariantId, Stock>, DatabaseError> {
    let mut values = vec![scope.channel_id().0.into()];
    let list = in_list(&mut values, variants.clone());
    let select =
        format!("SELECT id FROM product_variant WHERE channel_id = $1 AND id IN ({list}) ORDER BY id");
    tx.lock_rows(&select, values).await?;
    stock_of(tx, scope, variants, except, now).await
}

#[derive(sqlx::FromRow)]
struct TrailRow {
    order_line_id: OrderLineId,
    variant_id: VariantId,
    stock_location_id: StockLocationId,
    allocated: i64,
    sold: i64,
}

/// What the lines have allocated and taken, by location in order of id. Lines without movements have no trail.
pub(super) async fn trails_of(
    reader: &mut Reader,
    scope: ChannelScope,
    lines: impl IntoIterator<Item = OrderLineId>,
) -> Result<HashMap<OrderLineId, LineTrail>, DatabaseError> {
    let mut values = vec![scope.channel_id().0.into()];
    let list = in_list(&mut values, lines);
    let sql = format!(
        "SELECT order_line_id, variant_id, stock_location_id, \
         CAST(SUM(CASE type WHEN 'ALLOCATION' THEN quantity WHEN 'RELEASE' THEN -quantity \
         WHEN 'SALE' THEN quantity ELSE 0 END) AS BIGINT) AS allocated, \
         CAST(SUM(CASE type WHEN 'SALE' THEN -quantity WHEN 'CANCELLATION' THEN -quantity \
         WHEN 'RETURN' THEN -quantity ELSE 0 END) AS BIGINT) AS sold \
         FROM stock_movement WHERE channel_id = $1 AND order_line_id IN ({list}) \
         GROUP BY order_line_id, variant_id, stock_location_id \
         ORDER BY order_line_id, stock_location_id, variant_id"
    );
    let rows: Vec<TrailRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let mut trails = HashMap::new();
    for row in rows {
        let line = row.order_line_id;
        let trail = trails.entry(line).or_insert_with(|| LineTrail { line, at: Vec::new() });
        trail.at.push(LineAt {
            variant: row.variant_id,
            location: row.stock_location_id,
            allocated: row.allocated,
            sold: row.sold,
        });
    }
    Ok(trails)
}

/// Writes every changed level and the movements that changed them: two statements at most.
pub(super) async fn save(
    tx: &mut Tx,
    scope: ChannelScope,
    stocks: &BTreeMap<VariantId, Stock>,
    movements: &[Movement],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let channel = scope.channel_id().0;
    let levels = stocks.values().flat_map(|stock| {
        stock.levels.iter().filter(|(_, level)| level.changed).map(move |(location, level)| {
            vec![
                Bound::from(channel),
                stock.variant.0.into(),
                location.0.into(),
                level.on_hand.into(),
                level.allocated.into(),
                now.into(),
                now.into(),
            ]
        })
    });
    let upsert = MultiRowInsert::new(
        "INSERT INTO stock_level (channel_id, variant_id, stock_location_id, on_hand, allocated, created_at, updated_at)",
        7,
        "ON CONFLICT (channel_id, variant_id, stock_location_id) DO UPDATE SET on_hand = excluded.on_hand, \
         allocated = excluded.allocated, updated_at = excluded.updated_at",
    );
    upsert.execute(tx, levels.collect()).await?;
    for low in stocks.values().filter_map(Stock::has_become_low) {
        tx.publish(scope, now, &low)?;
    }
    let rows = movements.iter().map(|movement| {
        vec![
            Bound::from(channel),
            movement.variant.0.into(),
            movement.location.0.into(),
            movement.kind.as_str().into(),
            movement.quantity.into(),
            movement.line.map(i64::from).into(),
            now.into(),
        ]
    });
    let insert = MultiRowInsert::new(
        "INSERT INTO stock_movement (channel_id, variant_id, stock_location_id, type, quantity, order_line_id, created_at)",
        7,
        "",
    );
    insert.execute(tx, rows.collect()).await.map(|_| ())
}

pub(super) async fn insert_holds(
    tx: &mut Tx,
    scope: ChannelScope,
    order: OrderId,
    holds: impl Iterator<Item = (VariantId, i64)>,
    expires_at: Timestamp,
) -> Result<(), DatabaseError> {
    let rows = holds.map(|(variant, quantity)| {
        vec![
            Bound::from(scope.channel_id().0),
            order.0.into(),
            variant.0.into(),
            quantity.into(),
            expires_at.into(),
        ]
    });
    let insert = MultiRowInsert::new(
        "INSERT INTO stock_hold (channel_id, order_id, variant_id, quantity, expires_at)",
        5,
        "",
    );
    insert.execute(tx, rows.collect()).await.map(|_| ())
}

/// Removes the holds of an order and says how many there were.
pub(super) async fn delete_holds(
    tx: &mut Tx,
    scope: ChannelScope,
    order: OrderId,
) -> Result<u64, DatabaseError> {
    tx.execute("DELETE FROM stock_hold WHERE channel_id = $1 AND order_id = $2", (scope.channel_id(), order))
        .await
}

/// A line for each variant and location of every channel: what lies there.
pub const EVERY_LEVEL: &str = "SELECT 'variant ' || variant_id || ' at ' || stock_location_id || ': ' || on_hand || \
     ' on hand, ' || allocated || ' allocated' FROM stock_level ORDER BY channel_id, variant_id, stock_location_id";

/// Removes at most `limit` expired holds of all channels, the oldest first, and says how many.
pub(super) const DELETE_EXPIRED_HOLDS: &str = "DELETE FROM stock_hold \
     WHERE (channel_id, order_id, variant_id) IN \
     (SELECT channel_id, order_id, variant_id FROM stock_hold WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

#[derive(sqlx::FromRow)]
struct LevelRow {
    id: StockLevelId,
    variant_id: VariantId,
    on_hand: i64,
    allocated: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    location_id: StockLocationId,
    location_name: String,
    location_description: String,
    location_created_at: Timestamp,
    location_updated_at: Timestamp,
}

pub(super) async fn levels_of(
    reader: &mut Reader,
    scope: ChannelScope,
    variants: &[VariantId],
) -> Result<Vec<StockLevel>, DatabaseError> {
    let mut values = vec![scope.channel_id().0.into()];
    let list = in_list(&mut values, variants.iter().copied());
    let sql = format!(
        "SELECT l.id, l.variant_id, l.on_hand, l.allocated, l.created_at, l.updated_at, s.id AS location_id, \
         s.name AS location_name, s.description AS location_description, s.created_at AS location_created_at, \
         s.updated_at AS location_updated_at FROM stock_level l \
         JOIN stock_location s ON s.channel_id = l.channel_id AND s.id = l.stock_location_id \
         WHERE l.channel_id = $1 AND l.variant_id IN ({list}) ORDER BY l.variant_id, s.id"
    );
    let rows: Vec<LevelRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let level = |row: LevelRow| StockLevel {
        id: row.id,
        variant_id: row.variant_id,
        location: StockLocation {
            id: row.location_id,
            name: row.location_name,
            description: row.location_description,
            created_at: row.location_created_at,
            updated_at: row.location_updated_at,
        },
        on_hand: row.on_hand,
        allocated: row.allocated,
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    Ok(rows.into_iter().map(level).collect())
}

#[derive(sqlx::FromRow)]
struct MovementRow {
    id: StockMovementId,
    variant_id: VariantId,
    stock_location_id: StockLocationId,
    r#type: String,
    quantity: i64,
    order_line_id: Option<OrderLineId>,
    created_at: Timestamp,
}

const MOVEMENT_COLUMNS: &[Column] = &[
    Column::integer("id", "m.id"),
    Column::text("type", "m.type"),
    Column::integer("quantity", "m.quantity"),
    Column::time("createdAt", "m.created_at"),
];

pub(super) async fn list_movements(
    reader: &mut Reader,
    scope: ChannelScope,
    variant: VariantId,
    query: &ListQuery,
) -> Result<Page<StockMovement>, InventoryError> {
    let list = ListSql {
        select: "m.id, m.variant_id, m.stock_location_id, m.type, m.quantity, m.order_line_id, m.created_at",
        from: "FROM stock_movement m",
        condition: "m.channel_id = $1 AND m.variant_id = $2".to_owned(),
        values: vec![scope.channel_id().0.into(), variant.0.into()],
        columns: MOVEMENT_COLUMNS,
        tie_break: "m.id DESC",
    };
    let page = list.fetch::<MovementRow>(reader, query).await?;
    let movement = |row: MovementRow| {
        Ok(StockMovement {
            id: row.id,
            variant_id: row.variant_id,
            location_id: row.stock_location_id,
            kind: MovementKind::parse(&row.r#type)?,
            quantity: row.quantity,
            order_line_id: row.order_line_id,
            created_at: row.created_at,
        })
    };
    let items = page.items.into_iter().map(movement).collect::<Result<_, DatabaseError>>()?;
    Ok(Page { items, total: page.total })
}
