//! Facts about orders.

use serde::Serialize;
use soko_infra::outbox::Event;
use soko_kernel::{CustomerId, OrderId, PaymentId, RefundId};

use super::state::OrderState;
use crate::payments::{PaymentState, RefundState};

/// An order's payment is authorised or settled: it is a sale.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    /// The order.
    pub order_id: OrderId,
    /// Its code.
    pub code: String,
    /// Who buys.
    pub customer_id: Option<CustomerId>,
    /// What it costs with tax, minor units.
    pub total_with_tax: i64,
    /// ISO 4217 code.
    pub currency: String,
}

impl Event for OrderPlaced {
    fn name(&self) -> &'static str {
        "order.placed"
    }
}

/// An order went from one state to another. What people wait for has a name of its own.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderStateChanged {
    /// The order.
    pub order_id: OrderId,
    /// Its code.
    pub code: String,
    /// Who buys.
    pub customer_id: Option<CustomerId>,
    /// What it costs with tax, minor units.
    pub total_with_tax: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Where it stood.
    pub from: &'static str,
    /// Where it stands.
    pub to: &'static str,
}

impl Event for OrderStateChanged {
    fn name(&self) -> &'static str {
        match OrderState::find(self.to) {
            Some(OrderState::PaymentSettled) => "order.payment_settled",
            Some(OrderState::Shipped) => "order.shipped",
            Some(OrderState::Delivered) => "order.fulfilled",
            Some(OrderState::Cancelled) => "order.cancelled",
            _ => "order.state_changed",
        }
    }
}

/// A payment of an order went from one state to another. That the money is here has a name of its own.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentStateChanged {
    /// The order.
    pub order_id: OrderId,
    /// Its code.
    pub code: String,
    /// Who buys.
    pub customer_id: Option<CustomerId>,
    /// The payment.
    pub payment_id: PaymentId,
    /// By which method.
    pub method: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Where it stands.
    pub to: &'static str,
}

impl Event for PaymentStateChanged {
    fn name(&self) -> &'static str {
        if self.to == PaymentState::Settled.as_str() { "payment.confirmed" } else { "payment.state_changed" }
    }
}

/// Money given back went from one state to another.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundStateChanged {
    /// The order.
    pub order_id: OrderId,
    /// Its code.
    pub code: String,
    /// Who bought.
    pub customer_id: Option<CustomerId>,
    /// The payment of which it is given back.
    pub payment_id: PaymentId,
    /// The refund.
    pub refund_id: RefundId,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Where it stands.
    pub to: &'static str,
}

impl Event for RefundStateChanged {
    fn name(&self) -> &'static str {
        if self.to == RefundState::Settled.as_str() { "refund.settled" } else { "refund.state_changed" }
    }
}
