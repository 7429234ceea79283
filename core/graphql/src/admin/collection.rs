//! The shop's tree of categories.

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::catalogue::{self, VariantsOf};
use soko_kernel::{AssetId, CollectionId};

use super::lists::ProductVariants;
use super::variant::ProductVariantList;
use crate::context::OfRequest as _;
use crate::error::{ApiResult, Nullable};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};
use crate::shared::asset::Asset;
use crate::shared::enums::LanguageCode;
use crate::shared::list_options::ListOptions;
use crate::shared::loads::each;
use crate::shared::values::{CollectionTranslation, ConfigurableOperation};

/// A node in the shop's tree of categories.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Collection", complex)]
pub struct Collection {
    /// Whether only administrators see it.
    pub is_private: bool,
    /// Whether its ancestors' filters narrow what its own select.
    pub inherit_filters: bool,
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The language of the texts.
    pub language_code: Option<LanguageCode>,
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// Its place among its siblings, lowest first.
    pub position: i64,
    /// Its description.
    pub description: String,
    /// What it is below.
    pub parent_id: Id,
    /// Which variants it gathers.
    pub filters: Vec<ConfigurableOperation>,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    featured_asset_id: Option<AssetId>,
    #[graphql(skip)]
    above: Option<CollectionId>,
}

impl From<&catalogue::Collection> for Collection {
    fn from(collection: &catalogue::Collection) -> Self {
        Self {
            is_private: collection.is_private,
            inherit_filters: collection.inherit_filters,
            id: collection.id.into(),
            created_at: collection.created_at.into(),
            updated_at: collection.updated_at.into(),
            language_code: Some(LanguageCode(collection.language)),
            name: collection.name.clone(),
            slug: collection.slug.clone(),
            position: collection.position,
            description: collection.description.clone(),
            parent_id: collection.parent_id.unwrap_or(collection.id).into(),
            filters: collection.filters.iter().map(ConfigurableOperation::from).collect(),
            custom_fields: NO_CUSTOM_FIELDS,
            featured_asset_id: collection.featured_asset_id,
            above: collection.parent_id,
        }
    }
}

#[ComplexObject]
impl Collection {
    /// The way from the root to it, itself included.
    async fn breadcrumbs(&self, context: &Context<'_>) -> ApiResult<Vec<CollectionBreadcrumb>> {
        Ok(each(&context.request().breadcrumbs_of_collection(self.id.into()).await?))
    }

    /// The picture that stands for it.
    async fn featured_asset(&self, context: &Context<'_>) -> Nullable<Asset> {
        Asset::load(context, self.featured_asset_id).await.transpose()
    }

    /// Its pictures in order.
    async fn assets(&self, context: &Context<'_>) -> ApiResult<Vec<Asset>> {
        Ok(each(&context.request().assets_of_collection(self.id.into()).await?))
    }

    /// What it is below.
    async fn parent(&self, context: &Context<'_>) -> Nullable<Collection> {
        let parent = context.request().collection(self.above?).await;
        parent.map(|parent| parent.as_deref().map(Collection::from)).transpose()
    }

    /// What is below it, in order.
    async fn children(&self, context: &Context<'_>) -> Nullable<Vec<Collection>> {
        Some(context.request().children_of_collection(self.id.into()).await.map(|below| each(&below)))
    }

    /// Its texts in every language.
    async fn translations(&self, context: &Context<'_>) -> ApiResult<Vec<CollectionTranslation>> {
        Ok(each(&context.request().translations_of_collection(self.id.into()).await?))
    }

    /// A page of the variants that it gathers.
    async fn product_variants(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<ProductVariants>>,
    ) -> ApiResult<ProductVariantList> {
        ProductVariantList::load(context, VariantsOf::Collection(self.id.into()), options).await
    }

    /// How many variants it gathers that can be shown.
    async fn product_variant_count(&self, context: &Context<'_>) -> ApiResult<i64> {
        Ok(context.request().variant_count_of_collection(self.id.into()).await?.map_or(0, |count| *count))
    }
}

/// A step on the way to a collection.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "CollectionBreadcrumb")]
pub struct CollectionBreadcrumb {
    /// The collection.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
}

impl From<&catalogue::Breadcrumb> for CollectionBreadcrumb {
    fn from(step: &catalogue::Breadcrumb) -> Self {
        Self { id: step.id.into(), name: step.name.clone(), slug: step.slug.clone() }
    }
}

/// A page of collections.
#[derive(SimpleObject)]
#[graphql(name = "CollectionList")]
pub struct CollectionList {
    /// This page.
    pub items: Vec<Collection>,
    /// Collections in the whole list.
    pub total_items: i64,
}
