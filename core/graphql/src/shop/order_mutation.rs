//! What whoever shops does with their order.

use std::sync::Arc;

use async_graphql::{Context, Object};
use soko_domain::orders::{self, Changed, OrderAddress, OrderError, OrderView};

use super::inputs::{AddItemInput, PaymentInput};
use super::order::Order;
use super::order_result::{
    ActiveOrderResult, AddPaymentToOrderResult, RemoveOrderItemsResult, SetCustomerForOrderResult,
    SetOrderShippingMethodResult, TransitionOrderToStateResult, UpdateMultipleOrderItemsResult,
    UpdateOrderItemErrorResult, UpdateOrderItemsResult,
};
use crate::context::{OfRequest as _, RequestContext};
use crate::error::{ApiResult, Nullable};
use crate::scalars::Id;
use crate::shared::address::CreateAddressInput;
use crate::shared::people::CreateCustomerInput;

/// Mutations of the session's order.
#[derive(Default)]
pub struct OrderMutation;

#[Object]
impl OrderMutation {
    /// Adds units of a variant to the cart, which begins with the first of them.
    async fn add_item_to_order(
        &self,
        context: &Context<'_>,
        product_variant_id: Id,
        quantity: i32,
    ) -> ApiResult<UpdateOrderItemsResult> {
        let request = context.request();
        let items = vec![(product_variant_id.into(), i64::from(quantity))];
        let outcome = request.services.orders.add_items(&*request.current_actor().await?, items).await;
        changed_items(request, outcome)
    }

    /// Adds units of several variants to the cart: each that can be added.
    async fn add_items_to_order(
        &self,
        context: &Context<'_>,
        inputs: Vec<AddItemInput>,
    ) -> ApiResult<UpdateMultipleOrderItemsResult> {
        let request = context.request();
        let item = |input: AddItemInput| (input.product_variant_id.into(), i64::from(input.quantity));
        let items = inputs.into_iter().map(item).collect();
        let (changed, refused) =
            request.services.orders.add_items(&*request.current_actor().await?, items).await?;
        let order = Arc::new(keep_session(request, changed));
        let error_results = refused.into_iter().map(|one| UpdateOrderItemErrorResult::of(one, &order));
        let error_results = error_results.collect::<ApiResult<_>>()?;
        Ok(UpdateMultipleOrderItemsResult { order: Order::from(order), error_results })
    }

    /// Removes a line.
    async fn remove_order_line(
        &self,
        context: &Context<'_>,
        order_line_id: Id,
    ) -> ApiResult<RemoveOrderItemsResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let outcome = request.services.orders.remove_line(&actor, order_line_id.into()).await;
        RemoveOrderItemsResult::of(whole(request, outcome))
    }

    /// Removes every line.
    async fn remove_all_order_lines(&self, context: &Context<'_>) -> ApiResult<RemoveOrderItemsResult> {
        let request = context.request();
        let outcome = request.services.orders.remove_all_lines(&*request.current_actor().await?).await;
        RemoveOrderItemsResult::of(whole(request, outcome))
    }

    /// Sets the quantity of a line; zero removes it.
    async fn adjust_order_line(
        &self,
        context: &Context<'_>,
        order_line_id: Id,
        quantity: i32,
    ) -> ApiResult<UpdateOrderItemsResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let outcome =
            request.services.orders.adjust_line(&actor, order_line_id.into(), i64::from(quantity)).await;
        changed_items(request, outcome)
    }

    /// Takes the cart to another state.
    async fn transition_order_to_state(
        &self,
        context: &Context<'_>,
        state: String,
    ) -> Nullable<TransitionOrderToStateResult> {
        let request = context.request();
        let actor = match request.current_actor().await {
            Ok(actor) => actor,
            Err(error) => return Some(Err(error)),
        };
        match request.services.orders.transition_active(&actor, &state).await {
            Err(OrderError::NoActiveOrder) => None,
            outcome => Some(TransitionOrderToStateResult::of(outcome)),
        }
    }

    /// Says where the order goes.
    async fn set_order_shipping_address(
        &self,
        context: &Context<'_>,
        input: CreateAddressInput,
    ) -> ApiResult<ActiveOrderResult> {
        set_shipping_address(context.request(), Some(input.into())).await
    }

    /// Says who is billed.
    async fn set_order_billing_address(
        &self,
        context: &Context<'_>,
        input: CreateAddressInput,
    ) -> ApiResult<ActiveOrderResult> {
        set_billing_address(context.request(), Some(input.into())).await
    }

    /// Takes back where the order goes.
    async fn unset_order_shipping_address(&self, context: &Context<'_>) -> ApiResult<ActiveOrderResult> {
        set_shipping_address(context.request(), None).await
    }

    /// Takes back who is billed.
    async fn unset_order_billing_address(&self, context: &Context<'_>) -> ApiResult<ActiveOrderResult> {
        set_billing_address(context.request(), None).await
    }

    /// Chooses a delivery: one method, as an order is delivered in one piece.
    async fn set_order_shipping_method(
        &self,
        context: &Context<'_>,
        shipping_method_id: Vec<Id>,
    ) -> ApiResult<SetOrderShippingMethodResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let [method] = shipping_method_id[..] else {
            return SetOrderShippingMethodResult::refused(OrderError::IneligibleShippingMethod, None);
        };
        let outcome = request.services.orders.set_shipping_method(&actor, method.into()).await;
        SetOrderShippingMethodResult::of(whole(request, outcome))
    }

    /// Pays for the order.
    async fn add_payment_to_order(
        &self,
        context: &Context<'_>,
        input: PaymentInput,
    ) -> ApiResult<AddPaymentToOrderResult> {
        let request = context.request();
        let payment = orders::PaymentInput { method: input.method, metadata: input.metadata.0 };
        let actor = request.current_actor().await?;
        AddPaymentToOrderResult::of(request.services.orders.add_payment(&actor, payment).await)
    }

    /// Says who buys, for guests.
    async fn set_customer_for_order(
        &self,
        context: &Context<'_>,
        input: CreateCustomerInput,
    ) -> ApiResult<SetCustomerForOrderResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let outcome = request.services.orders.set_customer(&actor, input.into()).await;
        SetCustomerForOrderResult::of(whole(request, outcome))
    }
}

async fn set_shipping_address(
    request: &RequestContext,
    address: Option<OrderAddress>,
) -> ApiResult<ActiveOrderResult> {
    let actor = request.current_actor().await?;
    ActiveOrderResult::of(whole(request, request.services.orders.set_shipping_address(&actor, address).await))
}

async fn set_billing_address(
    request: &RequestContext,
    address: Option<OrderAddress>,
) -> ApiResult<ActiveOrderResult> {
    let actor = request.current_actor().await?;
    ActiveOrderResult::of(whole(request, request.services.orders.set_billing_address(&actor, address).await))
}

/// The order of a change, after its new session has been put down for the client.
fn keep_session(request: &RequestContext, changed: Changed) -> OrderView {
    if let Some(token) = changed.session_token {
        request.session_issued(token, true);
    }
    changed.order
}

fn whole(request: &RequestContext, outcome: Result<Changed, OrderError>) -> Result<OrderView, OrderError> {
    outcome.map(|changed| keep_session(request, changed))
}

/// The answer to a change of one item: its refusal, if it has one.
fn changed_items(
    request: &RequestContext,
    outcome: Result<(Changed, Vec<OrderError>), OrderError>,
) -> ApiResult<UpdateOrderItemsResult> {
    let (changed, refused) = match outcome {
        Ok(done) => done,
        Err(error) => return UpdateOrderItemsResult::refused(error, None),
    };
    let order = keep_session(request, changed);
    match refused.into_iter().next() {
        Some(refusal) => UpdateOrderItemsResult::refused(refusal, Some(&Arc::new(order))),
        None => UpdateOrderItemsResult::of(Ok(order)),
    }
}
