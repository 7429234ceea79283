//! Facts about orders.

use serde::Serialize;
use soko_infra::outbox::Event;
use soko_kernel::{CustomerId, OrderId, PaymentId, RefundId};

/// An order's payment is authorised or settled: it is a sale.
#[derive(Debug, Clone, Serialize)]
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
    const NAME: &'static str = "order.placed";
}

/// An order went from one state to another.
#[derive(Debug, Clone, Serialize)]
pub struct OrderStateChanged {
    /// The order.
    pub order_id: OrderId,
    /// Its code.
    pub code: String,
    /// Where it stood.
    pub from: &'static str,
    /// Where it stands.
    pub to: &'static str,
}

impl Event for OrderStateChanged {
    const NAME: &'static str = "order.state_changed";
}

/// A payment of an order went from one state to another.
#[derive(Debug, Clone, Serialize)]
pub struct PaymentStateChanged {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
    /// Minor units.
    pub amount: i64,
    /// Where it stands.
    pub to: &'static str,
}

impl Event for PaymentStateChanged {
    const NAME: &'static str = "payment.state_changed";
}

/// Money given back went from one state to another.
#[derive(Debug, Clone, Serialize)]
pub struct RefundStateChanged {
    /// The order.
    pub order_id: OrderId,
    /// The payment of which it is given back.
    pub payment_id: PaymentId,
    /// The refund.
    pub refund_id: RefundId,
    /// Minor units.
    pub amount: i64,
    /// Where it stands.
    pub to: &'static str,
}

impl Event for RefundStateChanged {
    const NAME: &'static str = "refund.state_changed";
}
