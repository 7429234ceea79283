//! SQL of orders, their lines and their delivery.

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{
    ChannelScope, Currency, CustomerId, ListQuery, OrderId, OrderLineId, Page, ShippingLineId,
    ShippingMethodId, TaxRatePpm, Timestamp, VariantId,
};
use sqlx::AssertSqlSafe;

use super::entity::{Order, OrderLine, ShippingLine};
use super::error::OrderError;
use super::state::OrderState;
use crate::pricing::{AppliedTax, InputShipping, OrderPrices, TaxedAmount};

#[derive(sqlx::FromRow)]
pub(super) struct OrderRow {
    id: OrderId,
    code: String,
    state: String,
    active: bool,
    customer_id: Option<CustomerId>,
    currency: Currency,
    shipping_address: Option<String>,
    billing_address: Option<String>,
    coupon_codes: String,
    total_quantity: i64,
    sub_total: i64,
    sub_total_with_tax: i64,
    shipping: i64,
    shipping_with_tax: i64,
    placed_at: Option<Timestamp>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    shipping_line_id: Option<ShippingLineId>,
    shipping_method_id: Option<ShippingMethodId>,
    list_price: Option<i64>,
    list_price_includes_tax: Option<bool>,
    tax_rate_ppm: Option<i64>,
    tax_description: Option<String>,
}

/// An order and its delivery, as stored.
pub(super) type Stored = (Order, Option<ShippingLine>);

impl OrderRow {
    fn parse(self) -> Result<Stored, DatabaseError> {
        let shipping = match (self.shipping_line_id, self.shipping_method_id, self.list_price) {
            (Some(id), Some(shipping_method_id), Some(list_price)) => Some(ShippingLine {
                id: Some(id),
                shipping_method_id,
                cost: InputShipping {
                    list_price,
                    includes_tax: self.list_price_includes_tax.unwrap_or_default(),
                    tax: tax(
                        self.tax_rate_ppm.unwrap_or_default(),
                        self.tax_description.unwrap_or_default(),
                    )?,
                },
            }),
            _ => None,
        };
        let order = Order {
            id: self.id,
            code: self.code,
            state: OrderState::parse(&self.state)?,
            active: self.active,
            customer_id: self.customer_id,
            currency: self.currency,
            shipping_address: self.shipping_address.as_deref().map(from_json).transpose()?,
            billing_address: self.billing_address.as_deref().map(from_json).transpose()?,
            coupon_codes: from_json(&self.coupon_codes)?,
            totals: OrderPrices {
                quantity: self.total_quantity,
                sub_total: TaxedAmount { net: self.sub_total, gross: self.sub_total_with_tax },
                shipping: TaxedAmount { net: self.shipping, gross: self.shipping_with_tax },
            },
            placed_at: self.placed_at,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        Ok((order, shipping))
    }
}

fn tax(ppm: i64, description: String) -> Result<AppliedTax, DatabaseError> {
    let rate = TaxRatePpm::try_new(ppm).ok_or_else(|| DatabaseError::corrupt("tax rate", ppm))?;
    Ok(AppliedTax { rate, description })
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, DatabaseError> {
    serde_json::from_str(text).map_err(|error| DatabaseError::corrupt("order document", error))
}

fn to_json(document: &impl serde::Serialize) -> Result<String, DatabaseError> {
    serde_json::to_string(document).map_err(|error| DatabaseError::corrupt("order document", error))
}

const SELECT: &str = "o.id, o.code, o.state, o.active, o.customer_id, o.currency, o.shipping_address, \
    o.billing_address, o.coupon_codes, o.total_quantity, o.sub_total, o.sub_total_with_tax, o.shipping, \
    o.shipping_with_tax, o.placed_at, o.version, o.created_at, o.updated_at, s.id AS shipping_line_id, \
    s.shipping_method_id, s.list_price, s.list_price_includes_tax, s.tax_rate_ppm, s.tax_description";
const FROM: &str = "FROM customer_order o \
    LEFT JOIN order_shipping_line s ON s.channel_id = o.channel_id AND s.order_id = o.id";

pub(super) async fn find(
    reader: &mut Reader,
    scope: ChannelScope,
    id: OrderId,
) -> Result<Option<Stored>, DatabaseError> {
    let sql = format!("SELECT {SELECT} {FROM} WHERE o.channel_id = $1 AND o.id = $2");
    let row: Option<OrderRow> = reader.fetch_optional(AssertSqlSafe(sql), (scope.channel_id(), id)).await?;
    row.map(OrderRow::parse).transpose()
}

pub(super) async fn find_by_code(
    reader: &mut Reader,
    scope: ChannelScope,
    code: &str,
) -> Result<Option<Stored>, DatabaseError> {
    let sql = format!("SELECT {SELECT} {FROM} WHERE o.channel_id = $1 AND o.code = $2");
    let row: Option<OrderRow> = reader.fetch_optional(AssertSqlSafe(sql), (scope.channel_id(), code)).await?;
    row.map(OrderRow::parse).transpose()
}

pub(super) async fn order_of_line(
    reader: &mut Reader,
    scope: ChannelScope,
    line: OrderLineId,
) -> Result<Option<OrderId>, DatabaseError> {
    let sql = "SELECT order_id FROM order_line WHERE id = $1 AND channel_id = $2";
    let row: Option<(OrderId,)> = reader.fetch_optional(sql, (line, scope.channel_id())).await?;
    Ok(row.map(|(order,)| order))
}

/// Which order each of these lines is of, as far as they are there.
pub(super) async fn orders_of_lines(
    reader: &mut Reader,
    scope: ChannelScope,
    lines: &[OrderLineId],
) -> Result<Vec<(OrderLineId, OrderId)>, DatabaseError> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, lines.iter().copied());
    let sql = format!("SELECT id, order_id FROM order_line WHERE channel_id = $1 AND id IN ({listed})");
    reader.fetch_all(AssertSqlSafe(sql), values).await
}

/// Orders and their deliveries, as far as they are there.
pub(super) async fn find_all(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[OrderId],
) -> Result<Vec<Stored>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, ids.iter().copied());
    let sql = format!("SELECT {SELECT} {FROM} WHERE o.channel_id = $1 AND o.id IN ({listed})");
    let rows: Vec<OrderRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    rows.into_iter().map(OrderRow::parse).collect()
}

/// The customer's newest cart besides one.
pub(super) async fn find_active_of_customer(
    reader: &mut Reader,
    scope: ChannelScope,
    customer: CustomerId,
    besides: Option<OrderId>,
) -> Result<Option<OrderId>, DatabaseError> {
    let sql = "SELECT id FROM customer_order WHERE customer_id = $1 AND channel_id = $2 AND active AND id <> $3 \
               ORDER BY id DESC LIMIT 1";
    // Ids are positive: no order has 0.
    let besides = besides.map_or(0, |order| order.0);
    let row: Option<(OrderId,)> = reader.fetch_optional(sql, (customer, scope.channel_id(), besides)).await?;
    Ok(row.map(|(id,)| id))
}

/// Deletes a cart that has not changed since it was read, with its lines, delivery and history.
pub(super) async fn delete_cart(tx: &mut Tx, scope: ChannelScope, order: &Order) -> Result<(), OrderError> {
    let parts = [
        "DELETE FROM order_line WHERE order_id = $1 AND channel_id = $2",
        "DELETE FROM order_shipping_line WHERE order_id = $1 AND channel_id = $2",
        "DELETE FROM order_history_entry WHERE order_id = $1 AND channel_id = $2",
    ];
    for part in parts {
        tx.execute(part, (order.id, scope.channel_id())).await?;
    }
    let sql = "DELETE FROM customer_order WHERE id = $1 AND channel_id = $2 AND version = $3";
    match tx.execute(sql, (order.id, scope.channel_id(), order.version)).await? {
        1 => Ok(()),
        _ => Err(OrderError::VersionConflict(order.id)),
    }
}

const COLUMNS: &[Column] = &[
    Column::integer("id", "o.id"),
    Column::time("createdAt", "o.created_at"),
    Column::time("updatedAt", "o.updated_at"),
    Column::time("orderPlacedAt", "o.placed_at"),
    Column::text("type", "'Regular'"),
    Column::text("code", "o.code"),
    Column::text(
        "customerLastName",
        "(SELECT c.last_name FROM customer c WHERE c.channel_id = o.channel_id AND c.id = o.customer_id)",
    ),
    Column::text(
        "transactionId",
        "(SELECT p.transaction_id FROM payment p \
          WHERE p.channel_id = o.channel_id AND p.order_id = o.id AND p.transaction_id IS NOT NULL \
          ORDER BY p.id LIMIT 1)",
    ),
    Column::text("state", "o.state"),
    Column::boolean("active", "o.active"),
    Column::integer("totalQuantity", "o.total_quantity"),
    Column::integer("subTotal", "o.sub_total"),
    Column::integer("subTotalWithTax", "o.sub_total_with_tax"),
    Column::text("currencyCode", "o.currency"),
    Column::integer("shipping", "o.shipping"),
    Column::integer("shippingWithTax", "o.shipping_with_tax"),
    Column::integer("total", "(o.sub_total + o.shipping)"),
    Column::integer("totalWithTax", "(o.sub_total_with_tax + o.shipping_with_tax)"),
];

/// A page of the channel's orders, of one customer or of all.
pub(super) async fn list(
    reader: &mut Reader,
    scope: ChannelScope,
    customer: Option<CustomerId>,
    query: &ListQuery,
) -> Result<Page<Stored>, OrderError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let mut condition = "o.channel_id = $1".to_owned();
    if let Some(customer) = customer {
        values.push(customer.0.into());
        condition.push_str(" AND o.customer_id = $2");
    }
    let list =
        ListSql { select: SELECT, from: FROM, condition, values, columns: COLUMNS, tie_break: "o.id DESC" };
    let page = list.fetch::<OrderRow>(reader, query).await?;
    let items = page.items.into_iter().map(OrderRow::parse).collect::<Result<_, _>>()?;
    Ok(Page { items, total: page.total })
}

#[derive(sqlx::FromRow)]
struct LineRow {
    id: OrderLineId,
    order_id: OrderId,
    variant_id: VariantId,
    quantity: i64,
    placed_quantity: i64,
    unit_list_price: i64,
    initial_unit_list_price: i64,
    list_price_includes_tax: bool,
    tax_rate_ppm: i64,
    tax_description: String,
    adjustments: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The lines of these orders, in the order in which they were added.
pub(super) async fn lines(
    reader: &mut Reader,
    scope: ChannelScope,
    orders: &[OrderId],
) -> Result<Vec<(OrderId, OrderLine)>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let orders = in_list(&mut values, orders.iter().copied());
    let sql =
        format!("SELECT * FROM order_line WHERE channel_id = $1 AND order_id IN ({orders}) ORDER BY id");
    let rows: Vec<LineRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let parse = |row: LineRow| {
        let line = OrderLine {
            id: Some(row.id),
            variant_id: row.variant_id,
            quantity: row.quantity,
            placed_quantity: row.placed_quantity,
            unit_list_price: row.unit_list_price,
            initial_unit_list_price: row.initial_unit_list_price,
            list_price_includes_tax: row.list_price_includes_tax,
            tax: tax(row.tax_rate_ppm, row.tax_description)?,
            adjustments: from_json(&row.adjustments)?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        Ok((row.order_id, line))
    };
    rows.into_iter().map(parse).collect()
}

/// Stores a new order; its version is 1 from now on.
pub(super) async fn insert(tx: &mut Tx, scope: ChannelScope, order: &mut Order) -> Result<(), DatabaseError> {
    let (id,) = tx
        .fetch_one(
            "INSERT INTO customer_order (channel_id, code, state, active, customer_id, currency, total_quantity, \
             sub_total, sub_total_with_tax, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING id",
            (
                scope.channel_id(),
                order.code.as_str(),
                order.state.as_str(),
                order.active,
                order.customer_id,
                order.currency,
                order.totals.quantity,
                order.totals.sub_total.net,
                order.totals.sub_total.gross,
                order.created_at,
            ),
        )
        .await?;
    order.id = id;
    order.version = 1;
    Ok(())
}

/// Nobody else changes the order or what hangs on it until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, scope: ChannelScope, order: OrderId) -> Result<(), DatabaseError> {
    let values = vec![scope.channel_id().0.into(), order.0.into()];
    tx.lock_rows("SELECT id FROM customer_order WHERE channel_id = $1 AND id = $2", values).await
}

/// Stores an order that has not changed since it was read, and raises its version.
pub(super) async fn update(
    tx: &mut Tx,
    scope: ChannelScope,
    order: &mut Order,
    now: Timestamp,
) -> Result<(), OrderError> {
    let totals = order.totals;
    let changed = tx
        .execute(
            "UPDATE customer_order SET state = $1, active = $2, customer_id = $3, shipping_address = $4, \
             billing_address = $5, coupon_codes = $6, total_quantity = $7, sub_total = $8, sub_total_with_tax = $9, \
             shipping = $10, shipping_with_tax = $11, placed_at = $12, currency = $13, version = version + 1, \
             updated_at = $14 WHERE id = $15 AND channel_id = $16 AND version = $17",
            (
                order.state.as_str(),
                order.active,
                order.customer_id,
                order.shipping_address.as_ref().map(to_json).transpose()?,
                order.billing_address.as_ref().map(to_json).transpose()?,
                to_json(&order.coupon_codes)?,
                totals.quantity,
                totals.sub_total.net,
                totals.sub_total.gross,
                totals.shipping.net,
                totals.shipping.gross,
                order.placed_at,
                order.currency,
                now,
                order.id,
                scope.channel_id(),
                order.version,
            ),
        )
        .await?;
    if changed != 1 {
        return Err(OrderError::VersionConflict(order.id));
    }
    order.version += 1;
    order.updated_at = now;
    Ok(())
}

/// Makes the stored lines those of `after`: one statement for all that are gone, one for all that changed.
pub(super) async fn save_lines(
    tx: &mut Tx,
    scope: ChannelScope,
    order: OrderId,
    before: &[OrderLine],
    after: &mut [OrderLine],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    const SAVE: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO order_line (channel_id, order_id, variant_id, quantity, placed_quantity, unit_list_price, \
         initial_unit_list_price, list_price_includes_tax, tax_rate_ppm, tax_description, adjustments, created_at, \
         updated_at)",
        13,
        "ON CONFLICT (channel_id, order_id, variant_id) DO UPDATE SET quantity = excluded.quantity, \
         placed_quantity = excluded.placed_quantity, unit_list_price = excluded.unit_list_price, \
         list_price_includes_tax = excluded.list_price_includes_tax, tax_rate_ppm = excluded.tax_rate_ppm, \
         tax_description = excluded.tax_description, adjustments = excluded.adjustments, \
         updated_at = excluded.updated_at RETURNING id, variant_id",
    );
    let gone = before.iter().filter(|old| !after.iter().any(|line| line.variant_id == old.variant_id));
    let gone: Vec<OrderLineId> = gone.filter_map(|line| line.id).collect();
    if !gone.is_empty() {
        let mut values = vec![Bound::from(scope.channel_id().0)];
        let ids = in_list(&mut values, gone.iter().copied());
        let sql = format!("DELETE FROM order_line WHERE channel_id = $1 AND id IN ({ids})");
        tx.execute(AssertSqlSafe(sql), values).await?;
    }
    let mut rows = Vec::new();
    for line in after.iter_mut().filter(|line| !before.contains(line)) {
        line.updated_at = now;
        rows.push(vec![
            scope.channel_id().0.into(),
            order.0.into(),
            line.variant_id.0.into(),
            line.quantity.into(),
            line.placed_quantity.into(),
            line.unit_list_price.into(),
            line.initial_unit_list_price.into(),
            line.list_price_includes_tax.into(),
            line.tax.rate.ppm().into(),
            line.tax.description.as_str().into(),
            to_json(&line.adjustments)?.into(),
            line.created_at.into(),
            now.into(),
        ]);
    }
    let saved: Vec<(OrderLineId, VariantId)> = SAVE.fetch(tx, rows).await?;
    for line in after.iter_mut() {
        let id = saved.iter().find(|(_, variant)| *variant == line.variant_id).map(|(id, _)| *id);
        line.id = id.or(line.id);
    }
    Ok(())
}

/// Makes the stored delivery that of `after`.
pub(super) async fn save_shipping(
    tx: &mut Tx,
    scope: ChannelScope,
    order: OrderId,
    before: Option<&ShippingLine>,
    after: &mut Option<ShippingLine>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    if before == after.as_ref() {
        return Ok(());
    }
    let Some(shipping) = after else {
        let sql = "DELETE FROM order_shipping_line WHERE order_id = $1 AND channel_id = $2";
        return tx.execute_one(sql, (order, scope.channel_id())).await;
    };
    let (id,) = tx
        .fetch_one(
            "INSERT INTO order_shipping_line (channel_id, order_id, shipping_method_id, list_price, \
             list_price_includes_tax, tax_rate_ppm, tax_description, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (channel_id, order_id) DO UPDATE SET \
             shipping_method_id = excluded.shipping_method_id, list_price = excluded.list_price, \
             list_price_includes_tax = excluded.list_price_includes_tax, tax_rate_ppm = excluded.tax_rate_ppm, \
             tax_description = excluded.tax_description, updated_at = excluded.updated_at RETURNING id",
            (
                scope.channel_id(),
                order,
                shipping.shipping_method_id,
                shipping.cost.list_price,
                shipping.cost.includes_tax,
                shipping.cost.tax.rate,
                shipping.cost.tax.description.as_str(),
                now,
            ),
        )
        .await?;
    shipping.id = Some(id);
    Ok(())
}
