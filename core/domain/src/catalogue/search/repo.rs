//! SQL of search that every dialect understands.

use std::collections::HashMap;

use soko_infra::db::{Bound, Dialect, in_list};
use soko_infra::{DatabaseError, Reader};
use soko_kernel::query::Direction;
use soko_kernel::{ChannelScope, CollectionId, FacetId, FacetValueId, ProductId, Timestamp, VariantId};
use sqlx::AssertSqlSafe;

use super::document::Indexed;
use super::entity::{Match, Search};
use super::fulltext;
use crate::catalogue::audience::Audience;
use crate::catalogue::batch;
use crate::catalogue::stock::in_stock;
use crate::catalogue::translation::Languages;
use crate::catalogue::translation::repo::shown_translation;

/// The tables of the index, which can be made anew from all others.
pub const INDEX_TABLES: [&str; 2] = ["search_document", "search_text"];
/// A line for each channel and language: how many documents of it can be found.
pub const EVERY_DOCUMENT: &str = "SELECT COUNT(*) || ' documents of the channel ' || channel_id || ' in ' || language \
     FROM search_document GROUP BY channel_id, language ORDER BY channel_id, language";

/// A statement's beginning that names the matching variants `matched`, with the values of its parameters.
#[derive(Debug, Clone)]
pub(super) struct Matched {
    with: String,
    values: Vec<Bound>,
    group_by_product: bool,
    ranked: bool,
}

/// Who searches, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Searcher {
    pub(super) scope: ChannelScope,
    pub(super) languages: Languages,
    pub(super) audience: Audience,
    pub(super) now: Timestamp,
    pub(super) dialect: Dialect,
}

/// The best document of a variant for the searcher's language.
const SHOWN_DOCUMENT: &str = "d.id = (SELECT best.id FROM search_document best \
     WHERE best.channel_id = $1 AND best.variant_id = d.variant_id \
     ORDER BY CASE best.language WHEN $2 THEN 0 WHEN $3 THEN 1 ELSE 2 END, best.id LIMIT 1)";

/// Names the parameters that not every search needs: a statement has all that it is given.
const ASKED: &str =
    "asked AS (SELECT CAST($2 AS TEXT) AS language, CAST($3 AS TEXT) AS fallback, CAST($5 AS BIGINT) AS now)";

/// Products of which a variant can be bought.
const PRODUCTS_IN_STOCK: &str = concat!(
    "(SELECT v.product_id FROM product_variant v JOIN channel c ON c.id = v.channel_id \
     WHERE v.channel_id = $1 AND v.deleted_at IS NULL AND (v.enabled OR $4) AND ",
    in_stock!("$5"),
    ")"
);

impl Matched {
    /// `None` for a term that can match nothing.
    pub(super) fn try_new(searcher: Searcher, search: &Search) -> Option<Self> {
        let mut values = batch::in_languages(searcher.scope, searcher.languages);
        values.push(searcher.audience.sees_hidden().into());
        values.push(searcher.now.into());
        let mut from = "product_variant v".to_owned();
        let mut condition = "v.channel_id = $1 AND v.deleted_at IS NULL AND p.deleted_at IS NULL \
             AND ((v.enabled AND p.enabled) OR $4)"
            .to_owned();
        let mut score = "CAST(0 AS DOUBLE PRECISION)";
        let mut with = format!("WITH {ASKED}");
        if let Some(term) = &search.term {
            let matching = fulltext::matching(searcher.dialect, &mut values, searcher.scope, term)?;
            from = format!(
                "{} JOIN product_variant v ON v.channel_id = d.channel_id AND v.id = d.variant_id",
                matching.from
            );
            condition = format!("{SHOWN_DOCUMENT} AND {condition}");
            with = format!("{with}, {}", matching.with);
            score = matching.score;
        }
        for ids in &search.facet_values {
            let list = in_list(&mut values, ids.iter().copied());
            condition = format!(
                "{condition} AND (EXISTS (SELECT 1 FROM variant_facet_value x \
                 WHERE x.channel_id = $1 AND x.variant_id = v.id AND x.facet_value_id IN ({list})) \
                 OR EXISTS (SELECT 1 FROM product_facet_value x \
                 WHERE x.channel_id = $1 AND x.product_id = v.product_id AND x.facet_value_id IN ({list})))"
            );
        }
        for ids in &search.collections {
            let list = in_list(&mut values, ids.iter().copied());
            condition = format!("{condition} AND {}", member_of(&format!("m.collection_id IN ({list})")));
        }
        for slugs in &search.collection_slugs {
            let list = slug_list(&mut values, slugs);
            condition = format!(
                "{condition} AND {}",
                member_of(&format!(
                    "m.collection_id IN (SELECT s.collection_id FROM collection_translation s \
                     WHERE s.channel_id = $1 AND s.slug IN ({list}))"
                ))
            );
        }
        match (search.in_stock, search.group_by_product) {
            (None, _) => {}
            (Some(true), true) => {
                condition = format!("{condition} AND v.product_id IN {PRODUCTS_IN_STOCK}");
            }
            (Some(false), true) => {
                condition = format!("{condition} AND v.product_id NOT IN {PRODUCTS_IN_STOCK}");
            }
            (Some(true), false) => condition = format!("{condition} AND {}", in_stock!("$5")),
            (Some(false), false) => condition = format!("{condition} AND NOT {}", in_stock!("$5")),
        }
        let with = format!(
            "{with}, matched AS MATERIALIZED (SELECT v.id AS variant_id, v.product_id, v.tax_category_id, \
             v.list_price, {score} AS score FROM {from} \
             JOIN product p ON p.channel_id = v.channel_id AND p.id = v.product_id \
             JOIN channel c ON c.id = v.channel_id WHERE {condition})"
        );
        let ranked = search.term.is_some();
        Some(Self { with, values, group_by_product: search.group_by_product, ranked })
    }

    fn counted(&self) -> &'static str {
        if self.group_by_product { "product_id" } else { "variant_id" }
    }
}

fn member_of(condition: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM collection_variant m WHERE m.channel_id = $1 AND m.variant_id = v.id AND {condition})"
    )
}

fn slug_list(values: &mut Vec<Bound>, slugs: &[String]) -> String {
    let parameter = |slug: &String| {
        values.push(slug.as_str().into());
        format!("${}", values.len())
    };
    slugs.iter().map(parameter).collect::<Vec<_>>().join(", ")
}

/// A result of a page.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct PageRow {
    pub(super) product_id: ProductId,
    pub(super) variant_id: VariantId,
    pub(super) score: f64,
    total: i64,
}

/// A page of results, and how many there are. One statement, and another where the page lies past the last result.
pub(super) async fn page(
    reader: &mut Reader,
    matched: &Matched,
    search: &Search,
) -> Result<(Vec<PageRow>, i64), DatabaseError> {
    let mut values = matched.values.clone();
    values.push(search.take.into());
    values.push(search.skip.into());
    let (limit, offset) = (values.len() - 1, values.len());
    let results = if matched.group_by_product {
        "(SELECT m.product_id, m.variant_id, m.score, \
          MIN(m.list_price) OVER (PARTITION BY m.product_id) AS price, \
          ROW_NUMBER() OVER (PARTITION BY m.product_id ORDER BY m.score DESC, m.variant_id) AS place FROM matched m)"
    } else {
        "(SELECT m.product_id, m.variant_id, m.score, m.list_price AS price, 1 AS place FROM matched m)"
    };
    let (names, order) = order(matched, search);
    let sql = format!(
        "{} SELECT r.product_id, r.variant_id, r.score, COUNT(*) OVER () AS total FROM {results} r {names} \
         WHERE r.place = 1 ORDER BY {order} LIMIT ${limit} OFFSET ${offset}",
        matched.with
    );
    let rows: Vec<PageRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let total = match rows.first() {
        Some(row) => row.total,
        None if search.skip == 0 && search.take > 0 => 0,
        None => count(reader, matched).await?,
    };
    Ok((rows, total))
}

fn order(matched: &Matched, search: &Search) -> (&'static str, String) {
    let word = |direction: Direction| match direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    };
    let mut terms: Vec<String> = Vec::new();
    let mut names = "";
    if let Some(direction) = search.sort_by_name {
        names = NAMES;
        terms.push(format!("LOWER(pt.name) {0}, LOWER(vt.name) {0}", word(direction)));
    }
    if let Some(direction) = search.sort_by_price {
        terms.push(format!("r.price {}", word(direction)));
    }
    if matched.ranked {
        terms.push("r.score DESC".to_owned());
    }
    terms.push("r.product_id, r.variant_id".to_owned());
    (names, terms.join(", "))
}

const NAMES: &str = concat!(
    "JOIN product_translation pt ON pt.channel_id = $1 AND pt.id = ",
    shown_translation!("product_translation", "product_id", "r.product_id"),
    " JOIN product_variant_translation vt ON vt.channel_id = $1 AND vt.id = ",
    shown_translation!("product_variant_translation", "variant_id", "r.variant_id")
);

async fn count(reader: &mut Reader, matched: &Matched) -> Result<i64, DatabaseError> {
    let sql = format!("{} SELECT COUNT(DISTINCT m.{}) FROM matched m", matched.with, matched.counted());
    let (total,): (i64,) = reader.fetch_one(AssertSqlSafe(sql), matched.values.clone()).await?;
    Ok(total)
}

/// The variants that match: of these products, or where results are variants these variants.
pub(super) async fn matches_of_page(
    reader: &mut Reader,
    matched: &Matched,
    rows: &[PageRow],
) -> Result<Vec<Match>, DatabaseError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = matched.values.clone();
    let ids = if matched.group_by_product {
        in_list(&mut values, rows.iter().map(|row| row.product_id))
    } else {
        in_list(&mut values, rows.iter().map(|row| row.variant_id))
    };
    let sql = format!(
        "{} SELECT m.product_id, m.variant_id, m.tax_category_id, m.list_price FROM matched m \
         WHERE m.{} IN ({ids}) ORDER BY m.variant_id",
        matched.with,
        matched.counted()
    );
    reader.fetch_all(AssertSqlSafe(sql), values).await
}

/// How many results have each facet value, by the value's id.
pub(super) async fn facet_value_counts(
    reader: &mut Reader,
    matched: &Matched,
) -> Result<Vec<(FacetValueId, i64)>, DatabaseError> {
    let sql = format!(
        "{} SELECT x.facet_value_id, COUNT(DISTINCT x.{}) FROM ( \
           SELECT m.product_id, m.variant_id, vf.facet_value_id FROM matched m \
           JOIN variant_facet_value vf ON vf.channel_id = $1 AND vf.variant_id = m.variant_id \
           UNION ALL SELECT m.product_id, m.variant_id, pf.facet_value_id FROM matched m \
           JOIN product_facet_value pf ON pf.channel_id = $1 AND pf.product_id = m.product_id \
         ) x GROUP BY x.facet_value_id ORDER BY x.facet_value_id",
        matched.with,
        matched.counted()
    );
    reader.fetch_all(AssertSqlSafe(sql), matched.values.clone()).await
}

/// How many results are in each collection, by the collection's id.
pub(super) async fn collection_counts(
    reader: &mut Reader,
    matched: &Matched,
) -> Result<Vec<(CollectionId, i64)>, DatabaseError> {
    let sql = format!(
        "{} SELECT cv.collection_id, COUNT(DISTINCT m.{}) FROM matched m \
         JOIN collection_variant cv ON cv.channel_id = $1 AND cv.variant_id = m.variant_id \
         GROUP BY cv.collection_id ORDER BY cv.collection_id",
        matched.with,
        matched.counted()
    );
    reader.fetch_all(AssertSqlSafe(sql), matched.values.clone()).await
}

const FACET_VALUES: &str = "SELECT x.variant_id, fv.id, fv.facet_id FROM ( \
       SELECT variant_id, facet_value_id FROM variant_facet_value WHERE channel_id = $1 AND variant_id IN ({ids}) \
       UNION SELECT v.id, pf.facet_value_id FROM product_variant v \
       JOIN product_facet_value pf ON pf.channel_id = v.channel_id AND pf.product_id = v.product_id \
       WHERE v.channel_id = $1 AND v.id IN ({ids}) \
     ) x JOIN facet_value fv ON fv.channel_id = $1 AND fv.id = x.facet_value_id \
     JOIN facet f ON f.channel_id = fv.channel_id AND f.id = fv.facet_id \
     WHERE (NOT f.is_private OR $2) ORDER BY x.variant_id, fv.id";

/// The facet values of variants and of their products, with their facets; private ones for those who see them.
pub(super) async fn facet_values(
    reader: &mut Reader,
    scope: ChannelScope,
    audience: Audience,
    variants: Vec<i64>,
) -> Result<HashMap<VariantId, Vec<(FacetValueId, FacetId)>>, DatabaseError> {
    let mut binds = batch::of_channel(scope);
    binds.push(audience.sees_hidden().into());
    let rows: Vec<(VariantId, FacetValueId, FacetId)> =
        batch::fetch(reader, FACET_VALUES, binds, variants).await?;
    Ok(batch::group(rows.into_iter().map(|(variant, value, facet)| (variant, (value, facet)))))
}

const COLLECTIONS: &str = "SELECT m.variant_id, m.collection_id FROM collection_variant m \
     JOIN collection c ON c.channel_id = m.channel_id AND c.id = m.collection_id \
     WHERE m.channel_id = $1 AND (NOT c.is_private OR $2) \
     AND m.variant_id IN ({ids}) ORDER BY m.variant_id, m.collection_id";

/// The collections that hold variants; private ones for those who see them.
pub(super) async fn collections(
    reader: &mut Reader,
    scope: ChannelScope,
    audience: Audience,
    variants: Vec<i64>,
) -> Result<HashMap<VariantId, Vec<CollectionId>>, DatabaseError> {
    let mut binds = batch::of_channel(scope);
    binds.push(audience.sees_hidden().into());
    let rows: Vec<(VariantId, CollectionId)> = batch::fetch(reader, COLLECTIONS, binds, variants).await?;
    Ok(batch::group(rows))
}

const IN_STOCK: &str = concat!(
    "SELECT v.id, v.product_id FROM product_variant v JOIN channel c ON c.id = v.channel_id \
     WHERE v.channel_id = $1 AND v.deleted_at IS NULL AND (v.enabled OR $2) AND v.product_id IN ({ids}) AND ",
    in_stock!("$3")
);

/// The products' variants that can be bought, with their products.
pub(super) async fn variants_in_stock(
    reader: &mut Reader,
    searcher: Searcher,
    products: Vec<i64>,
) -> Result<Vec<(VariantId, ProductId)>, DatabaseError> {
    let mut binds = batch::of_channel(searcher.scope);
    binds.push(searcher.audience.sees_hidden().into());
    binds.push(searcher.now.into());
    batch::fetch(reader, IN_STOCK, binds, products).await
}

const LIVE_VARIANTS: &str = "SELECT v.id AS variant_id, v.product_id, v.sku FROM product_variant v \
     JOIN product p ON p.channel_id = v.channel_id AND p.id = v.product_id \
     WHERE v.channel_id = $1 AND v.deleted_at IS NULL AND p.deleted_at IS NULL AND v.product_id IN ({ids}) ORDER BY v.id";

/// The products' variants that are to be found.
pub(super) async fn live_variants(
    reader: &mut Reader,
    scope: ChannelScope,
    products: &[ProductId],
) -> Result<Vec<Indexed>, DatabaseError> {
    batch::fetch(reader, LIVE_VARIANTS, batch::of_channel(scope), batch::raw(products)).await
}

/// Every product of the channel, deleted ones too: their documents must go.
pub(super) async fn product_ids(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<ProductId>, DatabaseError> {
    let rows: Vec<(ProductId,)> =
        reader.fetch_all("SELECT id FROM product WHERE channel_id = $1", (scope.channel_id(),)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
