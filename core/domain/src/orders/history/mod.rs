//! What happened to an order, for its customer and its shop.

mod repo;

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, HistoryEntryId, ListQuery, OrderId, Page, Timestamp, UserId};

use super::error::OrderError;
use super::state::OrderState;

/// An entry of an order's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its id.
    pub id: HistoryEntryId,
    /// The API's name of what happened: `ORDER_STATE_TRANSITION`.
    pub kind: String,
    /// Whether the customer may see it.
    pub is_public: bool,
    /// What exactly, a JSON document.
    pub data: serde_json::Value,
    /// When it happened.
    pub created_at: Timestamp,
}

/// Something that happened to an order, about to be written down.
#[derive(Debug, Clone)]
pub(super) struct NewEntry {
    kind: &'static str,
    data: serde_json::Value,
}

impl NewEntry {
    pub(super) fn order_transition(from: OrderState, to: OrderState) -> Self {
        let data = serde_json::json!({ "from": from.as_str(), "to": to.as_str() });
        Self { kind: "ORDER_STATE_TRANSITION", data }
    }

    pub(super) fn payment_transition(payment: soko_kernel::PaymentId, from: &str, to: &str) -> Self {
        let data = serde_json::json!({ "paymentId": payment.to_string(), "from": from, "to": to });
        Self { kind: "ORDER_PAYMENT_TRANSITION", data }
    }

    pub(super) fn fulfillment(id: soko_kernel::FulfillmentId) -> Self {
        Self { kind: "ORDER_FULFILLMENT", data: serde_json::json!({ "fulfillmentId": id.to_string() }) }
    }

    pub(super) fn fulfillment_transition(id: soko_kernel::FulfillmentId, from: &str, to: &str) -> Self {
        let data = serde_json::json!({ "fulfillmentId": id.to_string(), "from": from, "to": to });
        Self { kind: "ORDER_FULFILLMENT_TRANSITION", data }
    }

    pub(super) fn cancellation(reason: &str) -> Self {
        Self { kind: "ORDER_CANCELLATION", data: serde_json::json!({ "reason": reason }) }
    }
}

/// Writes entries down, in their order. One statement.
pub(super) async fn write_in_tx(
    tx: &mut Tx,
    scope: ChannelScope,
    order: OrderId,
    by: Option<UserId>,
    entries: &[NewEntry],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    repo::insert(tx, scope, order, by, entries, now).await
}

/// A page of an order's history, oldest first unless the query says otherwise.
pub(super) async fn list(
    reader: &mut Reader,
    scope: ChannelScope,
    order: OrderId,
    public_only: bool,
    query: &ListQuery,
) -> Result<Page<HistoryEntry>, OrderError> {
    repo::list(reader, scope, order, public_only, query).await
}
