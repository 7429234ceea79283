//! What happens in the shop, as it happens.

use async_graphql::{Context, Subscription};
use futures_util::Stream;
use soko_domain::notifications::EventType;
use soko_kernel::{ErrorKind, Permission};

use super::event::Event;
use super::order::Order;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult};
use crate::scalars::Id;
use crate::shared::streams::Heeding;

/// Subscriptions to what happens.
#[derive(Default)]
pub struct EventSubscription;

#[Subscription]
impl EventSubscription {
    /// What happens in the shop, of what the administrator may hear of: only of these types, if any is named. What happened
    /// before, or while nobody listened, `events` has.
    async fn event_occurred(
        &self,
        context: &Context<'_>,
        event_types: Option<Vec<String>>,
    ) -> Result<impl Stream<Item = ApiResult<Event>>, ApiError> {
        let request = context.request();
        request.services.notifications.may_hear(&request.actor())?;
        let wanted = event_types.unwrap_or_default();
        if let Some(unknown) = wanted.iter().find(|name| EventType::find(name).is_none()) {
            return Err(ApiError::new(ErrorKind::NotFound, format!("there is no event {unknown:?}")));
        }
        let heeding = Heeding::begin(context).await?;
        Ok(heeding.map(move |actor, heard| {
            let event = heard.event_for(actor)?;
            let asked_for = wanted.is_empty() || wanted.contains(&event.name);
            asked_for.then(|| Event::from(event.clone()))
        }))
    }

    /// An order each time that something happens to it: it is placed, paid, handed over, cancelled.
    async fn order_updated(
        &self,
        context: &Context<'_>,
        id: Id,
    ) -> Result<impl Stream<Item = ApiResult<Order>>, ApiError> {
        let request = context.request();
        request.actor().require(Permission::ReadOrder)?;
        let heeding = Heeding::begin(context).await?;
        let order = id.into();
        if request.services.orders.find(&request.actor(), order).await?.is_none() {
            return Err(ApiError::new(ErrorKind::NotFound, format!("there is no order with the id {order}")));
        }
        Ok(heeding.read(
            move |heard| heard.order() == Some(order),
            move |request, actor| async move {
                let order = request.services.orders.find(&actor, order).await?;
                Ok(order.map(Order::from))
            },
        ))
    }
}
