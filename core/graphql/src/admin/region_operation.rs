//! Countries and zones, for those who set a shop up.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use soko_domain::tax::{CountryChanges, NewCountry};
use soko_kernel::Language;

use super::lists::{Countries, Zones};
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{Id, Json};
use crate::shared::deletion::DeletionResponse;
use crate::shared::enums::LanguageCode;
use crate::shared::list_options::ListOptions;
use crate::shared::region::{Country, Zone};

/// A page of countries.
#[derive(SimpleObject)]
#[graphql(name = "CountryList")]
pub struct CountryList {
    /// This page.
    pub items: Vec<Country>,
    /// Countries in the whole list.
    pub total_items: i64,
}

/// A page of zones.
#[derive(SimpleObject)]
#[graphql(name = "ZoneList")]
pub struct ZoneList {
    /// This page.
    pub items: Vec<Zone>,
    /// Zones in the whole list.
    pub total_items: i64,
}

/// A country's name in one language.
#[derive(InputObject)]
#[graphql(name = "CountryTranslationInput")]
pub struct CountryTranslationInput {
    /// The text's id; the language says which text it is.
    pub id: Option<Id>,
    /// The language.
    pub language_code: LanguageCode,
    /// The name.
    pub name: Option<String>,
    /// None.
    pub custom_fields: Option<Json>,
}

/// A country to be added.
#[derive(InputObject)]
#[graphql(name = "CreateCountryInput")]
pub struct CreateCountryInput {
    /// ISO 3166-1 alpha-2.
    pub code: String,
    /// Its names; at least one.
    pub translations: Vec<CountryTranslationInput>,
    /// Whether orders may go there.
    pub enabled: bool,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<CreateCountryInput> for NewCountry {
    fn from(input: CreateCountryInput) -> Self {
        let name = |text: CountryTranslationInput| (text.language_code.0, text.name.unwrap_or_default());
        Self {
            code: input.code,
            enabled: input.enabled,
            names: input.translations.into_iter().map(name).collect(),
        }
    }
}

/// What changes of a country; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateCountryInput")]
pub struct UpdateCountryInput {
    /// The country.
    pub id: Id,
    /// ISO 3166-1 alpha-2; it stays as it is once addresses are there.
    pub code: Option<String>,
    /// Names that change; other languages stay.
    pub translations: Option<Vec<CountryTranslationInput>>,
    /// Whether orders may go there.
    pub enabled: Option<bool>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<UpdateCountryInput> for CountryChanges {
    fn from(input: UpdateCountryInput) -> Self {
        let name = |text: CountryTranslationInput| Some((text.language_code.0, text.name?));
        let names: Vec<(Language, String)> =
            input.translations.into_iter().flatten().filter_map(name).collect();
        Self { code: input.code, enabled: input.enabled, names }
    }
}

/// A zone to be added.
#[derive(InputObject)]
#[graphql(name = "CreateZoneInput")]
pub struct CreateZoneInput {
    /// Its name, unique in the channel.
    pub name: String,
    /// Its countries; none when absent.
    pub member_ids: Option<Vec<Id>>,
    /// None.
    pub custom_fields: Option<Json>,
}

/// What changes of a zone; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateZoneInput")]
pub struct UpdateZoneInput {
    /// The zone.
    pub id: Id,
    /// Its name, unique in the channel.
    pub name: Option<String>,
    /// None.
    pub custom_fields: Option<Json>,
}

/// Queries of countries and zones.
#[derive(Default)]
pub struct RegionQuery;

#[Object]
impl RegionQuery {
    /// A page of the channel's countries.
    async fn countries(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Countries>>,
    ) -> ApiResult<CountryList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let actor = request.actor();
        let page = request.services.tax.list_countries(&actor, &query).await?;
        let items = page.items.iter().map(|country| Country::new(country, actor.language)).collect();
        Ok(CountryList { items, total_items: page.total })
    }

    /// A country.
    async fn country(&self, context: &Context<'_>, id: Id) -> Nullable<Country> {
        let request = context.request();
        let actor = request.actor();
        let found = request.services.tax.find_country(&actor, id.into()).await;
        found
            .map(|found| found.map(|country| Country::new(&country, actor.language)))
            .map_err(ApiError::from)
            .transpose()
    }

    /// A page of the channel's zones.
    async fn zones(&self, context: &Context<'_>, options: Option<ListOptions<Zones>>) -> ApiResult<ZoneList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.tax.list_zones(&request.actor(), &query).await?;
        Ok(ZoneList { items: page.items.iter().map(Zone::from).collect(), total_items: page.total })
    }

    /// A zone.
    async fn zone(&self, context: &Context<'_>, id: Id) -> Nullable<Zone> {
        let request = context.request();
        let found = request.services.tax.find_zone(&request.actor(), id.into()).await;
        found.map(|found| found.as_ref().map(Zone::from)).map_err(ApiError::from).transpose()
    }
}

/// Changes of countries and zones.
#[derive(Default)]
pub struct RegionMutation;

#[Object]
impl RegionMutation {
    /// Adds a country that the channel serves.
    async fn create_country(&self, context: &Context<'_>, input: CreateCountryInput) -> ApiResult<Country> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let created = request.services.tax.create_country(&actor, input.into()).await?;
        request.configuration_changed();
        Ok(Country::new(&created, actor.language))
    }

    /// Changes a country.
    async fn update_country(&self, context: &Context<'_>, input: UpdateCountryInput) -> ApiResult<Country> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let id = input.id.into();
        let changed = request.services.tax.update_country(&actor, id, input.into()).await?;
        request.configuration_changed();
        Ok(Country::new(&changed, actor.language))
    }

    /// Deletes a country, unless addresses are there.
    async fn delete_country(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let outcomes = request.services.tax.delete_countries(&actor, vec![id.into()]).await?;
        request.configuration_changed();
        Ok(DeletionResponse::of_one(outcomes))
    }

    /// Deletes countries, except those with addresses.
    async fn delete_countries(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let ids = ids.into_iter().map(Into::into).collect();
        let outcomes = request.services.tax.delete_countries(&actor, ids).await?;
        request.configuration_changed();
        Ok(DeletionResponse::of_each(outcomes))
    }

    /// Adds a zone.
    async fn create_zone(&self, context: &Context<'_>, input: CreateZoneInput) -> ApiResult<Zone> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let members = input.member_ids.into_iter().flatten().map(Into::into).collect();
        let created = request.services.tax.create_zone(&actor, input.name, members).await?;
        request.configuration_changed();
        Ok(Zone::from(&created))
    }

    /// Renames a zone.
    async fn update_zone(&self, context: &Context<'_>, input: UpdateZoneInput) -> ApiResult<Zone> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let changed = request.services.tax.update_zone(&actor, input.id.into(), input.name).await?;
        request.configuration_changed();
        Ok(Zone::from(&changed))
    }

    /// Deletes a zone, unless something names it.
    async fn delete_zone(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let outcomes = request.services.tax.delete_zones(&actor, vec![id.into()]).await?;
        request.configuration_changed();
        Ok(DeletionResponse::of_one(outcomes))
    }

    /// Deletes zones, except those that something names.
    async fn delete_zones(&self, context: &Context<'_>, ids: Vec<Id>) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let ids = ids.into_iter().map(Into::into).collect();
        let outcomes = request.services.tax.delete_zones(&actor, ids).await?;
        request.configuration_changed();
        Ok(DeletionResponse::of_each(outcomes))
    }

    /// Puts countries into a zone.
    async fn add_members_to_zone(
        &self,
        context: &Context<'_>,
        zone_id: Id,
        member_ids: Vec<Id>,
    ) -> ApiResult<Zone> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let members = member_ids.into_iter().map(Into::into).collect();
        let changed = request.services.tax.add_to_zone(&actor, zone_id.into(), members).await?;
        request.configuration_changed();
        Ok(Zone::from(&changed))
    }

    /// Takes countries out of a zone.
    async fn remove_members_from_zone(
        &self,
        context: &Context<'_>,
        zone_id: Id,
        member_ids: Vec<Id>,
    ) -> ApiResult<Zone> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let members = member_ids.into_iter().map(Into::into).collect();
        let changed = request.services.tax.remove_from_zone(&actor, zone_id.into(), members).await?;
        request.configuration_changed();
        Ok(Zone::from(&changed))
    }
}
