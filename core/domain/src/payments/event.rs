//! Facts about payments.

use serde::Serialize;
use soko_infra::outbox::Event;
use soko_kernel::{OrderId, PaymentId};

/// Nobody but people can say what became of a payment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentInReview {
    /// The order.
    pub order_id: OrderId,
    /// The payment.
    pub payment_id: PaymentId,
    /// Why.
    pub reason: String,
}

impl Event for PaymentInReview {
    fn name(&self) -> &'static str {
        "payment.in_review"
    }
}
