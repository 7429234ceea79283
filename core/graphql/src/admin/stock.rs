//! Places that keep stock, and how much of a variant each has.

use async_graphql::{ComplexObject, Context, InputObject, Object, SimpleObject};
use soko_domain::inventory::{self, NewStockLocation, StockLocationChanges};

use super::lists::StockLocations;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};
use crate::shared::list_options::ListOptions;

/// A place that keeps stock.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "StockLocation")]
pub struct StockLocation {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<&inventory::StockLocation> for StockLocation {
    fn from(location: &inventory::StockLocation) -> Self {
        Self {
            id: location.id.into(),
            created_at: location.created_at.into(),
            updated_at: location.updated_at.into(),
            name: location.name.clone(),
            description: location.description.clone(),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

/// A page of stock locations.
#[derive(SimpleObject)]
#[graphql(name = "StockLocationList")]
pub struct StockLocationList {
    /// This page.
    pub items: Vec<StockLocation>,
    /// Locations in the whole list.
    pub total_items: i64,
}

/// How much of a variant a place has.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "StockLevel", complex)]
pub struct StockLevel {
    /// Its id.
    pub id: Id,
    /// When it was first counted.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The place.
    pub stock_location_id: Id,
    /// Units on the shelf.
    pub stock_on_hand: i64,
    /// Of those, units that are sold and not yet handed over.
    pub stock_allocated: i64,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    location: inventory::StockLocation,
}

impl From<&inventory::StockLevel> for StockLevel {
    fn from(level: &inventory::StockLevel) -> Self {
        Self {
            id: Id(level.id.0),
            created_at: level.created_at.into(),
            updated_at: level.updated_at.into(),
            stock_location_id: level.location.id.into(),
            stock_on_hand: level.on_hand,
            stock_allocated: level.allocated,
            custom_fields: NO_CUSTOM_FIELDS,
            location: level.location.clone(),
        }
    }
}

#[ComplexObject]
impl StockLevel {
    /// The place.
    async fn stock_location(&self) -> StockLocation {
        StockLocation::from(&self.location)
    }
}

/// A place to be added.
#[derive(InputObject)]
#[graphql(name = "CreateStockLocationInput")]
pub struct CreateStockLocationInput {
    /// Its name, unique in the channel.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
}

/// What changes of a place; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateStockLocationInput")]
pub struct UpdateStockLocationInput {
    /// The place.
    pub id: Id,
    /// Its name, unique in the channel.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
}

/// Queries of stock locations.
#[derive(Default)]
pub struct StockQuery;

#[Object]
impl StockQuery {
    /// A page of the channel's stock locations.
    async fn stock_locations(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<StockLocations>>,
    ) -> ApiResult<StockLocationList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page =
            request.services.inventory.list_locations(&*request.current_actor().await?, &query).await?;
        Ok(StockLocationList {
            items: page.items.iter().map(StockLocation::from).collect(),
            total_items: page.total,
        })
    }

    /// A stock location.
    async fn stock_location(&self, context: &Context<'_>, id: Id) -> Nullable<StockLocation> {
        let request = context.request();
        let location = request.services.inventory.find_location(&request.actor(), id.into()).await;
        location.map(|found| found.as_ref().map(StockLocation::from)).map_err(ApiError::from).transpose()
    }
}

/// Changes of stock locations.
#[derive(Default)]
pub struct StockMutation;

#[Object]
impl StockMutation {
    /// Adds a place that keeps stock.
    async fn create_stock_location(
        &self,
        context: &Context<'_>,
        input: CreateStockLocationInput,
    ) -> ApiResult<StockLocation> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let new = NewStockLocation { name: input.name, description: input.description.unwrap_or_default() };
        Ok(StockLocation::from(&request.services.inventory.create_location(&actor, new).await?))
    }

    /// Changes a place that keeps stock.
    async fn update_stock_location(
        &self,
        context: &Context<'_>,
        input: UpdateStockLocationInput,
    ) -> ApiResult<StockLocation> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let changes = StockLocationChanges { name: input.name, description: input.description };
        let changed = request.services.inventory.update_location(&actor, input.id.into(), changes).await?;
        Ok(StockLocation::from(&changed))
    }
}
