//! Stock locations: the places that hold a channel's stock. The one with the lowest id is the default.

mod repo;

use std::collections::HashSet;

use soko_infra::{Reader, Tx};
use soko_kernel::{Actor, ChannelScope, ListQuery, Page, Permission, StockLocationId, Timestamp};

use super::{Inventory, InventoryError};

pub(super) const NAME_LENGTH_MAX: usize = 255;

pub(super) use repo::existing;

/// A place that holds stock.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StockLocation {
    /// Its id.
    pub id: StockLocationId,
    /// Its name, unique in the channel.
    pub name: String,
    /// What else there is to say.
    pub description: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a new location needs.
#[derive(Debug, Clone, Default)]
pub struct NewStockLocation {
    /// Its name, unique in the channel.
    pub name: String,
    /// What else there is to say.
    pub description: String,
}

/// What may change; absent fields stay.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of StockLocation")]
pub struct StockLocationChanges {
    pub name: Option<String>,
    pub description: Option<String>,
}

impl Inventory {
    /// A page of the channel's locations.
    ///
    /// # Errors
    /// [`InventoryError::Forbidden`].
    pub async fn list_locations(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<StockLocation>, InventoryError> {
        let scope = actor.require(Permission::ReadStockLocation)?;
        self.database.read(scope, async |reader| repo::list(reader, scope, query).await).await
    }

    /// A location of the channel.
    ///
    /// # Errors
    /// [`InventoryError::Forbidden`].
    pub async fn find_location(
        &self,
        actor: &Actor,
        id: StockLocationId,
    ) -> Result<Option<StockLocation>, InventoryError> {
        let scope = actor.require(Permission::ReadStockLocation)?;
        self.database.read(scope, async |reader| Ok(repo::find(reader, scope, id).await?)).await
    }

    /// The location that stock goes to when none is named.
    ///
    /// # Errors
    /// [`InventoryError::NoLocation`].
    pub async fn default_location(
        reader: &mut Reader,
        scope: ChannelScope,
    ) -> Result<StockLocationId, InventoryError> {
        repo::find_default(reader, scope).await?.ok_or(InventoryError::NoLocation)
    }

    /// Creates a location.
    ///
    /// # Errors
    /// A malformed name or one in use.
    pub async fn create_location(
        &self,
        actor: &Actor,
        new: NewStockLocation,
    ) -> Result<StockLocation, InventoryError> {
        let scope = actor.require(Permission::CreateStockLocation)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| Self::create_location_in_tx(tx, scope, &new, now).await)
            .await
    }

    /// Creates a location inside another's transaction: provisioning.
    ///
    /// # Errors
    /// A malformed name or one in use.
    pub async fn create_location_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        new: &NewStockLocation,
        now: Timestamp,
    ) -> Result<StockLocation, InventoryError> {
        check_name(&new.name)?;
        Ok(repo::insert(tx, scope, new, now).await?)
    }

    /// Changes a location.
    ///
    /// # Errors
    /// An unknown location, a malformed name or one in use.
    pub async fn update_location(
        &self,
        actor: &Actor,
        id: StockLocationId,
        changes: StockLocationChanges,
    ) -> Result<StockLocation, InventoryError> {
        let scope = actor.require(Permission::UpdateStockLocation)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let mut location = get(tx, scope, id).await?;
                location.name = changes.name.unwrap_or(location.name);
                location.description = changes.description.unwrap_or(location.description);
                check_name(&location.name)?;
                repo::update(tx, scope, &location, now).await?;
                Ok(StockLocation { updated_at: now, ..location })
            })
            .await
    }

    /// Deletes a location. Its stock, with what order lines have allocated there, moves to `transfer_to`.
    ///
    /// # Errors
    /// An unknown location, the channel's last one, or one that holds stock when there is nowhere to move it.
    pub async fn delete_location(
        &self,
        actor: &Actor,
        id: StockLocationId,
        transfer_to: Option<StockLocationId>,
    ) -> Result<(), InventoryError> {
        let scope = actor.require(Permission::DeleteStockLocation)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                get(tx, scope, id).await?;
                if repo::count(tx, scope).await? == 1 {
                    return Err(InventoryError::LastLocation);
                }
                match transfer_to {
                    Some(target) if target == id => return Err(InventoryError::UnknownLocation(target)),
                    Some(target) => {
                        get(tx, scope, target).await?;
                        repo::transfer(tx, scope, id, target, now).await?;
                    }
                    None if repo::holds_stock(tx, scope, id).await? => {
                        return Err(InventoryError::LocationHoldsStock);
                    }
                    // Empty, but what was sold from there may come back.
                    None => {
                        let target = repo::first_besides(tx, scope, id).await?;
                        repo::transfer(tx, scope, id, target, now).await?;
                    }
                }
                Ok(repo::delete(tx, scope, id).await?)
            })
            .await
    }
}

async fn get(
    reader: &mut Reader,
    scope: ChannelScope,
    id: StockLocationId,
) -> Result<StockLocation, InventoryError> {
    repo::find(reader, scope, id).await?.ok_or(InventoryError::UnknownLocation(id))
}

/// The ids that are locations of the channel.
pub(super) type Existing = HashSet<StockLocationId>;

fn check_name(name: &str) -> Result<(), InventoryError> {
    let length = name.trim().chars().count();
    if (1..=NAME_LENGTH_MAX).contains(&length) { Ok(()) } else { Err(InventoryError::InvalidName) }
}
