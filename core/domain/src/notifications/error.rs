//! What can go wrong about events.

use soko_infra::DatabaseError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{ErrorKind, Forbidden, InboxMessageId};

use crate::channels::ChannelError;

/// An operation on events, or what people are told of them, was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// No event has this name.
    #[error("there is no event {0:?}")]
    UnknownEvent(String),
    /// The event lets nobody choose.
    #[error("whether people are told of {0} is the shop's to say")]
    NotSubscribable(&'static str),
    /// The message is somebody else's, or of nobody.
    #[error("you have no notification with the id {0}")]
    NotFound(InboxMessageId),
    /// A list that cannot be read as asked.
    #[error(transparent)]
    Query(#[from] InvalidListQuery),
    /// The channel is not usable.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl NotificationError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownEvent(_) | Self::NotFound(_) => ErrorKind::NotFound,
            Self::NotSubscribable(_) | Self::Query(_) => ErrorKind::InvalidInput,
            Self::Channel(error) => error.kind(),
            Self::Forbidden(error) => error.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}

impl From<ListError> for NotificationError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => Self::Database(error),
        }
    }
}
