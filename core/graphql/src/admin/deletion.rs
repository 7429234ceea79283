//! What came of a deletion.

use async_graphql::SimpleObject;
use soko_kernel::ErrorKind;

use crate::error::{ApiResult, DomainError};

/// Whether something was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(name = "DeletionResult")]
pub enum DeletionResult {
    /// It was.
    #[graphql(name = "DELETED")]
    Deleted,
    /// It was not: the message says why.
    #[graphql(name = "NOT_DELETED")]
    NotDeleted,
}

/// What came of a deletion.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "DeletionResponse")]
pub struct DeletionResponse {
    /// Whether it was deleted.
    pub result: DeletionResult,
    /// Why it was not.
    pub message: Option<String>,
}

impl DeletionResponse {
    /// It is gone.
    pub(super) fn deleted() -> Self {
        Self { result: DeletionResult::Deleted, message: None }
    }

    /// Gone, or kept because something is in its way, which the answer says.
    ///
    /// # Errors
    /// Everything that is no conflict.
    pub(super) fn of<E: DomainError>(outcome: Result<(), E>) -> ApiResult<Self> {
        match outcome {
            Ok(()) => Ok(Self::deleted()),
            Err(error) if error.kind() == ErrorKind::Conflict => {
                Ok(Self { result: DeletionResult::NotDeleted, message: Some(error.to_string()) })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What came of the deletion of one thing.
    ///
    /// # Errors
    /// As for [`Self::of`].
    pub(super) fn of_only<E: DomainError>(outcomes: Vec<Result<(), E>>) -> ApiResult<Self> {
        outcomes.into_iter().next().map_or_else(|| Ok(Self::deleted()), Self::of)
    }

    /// What came of the deletion of each of several things.
    ///
    /// # Errors
    /// As for [`Self::of`].
    pub(super) fn of_each<E: DomainError>(outcomes: Vec<Result<(), E>>) -> ApiResult<Vec<Self>> {
        outcomes.into_iter().map(Self::of).collect()
    }
}
