//! What administrators do with orders that are placed, and the proof of how they were priced.

use soko_extension::payment::PaymentChange;
use soko_kernel::{Actor, ChannelScope, FulfillmentId, OrderId, OrderLineId, PaymentId, Permission};
use tracing::Instrument as _;

use super::Orders;
use super::bookkeeping::Doing;
use super::cart::{Cart, transition};
use super::checkout::{allocatable, place_if_covered, record_payment, record_transition};
use super::error::OrderError;
use super::fulfillment::{self, Fulfillment, FulfillmentState, NewFulfillment};
use super::history::{self, NewEntry};
use super::paying::refuse_payment_in_progress;
use super::read::load_cart;
use super::repo;
use super::state::OrderState;
use super::view::OrderView;
use crate::auth::Auth;
use crate::catalogue::Languages;
use crate::inventory::Inventory;
use crate::payments::{Change, Coverage, Payment, PaymentError, PaymentState, Payments};
use crate::plugins::Plugins;
use crate::pricing::{ReceiptDocuments, Replay};

impl Orders {
    /// Takes the money of an authorised payment. The handler is asked outside any transaction.
    ///
    /// # Errors
    /// A payment that is not authorised, or a handler that refuses.
    pub async fn settle_payment(&self, actor: &Actor, id: PaymentId) -> Result<Payment, OrderError> {
        self.change_payment(actor, id, Change::Settle).await
    }

    /// Gives up an authorised payment.
    ///
    /// # Errors
    /// A payment that is not authorised, or a handler that refuses.
    pub async fn cancel_payment(&self, actor: &Actor, id: PaymentId) -> Result<Payment, OrderError> {
        self.change_payment(actor, id, Change::Cancel).await
    }

    async fn change_payment(
        &self,
        actor: &Actor,
        id: PaymentId,
        change: Change,
    ) -> Result<Payment, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        self.change_payment_in(actor, scope, id, change).await
    }

    /// The first transaction: what the handler is about to be asked is on record. Then it is asked, on a task of its own,
    /// so that a client that goes away does not keep its answer from being recorded.
    async fn change_payment_in(
        &self,
        actor: &Actor,
        scope: ChannelScope,
        id: PaymentId,
        change: Change,
    ) -> Result<Payment, OrderError> {
        let payment = self.payment(scope, id).await?;
        let handler = self.payments.handler_of(actor, &payment).await?;
        let (payments, order_id, now) = (self.payments.clone(), payment.order_id, self.clock.now());
        let (order, payment) = self
            .database
            .write(scope, async move |tx| {
                let order = repo::find(tx, scope, order_id).await?;
                let (order, _) = order.ok_or_else(|| OrderError::NotFound(order_id.to_string()))?;
                let payment = payments.begin_change_in_tx(tx, scope, id, change, now).await?;
                if change == Change::Settle && order.state == OrderState::Cancelled {
                    return Err(PaymentError::OrderCancelled.into());
                }
                Ok::<_, OrderError>((order, payment))
            })
            .await?;
        let reference = self.payments.reference(actor, &payment, order.currency).await?;
        let (orders, actor) = (self.clone(), actor.clone());
        let asking = async move {
            let answer = match change {
                Change::Settle => orders.payments.ask_to_settle(handler.as_ref(), reference).await,
                Change::Cancel => orders.payments.ask_to_cancel(handler.as_ref(), reference).await,
            };
            orders.record_change(&actor, scope, &payment, change, answer).await
        };
        tokio::spawn(asking.in_current_span()).await.unwrap_or_else(|error| {
            tracing::error!(payment = %id, %error, "changing a payment ended without an answer");
            Err(PaymentError::InDoubt("the payment handler broke".to_owned()).into())
        })
    }

    /// The second transaction: the handler's answer. Money that has moved stays on record even where the order cannot
    /// become a sale any more.
    async fn record_change(
        &self,
        actor: &Actor,
        scope: ChannelScope,
        payment: &Payment,
        change: Change,
        answer: PaymentChange,
    ) -> Result<Payment, OrderError> {
        let (doing, languages) = (Doing::by(actor, self.clock.now())?, Languages::of(actor));
        let (id, order_id, from, said) = (payment.id, payment.order_id, payment.state, answer.clone());
        let (payment, unplaced) = self
            .database
            .write(scope, async move |tx| {
                let Doing { user, now, .. } = doing;
                let payment = Payments::record_change_in_tx(tx, scope, id, change, &answer, now).await?;
                if payment.state == from {
                    return Ok((payment, None));
                }
                let cart = load_cart(tx, scope, languages, order_id, &[]).await?;
                let mut cart = cart.ok_or_else(|| OrderError::NotFound(order_id.to_string()))?;
                record_payment(tx, scope, &cart.order, &payment, from, doing).await?;
                if change != Change::Settle {
                    return Ok((payment, None));
                }
                match place_if_covered(tx, scope, &mut cart, user, now).await {
                    Ok(()) => Ok((payment, None)),
                    Err(refusal @ OrderError::StateTransition { .. }) => Ok((payment, Some(refusal))),
                    Err(error) => Err(error),
                }
            })
            .await?;
        match said {
            PaymentChange::Done => unplaced.map_or(Ok(payment), Err),
            PaymentChange::Refused { message } => Err(PaymentError::HandlerRefused(message).into()),
            PaymentChange::InDoubt { message } => Err(PaymentError::InDoubt(message).into()),
        }
    }

    /// Gives up what is reserved for an order that is cancelled. A handler that refuses is left to an administrator:
    /// such a payment can be cancelled again, and cannot be settled.
    pub(super) async fn cancel_authorized_payments(
        &self,
        actor: &Actor,
        scope: ChannelScope,
        order: OrderId,
    ) -> Result<(), OrderError> {
        let payments = self
            .database
            .read(scope, async |reader| Payments::of_orders(reader, scope, &[order]).await)
            .await?;
        for payment in payments.iter().filter(|payment| payment.state == PaymentState::Authorized) {
            let cancelled = self.change_payment_in(actor, scope, payment.id, Change::Cancel).await;
            if let Err(error) = cancelled {
                tracing::warn!(payment = %payment.id, %error, "a payment of a cancelled order stays authorised");
            }
        }
        Ok(())
    }

    /// The order that a line is of.
    ///
    /// # Errors
    /// [`OrderError::Forbidden`].
    pub async fn find_order_of_line(
        &self,
        actor: &Actor,
        line: OrderLineId,
    ) -> Result<Option<OrderId>, OrderError> {
        let scope = actor.require(Permission::ReadOrder)?;
        Ok(self.database.read(scope, async |reader| repo::order_of_line(reader, scope, line).await).await?)
    }

    /// Hands goods over: they leave the shelf.
    ///
    /// # Errors
    /// Units that the order does not have left, or an order that is not paid.
    pub async fn fulfill(
        &self,
        actor: &Actor,
        order: OrderId,
        new: NewFulfillment,
    ) -> Result<Fulfillment, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        let (now, user, languages) = (self.clock.now(), actor.user, Languages::of(actor));
        let new = new.by_line();
        self.database
            .write(scope, async move |tx| {
                let cart = load_cart(tx, scope, languages, order, &[]).await?;
                let mut cart = cart.ok_or_else(|| OrderError::NotFound(order.to_string()))?;
                if !cart.order.state.is_fulfillable() {
                    let state = cart.order.state.as_str();
                    return Err(OrderError::Fulfillment(format!("the order is {state}")));
                }
                let paid = Coverage::of(&Payments::of_orders(tx, scope, &[order]).await?);
                if paid.outstanding(cart.order.totals.total().gross) > 0 {
                    return Err(OrderError::Fulfillment("the order is not paid".to_owned()));
                }
                let existing = fulfillment::of_orders(tx, scope, &[order]).await?;
                fulfillment::check(&cart.lines, &existing, &new.lines)?;
                let mut made = fulfillment::insert_in_tx(tx, scope, order, &new, now).await?;
                fulfillment::set_state_in_tx(tx, scope, &mut made, FulfillmentState::Pending, now).await?;
                let sold = of_lines(&cart, &new.lines);
                Inventory::sell_in_tx(tx, scope, &sold, now).await?;
                let entry = NewEntry::fulfillment(made.id);
                history::write_in_tx(tx, scope, order, user, &[entry], now).await?;
                repo::update(tx, scope, &mut cart.order, now).await?;
                Ok(made)
            })
            .await
    }

    /// Says where handed-over goods are. The order follows: shipped or delivered, wholly or in part.
    ///
    /// # Errors
    /// A state that may not follow.
    pub async fn transition_fulfillment(
        &self,
        actor: &Actor,
        id: FulfillmentId,
        to: &str,
    ) -> Result<Fulfillment, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        let unknown = || OrderError::Fulfillment(format!("there is no fulfillment state {to:?}"));
        let to = FulfillmentState::find(to).ok_or_else(unknown)?;
        let (now, user, languages) = (self.clock.now(), actor.user, Languages::of(actor));
        self.database
            .write(scope, async move |tx| {
                let not_found = || OrderError::NotFound(format!("with the fulfillment {id}"));
                let order = fulfillment::order_of(tx, scope, id).await?.ok_or_else(not_found)?;
                let mut cart = load_cart(tx, scope, languages, order, &[]).await?.ok_or_else(not_found)?;
                let mut all = fulfillment::of_orders(tx, scope, &[order]).await?;
                let one = all.iter_mut().find(|one| one.id == id).ok_or_else(not_found)?;
                if cart.order.state == OrderState::Cancelled {
                    return Err(OrderError::Fulfillment("the order is Cancelled".to_owned()));
                }
                let from_state = one.state;
                fulfillment::set_state_in_tx(tx, scope, one, to, now).await?;
                let changed = one.clone();
                let entry = NewEntry::fulfillment_transition(id, from_state.as_str(), to.as_str());
                history::write_in_tx(tx, scope, order, user, &[entry], now).await?;
                if to == FulfillmentState::Cancelled {
                    let lines: Vec<_> =
                        changed.lines.iter().map(|line| (line.order_line_id, line.quantity)).collect();
                    Inventory::take_back_in_tx(tx, scope, &of_lines(&cart, &lines), now).await?;
                }
                let from = cart.order.state;
                if let Some(next) = fulfillment::order_state(&cart.lines, &all)
                    && from.next().contains(&next)
                {
                    cart.order.state = next;
                    repo::update(tx, scope, &mut cart.order, now).await?;
                    record_transition(tx, scope, &cart, from, user, now).await?;
                }
                Ok(changed)
            })
            .await
    }

    /// Gives up a whole order: its stock goes back, its authorised payments are cancelled. Money that is here stays
    /// until it is refunded.
    ///
    /// # Errors
    /// An order that cannot be cancelled any more, or is being paid for.
    pub async fn cancel(&self, actor: &Actor, id: OrderId, reason: &str) -> Result<OrderView, OrderError> {
        let scope = actor.require_any(&[Permission::DeleteOrder, Permission::UpdateOrder])?;
        let (now, user, languages) = (self.clock.now(), actor.user, Languages::of(actor));
        let reason = reason.to_owned();
        let cart = self
            .database
            .write(scope, async move |tx| {
                let cart = load_cart(tx, scope, languages, id, &[]).await?;
                let mut cart = cart.ok_or_else(|| OrderError::NotFound(id.to_string()))?;
                let (from, to) = (cart.order.state, OrderState::Cancelled);
                if !from.next().contains(&to) {
                    return Err(transition(from, to, format!("an order that is {} stays so", from.as_str())));
                }
                refuse_payment_in_progress(tx, scope, id).await?;
                if cart.order.placed_at.is_some() {
                    Inventory::cancel_in_tx(tx, scope, &allocatable(&cart.lines), now).await?;
                }
                Inventory::release_holds_in_tx(tx, scope, id).await?;
                Auth::clear_active_order_in_tx(tx, scope, id).await?;
                cart.order.state = to;
                cart.order.active = false;
                repo::update(tx, scope, &mut cart.order, now).await?;
                let entry = NewEntry::cancellation(&reason);
                history::write_in_tx(tx, scope, id, user, &[entry], now).await?;
                record_transition(tx, scope, &cart, from, user, now).await?;
                Ok::<_, OrderError>(cart)
            })
            .await?;
        self.cancel_authorized_payments(actor, scope, id).await?;
        OrderView::of(cart)
    }

    /// Prices the order's latest receipt again and says whether it comes out the same.
    ///
    /// # Errors
    /// An unknown order, one without a receipt, or a component that is gone.
    pub async fn replay_receipt(&self, actor: &Actor, code: &str) -> Result<Replay, OrderError> {
        let scope = actor.require(Permission::ReadOrder)?;
        let missing = || OrderError::NotFound(format!("{code:?} with a price receipt"));
        let receipt = self
            .database
            .read(scope, async |reader| {
                let Some((order, _)) = repo::find_by_code(reader, scope, code).await? else {
                    return Ok(None);
                };
                Ok::<_, OrderError>(Plugins::find_latest_receipt(reader, scope, order.id).await?)
            })
            .await?
            .ok_or_else(missing)?;
        let documents = ReceiptDocuments {
            engine_version: receipt.engine_version,
            rounding_version: receipt.rounding_version,
            input: receipt.input,
            steps: receipt.steps,
            output: receipt.output,
        };
        Ok(self.pricing.replay(actor, &documents).await?)
    }
}

fn of_lines(
    cart: &Cart,
    lines: &[(soko_kernel::OrderLineId, i64)],
) -> Vec<(soko_kernel::OrderLineId, soko_kernel::VariantId, i64)> {
    let variant_of = |id| cart.lines.iter().find(|line| line.id == Some(id)).map(|line| line.variant_id);
    lines.iter().filter_map(|(id, quantity)| Some((*id, variant_of(*id)?, *quantity))).collect()
}
