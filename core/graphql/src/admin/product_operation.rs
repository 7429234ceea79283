//! What administrators do with products.

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use soko_domain::catalogue::{NewProduct, ProductChanges};

use super::product::Product;
use super::translation_input::{ProductTranslationInput, texts};
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{Id, NoCustomFields, each_id};
use crate::shared::deletion::DeletionResponse;

/// A product to be created, without variants.
#[derive(InputObject)]
#[graphql(name = "CreateProductInput")]
pub struct CreateProductInput {
    /// The picture that stands for it; the first of `assetIds` when absent.
    pub featured_asset_id: Option<Id>,
    /// Whether the shop shows it; it does when absent.
    pub enabled: Option<bool>,
    /// Its pictures in order.
    pub asset_ids: Option<Vec<Id>>,
    /// What it is classified as.
    pub facet_value_ids: Option<Vec<Id>>,
    /// Its texts, in at least one language.
    pub translations: Vec<ProductTranslationInput>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl From<CreateProductInput> for NewProduct {
    fn from(input: CreateProductInput) -> Self {
        Self {
            enabled: input.enabled.unwrap_or(true),
            featured_asset_id: input.featured_asset_id.map(Into::into),
            asset_ids: each_id(input.asset_ids).unwrap_or_default(),
            facet_value_ids: each_id(input.facet_value_ids).unwrap_or_default(),
            translations: texts(input.translations),
        }
    }
}

/// What changes of a product; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateProductInput")]
pub struct UpdateProductInput {
    /// The product.
    pub id: Id,
    /// Whether the shop shows it.
    pub enabled: Option<bool>,
    /// The picture that stands for it; `null` takes it away.
    pub featured_asset_id: MaybeUndefined<Id>,
    /// Its pictures in order.
    pub asset_ids: Option<Vec<Id>>,
    /// What it is classified as.
    pub facet_value_ids: Option<Vec<Id>>,
    /// Texts that change.
    pub translations: Option<Vec<ProductTranslationInput>>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl From<UpdateProductInput> for ProductChanges {
    fn from(input: UpdateProductInput) -> Self {
        let featured: Option<Option<Id>> = input.featured_asset_id.into();
        Self {
            id: input.id.into(),
            enabled: input.enabled,
            featured_asset_id: featured.map(|id| id.map(Into::into)),
            asset_ids: each_id(input.asset_ids),
            facet_value_ids: each_id(input.facet_value_ids),
            translations: texts(input.translations.into_iter().flatten()),
        }
    }
}

/// Changes of products.
#[derive(Default)]
pub struct ProductMutation;

#[Object]
impl ProductMutation {
    /// Creates a product; its variants are created afterwards.
    async fn create_product(&self, context: &Context<'_>, input: CreateProductInput) -> ApiResult<Product> {
        let request = context.request();
        let actor = request.current_actor().await?;
        Ok(Product::from(&request.services.catalogue.create_product(&actor, input.into()).await?))
    }

    /// Changes a product.
    async fn update_product(&self, context: &Context<'_>, input: UpdateProductInput) -> ApiResult<Product> {
        let request = context.request();
        let actor = request.current_actor().await?;
        Ok(Product::from(&request.services.catalogue.update_product(&actor, input.into()).await?))
    }

    /// Changes products, all or none.
    async fn update_products(
        &self,
        context: &Context<'_>,
        input: Vec<UpdateProductInput>,
    ) -> ApiResult<Vec<Product>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let changes = input.into_iter().map(Into::into).collect();
        let changed = request.services.catalogue.update_products(&actor, changes).await?;
        Ok(changed.iter().map(Product::from).collect())
    }

    /// Deletes a product with its variants. Orders keep showing it.
    async fn delete_product(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.catalogue.delete_products(&actor, vec![id.into()]).await?;
        Ok(DeletionResponse::deleted())
    }

    /// Deletes products with their variants, all or none.
    async fn delete_products(&self, context: &Context<'_>, ids: Vec<Id>) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let gone = vec![DeletionResponse::deleted(); ids.len()];
        request.services.catalogue.delete_products(&actor, ids.into_iter().map(Into::into).collect()).await?;
        Ok(gone)
    }

    /// Gives a product an option group. Variants made from then on need an option of it.
    async fn add_option_group_to_product(
        &self,
        context: &Context<'_>,
        product_id: Id,
        option_group_id: Id,
    ) -> ApiResult<Product> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let (product, group) = (product_id.into(), option_group_id.into());
        let changed = request.services.catalogue.add_option_group_to_product(&actor, product, group).await?;
        Ok(Product::from(&changed))
    }
}
