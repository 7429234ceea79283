//! How authentication is refused.

use soko_infra::DatabaseError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{AdministratorId, ErrorKind, Forbidden, Permission, RoleId};

/// Why an operation on users, sessions or roles failed.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No channel has the token that the request names.
    #[error("no valid channel was specified: the vendure-token header names none")]
    UnknownChannel,
    /// The channel may not serve.
    #[error("the channel is not open: its status is {0}")]
    ChannelNotOpen(String),
    /// The identifier or the password is wrong; which of them is not said.
    #[error("the provided credentials are invalid")]
    InvalidCredentials,
    /// Too many wrong passwords for the identifier.
    #[error("too many failed attempts; try again in a few minutes")]
    TooManyAttempts,
    /// Too many codes were asked for, for one telephone number.
    #[error("too many codes were asked for; try again in a few minutes")]
    TooManyCodes,
    /// The platform has no account to send codes by.
    #[error("the platform sends no codes to log in with")]
    CodesOff,
    /// A code that could not be sent.
    #[error("the code could not be sent; try again later")]
    CodeNotSent,
    /// Whoever is logged in gave another password than theirs.
    #[error("the password is not yours")]
    WrongPassword,
    /// A text that is no telephone number with its country's code.
    #[error("this is no telephone number with its country's code, such as +254712345678")]
    InvalidPhoneNumber,
    /// Another administrator has the telephone number.
    #[error("another administrator has this telephone number")]
    PhoneNumberInUse,
    /// Too many passwords are being checked.
    #[error("too many logins are waiting; try again")]
    Overloaded,
    /// A password that may not be used.
    #[error("a password has {min} to {max} characters")]
    InvalidPassword {
        /// Fewest characters.
        min: usize,
        /// Most characters.
        max: usize,
    },
    /// Another user has the identifier.
    #[error("another user has the identifier {0:?}")]
    IdentifierInUse(String),
    /// A text that must not be empty is empty or too long.
    #[error("{0} must have 1 to 200 characters")]
    InvalidText(&'static str),
    /// A role's description that is too long.
    #[error("a role's description has at most {max} characters")]
    DescriptionTooLong {
        /// Most characters.
        max: usize,
    },
    /// More things than one operation deletes.
    #[error("at most {max} can be deleted at once")]
    TooMany {
        /// Most that can be.
        max: usize,
    },
    /// A role for a channel that there is not.
    #[error("there is no channel with one of these ids")]
    ChannelNotFound,
    /// Another role has the code.
    #[error("another role has the code {0:?}")]
    RoleCodeInUse(String),
    /// There is no such role.
    #[error("there is no role with the id {0}")]
    RoleNotFound(RoleId),
    /// There is no such administrator.
    #[error("there is no administrator with the id {0}")]
    AdministratorNotFound(AdministratorId),
    /// The built-in role stays as it is.
    #[error("the super administrator's role cannot be changed")]
    RoleProtected,
    /// A role that somebody still has.
    #[error("the role is still assigned to administrators")]
    RoleInUse,
    /// The last super administrator stays.
    #[error("the platform needs at least one super administrator")]
    LastSuperadmin,
    /// A grant of what the grantor does not hold.
    #[error("you cannot grant {0}, which you do not hold yourself")]
    Escalation(Permission),
    /// A permission that no role can hold.
    #[error("{0} cannot be granted by a role")]
    NotAssignable(Permission),
    /// The password settings are not usable.
    #[error("the password settings are not usable: {0}")]
    Configuration(String),
    /// A list that cannot be read as asked.
    #[error(transparent)]
    Query(#[from] InvalidListQuery),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl AuthError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownChannel
            | Self::ChannelNotFound
            | Self::RoleNotFound(_)
            | Self::AdministratorNotFound(_) => ErrorKind::NotFound,
            Self::ChannelNotOpen(_) | Self::Escalation(_) => ErrorKind::Forbidden,
            Self::InvalidCredentials => ErrorKind::Unauthenticated,
            Self::TooManyAttempts | Self::TooManyCodes | Self::Overloaded => ErrorKind::Overloaded,
            Self::InvalidPassword { .. }
            | Self::InvalidText(_)
            | Self::InvalidPhoneNumber
            | Self::WrongPassword
            | Self::DescriptionTooLong { .. }
            | Self::TooMany { .. }
            | Self::NotAssignable(_)
            | Self::Query(_) => ErrorKind::InvalidInput,
            Self::IdentifierInUse(_)
            | Self::PhoneNumberInUse
            | Self::CodesOff
            | Self::CodeNotSent
            | Self::RoleCodeInUse(_)
            | Self::RoleProtected
            | Self::RoleInUse
            | Self::LastSuperadmin => ErrorKind::Conflict,
            Self::Configuration(_) => ErrorKind::Internal,
            Self::Forbidden(forbidden) => forbidden.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}

impl From<ListError> for AuthError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => Self::Database(error),
        }
    }
}
