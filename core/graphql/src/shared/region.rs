//! Countries and zones.

use std::borrow::Cow;
use std::collections::HashSet;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ComplexObject, Context, ContextSelectionSet, OutputType, Positioned, ServerResult, SimpleObject, Value,
};
use soko_domain::tax;
use soko_kernel::{CountryId, Language, ZoneId};

use super::enums::LanguageCode;
use super::values::RegionTranslation;
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};

/// A country.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Country", complex)]
pub struct Country {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The language of its name.
    pub language_code: LanguageCode,
    /// ISO 3166-1 alpha-2.
    pub code: String,
    /// `country`.
    #[graphql(name = "type")]
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Whether orders may go there.
    pub enabled: bool,
    /// What it is a part of: nothing.
    pub parent_id: Option<Id>,
    /// Its name in every language.
    pub translations: Vec<RegionTranslation>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl Country {
    /// The country, with its name in this language.
    pub(crate) fn new(country: &tax::Country, language: Language) -> Self {
        let name = country.name(language);
        Self {
            id: country.id.into(),
            created_at: country.created_at.into(),
            updated_at: country.updated_at.into(),
            language_code: LanguageCode(name.map_or(language, |name| name.language)),
            code: country.code.clone(),
            kind: "country",
            name: name.map(|name| name.name.clone()).unwrap_or_default(),
            enabled: country.enabled,
            parent_id: None,
            translations: country.names.iter().map(RegionTranslation::from).collect(),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

#[ComplexObject]
impl Country {
    /// What it is a part of: nothing.
    async fn parent(&self) -> Option<Region> {
        None
    }
}

impl From<&tax::CountryName> for RegionTranslation {
    fn from(name: &tax::CountryName) -> Self {
        Self {
            id: Id(name.id),
            created_at: name.created_at.into(),
            updated_at: name.updated_at.into(),
            language_code: LanguageCode(name.language),
            name: name.name.clone(),
        }
    }
}

/// A country where the schema says region: an interface, which the vocabulary declares.
#[derive(Debug, Clone)]
pub struct Region(pub Country);

impl OutputType for Region {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("Region")
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        <Country as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Country as OutputType>::create_type_info(registry);
        <Self as OutputType>::qualified_type_name()
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        OutputType::resolve(&self.0, context, field).await
    }
}

/// A named set of countries.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Zone", complex)]
pub struct Zone {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Its name.
    pub name: String,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    member_ids: Vec<CountryId>,
}

impl From<&tax::Zone> for Zone {
    fn from(zone: &tax::Zone) -> Self {
        Self {
            id: zone.id.into(),
            created_at: zone.created_at.into(),
            updated_at: zone.updated_at.into(),
            name: zone.name.clone(),
            custom_fields: NO_CUSTOM_FIELDS,
            member_ids: zone.members.clone(),
        }
    }
}

#[ComplexObject]
impl Zone {
    /// Its countries, in order of code.
    async fn members(&self, context: &Context<'_>) -> ApiResult<Vec<Region>> {
        let request = context.request();
        let (setup, language) = (request.taxes().await?, request.actor().language);
        let wanted: HashSet<CountryId> = self.member_ids.iter().copied().collect();
        let members = setup.countries.iter().filter(|country| wanted.contains(&country.id));
        Ok(members.map(|country| Region(Country::new(country, language))).collect())
    }
}

impl Zone {
    /// The zone with this id, if the channel has it.
    pub(crate) async fn load(context: &Context<'_>, id: ZoneId) -> ApiResult<Option<Self>> {
        let setup = context.request().taxes().await?;
        Ok(setup.zones.iter().find(|zone| zone.id == id).map(Self::from))
    }
}
