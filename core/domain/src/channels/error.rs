//! How the use cases of channels are refused.

use soko_infra::DatabaseError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{ChannelId, ErrorKind, Forbidden, ZoneId};

use super::entity::ChannelStatus;

/// Why an operation on channels failed.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// No channel has the token that the request names.
    #[error("no valid channel was specified: the vendure-token header names none")]
    UnknownToken,
    /// The channel may not serve.
    #[error("the channel is not open: its status is {}", .0.as_str())]
    NotServing(ChannelStatus),
    /// No channel has this id.
    #[error("there is no channel with the id {0}")]
    NotFound(ChannelId),
    /// No channel has this code.
    #[error("there is no channel with the code {0:?}")]
    UnknownCode(String),
    /// The channel has no zone with this id.
    #[error("there is no zone with the id {0}")]
    UnknownZone(ZoneId),
    /// Another channel has the code.
    #[error("another channel has this code")]
    CodeInUse,
    /// Another channel has the token.
    #[error("another channel has this token")]
    TokenInUse,
    /// A malformed code.
    #[error("a channel's code is 1 to 64 lower-case letters, digits, dashes and underscores")]
    InvalidCode,
    /// A malformed token.
    #[error("a channel's token is 1 to 128 visible ASCII characters")]
    InvalidToken,
    /// A time zone that nobody knows.
    #[error("{0:?} is no IANA time zone")]
    UnknownTimeZone(String),
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

impl ChannelError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownToken | Self::NotFound(_) | Self::UnknownCode(_) | Self::UnknownZone(_) => {
                ErrorKind::NotFound
            }
            Self::NotServing(_) => ErrorKind::Forbidden,
            Self::CodeInUse | Self::TokenInUse => ErrorKind::Conflict,
            Self::InvalidCode | Self::InvalidToken | Self::UnknownTimeZone(_) | Self::Query(_) => {
                ErrorKind::InvalidInput
            }
            Self::Forbidden(forbidden) => forbidden.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}

impl From<DatabaseError> for ChannelError {
    fn from(error: DatabaseError) -> Self {
        if error.is_unique_violation("channel", &["code"]) {
            Self::CodeInUse
        } else if error.is_unique_violation("channel", &["token"]) {
            Self::TokenInUse
        } else {
            Self::Database(error)
        }
    }
}

impl From<ListError> for ChannelError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => error.into(),
        }
    }
}
