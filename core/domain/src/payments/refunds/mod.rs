//! Refunds: money given back of a payment, never more than there is.
//!
//! What is asked for is taken off what may still be given back before the handler is called, under the payment's row lock,
//! and is put back only when it has failed for certain.

mod entity;
mod repo;

use soko_extension::payment::RefundOutcome;
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{
    Actor, ChannelScope, ListQuery, OrderId, Page, PaymentId, Permission, RefundId, Timestamp,
};

use super::{Payment, PaymentError, Payments, repo as payment_repo};

pub use entity::{NewRefund, Refund, RefundLine, RefundParts, RefundState};

impl Payments {
    /// Records a refund before its handler is called. Locks the payment's row.
    ///
    /// # Errors
    /// [`PaymentError::NothingToRefund`], [`PaymentError::RefundAmount`], an unknown payment.
    pub async fn begin_refund_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        payment: PaymentId,
        new: &NewRefund,
        now: Timestamp,
    ) -> Result<(Payment, Refund), PaymentError> {
        payment_repo::lock(tx, scope, payment).await?;
        let found = payment_repo::find(tx, scope, payment).await?;
        let mut payment = found.ok_or(PaymentError::NotFound(payment))?;
        new.check(&payment)?;
        payment_repo::add_refunded(tx, scope, payment.id, new.total, now).await?;
        payment.refunded = payment.refunded.saturating_add(new.total);
        let refund = repo::insert(tx, scope, &payment, new, now).await?;
        Ok((payment, refund))
    }

    /// Records the handler's answer to a refund, once.
    ///
    /// # Errors
    /// [`PaymentError::RefundTransition`] for one that has been answered; [`PaymentError::ReferenceInUse`].
    pub async fn record_refund_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: RefundId,
        outcome: RefundOutcome,
        now: Timestamp,
    ) -> Result<Refund, PaymentError> {
        let refund = Self::locked_refund_in_tx(tx, scope, id).await?;
        store(tx, scope, refund, |refund| refund.record(outcome), now).await
    }

    /// Records what a provider says of a refund of its own accord, once: of one in doubt, or one that is pending.
    ///
    /// # Errors
    /// As for [`Self::record_refund_in_tx`].
    pub async fn tell_refund_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: RefundId,
        outcome: RefundOutcome,
        now: Timestamp,
    ) -> Result<Refund, PaymentError> {
        let refund = Self::locked_refund_in_tx(tx, scope, id).await?;
        store(tx, scope, refund, |refund| refund.tell(outcome), now).await
    }

    /// As [`Self::tell_refund_in_tx`], of what people found out: not while the handler may be answering.
    ///
    /// # Errors
    /// [`PaymentError::InDoubt`] until then; as for [`Self::record_refund_in_tx`].
    pub async fn resolve_refund_in_tx(
        &self,
        tx: &mut Tx,
        scope: ChannelScope,
        id: RefundId,
        outcome: RefundOutcome,
        now: Timestamp,
    ) -> Result<Refund, PaymentError> {
        let refund = Self::locked_refund_in_tx(tx, scope, id).await?;
        if refund.in_doubt && now <= self.answered_by(refund.updated_at) {
            return Err(PaymentError::InDoubt("it may be about to come".to_owned()));
        }
        store(tx, scope, refund, |refund| refund.tell(outcome), now).await
    }

    /// A page of the channel's refunds that are pending, oldest first unless the query says otherwise.
    ///
    /// # Errors
    /// [`PaymentError::Forbidden`].
    pub async fn list_pending_refunds(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<Refund>, PaymentError> {
        let scope = actor.require(Permission::ReadOrder)?;
        self.database.read(scope, async |reader| repo::list_pending(reader, scope, query).await).await
    }

    /// Records that somebody gave the money back by hand.
    ///
    /// # Errors
    /// [`PaymentError::RefundTransition`] for one that is not to be given back by hand; [`PaymentError::ReferenceInUse`].
    pub async fn settle_refund_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: RefundId,
        transaction_id: String,
        now: Timestamp,
    ) -> Result<Refund, PaymentError> {
        let mut refund = Self::locked_refund_in_tx(tx, scope, id).await?;
        refund.settle(transaction_id)?;
        repo::update(tx, scope, &refund, now).await?;
        Ok(refund)
    }

    async fn locked_refund_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: RefundId,
    ) -> Result<Refund, PaymentError> {
        let found = repo::find(tx, scope, id).await?.ok_or(PaymentError::RefundNotFound(id))?;
        payment_repo::lock(tx, scope, found.payment_id).await?;
        repo::find(tx, scope, id).await?.ok_or(PaymentError::RefundNotFound(id))
    }

    /// A refund by its id.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_refund_in(
        reader: &mut Reader,
        scope: ChannelScope,
        id: RefundId,
    ) -> Result<Option<Refund>, DatabaseError> {
        repo::find(reader, scope, id).await
    }

    /// The refunds of these payments, oldest first. Two statements.
    ///
    /// # Errors
    /// A failing store.
    pub async fn refunds_of(
        reader: &mut Reader,
        scope: ChannelScope,
        payments: &[PaymentId],
    ) -> Result<Vec<Refund>, DatabaseError> {
        repo::of_payments(reader, scope, payments).await
    }

    /// The refunds of an order, oldest first. Two statements.
    ///
    /// # Errors
    /// A failing store.
    pub async fn refunds_of_order(
        reader: &mut Reader,
        scope: ChannelScope,
        order: OrderId,
    ) -> Result<Vec<Refund>, DatabaseError> {
        repo::of_order(reader, scope, order).await
    }
}

/// Ends a refund and stores what has become of it. One that has failed can be given back again.
async fn store(
    tx: &mut Tx,
    scope: ChannelScope,
    mut refund: Refund,
    end: impl FnOnce(&mut Refund) -> Result<(), PaymentError>,
    now: Timestamp,
) -> Result<Refund, PaymentError> {
    end(&mut refund)?;
    if refund.state == RefundState::Failed {
        payment_repo::add_refunded(tx, scope, refund.payment_id, -refund.total, now).await?;
    }
    repo::update(tx, scope, &refund, now).await?;
    Ok(refund)
}
