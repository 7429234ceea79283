//! What administrators ask of orders and do with them.

use std::collections::HashMap;

use async_graphql::{Context, InputObject, Object, Union};
use soko_domain::inventory::InventoryError;
use soko_domain::orders::{NewFulfillment, OrderError};
use soko_domain::payments::PaymentError;
use soko_domain::shipping::MANUAL_FULFILLMENT;
use soko_kernel::{ErrorKind, OrderLineId};

use super::fulfillment::Fulfillment;
use super::lists::Orders;
use super::order::{Order, OrderList};
use super::payment::Payment;
use super::refusals::{
    CancelActiveOrderError, CancelPaymentError, CreateFulfillmentError, EmptyOrderLineSelectionError,
    FulfillmentStateTransitionError, InsufficientStockOnHandError, InvalidFulfillmentHandlerError,
    ItemsAlreadyFulfilledError, MultipleOrderError, PaymentStateTransitionError, QuantityTooGreatError,
    SettlePaymentError,
};
use crate::context::{OfRequest as _, RequestContext};
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::Id;
use crate::shared::list_options::ListOptions;
use crate::shared::operation::ConfigurableOperationInput;
use crate::shared::refusals::{OrderStateTransitionError, Refused as _};

/// Units of an order line.
#[derive(InputObject)]
#[graphql(name = "OrderLineInput")]
pub struct OrderLineInput {
    /// The line.
    pub order_line_id: Id,
    /// How many units.
    pub quantity: i32,
}

/// Goods to be handed over.
#[derive(InputObject)]
#[graphql(name = "FulfillOrderInput")]
pub struct FulfillOrderInput {
    /// What is handed over.
    pub lines: Vec<OrderLineInput>,
    /// How: `manual-fulfillment` with the settings `method` and `trackingCode`.
    pub handler: ConfigurableOperationInput,
}

impl FulfillOrderInput {
    fn lines(&self) -> Vec<(OrderLineId, i64)> {
        self.lines.iter().map(|line| (line.order_line_id.into(), i64::from(line.quantity))).collect()
    }

    fn setting(&self, name: &str) -> String {
        let found = self.handler.arguments.iter().find(|argument| argument.name == name);
        found.map(|argument| argument.value.clone()).unwrap_or_default()
    }
}

/// An order to be given up as a whole.
#[derive(InputObject)]
#[graphql(name = "CancelOrderInput")]
pub struct CancelOrderInput {
    /// The order.
    pub order_id: Id,
    /// Why; kept in its history.
    pub reason: Option<String>,
}

/// The settled payment.
#[derive(Union)]
#[graphql(name = "SettlePaymentResult")]
pub enum SettlePaymentResult {
    Payment(Box<Payment>),
    SettlePaymentError(SettlePaymentError),
    PaymentStateTransitionError(PaymentStateTransitionError),
    OrderStateTransitionError(OrderStateTransitionError),
}

/// The cancelled payment.
#[derive(Union)]
#[graphql(name = "CancelPaymentResult")]
pub enum CancelPaymentResult {
    Payment(Box<Payment>),
    CancelPaymentError(CancelPaymentError),
    PaymentStateTransitionError(PaymentStateTransitionError),
}

/// The new fulfillment. Units that are handed over already answer with `CreateFulfillmentError`, which says so.
#[derive(Union)]
#[graphql(name = "AddFulfillmentToOrderResult")]
pub enum AddFulfillmentToOrderResult {
    Fulfillment(Box<Fulfillment>),
    EmptyOrderLineSelectionError(EmptyOrderLineSelectionError),
    ItemsAlreadyFulfilledError(ItemsAlreadyFulfilledError),
    InsufficientStockOnHandError(InsufficientStockOnHandError),
    InvalidFulfillmentHandlerError(InvalidFulfillmentHandlerError),
    FulfillmentStateTransitionError(FulfillmentStateTransitionError),
    CreateFulfillmentError(CreateFulfillmentError),
}

/// The fulfillment in its new state.
#[derive(Union)]
#[graphql(name = "TransitionFulfillmentToStateResult")]
pub enum TransitionFulfillmentToStateResult {
    Fulfillment(Box<Fulfillment>),
    FulfillmentStateTransitionError(FulfillmentStateTransitionError),
}

/// The cancelled order. Orders are cancelled as a whole, so that the refusals of lines are not answered with.
#[derive(Union)]
#[graphql(name = "CancelOrderResult")]
pub enum CancelOrderResult {
    Order(Box<Order>),
    EmptyOrderLineSelectionError(EmptyOrderLineSelectionError),
    QuantityTooGreatError(QuantityTooGreatError),
    MultipleOrderError(MultipleOrderError),
    CancelActiveOrderError(CancelActiveOrderError),
    OrderStateTransitionError(OrderStateTransitionError),
}

/// Queries of orders.
#[derive(Default)]
pub struct OrderQuery;

#[Object]
impl OrderQuery {
    /// A page of the channel's orders, newest first.
    async fn orders(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Orders>>,
    ) -> ApiResult<OrderList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.orders.list(&request.actor(), &query).await?;
        Ok(OrderList { items: page.items.into_iter().map(Order::from).collect(), total_items: page.total })
    }

    /// An order.
    async fn order(&self, context: &Context<'_>, id: Id) -> Nullable<Order> {
        let request = context.request();
        let order = request.services.orders.find(&request.actor(), id.into()).await;
        order.map(|order| order.map(Order::from)).map_err(ApiError::from).transpose()
    }
}

/// Changes of orders.
#[derive(Default)]
pub struct OrderMutation;

#[Object]
impl OrderMutation {
    /// Takes the money of an authorised payment.
    async fn settle_payment(&self, context: &Context<'_>, id: Id) -> ApiResult<SettlePaymentResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        Ok(match request.services.orders.settle_payment(&actor, id.into()).await {
            Ok(payment) => SettlePaymentResult::Payment(Box::new(Payment::from(&payment))),
            Err(OrderError::Payment(
                PaymentError::HandlerRefused(reason) | PaymentError::InDoubt(reason),
            )) => SettlePaymentResult::SettlePaymentError(SettlePaymentError::new(reason)),
            Err(OrderError::Payment(error @ PaymentError::StateTransition { .. })) => {
                SettlePaymentResult::PaymentStateTransitionError(payment_transition(error)?)
            }
            Err(error @ OrderError::StateTransition { .. }) => {
                SettlePaymentResult::OrderStateTransitionError(order_transition(error)?)
            }
            Err(error) => return Err(error.into()),
        })
    }

    /// Gives up an authorised payment.
    async fn cancel_payment(&self, context: &Context<'_>, id: Id) -> ApiResult<CancelPaymentResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        Ok(match request.services.orders.cancel_payment(&actor, id.into()).await {
            Ok(payment) => CancelPaymentResult::Payment(Box::new(Payment::from(&payment))),
            Err(OrderError::Payment(
                PaymentError::HandlerRefused(reason) | PaymentError::InDoubt(reason),
            )) => CancelPaymentResult::CancelPaymentError(CancelPaymentError::new(reason)),
            Err(OrderError::Payment(error @ PaymentError::StateTransition { .. })) => {
                CancelPaymentResult::PaymentStateTransitionError(payment_transition(error)?)
            }
            Err(error) => return Err(error.into()),
        })
    }

    /// Hands goods of one order over: they leave the shelf.
    async fn add_fulfillment_to_order(
        &self,
        context: &Context<'_>,
        input: FulfillOrderInput,
    ) -> ApiResult<AddFulfillmentToOrderResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        if input.handler.code != MANUAL_FULFILLMENT {
            let refusal = InvalidFulfillmentHandlerError::new();
            return Ok(AddFulfillmentToOrderResult::InvalidFulfillmentHandlerError(refusal));
        }
        let Some(first) = input.lines.first() else {
            let refusal = EmptyOrderLineSelectionError::new();
            return Ok(AddFulfillmentToOrderResult::EmptyOrderLineSelectionError(refusal));
        };
        let line = first.order_line_id.into();
        let unknown =
            || ApiError::new(ErrorKind::NotFound, format!("there is no order line with the id {line}"));
        let order = request.services.orders.find_order_of_line(&actor, line).await?.ok_or_else(unknown)?;
        let (method, tracking_code) = (input.setting("method"), input.setting("trackingCode"));
        let new = NewFulfillment { lines: input.lines(), method, tracking_code };
        Ok(match request.services.orders.fulfill(&actor, order, new).await {
            Ok(made) => AddFulfillmentToOrderResult::Fulfillment(Box::new(in_order(request, &made).await?)),
            Err(OrderError::Fulfillment(reason)) => {
                AddFulfillmentToOrderResult::CreateFulfillmentError(CreateFulfillmentError::new(reason))
            }
            Err(OrderError::Inventory(InventoryError::InsufficientStockOnHand { variant, on_hand })) => {
                let found: HashMap<_, _> = request.catalogue().variants(&actor, &[variant]).await?;
                let name = found.get(&variant).map(|variant| variant.name.clone()).unwrap_or_default();
                let refusal = InsufficientStockOnHandError::new(variant.into(), name, on_hand);
                AddFulfillmentToOrderResult::InsufficientStockOnHandError(refusal)
            }
            Err(error) => return Err(error.into()),
        })
    }

    /// Says where handed-over goods are. The order follows.
    async fn transition_fulfillment_to_state(
        &self,
        context: &Context<'_>,
        id: Id,
        state: String,
    ) -> ApiResult<TransitionFulfillmentToStateResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        Ok(match request.services.orders.transition_fulfillment(&actor, id.into(), &state).await {
            Ok(changed) => {
                TransitionFulfillmentToStateResult::Fulfillment(Box::new(in_order(request, &changed).await?))
            }
            Err(error @ OrderError::FulfillmentTransition { from, to }) => {
                let (from, to) = (from.as_str().to_owned(), to.as_str().to_owned());
                let refusal = FulfillmentStateTransitionError::new(error.to_string(), from, to);
                TransitionFulfillmentToStateResult::FulfillmentStateTransitionError(refusal)
            }
            Err(error) => return Err(error.into()),
        })
    }

    /// Gives up a whole order: its stock goes back.
    async fn cancel_order(
        &self,
        context: &Context<'_>,
        input: CancelOrderInput,
    ) -> ApiResult<CancelOrderResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let reason = input.reason.unwrap_or_default();
        Ok(match request.services.orders.cancel(&actor, input.order_id.into(), &reason).await {
            Ok(order) => CancelOrderResult::Order(Box::new(Order::from(order))),
            Err(error @ OrderError::StateTransition { .. }) => {
                CancelOrderResult::OrderStateTransitionError(order_transition(error)?)
            }
            Err(error) => return Err(error.into()),
        })
    }
}

/// A fulfillment, with its order as it is now.
async fn in_order(
    request: &RequestContext,
    made: &soko_domain::orders::Fulfillment,
) -> ApiResult<Fulfillment> {
    let order = request.services.orders.find(&request.actor(), made.order_id).await?;
    let order = order.ok_or_else(|| ApiError::internal(&"a fulfillment of an order that is gone"))?;
    Ok(Fulfillment::new(made, &std::sync::Arc::new(order)))
}

pub(super) fn payment_transition(error: PaymentError) -> ApiResult<PaymentStateTransitionError> {
    let PaymentError::StateTransition { from, to } = error else { return Err(error.into()) };
    let (from, to) = (from.as_str().to_owned(), to.as_str().to_owned());
    Ok(PaymentStateTransitionError::new(error.to_string(), from, to))
}

pub(super) fn order_transition(error: OrderError) -> ApiResult<OrderStateTransitionError> {
    let message = error.to_string();
    let OrderError::StateTransition { from, to, reason } = error else { return Err(error.into()) };
    Ok(OrderStateTransitionError::new(reason, from.as_str().to_owned(), to).because(message))
}
