//! Products.

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::catalogue::{self, VariantsOf};
use soko_kernel::AssetId;

use super::collection::Collection;
use super::facet::FacetValue;
use super::lists::ProductVariants;
use super::option::ProductOptionGroup;
use super::variant::{ProductVariant, ProductVariantList};
use crate::context::OfRequest as _;
use crate::error::{ApiResult, Nullable};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};
use crate::shared::asset::Asset;
use crate::shared::channel::Channel;
use crate::shared::enums::LanguageCode;
use crate::shared::list_options::ListOptions;
use crate::shared::loads::each;
use crate::shared::values::ProductTranslation;

/// A product: what variants are variants of.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Product", complex)]
pub struct Product {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The language of the texts.
    pub language_code: LanguageCode,
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// Its description.
    pub description: String,
    /// Whether the shop shows it.
    pub enabled: bool,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    featured_asset_id: Option<AssetId>,
}

impl From<&catalogue::Product> for Product {
    fn from(product: &catalogue::Product) -> Self {
        Self {
            id: product.id.into(),
            created_at: product.created_at.into(),
            updated_at: product.updated_at.into(),
            language_code: LanguageCode(product.language),
            name: product.name.clone(),
            slug: product.slug.clone(),
            description: product.description.clone(),
            enabled: product.enabled,
            custom_fields: NO_CUSTOM_FIELDS,
            featured_asset_id: product.featured_asset_id,
        }
    }
}

#[ComplexObject]
impl Product {
    /// The channel that it belongs to.
    async fn channels(&self, context: &Context<'_>) -> ApiResult<Vec<Channel>> {
        Channel::own(context).await
    }

    /// The picture that stands for it.
    async fn featured_asset(&self, context: &Context<'_>) -> Nullable<Asset> {
        Asset::load(context, self.featured_asset_id).await.transpose()
    }

    /// Its pictures in order.
    async fn assets(&self, context: &Context<'_>) -> ApiResult<Vec<Asset>> {
        Ok(each(&context.request().assets_of_product(self.id.into()).await?))
    }

    /// Its variants that can be shown.
    async fn variants(&self, context: &Context<'_>) -> ApiResult<Vec<ProductVariant>> {
        Ok(each(&context.request().variants_of_product(self.id.into()).await?))
    }

    /// A page of its variants.
    async fn variant_list(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<ProductVariants>>,
    ) -> ApiResult<ProductVariantList> {
        ProductVariantList::load(context, VariantsOf::Product(self.id.into()), options).await
    }

    /// What its variants differ in.
    async fn option_groups(&self, context: &Context<'_>) -> ApiResult<Vec<ProductOptionGroup>> {
        Ok(each(&context.request().option_groups_of_product(self.id.into()).await?))
    }

    /// What it is classified as.
    async fn facet_values(&self, context: &Context<'_>) -> ApiResult<Vec<FacetValue>> {
        Ok(each(&context.request().facet_values_of_product(self.id.into()).await?))
    }

    /// Its texts in every language.
    async fn translations(&self, context: &Context<'_>) -> ApiResult<Vec<ProductTranslation>> {
        Ok(each(&context.request().translations_of_product(self.id.into()).await?))
    }

    /// Where it is in the shop's tree of categories.
    async fn collections(&self, context: &Context<'_>) -> ApiResult<Vec<Collection>> {
        Ok(each(&context.request().collections_of_product(self.id.into()).await?))
    }
}

/// A page of products.
#[derive(SimpleObject)]
#[graphql(name = "ProductList")]
pub struct ProductList {
    /// This page.
    pub items: Vec<Product>,
    /// Products in the whole list.
    pub total_items: i64,
}
