//! Paying what was bought on account.

use soko_infra::Tx;
use soko_kernel::{
    Actor, ChannelScope, CreditPaymentId, CustomerId, IDS_MAX, LedgerAccountId, OrderId, Permission,
};

use super::entity::{Excess, Shares, share};
use super::error::{CreditError, CreditRefusal};
use super::{Act, Credit, CreditSummary, changed_in_tx, locked, repo};
use crate::ledger::chart::CLEARING_CREDIT;
use crate::ledger::templates::{from_deposit, repayment};
use crate::ledger::{AccountCode, Ledger, OpenItem, Party};

/// Where the money comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tender {
    /// It is on this account of cash now.
    Cash(LedgerAccountId),
    /// Out of the customer's deposit.
    Deposit,
}

/// Money for what was bought on account.
#[derive(Debug, Clone)]
pub struct RepaymentInput {
    /// Whose.
    pub customer: CustomerId,
    /// Minor units.
    pub amount: i64,
    /// Where it comes from.
    pub tender: Tender,
    /// The orders that it is for; the oldest first when absent.
    pub orders: Option<Vec<OrderId>>,
    /// What becomes of what is left of it. A deposit is not taken for more than is owed.
    pub excess: Excess,
}

/// What was paid of what was bought on account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repayment {
    /// Its id.
    pub id: CreditPaymentId,
    /// What each order got, oldest first, and what is unpaid of it now; absent is a debt that is of no order.
    pub paid: Vec<(Option<OrderId>, i64, i64)>,
    /// All of that.
    pub allocated: i64,
    /// What was kept for what comes.
    pub kept: i64,
    /// What is to be handed back.
    pub returned: i64,
    /// The account afterwards.
    pub summary: CreditSummary,
}

impl Credit {
    /// Takes a customer's money for what they owe. Frozen accounts can pay too.
    ///
    /// # Errors
    /// [`CreditError::NothingOwed`] when nothing can be done with the money, [`CreditError::NothingOwedFor`] one of the
    /// chosen orders, a deposit that does not suffice, an account that is not one of cash.
    pub async fn repay(&self, actor: &Actor, input: RepaymentInput) -> Result<Repayment, CreditError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        let act = Act::by(actor, self.clock.now())?;
        self.database
            .write_concurrently(scope, async move |tx| Self::repay_in_tx(tx, scope, &input, act).await)
            .await
    }

    /// Takes a customer's money for one order, and not more than is unpaid of it.
    ///
    /// # Errors
    /// [`CreditError::MoreThanOwed`]; as of [`Self::repay`].
    pub async fn pay_single_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        (customer, order): (CustomerId, OrderId),
        (amount, tender): (i64, Tender),
        act: Act,
    ) -> Result<Repayment, CreditError> {
        let party = Party::Customer(customer);
        locked(tx, scope, party, act.now).await?;
        let owed = Ledger::unpaid_of_order_in(tx, scope, party, act.currency(), order).await?;
        if owed == 0 {
            return Err(CreditError::NothingOwedFor(order));
        }
        if amount > owed {
            return Err(CreditError::MoreThanOwed { owed });
        }
        let orders = Some(vec![order]);
        let input = RepaymentInput { customer, amount, tender, orders, excess: Excess::Return };
        Self::repay_in_tx(tx, scope, &input, act).await
    }

    async fn repay_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        input: &RepaymentInput,
        act: Act,
    ) -> Result<Repayment, CreditError> {
        if input.amount <= 0 {
            return Err(CreditError::InvalidAmount(input.amount));
        }
        if input.orders.as_ref().is_some_and(|orders| orders.len() > IDS_MAX) {
            return Err(CreditError::TooMany);
        }
        let party = Party::Customer(input.customer);
        let mut account = locked(tx, scope, party, act.now).await?;
        let items = Ledger::open_items_in(tx, scope, party, act.currency()).await?;
        let shares = share(input.amount, &items, input.orders.as_deref())?;
        let allocated = shares.allocated();
        let keeps = input.excess == Excess::Keep && input.tender != Tender::Deposit;
        let kept = if keeps { shares.excess } else { 0 };
        let booked = allocated.checked_add(kept).ok_or(CreditError::Overflow)?;
        if booked == 0 {
            return Err(CreditError::NothingOwed);
        }
        let id = repo::insert_payment(tx, scope, party, booked, act.user, act.now).await?;
        book(tx, scope, (id, input), (&shares, &items, kept), act).await?;
        account.last_payment_at = Some(act.now);
        account.last_payment_amount = Some(booked);
        repo::update(tx, scope, &account, act.now).await?;
        let summary = changed_in_tx(tx, scope, party, act).await?;
        let paid = shares.parts.iter().map(|(order, part)| (*order, *part, unpaid(&items, *order) - part));
        let returned = shares.excess - kept;
        Ok(Repayment { id, paid: paid.collect(), allocated, kept, returned, summary })
    }
}

async fn book(
    tx: &mut Tx,
    scope: ChannelScope,
    (id, input): (CreditPaymentId, &RepaymentInput),
    (shares, items, kept): (&Shares, &[OpenItem], i64),
    act: Act,
) -> Result<(), CreditError> {
    let mut parts = shares.parts.clone();
    if kept > 0 {
        parts.push((None, kept));
    }
    let entry = match input.tender {
        Tender::Cash(account) => {
            let tender = Ledger::cash_account_in_tx(tx, scope, account, act.now).await?;
            repayment(act.occasion, id, input.customer, &tender, &parts)?
        }
        Tender::Deposit => {
            let mut ahead = items.iter().filter(|item| item.amount < 0);
            let available = ahead.try_fold(0_i64, |sum, item| sum.checked_sub(item.amount));
            let available = available.ok_or(CreditError::Overflow)?;
            if shares.allocated() > available {
                return Err(CreditRefusal::DepositExceeded { available }.into());
            }
            let tender = AccountCode::from(CLEARING_CREDIT);
            let entry = repayment(act.occasion, id, input.customer, &tender, &parts)?;
            from_deposit(entry, input.customer, shares.allocated())?
        }
    };
    Ledger::post_in_tx(tx, scope, &entry, act.user, act.now).await?;
    Ok(())
}

fn unpaid(items: &[OpenItem], order: Option<OrderId>) -> i64 {
    items.iter().find(|item| item.order == order).map_or(0, |item| item.amount)
}
