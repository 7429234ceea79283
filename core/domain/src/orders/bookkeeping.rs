//! What orders leave in the books.

use soko_infra::Tx;
use soko_kernel::{Actor, ChannelScope, Currency, Timestamp, UserId};

use super::entity::Order;
use super::error::OrderError;
use super::on_account::{given_back, on_account, state_balance};
use crate::credit::{CreditRefusal, OnAccount};
use crate::ledger::templates::{
    Occasion, TaxedAmount, cash_sale, credit_sale, from_deposit, refund as refund_entry, to_account,
};
use crate::ledger::{Ledger, LedgerError, chart};
use crate::payments::{Coverage, Payment, PaymentError, PaymentState, Payments, Refund, RefundState};

/// Who does something to an order, when, and on which day of the channel's books.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doing {
    pub(super) user: Option<UserId>,
    pub(super) now: Timestamp,
    occasion: Occasion,
}

impl Doing {
    /// What this actor does now.
    pub(super) fn by(actor: &Actor, now: Timestamp) -> Result<Self, OrderError> {
        Ok(Self { user: actor.user, now, occasion: Ledger::occasion(actor, now)? })
    }

    /// That of the channel's books.
    pub(super) fn currency(&self) -> Currency {
        self.occasion.currency
    }
}

/// Books money that is here as the sale of what it pays for; a payment in another state leaves nothing. Each payment
/// carries its share of the order's tax.
pub(super) async fn book_payment(
    tx: &mut Tx,
    scope: ChannelScope,
    order: &Order,
    payment: &Payment,
    doing: Doing,
) -> Result<(), OrderError> {
    if payment.state != PaymentState::Settled {
        return Ok(());
    }
    let settled = Coverage::of(&Payments::of_orders(tx, scope, &[order.id]).await?).settled;
    let before = settled.checked_sub(payment.amount).ok_or(LedgerError::Overflow)?;
    let sold = TaxedAmount::of_payment(cost(order)?, before, payment.amount)?;
    let occasion = Occasion { currency: order.currency, ..doing.occasion };
    let by_tender =
        || cash_sale(occasion, payment.id, order.id, chart::tender_account(&payment.handler), sold);
    let Some(out_of) = on_account(&payment.handler) else {
        Ledger::post_in_tx(tx, scope, &by_tender()?, doing.user, doing.now).await?;
        return Ok(());
    };
    let customer = order.customer_id.ok_or(CreditRefusal::NotTheCustomer)?;
    let entry = match out_of {
        OnAccount::Credit => credit_sale(occasion, payment.id, order.id, customer, sold)?,
        OnAccount::Deposit => from_deposit(by_tender()?, customer, payment.amount)?,
    };
    Ledger::post_in_tx(tx, scope, &entry, doing.user, doing.now).await?;
    state_balance(tx, scope, order, customer, doing.now).await
}

/// Books money that has been given back; a refund in another state leaves nothing. Each carries its share of the order's
/// tax.
pub(super) async fn book_refund(
    tx: &mut Tx,
    scope: ChannelScope,
    order: &Order,
    refund: &Refund,
    doing: Doing,
) -> Result<(), OrderError> {
    if refund.state != RefundState::Settled {
        return Ok(());
    }
    let payment = Payments::find_in(tx, scope, refund.payment_id).await?;
    let payment = payment.ok_or(PaymentError::NotFound(refund.payment_id))?;
    let mut before = 0_i64;
    for other in Payments::refunds_of_order(tx, scope, order.id).await? {
        if other.id != refund.id && other.state == RefundState::Settled {
            before = before.checked_add(other.total).ok_or(LedgerError::Overflow)?;
        }
    }
    let share = TaxedAmount::of_payment(cost(order)?, before, refund.total)?;
    let occasion = Occasion { currency: order.currency, ..doing.occasion };
    let from = |tender| refund_entry(occasion, refund.id, order.id, tender, share);
    let Some(out_of) = on_account(&payment.handler) else {
        let entry = from(chart::tender_account(&payment.handler))?;
        Ledger::post_in_tx(tx, scope, &entry, doing.user, doing.now).await?;
        return Ok(());
    };
    let (customer, parts) = given_back(tx, scope, order, &payment, (out_of, refund.total)).await?;
    let entry = to_account(from(chart::CLEARING_CREDIT.into())?, customer, &parts)?;
    Ledger::post_in_tx(tx, scope, &entry, doing.user, doing.now).await?;
    state_balance(tx, scope, order, customer, doing.now).await
}

/// What the order costs, with the tax in it.
fn cost(order: &Order) -> Result<TaxedAmount, OrderError> {
    let total = order.totals.total();
    let tax = total.gross.checked_sub(total.net).ok_or(LedgerError::Overflow)?;
    Ok(TaxedAmount { gross: total.gross, tax })
}
