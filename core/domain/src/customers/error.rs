//! How the use cases of customers are refused.

use soko_infra::DatabaseError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{CustomerGroupId, CustomerId, ErrorKind, Forbidden};

use crate::auth::AuthError;

/// Why an operation on customers failed.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    /// The channel has no such customer.
    #[error("there is no customer with the id {0}")]
    NotFound(CustomerId),
    /// The channel has no such group.
    #[error("there is no customer group with the id {0}")]
    GroupNotFound(CustomerGroupId),
    /// Another customer has the e-mail address.
    #[error("the email address is not available")]
    EmailAddressConflict,
    /// Another group has the name.
    #[error("another customer group has the name {0:?}")]
    GroupNameInUse(String),
    /// A group that a tax rate names.
    #[error("the customer group is still in use")]
    GroupInUse,
    /// More customers or groups than one operation takes.
    #[error("at most {max} customers or groups can be named at once")]
    TooMany {
        /// Most that can be.
        max: usize,
    },
    /// An empty or overlong name.
    #[error("{0} must have 1 to 200 characters")]
    InvalidName(&'static str),
    /// A malformed e-mail address.
    #[error("the email address is not valid")]
    InvalidEmail,
    /// A malformed phone number.
    #[error("the phone number is not valid")]
    InvalidPhoneNumber,
    /// A list that cannot be read as asked.
    #[error(transparent)]
    Query(#[from] InvalidListQuery),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The customer's account.
    #[error(transparent)]
    Auth(AuthError),
    /// The store failed.
    #[error(transparent)]
    Database(DatabaseError),
}

impl CustomerError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) | Self::GroupNotFound(_) => ErrorKind::NotFound,
            Self::EmailAddressConflict | Self::GroupNameInUse(_) | Self::GroupInUse => ErrorKind::Conflict,
            Self::TooMany { .. }
            | Self::InvalidName(_)
            | Self::InvalidEmail
            | Self::InvalidPhoneNumber
            | Self::Query(_) => ErrorKind::InvalidInput,
            Self::Forbidden(forbidden) => forbidden.kind(),
            Self::Auth(error) => error.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}

impl From<AuthError> for CustomerError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::IdentifierInUse(_) => Self::EmailAddressConflict,
            error => Self::Auth(error),
        }
    }
}

impl From<DatabaseError> for CustomerError {
    fn from(error: DatabaseError) -> Self {
        if error.is_unique_violation("customer", &["channel_id", "email_address"]) {
            Self::EmailAddressConflict
        } else {
            Self::Database(error)
        }
    }
}

impl From<ListError> for CustomerError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => error.into(),
        }
    }
}
