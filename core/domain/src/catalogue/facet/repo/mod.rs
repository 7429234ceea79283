//! SQL of facets and facet values.

pub(super) mod removal;

use std::collections::HashMap;
use std::sync::Arc;

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, FacetId, FacetValueId, Language, ListQuery, Page, Timestamp};

use super::entity::{Facet, FacetValue, ValueCodes};
use crate::catalogue::audience::Audience;
use crate::catalogue::batch;
use crate::catalogue::error::{CatalogueError, Thing};
use crate::catalogue::translation::Languages;
use crate::catalogue::translation::repo::shown_translation;

#[derive(sqlx::FromRow)]
struct ValueRow {
    id: FacetValueId,
    language: Language,
    code: String,
    name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    facet_id: FacetId,
    facet_is_private: bool,
    facet_language: Language,
    facet_code: String,
    facet_name: String,
    facet_created_at: Timestamp,
    facet_updated_at: Timestamp,
}

impl ValueRow {
    /// The value; values of one facet share it.
    fn into_value(self, facets: &mut HashMap<FacetId, Arc<Facet>>) -> FacetValue {
        let facet = facets.entry(self.facet_id).or_insert_with(|| {
            Arc::new(Facet {
                id: self.facet_id,
                is_private: self.facet_is_private,
                language: self.facet_language,
                code: self.facet_code,
                name: self.facet_name,
                created_at: self.facet_created_at,
                updated_at: self.facet_updated_at,
            })
        });
        FacetValue {
            id: self.id,
            facet: facet.clone(),
            language: self.language,
            code: self.code,
            name: self.name,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

fn values(rows: Vec<ValueRow>) -> Vec<FacetValue> {
    let mut facets = HashMap::new();
    rows.into_iter().map(|row| row.into_value(&mut facets)).collect()
}

macro_rules! facet_select {
    () => {
        "f.id, f.is_private, t.language, f.code, t.name, f.created_at, f.updated_at"
    };
}

macro_rules! facet_from {
    () => {
        concat!(
            "FROM facet f JOIN facet_translation t ON t.channel_id = $1 AND t.id = ",
            shown_translation!("facet_translation", "facet_id", "f.id")
        )
    };
}

macro_rules! value_select {
    () => {
        "fv.id, t.language, fv.code, t.name, fv.created_at, fv.updated_at, f.id AS facet_id, \
         f.is_private AS facet_is_private, ft.language AS facet_language, f.code AS facet_code, \
         ft.name AS facet_name, f.created_at AS facet_created_at, f.updated_at AS facet_updated_at"
    };
}

macro_rules! value_from {
    () => {
        concat!(
            "FROM facet_value fv JOIN facet f ON f.channel_id = fv.channel_id AND f.id = fv.facet_id \
             JOIN facet_value_translation t ON t.channel_id = $1 AND t.id = ",
            shown_translation!("facet_value_translation", "facet_value_id", "fv.id"),
            " JOIN facet_translation ft ON ft.channel_id = $1 AND ft.id = ",
            shown_translation!("facet_translation", "facet_id", "f.id")
        )
    };
}

/// `$4`: whether private facets are shown.
macro_rules! shown {
    () => {
        "f.channel_id = $1 AND (NOT f.is_private OR $4)"
    };
}

fn binds(scope: ChannelScope, languages: Languages, audience: Audience) -> Vec<Bound> {
    let mut binds = batch::in_languages(scope, languages);
    binds.push(audience.sees_hidden().into());
    binds
}

const FACETS: &str =
    concat!("SELECT ", facet_select!(), " ", facet_from!(), " WHERE ", shown!(), " AND f.id IN ({ids})");

pub(super) async fn facets(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    ids: &[FacetId],
) -> Result<Vec<Facet>, DatabaseError> {
    batch::fetch(reader, FACETS, binds(scope, languages, audience), batch::raw(ids)).await
}

const FACET_COLUMNS: &[Column] = &[
    Column::integer("id", "f.id"),
    Column::time("createdAt", "f.created_at"),
    Column::time("updatedAt", "f.updated_at"),
    Column::text("languageCode", "t.language"),
    Column::text("name", "t.name"),
    Column::text("code", "f.code"),
    Column::boolean("isPrivate", "f.is_private"),
];

pub(super) async fn list_facets(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    query: &ListQuery,
) -> Result<Page<Facet>, CatalogueError> {
    let list = ListSql {
        select: facet_select!(),
        from: facet_from!(),
        condition: shown!().to_owned(),
        values: binds(scope, languages, audience),
        columns: FACET_COLUMNS,
        tie_break: "f.id",
    };
    Ok(list.fetch(reader, query).await?)
}

const VALUES: &str =
    concat!("SELECT ", value_select!(), " ", value_from!(), " WHERE ", shown!(), " AND fv.id IN ({ids})");
const VALUES_OF_FACETS: &str = concat!(
    "SELECT ",
    value_select!(),
    " ",
    value_from!(),
    " WHERE ",
    shown!(),
    " AND fv.facet_id IN ({ids}) ORDER BY fv.facet_id, fv.id"
);

pub(in crate::catalogue) async fn facet_values(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    ids: &[FacetValueId],
) -> Result<Vec<FacetValue>, DatabaseError> {
    Ok(values(batch::fetch(reader, VALUES, binds(scope, languages, audience), batch::raw(ids)).await?))
}

pub(super) async fn values_of_facets(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    ids: &[FacetId],
) -> Result<Vec<FacetValue>, DatabaseError> {
    let binds = binds(scope, languages, audience);
    Ok(values(batch::fetch(reader, VALUES_OF_FACETS, binds, batch::raw(ids)).await?))
}

#[derive(sqlx::FromRow)]
struct OwnedValue {
    owner_id: i64,
    #[sqlx(flatten)]
    value: ValueRow,
}

macro_rules! values_of {
    ($table:literal, $owner:literal) => {
        concat!(
            "SELECT own.",
            $owner,
            " AS owner_id, ",
            value_select!(),
            " ",
            value_from!(),
            " JOIN ",
            $table,
            " own ON own.channel_id = fv.channel_id AND own.facet_value_id = fv.id WHERE ",
            shown!(),
            " AND own.",
            $owner,
            " IN ({ids}) ORDER BY own.",
            $owner,
            ", fv.id"
        )
    };
}

pub(super) const OF_PRODUCTS: &str = values_of!("product_facet_value", "product_id");
pub(super) const OF_VARIANTS: &str = values_of!("variant_facet_value", "variant_id");

/// The facet values of owners, with [`OF_PRODUCTS`] or [`OF_VARIANTS`].
pub(super) async fn values_of_owners(
    reader: &mut Reader,
    sql: &'static str,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    ids: Vec<i64>,
) -> Result<Vec<(i64, FacetValue)>, DatabaseError> {
    let rows: Vec<OwnedValue> = batch::fetch(reader, sql, binds(scope, languages, audience), ids).await?;
    let mut facets = HashMap::new();
    Ok(rows.into_iter().map(|row| (row.owner_id, row.value.into_value(&mut facets))).collect())
}

const VALUE_COLUMNS: &[Column] = &[
    Column::integer("id", "fv.id"),
    Column::time("createdAt", "fv.created_at"),
    Column::time("updatedAt", "fv.updated_at"),
    Column::text("languageCode", "t.language"),
    Column::integer("facetId", "fv.facet_id"),
    Column::text("name", "t.name"),
    Column::text("code", "fv.code"),
];

pub(super) async fn list_values(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    audience: Audience,
    facet: Option<FacetId>,
    query: &ListQuery,
) -> Result<Page<FacetValue>, CatalogueError> {
    let mut bound = binds(scope, languages, audience);
    let mut condition = shown!().to_owned();
    if let Some(facet) = facet {
        bound.push(facet.0.into());
        condition.push_str(" AND fv.facet_id = $5");
    }
    let list = ListSql {
        select: value_select!(),
        from: value_from!(),
        condition,
        values: bound,
        columns: VALUE_COLUMNS,
        tie_break: "fv.id",
    };
    let page = list.fetch::<ValueRow>(reader, query).await?;
    Ok(Page { items: values(page.items), total: page.total })
}

const INSERT_FACETS: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO facet (channel_id, code, is_private, created_at, updated_at)",
    5,
    "RETURNING id",
);

/// Inserts facets without names, and returns their ids in the given order.
pub(in crate::catalogue) async fn insert_facets(
    tx: &mut Tx,
    scope: ChannelScope,
    facets: &[(String, bool)],
    now: Timestamp,
) -> Result<Vec<FacetId>, CatalogueError> {
    let row = |(code, is_private): &(String, bool)| -> Vec<Bound> {
        vec![scope.channel_id().0.into(), code.as_str().into(), (*is_private).into(), now.into(), now.into()]
    };
    let code = || facets.first().map(|(code, _)| code.clone()).unwrap_or_default();
    let mut ids: Vec<(FacetId,)> = INSERT_FACETS
        .fetch(tx, facets.iter().map(row).collect())
        .await
        .map_err(|error| code_in_use(error, code()))?;
    // Ids are given in the rows' order; what is returned may come in another.
    ids.sort_unstable();
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

fn code_in_use(error: DatabaseError, code: String) -> CatalogueError {
    if error.is_unique_violation("facet", &["channel_id", "code"]) {
        CatalogueError::CodeInUse(code)
    } else {
        error.into()
    }
}

/// Changes a facet's own row. False when the channel has no such facet.
pub(super) async fn update_facet(
    tx: &mut Tx,
    scope: ChannelScope,
    id: FacetId,
    (code, is_private): (Option<String>, Option<bool>),
    now: Timestamp,
) -> Result<bool, CatalogueError> {
    let sql = "UPDATE facet SET code = COALESCE($1, code), is_private = COALESCE($2, is_private), \
               updated_at = $3 WHERE channel_id = $4 AND id = $5";
    let values = (code.clone(), is_private, now, scope.channel_id(), id);
    let changed = tx.execute(sql, values).await;
    Ok(changed.map_err(|error| code_in_use(error, code.unwrap_or_default()))? == 1)
}

const INSERT_VALUES: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO facet_value (channel_id, facet_id, code, created_at, updated_at)",
    5,
    "RETURNING id",
);

/// Inserts values without names, and returns their ids in the given order.
pub(in crate::catalogue) async fn insert_values(
    tx: &mut Tx,
    scope: ChannelScope,
    values: &[(FacetId, String)],
    now: Timestamp,
) -> Result<Vec<FacetValueId>, DatabaseError> {
    let row = |(facet, code): &(FacetId, String)| -> Vec<Bound> {
        vec![scope.channel_id().0.into(), facet.0.into(), code.as_str().into(), now.into(), now.into()]
    };
    let mut ids: Vec<(FacetValueId,)> = INSERT_VALUES.fetch(tx, values.iter().map(row).collect()).await?;
    // Ids are given in the rows' order; what is returned may come in another.
    ids.sort_unstable();
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// A facet value's own row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct OwnRow {
    pub(super) id: FacetValueId,
    pub(super) facet_id: FacetId,
    pub(super) code: String,
    pub(super) created_at: Timestamp,
}

const OWN_ROWS: &str =
    "SELECT id, facet_id, code, created_at FROM facet_value WHERE channel_id = $1 AND id IN ({ids})";

/// The values' own rows.
///
/// # Errors
/// A value that the channel does not have.
pub(super) async fn get_own_rows(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[FacetValueId],
) -> Result<HashMap<FacetValueId, OwnRow>, CatalogueError> {
    let rows: Vec<OwnRow> = batch::fetch(reader, OWN_ROWS, batch::of_channel(scope), batch::raw(ids)).await?;
    let rows: HashMap<FacetValueId, OwnRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    match ids.iter().find(|id| !rows.contains_key(id)) {
        Some(id) => Err(CatalogueError::not_found(Thing::FacetValue, *id)),
        None => Ok(rows),
    }
}

const UPDATE_VALUES: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO facet_value (id, channel_id, facet_id, code, created_at, updated_at)",
    6,
    "ON CONFLICT {same_id} DO UPDATE SET code = excluded.code, updated_at = excluded.updated_at",
);

/// Writes rows that [`get_own_rows`] has read in the same transaction.
pub(super) async fn update_values(
    tx: &mut Tx,
    scope: ChannelScope,
    rows: Vec<OwnRow>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let row = |row: OwnRow| -> Vec<Bound> {
        vec![
            row.id.0.into(),
            scope.channel_id().0.into(),
            row.facet_id.0.into(),
            row.code.into(),
            row.created_at.into(),
            now.into(),
        ]
    };
    UPDATE_VALUES.execute(tx, rows.into_iter().map(row).collect()).await?;
    Ok(())
}

const CODES: &str = "SELECT facet_id, code FROM facet_value WHERE channel_id = $1 AND facet_id IN ({ids})";

pub(super) async fn value_codes(
    reader: &mut Reader,
    scope: ChannelScope,
    facets: Vec<i64>,
) -> Result<ValueCodes, DatabaseError> {
    let rows: Vec<(FacetId, String)> = batch::fetch(reader, CODES, batch::of_channel(scope), facets).await?;
    Ok(rows.into_iter().collect())
}

/// Every facet value of the channel: its facet's id and code, its own id and code; facets without values have one
/// row without.
pub(in crate::catalogue) async fn all_codes(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<(FacetId, String, Option<FacetValueId>, Option<String>)>, DatabaseError> {
    let sql = "SELECT f.id, f.code, fv.id, fv.code FROM facet f \
               LEFT JOIN facet_value fv ON fv.channel_id = f.channel_id AND fv.facet_id = f.id \
               WHERE f.channel_id = $1";
    reader.fetch_all(sql, (scope.channel_id(),)).await
}
