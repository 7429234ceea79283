//! What administrators ask of facets and do with them.

use async_graphql::{Context, InputObject, Object};
use soko_domain::catalogue::{self, FacetChanges, FacetDeletion, FacetValueChanges, NewFacet, NewFacetValue};
use soko_kernel::{ErrorKind, FacetId, FacetValueId};

use super::facet::{Facet, FacetValue, FacetValueList};
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::Id;
use crate::scalars::NoCustomFields;
use crate::shared::deletion::DeletionResponse;
use crate::shared::list_options::ListOptions;
use crate::shared::lists::FacetValues;
use crate::shared::values::{FacetTranslationInput, FacetValueTranslationInput};

/// A value that is created with its facet.
#[derive(InputObject)]
#[graphql(name = "CreateFacetValueWithFacetInput")]
pub struct CreateFacetValueWithFacetInput {
    /// Its code, unique in the facet.
    pub code: String,
    /// Its name, in at least one language.
    pub translations: Vec<FacetValueTranslationInput>,
}

/// A facet to be created.
#[derive(InputObject)]
#[graphql(name = "CreateFacetInput")]
pub struct CreateFacetInput {
    /// Its code, unique in the channel.
    pub code: String,
    /// Whether only administrators see it.
    pub is_private: bool,
    /// Its name, in at least one language.
    pub translations: Vec<FacetTranslationInput>,
    /// Values that are created with it.
    pub values: Option<Vec<CreateFacetValueWithFacetInput>>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl From<CreateFacetInput> for NewFacet {
    fn from(input: CreateFacetInput) -> Self {
        let value = |value: CreateFacetValueWithFacetInput| (value.code, names(Some(value.translations)));
        Self {
            code: input.code,
            is_private: input.is_private,
            translations: names(Some(input.translations)),
            values: input.values.unwrap_or_default().into_iter().map(value).collect(),
        }
    }
}

/// What changes of a facet; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateFacetInput")]
pub struct UpdateFacetInput {
    /// The facet.
    pub id: Id,
    /// Whether only administrators see it.
    pub is_private: Option<bool>,
    /// Its code, unique in the channel.
    pub code: Option<String>,
    /// Names that change.
    pub translations: Option<Vec<FacetTranslationInput>>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// A facet value to be created.
#[derive(InputObject)]
#[graphql(name = "CreateFacetValueInput")]
pub struct CreateFacetValueInput {
    /// What it is a value of.
    pub facet_id: Id,
    /// Its code, unique in the facet.
    pub code: String,
    /// Its name, in at least one language.
    pub translations: Vec<FacetValueTranslationInput>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl From<CreateFacetValueInput> for NewFacetValue {
    fn from(input: CreateFacetValueInput) -> Self {
        let translations = names(Some(input.translations));
        Self { facet_id: input.facet_id.into(), code: input.code, translations }
    }
}

/// What changes of a facet value; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateFacetValueInput")]
pub struct UpdateFacetValueInput {
    /// The value.
    pub id: Id,
    /// Its code, unique in the facet.
    pub code: Option<String>,
    /// Names that change.
    pub translations: Option<Vec<FacetValueTranslationInput>>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl From<UpdateFacetValueInput> for FacetValueChanges {
    fn from(input: UpdateFacetValueInput) -> Self {
        Self { id: input.id.into(), code: input.code, translations: names(input.translations) }
    }
}

fn names<N: Into<catalogue::TranslationInput>>(inputs: Option<Vec<N>>) -> Vec<catalogue::TranslationInput> {
    inputs.unwrap_or_default().into_iter().map(Into::into).collect()
}

/// Queries of facets.
#[derive(Default)]
pub struct FacetQuery;

#[Object]
impl FacetQuery {
    /// A facet.
    async fn facet(&self, context: &Context<'_>, id: Id) -> Nullable<Facet> {
        let found = context.request().facet(id.into()).await;
        found.map(|found| found.as_deref().map(Facet::from)).transpose()
    }

    /// A page of the values of all facets.
    async fn facet_values(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<FacetValues>>,
    ) -> ApiResult<FacetValueList> {
        FacetValueList::load(context, None, options).await
    }

    /// A facet value.
    async fn facet_value(&self, context: &Context<'_>, id: Id) -> Nullable<FacetValue> {
        let request = context.request();
        let found = request.catalogue().find_facet_value(&request.actor(), id.into()).await;
        found.map(|found| found.as_ref().map(FacetValue::from)).map_err(ApiError::from).transpose()
    }
}

/// Changes of facets.
#[derive(Default)]
pub struct FacetMutation;

#[Object]
impl FacetMutation {
    /// Creates a facet with its values.
    async fn create_facet(&self, context: &Context<'_>, input: CreateFacetInput) -> ApiResult<Facet> {
        let request = context.request();
        let actor = request.current_actor().await?;
        Ok(Facet::from(&request.services.catalogue.create_facet(&actor, input.into()).await?))
    }

    /// Changes a facet.
    async fn update_facet(&self, context: &Context<'_>, input: UpdateFacetInput) -> ApiResult<Facet> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let changes = FacetChanges {
            code: input.code,
            is_private: input.is_private,
            translations: names(input.translations),
        };
        Ok(Facet::from(&request.services.catalogue.update_facet(&actor, input.id.into(), changes).await?))
    }

    /// Deletes a facet of which nothing has values, or with `force` any.
    async fn delete_facet(
        &self,
        context: &Context<'_>,
        id: Id,
        force: Option<bool>,
    ) -> ApiResult<DeletionResponse> {
        let outcome = delete_facets(context, vec![id], force).await?;
        only(outcome)
    }

    /// Deletes those of the facets of which nothing has values, or with `force` all.
    async fn delete_facets(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
        force: Option<bool>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        delete_facets(context, ids, force).await
    }

    /// Creates facet values, all or none.
    async fn create_facet_values(
        &self,
        context: &Context<'_>,
        input: Vec<CreateFacetValueInput>,
    ) -> ApiResult<Vec<FacetValue>> {
        create_values(context, input).await
    }

    /// Creates a facet value.
    async fn create_facet_value(
        &self,
        context: &Context<'_>,
        input: CreateFacetValueInput,
    ) -> ApiResult<FacetValue> {
        only(create_values(context, vec![input]).await?)
    }

    /// Changes facet values, all or none.
    async fn update_facet_values(
        &self,
        context: &Context<'_>,
        input: Vec<UpdateFacetValueInput>,
    ) -> ApiResult<Vec<FacetValue>> {
        update_values(context, input).await
    }

    /// Changes a facet value.
    async fn update_facet_value(
        &self,
        context: &Context<'_>,
        input: UpdateFacetValueInput,
    ) -> ApiResult<FacetValue> {
        only(update_values(context, vec![input]).await?)
    }

    /// Deletes those of the facet values that nothing has, or with `force` all.
    async fn delete_facet_values(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
        force: Option<bool>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let ids: Vec<FacetValueId> = ids.into_iter().map(Into::into).collect();
        let catalogue = &request.services.catalogue;
        let outcome = catalogue.delete_facet_values(&actor, ids, force.unwrap_or(false)).await?;
        Ok(outcome.iter().map(DeletionResponse::from).collect())
    }
}

impl From<&FacetDeletion> for DeletionResponse {
    fn from(deletion: &FacetDeletion) -> Self {
        let FacetDeletion { code, products, variants, is_deleted } = deletion;
        match (is_deleted, deletion.is_used()) {
            (true, false) => Self::deleted(),
            (true, true) => Self::deleted_although(format!(
                "{code:?} was deleted; it was in use by {products} products and {variants} variants"
            )),
            (false, _) => {
                Self::kept(format!("{code:?} is in use by {products} products and {variants} variants"))
            }
        }
    }
}

async fn delete_facets(
    context: &Context<'_>,
    ids: Vec<Id>,
    force: Option<bool>,
) -> ApiResult<Vec<DeletionResponse>> {
    let request = context.request();
    let actor = request.current_actor().await?;
    let ids: Vec<FacetId> = ids.into_iter().map(Into::into).collect();
    let outcome = request.services.catalogue.delete_facets(&actor, ids, force.unwrap_or(false)).await?;
    Ok(outcome.iter().map(DeletionResponse::from).collect())
}

async fn create_values(
    context: &Context<'_>,
    input: Vec<CreateFacetValueInput>,
) -> ApiResult<Vec<FacetValue>> {
    let request = context.request();
    let actor = request.current_actor().await?;
    let new: Vec<NewFacetValue> = input.into_iter().map(Into::into).collect();
    let created = request.services.catalogue.create_facet_values(&actor, new).await?;
    Ok(created.iter().map(FacetValue::from).collect())
}

async fn update_values(
    context: &Context<'_>,
    input: Vec<UpdateFacetValueInput>,
) -> ApiResult<Vec<FacetValue>> {
    let request = context.request();
    let actor = request.current_actor().await?;
    let changes: Vec<FacetValueChanges> = input.into_iter().map(Into::into).collect();
    let values = request.services.catalogue.update_facet_values(&actor, changes).await?;
    Ok(values.iter().map(FacetValue::from).collect())
}

/// The one answer to a request of one.
fn only<T>(answers: Vec<T>) -> ApiResult<T> {
    let missing = || ApiError::new(ErrorKind::NotFound, "there is no such thing");
    answers.into_iter().next().ok_or_else(missing)
}
