//! Sellers: the legal parties behind channels.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::lists::Sellers;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{Id, NoCustomFields};
use crate::shared::channel::Seller;
use crate::shared::list_options::ListOptions;

/// A page of sellers.
#[derive(SimpleObject)]
#[graphql(name = "SellerList")]
pub struct SellerList {
    /// This page.
    pub items: Vec<Seller>,
    /// Sellers in the whole list.
    pub total_items: i64,
}

/// A seller to be created.
#[derive(InputObject)]
#[graphql(name = "CreateSellerInput")]
pub struct CreateSellerInput {
    /// Its name.
    pub name: String,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// What changes of a seller; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateSellerInput")]
pub struct UpdateSellerInput {
    /// The seller.
    pub id: Id,
    /// Its name.
    pub name: Option<String>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// Queries of sellers.
#[derive(Default)]
pub struct SellerQuery;

#[Object]
impl SellerQuery {
    /// A page of sellers: the channel's own, or all for the platform's operators.
    async fn sellers(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Sellers>>,
    ) -> ApiResult<SellerList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.channels.list_sellers(&request.actor(), &query).await?;
        Ok(SellerList { items: page.items.iter().map(Seller::from).collect(), total_items: page.total })
    }

    /// A seller: the channel's own, or any for the platform's operators.
    async fn seller(&self, context: &Context<'_>, id: Id) -> Nullable<Seller> {
        let request = context.request();
        let found =
            request.services.channels.find_seller_for_administrator(&request.actor(), id.into()).await;
        found.map(|found| found.as_ref().map(Seller::from)).map_err(ApiError::from).transpose()
    }
}

/// Changes of sellers.
#[derive(Default)]
pub struct SellerMutation;

#[Object]
impl SellerMutation {
    /// Creates a seller, for the platform's operators.
    async fn create_seller(&self, context: &Context<'_>, input: CreateSellerInput) -> ApiResult<Seller> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let created = request.services.channels.create_seller_on_platform(&actor, input.name).await?;
        Ok(Seller::from(&created))
    }

    /// Renames a seller: the channel's own, or any for the platform's operators.
    async fn update_seller(&self, context: &Context<'_>, input: UpdateSellerInput) -> ApiResult<Seller> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let changed = request.services.channels.update_seller(&actor, input.id.into(), input.name).await?;
        Ok(Seller::from(&changed))
    }
}
