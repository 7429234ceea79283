//! SQL of tax categories and rates.

use soko_infra::db::{Bound, Column, ListSql, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, ListQuery, Page, TaxCategoryId, TaxRateId, Timestamp};
use sqlx::AssertSqlSafe;

use crate::tax::entity::{NewTaxRate, TaxCategory, TaxRate};
use crate::tax::error::TaxError;

pub(in crate::tax) async fn list_categories(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<TaxCategory>, TaxError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "id"),
        Column::text("name", "name"),
        Column::boolean("isDefault", "is_default"),
        Column::time("createdAt", "created_at"),
        Column::time("updatedAt", "updated_at"),
    ];
    let list = ListSql {
        select: "*",
        from: "FROM tax_category",
        condition: "channel_id = $1".to_owned(),
        values: vec![scope.channel_id().0.into()],
        columns: COLUMNS,
        tie_break: "id",
    };
    Ok(list.fetch(reader, query).await?)
}

pub(in crate::tax) async fn find_category(
    reader: &mut Reader,
    scope: ChannelScope,
    id: TaxCategoryId,
) -> Result<Option<TaxCategory>, DatabaseError> {
    let sql = "SELECT * FROM tax_category WHERE id = $1 AND channel_id = $2";
    reader.fetch_optional(sql, (id, scope.channel_id())).await
}

/// Makes room for another default.
pub(in crate::tax) async fn clear_default_category(
    tx: &mut Tx,
    scope: ChannelScope,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql =
        "UPDATE tax_category SET is_default = FALSE, updated_at = $1 WHERE channel_id = $2 AND is_default";
    tx.execute(sql, (now, scope.channel_id())).await.map(|_| ())
}

pub(in crate::tax) async fn insert_category(
    tx: &mut Tx,
    scope: ChannelScope,
    name: &str,
    is_default: bool,
    now: Timestamp,
) -> Result<TaxCategory, TaxError> {
    let sql = "INSERT INTO tax_category (channel_id, name, is_default, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $4) RETURNING *";
    Ok(tx.fetch_one(sql, (scope.channel_id(), name, is_default, now)).await?)
}

pub(in crate::tax) async fn update_category(
    tx: &mut Tx,
    scope: ChannelScope,
    id: TaxCategoryId,
    name: Option<&str>,
    is_default: Option<bool>,
    now: Timestamp,
) -> Result<Option<TaxCategory>, TaxError> {
    let sql = "UPDATE tax_category SET name = COALESCE($1, name), is_default = COALESCE($2, is_default), \
               updated_at = $3 WHERE id = $4 AND channel_id = $5 RETURNING *";
    Ok(tx.fetch_optional(sql, (name, is_default, now, id, scope.channel_id())).await?)
}

/// How often a category of the channel is named.
#[derive(sqlx::FromRow)]
pub(in crate::tax) struct CategoryUses {
    pub(in crate::tax) id: TaxCategoryId,
    pub(in crate::tax) rates: i64,
    pub(in crate::tax) variants: i64,
}

/// Those of these categories that the channel has, each with the number of rates and variants that name it.
pub(in crate::tax) async fn category_uses(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[TaxCategoryId],
) -> Result<Vec<CategoryUses>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, ids.iter().copied());
    let sql = format!(
        "SELECT c.id, \
         (SELECT COUNT(*) FROM tax_rate r WHERE r.channel_id = $1 AND r.tax_category_id = c.id) AS rates, \
         (SELECT COUNT(*) FROM product_variant v WHERE v.channel_id = $1 AND v.tax_category_id = c.id) AS variants \
         FROM tax_category c WHERE c.channel_id = $1 AND c.id IN ({listed})"
    );
    reader.fetch_all(AssertSqlSafe(sql), values).await
}

pub(in crate::tax) async fn list_rates(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<TaxRate>, TaxError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "id"),
        Column::text("name", "name"),
        Column::boolean("enabled", "enabled"),
        // Compared in millionths.
        Column::integer("value", "rate_ppm"),
        Column::integer("categoryId", "tax_category_id"),
        Column::integer("zoneId", "zone_id"),
        Column::time("createdAt", "created_at"),
        Column::time("updatedAt", "updated_at"),
    ];
    let list = ListSql {
        select: "*",
        from: "FROM tax_rate",
        condition: "channel_id = $1".to_owned(),
        values: vec![scope.channel_id().0.into()],
        columns: COLUMNS,
        tie_break: "id",
    };
    Ok(list.fetch(reader, query).await?)
}

pub(in crate::tax) async fn find_rate(
    reader: &mut Reader,
    scope: ChannelScope,
    id: TaxRateId,
) -> Result<Option<TaxRate>, DatabaseError> {
    reader
        .fetch_optional("SELECT * FROM tax_rate WHERE id = $1 AND channel_id = $2", (id, scope.channel_id()))
        .await
}

/// Those of these rates that the channel has.
pub(in crate::tax) async fn known_rates(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[TaxRateId],
) -> Result<Vec<TaxRateId>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, ids.iter().copied());
    let sql = format!("SELECT id FROM tax_rate WHERE channel_id = $1 AND id IN ({listed})");
    let known: Vec<(TaxRateId,)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(known.into_iter().map(|(id,)| id).collect())
}

/// Refuses a rate whose category, zone or group is not the channel's.
pub(in crate::tax) async fn check_references(
    reader: &mut Reader,
    scope: ChannelScope,
    rate: &NewTaxRate,
) -> Result<(), TaxError> {
    let channel = scope.channel_id();
    let sql = "SELECT (SELECT COUNT(*) FROM tax_category WHERE id = $2 AND channel_id = $1), \
               (SELECT COUNT(*) FROM zone WHERE id = $3 AND channel_id = $1), \
               (SELECT COUNT(*) FROM customer_group WHERE id = $4 AND channel_id = $1)";
    let binds = (channel, rate.category_id, rate.zone_id, rate.customer_group_id);
    let (categories, zones, groups): (i64, i64, i64) = reader.fetch_one(sql, binds).await?;
    match (categories, zones, rate.customer_group_id) {
        (0, ..) => Err(TaxError::NotFound("tax category", rate.category_id.to_string())),
        (_, 0, _) => Err(TaxError::NotFound("zone", rate.zone_id.to_string())),
        (_, _, Some(group)) if groups == 0 => Err(TaxError::NotFound("customer group", group.to_string())),
        _ => Ok(()),
    }
}

pub(in crate::tax) async fn insert_rate(
    tx: &mut Tx,
    scope: ChannelScope,
    rate: &NewTaxRate,
    now: Timestamp,
) -> Result<TaxRate, TaxError> {
    let inserted = tx.fetch_one(
        "INSERT INTO tax_rate (channel_id, name, enabled, rate_ppm, tax_category_id, zone_id, \
         customer_group_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING *",
        (
            scope.channel_id(),
            rate.name.as_str(),
            rate.enabled,
            rate.rate,
            rate.category_id,
            rate.zone_id,
            rate.customer_group_id,
            now,
        ),
    );
    Ok(inserted.await?)
}

/// Writes the facts of a rate that the transaction has seen.
pub(in crate::tax) async fn update_rate(
    tx: &mut Tx,
    scope: ChannelScope,
    id: TaxRateId,
    rate: &NewTaxRate,
    now: Timestamp,
) -> Result<TaxRate, TaxError> {
    let updated = tx.fetch_one(
        "UPDATE tax_rate SET name = $1, enabled = $2, rate_ppm = $3, tax_category_id = $4, zone_id = $5, \
         customer_group_id = $6, updated_at = $7 WHERE id = $8 AND channel_id = $9 RETURNING *",
        (
            rate.name.as_str(),
            rate.enabled,
            rate.rate,
            rate.category_id,
            rate.zone_id,
            rate.customer_group_id,
            now,
            id,
            scope.channel_id(),
        ),
    );
    Ok(updated.await?)
}
