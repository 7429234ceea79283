//! Queries of orders, and of how they can be delivered and paid.

use async_graphql::{Context, Object};

use super::order::Order;
use super::payment::{PublicPaymentMethod, quote};
use super::shipping::PublicShippingMethod;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::Id;
use crate::shared::channel::Channel;
use crate::shared::region::Country;
use crate::shared::values::{PaymentMethodQuote, ShippingMethodQuote};

/// Queries of orders.
#[derive(Default)]
pub struct OrderQuery;

#[Object]
impl OrderQuery {
    /// The session's cart, if there is one.
    async fn active_order(&self, context: &Context<'_>) -> Nullable<Order> {
        let request = context.request();
        let order = request.services.orders.find_active(&request.actor()).await;
        order.map(|order| order.map(Order::from)).map_err(ApiError::from).transpose()
    }

    /// An order, for whom it belongs to.
    async fn order(&self, context: &Context<'_>, id: Id) -> Nullable<Order> {
        let request = context.request();
        let order = request.services.orders.find(&request.actor(), id.into()).await;
        order.map(|order| order.map(Order::from)).map_err(ApiError::from).transpose()
    }

    /// An order by its code; a guest may read it for two hours after placing it.
    async fn order_by_code(&self, context: &Context<'_>, code: String) -> Nullable<Order> {
        let request = context.request();
        let order = request.services.orders.find_by_code(&request.actor(), &code).await;
        order.map(|order| order.map(Order::from)).map_err(ApiError::from).transpose()
    }

    /// The states that the cart may go to next.
    async fn next_order_states(&self, context: &Context<'_>) -> ApiResult<Vec<&'static str>> {
        let request = context.request();
        let states = request.services.orders.next_states(&request.actor()).await?;
        Ok(states.into_iter().map(soko_domain::orders::OrderState::as_str).collect())
    }

    /// The deliveries that the cart can have.
    async fn eligible_shipping_methods(&self, context: &Context<'_>) -> ApiResult<Vec<ShippingMethodQuote>> {
        let request = context.request();
        let actor = request.actor();
        let quotes = request.services.orders.eligible_shipping(&actor).await?;
        quotes.iter().map(|quote| ShippingMethodQuote::of(&actor, quote)).collect()
    }

    /// The ways to pay for the cart.
    async fn eligible_payment_methods(&self, context: &Context<'_>) -> ApiResult<Vec<PaymentMethodQuote>> {
        let request = context.request();
        let actor = request.actor();
        if actor.active_order.is_none() {
            return Ok(Vec::new());
        }
        let methods = request.services.payments.methods(&actor).await?;
        Ok(methods.iter().filter(|method| method.enabled).map(|method| quote(&actor, method)).collect())
    }

    /// The ways to pay that the shop offers.
    async fn active_payment_methods(
        &self,
        context: &Context<'_>,
    ) -> ApiResult<Vec<Option<PublicPaymentMethod>>> {
        let request = context.request();
        let actor = request.actor();
        let methods = request.services.payments.methods(&actor).await?;
        let offered = methods.iter().filter(|method| method.enabled);
        Ok(offered.map(|method| Some(PublicPaymentMethod::of(&actor, method))).collect())
    }

    /// The deliveries that the shop offers.
    async fn active_shipping_methods(
        &self,
        context: &Context<'_>,
    ) -> ApiResult<Vec<Option<PublicShippingMethod>>> {
        let request = context.request();
        let actor = request.actor();
        let setup = request.services.shipping.setup(&actor).await?;
        Ok(setup.methods().map(|method| Some(PublicShippingMethod::of(&actor, method))).collect())
    }

    /// The channel that the request is for.
    async fn active_channel(&self, context: &Context<'_>) -> ApiResult<Channel> {
        let request = context.request();
        let channel = request.services.channels.active(&request.actor()).await?;
        Ok(Channel::from(&channel))
    }

    /// The countries that orders may go to.
    async fn available_countries(&self, context: &Context<'_>) -> ApiResult<Vec<Country>> {
        let request = context.request();
        let language = request.actor().language;
        let setup = request.taxes().await?;
        let served = setup.countries.iter().filter(|country| country.enabled);
        Ok(served.map(|country| Country::new(country, language)).collect())
    }
}
