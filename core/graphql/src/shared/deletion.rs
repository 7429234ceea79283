//! What deletions answer with.

use async_graphql::{Enum, SimpleObject};
use soko_kernel::{Deletion, ErrorKind};

use crate::error::{ApiResult, DomainError};

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

    /// Gone, or kept because something is in its way, which the answer says.
    ///
    /// # Errors
    /// Everything that is no conflict.
    pub(crate) fn of<E: DomainError>(outcome: Result<(), E>) -> ApiResult<Self> {
        match outcome {
            Ok(()) => Ok(Self::deleted()),
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(Self::kept(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// What came of the deletion of one thing.
    pub(crate) fn of_one<T: Into<Self>>(outcomes: Vec<T>) -> Self {
        outcomes.into_iter().next().map_or_else(Self::deleted, Into::into)
    }

    /// What came of the deletion of each of several.
    pub(crate) fn of_each<T: Into<Self>>(outcomes: Vec<T>) -> Vec<Self> {
        outcomes.into_iter().map(Into::into).collect()
    }

    /// [`Self::of_one`] where each outcome is one for [`Self::of`].
    pub(crate) fn try_of_one<E: DomainError>(outcomes: Vec<Result<(), E>>) -> ApiResult<Self> {
        outcomes.into_iter().next().map_or_else(|| Ok(Self::deleted()), Self::of)
    }

    /// [`Self::of_each`] where each outcome is one for [`Self::of`].
    pub(crate) fn try_of_each<E: DomainError>(outcomes: Vec<Result<(), E>>) -> ApiResult<Vec<Self>> {
        outcomes.into_iter().map(Self::of).collect()
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
