//! How payments and payment methods are refused.

use soko_infra::DatabaseError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{ErrorKind, Forbidden, IDS_MAX, Language, PaymentId, PaymentMethodId, RefundId};

use super::entity::PaymentState;
use super::refunds::RefundState;
use crate::channels::ChannelError;
use crate::plugins::PluginError;

/// Why an operation on payments or payment methods failed.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// The channel has no payment method with this id.
    #[error("there is no payment method with the id {0}")]
    MethodNotFound(PaymentMethodId),
    /// The channel has no payment with this id.
    #[error("there is no payment with the id {0}")]
    NotFound(PaymentId),
    /// The channel has no refund with this id.
    #[error("there is no refund with the id {0}")]
    RefundNotFound(RefundId),
    /// A payment of something else than a part of what is left to pay.
    #[error("a payment is for 1 to {outstanding}, in whole minor units")]
    Amount {
        /// Minor units that are left to pay.
        outstanding: i64,
    },
    /// A refund of nothing, or of less.
    #[error("there is nothing to refund")]
    NothingToRefund,
    /// More than is left of the payment.
    #[error("at most {maximum} can be refunded of this payment")]
    RefundAmount {
        /// Minor units that may still be given back.
        maximum: i64,
    },
    /// The refund cannot go from one state to the other.
    #[error("a refund that is {} cannot become {}", .from.as_str(), .to.as_str())]
    RefundTransition {
        /// Where it stands.
        from: RefundState,
        /// Where it was to go.
        to: RefundState,
    },
    /// Another method of the channel has the code.
    #[error("another payment method has the code {0:?}")]
    CodeInUse(String),
    /// A malformed code.
    #[error("a payment method's code is 1 to 64 letters, digits, dashes and underscores")]
    InvalidCode,
    /// A method without texts, or with an empty name.
    #[error("a payment method needs a name in at least one language")]
    NameMissing,
    /// Two texts in one language.
    #[error("there are two texts in the language {0}")]
    LanguageTwice(Language),
    /// A handler that this core does not have.
    #[error("there is no payment handler {0:?}")]
    UnknownHandler(String),
    /// An argument that the handler does not take.
    #[error("{handler} takes no argument {argument:?}")]
    UnknownArgument {
        /// The handler.
        handler: String,
        /// The argument.
        argument: String,
    },
    /// An argument that the handler must have.
    #[error("{handler} needs the argument {argument:?}")]
    MissingArgument {
        /// The handler.
        handler: String,
        /// The argument.
        argument: &'static str,
    },
    /// More ids than one operation takes.
    #[error("at most {IDS_MAX} at once")]
    TooMany,
    /// A checker that this core does not have.
    #[error("there is no payment eligibility checker {0:?}")]
    UnknownChecker(String),
    /// The payment cannot go from one state to the other.
    #[error("a payment that is {} cannot become {}", .from.as_str(), .to.as_str())]
    StateTransition {
        /// Where it stands.
        from: PaymentState,
        /// Where it was to go.
        to: PaymentState,
    },
    /// The money of a cancelled order is not taken.
    #[error("the order is cancelled: its payment can be cancelled, not settled")]
    OrderCancelled,
    /// Another payment by the method has the reference.
    #[error("another payment has the reference {0:?}")]
    ReferenceInUse(String),
    /// The handler was asked and it is not known what came of it.
    #[error("the payment handler's answer is not known: {0}")]
    InDoubt(String),
    /// The handler refused for certain.
    #[error("the payment handler refused: {0}")]
    HandlerRefused(String),
    /// A list that cannot be read as asked.
    #[error(transparent)]
    Query(#[from] InvalidListQuery),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Nobody has to look at the payment.
    #[error("the payment {0} is not up for review")]
    NotInReview(PaymentId),
    /// The plugins of the channel cannot be looked at.
    #[error("the channel's plugins cannot be looked at: {0}")]
    Plugins(String),
    /// The store failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl PaymentError {
    /// Why channels cannot be looked at.
    pub(super) fn of_channels(error: ChannelError) -> Self {
        match error {
            ChannelError::Database(error) => Self::Database(error),
            other => Self::Plugins(other.to_string()),
        }
    }

    /// Why the plugins that are bound cannot be found.
    pub(super) fn of_plugins(error: PluginError) -> Self {
        match error {
            PluginError::Database(error) => Self::Database(error),
            other => Self::Plugins(other.to_string()),
        }
    }

    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::MethodNotFound(_) | Self::NotFound(_) | Self::RefundNotFound(_) => ErrorKind::NotFound,
            Self::CodeInUse(_)
            | Self::StateTransition { .. }
            | Self::RefundTransition { .. }
            | Self::RefundAmount { .. }
            | Self::OrderCancelled
            | Self::NotInReview(_)
            | Self::ReferenceInUse(_)
            | Self::InDoubt(_)
            | Self::HandlerRefused(_) => ErrorKind::Conflict,
            Self::InvalidCode
            | Self::Amount { .. }
            | Self::NothingToRefund
            | Self::NameMissing
            | Self::LanguageTwice(_)
            | Self::UnknownHandler(_)
            | Self::UnknownArgument { .. }
            | Self::MissingArgument { .. }
            | Self::TooMany
            | Self::UnknownChecker(_)
            | Self::Query(_) => ErrorKind::InvalidInput,
            Self::Plugins(_) => ErrorKind::Internal,
            Self::Forbidden(forbidden) => forbidden.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}

impl From<ListError> for PaymentError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => Self::Database(error),
        }
    }
}
