//! What administrators do with variants.

use async_graphql::{Context, Object};

use super::variant::ProductVariant;
use super::variant_input::{CreateProductVariantInput, UpdateProductVariantInput};
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::Id;
use crate::shared::deletion::DeletionResponse;

/// Changes of variants.
#[derive(Default)]
pub struct VariantMutation;

#[Object]
impl VariantMutation {
    /// Creates variants with their prices and their stock, all or none.
    async fn create_product_variants(
        &self,
        context: &Context<'_>,
        input: Vec<CreateProductVariantInput>,
    ) -> ApiResult<Vec<Option<ProductVariant>>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let read = |input: CreateProductVariantInput| input.read(actor.channel.currency);
        let new = input.into_iter().map(read).collect::<ApiResult<_>>()?;
        let created = request.services.merchandise.create_variants(&actor, new).await?;
        Ok(created.iter().map(|variant| Some(ProductVariant::from(variant))).collect())
    }

    /// Changes a variant, its prices and its stock.
    async fn update_product_variant(
        &self,
        context: &Context<'_>,
        input: UpdateProductVariantInput,
    ) -> ApiResult<ProductVariant> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let changes = input.read(actor.channel.currency)?;
        Ok(ProductVariant::from(&request.services.merchandise.update_variant(&actor, changes).await?))
    }

    /// Changes variants, their prices and their stock, all or none.
    async fn update_product_variants(
        &self,
        context: &Context<'_>,
        input: Vec<UpdateProductVariantInput>,
    ) -> ApiResult<Vec<Option<ProductVariant>>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let read = |input: UpdateProductVariantInput| input.read(actor.channel.currency);
        let changes = input.into_iter().map(read).collect::<ApiResult<_>>()?;
        let changed = request.services.merchandise.update_variants(&actor, changes).await?;
        Ok(changed.iter().map(|variant| Some(ProductVariant::from(variant))).collect())
    }

    /// Deletes a variant. Orders keep showing it.
    async fn delete_product_variant(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.catalogue.delete_variants(&actor, vec![id.into()]).await?;
        Ok(DeletionResponse::deleted())
    }

    /// Deletes variants, all or none.
    async fn delete_product_variants(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let gone = vec![DeletionResponse::deleted(); ids.len()];
        request.services.catalogue.delete_variants(&actor, ids.into_iter().map(Into::into).collect()).await?;
        Ok(gone)
    }
}
