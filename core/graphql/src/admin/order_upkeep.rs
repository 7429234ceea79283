//! Orders that administrators take further by hand: their states, payments made elsewhere, notes, their customer.

use async_graphql::{Context, InputObject, Object, Union};
use soko_domain::orders::{ManualPayment, OrderError};
use soko_domain::payments::PaymentError;

use super::history::HistoryEntry;
use super::order::Order;
use super::order_operation::{order_transition, payment_transition};
use super::payment::Payment;
use super::refusals::{ManualPaymentStateError, PaymentStateTransitionError};
use crate::context::{OfRequest as _, RequestContext};
use crate::error::{ApiResult, Nullable};
use crate::scalars::{Id, Json};
use crate::shared::deletion::DeletionResponse;
use crate::shared::refusals::OrderStateTransitionError;

/// A note about an order.
#[derive(InputObject)]
#[graphql(name = "AddNoteToOrderInput")]
pub struct AddNoteToOrderInput {
    /// The order.
    pub id: Id,
    /// What is to be said.
    pub note: String,
    /// Whether the customer may see it.
    pub is_public: bool,
}

/// What changes of a note; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateOrderNoteInput")]
pub struct UpdateOrderNoteInput {
    /// The note.
    pub note_id: Id,
    /// What is to be said.
    pub note: Option<String>,
    /// Whether the customer may see it.
    pub is_public: Option<bool>,
}

/// A payment that was made elsewhere, of all that is left to pay.
#[derive(InputObject)]
#[graphql(name = "ManualPaymentInput")]
pub struct ManualPaymentInput {
    /// The order.
    pub order_id: Id,
    /// How it was paid.
    pub method: String,
    /// The reference of whoever took the money.
    pub transaction_id: Option<String>,
    /// Kept with the payment.
    pub metadata: Option<Json>,
}

/// Whose an order is to be.
#[derive(InputObject)]
#[graphql(name = "SetOrderCustomerInput")]
pub struct SetOrderCustomerInput {
    /// The order.
    pub order_id: Id,
    /// The customer.
    pub customer_id: Id,
    /// Why; kept in its history.
    pub note: Option<String>,
}

/// The order in its new state.
#[derive(Union)]
#[graphql(name = "TransitionOrderToStateResult")]
pub enum TransitionOrderToStateResult {
    Order(Box<Order>),
    OrderStateTransitionError(OrderStateTransitionError),
}

/// The payment in its new state.
#[derive(Union)]
#[graphql(name = "TransitionPaymentToStateResult")]
pub enum TransitionPaymentToStateResult {
    Payment(Box<Payment>),
    PaymentStateTransitionError(PaymentStateTransitionError),
}

/// The order with its payment.
#[derive(Union)]
#[graphql(name = "AddManualPaymentToOrderResult")]
pub enum AddManualPaymentToOrderResult {
    Order(Box<Order>),
    ManualPaymentStateError(ManualPaymentStateError),
}

/// Changes of orders by hand.
#[derive(Default)]
pub struct OrderUpkeepMutation;

#[Object]
impl OrderUpkeepMutation {
    /// Takes an order to another state, if what it has been paid and handed over says so.
    async fn transition_order_to_state(
        &self,
        context: &Context<'_>,
        id: Id,
        state: String,
    ) -> Nullable<TransitionOrderToStateResult> {
        Some(transition_order(context.request(), id, &state).await)
    }

    /// Settles or cancels a payment.
    async fn transition_payment_to_state(
        &self,
        context: &Context<'_>,
        id: Id,
        state: String,
    ) -> ApiResult<TransitionPaymentToStateResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        Ok(match request.services.orders.transition_payment(&actor, id.into(), &state).await {
            Ok(payment) => TransitionPaymentToStateResult::Payment(Box::new(Payment::from(&payment))),
            Err(OrderError::Payment(error @ PaymentError::StateTransition { .. })) => {
                TransitionPaymentToStateResult::PaymentStateTransitionError(payment_transition(error)?)
            }
            Err(error) => return Err(error.into()),
        })
    }

    /// Writes down that the rest of an order was paid elsewhere.
    async fn add_manual_payment_to_order(
        &self,
        context: &Context<'_>,
        input: ManualPaymentInput,
    ) -> ApiResult<AddManualPaymentToOrderResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let payment = ManualPayment {
            method: input.method,
            transaction_id: input.transaction_id,
            metadata: input.metadata.map_or_else(|| serde_json::json!({}), |metadata| metadata.0),
        };
        let outcome =
            request.services.orders.add_manual_payment(&actor, input.order_id.into(), payment).await;
        Ok(match outcome {
            Ok(order) => AddManualPaymentToOrderResult::Order(Box::new(Order::from(order))),
            Err(OrderError::PaymentState) => {
                AddManualPaymentToOrderResult::ManualPaymentStateError(ManualPaymentStateError::new())
            }
            Err(error) => return Err(error.into()),
        })
    }

    /// Writes a note into an order's history.
    async fn add_note_to_order(&self, context: &Context<'_>, input: AddNoteToOrderInput) -> ApiResult<Order> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let AddNoteToOrderInput { id, note, is_public } = input;
        Ok(Order::from(request.services.orders.add_note(&actor, id.into(), note, is_public).await?))
    }

    /// Changes a note, or who sees it.
    async fn update_order_note(
        &self,
        context: &Context<'_>,
        input: UpdateOrderNoteInput,
    ) -> ApiResult<HistoryEntry> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let UpdateOrderNoteInput { note_id, note, is_public } = input;
        let changed = request.services.orders.update_note(&actor, note_id.into(), note, is_public).await?;
        Ok(HistoryEntry::from(&changed))
    }

    /// Deletes a note.
    async fn delete_order_note(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.orders.delete_note(&actor, id.into()).await?;
        Ok(DeletionResponse::deleted())
    }

    /// Makes an order a customer's.
    async fn set_order_customer(
        &self,
        context: &Context<'_>,
        input: SetOrderCustomerInput,
    ) -> Nullable<Order> {
        Some(set_customer(context.request(), input).await)
    }
}

async fn transition_order(
    request: &RequestContext,
    id: Id,
    state: &str,
) -> ApiResult<TransitionOrderToStateResult> {
    let actor = request.current_actor().await?;
    Ok(match request.services.orders.transition_order(&actor, id.into(), state).await {
        Ok(order) => TransitionOrderToStateResult::Order(Box::new(Order::from(order))),
        Err(error @ OrderError::StateTransition { .. }) => {
            TransitionOrderToStateResult::OrderStateTransitionError(order_transition(error)?)
        }
        Err(error) => return Err(error.into()),
    })
}

async fn set_customer(request: &RequestContext, input: SetOrderCustomerInput) -> ApiResult<Order> {
    let actor = request.current_actor().await?;
    let SetOrderCustomerInput { order_id, customer_id, note } = input;
    let orders = &request.services.orders;
    Ok(Order::from(orders.set_order_customer(&actor, order_id.into(), customer_id.into(), note).await?))
}
