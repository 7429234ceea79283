//! SQL of variants.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{
    AssetId, ChannelScope, CollectionId, Currency, Language, ListQuery, Money, Page, ProductId,
    TaxCategoryId, Timestamp, VariantId,
};

use super::check::{GroupOptionRow, VariantOptionRow};
use super::entity::{TrackInventory, Variant};
use crate::catalogue::audience::Audience;
use crate::catalogue::batch;
use crate::catalogue::error::{CatalogueError, Thing};
use crate::catalogue::product::Product;
use crate::catalogue::stock::stock_level;
use crate::catalogue::translation::Languages;
use crate::catalogue::translation::repo::shown_translation;

#[derive(sqlx::FromRow)]
struct VariantRow {
    id: VariantId,
    product_id: ProductId,
    enabled: bool,
    language: Language,
    name: String,
    sku: String,
    list_price: i64,
    currency: Currency,
    tax_category_id: TaxCategoryId,
    featured_asset_id: Option<AssetId>,
    track_inventory: String,
    out_of_stock_threshold: i64,
    use_global_out_of_stock_threshold: bool,
    deleted_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    product_enabled: bool,
    product_language: Language,
    product_name: String,
    product_slug: String,
    product_description: String,
    product_featured_asset_id: Option<AssetId>,
    product_deleted_at: Option<Timestamp>,
    product_created_at: Timestamp,
    product_updated_at: Timestamp,
}

impl VariantRow {
    /// The variant; variants of one product share it.
    fn into_variant(self, products: &mut HashMap<ProductId, Arc<Product>>) -> Result<Variant, DatabaseError> {
        let product = products.entry(self.product_id).or_insert_with(|| {
            Arc::new(Product {
                id: self.product_id,
                enabled: self.product_enabled,
                language: self.product_language,
                name: self.product_name,
                slug: self.product_slug,
                description: self.product_description,
                featured_asset_id: self.product_featured_asset_id,
                deleted_at: self.product_deleted_at,
                created_at: self.product_created_at,
                updated_at: self.product_updated_at,
            })
        });
        Ok(Variant {
            id: self.id,
            product: product.clone(),
            enabled: self.enabled,
            language: self.language,
            name: self.name,
            sku: self.sku,
            list_price: Money::new(self.list_price, self.currency),
            tax_category_id: self.tax_category_id,
            featured_asset_id: self.featured_asset_id,
            track_inventory: TrackInventory::parse(&self.track_inventory)?,
            out_of_stock_threshold: self.out_of_stock_threshold,
            use_global_out_of_stock_threshold: self.use_global_out_of_stock_threshold,
            deleted_at: self.deleted_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn variants(rows: Vec<VariantRow>) -> Result<Vec<Variant>, DatabaseError> {
    let mut products = HashMap::new();
    rows.into_iter().map(|row| row.into_variant(&mut products)).collect()
}

macro_rules! select {
    () => {
        "v.id, v.product_id, v.enabled, t.language, t.name, v.sku, v.list_price, c.currency, v.tax_category_id, \
         v.featured_asset_id, v.track_inventory, v.out_of_stock_threshold, v.use_global_out_of_stock_threshold, \
         v.deleted_at, v.created_at, v.updated_at, p.enabled AS product_enabled, pt.language AS product_language, \
         pt.name AS product_name, pt.slug AS product_slug, pt.description AS product_description, \
         p.featured_asset_id AS product_featured_asset_id, p.deleted_at AS product_deleted_at, \
         p.created_at AS product_created_at, p.updated_at AS product_updated_at"
    };
}

macro_rules! from {
    () => {
        concat!(
            "FROM product_variant v JOIN channel c ON c.id = v.channel_id \
             JOIN product p ON p.channel_id = v.channel_id AND p.id = v.product_id \
             JOIN product_variant_translation t ON t.channel_id = $1 AND t.id = ",
            shown_translation!("product_variant_translation", "variant_id", "v.id"),
            " JOIN product_translation pt ON pt.channel_id = $1 AND pt.id = ",
            shown_translation!("product_translation", "product_id", "p.id")
        )
    };
}

macro_rules! shown {
    () => {
        "v.channel_id = $1 AND v.deleted_at IS NULL AND p.deleted_at IS NULL AND ((v.enabled AND p.enabled) OR $4)"
    };
}

const LOAD: &str =
    concat!("SELECT ", select!(), " ", from!(), " WHERE v.channel_id = $1 AND v.id IN ({ids})");

/// Variants of the channel whatever their state, in the order of `ids`; unknown ids are left out.
pub(super) async fn load(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    ids: &[VariantId],
) -> Result<Vec<Variant>, DatabaseError> {
    let rows: Vec<VariantRow> =
        batch::fetch(reader, LOAD, batch::in_languages(scope, languages), batch::raw(ids)).await?;
    let found: HashMap<VariantId, Variant> =
        variants(rows)?.into_iter().map(|variant| (variant.id, variant)).collect();
    Ok(ids.iter().filter_map(|id| found.get(id).cloned()).collect())
}

const OF_PRODUCTS: &str = concat!(
    "SELECT ",
    select!(),
    " ",
    from!(),
    " WHERE ",
    shown!(),
    " AND v.product_id IN ({ids}) ORDER BY v.product_id, v.position, v.id"
);

/// The products' variants that the audience sees, oldest first.
pub(super) async fn of_products(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    ids: &[ProductId],
) -> Result<Vec<Variant>, DatabaseError> {
    let mut binds = batch::in_languages(scope, languages);
    binds.push(audience.sees_hidden().into());
    variants(batch::fetch(reader, OF_PRODUCTS, binds, batch::raw(ids)).await?)
}

const COLUMNS: &[Column] = &[
    Column::integer("id", "v.id"),
    Column::integer("productId", "v.product_id"),
    Column::time("createdAt", "v.created_at"),
    Column::time("updatedAt", "v.updated_at"),
    Column::text("languageCode", "t.language"),
    Column::text("sku", "v.sku"),
    Column::text("name", "t.name"),
    Column::integer("price", "v.list_price"),
    // What tax adds depends on the buyer's zone; the list price orders variants all the same.
    Column::integer("priceWithTax", "v.list_price"),
    Column::text("currencyCode", "c.currency"),
    Column::text("stockLevel", stock_level!("moment.now")),
    Column::boolean("enabled", "v.enabled"),
    Column::text("trackInventory", "v.track_inventory"),
    Column::integer(
        "stockOnHand",
        "COALESCE((SELECT SUM(l.on_hand) FROM stock_level l \
         WHERE l.channel_id = v.channel_id AND l.variant_id = v.id), 0)",
    ),
    Column::integer(
        "stockAllocated",
        "COALESCE((SELECT SUM(l.allocated) FROM stock_level l \
         WHERE l.channel_id = v.channel_id AND l.variant_id = v.id), 0)",
    ),
    Column::integer("outOfStockThreshold", "v.out_of_stock_threshold"),
    Column::boolean("useGlobalOutOfStockThreshold", "v.use_global_out_of_stock_threshold"),
    Column::integer("facetValueId", "x.facet_value_id")
        .of_related("FROM variant_facet_value x WHERE x.channel_id = v.channel_id AND x.variant_id = v.id"),
];

/// Which variants a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariantsOf {
    /// All of the channel.
    Channel,
    /// Those of a product.
    Product(ProductId),
    /// Those in a collection.
    Collection(CollectionId),
}

pub(super) async fn list(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    (audience, now): (Audience, Timestamp),
    of: VariantsOf,
    query: &ListQuery,
) -> Result<Page<Variant>, CatalogueError> {
    let mut values = list_values(scope, languages, audience, now);
    let mut condition = shown!().to_owned();
    match of {
        VariantsOf::Channel => {}
        VariantsOf::Product(product) => {
            values.push(product.0.into());
            condition.push_str(" AND v.product_id = $6");
        }
        VariantsOf::Collection(collection) => {
            values.push(collection.0.into());
            condition.push_str(
                " AND EXISTS (SELECT 1 FROM collection_variant m \
                 WHERE m.channel_id = $1 AND m.collection_id = $6 AND m.variant_id = v.id)",
            );
        }
    }
    fetch_page(reader, condition, values, query).await
}

/// A page of those of the variants that the audience sees, however many they are.
pub(in crate::catalogue) async fn list_among(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    (audience, now): (Audience, Timestamp),
    ids: &[VariantId],
    query: &ListQuery,
) -> Result<Page<Variant>, CatalogueError> {
    let mut values = list_values(scope, languages, audience, now);
    let condition = format!("{} AND v.id IN ({})", shown!(), in_list(&mut values, batch::raw(ids)));
    fetch_page(reader, condition, values, query).await
}

fn list_values(scope: ChannelScope, languages: Languages, audience: Audience, now: Timestamp) -> Vec<Bound> {
    let mut values = batch::in_languages(scope, languages);
    values.push(audience.sees_hidden().into());
    values.push(now.into());
    values
}

async fn fetch_page(
    reader: &mut Reader,
    condition: String,
    values: Vec<Bound>,
    query: &ListQuery,
) -> Result<Page<Variant>, CatalogueError> {
    let list = ListSql {
        select: select!(),
        from: concat!(from!(), " CROSS JOIN (SELECT CAST($5 AS BIGINT) AS now) moment"),
        condition,
        values,
        columns: COLUMNS,
        tie_break: "v.product_id, v.position, v.id",
    };
    let page = list.fetch::<VariantRow>(reader, query).await?;
    Ok(Page { items: variants(page.items)?, total: page.total })
}

const FACET_CODES: &str = "SELECT x.variant_id, f.code AS facet, fv.code AS value FROM ( \
       SELECT variant_id, facet_value_id FROM variant_facet_value WHERE channel_id = $1 AND variant_id IN ({ids}) \
       UNION SELECT v.id, pf.facet_value_id FROM product_variant v \
       JOIN product_facet_value pf ON pf.channel_id = v.channel_id AND pf.product_id = v.product_id \
       WHERE v.channel_id = $1 AND v.id IN ({ids}) \
     ) x JOIN facet_value fv ON fv.channel_id = $1 AND fv.id = x.facet_value_id \
     JOIN facet f ON f.channel_id = fv.channel_id AND f.id = fv.facet_id \
     ORDER BY x.variant_id, f.code, fv.code";

/// Codes of facet and value, of the variants and of their products, sorted.
pub(super) async fn facet_codes(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[VariantId],
) -> Result<HashMap<VariantId, Vec<(String, String)>>, DatabaseError> {
    let rows: Vec<(VariantId, String, String)> =
        batch::fetch(reader, FACET_CODES, batch::of_channel(scope), batch::raw(ids)).await?;
    Ok(batch::group(rows.into_iter().map(|(variant, facet, value)| (variant, (facet, value)))))
}

/// A variant's own row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(in crate::catalogue) struct OwnRow {
    pub(in crate::catalogue) id: VariantId,
    pub(in crate::catalogue) product_id: ProductId,
    pub(in crate::catalogue) enabled: bool,
    pub(in crate::catalogue) sku: String,
    pub(in crate::catalogue) list_price: i64,
    pub(in crate::catalogue) tax_category_id: TaxCategoryId,
    pub(in crate::catalogue) featured_asset_id: Option<AssetId>,
    pub(in crate::catalogue) track_inventory: String,
    pub(in crate::catalogue) out_of_stock_threshold: i64,
    pub(in crate::catalogue) use_global_out_of_stock_threshold: bool,
    pub(in crate::catalogue) created_at: Timestamp,
}

impl OwnRow {
    fn values(self, scope: ChannelScope, now: Timestamp) -> Vec<Bound> {
        vec![
            scope.channel_id().0.into(),
            self.product_id.0.into(),
            self.enabled.into(),
            self.sku.into(),
            self.list_price.into(),
            self.tax_category_id.0.into(),
            self.featured_asset_id.map(|id| id.0).into(),
            self.track_inventory.into(),
            self.out_of_stock_threshold.into(),
            self.use_global_out_of_stock_threshold.into(),
            self.created_at.into(),
            now.into(),
        ]
    }
}

const INSERT: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO product_variant (channel_id, product_id, enabled, sku, list_price, tax_category_id, \
     featured_asset_id, track_inventory, out_of_stock_threshold, use_global_out_of_stock_threshold, created_at, \
     updated_at)",
    12,
    "RETURNING id",
);

/// Inserts variants without names; their `id` is not looked at. Returns their ids in the given order.
pub(in crate::catalogue) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    rows: Vec<OwnRow>,
    now: Timestamp,
) -> Result<Vec<VariantId>, DatabaseError> {
    let rows: Vec<Vec<Bound>> = rows.into_iter().map(|row| row.values(scope, now)).collect();
    let mut ids: Vec<(VariantId,)> = INSERT.fetch(tx, rows).await?;
    // Ids are given in the rows' order; what is returned may come in another.
    ids.sort_unstable();
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

const OWN_ROWS: &str = "SELECT id, product_id, enabled, sku, list_price, tax_category_id, featured_asset_id, \
     track_inventory, out_of_stock_threshold, use_global_out_of_stock_threshold, created_at FROM product_variant \
     WHERE channel_id = $1 AND deleted_at IS NULL AND id IN ({ids})";

/// The variants' own rows.
///
/// # Errors
/// A variant that the channel does not have.
pub(super) async fn get_own_rows(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[VariantId],
) -> Result<HashMap<VariantId, OwnRow>, CatalogueError> {
    let rows: Vec<OwnRow> = batch::fetch(reader, OWN_ROWS, batch::of_channel(scope), batch::raw(ids)).await?;
    let rows: HashMap<VariantId, OwnRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    match ids.iter().find(|id| !rows.contains_key(id)) {
        Some(id) => Err(CatalogueError::not_found(Thing::ProductVariant, *id)),
        None => Ok(rows),
    }
}

const UPDATE: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO product_variant (channel_id, product_id, enabled, sku, list_price, tax_category_id, \
     featured_asset_id, track_inventory, out_of_stock_threshold, use_global_out_of_stock_threshold, created_at, \
     updated_at, id)",
    13,
    "ON CONFLICT {same_id} DO UPDATE SET enabled = excluded.enabled, sku = excluded.sku, \
     list_price = excluded.list_price, tax_category_id = excluded.tax_category_id, \
     featured_asset_id = excluded.featured_asset_id, track_inventory = excluded.track_inventory, \
     out_of_stock_threshold = excluded.out_of_stock_threshold, \
     use_global_out_of_stock_threshold = excluded.use_global_out_of_stock_threshold, \
     updated_at = excluded.updated_at",
);

/// Writes rows that [`get_own_rows`] has read in the same transaction.
pub(super) async fn update(
    tx: &mut Tx,
    scope: ChannelScope,
    rows: Vec<OwnRow>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let with_id = |row: OwnRow| {
        let id = row.id.0;
        let mut values = row.values(scope, now);
        values.push(id.into());
        values
    };
    let rows: Vec<Vec<Bound>> = rows.into_iter().map(with_id).collect();
    UPDATE.execute(tx, rows).await?;
    Ok(())
}

const DELETE: &str = "UPDATE product_variant SET deleted_at = $2, updated_at = $2 \
     WHERE channel_id = $1 AND deleted_at IS NULL AND id IN ({ids})";

/// Deletes variants; their rows stay for the orders that name them.
pub(super) async fn delete(
    tx: &mut Tx,
    scope: ChannelScope,
    ids: &[VariantId],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let mut binds = batch::of_channel(scope);
    binds.push(now.into());
    batch::execute(tx, DELETE, binds, batch::raw(ids)).await?;
    Ok(())
}

/// The tax categories that a channel has.
#[derive(Debug)]
pub(super) struct TaxCategories {
    pub(super) ids: HashSet<TaxCategoryId>,
    pub(super) default: Option<TaxCategoryId>,
}

pub(super) async fn tax_categories(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<TaxCategories, DatabaseError> {
    let rows: Vec<(TaxCategoryId, bool)> = reader
        .fetch_all("SELECT id, is_default FROM tax_category WHERE channel_id = $1", (scope.channel_id(),))
        .await?;
    let default = rows.iter().find(|(_, is_default)| *is_default).map(|(id, _)| *id);
    Ok(TaxCategories { ids: rows.into_iter().map(|(id, _)| id).collect(), default })
}

const GROUP_OPTIONS: &str = "SELECT pg.product_id, g.id AS group_id, g.code, o.id AS option_id \
     FROM product_option_group pg JOIN option_group g ON g.channel_id = pg.channel_id AND g.id = pg.option_group_id \
     LEFT JOIN product_option o ON o.channel_id = g.channel_id AND o.option_group_id = g.id \
     WHERE pg.channel_id = $1 AND pg.product_id IN ({ids})";

pub(super) async fn group_options(
    reader: &mut Reader,
    scope: ChannelScope,
    products: &[ProductId],
) -> Result<Vec<GroupOptionRow>, DatabaseError> {
    batch::fetch(reader, GROUP_OPTIONS, batch::of_channel(scope), batch::raw(products)).await
}

const VARIANT_OPTIONS: &str = "SELECT v.product_id, v.id AS variant_id, v.sku, o.product_option_id AS option_id \
     FROM product_variant v LEFT JOIN variant_option o ON o.channel_id = v.channel_id AND o.variant_id = v.id \
     WHERE v.channel_id = $1 AND v.deleted_at IS NULL AND v.product_id IN ({ids})";

pub(super) async fn variant_options(
    reader: &mut Reader,
    scope: ChannelScope,
    products: &[ProductId],
) -> Result<Vec<VariantOptionRow>, DatabaseError> {
    batch::fetch(reader, VARIANT_OPTIONS, batch::of_channel(scope), batch::raw(products)).await
}
