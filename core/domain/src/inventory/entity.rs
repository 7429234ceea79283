//! Stock in numbers, and the decisions about it. Nothing here does IO.

use std::collections::BTreeMap;

use soko_infra::DatabaseError;
use soko_kernel::{OrderLineId, StockLevelId, StockLocationId, StockMovementId, Timestamp, VariantId};

use super::error::InventoryError;
use super::event::StockLow;
use super::locations::StockLocation;

/// Most units in one number: on a shelf, in a movement, in an order line.
pub const QUANTITY_MAX: i64 = 1_000_000_000;

/// Most saleable units that are shown as low stock; lists and search of the catalogue say the same.
const LOW_STOCK_MAX: i64 = 2;

/// How many units can still be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saleable {
    /// Stock is not tracked: any number.
    Unlimited,
    /// This many; never negative.
    Units(i64),
}

impl Saleable {
    /// Whether `quantity` units can be bought.
    pub fn covers(self, quantity: i64) -> bool {
        match self {
            Self::Unlimited => true,
            Self::Units(units) => quantity <= units,
        }
    }

    /// What customers are told of it: `IN_STOCK`, `LOW_STOCK` or `OUT_OF_STOCK`.
    pub fn display(self) -> &'static str {
        match self {
            Self::Units(units) if units < 1 => "OUT_OF_STOCK",
            Self::Units(units) if units <= LOW_STOCK_MAX => "LOW_STOCK",
            Self::Unlimited | Self::Units(_) => "IN_STOCK",
        }
    }

    /// `quantity`, or as many as there are.
    #[must_use]
    pub fn at_most(self, quantity: i64) -> i64 {
        match self {
            Self::Unlimited => quantity,
            Self::Units(units) => quantity.min(units),
        }
    }
}

/// The stock of one variant at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockLevel {
    /// Its id.
    pub id: StockLevelId,
    /// The variant.
    pub variant_id: VariantId,
    /// The place.
    pub location: StockLocation,
    /// Units on the shelf.
    pub on_hand: i64,
    /// Of those, units that are sold and not yet handed over.
    pub allocated: i64,
    /// When it was first counted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Why a level changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovementKind {
    /// Somebody counted, or corrected a count.
    Adjustment,
    /// An order was paid: units are spoken for.
    Allocation,
    /// An order was cancelled before its units left.
    Release,
    /// Units were handed over; counted negative.
    Sale,
    /// Units that had been handed over are back, their order cancelled.
    Cancellation,
    /// A customer brought units back.
    Return,
}

impl MovementKind {
    const ALL: [Self; 6] =
        [Self::Adjustment, Self::Allocation, Self::Release, Self::Sale, Self::Cancellation, Self::Return];

    /// The name that the database and clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adjustment => "ADJUSTMENT",
            Self::Allocation => "ALLOCATION",
            Self::Release => "RELEASE",
            Self::Sale => "SALE",
            Self::Cancellation => "CANCELLATION",
            Self::Return => "RETURN",
        }
    }

    /// The kind with this name.
    ///
    /// # Errors
    /// A name that the database cannot hold.
    pub fn parse(name: &str) -> Result<Self, DatabaseError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| DatabaseError::corrupt("stock movement type", name))
    }
}

/// A change of a level that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockMovement {
    /// Its id.
    pub id: StockMovementId,
    /// The variant.
    pub variant_id: VariantId,
    /// The place.
    pub location_id: StockLocationId,
    /// Why.
    pub kind: MovementKind,
    /// Units; negative for sales and for corrections downwards.
    pub quantity: i64,
    /// The order line that it serves, if any.
    pub order_line_id: Option<OrderLineId>,
    /// When.
    pub created_at: Timestamp,
}

/// A change of a level that was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Movement {
    pub variant: VariantId,
    pub location: StockLocationId,
    pub kind: MovementKind,
    pub quantity: i64,
    pub line: Option<OrderLineId>,
}

/// One variant's stock, as the transaction or the reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stock {
    pub variant: VariantId,
    pub deleted: bool,
    pub tracked: bool,
    /// Units that are not sold; negative allows back-orders.
    pub threshold: i64,
    /// Units at which those who run the shop are told.
    pub low_at: i64,
    /// Units that no paid order spoke for, before any change.
    pub unsold_before: i64,
    /// Units in unexpired holds of others.
    pub held: i64,
    /// Where stock goes that has no place yet.
    pub default_location: Option<StockLocationId>,
    /// By location, in order of id.
    pub levels: BTreeMap<StockLocationId, Level>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Level {
    pub on_hand: i64,
    pub allocated: i64,
    pub changed: bool,
}

impl Level {
    fn free(self) -> i64 {
        (self.on_hand - self.allocated).max(0)
    }

    fn add(&mut self, on_hand: i64, allocated: i64) {
        self.on_hand += on_hand;
        self.allocated += allocated;
        self.changed = true;
    }
}

impl Stock {
    pub fn saleable(&self) -> Saleable {
        if !self.tracked {
            return Saleable::Unlimited;
        }
        Saleable::Units(self.unsold().saturating_sub(self.held).saturating_sub(self.threshold).max(0))
    }

    /// Units on hand that no paid order speaks for.
    pub fn unsold(&self) -> i64 {
        self.levels.values().map(|level| level.on_hand - level.allocated).sum()
    }

    /// What is to be told, if the changes have left few units where there were more.
    pub fn has_become_low(&self) -> Option<StockLow> {
        let (before, units, threshold) = (self.unsold_before, self.unsold(), self.low_at);
        let low = self.tracked && !self.deleted && before > threshold && units <= threshold;
        low.then_some(StockLow { variant_id: self.variant, units, threshold })
    }

    /// Whether `quantity` units can be promised to somebody.
    pub fn check(&self, quantity: i64) -> Result<(), InventoryError> {
        if self.deleted {
            return Err(InventoryError::UnknownVariant(self.variant));
        }
        match self.saleable() {
            Saleable::Units(saleable) if quantity > saleable => {
                Err(InventoryError::InsufficientStock { variant: self.variant, saleable })
            }
            _ => Ok(()),
        }
    }

    /// Speaks for `quantity` units: at each location in order of id what is free there, and what is then left, which
    /// a negative threshold allows, at the first. Untracked stock stays as it is.
    pub fn allocate(&mut self, line: OrderLineId, quantity: i64) -> Result<Vec<Movement>, InventoryError> {
        self.check(quantity)?;
        if !self.tracked {
            return Ok(Vec::new());
        }
        let first = self.levels.keys().next().copied().or(self.default_location);
        let first = first.ok_or(InventoryError::NoLocation)?;
        let mut shares: BTreeMap<StockLocationId, i64> = BTreeMap::new();
        let mut rest = quantity;
        for (location, level) in &self.levels {
            let share = level.free().min(rest);
            shares.insert(*location, share);
            rest -= share;
        }
        *shares.entry(first).or_default() += rest;
        let variant = self.variant;
        let movements = shares.into_iter().filter(|(_, share)| *share > 0).map(|(location, share)| {
            self.levels.entry(location).or_default().add(0, share);
            Movement { variant, location, kind: MovementKind::Allocation, quantity: share, line: Some(line) }
        });
        Ok(movements.collect())
    }

    /// Hands over what the line has allocated, up to `quantity` units.
    pub fn sell(&mut self, trail: &LineTrail, quantity: i64) -> Result<Vec<Movement>, InventoryError> {
        let movements = self.take(trail, quantity, MovementKind::Sale, |at| at.allocated);
        let sold: i64 = movements.iter().map(|movement| movement.quantity).sum();
        let on_hand: i64 = self.levels.values().map(|level| level.on_hand).sum();
        if self.tracked && sold > 0 && on_hand - sold < self.threshold.min(0) {
            return Err(InventoryError::InsufficientStockOnHand { variant: self.variant, on_hand });
        }
        let handed_over = |movement: Movement| {
            self.levels.entry(movement.location).or_default().add(-movement.quantity, -movement.quantity);
            Movement { quantity: -movement.quantity, ..movement }
        };
        Ok(movements.into_iter().map(handed_over).collect())
    }

    /// Gives up to `quantity` units of the line back: first those not handed over yet, then those that were.
    pub fn cancel(&mut self, trail: &LineTrail, quantity: i64) -> Vec<Movement> {
        let mut movements = self.take(trail, quantity, MovementKind::Release, |at| at.allocated);
        let released: i64 = movements.iter().map(|movement| movement.quantity).sum();
        movements.extend(self.take(trail, quantity - released, MovementKind::Cancellation, |at| at.sold));
        for movement in &movements {
            let level = self.levels.entry(movement.location).or_default();
            match movement.kind {
                MovementKind::Release => level.add(0, -movement.quantity),
                _ => level.add(movement.quantity, 0),
            }
        }
        movements
    }

    /// Takes up to `quantity` handed-over units of the line back to the shelf, where they stay the line's.
    pub fn take_back(&mut self, trail: &LineTrail, quantity: i64) -> Vec<Movement> {
        let returned = self.take(trail, quantity, MovementKind::Cancellation, |at| at.sold);
        for movement in &returned {
            let level = self.levels.entry(movement.location).or_default();
            level.add(movement.quantity, movement.quantity);
        }
        let kept = returned.iter().map(|movement| Movement { kind: MovementKind::Allocation, ..*movement });
        let kept: Vec<Movement> = kept.collect();
        returned.into_iter().chain(kept).collect()
    }

    /// Counts `on_hand` units at a location.
    pub fn count(
        &mut self,
        location: StockLocationId,
        on_hand: i64,
    ) -> Result<Option<Movement>, InventoryError> {
        if !(0..=QUANTITY_MAX).contains(&on_hand) {
            return Err(InventoryError::InvalidQuantity);
        }
        let known = self.levels.contains_key(&location);
        let level = self.levels.entry(location).or_default();
        let change = on_hand - level.on_hand;
        if change == 0 && known {
            return Ok(None);
        }
        level.add(change, 0);
        Ok((change != 0).then_some(Movement {
            variant: self.variant,
            location,
            kind: MovementKind::Adjustment,
            quantity: change,
            line: None,
        }))
    }

    /// Corrects the count at a location by `change` units. A correction downwards stops at an empty shelf.
    pub fn adjust(
        &mut self,
        location: StockLocationId,
        change: i64,
    ) -> Result<Option<Movement>, InventoryError> {
        let before = self.levels.get(&location).copied().unwrap_or_default().on_hand;
        let after = before.checked_add(change).ok_or(InventoryError::InvalidQuantity)?;
        if after > QUANTITY_MAX || (change < 0 && after < 0) {
            return Err(InventoryError::InvalidQuantity);
        }
        if change == 0 {
            return Ok(None);
        }
        self.levels.entry(location).or_default().add(change, 0);
        let kind = MovementKind::Adjustment;
        Ok(Some(Movement { variant: self.variant, location, kind, quantity: change, line: None }))
    }

    fn take(
        &self,
        trail: &LineTrail,
        quantity: i64,
        kind: MovementKind,
        of: impl Fn(&LineAt) -> i64,
    ) -> Vec<Movement> {
        let mut rest = quantity;
        let mut movements = Vec::new();
        for at in trail.at.iter().filter(|at| at.variant == self.variant) {
            let share = of(at).min(rest);
            if share > 0 {
                rest -= share;
                let (variant, location) = (self.variant, at.location);
                movements.push(Movement { variant, location, kind, quantity: share, line: Some(trail.line) });
            }
        }
        movements
    }
}

/// What one order line has at each location, in order of the locations' ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineTrail {
    pub line: OrderLineId,
    pub at: Vec<LineAt>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineAt {
    pub variant: VariantId,
    pub location: StockLocationId,
    /// Units spoken for and not handed over.
    pub allocated: i64,
    /// Units handed over and not given back.
    pub sold: i64,
}

/// Whether a number of units can be ordered.
pub(super) fn check_quantity(quantity: i64) -> Result<(), InventoryError> {
    if (1..=QUANTITY_MAX).contains(&quantity) { Ok(()) } else { Err(InventoryError::InvalidQuantity) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    const VARIANT: VariantId = VariantId(1);
    const LINE: OrderLineId = OrderLineId(9);
    const A: StockLocationId = StockLocationId(1);
    const B: StockLocationId = StockLocationId(2);

    fn stock(threshold: i64, levels: &[(StockLocationId, i64, i64)]) -> Stock {
        let level = |(location, on_hand, allocated): &(_, i64, i64)| {
            (*location, Level { on_hand: *on_hand, allocated: *allocated, changed: false })
        };
        Stock {
            low_at: 10,
            unsold_before: levels.iter().map(|(_, on_hand, allocated)| on_hand - allocated).sum(),
            variant: VARIANT,
            deleted: false,
            tracked: true,
            threshold,
            held: 0,
            default_location: Some(A),
            levels: levels.iter().map(level).collect(),
        }
    }

    fn quantities(movements: &[Movement]) -> Vec<(StockLocationId, i64)> {
        movements.iter().map(|movement| (movement.location, movement.quantity)).collect()
    }

    #[test]
    fn keeps_the_threshold_back_and_counts_the_holds_of_others() {
        let mut stock = stock(2, &[(A, 10, 3), (B, 1, 0)]);
        stock.held = 4;
        assert_eq!(stock.saleable(), Saleable::Units(2));
        assert!(matches!(stock.check(3), Err(InventoryError::InsufficientStock { saleable: 2, .. })));
        stock.held = 40;
        assert_eq!(stock.saleable(), Saleable::Units(0));
        stock.tracked = false;
        assert_eq!(stock.saleable(), Saleable::Unlimited);
        assert_eq!(stock.allocate(LINE, QUANTITY_MAX).unwrap(), []);
    }

    #[test]
    fn is_low_once_where_there_was_more() {
        let mut stock = stock(0, &[(A, 6, 0), (B, 6, 0)]);
        stock.allocate(LINE, 1).unwrap();
        assert_eq!(stock.has_become_low(), None);
        stock.allocate(LINE, 1).unwrap();
        let low = StockLow { variant_id: VARIANT, units: 10, threshold: 10 };
        assert_eq!(stock.has_become_low(), Some(low));
        let mut later = Stock { unsold_before: 10, ..stock };
        later.allocate(LINE, 3).unwrap();
        assert_eq!(later.has_become_low(), None, "it was low before");
    }

    #[test]
    fn allocates_over_locations_in_order_and_back_orders_at_the_first() {
        let mut two = stock(0, &[(A, 2, 1), (B, 5, 0)]);
        assert_eq!(quantities(&two.allocate(LINE, 4).unwrap()), [(A, 1), (B, 3)]);
        assert!(two.allocate(LINE, 3).is_err());
        let mut back_order = stock(-5, &[(A, 1, 0), (B, 1, 0)]);
        assert_eq!(quantities(&back_order.allocate(LINE, 6).unwrap()), [(A, 5), (B, 1)]);
        assert_eq!(back_order.saleable(), Saleable::Units(1));
        let mut nowhere = stock(-5, &[]);
        assert_eq!(quantities(&nowhere.allocate(LINE, 1).unwrap()), [(A, 1)]);
        nowhere = stock(-5, &[]);
        nowhere.default_location = None;
        assert!(matches!(nowhere.allocate(LINE, 1), Err(InventoryError::NoLocation)));
    }

    #[test]
    fn hands_over_and_takes_back_no_more_than_the_line_has() {
        let mut stock = stock(0, &[(A, 3, 2), (B, 5, 3)]);
        let at = |location, allocated, sold| LineAt { variant: VARIANT, location, allocated, sold };
        let trail = LineTrail { line: LINE, at: vec![at(A, 2, 0), at(B, 3, 1)] };
        let mut cancelled = stock.clone();
        assert_eq!(quantities(&stock.sell(&trail, 4).unwrap()), [(A, -2), (B, -2)]);
        assert_eq!(stock.levels[&A], Level { on_hand: 1, allocated: 0, changed: true });
        assert_eq!(quantities(&cancelled.cancel(&trail, 99)), [(A, 2), (B, 3), (B, 1)]);
        assert_eq!(cancelled.levels[&B], Level { on_hand: 6, allocated: 0, changed: true });
    }

    #[test]
    fn refuses_to_hand_over_what_is_not_on_the_shelf() {
        let at = LineAt { variant: VARIANT, location: A, allocated: 3, sold: 0 };
        let trail = LineTrail { line: LINE, at: vec![at] };
        let refused = stock(0, &[(A, 2, 3)]).sell(&trail, 3);
        assert!(matches!(refused, Err(InventoryError::InsufficientStockOnHand { on_hand: 2, .. })));
        assert!(stock(-1, &[(A, 2, 3)]).sell(&trail, 3).is_ok());
    }

    #[test]
    fn counts_and_corrects_within_bounds() {
        let mut stock = stock(0, &[(A, 3, 0)]);
        assert_eq!(stock.count(A, 3).unwrap(), None);
        assert_eq!(stock.count(A, 5).unwrap().unwrap().quantity, 2);
        assert!(matches!(stock.count(A, -1), Err(InventoryError::InvalidQuantity)));
        assert!(matches!(stock.adjust(A, -6), Err(InventoryError::InvalidQuantity)));
        assert!(matches!(stock.adjust(A, i64::MAX), Err(InventoryError::InvalidQuantity)));
        assert_eq!(stock.adjust(A, -5).unwrap().unwrap().quantity, -5);
        assert_eq!(stock.count(B, 0).unwrap(), None);
        assert!(stock.levels[&B].changed);
    }
}
