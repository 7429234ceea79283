//! Giving money back.
//!
//! As for a payment: the refund is recorded and taken off what may still be given back, then its handler is asked outside
//! any transaction, then the answer is recorded and booked. A handler that has to ask nobody answers inside the first
//! transaction, which then is the only one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use soko_extension::payment::{PaymentHandler, RefundOutcome, RefundRequest};
use soko_infra::Tx;
use soko_kernel::{
    Actor, ChannelScope, IDS_MAX, MoneyError, OrderId, OrderLineId, PaymentId, Permission, RefundId,
};
use tracing::Instrument as _;

use super::bookkeeping::{Doing, book_refund};
use super::entity::{Order, OrderLine};
use super::error::OrderError;
use super::event::RefundStateChanged;
use super::history::{self, NewEntry};
use super::state::OrderState;
use super::{Orders, repo};
use crate::payments::{
    NewRefund, Payment, PaymentError, Payments, Refund, RefundLine, RefundParts, RefundState,
};

const REASON_LENGTH_MAX: usize = 1_000;
const REFERENCE_LENGTH_MAX: usize = 255;

/// Money that an administrator wants given back.
#[derive(Debug, Clone)]
pub struct RefundInput {
    /// Of which payment.
    pub payment: PaymentId,
    /// How much, minor units; else what the lines, the delivery and the adjustment come to.
    pub amount: Option<i64>,
    /// The units that it is for.
    pub lines: Vec<(OrderLineId, i64)>,
    /// Of the delivery's price, minor units.
    pub shipping: i64,
    /// Something else, minor units; less is given back when it is below zero.
    pub adjustment: i64,
    /// Why.
    pub reason: Option<String>,
}

impl RefundInput {
    fn checked(mut self) -> Result<Self, OrderError> {
        if self.reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_LENGTH_MAX) {
            let reason = format!("the reason of a refund has at most {REASON_LENGTH_MAX} characters");
            return Err(OrderError::InvalidInput(reason));
        }
        if self.lines.len() > IDS_MAX {
            return Err(OrderError::InvalidInput(format!("a refund is for at most {IDS_MAX} lines")));
        }
        let mut by_line = BTreeMap::<OrderLineId, i64>::new();
        for (line, quantity) in self.lines {
            if quantity < 0 {
                return Err(OrderError::NegativeQuantity);
            }
            let sum = by_line.entry(line).or_default();
            *sum = sum.checked_add(quantity).ok_or(OrderError::QuantityTooGreat)?;
        }
        self.lines = by_line.into_iter().filter(|(_, quantity)| *quantity > 0).collect();
        // No amount and an amount of nothing are the same to clients.
        self.amount = self.amount.filter(|amount| *amount != 0);
        if self.lines.is_empty() && self.shipping == 0 && self.adjustment == 0 && self.amount.is_none() {
            return Err(PaymentError::NothingToRefund.into());
        }
        Ok(self)
    }
}

impl Orders {
    /// Gives money back of a payment that is here: what `amount` says, else what the parts come to. The refund may be
    /// pending afterwards, or have failed.
    ///
    /// # Errors
    /// [`PaymentError::NothingToRefund`], [`PaymentError::RefundAmount`] above what is left of the payment;
    /// [`OrderError::MultipleOrders`], [`OrderError::PaymentOrderMismatch`], [`OrderError::RefundState`],
    /// [`OrderError::QuantityTooGreat`], [`OrderError::AlreadyRefunded`].
    pub async fn refund(&self, actor: &Actor, input: RefundInput) -> Result<Refund, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        let input = input.checked()?;
        let (payment, order, lines) = self.refunded_things(scope, &input).await?;
        let orders: BTreeSet<OrderId> = lines.into_iter().collect();
        if orders.len() > 1 {
            return Err(OrderError::MultipleOrders);
        }
        if orders.iter().any(|of_lines| *of_lines != payment.order_id) {
            return Err(OrderError::PaymentOrderMismatch);
        }
        let way = Way {
            handler: self.payments.handler_of(actor, &payment).await?,
            payment: self.payments.reference(actor, &payment, order.currency).await?,
        };
        match self.begin_refund(actor, scope, input, payment.order_id, &way).await? {
            (refund, None) => Ok(refund),
            (refund, Some(request)) => self.ask_and_record(actor, scope, refund, request, way).await,
        }
    }

    /// Records that somebody gave the money of a pending refund back by hand.
    ///
    /// # Errors
    /// [`PaymentError::RefundTransition`] for one that is not pending, or whose handler may still give it back;
    /// [`PaymentError::ReferenceInUse`].
    pub async fn settle_refund(
        &self,
        actor: &Actor,
        id: RefundId,
        transaction_id: String,
    ) -> Result<Refund, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        check_reference(&transaction_id)?;
        let doing = Doing::by(actor, self.clock.now())?;
        self.database
            .write_concurrently(scope, async move |tx| {
                let order = lock_order_of(tx, scope, id).await?;
                let refund = Payments::settle_refund_in_tx(tx, scope, id, transaction_id, doing.now).await?;
                record(tx, scope, &order, &refund, doing).await?;
                Ok(refund)
            })
            .await
    }

    /// The payment, its order, and the orders of the lines.
    async fn refunded_things(
        &self,
        scope: ChannelScope,
        input: &RefundInput,
    ) -> Result<(Payment, Order, Vec<OrderId>), OrderError> {
        let (payment, lines) = (input.payment, &input.lines);
        self.database
            .read(scope, async |reader| {
                let ids: Vec<OrderLineId> = lines.iter().map(|(line, _)| *line).collect();
                let orders = repo::orders_of_lines(reader, scope, &ids).await?;
                if let Some(unknown) = ids.iter().find(|id| !orders.iter().any(|(line, _)| line == *id)) {
                    return Err(OrderError::LineNotFound(unknown.to_string()));
                }
                let found = Payments::find_in(reader, scope, payment).await?;
                let payment = found.ok_or(PaymentError::NotFound(payment))?;
                let order = repo::find(reader, scope, payment.order_id).await?;
                let (order, _) = order.ok_or_else(|| OrderError::NotFound(payment.order_id.to_string()))?;
                Ok((payment, order, orders.into_iter().map(|(_, order)| order).collect()))
            })
            .await
    }

    /// The first transaction: the refund, taken off what may still be given back. The request is there when somebody is
    /// to be asked.
    async fn begin_refund(
        &self,
        actor: &Actor,
        scope: ChannelScope,
        input: RefundInput,
        order: OrderId,
        way: &Way,
    ) -> Result<(Refund, Option<RefundRequest>), OrderError> {
        let (doing, way) = (Doing::by(actor, self.clock.now())?, way.clone());
        self.database
            .write_concurrently(scope, async move |tx| {
                repo::lock(tx, scope, order).await?;
                let found = repo::find(tx, scope, order).await?;
                let (order, _) = found.ok_or_else(|| OrderError::NotFound(order.to_string()))?;
                check_state(order.state)?;
                let lines = repo::lines(tx, scope, &[order.id]).await?;
                let lines: Vec<OrderLine> = lines.into_iter().map(|(_, line)| line).collect();
                let before = Payments::refunds_of_order(tx, scope, order.id).await?;
                let new = decide(&input, &lines, &before)?;
                let (_, refund) =
                    Payments::begin_refund_in_tx(tx, scope, input.payment, &new, doing.now).await?;
                let request = way.request(&refund);
                match way.handler.refund_at_once(&request) {
                    Some(outcome) => {
                        let refund =
                            Payments::record_refund_in_tx(tx, scope, refund.id, outcome, doing.now).await?;
                        record(tx, scope, &order, &refund, doing).await?;
                        Ok((refund, None))
                    }
                    None => Ok((refund, Some(request))),
                }
            })
            .await
    }

    /// Asks whoever moves the money and records the answer. On a task of its own: a client that goes away does not keep
    /// an answer about money from being recorded. Without an answer the refund is in doubt.
    async fn ask_and_record(
        &self,
        actor: &Actor,
        scope: ChannelScope,
        refund: Refund,
        request: RefundRequest,
        way: Way,
    ) -> Result<Refund, OrderError> {
        let (orders, actor, id) = (self.clone(), actor.clone(), refund.id);
        let asking = async move {
            let outcome = orders.payments.ask_to_refund(way.handler.as_ref(), request).await;
            match orders.record_refund(&actor, scope, id, outcome, Word::Answer).await {
                // The provider's callback was quicker.
                Err(OrderError::Payment(PaymentError::RefundTransition { .. })) => {
                    orders.find_refund(scope, id).await
                }
                recorded => recorded,
            }
        };
        tokio::spawn(asking.in_current_span()).await.unwrap_or_else(|error| {
            tracing::error!(refund = %id, %error, "refunding ended without an answer");
            Ok(refund)
        })
    }

    async fn find_refund(&self, scope: ChannelScope, id: RefundId) -> Result<Refund, OrderError> {
        let found =
            self.database.read(scope, async |reader| Payments::find_refund_in(reader, scope, id).await);
        Ok(found.await?.ok_or(PaymentError::RefundNotFound(id))?)
    }

    /// The second transaction: the handler's answer, or what its provider says of its own accord.
    pub(super) async fn record_refund(
        &self,
        actor: &Actor,
        scope: ChannelScope,
        id: RefundId,
        outcome: RefundOutcome,
        word: Word,
    ) -> Result<Refund, OrderError> {
        let doing = Doing::by(actor, self.clock.now())?;
        self.database
            .write_concurrently(scope, async move |tx| {
                let order = lock_order_of(tx, scope, id).await?;
                let refund = match word {
                    Word::Answer => Payments::record_refund_in_tx(tx, scope, id, outcome, doing.now).await?,
                    Word::Told => Payments::tell_refund_in_tx(tx, scope, id, outcome, doing.now).await?,
                };
                record(tx, scope, &order, &refund, doing).await?;
                Ok(refund)
            })
            .await
    }
}

/// How it is known what has become of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// The handler answered.
    Answer,
    /// Its provider said so of its own accord.
    Told,
}

/// Who gives back, of what.
#[derive(Clone)]
struct Way {
    handler: Arc<dyn PaymentHandler>,
    payment: soko_extension::payment::PaymentReference,
}

impl Way {
    fn request(&self, refund: &Refund) -> RefundRequest {
        RefundRequest {
            idempotency_key: refund.idempotency_key(),
            payment: self.payment.clone(),
            amount: refund.total,
            reason: refund.reason.clone(),
        }
    }
}

pub(super) fn check_reference(text: &str) -> Result<(), OrderError> {
    if text.trim().is_empty() || text.chars().count() > REFERENCE_LENGTH_MAX {
        let reason = format!("a refund's reference has 1 to {REFERENCE_LENGTH_MAX} characters");
        return Err(OrderError::InvalidInput(reason));
    }
    Ok(())
}

/// Nothing is given back of what is still being paid for, or is paid with money that is not here.
fn check_state(state: OrderState) -> Result<(), OrderError> {
    match state {
        OrderState::Created
        | OrderState::Draft
        | OrderState::AddingItems
        | OrderState::ArrangingPayment
        | OrderState::PaymentAuthorized => Err(OrderError::RefundState(state)),
        _ => Ok(()),
    }
}

/// What is to be given back. An amount stands as it is given; lines then only say what it is for. Without one, each unit is
/// worth its prorated price with tax, and is refunded once.
fn decide(input: &RefundInput, lines: &[OrderLine], before: &[Refund]) -> Result<NewRefund, OrderError> {
    let mut items = 0_i64;
    for (id, quantity) in &input.lines {
        let line = lines.iter().find(|line| line.id == Some(*id));
        let line = line.ok_or_else(|| OrderError::LineNotFound(id.to_string()))?;
        if *quantity > line.quantity {
            return Err(OrderError::QuantityTooGreat);
        }
        if input.amount.is_some() {
            continue;
        }
        refuse_refunded(line.quantity - quantity, *id, before)?;
        let unit = line.prices()?.prorated.per_unit(line.quantity).gross;
        let worth = unit.checked_mul(*quantity).ok_or(MoneyError::Overflow)?;
        items = items.checked_add(worth).ok_or(MoneyError::Overflow)?;
    }
    let parts = items.checked_add(input.shipping).and_then(|sum| sum.checked_add(input.adjustment));
    Ok(NewRefund {
        what: RefundParts { items, shipping: input.shipping, adjustment: input.adjustment },
        total: input.amount.map_or_else(|| parts.ok_or(MoneyError::Overflow), Ok)?,
        reason: input.reason.clone(),
        lines: input.lines.clone(),
    })
}

/// Refuses when more than `spare` units of the line have been refunded.
fn refuse_refunded(spare: i64, line: OrderLineId, before: &[Refund]) -> Result<(), OrderError> {
    let of_line = |one: &&RefundLine| one.order_line_id == line;
    let mut refunded = 0_i64;
    for refund in before.iter().filter(|refund| refund.state != RefundState::Failed) {
        let units: i64 = refund.lines.iter().filter(of_line).map(|one| one.quantity).sum();
        refunded = refunded.saturating_add(units);
        if refunded > spare {
            return Err(OrderError::AlreadyRefunded(refund.id));
        }
    }
    Ok(())
}

pub(super) async fn lock_order_of(
    tx: &mut Tx,
    scope: ChannelScope,
    id: RefundId,
) -> Result<Order, OrderError> {
    let refund = Payments::find_refund_in(tx, scope, id).await?.ok_or(PaymentError::RefundNotFound(id))?;
    repo::lock(tx, scope, refund.order_id).await?;
    let order = repo::find(tx, scope, refund.order_id).await?;
    Ok(order.ok_or_else(|| OrderError::NotFound(refund.order_id.to_string()))?.0)
}

/// Writes what has become of a pending refund into its order's history, into the books where money has left, and states it
/// as a fact. One that stays pending is none of these.
pub(super) async fn record(
    tx: &mut Tx,
    scope: ChannelScope,
    order: &Order,
    refund: &Refund,
    doing: Doing,
) -> Result<(), OrderError> {
    if refund.state == RefundState::Pending {
        return Ok(());
    }
    let entry = NewEntry::refund_transition(refund, RefundState::Pending.as_str());
    history::write_in_tx(tx, scope, order.id, doing.user, &[entry], doing.now).await?;
    book_refund(tx, scope, order, refund, doing).await?;
    let changed = RefundStateChanged {
        order_id: order.id,
        code: order.code.clone(),
        customer_id: order.customer_id,
        payment_id: refund.payment_id,
        refund_id: refund.id,
        amount: refund.total,
        currency: order.currency.code().to_owned(),
        to: refund.state.as_str(),
    };
    Ok(tx.publish(scope, doing.now, &changed)?)
}
