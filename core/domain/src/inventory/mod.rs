//! Stock: how many units lie where, which of them are spoken for, and who may still buy.
//!
//! A variant's units are saleable when they are on hand, not allocated to a paid order, not held for an order that is
//! being paid, and above the out-of-stock threshold (the variant's own or the channel's; a negative one allows
//! back-orders). A variant whose stock is not tracked is always saleable and is never counted.
//!
//! Invariants: no sale takes a tracked variant below its threshold, so the last unit sells once; every change of a
//! level has a movement that explains it. Both hold because each `…_in_tx` function reads the levels, decides, and
//! writes them inside one write transaction. A count by hand is a fact and is stored as it is: where it falls below
//! what was promised, nothing more is saleable, and [`Inventory::allocate_in_tx`] refuses before anybody pays.
//!
//! An expired hold counts nowhere; [`Inventory::expire_holds`] only sweeps the rows away. Every function runs a
//! constant number of statements, whatever the number of variants.

mod entity;
mod error;
mod event;
mod locations;
mod repo;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use soko_infra::{Database, Reader, Tx};
use soko_kernel::{
    Actor, ChannelScope, Clock, ListQuery, OrderId, OrderLineId, Page, Permission, StockLocationId,
    Timestamp, VariantId,
};

use crate::expiry;
use entity::{LineTrail, Movement, Stock, check_quantity};

pub use entity::{MovementKind, QUANTITY_MAX, Saleable, StockLevel, StockMovement};
pub use error::InventoryError;
pub use event::StockLow;
pub use locations::{NewStockLocation, StockLocation, StockLocationChanges};
pub use repo::EVERY_LEVEL;

/// The use cases of stock.
#[derive(Debug, Clone)]
pub struct Inventory {
    database: Database,
    clock: Clock,
}

impl Inventory {
    /// The service over this store.
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock }
    }

    /// How many units of each variant can still be bought. Variants that the channel does not have, or has deleted,
    /// are absent. One statement.
    ///
    /// # Errors
    /// A failing store.
    pub async fn saleable_in(
        reader: &mut Reader,
        scope: ChannelScope,
        variants: &[VariantId],
        now: Timestamp,
    ) -> Result<HashMap<VariantId, Saleable>, InventoryError> {
        let stocks = repo::stock_of(reader, scope, variants.iter().copied(), None, now).await?;
        let sold = stocks.into_values().filter(|stock| !stock.deleted);
        Ok(sold.map(|stock| (stock.variant, stock.saleable())).collect())
    }

    /// [`Inventory::saleable_in`] for readers that hold no connection.
    ///
    /// # Errors
    /// A failing store.
    pub async fn saleable(
        &self,
        actor: &Actor,
        variants: &[VariantId],
    ) -> Result<HashMap<VariantId, Saleable>, InventoryError> {
        let (scope, now) = (actor.public_scope(), self.clock.now());
        self.database.read(scope, async |reader| Self::saleable_in(reader, scope, variants, now).await).await
    }

    /// Keeps units for an order until `expires_at`, in place of what was kept for it before. All or nothing.
    ///
    /// # Errors
    /// [`InventoryError::InsufficientStock`], an unknown variant, a quantity that is not positive or too large.
    pub async fn hold_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        order: OrderId,
        wanted: &[(VariantId, i64)],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), InventoryError> {
        let wanted = by_variant(wanted.iter().copied())?;
        let stocks = repo::stock_to_change(tx, scope, wanted.keys().copied(), Some(order), now).await?;
        for (variant, quantity) in &wanted {
            get(&stocks, *variant)?.check(*quantity)?;
        }
        repo::delete_holds(tx, scope, order).await?;
        let tracked =
            wanted.into_iter().filter(|(variant, _)| stocks.get(variant).is_some_and(|stock| stock.tracked));
        Ok(repo::insert_holds(tx, scope, order, tracked, expires_at).await?)
    }

    /// Lets go of what is kept for an order; nothing when nothing is.
    ///
    /// # Errors
    /// A failing store.
    pub async fn release_holds_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        order: OrderId,
    ) -> Result<(), InventoryError> {
        repo::delete_holds(tx, scope, order).await?;
        Ok(())
    }

    /// Speaks for the units of an order's lines and lets go of its holds, which others' orders could not take. All or
    /// nothing. An order whose holds have expired still gets the units if nobody else took them.
    ///
    /// # Errors
    /// [`InventoryError::InsufficientStock`], an unknown variant, a quantity that is not positive or too large.
    pub async fn allocate_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        order: OrderId,
        lines: &[(OrderLineId, VariantId, i64)],
        now: Timestamp,
    ) -> Result<(), InventoryError> {
        let variants = lines.iter().map(|(_, variant, _)| *variant);
        let mut stocks = repo::stock_to_change(tx, scope, variants, Some(order), now).await?;
        let mut movements = Vec::with_capacity(lines.len());
        for (line, variant, quantity) in lines {
            check_quantity(*quantity)?;
            movements.extend(get_mut(&mut stocks, *variant)?.allocate(*line, *quantity)?);
        }
        repo::save(tx, scope, &stocks, &movements, now).await?;
        Self::release_holds_in_tx(tx, scope, order).await
    }

    /// Hands over units of order lines: on hand and allocated fall. Units that were not tracked when the order was
    /// paid are not counted now either.
    ///
    /// # Errors
    /// [`InventoryError::InsufficientStockOnHand`] when the shelf holds less, which a count by hand can cause.
    pub async fn sell_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        lines: &[(OrderLineId, VariantId, i64)],
        now: Timestamp,
    ) -> Result<(), InventoryError> {
        Self::follow_lines(tx, scope, lines, now, Stock::sell).await
    }

    /// Gives units of cancelled order lines back: what is not handed over is released, what is handed over returns
    /// to the shelf.
    ///
    /// # Errors
    /// An unknown variant, a quantity that is not positive or too large.
    pub async fn cancel_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        lines: &[(OrderLineId, VariantId, i64)],
        now: Timestamp,
    ) -> Result<(), InventoryError> {
        Self::follow_lines(tx, scope, lines, now, |stock, trail, quantity| Ok(stock.cancel(trail, quantity)))
            .await
    }

    /// Takes handed-over units of order lines back to the shelf; the lines keep them.
    ///
    /// # Errors
    /// An unknown variant, a quantity that is not positive or too large.
    pub async fn take_back_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        lines: &[(OrderLineId, VariantId, i64)],
        now: Timestamp,
    ) -> Result<(), InventoryError> {
        Self::follow_lines(tx, scope, lines, now, |stock, trail, quantity| {
            Ok(stock.take_back(trail, quantity))
        })
        .await
    }

    async fn follow_lines(
        tx: &mut Tx,
        scope: ChannelScope,
        lines: &[(OrderLineId, VariantId, i64)],
        now: Timestamp,
        decide: fn(&mut Stock, &LineTrail, i64) -> Result<Vec<Movement>, InventoryError>,
    ) -> Result<(), InventoryError> {
        let variants = lines.iter().map(|(_, variant, _)| *variant);
        let mut stocks = repo::stock_to_change(tx, scope, variants, None, now).await?;
        let trails = repo::trails_of(tx, scope, lines.iter().map(|(line, _, _)| *line)).await?;
        let mut movements = Vec::with_capacity(lines.len());
        for (line, variant, quantity) in lines {
            check_quantity(*quantity)?;
            let stock = get_mut(&mut stocks, *variant)?;
            if let Some(trail) = trails.get(line) {
                movements.extend(decide(stock, trail, *quantity)?);
            }
        }
        Ok(repo::save(tx, scope, &stocks, &movements, now).await?)
    }

    /// Counts units: `(variant, location, on hand)`.
    ///
    /// # Errors
    /// An unknown variant or location, a count below zero or over [`QUANTITY_MAX`].
    pub async fn set_stock_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        counts: &[(VariantId, StockLocationId, i64)],
        now: Timestamp,
    ) -> Result<(), InventoryError> {
        Self::change_levels(tx, scope, counts, now, Stock::count).await
    }

    /// Corrects counts: `(variant, location, change)`.
    ///
    /// # Errors
    /// An unknown variant or location, a correction that would leave less than nothing or over [`QUANTITY_MAX`].
    pub async fn adjust_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        changes: &[(VariantId, StockLocationId, i64)],
        now: Timestamp,
    ) -> Result<(), InventoryError> {
        Self::change_levels(tx, scope, changes, now, Stock::adjust).await
    }

    async fn change_levels(
        tx: &mut Tx,
        scope: ChannelScope,
        changes: &[(VariantId, StockLocationId, i64)],
        now: Timestamp,
        decide: fn(&mut Stock, StockLocationId, i64) -> Result<Option<Movement>, InventoryError>,
    ) -> Result<(), InventoryError> {
        let named = changes.iter().map(|(_, location, _)| *location);
        let known = locations::existing(tx, scope, named).await?;
        let mut stocks =
            repo::stock_to_change(tx, scope, changes.iter().map(|(variant, _, _)| *variant), None, now)
                .await?;
        let mut movements = Vec::with_capacity(changes.len());
        for (variant, location, number) in changes {
            if !known.contains(location) {
                return Err(InventoryError::UnknownLocation(*location));
            }
            let stock = get_mut(&mut stocks, *variant)?;
            if stock.deleted {
                return Err(InventoryError::UnknownVariant(*variant));
            }
            movements.extend(decide(stock, *location, *number)?);
        }
        Ok(repo::save(tx, scope, &stocks, &movements, now).await?)
    }

    /// Corrects counts of the actor's channel: `(variant, location, change)`.
    ///
    /// # Errors
    /// As [`Inventory::adjust_in_tx`], and [`InventoryError::Forbidden`].
    pub async fn adjust(
        &self,
        actor: &Actor,
        changes: Vec<(VariantId, StockLocationId, i64)>,
    ) -> Result<(), InventoryError> {
        let scope = actor.require_any(&[Permission::UpdateCatalog, Permission::UpdateProduct])?;
        let now = self.clock.now();
        self.database.write(scope, async move |tx| Self::adjust_in_tx(tx, scope, &changes, now).await).await
    }

    /// The levels of each variant, in order of the locations' ids. Variants without levels are absent. One statement.
    ///
    /// # Errors
    /// [`InventoryError::Forbidden`] for those who may not read the catalogue or stock locations.
    pub async fn levels_of(
        &self,
        actor: &Actor,
        variants: &[VariantId],
    ) -> Result<HashMap<VariantId, Vec<StockLevel>>, InventoryError> {
        let readers = [Permission::ReadCatalog, Permission::ReadProduct, Permission::ReadStockLocation];
        let scope = actor.require_any(&readers)?;
        let levels =
            self.database.read(scope, async |reader| repo::levels_of(reader, scope, variants).await).await?;
        let mut by_variant: HashMap<VariantId, Vec<StockLevel>> = HashMap::new();
        for level in levels {
            by_variant.entry(level.variant_id).or_default().push(level);
        }
        Ok(by_variant)
    }

    /// A page of what happened to a variant's stock, the newest first. Fields: `id`, `type`, `quantity`, `createdAt`.
    ///
    /// # Errors
    /// [`InventoryError::Forbidden`] for those who may not read the catalogue or stock locations.
    pub async fn list_movements(
        &self,
        actor: &Actor,
        variant: VariantId,
        query: &ListQuery,
    ) -> Result<Page<StockMovement>, InventoryError> {
        let readers = [Permission::ReadCatalog, Permission::ReadProduct, Permission::ReadStockLocation];
        let scope = actor.require_any(&readers)?;
        self.database
            .read(scope, async |reader| repo::list_movements(reader, scope, variant, query).await)
            .await
    }

    /// Removes expired holds of all channels, in transactions of a bounded size, and says how many. A job calls it
    /// now and then; nothing but the table's size depends on it.
    ///
    /// # Errors
    /// A failing store.
    pub async fn expire_holds(&self, now: Timestamp) -> Result<u64, InventoryError> {
        Ok(expiry::sweep(&self.database, repo::DELETE_EXPIRED_HOLDS, now).await?)
    }
}

/// The quantities by variant, in order of id; equal variants are added up.
fn by_variant(
    wanted: impl Iterator<Item = (VariantId, i64)>,
) -> Result<BTreeMap<VariantId, i64>, InventoryError> {
    let mut sums: BTreeMap<VariantId, i64> = BTreeMap::new();
    for (variant, quantity) in wanted {
        check_quantity(quantity)?;
        let sum = sums.entry(variant).or_default();
        *sum += quantity;
        check_quantity(*sum)?;
    }
    Ok(sums)
}

fn get(stocks: &BTreeMap<VariantId, Stock>, variant: VariantId) -> Result<&Stock, InventoryError> {
    stocks.get(&variant).ok_or(InventoryError::UnknownVariant(variant))
}

fn get_mut(
    stocks: &mut BTreeMap<VariantId, Stock>,
    variant: VariantId,
) -> Result<&mut Stock, InventoryError> {
    stocks.get_mut(&variant).ok_or(InventoryError::UnknownVariant(variant))
}
