//! How the use cases of taxes and places are refused.

use soko_infra::DatabaseError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{ErrorKind, Forbidden, IDS_MAX, Language};

/// Why an operation on taxes or places failed.
#[derive(Debug, thiserror::Error)]
pub enum TaxError {
    /// The channel has no such thing.
    #[error("there is no {0} with the id {1}")]
    NotFound(&'static str, String),
    /// Another thing of its kind has the name or code.
    #[error("another {0} has this name or code")]
    InUse(&'static str),
    /// Something else names it.
    #[error("it is still used by others")]
    Referenced,
    /// Addresses name the country by the code that was to change.
    #[error("the code {0} cannot change: addresses use it")]
    CodeReferenced(String),
    /// An empty or overlong name.
    #[error("a name must have 1 to 200 characters")]
    InvalidName,
    /// Two names in one language.
    #[error("there are two names in the language {0}")]
    LanguageTwice(Language),
    /// More ids than one operation takes.
    #[error("at most {IDS_MAX} at once")]
    TooMany,
    /// No country code.
    #[error("{0:?} is no two-letter country code")]
    InvalidCountryCode(String),
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

impl TaxError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(..) => ErrorKind::NotFound,
            Self::InUse(_) | Self::Referenced | Self::CodeReferenced(_) => ErrorKind::Conflict,
            Self::InvalidName
            | Self::LanguageTwice(_)
            | Self::TooMany
            | Self::InvalidCountryCode(_)
            | Self::Query(_) => ErrorKind::InvalidInput,
            Self::Forbidden(forbidden) => forbidden.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}

impl From<DatabaseError> for TaxError {
    fn from(error: DatabaseError) -> Self {
        let names: [(&'static str, &str, [&str; 2]); 3] = [
            ("country", "country", ["channel_id", "code"]),
            ("zone", "zone", ["channel_id", "name"]),
            ("tax category", "tax_category", ["channel_id", "name"]),
        ];
        if let Some((what, ..)) =
            names.iter().find(|(_, table, columns)| error.is_unique_violation(table, columns))
        {
            Self::InUse(what)
        } else if error.is_foreign_key_violation() {
            Self::Referenced
        } else {
            Self::Database(error)
        }
    }
}

impl From<ListError> for TaxError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => error.into(),
        }
    }
}
