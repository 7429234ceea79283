//! How the use cases of shipping are refused.

use soko_infra::DatabaseError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{ErrorKind, Forbidden, IDS_MAX, Language, ShippingMethodId};

/// Why an operation on shipping methods failed.
#[derive(Debug, thiserror::Error)]
pub enum ShippingError {
    /// The channel has no such method.
    #[error("there is no shipping method with the id {0}")]
    NotFound(ShippingMethodId),
    /// Another method of the channel has the code.
    #[error("another shipping method has the code {0:?}")]
    CodeInUse(String),
    /// A malformed code.
    #[error("a shipping method's code is 1 to 64 letters, digits, dashes and underscores")]
    InvalidCode,
    /// A method without texts, or with an empty name.
    #[error("a shipping method needs a name in at least one language")]
    NameMissing,
    /// Two texts in one language.
    #[error("there are two texts in the language {0}")]
    LanguageTwice(Language),
    /// A checker or calculator that this core does not have.
    #[error("there is no shipping checker or calculator {0:?}")]
    UnknownOperation(String),
    /// A fulfillment handler that this core does not have.
    #[error("there is no fulfillment handler {0:?}")]
    UnknownHandler(String),
    /// More ids than one operation takes.
    #[error("at most {IDS_MAX} at once")]
    TooMany,
    /// An argument that the checker or calculator does not take.
    #[error("{code} takes no argument {argument:?}")]
    UnknownArgument {
        /// The checker or calculator.
        code: &'static str,
        /// The argument.
        argument: String,
    },
    /// An argument that is missing or malformed.
    #[error("{value:?} is no value for the argument {argument}")]
    InvalidArgument {
        /// The argument.
        argument: &'static str,
        /// Its value; empty when it is missing.
        value: String,
    },
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

impl ShippingError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::CodeInUse(_) => ErrorKind::Conflict,
            Self::InvalidCode
            | Self::NameMissing
            | Self::LanguageTwice(_)
            | Self::UnknownOperation(_)
            | Self::UnknownHandler(_)
            | Self::TooMany
            | Self::UnknownArgument { .. }
            | Self::InvalidArgument { .. }
            | Self::Query(_) => ErrorKind::InvalidInput,
            Self::Forbidden(forbidden) => forbidden.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}

impl From<ListError> for ShippingError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => Self::Database(error),
        }
    }
}
