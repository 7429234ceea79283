//! Paying: asking whoever moves the money, and recording the answer.
//!
//! A payment takes two transactions with the handler's call between them. The first records the attempt and renews
//! the hold on the stock, so that nobody pays for a unit that is not there; the second records the answer and, when
//! the order is covered, makes it a sale. A handler that has to ask nobody, such as cash, answers inside the first,
//! which then is the only one.

use std::sync::Arc;

use soko_extension::payment::{PaymentHandler, PaymentOutcome, PaymentRequest};
use soko_infra::Tx;
use soko_kernel::{Actor, ChannelScope, OrderId, PaymentId, Timestamp};
use tracing::Instrument as _;

use super::Orders;
use super::bookkeeping::Doing;
use super::cart::Cart;
use super::checkout::{hold, place_if_covered, record_payment};
use super::error::OrderError;
use super::on_account::refusal_of;
use super::read::load_cart;
use super::repo;
use super::state::OrderState;
use super::view::OrderView;
use crate::catalogue::Languages;
use crate::credit::CreditRefusal;
use crate::payments::{Coverage, NewAttempt, Payment, PaymentError, PaymentMethod, PaymentState, Payments};

/// A payment that a client asks for.
#[derive(Debug, Clone)]
pub struct PaymentInput {
    /// Code of the payment method.
    pub method: String,
    /// Handed to the handler as it is.
    pub metadata: serde_json::Value,
}

impl Orders {
    /// Pays the rest of the cart by one of the channel's payment methods, or the part of it that the metadata names by
    /// `allocatedAmount`. The cart becomes a sale when its payments cover it.
    ///
    /// # Errors
    /// [`OrderError::PaymentState`], [`OrderError::IneligiblePaymentMethod`], [`OrderError::PaymentDeclined`],
    /// [`crate::payments::PaymentError::Amount`],
    /// [`OrderError::PaymentFailed`], [`OrderError::CreditRefused`]; [`OrderError::StateTransition`] when the stock is
    /// gone.
    pub async fn add_payment(&self, actor: &Actor, input: PaymentInput) -> Result<OrderView, OrderError> {
        let id = actor.active_order.ok_or(OrderError::NoActiveOrder)?;
        let (method, handler) = self
            .payments
            .find_usable(actor, &input.method)
            .await?
            .ok_or(OrderError::IneligiblePaymentMethod)?;
        let cart = self.active_cart(actor, id).await?;
        if cart.order.state != OrderState::ArrangingPayment {
            return Err(OrderError::PaymentState);
        }
        self.check_payer(actor, &method.handler.code, cart.order.customer_id).await?;
        self.pay(actor, cart, Way { method, handler, metadata: input.metadata }).await
    }

    /// Pays the rest of an order whose payment is being arranged, or the part of it that the metadata names.
    pub(super) async fn pay(&self, actor: &Actor, cart: Cart, way: Way) -> Result<OrderView, OrderError> {
        let Finished { cart, payment, unplaced } = match self.begin_attempt(actor, cart, &way).await? {
            Begun::Answered(finished) => finished,
            Begun::Refused(refusal) => return Err(refusal.into()),
            Begun::Asking(attempt, cart) => self.ask_and_finish(actor, cart, attempt, way).await?,
        };
        if let Some(refusal) = unplaced {
            return Err(refusal);
        }
        match payment {
            Some(Payment { state: PaymentState::Declined, error_message, .. }) => {
                Err(OrderError::PaymentDeclined(error_message.unwrap_or_default()))
            }
            Some(Payment { state: PaymentState::Error | PaymentState::Cancelled, error_message, .. }) => {
                Err(OrderError::PaymentFailed(error_message.unwrap_or_default()))
            }
            _ => OrderView::of(cart),
        }
    }

    /// The first transaction: the attempt and a fresh hold on the stock; or, where nobody has to be asked, everything.
    async fn begin_attempt(&self, actor: &Actor, cart: Cart, way: &Way) -> Result<Begun, OrderError> {
        let (scope, doing) = (actor.public_scope(), Doing::by(actor, self.clock.now())?);
        let way = way.clone();
        self.database
            .write_concurrently(scope, async move |tx| {
                let Doing { user, now, .. } = doing;
                let mut cart = cart;
                // Which locks the order.
                repo::update(tx, scope, &mut cart.order, now).await?;
                let payments = if std::mem::take(&mut cart.is_untried) {
                    Vec::new()
                } else {
                    Payments::of_orders(tx, scope, &[cart.order.id]).await?
                };
                refuse_among(&payments)?;
                let (paid, total) = (Coverage::of(&payments), cart.order.totals.total().gross);
                if paid.covers(total) {
                    // An answer that was recorded without its sale.
                    place_if_covered(tx, scope, &mut cart, user, now).await?;
                    return Ok(Begun::Answered(Finished { cart, payment: None, unplaced: None }));
                }
                let attempt = NewAttempt {
                    order_id: cart.order.id,
                    method: way.method.code.clone(),
                    handler: way.method.handler.code.clone(),
                    amount: paid.asked_for(total, &way.metadata)?,
                    metadata: way.metadata.clone(),
                };
                let payment = Payments::begin_in_tx(tx, scope, &attempt, now).await?;
                if let Some(refusal) = refusal_of(tx, scope, &cart.order, &payment, doing).await? {
                    let declined = PaymentOutcome::Declined { message: refusal.to_string() };
                    record_answer(tx, scope, cart, payment.id, declined, Sale::Later, doing).await?;
                    return Ok(Begun::Refused(refusal));
                }
                if let Some(outcome) = way.handler.create_at_once(&way.request(&payment, &cart)) {
                    let finished =
                        record_answer(tx, scope, cart, payment.id, outcome, Sale::IfCovered, doing).await?;
                    // No money has moved but by this record: without its sale, it is not made.
                    if let Some(refusal) = finished.unplaced {
                        return Err(refusal);
                    }
                    hold_if_paid_in_part(tx, scope, &finished, now).await?;
                    return Ok(Begun::Answered(finished));
                }
                hold(tx, scope, &cart, cart.order.state, OrderState::PaymentSettled, now).await?;
                Ok(Begun::Asking(payment, cart))
            })
            .await
            .map_err(OrderError::or_busy)
    }

    /// Asks whoever moves the money and records the answer. On a task of its own: a client that goes away does not keep
    /// an answer about money from being recorded.
    async fn ask_and_finish(
        &self,
        actor: &Actor,
        cart: Cart,
        attempt: Payment,
        way: Way,
    ) -> Result<Finished, OrderError> {
        let (orders, actor, order) = (self.clone(), actor.clone(), cart.order.id);
        let paying = async move {
            let outcome =
                orders.payments.ask_to_pay(way.handler.as_ref(), way.request(&attempt, &cart)).await;
            orders.finish_attempt(&actor, cart, attempt.id, outcome).await
        };
        let paying = tokio::spawn(paying.in_current_span());
        paying.await.map_err(|error| {
            tracing::error!(%order, %error, "paying ended without an answer");
            OrderError::PaymentInProgress
        })?
    }

    /// The second transaction: the handler's answer, and the sale if the order is covered. Money that has moved stays
    /// on record even where the sale fails: because the goods are gone, which only a count by hand can cause while they
    /// are held, or for whatever other reason.
    async fn finish_attempt(
        &self,
        actor: &Actor,
        cart: Cart,
        payment: PaymentId,
        outcome: PaymentOutcome,
    ) -> Result<Finished, OrderError> {
        let order = cart.order.id;
        let finished =
            self.record_attempt(actor, cart.clone(), payment, outcome.clone(), Sale::IfCovered).await;
        match finished {
            Ok(finished) => Ok(finished),
            // A callback or a question was quicker. Whoever of them is wrong, people have to know that they differ.
            Err(OrderError::Payment(PaymentError::StateTransition { .. })) => {
                self.compare(actor.public_scope(), payment, &outcome).await?;
                self.answered_otherwise(actor, order, payment).await
            }
            Err(error) => {
                tracing::warn!(%payment, %error, "an answer about a payment is to be recorded without its sale");
                let recorded = self.record_attempt(actor, cart, payment, outcome, Sale::Later).await?;
                Ok(Finished { unplaced: Some(error.or_busy()), ..recorded })
            }
        }
    }

    /// An attempt whose answer came by another way.
    async fn answered_otherwise(
        &self,
        actor: &Actor,
        order: OrderId,
        payment: PaymentId,
    ) -> Result<Finished, OrderError> {
        let (scope, languages) = (actor.public_scope(), Languages::of(actor));
        let cart = self
            .database
            .read(scope, async |reader| load_cart(reader, scope, languages, order, &[]).await)
            .await?;
        let cart = cart.ok_or_else(|| OrderError::NotFound(order.to_string()))?;
        let payment = Some(self.payment(scope, payment).await?);
        Ok(Finished { cart, payment, unplaced: None })
    }

    async fn record_attempt(
        &self,
        actor: &Actor,
        cart: Cart,
        payment: PaymentId,
        outcome: PaymentOutcome,
        sale: Sale,
    ) -> Result<Finished, OrderError> {
        let (scope, doing) = (actor.public_scope(), Doing::by(actor, self.clock.now())?);
        self.database
            .write_concurrently(scope, async move |tx| {
                repo::lock(tx, scope, cart.order.id).await?;
                record_answer(tx, scope, cart, payment, outcome, sale, doing).await
            })
            .await
    }
}

/// How somebody pays.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) method: PaymentMethod,
    pub(super) handler: Arc<dyn PaymentHandler>,
    pub(super) metadata: serde_json::Value,
}

impl Way {
    fn request(&self, attempt: &Payment, cart: &Cart) -> PaymentRequest {
        PaymentRequest {
            idempotency_key: attempt.idempotency_key(),
            order_code: cart.order.code.clone(),
            amount: attempt.amount,
            currency: cart.order.currency.code().to_owned(),
            metadata: attempt.metadata.clone(),
            arguments: self.method.handler.named_args(),
        }
    }
}

/// Whether an answer about a payment makes a sale at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sale {
    IfCovered,
    Later,
}

/// An attempt to pay that has its answer.
pub(super) struct Finished {
    cart: Cart,
    /// None when nothing was left to pay.
    payment: Option<Payment>,
    /// Why the order is not a sale although it is paid.
    pub(super) unplaced: Option<OrderError>,
}

/// An attempt to pay after its first transaction.
enum Begun {
    /// Nobody had to be asked.
    Answered(Finished),
    /// It was to be on account, and is on record as declined.
    Refused(CreditRefusal),
    /// The attempt is on record, and its handler is to be asked.
    Asking(Payment, Cart),
}

/// Holds the stock anew for who has paid a part of it.
async fn hold_if_paid_in_part(
    tx: &mut Tx,
    scope: ChannelScope,
    finished: &Finished,
    now: Timestamp,
) -> Result<(), OrderError> {
    let (state, payment) = (finished.cart.order.state, finished.payment.as_ref());
    if state != OrderState::ArrangingPayment || !payment.is_some_and(|payment| payment.state.covers()) {
        return Ok(());
    }
    hold(tx, scope, &finished.cart, state, OrderState::PaymentSettled, now).await
}

/// Records an answer about a payment, and the sale if there is one now.
pub(super) async fn record_answer(
    tx: &mut Tx,
    scope: ChannelScope,
    mut cart: Cart,
    payment: PaymentId,
    outcome: PaymentOutcome,
    sale: Sale,
    doing: Doing,
) -> Result<Finished, OrderError> {
    let Doing { user, now, .. } = doing;
    let payment = Payments::record_outcome_in_tx(tx, scope, payment, outcome, now).await?;
    record_payment(tx, scope, &cart.order, &payment, PaymentState::Created, doing).await?;
    let placed = if payment.state.covers() && sale == Sale::IfCovered {
        place_if_covered(tx, scope, &mut cart, user, now).await
    } else {
        Ok(())
    };
    let unplaced = match placed {
        Ok(()) => None,
        // Decided before anything of the sale was written.
        Err(refusal @ OrderError::StateTransition { .. }) => Some(refusal),
        Err(error) => return Err(error),
    };
    Ok(Finished { cart, payment: Some(payment), unplaced })
}

/// Refuses while a payment of the order has no answer. However long that is: only whoever knows says what came of it.
pub(super) async fn refuse_payment_in_progress(
    tx: &mut Tx,
    scope: ChannelScope,
    order: OrderId,
) -> Result<(), OrderError> {
    refuse_among(&Payments::of_orders(tx, scope, &[order]).await?)
}

fn refuse_among(payments: &[Payment]) -> Result<(), OrderError> {
    if payments.iter().any(|payment| payment.state == PaymentState::Created) {
        return Err(OrderError::PaymentInProgress);
    }
    Ok(())
}
