//! Attempts to pay that have no answer: when they are asked about again, and when people have to look.

use std::time::Duration;

use soko_infra::{DataScope, DatabaseError, Tx};
use soko_kernel::{Actor, ChannelScope, ListQuery, Page, PaymentId, Permission, Timestamp};

use super::event::PaymentInReview;
use super::{Payment, PaymentError, PaymentState, Payments, repo};
use crate::channels::Channels;

/// When an attempt is asked about first: its handler has answered by then, or will not.
pub(super) const FIRST_LOOK: Duration = Duration::from_mins(1);
/// Time to the second question about an attempt, which doubles with each more.
const BACKOFF_MIN: Duration = Duration::from_secs(15);
/// Longest time between two questions.
const BACKOFF_MAX: Duration = Duration::from_mins(4);
/// Questions about an attempt; after the last one people have to look at it. They take some half an hour together.
pub const QUESTIONS_MAX: i64 = 12;
/// Attempts that one round asks about.
const DUE_MAX: i64 = 100;

/// When the next question is due after so many.
pub(super) fn next_look(asked_times: i64, now: Timestamp) -> Timestamp {
    let doublings = u32::try_from(asked_times.clamp(0, 16)).unwrap_or_default();
    now.after(BACKOFF_MIN.saturating_mul(1 << doublings).min(BACKOFF_MAX))
}

impl Payments {
    /// Attempts whose time has come, with the platform's own hand in their channels, the longest due first.
    ///
    /// # Errors
    /// A failing store.
    pub async fn due_across_platform(&self, now: Timestamp) -> Result<Vec<(Actor, PaymentId)>, PaymentError> {
        self.database
            .read(DataScope::Platform, async |reader| {
                let due = repo::due(reader, now, DUE_MAX).await?;
                Channels::with_hands_in(reader, due).await.map_err(PaymentError::of_channels)
            })
            .await
    }

    /// Takes an attempt to be asked about, once: none when somebody else took it, or it has its answer. One that was asked
    /// about often enough is put before people instead.
    ///
    /// # Errors
    /// A failing store.
    pub async fn claim_for_question_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: PaymentId,
        now: Timestamp,
    ) -> Result<Option<Payment>, PaymentError> {
        repo::lock(tx, scope, id).await?;
        let Some(mut payment) = repo::find(tx, scope, id).await? else { return Ok(None) };
        if payment.state != PaymentState::Created || payment.ask_at.is_none_or(|due| due > now) {
            return Ok(None);
        }
        if payment.asked_times >= QUESTIONS_MAX {
            let why = "it has been asked about often enough, and nobody knows what came of it";
            put_up(tx, scope, &mut payment, why, now).await?;
            return Ok(None);
        }
        payment.asked_times += 1;
        payment.ask_at = Some(next_look(payment.asked_times, now));
        repo::update_looks(tx, scope, &payment).await?;
        Ok(Some(payment))
    }

    /// Puts a payment before people. Does not change where it stands.
    ///
    /// # Errors
    /// An unknown payment.
    pub async fn put_before_people_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: PaymentId,
        why: &str,
        now: Timestamp,
    ) -> Result<(), PaymentError> {
        repo::lock(tx, scope, id).await?;
        let mut payment = repo::find(tx, scope, id).await?.ok_or(PaymentError::NotFound(id))?;
        Ok(put_up(tx, scope, &mut payment, why, now).await?)
    }

    /// Notes what is known of an attempt that still has no answer.
    ///
    /// # Errors
    /// A failing store.
    pub async fn note_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: PaymentId,
        message: &str,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        repo::note(tx, scope, id, message, now).await
    }

    /// Takes a payment off the list of those that people have to look at, if it is on it.
    ///
    /// # Errors
    /// An unknown payment.
    pub async fn end_review_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: PaymentId,
    ) -> Result<Payment, PaymentError> {
        repo::lock(tx, scope, id).await?;
        let mut payment = repo::find(tx, scope, id).await?.ok_or(PaymentError::NotFound(id))?;
        payment.review = None;
        repo::update_looks(tx, scope, &payment).await?;
        Ok(payment)
    }

    /// A page of the channel's payments that people have to look at, oldest first unless the query says otherwise.
    ///
    /// # Errors
    /// [`PaymentError::Forbidden`].
    pub async fn list_in_review(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<Payment>, PaymentError> {
        let scope = actor.require(Permission::ReadOrder)?;
        self.database.read(scope, async |reader| repo::list_in_review(reader, scope, query).await).await
    }
}

/// Puts a payment up for review and states it as a fact, each time for another reason.
async fn put_up(
    tx: &mut Tx,
    scope: ChannelScope,
    payment: &mut Payment,
    why: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let before = payment.review.take();
    payment.put_before_people(why);
    repo::update_looks(tx, scope, payment).await?;
    if payment.review == before {
        return Ok(());
    }
    let reason = payment.review.clone().unwrap_or_default();
    let put_up = PaymentInReview { order_id: payment.order_id, payment_id: payment.id, reason };
    tx.publish(scope, now, &put_up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_ever_more_seldom_and_within_bounds() {
        let after = |times| next_look(times, Timestamp(0)).0 / 1_000;
        assert_eq!([0, 1, 2, 3, 4, 5, 60].map(after), [15, 30, 60, 120, 240, 240, 240]);
        assert_eq!(after(-1), 15);
    }
}
