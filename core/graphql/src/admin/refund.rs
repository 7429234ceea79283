//! Money given back, and giving it back.

use async_graphql::{Context, InputObject, Object, Union};
use soko_domain::orders::{OrderError, RefundInput};
use soko_domain::payments::{self, PaymentError};

use super::order_line::OrderLine;
use super::order_operation::OrderLineInput;
use super::refusals::{
    AlreadyRefundedError, MultipleOrderError, NothingToRefundError, PaymentOrderMismatchError,
    QuantityTooGreatError, RefundAmountError, RefundOrderStateError, RefundStateTransitionError,
};
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, Id, Json, Money, NO_CUSTOM_FIELDS};
use crate::shared::refund::refund_types;
use crate::shared::refusals::{OrderStateTransitionError, Refused as _};

refund_types!(OrderLine, metadata);

/// Whether the handler has answered, and what it said if it is not good.
fn metadata(refund: &payments::Refund) -> serde_json::Value {
    match &refund.error_message {
        Some(message) => serde_json::json!({ "inDoubt": refund.in_doubt, "errorMessage": message }),
        None if refund.in_doubt => serde_json::json!({ "inDoubt": true }),
        None => serde_json::json!({}),
    }
}

/// Money to give back of a payment.
#[derive(InputObject)]
#[graphql(name = "RefundOrderInput")]
pub struct RefundOrderInput {
    /// The units that it is for.
    #[graphql(deprecation = "Use the `amount` field instead")]
    pub lines: Option<Vec<OrderLineInput>>,
    /// Of the delivery's price.
    #[graphql(deprecation = "Use the `amount` field instead")]
    pub shipping: Option<Money>,
    /// Something else; less is given back when it is below zero.
    #[graphql(deprecation = "Use the `amount` field instead")]
    pub adjustment: Option<Money>,
    /// How much; else what the lines, the delivery and the adjustment come to.
    pub amount: Option<Money>,
    /// Of which payment.
    pub payment_id: Id,
    /// Why.
    pub reason: Option<String>,
}

impl From<RefundOrderInput> for RefundInput {
    fn from(input: RefundOrderInput) -> Self {
        let lines = input.lines.into_iter().flatten();
        Self {
            payment: input.payment_id.into(),
            amount: input.amount.map(|amount| amount.0),
            lines: lines.map(|line| (line.order_line_id.into(), i64::from(line.quantity))).collect(),
            shipping: input.shipping.map_or(0, |shipping| shipping.0),
            adjustment: input.adjustment.map_or(0, |adjustment| adjustment.0),
            reason: input.reason,
        }
    }
}

/// A refund that was given back by hand.
#[derive(InputObject)]
#[graphql(name = "SettleRefundInput")]
pub struct SettleRefundInput {
    /// The refund.
    pub id: Id,
    /// The reference of whoever gave the money back.
    pub transaction_id: String,
}

/// The refund: settled, pending or failed.
#[derive(Union)]
#[graphql(name = "RefundOrderResult")]
pub enum RefundOrderResult {
    Refund(Box<Refund>),
    QuantityTooGreatError(QuantityTooGreatError),
    NothingToRefundError(NothingToRefundError),
    OrderStateTransitionError(OrderStateTransitionError),
    MultipleOrderError(MultipleOrderError),
    PaymentOrderMismatchError(PaymentOrderMismatchError),
    RefundOrderStateError(RefundOrderStateError),
    AlreadyRefundedError(AlreadyRefundedError),
    RefundStateTransitionError(RefundStateTransitionError),
    RefundAmountError(RefundAmountError),
}

/// The settled refund.
#[derive(Union)]
#[graphql(name = "SettleRefundResult")]
pub enum SettleRefundResult {
    Refund(Box<Refund>),
    RefundStateTransitionError(RefundStateTransitionError),
}

/// Giving money back.
#[derive(Default)]
pub struct RefundMutation;

#[Object]
impl RefundMutation {
    /// Gives money back of a payment that is here.
    async fn refund_order(
        &self,
        context: &Context<'_>,
        input: RefundOrderInput,
    ) -> ApiResult<RefundOrderResult> {
        use RefundOrderResult as R;
        let request = context.request();
        let actor = request.current_actor().await?;
        let refused = match request.services.orders.refund(&actor, input.into()).await {
            Ok(refund) => return Ok(R::Refund(Box::new(Refund::from(&refund)))),
            Err(error) => error,
        };
        let message = refused.to_string();
        Ok(match refused {
            OrderError::QuantityTooGreat => R::QuantityTooGreatError(QuantityTooGreatError::new()),
            OrderError::Payment(PaymentError::NothingToRefund) => {
                R::NothingToRefundError(NothingToRefundError::new())
            }
            OrderError::MultipleOrders => R::MultipleOrderError(MultipleOrderError::new()),
            OrderError::PaymentOrderMismatch => {
                R::PaymentOrderMismatchError(PaymentOrderMismatchError::new())
            }
            OrderError::RefundState(state) => {
                let refusal = RefundOrderStateError::new(state.as_str().to_owned());
                R::RefundOrderStateError(refusal.because(message))
            }
            OrderError::AlreadyRefunded(refund) => {
                R::AlreadyRefundedError(AlreadyRefundedError::new(refund.into()))
            }
            OrderError::Payment(PaymentError::RefundAmount { maximum }) => {
                R::RefundAmountError(RefundAmountError::new(maximum).because(message))
            }
            OrderError::Payment(error @ PaymentError::RefundTransition { .. }) => {
                R::RefundStateTransitionError(refund_transition(error)?)
            }
            error => return Err(error.into()),
        })
    }

    /// Says that the money of a pending refund was given back by hand.
    async fn settle_refund(
        &self,
        context: &Context<'_>,
        input: SettleRefundInput,
    ) -> ApiResult<SettleRefundResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let SettleRefundInput { id, transaction_id } = input;
        Ok(match request.services.orders.settle_refund(&actor, id.into(), transaction_id).await {
            Ok(refund) => SettleRefundResult::Refund(Box::new(Refund::from(&refund))),
            Err(OrderError::Payment(error @ PaymentError::RefundTransition { .. })) => {
                SettleRefundResult::RefundStateTransitionError(refund_transition(error)?)
            }
            Err(error) => return Err(error.into()),
        })
    }
}

fn refund_transition(error: PaymentError) -> ApiResult<RefundStateTransitionError> {
    let PaymentError::RefundTransition { from, to } = error else { return Err(error.into()) };
    let (from, to) = (from.as_str().to_owned(), to.as_str().to_owned());
    Ok(RefundStateTransitionError::new(error.to_string(), from, to))
}
