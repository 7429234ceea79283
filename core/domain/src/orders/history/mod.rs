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
    /// Who did it; nobody for guests and the platform's own hand.
    pub user_id: Option<UserId>,
    /// When it happened.
    pub created_at: Timestamp,
    /// When it was last changed; only notes are.
    pub updated_at: Timestamp,
}

/// The API's name of a note.
const NOTE: &str = "ORDER_NOTE";

fn note_data(text: &str) -> serde_json::Value {
    serde_json::json!({ "note": text })
}

/// Something that happened to an order, about to be written down.
#[derive(Debug, Clone)]
pub(super) struct NewEntry {
    kind: &'static str,
    is_public: bool,
    data: serde_json::Value,
}

impl NewEntry {
    pub(super) fn order_transition(from: OrderState, to: OrderState) -> Self {
        let data = serde_json::json!({ "from": from.as_str(), "to": to.as_str() });
        Self { kind: "ORDER_STATE_TRANSITION", is_public: true, data }
    }

    pub(super) fn payment_transition(payment: soko_kernel::PaymentId, from: &str, to: &str) -> Self {
        let data = serde_json::json!({ "paymentId": payment.to_string(), "from": from, "to": to });
        Self { kind: "ORDER_PAYMENT_TRANSITION", is_public: true, data }
    }

    pub(super) fn refund_transition(refund: &crate::payments::Refund, from: &str) -> Self {
        let data = serde_json::json!({
            "refundId": refund.id.to_string(), "from": from, "to": refund.state.as_str(), "reason": refund.reason,
        });
        Self { kind: "ORDER_REFUND_TRANSITION", is_public: true, data }
    }

    pub(super) fn fulfillment(id: soko_kernel::FulfillmentId) -> Self {
        let data = serde_json::json!({ "fulfillmentId": id.to_string() });
        Self { kind: "ORDER_FULFILLMENT", is_public: true, data }
    }

    pub(super) fn fulfillment_transition(id: soko_kernel::FulfillmentId, from: &str, to: &str) -> Self {
        let data = serde_json::json!({ "fulfillmentId": id.to_string(), "from": from, "to": to });
        Self { kind: "ORDER_FULFILLMENT_TRANSITION", is_public: true, data }
    }

    pub(super) fn cancellation(reason: &str) -> Self {
        let data = serde_json::json!({ "reason": reason });
        Self { kind: "ORDER_CANCELLATION", is_public: true, data }
    }

    /// What an administrator has to say, to the customer as well when it is public.
    pub(super) fn note(text: &str, is_public: bool) -> Self {
        Self { kind: NOTE, is_public, data: note_data(text) }
    }

    /// The order is another customer's from now on. `data` says whose it was and whose it is.
    pub(super) fn customer_updated(data: serde_json::Value) -> Self {
        Self { kind: "ORDER_CUSTOMER_UPDATED", is_public: false, data }
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

/// Changes a note; absent parts stay. Other entries do not change: they are what happened.
pub(super) async fn update_note_in_tx(
    tx: &mut Tx,
    scope: ChannelScope,
    id: HistoryEntryId,
    text: Option<&str>,
    is_public: Option<bool>,
    now: Timestamp,
) -> Result<Option<HistoryEntry>, OrderError> {
    let Some(mut note) = repo::find(tx, scope, NOTE, id).await? else { return Ok(None) };
    note.data = text.map_or(note.data, note_data);
    note.is_public = is_public.unwrap_or(note.is_public);
    note.updated_at = now;
    repo::update(tx, scope, &note).await?;
    Ok(Some(note))
}

/// Deletes a note; whether there was one.
pub(super) async fn delete_note_in_tx(
    tx: &mut Tx,
    scope: ChannelScope,
    id: HistoryEntryId,
) -> Result<bool, DatabaseError> {
    repo::delete(tx, scope, NOTE, id).await
}
