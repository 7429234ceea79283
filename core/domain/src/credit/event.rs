//! Facts about credit.

use serde::Serialize;
use soko_infra::outbox::Event;
use soko_kernel::{CustomerId, OrderId};

/// A customer may buy on account who could not before.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerCreditApproved {
    /// Who.
    pub customer_id: CustomerId,
    /// How much, minor units.
    pub limit: i64,
    /// Days in which each purchase is to be paid.
    pub duration_days: i64,
}

impl Event for CustomerCreditApproved {
    fn name(&self) -> &'static str {
        "customer.credit_approved"
    }
}

/// What a customer owes the shop, or has with it, changed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerBalanceChanged {
    /// Who.
    pub customer_id: CustomerId,
    /// What is unpaid now, minor units.
    pub outstanding: i64,
    /// What was paid ahead, minor units.
    pub deposit: i64,
}

impl Event for CustomerBalanceChanged {
    fn name(&self) -> &'static str {
        "customer.balance_changed"
    }
}

/// A sale on account was refused. Of many in a short time the first is told of.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreditSaleRefused {
    /// Who wanted to buy.
    pub customer_id: CustomerId,
    /// The order.
    pub order_id: OrderId,
    /// What was to be bought on account, minor units.
    pub amount: i64,
    /// Why not.
    pub reason: String,
}

impl Event for CreditSaleRefused {
    fn name(&self) -> &'static str {
        "credit.sale_refused"
    }
}
