//! SQL of translations: every kind of thing has a table of the same shape.

use std::collections::{BTreeSet, HashMap};

use soko_infra::db::{Bound, MultiRowInsert};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, Language, Timestamp};
use sqlx::AssertSqlSafe;

use super::{Name, Slugged, SluggedTranslation, Translation};
use crate::catalogue::batch;
use crate::catalogue::text::TakenSlugs;

/// Most slugs that one statement asks about one by one.
const SLUG_CONDITIONS_MAX: usize = 100;

/// The id of a thing's translation that is shown, for a statement whose `$1` is the channel, whose `$2` is the wanted
/// language and whose `$3` is the one to fall back to.
macro_rules! shown_translation {
    ($table:literal, $owner:literal, $owner_id:literal) => {
        concat!(
            "(SELECT shown.id FROM ",
            $table,
            " shown WHERE shown.channel_id = $1 AND shown.",
            $owner,
            " = ",
            $owner_id,
            " ORDER BY CASE shown.language WHEN $2 THEN 0 WHEN $3 THEN 1 ELSE 2 END, shown.id LIMIT 1)"
        )
    };
}
pub(in crate::catalogue) use shown_translation;

/// A table of names.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalogue) struct NameTable {
    pub(in crate::catalogue) select: &'static str,
    pub(in crate::catalogue) upsert: MultiRowInsert,
}

macro_rules! name_table {
    ($table:literal, $owner:literal) => {
        NameTable {
            select: concat!(
                "SELECT id, ",
                $owner,
                " AS owner_id, language, name, created_at, updated_at FROM ",
                $table,
                " WHERE channel_id = $1 AND ",
                $owner,
                " IN ({ids}) ORDER BY id"
            ),
            upsert: MultiRowInsert::new(
                concat!(
                    "INSERT INTO ",
                    $table,
                    " (channel_id, ",
                    $owner,
                    ", language, name, created_at, updated_at)"
                ),
                6,
                concat!(
                    "ON CONFLICT (channel_id, ",
                    $owner,
                    ", language) DO UPDATE SET name = excluded.name, updated_at = excluded.updated_at"
                ),
            ),
        }
    };
}

pub(in crate::catalogue) const VARIANT_NAMES: NameTable =
    name_table!("product_variant_translation", "variant_id");
pub(in crate::catalogue) const OPTION_GROUP_NAMES: NameTable =
    name_table!("option_group_translation", "option_group_id");
pub(in crate::catalogue) const OPTION_NAMES: NameTable =
    name_table!("product_option_translation", "product_option_id");
pub(in crate::catalogue) const ASSET_NAMES: NameTable = name_table!("asset_translation", "asset_id");
pub(in crate::catalogue) const FACET_NAMES: NameTable = name_table!("facet_translation", "facet_id");
pub(in crate::catalogue) const FACET_VALUE_NAMES: NameTable =
    name_table!("facet_value_translation", "facet_value_id");

#[derive(sqlx::FromRow)]
struct NameRow {
    id: i64,
    owner_id: i64,
    language: Language,
    name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Every name of these things, by thing, oldest first.
pub(in crate::catalogue) async fn names_of(
    reader: &mut Reader,
    scope: ChannelScope,
    table: NameTable,
    owners: Vec<i64>,
) -> Result<HashMap<i64, Vec<Translation>>, DatabaseError> {
    let rows: Vec<NameRow> = batch::fetch(reader, table.select, batch::of_channel(scope), owners).await?;
    Ok(batch::group(rows.into_iter().map(|row| {
        let translation = Translation {
            id: row.id,
            language: row.language,
            name: row.name,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        (row.owner_id, translation)
    })))
}

/// Stores names of many things.
pub(in crate::catalogue) async fn put_names(
    tx: &mut Tx,
    scope: ChannelScope,
    table: NameTable,
    names: Vec<(i64, Name)>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let row = |(owner, name): (i64, Name)| -> Vec<Bound> {
        vec![
            scope.channel_id().0.into(),
            owner.into(),
            name.language.code().into(),
            name.name.into(),
            now.into(),
            now.into(),
        ]
    };
    table.upsert.execute(tx, names.into_iter().map(row).collect()).await?;
    Ok(())
}

/// A table of names, slugs and descriptions.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalogue) struct SluggedTable {
    select: &'static str,
    taken: &'static str,
    upsert: MultiRowInsert,
}

macro_rules! slugged_table {
    ($table:literal, $owner:literal, $live:literal) => {
        SluggedTable {
            select: concat!(
                "SELECT id, ",
                $owner,
                " AS owner_id, language, name, slug, description, created_at, updated_at FROM ",
                $table,
                " WHERE channel_id = $1 AND ",
                $owner,
                " IN ({ids}) ORDER BY id"
            ),
            taken: concat!(
                "SELECT language, slug, ",
                $owner,
                " FROM ",
                $table,
                " WHERE channel_id = $1",
                $live
            ),
            upsert: MultiRowInsert::new(
                concat!(
                    "INSERT INTO ",
                    $table,
                    " (channel_id, ",
                    $owner,
                    ", language, name, slug, description, created_at, updated_at)"
                ),
                8,
                concat!(
                    "ON CONFLICT (channel_id, ",
                    $owner,
                    ", language) DO UPDATE SET name = excluded.name, slug = excluded.slug, ",
                    "description = excluded.description, updated_at = excluded.updated_at"
                ),
            ),
        }
    };
}

pub(in crate::catalogue) const PRODUCT_TEXTS: SluggedTable =
    slugged_table!("product_translation", "product_id", " AND live");
pub(in crate::catalogue) const COLLECTION_TEXTS: SluggedTable =
    slugged_table!("collection_translation", "collection_id", "");

#[derive(sqlx::FromRow)]
struct SluggedRow {
    id: i64,
    owner_id: i64,
    language: Language,
    name: String,
    slug: String,
    description: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Every translation of these things, by thing, oldest first.
pub(in crate::catalogue) async fn slugged_of(
    reader: &mut Reader,
    scope: ChannelScope,
    table: SluggedTable,
    owners: Vec<i64>,
) -> Result<HashMap<i64, Vec<SluggedTranslation>>, DatabaseError> {
    let rows: Vec<SluggedRow> = batch::fetch(reader, table.select, batch::of_channel(scope), owners).await?;
    Ok(batch::group(rows.into_iter().map(|row| {
        let translation = SluggedTranslation {
            id: row.id,
            language: row.language,
            name: row.name,
            slug: row.slug,
            description: row.description,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        (row.owner_id, translation)
    })))
}

/// Slugs that are, or begin like, one of these; every slug of the channel when there are many of these.
pub(in crate::catalogue) async fn taken_slugs(
    reader: &mut Reader,
    scope: ChannelScope,
    table: SluggedTable,
    bases: BTreeSet<String>,
) -> Result<TakenSlugs, DatabaseError> {
    let mut sql = table.taken.to_owned();
    let mut values: Vec<Bound> = batch::of_channel(scope);
    if bases.is_empty() {
        return Ok(TakenSlugs::default());
    }
    if bases.len() <= SLUG_CONDITIONS_MAX {
        let conditions: Vec<String> = bases
            .into_iter()
            .map(|base| {
                // Slugs have no characters that mean something in a pattern.
                values.push(format!("{base}-%").into());
                values.push(base.into());
                format!("slug LIKE ${} OR slug = ${}", values.len() - 1, values.len())
            })
            .collect();
        sql = format!("{sql} AND ({})", conditions.join(" OR "));
    }
    let taken: Vec<(Language, String, i64)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(taken.into_iter().collect())
}

/// Stores the texts of many things.
pub(in crate::catalogue) async fn put_slugged(
    tx: &mut Tx,
    scope: ChannelScope,
    table: SluggedTable,
    texts: Vec<(i64, Slugged)>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let row = |(owner, text): (i64, Slugged)| -> Vec<Bound> {
        vec![
            scope.channel_id().0.into(),
            owner.into(),
            text.language.code().into(),
            text.name.into(),
            text.slug.into(),
            text.description.into(),
            now.into(),
            now.into(),
        ]
    };
    table.upsert.execute(tx, texts.into_iter().map(row).collect()).await?;
    Ok(())
}
