//! What administrators ask of assets and tags and do with them.

use async_graphql::{Context, Object};
use soko_domain::catalogue::{self, AssetTags, CatalogueError};
use soko_kernel::{AssetId, ErrorKind};

use super::asset::{
    AssetList, CreateAssetInput, CreateAssetResult, CreateTagInput, DeleteAssetInput, DeleteAssetsInput,
    IncomingAsset, TagList, UpdateAssetInput, UpdateTagInput,
};
use super::lists::{Assets, Tags};
use super::refusals::MimeTypeError;
use super::upload::UploadedFile;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::Id;
use crate::shared::asset::{Asset, Tag};
use crate::shared::deletion::DeletionResponse;
use crate::shared::enums::LogicalOperator;
use crate::shared::list_options::ListOptions;
use crate::shared::refusals::Refused as _;

/// Queries of assets and tags.
#[derive(Default)]
pub struct AssetQuery;

#[Object]
impl AssetQuery {
    /// A page of assets; with `tags`, of those that have all of them, or with the operator `OR` one of them.
    async fn assets(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Assets>>,
    ) -> ApiResult<AssetList> {
        let mut tags = AssetTags { tags: Vec::new(), all: true };
        if let Some(options) = &options {
            tags.tags = options.other("tags")?.unwrap_or_default();
            tags.all = options.other::<LogicalOperator>("tagsOperator")? != Some(LogicalOperator::Or);
        }
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.catalogue().list_assets(&request.actor(), &tags, &query).await?;
        Ok(AssetList { items: page.items.iter().map(Asset::from).collect(), total_items: page.total })
    }

    /// An asset.
    async fn asset(&self, context: &Context<'_>, id: Id) -> Nullable<Asset> {
        Asset::load(context, Some(id.into())).await.transpose()
    }

    /// A page of tags.
    async fn tags(&self, context: &Context<'_>, options: Option<ListOptions<Tags>>) -> ApiResult<TagList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.catalogue().list_tags(&request.actor(), &query).await?;
        Ok(TagList { items: page.items.iter().map(Tag::from).collect(), total_items: page.total })
    }

    /// A tag.
    async fn tag(&self, context: &Context<'_>, id: Id) -> ApiResult<Tag> {
        let request = context.request();
        let found = request.catalogue().find_tag(&request.actor(), id.into()).await?;
        found
            .as_ref()
            .map(Tag::from)
            .ok_or_else(|| ApiError::new(ErrorKind::NotFound, "there is no such tag"))
    }
}

/// Changes of assets and tags.
#[derive(Default)]
pub struct AssetMutation;

#[Object]
impl AssetMutation {
    /// Stores those of the files that are pictures. One that is too large refuses them all.
    async fn create_assets(
        &self,
        context: &Context<'_>,
        input: Vec<CreateAssetInput>,
    ) -> ApiResult<Vec<CreateAssetResult>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let open = |input: CreateAssetInput| {
            Ok(IncomingAsset {
                file: UploadedFile::open(context, input.file)?,
                tags: input.tags.unwrap_or_default(),
                translations: input.translations.unwrap_or_default(),
            })
        };
        let incoming = input.into_iter().map(open).collect::<ApiResult<Vec<_>>>()?;
        let said: Vec<(String, String)> =
            incoming.iter().map(|asset| (asset.file.name.clone(), asset.file.media_type.clone())).collect();
        let files = incoming.into_iter().map(IncomingAsset::read).collect();
        let outcome = request.services.catalogue.create_assets::<_, ApiError>(&actor, files).await?;
        let answer = |((name, media_type), outcome): (_, Result<catalogue::Asset, _>)| match outcome {
            Ok(asset) => CreateAssetResult::Asset(Box::new(Asset::from(&asset))),
            Err(refusal) => CreateAssetResult::MimeTypeError(
                MimeTypeError::new(name, media_type).because(CatalogueError::Picture(refusal).to_string()),
            ),
        };
        Ok(said.into_iter().zip(outcome).map(answer).collect())
    }

    /// Changes an asset.
    async fn update_asset(&self, context: &Context<'_>, input: UpdateAssetInput) -> ApiResult<Asset> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let id = input.id.into();
        let changed = request.services.catalogue.update_asset(&actor, id, input.changes()?).await?;
        Ok(Asset::from(&changed))
    }

    /// Deletes an asset that nothing shows, or with `force` any.
    async fn delete_asset(
        &self,
        context: &Context<'_>,
        input: DeleteAssetInput,
    ) -> ApiResult<DeletionResponse> {
        delete(context, vec![input.asset_id], input.force).await
    }

    /// Deletes assets if nothing shows any of them, or with `force` in any case.
    async fn delete_assets(
        &self,
        context: &Context<'_>,
        input: DeleteAssetsInput,
    ) -> ApiResult<DeletionResponse> {
        delete(context, input.asset_ids, input.force).await
    }

    /// Creates a tag, or answers the one that has the label.
    async fn create_tag(&self, context: &Context<'_>, input: CreateTagInput) -> ApiResult<Tag> {
        let request = context.request();
        let actor = request.current_actor().await?;
        Ok(Tag::from(&request.services.catalogue.create_tag(&actor, &input.value).await?))
    }

    /// Renames a tag.
    async fn update_tag(&self, context: &Context<'_>, input: UpdateTagInput) -> ApiResult<Tag> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let (id, value) = (input.id.into(), input.value.as_deref());
        Ok(Tag::from(&request.services.catalogue.update_tag(&actor, id, value).await?))
    }

    /// Deletes a tag; assets lose it.
    async fn delete_tag(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.catalogue.delete_tag(&actor, id.into()).await?;
        Ok(DeletionResponse::deleted())
    }
}

async fn delete(context: &Context<'_>, ids: Vec<Id>, force: Option<bool>) -> ApiResult<DeletionResponse> {
    let request = context.request();
    let actor = request.current_actor().await?;
    let ids: Vec<AssetId> = ids.into_iter().map(Into::into).collect();
    let outcome = request.services.catalogue.delete_assets(&actor, ids, force.unwrap_or(false)).await;
    match outcome {
        Ok(()) => Ok(DeletionResponse::deleted()),
        Err(used @ CatalogueError::AssetInUse { .. }) => Ok(DeletionResponse::kept(used.to_string())),
        Err(error) => Err(error.into()),
    }
}
