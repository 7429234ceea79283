//! How the use cases of orders are refused.

use soko_infra::DatabaseError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{ErrorKind, Forbidden, MoneyError, OrderId, RefundId};

use super::fulfillment::FulfillmentState;
use super::state::OrderState;
use crate::auth::AuthError;
use crate::catalogue::CatalogueError;
use crate::credit::{CreditError, CreditRefusal};
use crate::customers::CustomerError;
use crate::inventory::InventoryError;
use crate::ledger::LedgerError;
use crate::payments::PaymentError;
use crate::plugins::PluginError;
use crate::pricing::PricingError;
use crate::shipping::ShippingError;
use crate::tax::TaxError;

/// Why an operation on orders failed.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The session has no cart.
    #[error("there is no active order associated with the current session")]
    NoActiveOrder,
    /// The channel has no such order, or not for this caller.
    #[error("there is no order {0}")]
    NotFound(String),
    /// The order has no such line.
    #[error("the order has no line with the id {0}")]
    LineNotFound(String),
    /// The channel sells no such variant.
    #[error("there is no product variant with the id {0}")]
    VariantNotFound(String),
    /// The order's state does not allow changes of its content.
    #[error("the order's contents can be changed only in the state AddingItems, not in {}", .0.as_str())]
    NotModifiable(OrderState),
    /// A quantity below zero.
    #[error("the quantity of an order line cannot be negative")]
    NegativeQuantity,
    /// More units than an order or a line may have.
    #[error("an order may have at most {max_items} items")]
    Limit {
        /// Most units.
        max_items: i64,
    },
    /// Less in stock than asked for; what there was has been added.
    #[error("only {quantity_available} units were available")]
    InsufficientStock {
        /// Units that the order has now of it.
        quantity_available: i64,
    },
    /// A pricing rule that the order cannot go without has failed.
    #[error("the order cannot be priced: {0}")]
    PricingRefused(String),
    /// The order may not go from one state to the other.
    #[error("{reason}")]
    StateTransition {
        /// Where it stands.
        from: OrderState,
        /// Where it was to go, as the client named it.
        to: String,
        /// Why not.
        reason: String,
    },
    /// The method does not deliver this order.
    #[error("this shipping method does not deliver this order")]
    IneligibleShippingMethod,
    /// The payment method is unknown, off, or not for this order.
    #[error("this payment method is not available for this order")]
    IneligiblePaymentMethod,
    /// The order is not ready to be paid.
    #[error("a payment can be added only when the order is in the state ArrangingPayment")]
    PaymentState,
    /// A payment of the order has no answer yet.
    #[error("another payment of this order is in progress")]
    PaymentInProgress,
    /// The payment was declined.
    #[error("the payment was declined: {0}")]
    PaymentDeclined(String),
    /// The payment failed.
    #[error("the payment failed: {0}")]
    PaymentFailed(String),
    /// The payment on account was refused.
    #[error("the payment on account was refused: {0}")]
    CreditRefused(#[from] CreditRefusal),
    /// Nothing of the order is refunded in its state.
    #[error("an order that is {} cannot be refunded", .0.as_str())]
    RefundState(OrderState),
    /// The lines to refund are of another order than the payment.
    #[error("the payment is not of the order that the lines are of")]
    PaymentOrderMismatch,
    /// The lines to refund are of several orders.
    #[error("the order lines must belong to one order")]
    MultipleOrders,
    /// More units than the line has.
    #[error("the quantity is greater than the order line's")]
    QuantityTooGreat,
    /// The units have been refunded before.
    #[error("these units have been refunded by the refund {0}")]
    AlreadyRefunded(RefundId),
    /// Logged-in customers shop as themselves.
    #[error("you are logged in: the order is yours already")]
    AlreadyLoggedIn,
    /// A customer with an account has the e-mail address.
    #[error("the email address is not available")]
    EmailAddressConflict,
    /// Handed-over goods cannot go from one state to the other.
    #[error("a fulfillment that is {} cannot become {}", .from.as_str(), .to.as_str())]
    FulfillmentTransition {
        /// Where they stand.
        from: FulfillmentState,
        /// Where they were to go.
        to: FulfillmentState,
    },
    /// Goods that cannot be handed over.
    #[error("this cannot be fulfilled: {0}")]
    Fulfillment(String),
    /// The order changed all the time while this was tried.
    #[error("the order is being changed by another request; try again")]
    Busy,
    /// Malformed input.
    #[error("{0}")]
    InvalidInput(String),
    /// An amount is too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A list that cannot be read as asked.
    #[error(transparent)]
    Query(#[from] InvalidListQuery),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Sessions.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// Products.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// Buying on account.
    #[error(transparent)]
    Credit(#[from] CreditError),
    /// Customers.
    #[error(transparent)]
    Customer(#[from] CustomerError),
    /// Stock.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The books.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Payments.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// Prices.
    #[error(transparent)]
    Pricing(PricingError),
    /// Delivery.
    #[error(transparent)]
    Shipping(#[from] ShippingError),
    /// Taxes.
    #[error(transparent)]
    Tax(#[from] TaxError),
    /// The store failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The order changed since it was read. Never shown: the change is tried again.
    #[error("the order {0} changed meanwhile")]
    VersionConflict(OrderId),
}

impl OrderError {
    /// For where a change that met another one is not tried again: the client is asked to.
    pub(super) fn or_busy(self) -> Self {
        if let Self::VersionConflict(_) = self { Self::Busy } else { self }
    }

    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) | Self::LineNotFound(_) | Self::VariantNotFound(_) => ErrorKind::NotFound,
            Self::NegativeQuantity
            | Self::Limit { .. }
            | Self::Money(_)
            | Self::Query(_)
            | Self::InvalidInput(_) => ErrorKind::InvalidInput,
            Self::NoActiveOrder
            | Self::NotModifiable(_)
            | Self::InsufficientStock { .. }
            | Self::PricingRefused(_)
            | Self::StateTransition { .. }
            | Self::IneligibleShippingMethod
            | Self::IneligiblePaymentMethod
            | Self::PaymentState
            | Self::PaymentInProgress
            | Self::PaymentDeclined(_)
            | Self::PaymentFailed(_)
            | Self::CreditRefused(_)
            | Self::RefundState(_)
            | Self::PaymentOrderMismatch
            | Self::MultipleOrders
            | Self::QuantityTooGreat
            | Self::AlreadyRefunded(_)
            | Self::AlreadyLoggedIn
            | Self::EmailAddressConflict
            | Self::Fulfillment(_)
            | Self::FulfillmentTransition { .. }
            | Self::Busy
            | Self::VersionConflict(_) => ErrorKind::Conflict,
            Self::Forbidden(error) => error.kind(),
            Self::Auth(error) => error.kind(),
            Self::Catalogue(error) => error.kind(),
            Self::Credit(error) => error.kind(),
            Self::Customer(error) => error.kind(),
            Self::Inventory(error) => error.kind(),
            Self::Ledger(error) => error.kind(),
            Self::Payment(error) => error.kind(),
            Self::Pricing(error) => error.kind(),
            Self::Shipping(error) => error.kind(),
            Self::Tax(error) => error.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}

impl From<PricingError> for OrderError {
    fn from(error: PricingError) -> Self {
        match error {
            PricingError::PluginFailed { .. } => Self::PricingRefused(error.to_string()),
            error => Self::Pricing(error),
        }
    }
}

impl From<PluginError> for OrderError {
    fn from(error: PluginError) -> Self {
        Self::Pricing(error.into())
    }
}

impl From<ListError> for OrderError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => Self::Database(error),
        }
    }
}
