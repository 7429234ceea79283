//! Search: products or variants by words, facet values and collections, also those that customers do not see.

use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use soko_domain::catalogue;

use super::collection::Collection;
use super::facet::FacetValue;
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::Id;
use crate::shared::search::{Found, FoundFields, SearchInput};

/// What was found.
#[derive(SimpleObject)]
#[graphql(name = "SearchResponse", complex)]
pub struct SearchResponse {
    /// This page.
    pub items: Vec<SearchResult>,
    /// Results in the whole list.
    pub total_items: i64,
    #[graphql(skip)]
    input: catalogue::SearchInput,
}

impl SearchResponse {
    /// The answer to a search.
    ///
    /// # Errors
    /// A search that cannot be understood.
    pub(super) async fn of(context: &Context<'_>, input: SearchInput) -> ApiResult<Self> {
        let found = Found::search(context, input).await?;
        let channel: Id = context.request().actor().channel.id.into();
        let item = |(hit, fields): (catalogue::SearchHit, FoundFields)| SearchResult {
            enabled: hit.variant.enabled && hit.variant.product.enabled,
            channel_ids: vec![channel],
            fields,
        };
        let items = found.items.into_iter().map(item).collect();
        Ok(Self { items, total_items: found.total_items, input: found.input })
    }
}

#[ComplexObject]
impl SearchResponse {
    /// The facet values of all results, not only of this page, and how many results have each.
    async fn facet_values(&self, context: &Context<'_>) -> ApiResult<Vec<FacetValueResult>> {
        let request = context.request();
        let counts = request.catalogue().search_facet_values(&request.actor(), &self.input).await?;
        let result = |(value, count): &(catalogue::FacetValue, i64)| FacetValueResult {
            facet_value: FacetValue::from(value),
            count: *count,
        };
        Ok(counts.iter().map(result).collect())
    }

    /// The collections of all results, not only of this page, and how many results are in each.
    async fn collections(&self, context: &Context<'_>) -> ApiResult<Vec<CollectionResult>> {
        let request = context.request();
        let counts = request.catalogue().search_collections(&request.actor(), &self.input).await?;
        let result = |(collection, count): &(catalogue::Collection, i64)| CollectionResult {
            collection: Collection::from(collection),
            count: *count,
        };
        Ok(counts.iter().map(result).collect())
    }
}

/// A facet value, and how many results have it.
#[derive(SimpleObject)]
#[graphql(name = "FacetValueResult")]
pub struct FacetValueResult {
    /// The facet value.
    pub facet_value: FacetValue,
    /// How many results have it.
    pub count: i64,
}

/// A collection, and how many results are in it.
#[derive(SimpleObject)]
#[graphql(name = "CollectionResult")]
pub struct CollectionResult {
    /// The collection.
    pub collection: Collection,
    /// How many results are in it.
    pub count: i64,
}

/// A variant that was found, or a product with the variant that matches best.
#[derive(SimpleObject)]
#[graphql(name = "SearchResult")]
pub struct SearchResult {
    /// Whether the shop shows it: the variant and its product.
    pub enabled: bool,
    /// The channel that it belongs to.
    pub channel_ids: Vec<Id>,
    #[graphql(flatten)]
    fields: FoundFields,
}

/// Search.
#[derive(Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Products or variants by words, facet values and collections.
    async fn search(&self, context: &Context<'_>, input: SearchInput) -> ApiResult<SearchResponse> {
        SearchResponse::of(context, input).await
    }
}
