//! Money given back, and giving it back.

use async_graphql::{ComplexObject, Context, InputObject, Object, SimpleObject, Union};
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
use crate::shared::refusals::{OrderStateTransitionError, Refused as _};

/// Money given back.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Refund", complex)]
pub struct Refund {
    /// Its id.
    pub id: Id,
    /// When it was begun.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// What it was asked for: units of order lines.
    pub items: Money,
    /// What it was asked for: delivery.
    pub shipping: Money,
    /// What it was asked for: something else.
    pub adjustment: Money,
    /// How much is given back.
    pub total: Money,
    /// Code of the payment method.
    pub method: Option<String>,
    /// Where it stands.
    pub state: &'static str,
    /// The provider's reference.
    pub transaction_id: Option<String>,
    /// Why it is given back.
    pub reason: Option<String>,
    /// Of which payment.
    pub payment_id: Id,
    /// What else is known of it.
    pub metadata: Option<Json>,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    held: payments::Refund,
}

impl From<&payments::Refund> for Refund {
    fn from(held: &payments::Refund) -> Self {
        Self {
            id: held.id.into(),
            created_at: held.created_at.into(),
            updated_at: held.updated_at.into(),
            items: Money(held.what.items),
            shipping: Money(held.what.shipping),
            adjustment: Money(held.what.adjustment),
            total: Money(held.total),
            method: Some(held.method.clone()),
            state: held.state.as_str(),
            transaction_id: held.transaction_id.clone(),
            reason: held.reason.clone(),
            payment_id: held.payment_id.into(),
            metadata: Some(Json(metadata(held))),
            custom_fields: NO_CUSTOM_FIELDS,
            held: held.clone(),
        }
    }
}

#[ComplexObject]
impl Refund {
    /// The units that it is for.
    async fn lines(&self) -> Vec<RefundLine> {
        let line = |line: &payments::RefundLine| RefundLine {
            order_line_id: line.order_line_id.into(),
            quantity: line.quantity,
            refund_id: self.id,
            refund: self.held.clone(),
        };
        self.held.lines.iter().map(line).collect()
    }
}

/// Units that money was given back for.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "RefundLine", complex)]
pub struct RefundLine {
    /// The order line.
    pub order_line_id: Id,
    /// How many units.
    pub quantity: i64,
    /// By which refund.
    pub refund_id: Id,
    #[graphql(skip)]
    refund: payments::Refund,
}

#[ComplexObject]
impl RefundLine {
    /// The order line.
    async fn order_line(&self, context: &Context<'_>) -> ApiResult<OrderLine> {
        let gone = || ApiError::internal(&"a refund of a line that its order does not have");
        let view = context.request().shown_order(self.refund.order_id).await?.ok_or_else(gone)?;
        OrderLine::find(&view, self.order_line_id)?.ok_or_else(gone)
    }

    /// By which refund.
    async fn refund(&self) -> Refund {
        Refund::from(&self.refund)
    }
}

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
