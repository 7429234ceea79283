//! SQL of fulfillments.

use soko_infra::db::{Bound, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, FulfillmentId, OrderId, Timestamp};
use sqlx::AssertSqlSafe;

use super::{Fulfillment, FulfillmentLine, FulfillmentState, NewFulfillment};

#[derive(sqlx::FromRow)]
struct FulfillmentRow {
    id: FulfillmentId,
    order_id: OrderId,
    state: String,
    method: String,
    tracking_code: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl FulfillmentRow {
    fn with(self, lines: &[FulfillmentLine]) -> Result<Fulfillment, DatabaseError> {
        Ok(Fulfillment {
            id: self.id,
            order_id: self.order_id,
            state: FulfillmentState::parse(&self.state)?,
            method: self.method,
            tracking_code: self.tracking_code,
            lines: lines.iter().filter(|line| line.fulfillment_id == self.id).copied().collect(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

pub(super) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    order: OrderId,
    new: &NewFulfillment,
    now: Timestamp,
) -> Result<Fulfillment, DatabaseError> {
    const INSERT_LINES: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO fulfillment_line (channel_id, fulfillment_id, order_line_id, quantity)",
        4,
        "",
    );
    let row: FulfillmentRow = tx
        .fetch_one(
            "INSERT INTO fulfillment (channel_id, order_id, state, method, tracking_code, created_at, updated_at) \
             VALUES ($1, $2, 'Created', $3, $4, $5, $5) RETURNING *",
            (scope.channel_id(), order, new.method.as_str(), new.tracking_code.as_str(), now),
        )
        .await?;
    let line = |(line, quantity): &(soko_kernel::OrderLineId, i64)| FulfillmentLine {
        fulfillment_id: row.id,
        order_line_id: *line,
        quantity: *quantity,
    };
    let lines: Vec<FulfillmentLine> = new.lines.iter().map(line).collect();
    let values = |line: &FulfillmentLine| {
        vec![
            scope.channel_id().0.into(),
            line.fulfillment_id.0.into(),
            line.order_line_id.0.into(),
            line.quantity.into(),
        ]
    };
    INSERT_LINES.execute(tx, lines.iter().map(values).collect()).await?;
    row.with(&lines)
}

pub(super) async fn set_state(
    tx: &mut Tx,
    scope: ChannelScope,
    id: FulfillmentId,
    from: FulfillmentState,
    to: FulfillmentState,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute_one(
        "UPDATE fulfillment SET state = $1, updated_at = $2 WHERE id = $3 AND channel_id = $4 AND state = $5",
        (to.as_str(), now, id, scope.channel_id(), from.as_str()),
    )
    .await
}

pub(super) async fn of_orders(
    reader: &mut Reader,
    scope: ChannelScope,
    orders: &[OrderId],
) -> Result<Vec<Fulfillment>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let orders = in_list(&mut values, orders.iter().copied());
    let sql =
        format!("SELECT * FROM fulfillment WHERE channel_id = $1 AND order_id IN ({orders}) ORDER BY id");
    let rows: Vec<FulfillmentRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let ids = in_list(&mut values, rows.iter().map(|row| row.id));
    let sql = format!(
        "SELECT fulfillment_id, order_line_id, quantity FROM fulfillment_line \
         WHERE channel_id = $1 AND fulfillment_id IN ({ids}) ORDER BY order_line_id"
    );
    let lines: Vec<FulfillmentLine> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    rows.into_iter().map(|row| row.with(&lines)).collect()
}

pub(super) async fn order_of(
    reader: &mut Reader,
    scope: ChannelScope,
    id: FulfillmentId,
) -> Result<Option<OrderId>, DatabaseError> {
    let sql = "SELECT order_id FROM fulfillment WHERE id = $1 AND channel_id = $2";
    let row: Option<(OrderId,)> = reader.fetch_optional(sql, (id, scope.channel_id())).await?;
    Ok(row.map(|(order,)| order))
}
