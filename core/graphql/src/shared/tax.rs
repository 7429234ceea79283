//! Tax categories, and list prices with and without tax.

use async_graphql::{Context, SimpleObject};
use soko_domain::pricing::{TaxBasis, TaxedAmount};
use soko_domain::tax;
use soko_kernel::{ErrorKind, Money, TaxCategoryId};

use crate::context::{OfRequest as _, RequestContext};
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};

/// Which rates a variant falls under.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "TaxCategory")]
pub struct TaxCategory {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Its name.
    pub name: String,
    /// Whether variants without a category get it.
    pub is_default: bool,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<&tax::TaxCategory> for TaxCategory {
    fn from(category: &tax::TaxCategory) -> Self {
        Self {
            id: category.id.into(),
            created_at: category.created_at.into(),
            updated_at: category.updated_at.into(),
            name: category.name.clone(),
            is_default: category.is_default,
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

impl TaxCategory {
    /// The category with this id.
    ///
    /// # Errors
    /// The channel does not have it.
    pub(crate) async fn load(context: &Context<'_>, id: TaxCategoryId) -> ApiResult<Self> {
        let setup = context.request().taxes().await?;
        let found = setup.categories.iter().find(|category| category.id == id);
        let gone =
            || ApiError::new(ErrorKind::NotFound, format!("there is no tax category with the id {id}"));
        found.map(Self::from).ok_or_else(gone)
    }
}

impl RequestContext {
    /// A list price without and with the tax that the channel's default zone has on its category.
    ///
    /// # Errors
    /// Overflow, or a failing store.
    pub(crate) async fn list_price(&self, category: TaxCategoryId, price: Money) -> ApiResult<TaxedAmount> {
        let setup = self.taxes().await?;
        let rate = setup.rate_for(category, setup.default_zone(), &[]).rate;
        let basis = TaxBasis { rate, includes_tax: self.actor().channel.prices_include_tax };
        Ok(basis.split(price.minor())?)
    }
}
