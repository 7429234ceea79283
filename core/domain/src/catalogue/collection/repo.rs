//! SQL of collections.

use std::collections::HashMap;

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{
    AssetId, ChannelScope, CollectionId, ConfigurableOperation, Language, ListQuery, Page, ProductId,
    Timestamp,
};

use super::entity::{Breadcrumb, Collection, ROOT_COLLECTION_NAME};
use super::members::DEPTH_MAX;
use crate::catalogue::audience::Audience;
use crate::catalogue::batch;
use crate::catalogue::error::{CatalogueError, Thing};
use crate::catalogue::translation::Languages;
use crate::catalogue::translation::repo::shown_translation;

/// Filters as they are stored.
pub(super) fn operations(json: &str) -> Result<Vec<ConfigurableOperation>, DatabaseError> {
    serde_json::from_str(json).map_err(|error| DatabaseError::corrupt("collection filters", error))
}

/// Filters as they are to be stored.
pub(super) fn operations_json(operations: &[ConfigurableOperation]) -> Result<String, DatabaseError> {
    serde_json::to_string(operations).map_err(|error| DatabaseError::corrupt("collection filters", error))
}

#[derive(sqlx::FromRow)]
struct CollectionRow {
    id: CollectionId,
    parent_id: Option<CollectionId>,
    is_root: bool,
    is_private: bool,
    position: i64,
    language: Language,
    name: String,
    slug: String,
    description: String,
    featured_asset_id: Option<AssetId>,
    inherit_filters: bool,
    filters: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<CollectionRow> for Collection {
    type Error = DatabaseError;

    fn try_from(row: CollectionRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.id,
            parent_id: row.parent_id,
            is_root: row.is_root,
            is_private: row.is_private,
            position: row.position,
            language: row.language,
            name: row.name,
            slug: row.slug,
            description: row.description,
            featured_asset_id: row.featured_asset_id,
            inherit_filters: row.inherit_filters,
            filters: operations(&row.filters)?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn collections(rows: Vec<CollectionRow>) -> Result<Vec<Collection>, DatabaseError> {
    rows.into_iter().map(Collection::try_from).collect()
}

macro_rules! select {
    () => {
        "c.id, c.parent_id, c.is_root, c.is_private, c.position, t.language, t.name, t.slug, t.description, \
         c.featured_asset_id, c.inherit_filters, c.filters, c.created_at, c.updated_at"
    };
}

macro_rules! from {
    () => {
        concat!(
            "FROM collection c JOIN collection_translation t ON t.channel_id = $1 AND t.id = ",
            shown_translation!("collection_translation", "collection_id", "c.id")
        )
    };
}

/// `$4`: whether private collections, disabled products and variants are shown.
macro_rules! shown {
    () => {
        "c.channel_id = $1 AND (NOT c.is_private OR $4)"
    };
}

/// Variants that the audience sees in the collection `c`.
macro_rules! variant_count {
    () => {
        "(SELECT COUNT(*) FROM collection_variant m \
         JOIN product_variant v ON v.channel_id = m.channel_id AND v.id = m.variant_id \
         JOIN product p ON p.channel_id = v.channel_id AND p.id = v.product_id \
         WHERE m.channel_id = $1 AND m.collection_id = c.id AND v.deleted_at IS NULL \
         AND p.deleted_at IS NULL AND ((v.enabled AND p.enabled) OR $4))"
    };
}

fn binds(scope: ChannelScope, languages: Languages, audience: Audience) -> Vec<Bound> {
    let mut binds = batch::in_languages(scope, languages);
    binds.push(audience.sees_hidden().into());
    binds
}

const FIND_MANY: &str =
    concat!("SELECT ", select!(), " ", from!(), " WHERE ", shown!(), " AND c.id IN ({ids})");
const CHILDREN: &str = concat!(
    "SELECT ",
    select!(),
    " ",
    from!(),
    " WHERE ",
    shown!(),
    " AND c.parent_id IN ({ids}) ORDER BY c.parent_id, c.position, c.id"
);

/// Those of the collections that the audience sees, the root among them, in no order.
pub(in crate::catalogue) async fn find_many(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    ids: &[CollectionId],
) -> Result<Vec<Collection>, DatabaseError> {
    let binds = binds(scope, languages, audience);
    collections(batch::fetch(reader, FIND_MANY, binds, batch::raw(ids)).await?)
}

/// The children that the audience sees, in their order.
pub(super) async fn children(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    ids: &[CollectionId],
) -> Result<Vec<Collection>, DatabaseError> {
    let binds = binds(scope, languages, audience);
    collections(batch::fetch(reader, CHILDREN, binds, batch::raw(ids)).await?)
}

const FIND_ID_BY_SLUG: &str = "SELECT t.collection_id FROM collection_translation t \
     WHERE t.channel_id = $1 AND t.slug = $4 \
     ORDER BY CASE t.language WHEN $2 THEN 0 WHEN $3 THEN 1 ELSE 2 END, t.collection_id LIMIT 1";

pub(super) async fn find_id_by_slug(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    slug: &str,
) -> Result<Option<CollectionId>, DatabaseError> {
    let values = (scope.channel_id(), languages.wanted, languages.fallback, slug);
    let row: Option<(CollectionId,)> = reader.fetch_optional(FIND_ID_BY_SLUG, values).await?;
    Ok(row.map(|(id,)| id))
}

const COLUMNS: &[Column] = &[
    Column::integer("id", "c.id"),
    Column::time("createdAt", "c.created_at"),
    Column::time("updatedAt", "c.updated_at"),
    Column::text("languageCode", "t.language"),
    Column::text("name", "t.name"),
    Column::text("slug", "t.slug"),
    Column::integer("position", "c.position"),
    Column::text("description", "t.description"),
    Column::integer("parentId", "c.parent_id"),
    Column::integer("productVariantCount", variant_count!()),
    Column::boolean("isPrivate", "c.is_private"),
    Column::boolean("inheritFilters", "c.inherit_filters"),
];

pub(super) async fn list(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    (top_level_only, query): (bool, &ListQuery),
) -> Result<Page<Collection>, CatalogueError> {
    let mut condition = concat!(shown!(), " AND NOT c.is_root").to_owned();
    if top_level_only {
        condition.push_str(
            " AND c.parent_id IN (SELECT r.id FROM collection r WHERE r.channel_id = $1 AND r.is_root)",
        );
    }
    let list = ListSql {
        select: select!(),
        from: from!(),
        condition,
        values: binds(scope, languages, audience),
        columns: COLUMNS,
        tie_break: "c.position, c.id",
    };
    let page = list.fetch::<CollectionRow>(reader, query).await?;
    Ok(Page { items: collections(page.items)?, total: page.total })
}

const VARIANT_COUNTS: &str = concat!(
    "SELECT c.id, ",
    variant_count!(),
    " FROM collection c WHERE c.channel_id = $1 AND $2 <> '' AND $3 <> '' AND c.id IN ({ids})"
);

pub(super) async fn variant_counts(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    ids: &[CollectionId],
) -> Result<Vec<(CollectionId, i64)>, DatabaseError> {
    batch::fetch(reader, VARIANT_COUNTS, binds(scope, languages, audience), batch::raw(ids)).await
}

#[derive(sqlx::FromRow)]
struct OwnedBreadcrumb {
    start_id: CollectionId,
    #[sqlx(flatten)]
    breadcrumb: Breadcrumb,
}

const BREADCRUMBS: &str = concat!(
    "WITH RECURSIVE line (start_id, id, parent_id, is_private, depth) AS ( \
       SELECT id, id, parent_id, is_private, 0 FROM collection WHERE channel_id = $1 AND id IN ({ids}) \
       UNION ALL SELECT line.start_id, c.id, c.parent_id, c.is_private, line.depth + 1 FROM line \
       JOIN collection c ON c.channel_id = $1 AND c.id = line.parent_id WHERE line.depth < $4 \
     ) SELECT line.start_id, line.id, t.name, t.slug FROM line \
     JOIN collection_translation t ON t.channel_id = $1 AND t.id = ",
    shown_translation!("collection_translation", "collection_id", "line.id"),
    " WHERE (NOT line.is_private OR $5) ORDER BY line.start_id, line.depth DESC"
);

/// The way from the root to each collection, both included, as far as the audience sees it.
pub(super) async fn breadcrumbs(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    ids: &[CollectionId],
) -> Result<Vec<(CollectionId, Breadcrumb)>, DatabaseError> {
    let mut binds = batch::in_languages(scope, languages);
    binds.push(i64::try_from(DEPTH_MAX).unwrap_or(i64::MAX).into());
    binds.push(audience.sees_hidden().into());
    let rows: Vec<OwnedBreadcrumb> = batch::fetch(reader, BREADCRUMBS, binds, batch::raw(ids)).await?;
    Ok(rows.into_iter().map(|row| (row.start_id, row.breadcrumb)).collect())
}

#[derive(sqlx::FromRow)]
struct OwnedCollection {
    product_id: ProductId,
    #[sqlx(flatten)]
    collection: CollectionRow,
}

const OF_PRODUCTS: &str = concat!(
    "SELECT own.product_id, ",
    select!(),
    " ",
    from!(),
    " JOIN (SELECT DISTINCT m.collection_id, v.product_id FROM collection_variant m \
       JOIN product_variant v ON v.channel_id = m.channel_id AND v.id = m.variant_id \
       WHERE m.channel_id = $1 AND v.deleted_at IS NULL \
       AND (v.enabled OR $4) AND v.product_id IN ({ids})) own ON own.collection_id = c.id WHERE ",
    shown!(),
    " ORDER BY own.product_id, c.id"
);

/// The collections of products: those of their variants that the audience sees.
pub(super) async fn of_products(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    ids: &[ProductId],
) -> Result<Vec<(ProductId, Collection)>, DatabaseError> {
    let binds = binds(scope, languages, audience);
    let rows: Vec<OwnedCollection> = batch::fetch(reader, OF_PRODUCTS, binds, batch::raw(ids)).await?;
    rows.into_iter().map(|row| Ok((row.product_id, row.collection.try_into()?))).collect()
}

/// A collection's own row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct OwnRow {
    pub(super) id: CollectionId,
    pub(super) parent_id: Option<CollectionId>,
    pub(super) is_root: bool,
    pub(super) is_private: bool,
    pub(super) position: i64,
    pub(super) featured_asset_id: Option<AssetId>,
    pub(super) inherit_filters: bool,
    pub(super) filters: String,
    pub(super) created_at: Timestamp,
}

impl OwnRow {
    fn values(self, scope: ChannelScope, now: Timestamp) -> Vec<Bound> {
        vec![
            scope.channel_id().0.into(),
            self.parent_id.map(|id| id.0).into(),
            self.is_root.into(),
            self.is_private.into(),
            self.position.into(),
            self.featured_asset_id.map(|id| id.0).into(),
            self.inherit_filters.into(),
            self.filters.into(),
            self.created_at.into(),
            now.into(),
        ]
    }
}

macro_rules! own_columns {
    () => {
        "parent_id, is_root, is_private, position, featured_asset_id, inherit_filters, filters, created_at"
    };
}

const OWN_ROWS: &str =
    concat!("SELECT id, ", own_columns!(), " FROM collection WHERE channel_id = $1 AND id IN ({ids})");
const OWN_CHILDREN: &str = concat!(
    "SELECT id, ",
    own_columns!(),
    " FROM collection WHERE channel_id = $1 AND parent_id = $2 ORDER BY position, id"
);

/// The collections' own rows.
///
/// # Errors
/// A collection that the channel does not have.
pub(super) async fn get_own_rows(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[CollectionId],
) -> Result<HashMap<CollectionId, OwnRow>, CatalogueError> {
    let rows: Vec<OwnRow> = batch::fetch(reader, OWN_ROWS, batch::of_channel(scope), batch::raw(ids)).await?;
    let rows: HashMap<CollectionId, OwnRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    match ids.iter().find(|id| !rows.contains_key(id)) {
        Some(id) => Err(CatalogueError::not_found(Thing::Collection, *id)),
        None => Ok(rows),
    }
}

/// The own rows of a collection's children, in their order.
pub(super) async fn own_children(
    reader: &mut Reader,
    scope: ChannelScope,
    parent: CollectionId,
) -> Result<Vec<OwnRow>, DatabaseError> {
    reader.fetch_all(OWN_CHILDREN, (scope.channel_id(), parent)).await
}

const INSERT: MultiRowInsert = MultiRowInsert::new(
    concat!("INSERT INTO collection (channel_id, ", own_columns!(), ", updated_at)"),
    10,
    "RETURNING id",
);

/// Inserts a collection without texts; its `id` is not looked at.
pub(super) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    row: OwnRow,
    now: Timestamp,
) -> Result<CollectionId, DatabaseError> {
    let ids: Vec<(CollectionId,)> = INSERT.fetch(tx, vec![row.values(scope, now)]).await?;
    ids.first().map(|(id,)| *id).ok_or_else(|| DatabaseError::corrupt("inserted collection", "no id"))
}

const UPDATE: MultiRowInsert = MultiRowInsert::new(
    concat!("INSERT INTO collection (channel_id, ", own_columns!(), ", updated_at, id)"),
    11,
    "ON CONFLICT {same_id} DO UPDATE SET parent_id = excluded.parent_id, is_private = excluded.is_private, \
     position = excluded.position, featured_asset_id = excluded.featured_asset_id, \
     inherit_filters = excluded.inherit_filters, filters = excluded.filters, updated_at = excluded.updated_at",
);

/// Writes rows that were read in the same transaction.
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

const DELETE: &str = "DELETE FROM collection WHERE channel_id = $1 AND NOT is_root AND id IN ({ids})";

/// Deletes collections, all that are below one of them among them.
pub(super) async fn delete(
    tx: &mut Tx,
    scope: ChannelScope,
    ids: &[CollectionId],
) -> Result<(), DatabaseError> {
    batch::execute(tx, DELETE, batch::of_channel(scope), batch::raw(ids)).await?;
    Ok(())
}

/// The channel's root, made where it is missing.
pub(super) async fn ensure_root(
    tx: &mut Tx,
    scope: ChannelScope,
    languages: Languages,
    now: Timestamp,
) -> Result<CollectionId, DatabaseError> {
    let find = "SELECT id FROM collection WHERE channel_id = $1 AND is_root";
    if let Some((id,)) = tx.fetch_optional(find, (scope.channel_id(),)).await? {
        return Ok(id);
    }
    let row = OwnRow {
        id: CollectionId(0),
        parent_id: None,
        is_root: true,
        is_private: false,
        position: 0,
        featured_asset_id: None,
        inherit_filters: false,
        filters: "[]".to_owned(),
        created_at: now,
    };
    let id = insert(tx, scope, row, now).await?;
    tx.execute_one(
        "INSERT INTO collection_translation (channel_id, collection_id, language, name, slug, description, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, $4, '', $5, $5)",
        (scope.channel_id(), id, languages.fallback, ROOT_COLLECTION_NAME, now),
    )
    .await?;
    Ok(id)
}
