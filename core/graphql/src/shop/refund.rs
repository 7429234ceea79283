//! Money given back.

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::payments;

use super::order_line::OrderLine;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, Id, Json, Money, NO_CUSTOM_FIELDS};

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

/// Nothing: what a handler says is for administrators.
fn metadata(_refund: &payments::Refund) -> serde_json::Value {
    serde_json::json!({})
}
