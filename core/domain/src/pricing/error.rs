//! How pricing can fail.

use soko_extension::PluginFailure;
use soko_kernel::{ErrorKind, MoneyError};

use crate::plugins::PluginError;

/// Why an order has no price.
#[derive(Debug, thiserror::Error)]
pub enum PricingError {
    /// A plugin failed whose binding says that the order must not go on without it.
    #[error("the pricing rule {plugin} failed: {failure}")]
    PluginFailed {
        /// Name of the plugin.
        plugin: String,
        /// What ended it.
        failure: PluginFailure,
    },
    /// An amount is too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A receipt's document cannot be read or written.
    #[error("the receipt's {what} cannot be read: {why}")]
    Unreadable {
        /// Which document.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// The channel's plugins cannot be read.
    #[error(transparent)]
    Plugins(#[from] PluginError),
}

impl PricingError {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "shorter for callers, who hand over an error or a text"
    )]
    pub(super) fn unreadable(what: &'static str, why: impl ToString) -> Self {
        Self::Unreadable { what, why: why.to_string() }
    }

    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::PluginFailed { .. } => ErrorKind::Conflict,
            Self::Money(_) => ErrorKind::InvalidInput,
            Self::Unreadable { .. } => ErrorKind::Internal,
            Self::Plugins(error) => error.kind(),
        }
    }
}
