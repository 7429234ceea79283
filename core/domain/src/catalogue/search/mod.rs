//! Search: full-text terms, facets, collections, prices and stock.

mod document;
mod entity;
mod fulltext;
mod index;
mod repo;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use soko_infra::{Reader, Tx};
use soko_kernel::{
    Actor, AssetId, CollectionId, FacetId, FacetValueId, Page, Permission, ProductId, Timestamp, VariantId,
};

pub use entity::{
    FacetValueFilter, InvalidSearch, PriceSpan, SEARCH_CONDITIONS_MAX, SEARCH_TAKE_DEFAULT, SearchHit,
    SearchInput, SearchParts,
};
pub use fulltext::{TERM_LENGTH_MAX, TERM_WORDS_MAX};

pub(super) use index::index_products_in_tx;
pub use repo::{EVERY_DOCUMENT, INDEX_TABLES};

use self::entity::{Match, Search, price_spans};
use self::repo::{Matched, PageRow, Searcher};
use super::asset::{self, Asset};
use super::audience::CatalogueReads;
use super::collection::{self, Collection};
use super::error::CatalogueError;
use super::facet::{self, FacetValue};
use super::translation::Languages;
use super::variant::{Variant, load_variants};
use super::{Catalogue, Writing, batch};

impl CatalogueReads {
    /// A page of results, best first where a term is searched for and no sorting is asked for.
    ///
    /// # Errors
    /// A search that cannot be understood.
    pub async fn search(
        &self,
        actor: &Actor,
        input: &SearchInput,
        parts: SearchParts,
    ) -> Result<Page<SearchHit>, CatalogueError> {
        let searcher = self.searcher(actor)?;
        let search = Search::try_new(input)?;
        let Some(matched) = Matched::try_new(searcher, &search) else {
            return Ok(Page { items: Vec::new(), total: 0 });
        };
        self.database
            .read(searcher.scope, async |reader| {
                let (rows, total) = repo::page(reader, &matched, &search).await?;
                let matches = repo::matches_of_page(reader, &matched, &rows).await?;
                let details = Details::load(reader, searcher, parts, &rows, &matches).await?;
                Ok(Page { items: details.hits(rows, &matches, search.group_by_product), total })
            })
            .await
    }

    /// The facet values of all results, not only of a page, and how many results have each. By the values' ids.
    ///
    /// # Errors
    /// A search that cannot be understood.
    pub async fn search_facet_values(
        &self,
        actor: &Actor,
        input: &SearchInput,
    ) -> Result<Vec<(FacetValue, i64)>, CatalogueError> {
        let searcher = self.searcher(actor)?;
        let Some(matched) = Matched::try_new(searcher, &Search::try_new(input)?) else {
            return Ok(Vec::new());
        };
        let Searcher { scope, languages, audience, .. } = searcher;
        self.database
            .read(scope, async |reader| {
                let counts = repo::facet_value_counts(reader, &matched).await?;
                let ids: Vec<FacetValueId> = counts.iter().map(|(id, _)| *id).collect();
                let values = facet::repo::facet_values(reader, scope, languages, audience, &ids).await?;
                let mut values: HashMap<FacetValueId, FacetValue> =
                    values.into_iter().map(|value| (value.id, value)).collect();
                Ok(counts.into_iter().filter_map(|(id, count)| Some((values.remove(&id)?, count))).collect())
            })
            .await
    }

    /// The collections of all results, not only of a page, and how many results are in each. By the collections' ids.
    ///
    /// # Errors
    /// A search that cannot be understood.
    pub async fn search_collections(
        &self,
        actor: &Actor,
        input: &SearchInput,
    ) -> Result<Vec<(Collection, i64)>, CatalogueError> {
        let searcher = self.searcher(actor)?;
        let Some(matched) = Matched::try_new(searcher, &Search::try_new(input)?) else {
            return Ok(Vec::new());
        };
        let Searcher { scope, languages, audience, .. } = searcher;
        self.database
            .read(scope, async |reader| {
                let counts = repo::collection_counts(reader, &matched).await?;
                let ids: Vec<CollectionId> = counts.iter().map(|(id, _)| *id).collect();
                let found = collection::repo::find_many(reader, scope, languages, audience, &ids).await?;
                let mut found: HashMap<CollectionId, Collection> =
                    found.into_iter().map(|collection| (collection.id, collection)).collect();
                Ok(counts.into_iter().filter_map(|(id, count)| Some((found.remove(&id)?, count))).collect())
            })
            .await
    }

    fn searcher(&self, actor: &Actor) -> Result<Searcher, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let (languages, now) = (Languages::of(actor), self.clock.now());
        Ok(Searcher { scope, languages, audience: self.audience, now, dialect: self.database.dialect() })
    }
}

impl Catalogue {
    /// Indexes all of the channel's products anew: after a change of the channel's default language, which texts
    /// without a translation are found in.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn reindex(&self, actor: &Actor) -> Result<(), CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateProduct, Permission::UpdateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database.write(scope, async move |tx| index::index_channel_in_tx(tx, writing).await).await
    }

    /// [`Self::reindex`] inside another's transaction, by the platform's own hand in the channel.
    ///
    /// # Errors
    /// A failing store.
    pub async fn reindex_in_tx(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<(), CatalogueError> {
        let writing = Writing { scope: actor.public_scope(), languages: Languages::of(actor), now };
        index::index_channel_in_tx(tx, writing).await
    }
}

/// What results are made of, besides what matched.
struct Details {
    variants: HashMap<VariantId, Variant>,
    assets: HashMap<AssetId, Arc<Asset>>,
    facet_values: HashMap<VariantId, Vec<(FacetValueId, FacetId)>>,
    collections: HashMap<VariantId, Vec<CollectionId>>,
    in_stock: HashSet<VariantId>,
    products_in_stock: HashSet<ProductId>,
}

impl Details {
    async fn load(
        reader: &mut Reader,
        searcher: Searcher,
        parts: SearchParts,
        rows: &[PageRow],
        matches: &[Match],
    ) -> Result<Self, CatalogueError> {
        let Searcher { scope, languages, audience, .. } = searcher;
        let shown: Vec<VariantId> = rows.iter().map(|row| row.variant_id).collect();
        let variants = load_variants(reader, scope, languages, &shown).await?;
        let pictures = |variant: &Variant| [variant.featured_asset_id, variant.product.featured_asset_id];
        let wanted = |wanted: bool, ids: Vec<i64>| if wanted { ids } else { Vec::new() };
        let asset_ids: Vec<AssetId> = variants.iter().flat_map(pictures).flatten().collect();
        let asset_ids = if parts.assets { asset_ids } else { Vec::new() };
        let assets = asset::repo::find_many(reader, scope, languages, &asset_ids).await?;
        let matching: Vec<i64> = matches.iter().map(|found| found.variant_id.0).collect();
        let of_values = wanted(parts.facet_values, matching.clone());
        let of_collections = wanted(parts.collections, matching);
        let products: Vec<ProductId> = rows.iter().map(|row| row.product_id).collect();
        let of_stock = wanted(parts.stock, batch::raw(&products));
        let in_stock = repo::variants_in_stock(reader, searcher, of_stock).await?;
        Ok(Self {
            variants: variants.into_iter().map(|variant| (variant.id, variant)).collect(),
            assets: assets.into_iter().map(|asset| (asset.id, Arc::new(asset))).collect(),
            facet_values: repo::facet_values(reader, scope, audience, of_values).await?,
            collections: repo::collections(reader, scope, audience, of_collections).await?,
            products_in_stock: in_stock.iter().map(|(_, product)| *product).collect(),
            in_stock: in_stock.into_iter().map(|(variant, _)| variant).collect(),
        })
    }

    fn hits(mut self, rows: Vec<PageRow>, matches: &[Match], grouped: bool) -> Vec<SearchHit> {
        let key = |found: &Match| if grouped { found.product_id.0 } else { found.variant_id.0 };
        let by_result = batch::group(matches.iter().map(|found| (key(found), found)));
        rows.into_iter()
            .filter_map(|row| {
                let variant = self.variants.remove(&row.variant_id)?;
                let result = if grouped { row.product_id.0 } else { row.variant_id.0 };
                let matches = by_result.get(&result).map(Vec::as_slice).unwrap_or_default();
                let values: BTreeSet<(FacetValueId, FacetId)> = of(&self.facet_values, matches);
                let collections: BTreeSet<CollectionId> = of(&self.collections, matches);
                let asset = |id: Option<AssetId>| id.and_then(|id| self.assets.get(&id)).cloned();
                Some(SearchHit {
                    prices: price_spans(matches.iter().copied(), variant.list_price.currency()),
                    product_asset: asset(variant.product.featured_asset_id),
                    variant_asset: asset(variant.featured_asset_id),
                    facet_values: values.into_iter().collect(),
                    collection_ids: collections.into_iter().collect(),
                    in_stock: if grouped {
                        self.products_in_stock.contains(&row.product_id)
                    } else {
                        self.in_stock.contains(&row.variant_id)
                    },
                    score: row.score,
                    variant,
                })
            })
            .collect()
    }
}

fn of<T: Copy + Ord>(things: &HashMap<VariantId, Vec<T>>, matches: &[&Match]) -> BTreeSet<T> {
    matches.iter().filter_map(|found| things.get(&found.variant_id)).flatten().copied().collect()
}
