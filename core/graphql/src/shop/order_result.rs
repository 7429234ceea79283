//! What mutations of an order answer with: the order, or one of the refusals that the operation can expect.
//!
//! Every refusal of the orders domain has one place in [`Refusal`]; each union takes from there what its operation may
//! answer with, and anything else is an error.

use std::sync::Arc;

use async_graphql::{SimpleObject, Union};
use soko_domain::orders::{OrderError, OrderView};
use soko_domain::payments::PaymentError;

use super::order::Order;
use super::refusals::{
    AlreadyLoggedInError, CouponRemovedDuringCheckoutError, IneligiblePaymentMethodError,
    InsufficientStockError, OrderPaymentStateError, PaymentDeclinedError, PaymentFailedError,
};
use crate::error::{ApiError, ApiResult};
use crate::shared::refusals::{
    EmailAddressConflictError, GuestCheckoutError, IneligibleShippingMethodError, NegativeQuantityError,
    NoActiveOrderError, OrderInterceptorError, OrderLimitError, OrderModificationError,
    OrderStateTransitionError, Refused as _,
};

/// Declares the expected refusals and where they come from, and the unions of an order and some of them.
macro_rules! order_results {
    (
        refusals { $($refusal:ident),* $(,)? }
        $($(#[$doc:meta])* $name:ident = Order $(| $member:ident)* $(, declared $declared:ident)?;)*
    ) => {
        /// An expected refusal of an operation on an order.
        enum Refusal {
            $($refusal($refusal),)*
        }

        $(
            $(#[$doc])*
            #[derive(Union)]
            #[graphql(name_type)]
            pub enum $name {
                /// The order after the change.
                Order(Box<Order>),
                $(
                    $member($member),
                )*
                $(
                    /// A refusal that nothing answers with yet.
                    $declared($declared),
                )?
            }

            impl async_graphql::TypeName for $name {
                fn type_name() -> std::borrow::Cow<'static, str> {
                    std::borrow::Cow::Borrowed(stringify!($name))
                }
            }

            impl $name {
                /// The answer of an operation that came to this.
                ///
                /// # Errors
                /// What the operation does not expect.
                pub(super) fn of(outcome: Result<OrderView, OrderError>) -> ApiResult<Self> {
                    match outcome {
                        Ok(view) => Ok(Self::Order(Box::new(Order::from(view)))),
                        Err(error) => Self::refused(error, None),
                    }
                }

                /// The answer of an operation that was refused; `order` is what was done in part.
                ///
                /// # Errors
                /// What the operation does not expect.
                pub(super) fn refused(error: OrderError, order: Option<&Arc<OrderView>>) -> ApiResult<Self> {
                    let unexpected = error.kind();
                    let message = error.to_string();
                    match Refusal::of(error, order)? {
                        $(Refusal::$member(refusal) => Ok(Self::$member(refusal)),)*
                        _ => Err(ApiError::new(unexpected, message)),
                    }
                }
            }
        )*
    };
}

order_results! {
    refusals {
        AlreadyLoggedInError, EmailAddressConflictError, IneligiblePaymentMethodError,
        IneligibleShippingMethodError, InsufficientStockError, NegativeQuantityError, NoActiveOrderError,
        OrderInterceptorError, OrderLimitError, OrderModificationError, OrderPaymentStateError,
        OrderStateTransitionError, PaymentDeclinedError, PaymentFailedError,
    }

    /// The order with its changed lines.
    UpdateOrderItemsResult = Order | OrderModificationError | OrderLimitError | NegativeQuantityError
        | InsufficientStockError | OrderInterceptorError;
    /// The order without the removed lines.
    RemoveOrderItemsResult = Order | OrderModificationError | OrderInterceptorError;
    /// The order with its chosen delivery.
    SetOrderShippingMethodResult = Order | OrderModificationError | IneligibleShippingMethodError | NoActiveOrderError;
    /// The session's cart.
    ActiveOrderResult = Order | NoActiveOrderError;
    /// The order in its new state.
    TransitionOrderToStateResult = Order | OrderStateTransitionError;
    /// The order with its buyer.
    SetCustomerForOrderResult = Order | AlreadyLoggedInError | EmailAddressConflictError | NoActiveOrderError,
        declared GuestCheckoutError;
    /// The order with its payment.
    AddPaymentToOrderResult = Order | OrderPaymentStateError | IneligiblePaymentMethodError | PaymentFailedError
        | PaymentDeclinedError | OrderStateTransitionError | NoActiveOrderError,
        declared CouponRemovedDuringCheckoutError;
}

impl Refusal {
    /// The refusal that an error of the domain stands for; `order` is what was done in part.
    ///
    /// # Errors
    /// What is no expected refusal of any operation.
    fn of(error: OrderError, order: Option<&Arc<OrderView>>) -> ApiResult<Self> {
        let message = error.to_string();
        Ok(match (error, order) {
            (OrderError::NoActiveOrder, _) => Self::NoActiveOrderError(NoActiveOrderError::new()),
            (OrderError::NotModifiable(_), _) => {
                Self::OrderModificationError(OrderModificationError::new().because(message))
            }
            (OrderError::NegativeQuantity, _) => Self::NegativeQuantityError(NegativeQuantityError::new()),
            (OrderError::Limit { max_items }, _) => {
                Self::OrderLimitError(OrderLimitError::new(max_items).because(message))
            }
            (OrderError::InsufficientStock { quantity_available }, Some(order)) => {
                let refusal = InsufficientStockError::new(quantity_available, Order::from(Arc::clone(order)));
                Self::InsufficientStockError(refusal.because(message))
            }
            (OrderError::PricingRefused(reason), _) => {
                Self::OrderInterceptorError(OrderInterceptorError::new(reason).because(message))
            }
            (OrderError::StateTransition { from, to, reason }, _) => Self::OrderStateTransitionError(
                OrderStateTransitionError::new(reason, from.as_str().to_owned(), to).because(message),
            ),
            (OrderError::IneligibleShippingMethod, _) => {
                Self::IneligibleShippingMethodError(IneligibleShippingMethodError::new())
            }
            (OrderError::IneligiblePaymentMethod, _) => {
                Self::IneligiblePaymentMethodError(IneligiblePaymentMethodError::new(None))
            }
            (OrderError::PaymentState | OrderError::PaymentInProgress, _) => {
                Self::OrderPaymentStateError(OrderPaymentStateError::new().because(message))
            }
            (OrderError::PaymentDeclined(reason), _) => {
                Self::PaymentDeclinedError(PaymentDeclinedError::new(reason))
            }
            (OrderError::CreditRefused(refusal), _) => {
                Self::PaymentDeclinedError(PaymentDeclinedError::new(refusal.to_string()))
            }
            (OrderError::PaymentFailed(reason), _) => {
                Self::PaymentFailedError(PaymentFailedError::new(reason))
            }
            (OrderError::Payment(PaymentError::Amount { .. }), _) => {
                Self::PaymentFailedError(PaymentFailedError::new(message))
            }
            (OrderError::AlreadyLoggedIn, _) => Self::AlreadyLoggedInError(AlreadyLoggedInError::new()),
            (OrderError::EmailAddressConflict, _) => {
                Self::EmailAddressConflictError(EmailAddressConflictError::new())
            }
            (unexpected, _) => return Err(unexpected.into()),
        })
    }
}

/// Why one of several items was not added.
#[derive(Union)]
#[graphql(name = "UpdateOrderItemErrorResult")]
pub enum UpdateOrderItemErrorResult {
    /// The order's contents cannot change.
    OrderModificationError(OrderModificationError),
    /// The order would have too many items.
    OrderLimitError(OrderLimitError),
    /// A quantity below zero.
    NegativeQuantityError(NegativeQuantityError),
    /// There is less in stock.
    InsufficientStockError(Box<InsufficientStockError>),
    /// A rule of the shop refuses it.
    OrderInterceptorError(OrderInterceptorError),
}

impl UpdateOrderItemErrorResult {
    /// The refusal of one item.
    ///
    /// # Errors
    /// What the operation does not expect.
    pub(super) fn of(error: OrderError, order: &Arc<OrderView>) -> ApiResult<Self> {
        let (kind, message) = (error.kind(), error.to_string());
        Ok(match Refusal::of(error, Some(order))? {
            Refusal::OrderModificationError(refusal) => Self::OrderModificationError(refusal),
            Refusal::OrderLimitError(refusal) => Self::OrderLimitError(refusal),
            Refusal::NegativeQuantityError(refusal) => Self::NegativeQuantityError(refusal),
            Refusal::InsufficientStockError(refusal) => Self::InsufficientStockError(Box::new(refusal)),
            Refusal::OrderInterceptorError(refusal) => Self::OrderInterceptorError(refusal),
            _ => return Err(ApiError::new(kind, message)),
        })
    }
}

/// The order with the items that could be added, and why the others were not.
#[derive(SimpleObject)]
#[graphql(name = "UpdateMultipleOrderItemsResult")]
pub struct UpdateMultipleOrderItemsResult {
    /// The order after the change.
    pub order: Order,
    /// Why items were not added.
    pub error_results: Vec<UpdateOrderItemErrorResult>,
}
