//! Tax categories and rates, for those who set a shop up.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use soko_domain::tax::{NewTaxRate, TaxRateChanges};

use super::lists::{TaxCategories, TaxRates};
use super::tax::TaxRate;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{Id, Json, Percent};
use crate::shared::deletion::DeletionResponse;
use crate::shared::list_options::ListOptions;
use crate::shared::tax::TaxCategory;

/// A page of tax categories.
#[derive(SimpleObject)]
#[graphql(name = "TaxCategoryList")]
pub struct TaxCategoryList {
    /// This page.
    pub items: Vec<TaxCategory>,
    /// Categories in the whole list.
    pub total_items: i64,
}

/// A page of tax rates.
#[derive(SimpleObject)]
#[graphql(name = "TaxRateList")]
pub struct TaxRateList {
    /// This page.
    pub items: Vec<TaxRate>,
    /// Rates in the whole list.
    pub total_items: i64,
}

/// A tax category to be added.
#[derive(InputObject)]
#[graphql(name = "CreateTaxCategoryInput")]
pub struct CreateTaxCategoryInput {
    /// Its name, unique in the channel.
    pub name: String,
    /// Whether variants without a category get it, instead of the one before; not when absent.
    pub is_default: Option<bool>,
    /// None.
    pub custom_fields: Option<Json>,
}

/// What changes of a tax category; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateTaxCategoryInput")]
pub struct UpdateTaxCategoryInput {
    /// The category.
    pub id: Id,
    /// Its name, unique in the channel.
    pub name: Option<String>,
    /// Whether variants without a category get it, instead of the one before.
    pub is_default: Option<bool>,
    /// None.
    pub custom_fields: Option<Json>,
}

/// A tax rate to be added.
#[derive(InputObject)]
#[graphql(name = "CreateTaxRateInput")]
pub struct CreateTaxRateInput {
    /// Shown to customers.
    pub name: String,
    /// Whether it applies.
    pub enabled: bool,
    /// Percent, from 0 to 1000.
    pub value: Percent,
    /// The category.
    pub category_id: Id,
    /// The zone.
    pub zone_id: Id,
    /// For customers of this group alone; for everybody when absent.
    pub customer_group_id: Option<Id>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<CreateTaxRateInput> for NewTaxRate {
    fn from(input: CreateTaxRateInput) -> Self {
        Self {
            name: input.name,
            enabled: input.enabled,
            rate: input.value.0,
            category_id: input.category_id.into(),
            zone_id: input.zone_id.into(),
            customer_group_id: input.customer_group_id.map(Into::into),
        }
    }
}

/// What changes of a tax rate; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateTaxRateInput")]
pub struct UpdateTaxRateInput {
    /// The rate.
    pub id: Id,
    /// Shown to customers.
    pub name: Option<String>,
    /// Percent, from 0 to 1000.
    pub value: Option<Percent>,
    /// Whether it applies.
    pub enabled: Option<bool>,
    /// The category.
    pub category_id: Option<Id>,
    /// The zone.
    pub zone_id: Option<Id>,
    /// For customers of this group alone; null for everybody.
    pub customer_group_id: MaybeUndefined<Id>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<UpdateTaxRateInput> for TaxRateChanges {
    fn from(input: UpdateTaxRateInput) -> Self {
        Self {
            name: input.name,
            enabled: input.enabled,
            rate: input.value.map(|percent| percent.0),
            category_id: input.category_id.map(Into::into),
            zone_id: input.zone_id.map(Into::into),
            customer_group_id: input.customer_group_id.map_value(Into::into).into(),
        }
    }
}

/// Queries of taxes.
#[derive(Default)]
pub struct TaxQuery;

#[Object]
impl TaxQuery {
    /// A page of the channel's tax categories.
    async fn tax_categories(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<TaxCategories>>,
    ) -> ApiResult<TaxCategoryList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.tax.list_categories(&request.actor(), &query).await?;
        let items = page.items.iter().map(TaxCategory::from).collect();
        Ok(TaxCategoryList { items, total_items: page.total })
    }

    /// A tax category.
    async fn tax_category(&self, context: &Context<'_>, id: Id) -> Nullable<TaxCategory> {
        let request = context.request();
        let found = request.services.tax.find_category(&request.actor(), id.into()).await;
        found.map(|found| found.as_ref().map(TaxCategory::from)).map_err(ApiError::from).transpose()
    }

    /// A page of the channel's tax rates.
    async fn tax_rates(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<TaxRates>>,
    ) -> ApiResult<TaxRateList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.tax.list_rates(&request.actor(), &query).await?;
        Ok(TaxRateList { items: page.items.iter().map(TaxRate::from).collect(), total_items: page.total })
    }

    /// A tax rate.
    async fn tax_rate(&self, context: &Context<'_>, id: Id) -> Nullable<TaxRate> {
        let request = context.request();
        let found = request.services.tax.find_rate(&request.actor(), id.into()).await;
        found.map(|found| found.as_ref().map(TaxRate::from)).map_err(ApiError::from).transpose()
    }
}

/// Changes of taxes.
#[derive(Default)]
pub struct TaxMutation;

#[Object]
impl TaxMutation {
    /// Adds a tax category.
    async fn create_tax_category(
        &self,
        context: &Context<'_>,
        input: CreateTaxCategoryInput,
    ) -> ApiResult<TaxCategory> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let is_default = input.is_default.unwrap_or(false);
        let created = request.services.tax.create_category(&actor, input.name, is_default).await?;
        request.configuration_changed();
        Ok(TaxCategory::from(&created))
    }

    /// Changes a tax category.
    async fn update_tax_category(
        &self,
        context: &Context<'_>,
        input: UpdateTaxCategoryInput,
    ) -> ApiResult<TaxCategory> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let (id, name, is_default) = (input.id.into(), input.name, input.is_default);
        let changed = request.services.tax.update_category(&actor, id, name, is_default).await?;
        request.configuration_changed();
        Ok(TaxCategory::from(&changed))
    }

    /// Deletes a tax category, unless rates or variants name it.
    async fn delete_tax_category(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let outcomes = request.services.tax.delete_categories(&actor, vec![id.into()]).await?;
        request.configuration_changed();
        Ok(DeletionResponse::of_one(outcomes))
    }

    /// Deletes tax categories, except those that rates or variants name.
    async fn delete_tax_categories(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let ids = ids.into_iter().map(Into::into).collect();
        let outcomes = request.services.tax.delete_categories(&actor, ids).await?;
        request.configuration_changed();
        Ok(DeletionResponse::of_each(outcomes))
    }

    /// Adds a tax rate.
    async fn create_tax_rate(&self, context: &Context<'_>, input: CreateTaxRateInput) -> ApiResult<TaxRate> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let created = request.services.tax.create_rate(&actor, input.into()).await?;
        request.configuration_changed();
        Ok(TaxRate::from(&created))
    }

    /// Changes a tax rate.
    async fn update_tax_rate(&self, context: &Context<'_>, input: UpdateTaxRateInput) -> ApiResult<TaxRate> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let id = input.id.into();
        let changed = request.services.tax.update_rate(&actor, id, input.into()).await?;
        request.configuration_changed();
        Ok(TaxRate::from(&changed))
    }

    /// Deletes a tax rate.
    async fn delete_tax_rate(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.tax.delete_rates(&actor, vec![id.into()]).await?;
        request.configuration_changed();
        Ok(DeletionResponse::deleted())
    }

    /// Deletes tax rates.
    async fn delete_tax_rates(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let responses = ids.iter().map(|_| DeletionResponse::deleted()).collect();
        request.services.tax.delete_rates(&actor, ids.into_iter().map(Into::into).collect()).await?;
        request.configuration_changed();
        Ok(responses)
    }
}
