//! SQL of assets and tags.

use std::collections::BTreeSet;

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{AssetId, ChannelScope, ListQuery, Page, TagId, Timestamp};

use super::entity::{Asset, FocalPoint, Tag};
use super::picture::Picture;
use crate::catalogue::batch;
use crate::catalogue::error::CatalogueError;
use crate::catalogue::translation::Languages;
use crate::catalogue::translation::repo::shown_translation;

macro_rules! select {
    () => {
        "a.id, t.language, t.name, a.type, a.mime_type, a.file_size, a.width, a.height, a.source, a.preview, \
         a.focal_point_x_ppm, a.focal_point_y_ppm, a.created_at, a.updated_at"
    };
}

macro_rules! from {
    () => {
        concat!(
            "FROM asset a JOIN asset_translation t ON t.channel_id = $1 AND t.id = ",
            shown_translation!("asset_translation", "asset_id", "a.id")
        )
    };
}

const FIND_MANY: &str =
    concat!("SELECT ", select!(), " ", from!(), " WHERE a.channel_id = $1 AND a.id IN ({ids})");

pub(in crate::catalogue) async fn find_many(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    ids: &[AssetId],
) -> Result<Vec<Asset>, DatabaseError> {
    batch::fetch(reader, FIND_MANY, batch::in_languages(scope, languages), batch::raw(ids)).await
}

#[derive(sqlx::FromRow)]
struct OwnedAsset {
    owner_id: i64,
    #[sqlx(flatten)]
    asset: Asset,
}

macro_rules! assets_of {
    ($table:literal, $owner:literal) => {
        concat!(
            "SELECT own.",
            $owner,
            " AS owner_id, ",
            select!(),
            " ",
            from!(),
            " JOIN ",
            $table,
            " own ON own.channel_id = a.channel_id AND own.asset_id = a.id WHERE a.channel_id = $1 AND own.",
            $owner,
            " IN ({ids}) ORDER BY own.",
            $owner,
            ", own.position"
        )
    };
}

pub(super) const OF_PRODUCTS: &str = assets_of!("product_asset", "product_id");
pub(super) const OF_VARIANTS: &str = assets_of!("variant_asset", "variant_id");
pub(super) const OF_COLLECTIONS: &str = assets_of!("collection_asset", "collection_id");

/// The pictures of owners in their order, with one of the statements above.
pub(super) async fn of_owners(
    reader: &mut Reader,
    sql: &'static str,
    scope: ChannelScope,
    languages: Languages,
    owners: Vec<i64>,
) -> Result<Vec<(i64, Asset)>, DatabaseError> {
    let rows: Vec<OwnedAsset> =
        batch::fetch(reader, sql, batch::in_languages(scope, languages), owners).await?;
    Ok(rows.into_iter().map(|row| (row.owner_id, row.asset)).collect())
}

const COLUMNS: &[Column] = &[
    Column::integer("id", "a.id"),
    Column::time("createdAt", "a.created_at"),
    Column::time("updatedAt", "a.updated_at"),
    Column::text("languageCode", "t.language"),
    Column::text("name", "t.name"),
    Column::text("type", "a.type"),
    Column::integer("fileSize", "a.file_size"),
    Column::text("mimeType", "a.mime_type"),
    Column::integer("width", "a.width"),
    Column::integer("height", "a.height"),
    Column::text("source", "a.source"),
    Column::text("preview", "a.preview"),
];

/// Which tags listed assets have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssetTags {
    /// The labels; none for any asset.
    pub tags: Vec<String>,
    /// Whether assets have all of them, or at least one.
    pub all: bool,
}

pub(super) async fn list(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    tags: &AssetTags,
    query: &ListQuery,
) -> Result<Page<Asset>, CatalogueError> {
    let mut values = batch::in_languages(scope, languages);
    let mut condition = "a.channel_id = $1".to_owned();
    let wanted: BTreeSet<&str> = tags.tags.iter().map(String::as_str).collect();
    if !wanted.is_empty() {
        let labels: Vec<String> = wanted
            .iter()
            .map(|label| {
                values.push((*label).into());
                format!("${}", values.len())
            })
            .collect();
        values.push(i64::try_from(if tags.all { wanted.len() } else { 1 }).unwrap_or(i64::MAX).into());
        condition = format!(
            "{condition} AND (SELECT COUNT(*) FROM asset_tag at \
             JOIN tag g ON g.channel_id = at.channel_id AND g.id = at.tag_id \
             WHERE at.channel_id = $1 AND at.asset_id = a.id AND g.value IN ({})) >= ${}",
            labels.join(", "),
            values.len()
        );
    }
    let list =
        ListSql { select: select!(), from: from!(), condition, values, columns: COLUMNS, tie_break: "a.id" };
    Ok(list.fetch(reader, query).await?)
}

const INSERT: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO asset (channel_id, type, mime_type, file_size, width, height, source, preview, created_at, \
     updated_at)",
    10,
    "RETURNING id",
);

/// A file that is in the blob store already.
#[derive(Debug, Clone)]
pub(in crate::catalogue) struct StoredFile {
    pub(in crate::catalogue) name: String,
    pub(in crate::catalogue) picture: Picture,
    pub(in crate::catalogue) file_size: i64,
    pub(in crate::catalogue) source: String,
}

/// Inserts assets without names, and returns their ids in the given order.
pub(in crate::catalogue) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    files: &[StoredFile],
    now: Timestamp,
) -> Result<Vec<AssetId>, DatabaseError> {
    let row = |file: &StoredFile| -> Vec<Bound> {
        vec![
            scope.channel_id().0.into(),
            "IMAGE".into(),
            file.picture.mime_type.into(),
            file.file_size.into(),
            file.picture.width.into(),
            file.picture.height.into(),
            file.source.as_str().into(),
            file.source.as_str().into(),
            now.into(),
            now.into(),
        ]
    };
    let mut ids: Vec<(AssetId,)> = INSERT.fetch(tx, files.iter().map(row).collect()).await?;
    // Ids are given in the rows' order; what is returned may come in another.
    ids.sort_unstable();
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// Says that an asset has changed. False when the channel has no such asset.
pub(super) async fn touch(
    tx: &mut Tx,
    scope: ChannelScope,
    id: AssetId,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let sql = "UPDATE asset SET updated_at = $1 WHERE channel_id = $2 AND id = $3";
    Ok(tx.execute(sql, (now, scope.channel_id(), id)).await? == 1)
}

/// Gives an asset that the channel has another focal point, or takes its away.
pub(super) async fn set_focal_point(
    tx: &mut Tx,
    scope: ChannelScope,
    id: AssetId,
    point: Option<FocalPoint>,
) -> Result<(), DatabaseError> {
    let sql =
        "UPDATE asset SET focal_point_x_ppm = $1, focal_point_y_ppm = $2 WHERE channel_id = $3 AND id = $4";
    let (x, y) = (point.map(|point| point.x_ppm), point.map(|point| point.y_ppm));
    tx.execute_one(sql, (x, y, scope.channel_id(), id)).await
}

const USE: &str = "SELECT \
     (SELECT COUNT(DISTINCT p.id) FROM product p \
       LEFT JOIN product_asset x ON x.channel_id = p.channel_id AND x.product_id = p.id \
       WHERE p.channel_id = $1 AND p.deleted_at IS NULL \
       AND (p.featured_asset_id IN ({ids}) OR x.asset_id IN ({ids}))), \
     (SELECT COUNT(DISTINCT v.id) FROM product_variant v \
       LEFT JOIN variant_asset x ON x.channel_id = v.channel_id AND x.variant_id = v.id \
       WHERE v.channel_id = $1 AND v.deleted_at IS NULL \
       AND (v.featured_asset_id IN ({ids}) OR x.asset_id IN ({ids}))), \
     (SELECT COUNT(DISTINCT c.id) FROM collection c \
       LEFT JOIN collection_asset x ON x.channel_id = c.channel_id AND x.collection_id = c.id \
       WHERE c.channel_id = $1 AND (c.featured_asset_id IN ({ids}) OR x.asset_id IN ({ids})))";

/// How many products, variants and collections show one of the assets.
pub(super) async fn usage(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[AssetId],
) -> Result<(i64, i64, i64), DatabaseError> {
    let rows: Vec<(i64, i64, i64)> =
        batch::fetch(reader, USE, batch::of_channel(scope), batch::raw(ids)).await?;
    Ok(rows.into_iter().fold((0, 0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1, sum.2 + row.2)))
}

/// In this order: what shows an asset, then the asset. What is tied to it goes with it.
const DELETE: [&str; 4] = [
    "UPDATE product SET featured_asset_id = NULL WHERE channel_id = $1 AND featured_asset_id IN ({ids})",
    "UPDATE product_variant SET featured_asset_id = NULL WHERE channel_id = $1 AND featured_asset_id IN ({ids})",
    "UPDATE collection SET featured_asset_id = NULL WHERE channel_id = $1 AND featured_asset_id IN ({ids})",
    "DELETE FROM asset WHERE channel_id = $1 AND id IN ({ids})",
];

/// Deletes assets; what showed them shows them no more.
pub(super) async fn delete(tx: &mut Tx, scope: ChannelScope, ids: &[AssetId]) -> Result<(), DatabaseError> {
    for sql in DELETE {
        batch::execute(tx, sql, batch::of_channel(scope), batch::raw(ids)).await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct OwnedTag {
    asset_id: AssetId,
    #[sqlx(flatten)]
    tag: Tag,
}

const TAGS_OF_ASSETS: &str = "SELECT own.asset_id, g.id, g.value, g.created_at, g.updated_at FROM tag g \
     JOIN asset_tag own ON own.channel_id = g.channel_id AND own.tag_id = g.id \
     WHERE g.channel_id = $1 AND own.asset_id IN ({ids}) \
     ORDER BY own.asset_id, g.value";

pub(super) async fn tags_of_assets(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[AssetId],
) -> Result<Vec<(AssetId, Tag)>, DatabaseError> {
    let rows: Vec<OwnedTag> =
        batch::fetch(reader, TAGS_OF_ASSETS, batch::of_channel(scope), batch::raw(ids)).await?;
    Ok(rows.into_iter().map(|row| (row.asset_id, row.tag)).collect())
}

const PUT_TAGS: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO tag (channel_id, value, created_at, updated_at)",
    4,
    "ON CONFLICT (channel_id, value) DO UPDATE SET value = excluded.value RETURNING id, value",
);

/// Creates the tags that the channel lacks, and returns all of them by their labels.
pub(super) async fn put_tags(
    tx: &mut Tx,
    scope: ChannelScope,
    values: &BTreeSet<String>,
    now: Timestamp,
) -> Result<Vec<(TagId, String)>, DatabaseError> {
    let row = |value: &String| -> Vec<Bound> {
        vec![scope.channel_id().0.into(), value.as_str().into(), now.into(), now.into()]
    };
    PUT_TAGS.fetch(tx, values.iter().map(row).collect()).await
}

const FIND_TAG: &str = "SELECT id, value, created_at, updated_at FROM tag WHERE channel_id = $1 AND id = $2";

pub(super) async fn find_tag(
    reader: &mut Reader,
    scope: ChannelScope,
    id: TagId,
) -> Result<Option<Tag>, DatabaseError> {
    reader.fetch_optional(FIND_TAG, (scope.channel_id(), id)).await
}

const TAG_COLUMNS: &[Column] = &[
    Column::integer("id", "g.id"),
    Column::time("createdAt", "g.created_at"),
    Column::time("updatedAt", "g.updated_at"),
    Column::text("value", "g.value"),
];

pub(super) async fn list_tags(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<Tag>, CatalogueError> {
    let list = ListSql {
        select: "g.id, g.value, g.created_at, g.updated_at",
        from: "FROM tag g",
        condition: "g.channel_id = $1".to_owned(),
        values: batch::of_channel(scope),
        columns: TAG_COLUMNS,
        tie_break: "g.id",
    };
    Ok(list.fetch(reader, query).await?)
}

/// Renames a tag. False when the channel has no such tag.
pub(super) async fn update_tag(
    tx: &mut Tx,
    scope: ChannelScope,
    id: TagId,
    value: &str,
    now: Timestamp,
) -> Result<bool, CatalogueError> {
    let sql = "UPDATE tag SET value = $1, updated_at = $2 WHERE channel_id = $3 AND id = $4";
    match tx.execute(sql, (value, now, scope.channel_id(), id)).await {
        Ok(changed) => Ok(changed == 1),
        Err(error) if error.is_unique_violation("tag", &["channel_id", "value"]) => {
            Err(CatalogueError::TagInUse)
        }
        Err(error) => Err(error.into()),
    }
}

/// Deletes a tag. False when the channel has no such tag.
pub(super) async fn delete_tag(tx: &mut Tx, scope: ChannelScope, id: TagId) -> Result<bool, DatabaseError> {
    let sql = "DELETE FROM tag WHERE channel_id = $1 AND id = $2";
    Ok(tx.execute(sql, (scope.channel_id(), id)).await? == 1)
}
