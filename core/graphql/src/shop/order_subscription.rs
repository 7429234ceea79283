//! Orders as they change.

use async_graphql::{Context, Subscription};
use futures_util::Stream;
use soko_kernel::ErrorKind;

use super::order::Order;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult};
use crate::shared::streams::Heeding;

/// Subscriptions to orders.
#[derive(Default)]
pub struct OrderSubscription;

#[Subscription]
impl OrderSubscription {
    /// An order each time that something happens to it: it is paid, handed over, cancelled. For whom `orderByCode` would show
    /// it, as long as it would.
    async fn order_updated(
        &self,
        context: &Context<'_>,
        code: String,
    ) -> Result<impl Stream<Item = ApiResult<Order>>, ApiError> {
        let request = context.request();
        let heeding = Heeding::begin(context).await?;
        let Some(order) = request.services.orders.find_by_code(&request.actor(), &code).await? else {
            return Err(ApiError::new(
                ErrorKind::NotFound,
                format!("there is no order with the code {code:?}"),
            ));
        };
        let id = order.order.id;
        Ok(heeding.read(
            move |heard| heard.order() == Some(id),
            move |request, actor| {
                let code = code.clone();
                async move {
                    let order = request.services.orders.find_by_code(&actor, &code).await?;
                    Ok(order.map(Order::from))
                }
            },
        ))
    }
}
