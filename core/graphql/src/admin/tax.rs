//! Rates of tax.

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::tax;
use soko_kernel::{ErrorKind, TaxCategoryId, ZoneId};

use super::customer_group::CustomerGroup;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS, Percent};
use crate::shared::region::Zone;
use crate::shared::tax::TaxCategory;

/// A rate of tax for a category in a zone.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "TaxRate", complex)]
pub struct TaxRate {
    /// Its id; `0` where nothing is taxed.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Shown to customers.
    pub name: String,
    /// Whether it applies.
    pub enabled: bool,
    /// Percent.
    pub value: Percent,
    /// For everybody: rates of groups are not shown.
    pub customer_group: Option<CustomerGroup>,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    category_id: TaxCategoryId,
    #[graphql(skip)]
    zone_id: ZoneId,
}

impl From<&tax::TaxRate> for TaxRate {
    fn from(rate: &tax::TaxRate) -> Self {
        Self {
            id: rate.id.into(),
            created_at: rate.created_at.into(),
            updated_at: rate.updated_at.into(),
            name: rate.name.clone(),
            enabled: rate.enabled,
            value: Percent(rate.rate),
            customer_group: None,
            custom_fields: NO_CUSTOM_FIELDS,
            category_id: rate.category_id,
            zone_id: rate.zone_id,
        }
    }
}

#[ComplexObject]
impl TaxRate {
    /// The category.
    async fn category(&self, context: &Context<'_>) -> ApiResult<TaxCategory> {
        TaxCategory::load(context, self.category_id).await
    }

    /// The zone.
    async fn zone(&self, context: &Context<'_>) -> ApiResult<Zone> {
        let zone = Zone::load(context, self.zone_id).await?;
        let gone =
            || ApiError::new(ErrorKind::NotFound, format!("there is no zone with the id {}", self.zone_id));
        zone.ok_or_else(gone)
    }
}

impl TaxRate {
    /// The rate that a category has in the channel's default zone, for everybody.
    ///
    /// # Errors
    /// The channel has no default zone, or not this category.
    pub(super) async fn applied(context: &Context<'_>, category: TaxCategoryId) -> ApiResult<Self> {
        let setup = context.request().taxes().await?;
        let applied = setup.rate_for(category, setup.default_zone(), &[]);
        if let Some(stored) = setup.rates.iter().find(|rate| Some(rate.id) == applied.id) {
            return Ok(Self::from(stored));
        }
        let no_zone = || ApiError::new(ErrorKind::NotFound, "the channel has no default tax zone");
        let zone_id = setup.default_zone().ok_or_else(no_zone)?;
        let untaxed = TaxCategory::load(context, category).await?;
        Ok(Self {
            id: Id(0),
            created_at: untaxed.created_at,
            updated_at: untaxed.updated_at,
            name: applied.name,
            enabled: true,
            value: Percent(applied.rate),
            customer_group: None,
            custom_fields: NO_CUSTOM_FIELDS,
            category_id: category,
            zone_id,
        })
    }
}
