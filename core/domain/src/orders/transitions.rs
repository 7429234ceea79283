//! Orders and payments that administrators take to another state, and payments that they write down by hand.

use soko_extension::payment::PaymentOutcome;
use soko_infra::Tx;
use soko_kernel::{Actor, ChannelScope, OrderId, PaymentId, Permission, Timestamp, UserId};

use super::bookkeeping::Doing;
use super::cart::{Cart, transition};
use super::checkout::{Whose, place_if_covered, record_payment, record_transition};
use super::error::OrderError;
use super::paying::refuse_payment_in_progress;
use super::read::load_cart;
use super::state::OrderState;
use super::view::OrderView;
use super::{ATTEMPTS_MAX, Orders, fulfillment, repo};
use crate::catalogue::Languages;
use crate::payments::{Coverage, NewAttempt, Payment, PaymentError, PaymentState, Payments};

/// The handler of payments that nobody but people moves.
const MANUAL_HANDLER: &str = "manual";
const METHOD_LENGTH_MAX: usize = 64;

/// A payment that was made elsewhere.
#[derive(Debug, Clone)]
pub struct ManualPayment {
    /// How; need not be one of the channel's payment methods.
    pub method: String,
    /// The reference of whoever took the money.
    pub transaction_id: Option<String>,
    /// Kept with the payment.
    pub metadata: serde_json::Value,
}

impl Orders {
    /// Takes an order to another state, if what it has been paid and handed over says so: to arrange its payment or
    /// back, to a paid, shipped or delivered order, or to give it up.
    ///
    /// # Errors
    /// [`OrderError::StateTransition`] with the reason.
    pub async fn transition_order(
        &self,
        actor: &Actor,
        id: OrderId,
        to: &str,
    ) -> Result<OrderView, OrderError> {
        actor.require(Permission::UpdateOrder)?;
        match OrderState::find(to) {
            Some(OrderState::Cancelled) => self.cancel(actor, id, "").await,
            Some(OrderState::AddingItems | OrderState::ArrangingPayment) | None => {
                for _ in 0..ATTEMPTS_MAX {
                    match self.try_transition(actor, id, to, Whose::OfOrder).await {
                        Err(OrderError::VersionConflict(_)) => {}
                        outcome => return outcome,
                    }
                }
                Err(OrderError::Busy)
            }
            Some(to) => self.follow(actor, id, to).await,
        }
    }

    /// Takes an order to where its payments and fulfillments already are.
    async fn follow(&self, actor: &Actor, id: OrderId, to: OrderState) -> Result<OrderView, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        let (now, user, languages) = (self.clock.now(), actor.user, Languages::of(actor));
        let cart = self
            .database
            .write(scope, async move |tx| {
                let cart = load_cart(tx, scope, languages, id, &[]).await?;
                let mut cart = cart.ok_or_else(|| OrderError::NotFound(id.to_string()))?;
                cart.check_transition(to)?;
                refuse_payment_in_progress(tx, scope, id).await?;
                follow_in_tx(tx, scope, &mut cart, to, user, now).await?;
                Ok::<_, OrderError>(cart)
            })
            .await?;
        OrderView::of(cart)
    }

    /// Takes a payment to another state: settled or cancelled, as its handler allows. An attempt whose handler has not
    /// answered in its time becomes what the administrator knows of it.
    ///
    /// # Errors
    /// [`PaymentError::StateTransition`], or a handler that refuses; [`OrderError::PaymentInProgress`] while it may still
    /// answer.
    pub async fn transition_payment(
        &self,
        actor: &Actor,
        id: PaymentId,
        to: &str,
    ) -> Result<Payment, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        let unknown = |_| OrderError::InvalidInput(format!("there is no payment state {to:?}"));
        let to = PaymentState::parse(to).map_err(unknown)?;
        if let (PaymentState::Created, Some(outcome)) = (self.payment(scope, id).await?.state, known(to)) {
            return self.resolve_attempt(actor, scope, id, outcome).await;
        }
        match to {
            PaymentState::Settled => self.settle_payment(actor, id).await,
            PaymentState::Cancelled => self.cancel_payment(actor, id).await,
            to => {
                let from = self.payment(scope, id).await?.state;
                Err(PaymentError::StateTransition { from, to }.into())
            }
        }
    }

    /// Records what an administrator knows of an attempt that is in doubt; the order becomes a sale if it can.
    async fn resolve_attempt(
        &self,
        actor: &Actor,
        scope: ChannelScope,
        id: PaymentId,
        outcome: PaymentOutcome,
    ) -> Result<Payment, OrderError> {
        let (doing, languages) = (Doing::by(actor, self.clock.now())?, Languages::of(actor));
        let payments = self.payments.clone();
        let (payment, unplaced) = self
            .database
            .write(scope, async move |tx| {
                let Doing { user, now, .. } = doing;
                let found = Payments::find_in(tx, scope, id).await?.ok_or(PaymentError::NotFound(id))?;
                if found.state == PaymentState::Created && now <= payments.answered_by(found.created_at) {
                    return Err(OrderError::PaymentInProgress);
                }
                let payment = Payments::record_outcome_in_tx(tx, scope, id, outcome, now).await?;
                let cart = load_cart(tx, scope, languages, payment.order_id, &[]).await?;
                let mut cart = cart.ok_or_else(|| OrderError::NotFound(payment.order_id.to_string()))?;
                record_payment(tx, scope, &cart.order, &payment, PaymentState::Created, doing).await?;
                if !payment.state.covers() {
                    return Ok((payment, None));
                }
                match place_if_covered(tx, scope, &mut cart, user, now).await {
                    Ok(()) => Ok((payment, None)),
                    Err(refusal @ OrderError::StateTransition { .. }) => Ok((payment, Some(refusal))),
                    Err(error) => Err(error),
                }
            })
            .await?;
        unplaced.map_or(Ok(payment), Err)
    }

    /// Writes down that the rest of an order was paid elsewhere, which makes it a sale, or the part of it that the
    /// metadata names by `allocatedAmount`.
    ///
    /// # Errors
    /// [`PaymentError::Amount`];
    /// [`OrderError::PaymentState`] for an order that is not to be paid now; [`OrderError::StateTransition`] when its
    /// stock is gone.
    pub async fn add_manual_payment(
        &self,
        actor: &Actor,
        id: OrderId,
        new: ManualPayment,
    ) -> Result<OrderView, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        if new.method.trim().is_empty() || new.method.chars().count() > METHOD_LENGTH_MAX {
            let reason = format!("a payment's method has 1 to {METHOD_LENGTH_MAX} characters");
            return Err(OrderError::InvalidInput(reason));
        }
        let (doing, languages) = (Doing::by(actor, self.clock.now())?, Languages::of(actor));
        let cart = self
            .database
            .write(scope, async move |tx| {
                let Doing { user, now, .. } = doing;
                let cart = load_cart(tx, scope, languages, id, &[]).await?;
                let mut cart = cart.ok_or_else(|| OrderError::NotFound(id.to_string()))?;
                refuse_payment_in_progress(tx, scope, id).await?;
                if !awaits_payment(tx, scope, &cart).await? {
                    return Err(OrderError::PaymentState);
                }
                repo::update(tx, scope, &mut cart.order, now).await?;
                let payment = settled_by_hand(tx, scope, &cart, new, now).await?;
                record_payment(tx, scope, &cart.order, &payment, PaymentState::Created, doing).await?;
                place_if_covered(tx, scope, &mut cart, user, now).await?;
                Ok(cart)
            })
            .await?;
        OrderView::of(cart)
    }
}

/// What an administrator may know of an attempt to pay: that the money is here, or that it will not come.
fn known(state: PaymentState) -> Option<PaymentOutcome> {
    let message = "said by an administrator".to_owned();
    match state {
        PaymentState::Settled => Some(PaymentOutcome::Settled { transaction_id: None }),
        PaymentState::Declined => Some(PaymentOutcome::Declined { message }),
        PaymentState::Error => Some(PaymentOutcome::Failed { message }),
        PaymentState::Created | PaymentState::Authorized | PaymentState::Cancelled => None,
    }
}

/// Whether money for the order may be written down: its payment is being arranged, or what was reserved for it was given
/// up again.
async fn awaits_payment(tx: &mut Tx, scope: ChannelScope, cart: &Cart) -> Result<bool, OrderError> {
    Ok(match cart.order.state {
        OrderState::ArrangingPayment | OrderState::ArrangingAdditionalPayment => true,
        OrderState::PaymentAuthorized => {
            let paid = Coverage::of(&Payments::of_orders(tx, scope, &[cart.order.id]).await?);
            paid.outstanding(cart.order.totals.total().gross) > 0
        }
        _ => false,
    })
}

async fn follow_in_tx(
    tx: &mut Tx,
    scope: ChannelScope,
    cart: &mut Cart,
    to: OrderState,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<(), OrderError> {
    let from = cart.order.state;
    match to {
        OrderState::PaymentAuthorized | OrderState::PaymentSettled => {
            place_if_covered(tx, scope, cart, user, now).await?;
            if cart.order.state != to {
                let reason = "cannot transition order without its payments covering the total";
                return Err(transition(from, to, reason));
            }
            Ok(())
        }
        OrderState::PartiallyShipped
        | OrderState::Shipped
        | OrderState::PartiallyDelivered
        | OrderState::Delivered => {
            let all = fulfillment::of_orders(tx, scope, &[cart.order.id]).await?;
            if fulfillment::order_state(&cart.lines, &all) != Some(to) {
                return Err(transition(from, to, "cannot transition order ahead of its fulfillments"));
            }
            cart.order.state = to;
            repo::update(tx, scope, &mut cart.order, now).await?;
            record_transition(tx, scope, cart, from, user, now).await
        }
        _ => Err(transition(from, to, "orders are not taken to this state by hand")),
    }
}

/// A settled payment of all that is left to pay, or of the part of it that the metadata names.
async fn settled_by_hand(
    tx: &mut Tx,
    scope: ChannelScope,
    cart: &Cart,
    new: ManualPayment,
    now: Timestamp,
) -> Result<Payment, OrderError> {
    let order_id = cart.order.id;
    let paid = Coverage::of(&Payments::of_orders(tx, scope, &[order_id]).await?);
    let amount = paid.asked_for(cart.order.totals.total().gross, &new.metadata)?;
    let (method, metadata) = (new.method, new.metadata);
    let attempt = NewAttempt { order_id, method, handler: MANUAL_HANDLER.to_owned(), amount, metadata };
    let begun = Payments::begin_in_tx(tx, scope, &attempt, now).await?;
    let settled = PaymentOutcome::Settled { transaction_id: new.transaction_id };
    Ok(Payments::record_outcome_in_tx(tx, scope, begun.id, settled, now).await?)
}
