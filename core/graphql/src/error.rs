//! How faults reach clients: a message and a stable `extensions.code`, and nothing of what is inside.
//!
//! Resolvers return [`ApiResult`]. A domain's error becomes an [`ApiError`] through its `kind()`; to let another
//! domain's error pass, add it to the list of `domain_errors!`. Expected refusals are no errors: they are members of
//! result unions, see [`crate::shared::refusals`].

use async_graphql::{Error, ErrorExtensions as _, InputType, InputValueError};
use soko_kernel::{ErrorKind, Forbidden};

/// What clients read of a fault of the server.
const INTERNAL_MESSAGE: &str = "Internal server error";

/// What a resolver returns.
pub type ApiResult<T> = Result<T, ApiError>;

/// What a resolver of a field that may be null returns: its error leaves the fields beside it alone.
pub type Nullable<T> = Option<ApiResult<T>>;

/// An error on its way to a client. Deliberately not `Display`: everything that is would become an error of
/// async-graphql without a code, and with its message shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    kind: ErrorKind,
    message: String,
}

impl ApiError {
    /// An error that the client may read.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// A fault of the server: logged here, shown as nothing but that.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "an operation failed");
        Self::new(ErrorKind::Internal, INTERNAL_MESSAGE)
    }

    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::new(error.message).extend_with(|_, extensions| extensions.set("code", error.kind.code()))
    }
}

/// An error of a domain: what it says, and what kind of thing went wrong.
pub trait DomainError: std::fmt::Display {
    /// The kind that clients can tell apart.
    fn kind(&self) -> ErrorKind;
}

impl<E: DomainError> From<E> for ApiError {
    fn from(error: E) -> Self {
        match error.kind() {
            ErrorKind::Internal => Self::internal(&error),
            kind => Self::new(kind, error.to_string()),
        }
    }
}

macro_rules! domain_errors {
    ($($error:ty),* $(,)?) => {$(
        impl DomainError for $error {
            fn kind(&self) -> ErrorKind {
                <$error>::kind(self)
            }
        }
    )*};
}

domain_errors! {
    soko_domain::auth::AuthError,
    soko_domain::catalogue::CatalogueError,
    soko_domain::channels::ChannelError,
    soko_domain::credit::CreditError,
    soko_domain::customers::CustomerError,
    soko_domain::inventory::InventoryError,
    soko_domain::ledger::LedgerError,
    soko_domain::merchandise::MerchandiseError,
    soko_domain::notifications::NotificationError,
    soko_domain::orders::OrderError,
    soko_domain::payments::PaymentError,
    soko_domain::plugins::PluginError,
    soko_domain::pricing::PricingError,
    soko_domain::shipping::ShippingError,
    soko_domain::tax::TaxError,
}

impl DomainError for Forbidden {
    fn kind(&self) -> ErrorKind {
        Self::kind(*self)
    }
}

impl DomainError for soko_kernel::MoneyError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }
}

impl DomainError for soko_kernel::query::InvalidListQuery {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }
}

/// An argument's value was refused: the code that clients can tell it by.
pub(crate) fn invalid_value<T: InputType>(error: InputValueError<T>) -> InputValueError<T> {
    error.with_extension("code", ErrorKind::InvalidInput.code())
}

#[cfg(test)]
mod tests {
    use super::*;
    use soko_domain::channels::ChannelError;

    #[test]
    fn hides_what_is_inside_and_codes_the_rest() {
        let shown: Error = ApiError::internal(&"the disk is on fire").into();
        assert_eq!(shown.message, INTERNAL_MESSAGE);
        let refused: Error = ApiError::from(ChannelError::CodeInUse).into();
        assert_eq!(refused.message, "another channel has this code");
        let code = refused.extensions.and_then(|extensions| extensions.get("code").cloned());
        assert_eq!(code, Some("CONFLICT".into()));
    }
}
