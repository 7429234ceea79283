//! Facets and their values.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::catalogue;
use soko_kernel::FacetId;

use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};
use crate::shared::enums::LanguageCode;
use crate::shared::list_options::ListOptions;
use crate::shared::lists::FacetValues;
use crate::shared::loads::each;
use crate::shared::values::{FacetTranslation, FacetValueTranslation};

/// A way to classify, such as brand.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Facet", complex)]
pub struct Facet {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The language of its name.
    pub language_code: LanguageCode,
    /// Its name.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Whether only administrators see it.
    pub is_private: bool,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<&catalogue::Facet> for Facet {
    fn from(facet: &catalogue::Facet) -> Self {
        Self {
            id: facet.id.into(),
            created_at: facet.created_at.into(),
            updated_at: facet.updated_at.into(),
            language_code: LanguageCode(facet.language),
            name: facet.name.clone(),
            code: facet.code.clone(),
            is_private: facet.is_private,
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

#[ComplexObject]
impl Facet {
    /// Its values.
    async fn values(&self, context: &Context<'_>) -> ApiResult<Vec<FacetValue>> {
        Ok(each(&context.request().values_of_facet(self.id.into()).await?))
    }

    /// A page of its values.
    async fn value_list(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<FacetValues>>,
    ) -> ApiResult<FacetValueList> {
        FacetValueList::load(context, Some(self.id.into()), options).await
    }

    /// Its name in every language.
    async fn translations(&self, context: &Context<'_>) -> ApiResult<Vec<FacetTranslation>> {
        Ok(each(&context.request().translations_of_facet(self.id.into()).await?))
    }
}

/// A page of facets.
#[derive(SimpleObject)]
#[graphql(name = "FacetList")]
pub struct FacetList {
    /// This page.
    pub items: Vec<Facet>,
    /// Facets in the whole list.
    pub total_items: i64,
}

/// One value of a facet.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "FacetValue", complex)]
pub struct FacetValue {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The language of its name.
    pub language_code: LanguageCode,
    /// The facet that it is a value of.
    pub facet_id: Id,
    /// Its name.
    pub name: String,
    /// Its code.
    pub code: String,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    of: Arc<catalogue::Facet>,
}

impl From<&catalogue::FacetValue> for FacetValue {
    fn from(value: &catalogue::FacetValue) -> Self {
        Self {
            id: value.id.into(),
            created_at: value.created_at.into(),
            updated_at: value.updated_at.into(),
            language_code: LanguageCode(value.language),
            facet_id: value.facet.id.into(),
            name: value.name.clone(),
            code: value.code.clone(),
            custom_fields: NO_CUSTOM_FIELDS,
            of: Arc::clone(&value.facet),
        }
    }
}

#[ComplexObject]
impl FacetValue {
    /// The facet that it is a value of.
    async fn facet(&self) -> Facet {
        Facet::from(&*self.of)
    }

    /// Its name in every language.
    async fn translations(&self, context: &Context<'_>) -> ApiResult<Vec<FacetValueTranslation>> {
        Ok(each(&context.request().translations_of_facet_value(self.id.into()).await?))
    }
}

/// A page of facet values.
#[derive(SimpleObject)]
#[graphql(name = "FacetValueList")]
pub struct FacetValueList {
    /// This page.
    pub items: Vec<FacetValue>,
    /// Values in the whole list.
    pub total_items: i64,
}

impl FacetValueList {
    /// A page of the values of one facet or of all.
    pub(super) async fn load(
        context: &Context<'_>,
        of: Option<FacetId>,
        options: Option<ListOptions<FacetValues>>,
    ) -> ApiResult<Self> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.catalogue().list_facet_values(&request.actor(), of, &query).await?;
        Ok(Self { items: page.items.iter().map(FacetValue::from).collect(), total_items: page.total })
    }
}
