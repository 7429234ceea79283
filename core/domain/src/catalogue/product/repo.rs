//! SQL of products.

use std::collections::HashMap;

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{AssetId, ChannelScope, ListQuery, Page, ProductId, Timestamp};

use super::entity::Product;
use crate::catalogue::audience::Audience;
use crate::catalogue::batch;
use crate::catalogue::error::{CatalogueError, Thing};
use crate::catalogue::translation::Languages;
use crate::catalogue::translation::repo::shown_translation;

macro_rules! select {
    () => {
        "p.id, p.enabled, t.language, t.name, t.slug, t.description, p.featured_asset_id, p.deleted_at, \
         p.created_at, p.updated_at"
    };
}

macro_rules! from {
    () => {
        concat!(
            "FROM product p JOIN product_translation t ON t.channel_id = $1 AND t.id = ",
            shown_translation!("product_translation", "product_id", "p.id")
        )
    };
}

const SELECT: &str = select!();
const FROM: &str = from!();
/// `$4`: whether disabled products are shown.
const SHOWN: &str = "p.channel_id = $1 AND p.deleted_at IS NULL AND (p.enabled OR $4)";

const FIND_MANY: &str = concat!(
    "SELECT ",
    select!(),
    " ",
    from!(),
    " WHERE p.channel_id = $1 AND p.deleted_at IS NULL AND (p.enabled OR $4) AND p.id IN ({ids})"
);

fn binds(scope: ChannelScope, languages: Languages, audience: Audience) -> Vec<Bound> {
    let mut binds = batch::in_languages(scope, languages);
    binds.push(audience.sees_hidden().into());
    binds
}

/// Those of the products that the audience sees, in no order.
pub(super) async fn find_many(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    ids: &[ProductId],
) -> Result<Vec<Product>, DatabaseError> {
    batch::fetch(reader, FIND_MANY, binds(scope, languages, audience), batch::raw(ids)).await
}

/// A slug of any language finds its product; the wanted language's slug wins over the others'.
const FIND_ID_BY_SLUG: &str = "SELECT t.product_id FROM product_translation t \
     WHERE t.channel_id = $1 AND t.slug = $4 AND t.live \
     ORDER BY CASE t.language WHEN $2 THEN 0 WHEN $3 THEN 1 ELSE 2 END, t.product_id LIMIT 1";

pub(super) async fn find_id_by_slug(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    slug: &str,
) -> Result<Option<ProductId>, DatabaseError> {
    let values = (scope.channel_id(), languages.wanted, languages.fallback, slug);
    let row: Option<(ProductId,)> = reader.fetch_optional(FIND_ID_BY_SLUG, values).await?;
    Ok(row.map(|(id,)| id))
}

const COLUMNS: &[Column] = &[
    Column::integer("id", "p.id"),
    Column::time("createdAt", "p.created_at"),
    Column::time("updatedAt", "p.updated_at"),
    Column::text("languageCode", "t.language"),
    Column::text("name", "t.name"),
    Column::text("slug", "t.slug"),
    Column::text("description", "t.description"),
    Column::boolean("enabled", "p.enabled"),
    Column::integer("facetValueId", "x.facet_value_id")
        .of_related("FROM product_facet_value x WHERE x.channel_id = p.channel_id AND x.product_id = p.id"),
    Column::integer("optionGroupId", "x.option_group_id")
        .of_related("FROM product_option_group x WHERE x.channel_id = p.channel_id AND x.product_id = p.id"),
    Column::text("sku", "x.sku").of_related(
        "FROM product_variant x \
             WHERE x.channel_id = p.channel_id AND x.product_id = p.id AND x.deleted_at IS NULL",
    ),
];

pub(super) async fn list(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    query: &ListQuery,
) -> Result<Page<Product>, CatalogueError> {
    let list = ListSql {
        select: SELECT,
        from: FROM,
        condition: SHOWN.to_owned(),
        values: binds(scope, languages, audience),
        columns: COLUMNS,
        tie_break: "p.id",
    };
    Ok(list.fetch(reader, query).await?)
}

const EXISTING: &str =
    "SELECT id FROM product WHERE channel_id = $1 AND deleted_at IS NULL AND id IN ({ids})";

/// Refuses products that the channel does not have.
pub(in crate::catalogue) async fn check_exist(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[ProductId],
) -> Result<(), CatalogueError> {
    batch::check_exist(reader, scope, EXISTING, Thing::Product, batch::raw(ids)).await
}

const INSERT: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO product (channel_id, enabled, featured_asset_id, created_at, updated_at)",
    5,
    "RETURNING id",
);

/// Inserts products without texts, and returns their ids in the given order.
pub(in crate::catalogue) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    products: &[(bool, Option<AssetId>)],
    now: Timestamp,
) -> Result<Vec<ProductId>, DatabaseError> {
    let row = |(enabled, featured): &(bool, Option<AssetId>)| -> Vec<Bound> {
        vec![
            scope.channel_id().0.into(),
            (*enabled).into(),
            featured.map(|id| id.0).into(),
            now.into(),
            now.into(),
        ]
    };
    let mut ids: Vec<(ProductId,)> = INSERT.fetch(tx, products.iter().map(row).collect()).await?;
    // Ids are given in the rows' order; what is returned may come in another.
    ids.sort_unstable();
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// A product's own row, as far as it changes.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct OwnRow {
    pub(super) id: ProductId,
    pub(super) enabled: bool,
    pub(super) featured_asset_id: Option<AssetId>,
    pub(super) created_at: Timestamp,
}

const OWN_ROWS: &str = "SELECT id, enabled, featured_asset_id, created_at FROM product \
     WHERE channel_id = $1 AND deleted_at IS NULL AND id IN ({ids})";

/// The products' own rows.
///
/// # Errors
/// A product that the channel does not have.
pub(super) async fn get_own_rows(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[ProductId],
) -> Result<HashMap<ProductId, OwnRow>, CatalogueError> {
    let rows: Vec<OwnRow> = batch::fetch(reader, OWN_ROWS, batch::of_channel(scope), batch::raw(ids)).await?;
    let rows: HashMap<ProductId, OwnRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    match ids.iter().find(|id| !rows.contains_key(id)) {
        Some(id) => Err(CatalogueError::not_found(Thing::Product, *id)),
        None => Ok(rows),
    }
}

const UPDATE: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO product (id, channel_id, enabled, featured_asset_id, created_at, updated_at)",
    6,
    "ON CONFLICT {same_id} DO UPDATE SET enabled = excluded.enabled, \
     featured_asset_id = excluded.featured_asset_id, \
     updated_at = excluded.updated_at",
);

/// Writes rows that [`get_own_rows`] has read in the same transaction.
pub(super) async fn update(
    tx: &mut Tx,
    scope: ChannelScope,
    rows: Vec<OwnRow>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let values = |row: OwnRow| -> Vec<Bound> {
        vec![
            row.id.0.into(),
            scope.channel_id().0.into(),
            row.enabled.into(),
            row.featured_asset_id.map(|id| id.0).into(),
            row.created_at.into(),
            now.into(),
        ]
    };
    let rows: Vec<Vec<Bound>> = rows.into_iter().map(values).collect();
    UPDATE.execute(tx, rows).await?;
    Ok(())
}

/// Deletes products with their variants: rows stay for the orders that name them, slugs become free.
pub(super) async fn delete(
    tx: &mut Tx,
    scope: ChannelScope,
    ids: &[ProductId],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    for sql in [
        "UPDATE product SET deleted_at = $2, updated_at = $2 \
         WHERE channel_id = $1 AND deleted_at IS NULL AND id IN ({ids})",
        "UPDATE product_translation SET live = FALSE, updated_at = $2 \
         WHERE channel_id = $1 AND product_id IN ({ids})",
        "UPDATE product_variant SET deleted_at = $2, updated_at = $2 \
         WHERE channel_id = $1 AND deleted_at IS NULL AND product_id IN ({ids})",
    ] {
        let mut binds = batch::of_channel(scope);
        binds.push(now.into());
        batch::execute(tx, sql, binds, batch::raw(ids)).await?;
    }
    Ok(())
}

const VARIANTS: &str =
    "SELECT id FROM product_variant WHERE channel_id = $1 AND deleted_at IS NULL AND product_id IN ({ids})";

/// The ids of the products' variants.
pub(in crate::catalogue) async fn variant_ids(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[ProductId],
) -> Result<Vec<soko_kernel::VariantId>, DatabaseError> {
    let rows: Vec<(soko_kernel::VariantId,)> =
        batch::fetch(reader, VARIANTS, batch::of_channel(scope), batch::raw(ids)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
