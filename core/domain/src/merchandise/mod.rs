//! Goods as a shop's people handle them: a variant together with what lies on the shelf.
//!
//! The catalogue knows variants and no stock, the inventory knows stock and no prices. This domain changes both in one
//! transaction, so that no variant is ever on sale with a count that was refused.
//!
//! Every use case runs a fixed number of statements, whatever the number of variants.

mod entity;
mod error;
#[cfg(test)]
mod tests;

use soko_infra::{Database, Tx};
use soko_kernel::{Actor, Permission, StockLocationId, VariantId};

pub use entity::{Counts, GoodsChanges, NewGoods};
pub use error::MerchandiseError;

use crate::catalogue::{
    Catalogue, CatalogueError, NewVariant, Thing, Variant, VariantChanges, Writing, load_variants,
};
use crate::inventory::{Inventory, InventoryError};

/// The use cases of goods.
#[derive(Debug, Clone)]
pub struct Merchandise {
    database: Database,
    catalogue: Catalogue,
}

impl Merchandise {
    /// The service over this store and its catalogue.
    pub fn new(database: Database, catalogue: Catalogue) -> Self {
        Self { database, catalogue }
    }

    /// Creates variants with their stock, all or none. Answers them in the given order. A variant of which nothing is
    /// counted begins with an empty shelf at the channel's default location.
    ///
    /// # Errors
    /// As [`Catalogue::create_variants`] and [`Inventory::set_stock_in_tx`].
    pub async fn create_variants(
        &self,
        actor: &Actor,
        new: Vec<NewGoods>,
    ) -> Result<Vec<Variant>, MerchandiseError> {
        let scope = actor.require_any(&[Permission::CreateProduct, Permission::CreateCatalog])?;
        let writing = self.catalogue.writing(actor, scope);
        let (variants, counts): (Vec<NewVariant>, Vec<Counts>) =
            new.into_iter().map(|new| (new.variant, new.stock.or_empty())).unzip();
        self.database
            .write(scope, async move |tx| {
                let ids = Catalogue::create_variants_in_tx(tx, writing, &variants).await?;
                let counted = ids.iter().copied().zip(&counts);
                count_in_tx(tx, writing, counted).await?;
                Ok(load_variants(tx, scope, writing.languages, &ids).await?)
            })
            .await
    }

    /// Changes variants and their stock, all or none. Answers them in the given order.
    ///
    /// # Errors
    /// As [`Catalogue::update_variants`] and [`Inventory::set_stock_in_tx`].
    pub async fn update_variants(
        &self,
        actor: &Actor,
        changes: Vec<GoodsChanges>,
    ) -> Result<Vec<Variant>, MerchandiseError> {
        let scope = actor.require_any(&[Permission::UpdateProduct, Permission::UpdateCatalog])?;
        let writing = self.catalogue.writing(actor, scope);
        let (variants, counts): (Vec<VariantChanges>, Vec<Counts>) =
            changes.into_iter().map(|change| (change.variant, change.stock)).unzip();
        self.database
            .write(scope, async move |tx| {
                Catalogue::update_variants_in_tx(tx, writing, &variants).await?;
                let ids: Vec<VariantId> = variants.iter().map(|change| change.id).collect();
                let counted = ids.iter().copied().zip(&counts);
                count_in_tx(tx, writing, counted).await?;
                Ok(load_variants(tx, scope, writing.languages, &ids).await?)
            })
            .await
    }

    /// Changes a variant and its stock.
    ///
    /// # Errors
    /// As [`Self::update_variants`].
    pub async fn update_variant(
        &self,
        actor: &Actor,
        changes: GoodsChanges,
    ) -> Result<Variant, MerchandiseError> {
        let gone = CatalogueError::NotFound { what: Thing::ProductVariant, id: changes.variant.id.0 };
        let updated = self.update_variants(actor, vec![changes]).await?;
        Ok(updated.into_iter().next().ok_or(gone)?)
    }
}

/// Puts on the shelves what was counted.
async fn count_in_tx(
    tx: &mut Tx,
    writing: Writing,
    counted: impl Iterator<Item = (VariantId, &Counts)>,
) -> Result<(), MerchandiseError> {
    let counted: Vec<(VariantId, &Counts)> = counted.filter(|(_, counts)| !counts.is_empty()).collect();
    if counted.is_empty() {
        return Ok(());
    }
    let default = default_location(tx, writing).await?;
    let mut levels = Vec::with_capacity(counted.len());
    for (variant, counts) in counted {
        for (location, units) in counts.at_locations(default)? {
            levels.push((variant, location, units));
        }
    }
    Ok(Inventory::set_stock_in_tx(tx, writing.scope, &levels, writing.now).await?)
}

/// Where units go whose place is not named; a new channel has nowhere yet.
async fn default_location(tx: &mut Tx, writing: Writing) -> Result<Option<StockLocationId>, InventoryError> {
    match Inventory::default_location(tx, writing.scope).await {
        Ok(location) => Ok(Some(location)),
        Err(InventoryError::NoLocation) => Ok(None),
        Err(error) => Err(error),
    }
}
