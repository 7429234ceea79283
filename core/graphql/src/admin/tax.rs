//! Rates of tax.

use async_graphql::{Context, SimpleObject};
use soko_kernel::{ErrorKind, TaxCategoryId};

use super::customer_group::CustomerGroup;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS, Percent};
use crate::shared::region::Zone;
use crate::shared::tax::TaxCategory;

/// A rate of tax for a category in a zone.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "TaxRate")]
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
    /// The category.
    pub category: TaxCategory,
    /// The zone.
    pub zone: Zone,
    /// For everybody: rates of groups are not shown.
    pub customer_group: Option<CustomerGroup>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl TaxRate {
    /// The rate that a category has in the channel's default zone, for everybody.
    ///
    /// # Errors
    /// The channel has no default zone.
    pub(super) async fn applied(context: &Context<'_>, category: TaxCategoryId) -> ApiResult<Self> {
        let setup = context.request().taxes().await?;
        let applied = setup.rate_for(category, setup.default_zone(), &[]);
        let stored = setup.rates.iter().find(|rate| Some(rate.id) == applied.id);
        let category = TaxCategory::load(context, category).await?;
        let no_zone = || ApiError::new(ErrorKind::NotFound, "the channel has no default tax zone");
        let zone = setup.default_zone().ok_or_else(no_zone)?;
        let zone = Zone::load(context, zone).await?.ok_or_else(no_zone)?;
        Ok(Self {
            id: applied.id.map_or(Id(0), Id::from),
            created_at: stored.map_or(category.created_at, |rate| rate.created_at.into()),
            updated_at: stored.map_or(category.updated_at, |rate| rate.updated_at.into()),
            name: applied.name,
            enabled: true,
            value: Percent(applied.rate),
            category,
            zone,
            customer_group: None,
            custom_fields: NO_CUSTOM_FIELDS,
        })
    }
}
