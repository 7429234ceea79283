//! What administrators write down about an order, and whose order it is.

use soko_infra::Reader;
use soko_kernel::{Actor, ChannelScope, CustomerId, HistoryEntryId, OrderId, Permission};

use super::Orders;
use super::error::OrderError;
use super::history::{self, HistoryEntry, NewEntry};
use super::paying::refuse_payment_in_progress;
use super::read::load_cart;
use super::repo;
use super::view::OrderView;
use crate::catalogue::Languages;
use crate::customers::{Customer, Customers};

const NOTE_LENGTH_MAX: usize = 10_000;

impl Orders {
    /// Writes a note into an order's history. The customer sees it when it is public.
    ///
    /// # Errors
    /// An unknown order, an empty or overlong note.
    pub async fn add_note(
        &self,
        actor: &Actor,
        order: OrderId,
        note: String,
        is_public: bool,
    ) -> Result<OrderView, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        check_note(&note)?;
        let (now, user, languages) = (self.clock.now(), actor.user, Languages::of(actor));
        let cart = self
            .database
            .write(scope, async move |tx| {
                let cart = load_cart(tx, scope, languages, order, &[]).await?;
                let cart = cart.ok_or_else(|| OrderError::NotFound(order.to_string()))?;
                let entry = NewEntry::note(&note, is_public);
                history::write_in_tx(tx, scope, order, user, &[entry], now).await?;
                Ok::<_, OrderError>(cart)
            })
            .await?;
        OrderView::of(cart)
    }

    /// Changes a note, or who sees it.
    ///
    /// # Errors
    /// An unknown note, an empty or overlong text.
    pub async fn update_note(
        &self,
        actor: &Actor,
        id: HistoryEntryId,
        note: Option<String>,
        is_public: Option<bool>,
    ) -> Result<HistoryEntry, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        note.as_deref().map_or(Ok(()), check_note)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let changed =
                    history::update_note_in_tx(tx, scope, id, note.as_deref(), is_public, now).await?;
                changed.ok_or_else(|| OrderError::NotFound(format!("with the note {id}")))
            })
            .await
    }

    /// Deletes a note.
    ///
    /// # Errors
    /// An unknown note.
    pub async fn delete_note(&self, actor: &Actor, id: HistoryEntryId) -> Result<(), OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        self.database
            .write(scope, async move |tx| {
                if history::delete_note_in_tx(tx, scope, id).await? {
                    Ok(())
                } else {
                    Err(OrderError::NotFound(format!("with the note {id}")))
                }
            })
            .await
    }

    /// Makes the order a customer's. What it costs stays as it is until it is priced the next time.
    ///
    /// # Errors
    /// An unknown order or customer, or an order that is being paid for.
    pub async fn set_order_customer(
        &self,
        actor: &Actor,
        order: OrderId,
        customer: CustomerId,
        note: Option<String>,
    ) -> Result<OrderView, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        note.as_deref().map_or(Ok(()), check_note)?;
        let (now, user, languages) = (self.clock.now(), actor.user, Languages::of(actor));
        let cart = self
            .database
            .write(scope, async move |tx| {
                let cart = load_cart(tx, scope, languages, order, &[]).await?;
                let mut cart = cart.ok_or_else(|| OrderError::NotFound(order.to_string()))?;
                let new = Customers::get_in(tx, scope, customer).await?;
                refuse_payment_in_progress(tx, scope, order).await?;
                let previous = previous_customer(tx, scope, cart.order.customer_id).await?;
                let data = serde_json::json!({
                    "previousCustomerId": cart.order.customer_id.map(|id| id.to_string()),
                    "previousCustomerName": previous.as_ref().map(full_name),
                    "newCustomerId": new.id.to_string(),
                    "newCustomerName": full_name(&new),
                    "note": note,
                });
                cart.order.customer_id = Some(new.id);
                repo::update(tx, scope, &mut cart.order, now).await?;
                let entry = NewEntry::customer_updated(data);
                history::write_in_tx(tx, scope, order, user, &[entry], now).await?;
                Ok::<_, OrderError>(cart)
            })
            .await?;
        OrderView::of(cart)
    }
}

async fn previous_customer(
    reader: &mut Reader,
    scope: ChannelScope,
    id: Option<CustomerId>,
) -> Result<Option<Customer>, OrderError> {
    match id {
        Some(id) => Ok(Customers::find_in(reader, scope, id).await?),
        None => Ok(None),
    }
}

fn full_name(customer: &Customer) -> String {
    format!("{} {}", customer.first_name, customer.last_name)
}

fn check_note(note: &str) -> Result<(), OrderError> {
    if note.trim().is_empty() || note.chars().count() > NOTE_LENGTH_MAX {
        return Err(OrderError::InvalidInput(format!("a note has 1 to {NOTE_LENGTH_MAX} characters")));
    }
    Ok(())
}
