//! SQL of refunds.

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, ListQuery, OrderId, Page, PaymentId, RefundId, Timestamp};
use sqlx::AssertSqlSafe;

use super::entity::{NewRefund, Refund, RefundLine, RefundParts, RefundState};
use crate::payments::{Payment, PaymentError};

#[derive(sqlx::FromRow)]
struct RefundRow {
    id: RefundId,
    payment_id: PaymentId,
    order_id: OrderId,
    method: String,
    items: i64,
    shipping: i64,
    adjustment: i64,
    total: i64,
    state: String,
    in_doubt: bool,
    transaction_id: Option<String>,
    reason: Option<String>,
    error_message: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl RefundRow {
    fn with(self, lines: &[RefundLine]) -> Result<Refund, DatabaseError> {
        Ok(Refund {
            id: self.id,
            payment_id: self.payment_id,
            order_id: self.order_id,
            method: self.method,
            what: RefundParts { items: self.items, shipping: self.shipping, adjustment: self.adjustment },
            total: self.total,
            state: RefundState::parse(&self.state)?,
            in_doubt: self.in_doubt,
            transaction_id: self.transaction_id,
            reason: self.reason,
            error_message: self.error_message,
            lines: lines.iter().filter(|line| line.refund_id == self.id).copied().collect(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

pub(super) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    payment: &Payment,
    new: &NewRefund,
    now: Timestamp,
) -> Result<Refund, DatabaseError> {
    const INSERT_LINES: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO refund_line (channel_id, refund_id, order_line_id, quantity)",
        4,
        "",
    );
    let row: RefundRow = tx
        .fetch_one(
            "INSERT INTO refund (channel_id, payment_id, order_id, method, items, shipping, adjustment, total, state, \
             in_doubt, reason, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'Pending', $9, $10, $11, $11) RETURNING *",
            (
                scope.channel_id(),
                payment.id,
                payment.order_id,
                payment.method.as_str(),
                new.what.items,
                new.what.shipping,
                new.what.adjustment,
                new.total,
                true,
                new.reason.as_deref(),
                now,
            ),
        )
        .await?;
    let line = |(order_line_id, quantity): &(_, i64)| RefundLine {
        refund_id: row.id,
        order_line_id: *order_line_id,
        quantity: *quantity,
    };
    let lines: Vec<RefundLine> = new.lines.iter().map(line).collect();
    let values = |line: &RefundLine| {
        vec![
            scope.channel_id().0.into(),
            line.refund_id.0.into(),
            line.order_line_id.0.into(),
            line.quantity.into(),
        ]
    };
    INSERT_LINES.execute(tx, lines.iter().map(values).collect()).await?;
    row.with(&lines)
}

/// Stores what has become of a refund that was pending.
pub(super) async fn update(
    tx: &mut Tx,
    scope: ChannelScope,
    refund: &Refund,
    now: Timestamp,
) -> Result<(), PaymentError> {
    let updated = tx.execute_one(
        "UPDATE refund SET state = $1, in_doubt = $2, transaction_id = $3, error_message = $4, updated_at = $5 \
         WHERE id = $6 AND channel_id = $7 AND state = 'Pending'",
        (
            refund.state.as_str(),
            refund.in_doubt,
            refund.transaction_id.as_deref(),
            refund.error_message.as_deref(),
            now,
            refund.id,
            scope.channel_id(),
        ),
    );
    updated.await.map_err(|error| match &refund.transaction_id {
        Some(reference)
            if error.is_unique_violation("refund", &["channel_id", "method", "transaction_id"]) =>
        {
            PaymentError::ReferenceInUse(reference.clone())
        }
        _ => error.into(),
    })
}

pub(super) async fn find(
    reader: &mut Reader,
    scope: ChannelScope,
    id: RefundId,
) -> Result<Option<Refund>, DatabaseError> {
    Ok(listed(reader, scope, "id", &[id.0]).await?.into_iter().next())
}

pub(super) async fn of_payments(
    reader: &mut Reader,
    scope: ChannelScope,
    payments: &[PaymentId],
) -> Result<Vec<Refund>, DatabaseError> {
    let payments: Vec<i64> = payments.iter().map(|payment| payment.0).collect();
    listed(reader, scope, "payment_id", &payments).await
}

pub(super) async fn of_order(
    reader: &mut Reader,
    scope: ChannelScope,
    order: OrderId,
) -> Result<Vec<Refund>, DatabaseError> {
    listed(reader, scope, "order_id", &[order.0]).await
}

/// Those whose `column` has one of the values, oldest first.
async fn listed(
    reader: &mut Reader,
    scope: ChannelScope,
    column: &'static str,
    ids: &[i64],
) -> Result<Vec<Refund>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, ids.iter().copied());
    let sql = format!("SELECT * FROM refund WHERE channel_id = $1 AND {column} IN ({listed}) ORDER BY id");
    let rows: Vec<RefundRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    with_lines(reader, scope, rows).await
}

pub(super) async fn list_pending(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<Refund>, PaymentError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "r.id"),
        Column::text("method", "r.method"),
        Column::integer("total", "r.total"),
        Column::boolean("inDoubt", "r.in_doubt"),
        Column::text("transactionId", "r.transaction_id"),
        Column::time("createdAt", "r.created_at"),
        Column::time("updatedAt", "r.updated_at"),
    ];
    let list = ListSql {
        select: "r.*",
        from: "FROM refund r",
        condition: "r.channel_id = $1 AND r.state = 'Pending'".to_owned(),
        values: vec![Bound::from(scope.channel_id().0)],
        columns: COLUMNS,
        tie_break: "r.id",
    };
    let page = list.fetch::<RefundRow>(reader, query).await?;
    Ok(Page { items: with_lines(reader, scope, page.items).await?, total: page.total })
}

/// The refunds with the units that they are for.
async fn with_lines(
    reader: &mut Reader,
    scope: ChannelScope,
    rows: Vec<RefundRow>,
) -> Result<Vec<Refund>, DatabaseError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let ids = in_list(&mut values, rows.iter().map(|row| row.id));
    let sql = format!(
        "SELECT refund_id, order_line_id, quantity FROM refund_line \
         WHERE channel_id = $1 AND refund_id IN ({ids}) ORDER BY order_line_id"
    );
    let lines: Vec<RefundLine> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    rows.into_iter().map(|row| row.with(&lines)).collect()
}
