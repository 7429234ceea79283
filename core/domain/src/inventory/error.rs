//! How the use cases of stock are refused.

use soko_infra::DatabaseError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{ErrorKind, Forbidden, StockLocationId, VariantId};

use super::entity::QUANTITY_MAX;

/// Why an operation on stock failed.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// Fewer units can be bought than were asked for.
    #[error("only {saleable} units of the variant {variant} are available")]
    InsufficientStock {
        /// The variant.
        variant: VariantId,
        /// Units that can be bought; never negative.
        saleable: i64,
    },
    /// Fewer units are on the shelf than are to be handed over.
    #[error("only {on_hand} units of the variant {variant} are on hand")]
    InsufficientStockOnHand {
        /// The variant.
        variant: VariantId,
        /// Units on the shelf.
        on_hand: i64,
    },
    /// No variant has this id.
    #[error("there is no variant with the id {0}")]
    UnknownVariant(VariantId),
    /// No stock location has this id.
    #[error("there is no stock location with the id {0}")]
    UnknownLocation(StockLocationId),
    /// The channel has nowhere to keep stock.
    #[error("the channel has no stock location")]
    NoLocation,
    /// A number of units that cannot be.
    #[error("a quantity of stock is between 0 and {QUANTITY_MAX}")]
    InvalidQuantity,
    /// Another location has the name.
    #[error("another stock location has this name")]
    NameInUse,
    /// A malformed name.
    #[error("a stock location's name is 1 to {} characters", super::locations::NAME_LENGTH_MAX)]
    InvalidName,
    /// A location that still holds stock, and nowhere to move it.
    #[error("the stock location holds stock: name a location to transfer it to")]
    LocationHoldsStock,
    /// A channel keeps at least one location.
    #[error("the last stock location cannot be deleted")]
    LastLocation,
    /// A list that cannot be read as asked.
    #[error(transparent)]
    Query(#[from] InvalidListQuery),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Database(DatabaseError),
}

impl InventoryError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownVariant(_) | Self::UnknownLocation(_) => ErrorKind::NotFound,
            Self::InsufficientStock { .. }
            | Self::InsufficientStockOnHand { .. }
            | Self::NoLocation
            | Self::NameInUse
            | Self::LocationHoldsStock
            | Self::LastLocation => ErrorKind::Conflict,
            Self::InvalidQuantity | Self::InvalidName | Self::Query(_) => ErrorKind::InvalidInput,
            Self::Forbidden(forbidden) => forbidden.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}

impl From<DatabaseError> for InventoryError {
    fn from(error: DatabaseError) -> Self {
        if error.is_unique_violation("stock_location", &["channel_id", "name"]) {
            Self::NameInUse
        } else {
            Self::Database(error)
        }
    }
}

impl From<ListError> for InventoryError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => error.into(),
        }
    }
}
