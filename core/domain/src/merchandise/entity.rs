//! What is counted of a variant, and where.

use soko_kernel::StockLocationId;

use crate::catalogue::{NewVariant, VariantChanges};
use crate::inventory::InventoryError;

/// A variant to be created, with its stock.
#[derive(Debug, Clone)]
pub struct NewGoods {
    /// The variant.
    pub variant: NewVariant,
    /// What lies on the shelves.
    pub stock: Counts,
}

/// What changes of a variant and of its stock.
#[derive(Debug, Clone)]
pub struct GoodsChanges {
    /// The variant.
    pub variant: VariantChanges,
    /// What was counted; what is not, stays.
    pub stock: Counts,
}

/// Units of a variant that were counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Counts {
    /// Nothing was counted.
    #[default]
    None,
    /// Units of a new variant that has none: an empty shelf, where there are shelves.
    Empty,
    /// Units at the channel's default location.
    AtDefault(i64),
    /// Units at each of these locations.
    At(Vec<(StockLocationId, i64)>),
}

impl Counts {
    /// Counts by location where there are any, else those of the default location.
    pub fn new(on_hand: Option<i64>, by_location: Option<Vec<(StockLocationId, i64)>>) -> Self {
        match (by_location, on_hand) {
            (Some(levels), _) if !levels.is_empty() => Self::At(levels),
            (_, Some(on_hand)) => Self::AtDefault(on_hand),
            _ => Self::None,
        }
    }

    /// The counts of a new variant.
    #[must_use]
    pub(super) fn or_empty(self) -> Self {
        if self == Self::None { Self::Empty } else { self }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::None
    }

    /// Units by location; `default` is the channel's, if it has one.
    pub(super) fn at_locations(
        &self,
        default: Option<StockLocationId>,
    ) -> Result<Vec<(StockLocationId, i64)>, InventoryError> {
        match self {
            Self::None => Ok(Vec::new()),
            Self::Empty => Ok(default.map(|location| (location, 0)).into_iter().collect()),
            Self::AtDefault(units) => Ok(vec![(default.ok_or(InventoryError::NoLocation)?, *units)]),
            Self::At(levels) => Ok(levels.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    const HERE: StockLocationId = StockLocationId(1);
    const THERE: StockLocationId = StockLocationId(2);

    #[test]
    fn counts_where_it_is_told_or_at_the_default_location() {
        let at = |counts: Counts| counts.at_locations(Some(HERE)).unwrap();
        assert_eq!(at(Counts::new(Some(5), None)), [(HERE, 5)]);
        assert_eq!(at(Counts::new(Some(5), Some(Vec::new()))), [(HERE, 5)]);
        assert_eq!(at(Counts::new(Some(5), Some(vec![(THERE, 7)]))), [(THERE, 7)]);
        assert_eq!(at(Counts::new(None, None)), []);
        assert_eq!(at(Counts::new(None, None).or_empty()), [(HERE, 0)]);
    }

    #[test]
    fn refuses_units_that_have_no_place() {
        assert!(matches!(Counts::AtDefault(5).at_locations(None), Err(InventoryError::NoLocation)));
        assert_eq!(Counts::Empty.at_locations(None).unwrap(), []);
    }
}
