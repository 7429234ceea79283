//! What has been handed over of an order.

use std::sync::Arc;

use async_graphql::{ComplexObject, SimpleObject};
use soko_domain::orders::{self, OrderView};

use super::order_line::OrderLine;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};

/// Goods that were handed over together.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Fulfillment", complex)]
pub struct Fulfillment {
    /// Its id.
    pub id: Id,
    /// When it was begun.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Where it stands.
    pub state: &'static str,
    /// How the goods travel.
    pub method: String,
    /// The carrier's number.
    pub tracking_code: Option<String>,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    held: orders::Fulfillment,
    #[graphql(skip)]
    view: Arc<OrderView>,
}

impl Fulfillment {
    /// A fulfilment of an order.
    pub(super) fn new(held: &orders::Fulfillment, view: &Arc<OrderView>) -> Self {
        Self {
            id: held.id.into(),
            created_at: held.created_at.into(),
            updated_at: held.updated_at.into(),
            state: held.state.as_str(),
            method: held.method.clone(),
            tracking_code: Some(held.tracking_code.clone()).filter(|code| !code.is_empty()),
            custom_fields: NO_CUSTOM_FIELDS,
            held: held.clone(),
            view: Arc::clone(view),
        }
    }
}

#[ComplexObject]
impl Fulfillment {
    /// The states that it may go to next.
    async fn next_states(&self) -> Vec<&'static str> {
        self.held.state.next().iter().map(|state| state.as_str()).collect()
    }

    /// What was handed over.
    async fn lines(&self) -> Vec<FulfillmentLine> {
        FulfillmentLine::all(&self.held, &self.view)
    }

    /// What was handed over.
    #[graphql(deprecation = "Use the `lines` field instead")]
    async fn summary(&self) -> Vec<FulfillmentLine> {
        FulfillmentLine::all(&self.held, &self.view)
    }
}

/// Units of an order line that were handed over.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "FulfillmentLine", complex)]
pub struct FulfillmentLine {
    /// The order line.
    pub order_line_id: Id,
    /// How many units.
    pub quantity: i64,
    /// Together with what.
    pub fulfillment_id: Id,
    #[graphql(skip)]
    held: orders::Fulfillment,
    #[graphql(skip)]
    view: Arc<OrderView>,
}

impl FulfillmentLine {
    /// All lines of a fulfilment.
    pub(super) fn all(held: &orders::Fulfillment, view: &Arc<OrderView>) -> Vec<Self> {
        let line = |line: &orders::FulfillmentLine| Self {
            order_line_id: line.order_line_id.into(),
            quantity: line.quantity,
            fulfillment_id: held.id.into(),
            held: held.clone(),
            view: Arc::clone(view),
        };
        held.lines.iter().map(line).collect()
    }
}

#[ComplexObject]
impl FulfillmentLine {
    /// The order line.
    async fn order_line(&self) -> ApiResult<OrderLine> {
        let line = OrderLine::find(&self.view, self.order_line_id)?;
        line.ok_or_else(|| ApiError::internal(&"a fulfilment of a line that its order does not have"))
    }

    /// Together with what.
    async fn fulfillment(&self) -> Fulfillment {
        Fulfillment::new(&self.held, &self.view)
    }
}
