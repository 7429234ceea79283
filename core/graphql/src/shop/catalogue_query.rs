//! Queries of the catalogue.

use async_graphql::{Context, Object};

use super::collection::{Collection, CollectionList};
use super::facet::{Facet, FacetList};
use super::lists::{Collections, Facets, Products};
use super::product::{Product, ProductList};
use super::search::SearchResponse;
use crate::context::{OfRequest as _, RequestContext};
use crate::error::{ApiResult, Nullable};
use crate::scalars::Id;
use crate::shared::list_options::ListOptions;
use crate::shared::search::SearchInput;

/// Queries of the catalogue.
#[derive(Default)]
pub struct CatalogueQuery;

#[Object]
impl CatalogueQuery {
    /// A page of collections; with `topLevelOnly`, of those that are below nothing.
    async fn collections(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Collections>>,
    ) -> ApiResult<CollectionList> {
        let top_level_only = options.as_ref().is_some_and(|options| options.has("topLevelOnly"));
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.catalogue().list_collections(&request.actor(), top_level_only, &query).await?;
        Ok(CollectionList {
            items: page.items.iter().map(Collection::from).collect(),
            total_items: page.total,
        })
    }

    /// A collection by its id or its slug.
    async fn collection(
        &self,
        context: &Context<'_>,
        id: Option<Id>,
        slug: Option<String>,
    ) -> Nullable<Collection> {
        find_collection(context.request(), id, slug).await.transpose()
    }

    /// A page of facets.
    async fn facets(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Facets>>,
    ) -> ApiResult<FacetList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.catalogue().list_facets(&request.actor(), &query).await?;
        Ok(FacetList { items: page.items.iter().map(Facet::from).collect(), total_items: page.total })
    }

    /// A facet.
    async fn facet(&self, context: &Context<'_>, id: Id) -> Nullable<Facet> {
        let facet = context.request().facet(id.into()).await;
        facet.map(|facet| facet.as_deref().map(Facet::from)).transpose()
    }

    /// A product by its id or its slug.
    async fn product(
        &self,
        context: &Context<'_>,
        id: Option<Id>,
        slug: Option<String>,
    ) -> Nullable<Product> {
        find_product(context.request(), id, slug).await.transpose()
    }

    /// A page of products.
    async fn products(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Products>>,
    ) -> ApiResult<ProductList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.catalogue().list_products(&request.actor(), &query).await?;
        Ok(ProductList { items: page.items.iter().map(Product::from).collect(), total_items: page.total })
    }

    /// Products or variants by words, facet values and collections.
    async fn search(&self, context: &Context<'_>, input: SearchInput) -> ApiResult<SearchResponse> {
        SearchResponse::of(context, input).await
    }
}

/// By slug where one is given; where both are, they must name the same.
async fn find_product(
    request: &RequestContext,
    id: Option<Id>,
    slug: Option<String>,
) -> ApiResult<Option<Product>> {
    let (reads, actor) = (request.catalogue(), request.actor());
    let found = match (id, slug) {
        (_, Some(slug)) => reads.find_product_by_slug(&actor, &slug).await?,
        (Some(id), None) => reads.find_product(&actor, id.into()).await?,
        (None, None) => None,
    };
    Ok(found.filter(|product| id.is_none_or(|id| id == product.id.into())).as_ref().map(Product::from))
}

async fn find_collection(
    request: &RequestContext,
    id: Option<Id>,
    slug: Option<String>,
) -> ApiResult<Option<Collection>> {
    let (reads, actor) = (request.catalogue(), request.actor());
    let found = match (id, slug) {
        (_, Some(slug)) => reads.find_collection_by_slug(&actor, &slug).await?,
        (Some(id), None) => reads.find_collection(&actor, id.into()).await?,
        (None, None) => None,
    };
    Ok(found
        .filter(|collection| id.is_none_or(|id| id == collection.id.into()))
        .as_ref()
        .map(Collection::from))
}
