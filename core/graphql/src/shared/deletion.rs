//! What came of deletions.

use async_graphql::{Enum, SimpleObject};
use soko_kernel::Deletion;

/// Whether something was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "DeletionResult")]
pub enum DeletionResult {
    /// It is gone.
    #[graphql(name = "DELETED")]
    Deleted,
    /// It is still there.
    #[graphql(name = "NOT_DELETED")]
    NotDeleted,
}

/// What came of a deletion.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "DeletionResponse")]
pub struct DeletionResponse {
    /// Whether it was deleted.
    pub result: DeletionResult,
    /// Why not.
    pub message: Option<String>,
}

impl DeletionResponse {
    /// It is gone.
    pub(crate) fn deleted() -> Self {
        Self { result: DeletionResult::Deleted, message: None }
    }

    /// What came of the deletion of one thing.
    pub(crate) fn of_one(outcomes: Vec<Deletion>) -> Self {
        outcomes.into_iter().next().map_or_else(Self::deleted, Self::from)
    }

    /// What came of the deletion of each of several.
    pub(crate) fn of_each(outcomes: Vec<Deletion>) -> Vec<Self> {
        outcomes.into_iter().map(Self::from).collect()
    }
}

impl From<Deletion> for DeletionResponse {
    fn from(outcome: Deletion) -> Self {
        match outcome {
            Deletion::Deleted => Self::deleted(),
            Deletion::InUse(why) => Self { result: DeletionResult::NotDeleted, message: Some(why) },
        }
    }
}
