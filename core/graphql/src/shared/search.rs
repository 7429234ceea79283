//! Search: products or variants by words, facet values and collections. What a result leads to differs between the
//! endpoints, which show it in types of their own; the rest stands here.

use async_graphql::{Context, InputObject, Lookahead, SimpleObject, Union};
use soko_domain::catalogue::{self, FacetValueFilter, SearchHit, SearchParts};
use soko_domain::pricing::TaxedAmount;

use super::enums::{CurrencyCode, LogicalOperator, SortOrder};
use super::values::Coordinate;
use crate::context::{OfRequest as _, RequestContext};
use crate::error::ApiResult;
use crate::scalars::{Id, Money};

/// Which facet values an item must have: one of them, or one of several.
#[derive(InputObject)]
#[graphql(name = "FacetValueFilterInput")]
pub struct FacetValueFilterInput {
    /// This one.
    pub and: Option<Id>,
    /// One of these.
    pub or: Option<Vec<Id>>,
}

/// What to search for.
#[derive(InputObject)]
#[graphql(name = "SearchInput")]
pub struct SearchInput {
    /// Words; everything when absent.
    pub term: Option<String>,
    /// Facet values that an item must have.
    #[graphql(deprecation = "Use `facetValueFilters` instead")]
    pub facet_value_ids: Option<Vec<Id>>,
    /// Whether all of `facetValueIds` are needed, or one.
    #[graphql(deprecation = "Use `facetValueFilters` instead")]
    pub facet_value_operator: Option<LogicalOperator>,
    /// Facet values that an item must have: all of these filters must hold.
    pub facet_value_filters: Option<Vec<FacetValueFilterInput>>,
    /// Within this collection.
    pub collection_id: Option<Id>,
    /// Within one of these collections.
    pub collection_ids: Option<Vec<Id>>,
    /// Within this collection.
    pub collection_slug: Option<String>,
    /// Within one of these collections.
    pub collection_slugs: Option<Vec<String>>,
    /// One item per product, not per variant.
    pub group_by_product: Option<bool>,
    /// Items on the page.
    pub take: Option<i32>,
    /// Items before the page.
    pub skip: Option<i32>,
    /// The order of the items; by relevance when absent.
    pub sort: Option<SearchResultSortParameter>,
    /// Only what is in stock, or only what is not.
    pub in_stock: Option<bool>,
}

/// The order of search results.
#[derive(InputObject)]
#[graphql(name = "SearchResultSortParameter")]
pub struct SearchResultSortParameter {
    /// By name.
    pub name: Option<SortOrder>,
    /// By price.
    pub price: Option<SortOrder>,
}

impl From<SearchInput> for catalogue::SearchInput {
    fn from(input: SearchInput) -> Self {
        let filter = |filter: FacetValueFilterInput| FacetValueFilter {
            and: filter.and.map(Into::into),
            or: filter.or.map(|ids| ids.into_iter().map(Into::into).collect()),
        };
        let sort = input.sort;
        Self {
            term: input.term,
            facet_value_ids: input.facet_value_ids.into_iter().flatten().map(Into::into).collect(),
            facet_value_any: input.facet_value_operator == Some(LogicalOperator::Or),
            facet_value_filters: input.facet_value_filters.into_iter().flatten().map(filter).collect(),
            collection_id: input.collection_id.map(Into::into),
            collection_ids: input.collection_ids.into_iter().flatten().map(Into::into).collect(),
            collection_slug: input.collection_slug,
            collection_slugs: input.collection_slugs.unwrap_or_default(),
            group_by_product: input.group_by_product.unwrap_or(false),
            in_stock: input.in_stock,
            sort_by_name: sort.as_ref().and_then(|sort| sort.name).map(Into::into),
            sort_by_price: sort.as_ref().and_then(|sort| sort.price).map(Into::into),
            take: input.take.map(i64::from),
            skip: input.skip.map(i64::from),
        }
    }
}

/// A page of what was found.
pub(crate) struct Found {
    /// The results, each with what both endpoints show of it.
    pub items: Vec<(SearchHit, FoundFields)>,
    /// Results in the whole list.
    pub total_items: i64,
    /// The search, for the counts over all of its results.
    pub input: catalogue::SearchInput,
}

impl Found {
    /// The answer to a search, with the parts that the client selects.
    ///
    /// # Errors
    /// A search that cannot be understood.
    pub(crate) async fn search(context: &Context<'_>, input: SearchInput) -> ApiResult<Self> {
        let request = context.request();
        let input = catalogue::SearchInput::from(input);
        let selected = context.look_ahead();
        if !selected.field("items").exists() && !selected.field("totalItems").exists() {
            return Ok(Self { items: Vec::new(), total_items: 0, input });
        }
        let parts = parts(&selected.field("items"));
        let page = request.catalogue().search(&request.actor(), &input, parts).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for hit in page.items {
            let fields = FoundFields::of(request, &hit, input.group_by_product).await?;
            items.push((hit, fields));
        }
        Ok(Self { items, total_items: page.total, input })
    }
}

/// Which parts of the results are selected.
fn parts(items: &Lookahead<'_>) -> SearchParts {
    let any = |fields: &[&str]| fields.iter().any(|field| items.field(field).exists());
    SearchParts {
        assets: any(&["productAsset", "productVariantAsset"]),
        facet_values: any(&["facetIds", "facetValueIds"]),
        collections: any(&["collectionIds"]),
        stock: any(&["inStock"]),
    }
}

/// What both endpoints show of a result: a variant that was found, or a product with the variant that matches best.
#[derive(SimpleObject)]
#[graphql(name = "SearchResultOfAnyEndpoint")]
pub struct FoundFields {
    /// The variant's number.
    pub sku: String,
    /// The product's name in addresses.
    pub slug: String,
    /// The product.
    pub product_id: Id,
    /// The product's name.
    pub product_name: String,
    /// The product's picture.
    pub product_asset: Option<SearchResultAsset>,
    /// The variant.
    pub product_variant_id: Id,
    /// The variant's name.
    pub product_variant_name: String,
    /// The variant's picture.
    pub product_variant_asset: Option<SearchResultAsset>,
    /// Without tax.
    pub price: SearchResultPrice,
    /// With tax.
    pub price_with_tax: SearchResultPrice,
    /// The currency of the prices.
    pub currency_code: CurrencyCode,
    /// The product's description.
    pub description: String,
    /// Facets of its values.
    pub facet_ids: Vec<Id>,
    /// Facet values.
    pub facet_value_ids: Vec<Id>,
    /// Collections that it is in.
    pub collection_ids: Vec<Id>,
    /// How well it matches, to compare results of one search.
    pub score: f64,
    /// Whether it can be bought.
    pub in_stock: bool,
}

impl FoundFields {
    async fn of(request: &RequestContext, hit: &SearchHit, grouped: bool) -> ApiResult<Self> {
        let (variant, product) = (&hit.variant, &hit.variant.product);
        let mut prices: Vec<(TaxedAmount, TaxedAmount)> = Vec::with_capacity(hit.prices.len());
        for span in &hit.prices {
            let category = span.tax_category_id;
            let low = request.list_price(category, span.min).await?;
            prices.push((low, request.list_price(category, span.max).await?));
        }
        let asset = |asset: &Option<std::sync::Arc<catalogue::Asset>>| {
            asset.as_ref().map(|asset| SearchResultAsset::of(request, asset))
        };
        let mut facet_ids: Vec<Id> = hit.facet_values.iter().map(|(_, facet)| (*facet).into()).collect();
        facet_ids.sort_by_key(|id| id.0);
        facet_ids.dedup();
        Ok(Self {
            sku: variant.sku.clone(),
            slug: product.slug.clone(),
            product_id: product.id.into(),
            product_name: product.name.clone(),
            product_asset: asset(&hit.product_asset),
            product_variant_id: variant.id.into(),
            product_variant_name: variant.name.clone(),
            product_variant_asset: asset(&hit.variant_asset),
            price: SearchResultPrice::of(&prices, grouped, |amount| amount.net),
            price_with_tax: SearchResultPrice::of(&prices, grouped, |amount| amount.gross),
            currency_code: CurrencyCode(variant.list_price.currency()),
            description: product.description.clone(),
            facet_ids,
            facet_value_ids: hit.facet_values.iter().map(|(value, _)| (*value).into()).collect(),
            collection_ids: hit.collection_ids.iter().map(|id| (*id).into()).collect(),
            score: hit.score,
            in_stock: hit.in_stock,
        })
    }
}

/// The picture of a result.
#[derive(SimpleObject)]
#[graphql(name = "SearchResultAsset")]
pub struct SearchResultAsset {
    /// The asset.
    pub id: Id,
    /// Where a version of it for display is.
    pub preview: String,
    /// What stays in view when it is cropped.
    pub focal_point: Option<Coordinate>,
}

impl SearchResultAsset {
    fn of(request: &RequestContext, asset: &catalogue::Asset) -> Self {
        let point = asset.focal_point_x_ppm.zip(asset.focal_point_y_ppm);
        Self {
            id: asset.id.into(),
            preview: request.asset_url(&asset.preview),
            focal_point: point.map(|(x, y)| Coordinate::at_ppm(x, y)),
        }
    }
}

/// The price of a result: a range for a product, one price for a variant.
#[derive(Union)]
#[graphql(name = "SearchResultPrice")]
pub enum SearchResultPrice {
    /// Of a product.
    PriceRange(PriceRange),
    /// Of a variant.
    SinglePrice(SinglePrice),
}

impl SearchResultPrice {
    fn of(prices: &[(TaxedAmount, TaxedAmount)], grouped: bool, side: fn(&TaxedAmount) -> i64) -> Self {
        let min = Money(prices.iter().map(|(low, _)| side(low)).min().unwrap_or_default());
        let max = Money(prices.iter().map(|(_, high)| side(high)).max().unwrap_or_default());
        if grouped {
            Self::PriceRange(PriceRange { min, max })
        } else {
            Self::SinglePrice(SinglePrice { value: min })
        }
    }
}

/// From the lowest to the highest price of the variants that match.
#[derive(SimpleObject)]
#[graphql(name = "PriceRange")]
pub struct PriceRange {
    /// The lowest.
    pub min: Money,
    /// The highest.
    pub max: Money,
}

/// The price of a variant.
#[derive(SimpleObject)]
#[graphql(name = "SinglePrice")]
pub struct SinglePrice {
    /// The price.
    pub value: Money,
}
