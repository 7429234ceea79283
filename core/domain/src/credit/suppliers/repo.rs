//! SQL of purchases.

use std::collections::HashMap;

use jiff::civil::Date;
use soko_infra::db::{Bound, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, CustomerId, SupplierPurchaseId, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use super::{NewPurchase, PaidPurchase, Purchase};
use crate::credit::error::CreditError;

#[derive(sqlx::FromRow)]
struct PurchaseRow {
    id: SupplierPurchaseId,
    supplier_id: CustomerId,
    reference: String,
    cost: i64,
    paid: i64,
    is_credit: bool,
    memo: String,
    purchased_on: String,
    created_at: Timestamp,
}

impl TryFrom<PurchaseRow> for Purchase {
    type Error = DatabaseError;

    fn try_from(row: PurchaseRow) -> Result<Self, DatabaseError> {
        let date = row.purchased_on.parse().map_err(|error| DatabaseError::corrupt("date", error))?;
        Ok(Self {
            id: row.id,
            supplier: row.supplier_id,
            reference: row.reference,
            cost: row.cost,
            paid: row.paid,
            is_credit: row.is_credit,
            memo: row.memo,
            purchased_on: date,
            created_at: row.created_at,
        })
    }
}

pub(super) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    new: &NewPurchase,
    (paid, date): (i64, Date),
    (user, now): (Option<UserId>, Timestamp),
) -> Result<Purchase, CreditError> {
    let sql = "INSERT INTO supplier_purchase (channel_id, supplier_id, reference, cost, paid, is_credit, memo, \
               purchased_on, user_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) \
               RETURNING id, supplier_id, reference, cost, paid, is_credit, memo, purchased_on, created_at";
    let values = (
        scope.channel_id(),
        new.supplier,
        new.reference.as_str(),
        new.cost,
        paid,
        new.paid_from.is_none(),
        new.memo.as_str(),
        date.to_string(),
        user,
        now,
    );
    let inserted: Result<PurchaseRow, DatabaseError> = tx.fetch_one(sql, values).await;
    let row = inserted.map_err(|error| {
        if error.is_unique_violation("supplier_purchase", &["channel_id", "supplier_id", "reference"]) {
            CreditError::ReferenceInUse(new.reference.clone())
        } else {
            error.into()
        }
    })?;
    Ok(row.try_into()?)
}

/// What is not paid yet, oldest first.
pub(super) async fn unpaid(
    reader: &mut Reader,
    scope: ChannelScope,
    supplier: CustomerId,
) -> Result<Vec<Purchase>, DatabaseError> {
    let sql = "SELECT id, supplier_id, reference, cost, paid, is_credit, memo, purchased_on, created_at \
               FROM supplier_purchase WHERE channel_id = $1 AND supplier_id = $2 AND paid < cost ORDER BY id";
    let rows: Vec<PurchaseRow> = reader.fetch_all(sql, (scope.channel_id(), supplier)).await?;
    rows.into_iter().map(Purchase::try_from).collect()
}

/// The day of the oldest purchase that is not paid yet, of each of these suppliers.
pub(in crate::credit) async fn oldest_unpaid(
    reader: &mut Reader,
    scope: ChannelScope,
    suppliers: &[CustomerId],
) -> Result<HashMap<CustomerId, Date>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, suppliers.iter().copied());
    let sql = format!(
        "SELECT supplier_id, MIN(purchased_on) FROM supplier_purchase \
         WHERE channel_id = $1 AND paid < cost AND supplier_id IN ({listed}) GROUP BY supplier_id"
    );
    let rows: Vec<(CustomerId, String)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let day = |text: &str| text.parse().map_err(|error| DatabaseError::corrupt("date", error));
    rows.into_iter().map(|(id, text)| Ok((id, day(&text)?))).collect()
}

/// Notes what was paid. All but one at most are paid in full. Two statements.
pub(super) async fn mark_paid(
    tx: &mut Tx,
    scope: ChannelScope,
    paid: &[PaidPurchase],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let (whole, parts): (Vec<&PaidPurchase>, Vec<&PaidPurchase>) =
        paid.iter().partition(|purchase| purchase.unpaid == 0);
    if !whole.is_empty() {
        let mut values = vec![Bound::from(scope.channel_id().0), now.into()];
        let listed = in_list(&mut values, whole.iter().map(|purchase| purchase.id));
        let sql = format!(
            "UPDATE supplier_purchase SET paid = cost, updated_at = $2 WHERE channel_id = $1 AND id IN ({listed})"
        );
        tx.execute(AssertSqlSafe(sql), values).await?;
    }
    for part in parts {
        let sql = "UPDATE supplier_purchase SET paid = paid + $1, updated_at = $2 WHERE channel_id = $3 AND id = $4";
        tx.execute_one(sql, (part.amount, now, scope.channel_id(), part.id)).await?;
    }
    Ok(())
}
