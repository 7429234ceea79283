//! Answers about payments that come by another way than the handler's: by a question asked later, or a provider's callback.
//!
//! An answer counts once, whoever brings it first: the attempt's state says whether it has one. A later answer that says
//! otherwise changes nothing by itself, and puts the payment before people.

use soko_extension::payment::{PaymentOutcome, RefundOutcome};
use soko_kernel::{Actor, ChannelScope, PaymentId, Permission, RefundId};

use super::Orders;
use super::bookkeeping::Doing;
use super::error::OrderError;
use super::history::{self, NewEntry};
use super::paying::{Sale, record_answer};
use super::read::load_cart;
use super::refunding::{check_reference, lock_order_of};
use super::{refunding, repo};
use crate::catalogue::Languages;
use crate::payments::{Payment, PaymentError, PaymentState, Payments, Refund};

/// Characters of the reason for resolving a payment.
const REASON_LENGTH_MAX: usize = 1_000;

/// What an answer that came by another way has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It is in force, now or from before.
    Known,
    /// It leaves the attempt open.
    Open,
    /// It says other than what is on record: people have to look.
    Contradicted,
}

impl Orders {
    /// Asks what has become of attempts to pay that have no answer and whose time has come. Says of how many it asked.
    ///
    /// # Errors
    /// A failing store. What one attempt's handler does keeps nobody from asking about the others.
    pub async fn reconcile_payments(&self) -> Result<u64, OrderError> {
        let due = self.payments.due_across_platform(self.clock.now()).await?;
        let mut asked = 0;
        for (actor, payment) in due {
            match self.ask_again(&actor, payment).await {
                Ok(true) => asked += 1,
                Ok(false) => {}
                Err(error) => tracing::warn!(%payment, %error, "could not find out about a payment"),
            }
        }
        Ok(asked)
    }

    /// Asks about one attempt; false when there was nothing to ask.
    async fn ask_again(&self, actor: &Actor, id: PaymentId) -> Result<bool, OrderError> {
        let (scope, now) = (actor.public_scope(), self.clock.now());
        let claimed = self.database.write_concurrently(scope, async move |tx| {
            Ok::<_, OrderError>(Payments::claim_for_question_in_tx(tx, scope, id, now).await?)
        });
        let Some(payment) = claimed.await? else { return Ok(false) };
        let handler = match self.payments.handler_of(actor, &payment).await {
            Ok(handler) => handler,
            Err(error) => {
                self.put_before_people(scope, id, &error.to_string()).await?;
                return Ok(false);
            }
        };
        let order =
            self.database.read(scope, async |reader| repo::find(reader, scope, payment.order_id).await);
        let (order, _) = order.await?.ok_or_else(|| OrderError::NotFound(payment.order_id.to_string()))?;
        let reference = self.payments.reference(actor, &payment, order.currency).await?;
        let outcome = self.payments.ask_what_became(handler.as_ref(), reference).await;
        self.take_told(actor, &payment, outcome).await?;
        Ok(true)
    }

    /// Records an answer about a payment that came by another way.
    pub(super) async fn take_told(
        &self,
        actor: &Actor,
        payment: &Payment,
        outcome: PaymentOutcome,
    ) -> Result<Told, OrderError> {
        let scope = actor.public_scope();
        if let PaymentOutcome::Pending { message, .. } | PaymentOutcome::InDoubt { message } = outcome {
            let (id, now) = (payment.id, self.clock.now());
            let noted = self.database.write_concurrently(scope, async move |tx| {
                Ok::<_, OrderError>(Payments::note_in_tx(tx, scope, id, &message, now).await?)
            });
            noted.await?;
            return Ok(Told::Open);
        }
        let recorded = match self.record_told(actor, payment, outcome.clone(), Sale::IfCovered).await {
            Err(error) if !is_answered(&error) => {
                tracing::warn!(payment = %payment.id, %error, "an answer is to be recorded without its sale");
                self.record_told(actor, payment, outcome.clone(), Sale::Later).await
            }
            other => other,
        };
        match recorded {
            Ok(()) => Ok(Told::Known),
            Err(error) if is_answered(&error) => self.compare(scope, payment.id, &outcome).await,
            Err(OrderError::Payment(PaymentError::ReferenceInUse(reference))) => {
                let why = format!("another payment has the reference {reference:?}");
                self.put_before_people(scope, payment.id, &why).await?;
                Ok(Told::Contradicted)
            }
            Err(error) => Err(error),
        }
    }

    async fn record_told(
        &self,
        actor: &Actor,
        payment: &Payment,
        outcome: PaymentOutcome,
        sale: Sale,
    ) -> Result<(), OrderError> {
        let (scope, languages) = (actor.public_scope(), Languages::of(actor));
        let doing = Doing::by(actor, self.clock.now())?;
        let (id, order) = (payment.id, payment.order_id);
        let finished = self.database.write_concurrently(scope, async move |tx| {
            repo::lock(tx, scope, order).await?;
            let cart = load_cart(tx, scope, languages, order, &[]).await?;
            let cart = cart.ok_or_else(|| OrderError::NotFound(order.to_string()))?;
            record_answer(tx, scope, cart, id, outcome, sale, doing).await
        });
        if let Some(refusal) = finished.await?.unplaced {
            tracing::warn!(payment = %id, %refusal, "an order is paid and cannot become a sale");
        }
        Ok(())
    }

    /// Holds an answer against the one that is on record: people have to look where they differ.
    pub(super) async fn compare(
        &self,
        scope: ChannelScope,
        id: PaymentId,
        outcome: &PaymentOutcome,
    ) -> Result<Told, OrderError> {
        let state = self.payment(scope, id).await?.state;
        let same = match outcome {
            PaymentOutcome::Settled { .. } => state == PaymentState::Settled,
            PaymentOutcome::Authorized { .. } => state.covers(),
            PaymentOutcome::Declined { .. } | PaymentOutcome::Failed { .. } => !state.covers(),
            // Nothing that could differ.
            PaymentOutcome::Pending { .. } | PaymentOutcome::InDoubt { .. } => true,
        };
        if same {
            return Ok(Told::Known);
        }
        let why = format!("the provider says {outcome:?}, where the payment is {}", state.as_str());
        self.put_before_people(scope, id, &why).await?;
        Ok(Told::Contradicted)
    }

    /// Puts a payment on the list of those that people have to look at.
    pub(super) async fn put_before_people(
        &self,
        scope: ChannelScope,
        id: PaymentId,
        why: &str,
    ) -> Result<(), OrderError> {
        tracing::warn!(payment = %id, why, "a payment is put up for review");
        let (why, now) = (why.to_owned(), self.clock.now());
        self.database
            .write_concurrently(scope, async move |tx| {
                Ok(Payments::put_before_people_in_tx(tx, scope, id, &why, now).await?)
            })
            .await
    }

    /// Takes a payment off the list of those that people have to look at, with what an administrator found out: the state
    /// that an attempt without an answer has, or none where what is on record stands. The reason goes into the order's
    /// history.
    ///
    /// # Errors
    /// [`PaymentError::NotInReview`], an empty or overlong reason; as for [`Self::transition_payment`].
    pub async fn resolve_payment(
        &self,
        actor: &Actor,
        id: PaymentId,
        to: Option<&str>,
        reason: &str,
    ) -> Result<Payment, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        check_reason(reason)?;
        let payment = self.payment(scope, id).await?;
        if payment.review.is_none() {
            return Err(PaymentError::NotInReview(id).into());
        }
        if payment.state == PaymentState::Created && to.is_none() {
            let what = "say what became of the payment: Settled, Declined or Error";
            return Err(OrderError::InvalidInput(what.to_owned()));
        }
        if let Some(to) = to {
            self.transition_payment(actor, id, to).await?;
        }
        let (user, now, note) = (actor.user, self.clock.now(), format!("Payment {id}: {reason}"));
        self.database
            .write_concurrently(scope, async move |tx| {
                let payment = Payments::end_review_in_tx(tx, scope, id).await?;
                let entry = NewEntry::note(&note, false);
                history::write_in_tx(tx, scope, payment.order_id, user, &[entry], now).await?;
                Ok(payment)
            })
            .await
    }

    /// Ends a refund that is pending with what an administrator found out about it. The reason goes into the order's history.
    ///
    /// # Errors
    /// [`PaymentError::InDoubt`] while its handler may be answering, [`PaymentError::RefundTransition`] for one that is not
    /// pending, [`PaymentError::ReferenceInUse`]; an empty or overlong reason.
    pub async fn resolve_refund(
        &self,
        actor: &Actor,
        id: RefundId,
        found: FoundOut,
        reason: &str,
    ) -> Result<Refund, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        check_reason(reason)?;
        if let FoundOut::Settled { transaction_id: Some(reference) } = &found {
            check_reference(reference)?;
        }
        let outcome = match found {
            FoundOut::Settled { transaction_id } => RefundOutcome::Settled { transaction_id },
            FoundOut::Failed => RefundOutcome::Failed { message: reason.to_owned() },
        };
        let (payments, doing) = (self.payments.clone(), Doing::by(actor, self.clock.now())?);
        let note = NewEntry::note(&format!("Refund {id}: {reason}"), false);
        self.database
            .write_concurrently(scope, async move |tx| {
                let order = lock_order_of(tx, scope, id).await?;
                let refund = payments.resolve_refund_in_tx(tx, scope, id, outcome, doing.now).await?;
                refunding::record(tx, scope, &order, &refund, doing).await?;
                history::write_in_tx(tx, scope, order.id, doing.user, &[note], doing.now).await?;
                Ok(refund)
            })
            .await
    }
}

/// What people found out about a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundOut {
    /// The money is with the payer.
    Settled {
        /// The provider's reference.
        transaction_id: Option<String>,
    },
    /// It was not given back.
    Failed,
}

fn check_reason(reason: &str) -> Result<(), OrderError> {
    if reason.trim().is_empty() || reason.chars().count() > REASON_LENGTH_MAX {
        let what = format!("say how it is known, in at most {REASON_LENGTH_MAX} characters");
        return Err(OrderError::InvalidInput(what));
    }
    Ok(())
}

/// Whether the attempt has an answer already.
fn is_answered(error: &OrderError) -> bool {
    matches!(error, OrderError::Payment(PaymentError::StateTransition { .. }))
}
