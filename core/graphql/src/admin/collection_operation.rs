//! What administrators ask of collections and do with them.

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use soko_domain::catalogue::{CollectionChanges, CollectionPreview, NewCollection, SluggedInput};
use soko_kernel::{AssetId, CollectionId, ConfigurableOperation};

use super::collection::Collection;
use super::lists::ProductVariants;
use super::variant::{ProductVariant, ProductVariantList};
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::Id;
use crate::scalars::NoCustomFields;
use crate::shared::deletion::DeletionResponse;
use crate::shared::enums::LanguageCode;
use crate::shared::list_options::ListOptions;
use crate::shared::operation::{ConfigurableOperationDefinition, ConfigurableOperationInput};

/// A new collection's texts in one language.
#[derive(InputObject)]
#[graphql(name = "CreateCollectionTranslationInput")]
pub struct CreateCollectionTranslationInput {
    /// The language.
    pub language_code: LanguageCode,
    /// The name.
    pub name: String,
    /// The name in addresses; made of the name when empty.
    pub slug: String,
    /// The description.
    pub description: String,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl From<CreateCollectionTranslationInput> for SluggedInput {
    fn from(input: CreateCollectionTranslationInput) -> Self {
        Self {
            language: input.language_code.0,
            name: Some(input.name),
            slug: Some(input.slug),
            description: Some(input.description),
        }
    }
}

/// A collection's texts in one language; absent ones stay.
#[derive(InputObject)]
#[graphql(name = "UpdateCollectionTranslationInput")]
pub struct UpdateCollectionTranslationInput {
    /// Its id; the language alone says which texts these are.
    pub id: Option<Id>,
    /// The language.
    pub language_code: LanguageCode,
    /// The name.
    pub name: Option<String>,
    /// The name in addresses.
    pub slug: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl From<UpdateCollectionTranslationInput> for SluggedInput {
    fn from(input: UpdateCollectionTranslationInput) -> Self {
        Self {
            language: input.language_code.0,
            name: input.name,
            slug: input.slug,
            description: input.description,
        }
    }
}

/// A collection to be created, as the last of those below its parent.
#[derive(InputObject)]
#[graphql(name = "CreateCollectionInput")]
pub struct CreateCollectionInput {
    /// Whether only administrators see it; not so when absent.
    pub is_private: Option<bool>,
    /// The picture that stands for it; the first of its pictures when absent.
    pub featured_asset_id: Option<Id>,
    /// Its pictures in order.
    pub asset_ids: Option<Vec<Id>>,
    /// What it is below; nothing when absent.
    pub parent_id: Option<Id>,
    /// Whether its ancestors' filters narrow what its own select; they do when absent.
    pub inherit_filters: Option<bool>,
    /// What selects its variants.
    pub filters: Vec<ConfigurableOperationInput>,
    /// Its texts, in at least one language.
    pub translations: Vec<CreateCollectionTranslationInput>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl From<CreateCollectionInput> for NewCollection {
    fn from(input: CreateCollectionInput) -> Self {
        Self {
            parent_id: input.parent_id.map(Into::into),
            is_private: input.is_private.unwrap_or(false),
            inherit_filters: input.inherit_filters.unwrap_or(true),
            filters: filters(input.filters),
            featured_asset_id: input.featured_asset_id.map(Into::into),
            asset_ids: input.asset_ids.map(asset_ids).unwrap_or_default(),
            translations: input.translations.into_iter().map(Into::into).collect(),
        }
    }
}

/// What changes of a collection; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateCollectionInput")]
pub struct UpdateCollectionInput {
    /// The collection.
    pub id: Id,
    /// Whether only administrators see it.
    pub is_private: Option<bool>,
    /// The picture that stands for it; null takes it away.
    pub featured_asset_id: MaybeUndefined<Id>,
    /// What it is below; another parent puts it last there.
    pub parent_id: Option<Id>,
    /// Its pictures in order.
    pub asset_ids: Option<Vec<Id>>,
    /// Whether its ancestors' filters narrow what its own select.
    pub inherit_filters: Option<bool>,
    /// What selects its variants.
    pub filters: Option<Vec<ConfigurableOperationInput>>,
    /// Texts that change.
    pub translations: Option<Vec<UpdateCollectionTranslationInput>>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl From<UpdateCollectionInput> for CollectionChanges {
    fn from(input: UpdateCollectionInput) -> Self {
        let featured: Option<Option<Id>> = input.featured_asset_id.into();
        Self {
            parent_id: input.parent_id.map(Into::into),
            is_private: input.is_private,
            inherit_filters: input.inherit_filters,
            filters: input.filters.map(filters),
            featured_asset_id: featured.map(|id| id.map(Into::into)),
            asset_ids: input.asset_ids.map(asset_ids),
            translations: input.translations.unwrap_or_default().into_iter().map(Into::into).collect(),
        }
    }
}

/// Where a collection goes.
#[derive(InputObject)]
#[graphql(name = "MoveCollectionInput")]
pub struct MoveCollectionInput {
    /// The collection.
    pub collection_id: Id,
    /// What it is below from now on.
    pub parent_id: Id,
    /// Its place there, from 0; past the last it is the last.
    pub index: i32,
}

/// A collection that might be.
#[derive(InputObject)]
#[graphql(name = "PreviewCollectionVariantsInput")]
pub struct PreviewCollectionVariantsInput {
    /// What it would be below; nothing when absent.
    pub parent_id: Option<Id>,
    /// Whether its ancestors' filters would narrow what its own select.
    pub inherit_filters: bool,
    /// What would select its variants.
    pub filters: Vec<ConfigurableOperationInput>,
}

impl From<PreviewCollectionVariantsInput> for CollectionPreview {
    fn from(input: PreviewCollectionVariantsInput) -> Self {
        Self {
            parent_id: input.parent_id.map(Into::into),
            inherit_filters: input.inherit_filters,
            filters: filters(input.filters),
        }
    }
}

fn filters(inputs: Vec<ConfigurableOperationInput>) -> Vec<ConfigurableOperation> {
    inputs.into_iter().map(Into::into).collect()
}

fn asset_ids(ids: Vec<Id>) -> Vec<AssetId> {
    ids.into_iter().map(Into::into).collect()
}

/// Queries of collections.
#[derive(Default)]
pub struct CollectionQuery;

#[Object]
impl CollectionQuery {
    /// A collection by its id, or else by its slug.
    async fn collection(
        &self,
        context: &Context<'_>,
        id: Option<Id>,
        slug: Option<String>,
    ) -> Nullable<Collection> {
        let request = context.request();
        let (actor, reads) = (request.actor(), request.catalogue());
        let found = match (id, slug) {
            (Some(id), _) => reads.find_collection(&actor, id.into()).await,
            (None, Some(slug)) => reads.find_collection_by_slug(&actor, &slug).await,
            (None, None) => return None,
        };
        found.map(|found| found.as_ref().map(Collection::from)).map_err(ApiError::from).transpose()
    }

    /// The filters that a collection may have.
    async fn collection_filters(
        &self,
        context: &Context<'_>,
    ) -> ApiResult<Vec<ConfigurableOperationDefinition>> {
        let request = context.request();
        let filters = request.catalogue().collection_filters(&request.actor())?;
        Ok(filters.iter().map(ConfigurableOperationDefinition::from).collect())
    }

    /// A page of the variants that a collection would hold.
    async fn preview_collection_variants(
        &self,
        context: &Context<'_>,
        input: PreviewCollectionVariantsInput,
        options: Option<ListOptions<ProductVariants>>,
    ) -> ApiResult<ProductVariantList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.catalogue().preview_collection(&request.actor(), &input.into(), &query).await?;
        Ok(ProductVariantList {
            items: page.items.iter().map(ProductVariant::from).collect(),
            total_items: page.total,
        })
    }
}

/// Changes of collections.
#[derive(Default)]
pub struct CollectionMutation;

#[Object]
impl CollectionMutation {
    /// Creates a collection and fills it.
    async fn create_collection(
        &self,
        context: &Context<'_>,
        input: CreateCollectionInput,
    ) -> ApiResult<Collection> {
        let request = context.request();
        let actor = request.current_actor().await?;
        Ok(Collection::from(&request.services.catalogue.create_collection(&actor, input.into()).await?))
    }

    /// Changes a collection, and fills it anew.
    async fn update_collection(
        &self,
        context: &Context<'_>,
        input: UpdateCollectionInput,
    ) -> ApiResult<Collection> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let id = input.id.into();
        Ok(Collection::from(&request.services.catalogue.update_collection(&actor, id, input.into()).await?))
    }

    /// Deletes a collection and everything below it. Its variants stay.
    async fn delete_collection(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        delete(context, &[id]).await?;
        Ok(DeletionResponse::deleted())
    }

    /// Deletes collections and everything below them, all or none. Their variants stay.
    async fn delete_collections(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        delete(context, &ids).await?;
        Ok(vec![DeletionResponse::deleted(); ids.len()])
    }

    /// Puts a collection at a place below another, and fills it anew.
    async fn move_collection(
        &self,
        context: &Context<'_>,
        input: MoveCollectionInput,
    ) -> ApiResult<Collection> {
        let request = context.request();
        let actor = request.current_actor().await?;
        // Before the first is the first.
        let index = usize::try_from(input.index).unwrap_or(0);
        let (id, parent) = (input.collection_id.into(), input.parent_id.into());
        let moved = request.services.catalogue.move_collection(&actor, id, parent, index).await?;
        Ok(Collection::from(&moved))
    }
}

async fn delete(context: &Context<'_>, ids: &[Id]) -> ApiResult<()> {
    let request = context.request();
    let actor = request.current_actor().await?;
    let ids: Vec<CollectionId> = ids.iter().copied().map(Into::into).collect();
    request.services.catalogue.delete_collections(&actor, ids).await?;
    Ok(())
}
