//! What deletions answer with.

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
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
#[graphql(name = "DeletionResponse")]
pub struct DeletionResponse {
    /// Whether it was deleted.
    pub result: DeletionResult,
    /// Why it was not, or what its deletion brought about.
    pub message: Option<String>,
}

impl DeletionResponse {
    /// It is gone, and nothing is to be said of that.
    pub fn deleted() -> Self {
        Self { result: DeletionResult::Deleted, message: None }
    }

    /// It is gone, although something used it.
    pub fn deleted_although(message: impl Into<String>) -> Self {
        Self { result: DeletionResult::Deleted, message: Some(message.into()) }
    }

    /// It is still there.
    pub fn kept(because: impl Into<String>) -> Self {
        Self { result: DeletionResult::NotDeleted, message: Some(because.into()) }
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
            Deletion::InUse(why) => Self::kept(why),
        }
    }
}
