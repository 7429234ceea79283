//! From cart to sale: arranging payment, and what it and the sale do to stock. Paying itself is in `paying`.

use soko_infra::Tx;
use soko_kernel::{Actor, ChannelScope, OrderId, Timestamp, UserId};

use super::bookkeeping::{Doing, book_payment};
use super::cart::{Cart, transition};
use super::entity::{Order, OrderLine};
use super::error::OrderError;
use super::event::{OrderPlaced, OrderStateChanged, PaymentStateChanged};
use super::history::{self, NewEntry};
use super::paying::refuse_payment_in_progress;
use super::shopping::{Before, save_cart_in_tx};
use super::state::OrderState;
use super::view::OrderView;
use super::{ATTEMPTS_MAX, HOLD_LIFETIME, Orders};
use crate::auth::Auth;
use crate::inventory::{Inventory, InventoryError};
use crate::payments::{Coverage, Payment, PaymentState, Payments};
use crate::plugins::{NewReceipt, Plugins};
use crate::pricing::ReceiptDocuments;

/// Whose an order is that goes to another state, for its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Whoever acts shops for it.
    OfActor,
    /// An administrator acts for the customer that it names.
    OfOrder,
}

impl Orders {
    /// The states that the cart may go to next; those of a new order when there is none.
    ///
    /// # Errors
    /// A failing store.
    pub async fn next_states(&self, actor: &Actor) -> Result<Vec<OrderState>, OrderError> {
        let order = self.find_active(actor).await?;
        Ok(order.map_or(OrderState::Created, |view| view.order.state).next().to_vec())
    }

    /// Takes the cart to another state: to arrange its payment, back to shopping, or to give it up.
    ///
    /// # Errors
    /// [`OrderError::StateTransition`] with the reason.
    pub async fn transition_active(&self, actor: &Actor, to: &str) -> Result<OrderView, OrderError> {
        let id = actor.active_order.ok_or(OrderError::NoActiveOrder)?;
        for _ in 0..ATTEMPTS_MAX {
            match self.try_transition(actor, id, to, Whose::OfActor).await {
                Err(OrderError::VersionConflict(_)) => {}
                outcome => return outcome,
            }
        }
        Err(OrderError::Busy)
    }

    pub(super) async fn try_transition(
        &self,
        actor: &Actor,
        id: OrderId,
        to: &str,
        whose: Whose,
    ) -> Result<OrderView, OrderError> {
        let (scope, now) = (actor.public_scope(), self.clock.now());
        let cart = self.find_cart(actor, id).await?;
        let mut cart = match whose {
            Whose::OfActor => cart.filter(|cart| cart.order.active).ok_or(OrderError::NoActiveOrder)?,
            Whose::OfOrder => cart.ok_or_else(|| OrderError::NotFound(id.to_string()))?,
        };
        let from = cart.order.state;
        let unknown = || OrderError::StateTransition {
            from,
            to: to.to_owned(),
            reason: format!("there is no order state {to:?}"),
        };
        let to = OrderState::find(to).ok_or_else(unknown)?;
        cart.check_transition(to)?;
        if matches!(to, OrderState::PaymentAuthorized | OrderState::PaymentSettled) {
            return Err(transition(
                from,
                to,
                "cannot transition order without its payments covering the total",
            ));
        }
        let before = Before::of(&cart);
        let documents = if to == OrderState::ArrangingPayment {
            let circumstances = match whose {
                Whose::OfActor => self.circumstances(actor, &cart).await?,
                Whose::OfOrder => self.circumstances_of_order(actor, &cart).await?,
            };
            let pricing = self.reprice(actor, &mut cart, &circumstances, now).await?;
            cart.check_transition(to)?;
            Some(self.pricing.receipt(&pricing)?)
        } else {
            None
        };
        cart.order.state = to;
        cart.order.active = to != OrderState::Cancelled;
        let user = actor.user;
        let cart = self
            .database
            .write_concurrently(scope, async move |tx| {
                let mut cart = cart;
                save_cart_in_tx(tx, scope, &before, &mut cart, now).await?;
                // By now the order is locked: a payment that begins meanwhile waits, and finds another version.
                if !cart.is_untried {
                    refuse_payment_in_progress(tx, scope, cart.order.id).await?;
                }
                match to {
                    OrderState::ArrangingPayment => hold(tx, scope, &cart, from, to, now).await?,
                    _ => Inventory::release_holds_in_tx(tx, scope, cart.order.id).await?,
                }
                if let Some(documents) = documents {
                    Plugins::insert_receipt_in_tx(tx, scope, &receipt(&cart, documents), now).await?;
                }
                if to == OrderState::Cancelled {
                    Auth::clear_active_order_in_tx(tx, scope, cart.order.id).await?;
                }
                record_transition(tx, scope, &cart, from, user, now).await?;
                Ok::<_, OrderError>(cart)
            })
            .await?;
        self.remember(actor, &cart);
        if to == OrderState::Cancelled {
            self.cancel_authorized_payments(actor, scope, id).await?;
        }
        OrderView::of(cart)
    }

    pub(super) async fn active_cart(&self, actor: &Actor, id: OrderId) -> Result<Cart, OrderError> {
        let cart = self.find_cart(actor, id).await?;
        cart.filter(|cart| cart.order.active).ok_or(OrderError::NoActiveOrder)
    }
}

/// The proof of the order's price as it is now.
fn receipt(cart: &Cart, documents: ReceiptDocuments) -> NewReceipt {
    NewReceipt {
        order: cart.order.id,
        order_version: cart.order.version,
        engine_version: documents.engine_version,
        rounding_version: documents.rounding_version,
        input: documents.input,
        steps: documents.steps,
        output: documents.output,
    }
}

/// Holds the stock of every line; too little of it refuses the transition.
pub(super) async fn hold(
    tx: &mut Tx,
    scope: ChannelScope,
    cart: &Cart,
    from: OrderState,
    to: OrderState,
    now: Timestamp,
) -> Result<(), OrderError> {
    let wanted: Vec<_> = cart.lines.iter().map(|line| (line.variant_id, line.quantity)).collect();
    let held = Inventory::hold_in_tx(tx, scope, cart.order.id, &wanted, now.after(HOLD_LIFETIME), now).await;
    held.map_err(|error| stock_refusal(error, from, to))
}

fn stock_refusal(error: InventoryError, from: OrderState, to: OrderState) -> OrderError {
    match error {
        InventoryError::InsufficientStock { .. } => transition(from, to, error.to_string()),
        error => error.into(),
    }
}

/// Makes the order a sale when its payments cover it, with its stock allocated.
pub(super) async fn place_if_covered(
    tx: &mut Tx,
    scope: ChannelScope,
    cart: &mut Cart,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<(), OrderError> {
    let paid = Coverage::of(&Payments::of_orders(tx, scope, &[cart.order.id]).await?);
    let total = cart.order.totals.total().gross;
    let from = cart.order.state;
    let to = if paid.settled >= total {
        OrderState::PaymentSettled
    } else if paid.outstanding(total) == 0 {
        OrderState::PaymentAuthorized
    } else {
        return Ok(());
    };
    if from == to || !from.next().contains(&to) {
        return Ok(());
    }
    let before = Before::of(cart);
    let placing = cart.order.placed_at.is_none();
    if placing {
        let lines = allocatable(&cart.lines);
        let allocated = Inventory::allocate_in_tx(tx, scope, cart.order.id, &lines, now).await;
        allocated.map_err(|error| stock_refusal(error, from, to))?;
        cart.order.placed_at = Some(now);
        cart.order.active = false;
        for line in &mut cart.lines {
            line.placed_quantity = line.quantity;
        }
    }
    cart.order.state = to;
    save_cart_in_tx(tx, scope, &before, cart, now).await?;
    record_transition(tx, scope, cart, from, user, now).await?;
    if placing {
        Auth::clear_active_order_in_tx(tx, scope, cart.order.id).await?;
        let placed = OrderPlaced {
            order_id: cart.order.id,
            code: cart.order.code.clone(),
            customer_id: cart.order.customer_id,
            total_with_tax: total,
            currency: cart.order.currency.code().to_owned(),
        };
        tx.publish(scope, now, &placed)?;
    }
    Ok(())
}

/// The stored lines in the form in which stock is asked for.
pub(super) fn allocatable(
    lines: &[OrderLine],
) -> Vec<(soko_kernel::OrderLineId, soko_kernel::VariantId, i64)> {
    lines.iter().filter_map(|line| Some((line.id?, line.variant_id, line.quantity))).collect()
}

/// Writes a transition into the order's history and states it as a fact.
pub(super) async fn record_transition(
    tx: &mut Tx,
    scope: ChannelScope,
    cart: &Cart,
    from: OrderState,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<(), OrderError> {
    let (order, to) = (&cart.order, cart.order.state);
    let entry = NewEntry::order_transition(from, to);
    history::write_in_tx(tx, scope, order.id, user, &[entry], now).await?;
    let changed = OrderStateChanged {
        order_id: order.id,
        code: order.code.clone(),
        customer_id: order.customer_id,
        total_with_tax: order.totals.total().gross,
        currency: order.currency.code().to_owned(),
        from: from.as_str(),
        to: to.as_str(),
    };
    Ok(tx.publish(scope, now, &changed)?)
}

/// Writes a payment's new state into its order's history, into the books where money is here, and states it as a fact.
pub(super) async fn record_payment(
    tx: &mut Tx,
    scope: ChannelScope,
    order: &Order,
    payment: &Payment,
    from: PaymentState,
    doing: Doing,
) -> Result<(), OrderError> {
    let to = payment.state.as_str();
    let entry = NewEntry::payment_transition(payment.id, from.as_str(), to);
    history::write_in_tx(tx, scope, order.id, doing.user, &[entry], doing.now).await?;
    book_payment(tx, scope, order, payment, doing).await?;
    let changed = PaymentStateChanged {
        order_id: order.id,
        code: order.code.clone(),
        customer_id: order.customer_id,
        payment_id: payment.id,
        method: payment.method.clone(),
        amount: payment.amount,
        currency: order.currency.code().to_owned(),
        to,
    };
    Ok(tx.publish(scope, doing.now, &changed)?)
}
