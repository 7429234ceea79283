//! What payment providers send: kept as it came, judged by its handler, applied once, and only then answered.

use soko_extension::payment::{Callback, CallbackRefusal, Notice, PaymentOutcome, RefundOutcome, Subject};
use soko_kernel::{Actor, ChannelScope};

use super::Orders;
use super::error::OrderError;
use super::reconciling::Told;
use super::refunding::Word;
use crate::payments::{CallbackState, Payment, PaymentError, Payments, RefundState};

/// Why a callback is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// The channel has no such payment method, or its handler is gone.
    #[error("there is no payment method {0:?}")]
    UnknownMethod(String),
    /// The handler does not take it.
    #[error(transparent)]
    Refused(#[from] CallbackRefusal),
    /// It could not be dealt with.
    #[error(transparent)]
    Order(#[from] OrderError),
}

impl Orders {
    /// Takes what a provider sent to a payment method. When this returns, it is on disk, and what it says is in force,
    /// however often it came and whatever came before it.
    ///
    /// # Errors
    /// [`CallbackError`]; the provider is to send it again after [`CallbackRefusal::Unavailable`] and failures.
    pub async fn take_callback(
        &self,
        actor: &Actor,
        method: &str,
        callback: Callback,
    ) -> Result<(), CallbackError> {
        let scope = actor.public_scope();
        let found = self.payments.find_for_callback(actor, method).await.map_err(OrderError::from)?;
        let handler = found.ok_or_else(|| CallbackError::UnknownMethod(method.to_owned()))?;
        let (kept, name, now) = (callback.clone(), method.to_owned(), self.clock.now());
        let stored = self.database.write_concurrently(scope, async move |tx| {
            Ok::<_, OrderError>(Payments::keep_callback_in_tx(tx, scope, &name, &kept, now).await?)
        });
        let stored = stored.await?;
        if stored.done {
            return Ok(());
        }
        let judged = match self.payments.ask_to_read(handler.as_ref(), callback).await {
            Ok(notice) => self.apply(actor, scope, method, notice).await,
            Err(refusal @ CallbackRefusal::Unauthentic(_)) => {
                let (id, message) = (stored.id, refusal.to_string());
                let emptied = self.database.write_concurrently(scope, async move |tx| {
                    Ok::<_, OrderError>(Payments::empty_callback_in_tx(tx, scope, id, &message, now).await?)
                });
                emptied.await?;
                return Err(refusal.into());
            }
            Err(refusal) => {
                let message = refusal.to_string();
                self.close(scope, stored.id, CallbackState::Refused, Some(message)).await?;
                return Err(refusal.into());
            }
        };
        let (state, message) = judged?;
        self.close(scope, stored.id, state, message).await?;
        Ok(())
    }

    async fn close(
        &self,
        scope: ChannelScope,
        id: i64,
        state: CallbackState,
        message: Option<String>,
    ) -> Result<(), OrderError> {
        let now = self.clock.now();
        self.database
            .write_concurrently(scope, async move |tx| {
                let made = (state, message.as_deref());
                Ok(Payments::close_callback_in_tx(tx, scope, id, made, now).await?)
            })
            .await
    }

    /// Puts what a genuine callback says in force.
    async fn apply(
        &self,
        actor: &Actor,
        scope: ChannelScope,
        method: &str,
        notice: Notice,
    ) -> Result<(CallbackState, Option<String>), CallbackError> {
        match notice {
            Notice::Nothing(why) => Ok((CallbackState::Ignored, Some(why))),
            Notice::Payment { payment, outcome, amount, currency } => {
                let found = self.database.read(scope, async |reader| {
                    Payments::find_subject_in(reader, scope, method, &payment).await
                });
                let Some(found) = found.await.map_err(OrderError::from)? else {
                    return Ok((CallbackState::Ignored, Some(format!("there is no payment {payment:?}"))));
                };
                self.apply_to_payment(actor, scope, found, outcome, (amount, currency)).await
            }
            Notice::Refund { refund, outcome } => {
                self.apply_to_refund(actor, scope, method, &refund, outcome).await
            }
        }
    }

    async fn apply_to_payment(
        &self,
        actor: &Actor,
        scope: ChannelScope,
        payment: Payment,
        outcome: PaymentOutcome,
        (amount, currency): (Option<i64>, Option<String>),
    ) -> Result<(CallbackState, Option<String>), CallbackError> {
        let with_money =
            matches!(outcome, PaymentOutcome::Settled { .. } | PaymentOutcome::Authorized { .. });
        if with_money && let Some(why) = self.mismatch(scope, &payment, amount, currency).await? {
            self.put_before_people(scope, payment.id, &why).await?;
            return Ok((CallbackState::Ignored, Some(why)));
        }
        let refused = |why: &str| CallbackRefusal::Unavailable(why.to_owned());
        match self.take_told(actor, &payment, outcome).await? {
            Told::Known => Ok((CallbackState::Applied, None)),
            Told::Open => Err(refused("it leaves open what became of the payment").into()),
            Told::Contradicted => {
                let why = "it says other than what is on record; people look at it".to_owned();
                Ok((CallbackState::Ignored, Some(why)))
            }
        }
    }

    /// How what was paid differs from what was asked for.
    async fn mismatch(
        &self,
        scope: ChannelScope,
        payment: &Payment,
        amount: Option<i64>,
        currency: Option<String>,
    ) -> Result<Option<String>, OrderError> {
        if let Some(paid) = amount.filter(|paid| *paid != payment.amount) {
            return Ok(Some(format!(
                "{paid} were paid where {} were asked for, in minor units",
                payment.amount
            )));
        }
        let Some(currency) = currency else { return Ok(None) };
        let order = self
            .database
            .read(scope, async |reader| super::repo::find(reader, scope, payment.order_id).await);
        let (order, _) = order.await?.ok_or_else(|| OrderError::NotFound(payment.order_id.to_string()))?;
        let asked = order.currency.code();
        Ok((currency != asked).then(|| format!("{currency} were paid where {asked} were asked for")))
    }

    async fn apply_to_refund(
        &self,
        actor: &Actor,
        scope: ChannelScope,
        method: &str,
        subject: &Subject,
        outcome: RefundOutcome,
    ) -> Result<(CallbackState, Option<String>), CallbackError> {
        let ignored = |why: String| Ok((CallbackState::Ignored, Some(why)));
        let Some(id) = Payments::refund_of_subject(subject) else {
            return ignored(format!("there is no refund {subject:?}"));
        };
        let found =
            self.database.read(scope, async |reader| Payments::find_refund_in(reader, scope, id).await);
        let found = found.await.map_err(OrderError::from)?;
        let Some(refund) = found.filter(|refund| refund.method == method) else {
            return ignored(format!("there is no refund {subject:?}"));
        };
        if matches!(outcome, RefundOutcome::InDoubt { .. } | RefundOutcome::Pending { .. }) {
            return ignored("it leaves open what became of the refund".to_owned());
        }
        match self.record_refund(actor, scope, id, outcome.clone(), Word::Told).await {
            Ok(_) => Ok((CallbackState::Applied, None)),
            Err(OrderError::Payment(PaymentError::RefundTransition { from, .. }))
                if agrees(&outcome, from) =>
            {
                ignored(format!("the refund is {} already", from.as_str()))
            }
            Err(OrderError::Payment(
                error @ (PaymentError::RefundTransition { .. } | PaymentError::ReferenceInUse(_)),
            )) => {
                let why = format!("of refund {id} the provider says {outcome:?}: {error}");
                self.put_before_people(scope, refund.payment_id, &why).await?;
                ignored(why)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether what is told of a refund is what is on record.
fn agrees(outcome: &RefundOutcome, state: RefundState) -> bool {
    match outcome {
        RefundOutcome::Settled { .. } => state == RefundState::Settled,
        RefundOutcome::Failed { .. } => state == RefundState::Failed,
        RefundOutcome::Pending { .. } | RefundOutcome::InDoubt { .. } => true,
    }
}
