//! How the use cases of goods are refused: as the catalogue or the inventory refuses its part.

use soko_infra::DatabaseError;
use soko_kernel::{ErrorKind, Forbidden};

use crate::catalogue::CatalogueError;
use crate::inventory::InventoryError;

/// Why an operation on goods failed.
#[derive(Debug, thiserror::Error)]
pub enum MerchandiseError {
    /// The catalogue refuses.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The inventory refuses.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl MerchandiseError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Catalogue(error) => error.kind(),
            Self::Inventory(error) => error.kind(),
            Self::Forbidden(forbidden) => forbidden.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}
