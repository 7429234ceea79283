//! Queries of the catalogue: products, variants, collections and facets.

use async_graphql::{Context, Object};
use soko_domain::catalogue::VariantsOf;

use super::collection::{Collection, CollectionList};
use super::facet::{Facet, FacetList};
use super::lists::{Collections, Facets, ProductVariants, Products};
use super::product::{Product, ProductList};
use super::variant::{ProductVariant, ProductVariantList};
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::Id;
use crate::shared::list_options::ListOptions;

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

    /// A page of the channel's products.
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

    /// A product by its id, or else by its slug.
    async fn product(
        &self,
        context: &Context<'_>,
        id: Option<Id>,
        slug: Option<String>,
    ) -> Nullable<Product> {
        let request = context.request();
        let (actor, reads) = (request.actor(), request.catalogue());
        let found = match (id, slug) {
            (Some(id), _) => reads.find_product(&actor, id.into()).await,
            (None, Some(slug)) => reads.find_product_by_slug(&actor, &slug).await,
            (None, None) => return None,
        };
        found.map(|found| found.as_ref().map(Product::from)).map_err(ApiError::from).transpose()
    }

    /// A page of the variants of one product or of all.
    async fn product_variants(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<ProductVariants>>,
        product_id: Option<Id>,
    ) -> ApiResult<ProductVariantList> {
        let of = product_id.map_or(VariantsOf::Channel, |id| VariantsOf::Product(id.into()));
        ProductVariantList::load(context, of, options).await
    }

    /// A variant.
    async fn product_variant(&self, context: &Context<'_>, id: Id) -> Nullable<ProductVariant> {
        let request = context.request();
        let found = request.catalogue().variants(&request.actor(), &[id.into()]).await;
        let first = |found: std::collections::HashMap<_, _>| found.into_values().next();
        found.map(|found| first(found).as_ref().map(ProductVariant::from)).map_err(ApiError::from).transpose()
    }
}
