//! Accounts of who buys on account, and the rules of them. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use soko_kernel::{Currency, CustomerId, OrderId, Timestamp, UserId};

use super::error::{CreditError, CreditRefusal};
use crate::ledger::{OpenItem, Party, PartyBalance};

/// Days that a customer has to pay, unless somebody says otherwise.
pub const DURATION_DAYS_DEFAULT: i64 = 30;
/// Longest that a customer may be given.
pub const DURATION_DAYS_MAX: i64 = 3_650;
/// Refused sales are told of at most once in this time.
const REFUSALS_TOLD_EVERY: Duration = Duration::from_hours(1);

/// Whether and how much somebody may buy on account: a customer of the shop, or the shop of a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditAccount {
    /// Whose it is.
    pub party: Party,
    /// Whether there is any credit at all.
    pub approved: bool,
    /// Whether no more is given for a while. What is owed can be paid.
    pub frozen: bool,
    /// The most that may be unpaid, minor units.
    pub limit: i64,
    /// Days in which each purchase is to be paid.
    pub duration_days: i64,
    /// Who approved it.
    pub approved_by: Option<UserId>,
    /// When something was last paid.
    pub last_payment_at: Option<Timestamp>,
    /// How much that was, minor units.
    pub last_payment_amount: Option<i64>,
    pub(super) refused_at: Option<Timestamp>,
    pub(super) corrections: i64,
}

impl CreditAccount {
    /// The account of somebody who has none yet.
    pub(super) fn none(party: Party) -> Self {
        Self {
            party,
            approved: false,
            frozen: false,
            limit: 0,
            duration_days: DURATION_DAYS_DEFAULT,
            approved_by: None,
            last_payment_at: None,
            last_payment_amount: None,
            refused_at: None,
            corrections: 0,
        }
    }

    /// Takes the changes. Says whether credit is approved that was not before.
    pub(super) fn apply(
        &mut self,
        changes: CreditChanges,
        user: Option<UserId>,
    ) -> Result<bool, CreditError> {
        if changes.limit.is_some_and(|limit| limit < 0) {
            return Err(CreditError::InvalidLimit);
        }
        if changes.duration_days.is_some_and(|days| !(1..=DURATION_DAYS_MAX).contains(&days)) {
            return Err(CreditError::InvalidDuration);
        }
        let before = self.approved;
        self.approved = changes.approved.unwrap_or(self.approved);
        self.frozen = changes.frozen.unwrap_or(self.frozen);
        self.limit = changes.limit.unwrap_or(self.limit);
        self.duration_days = changes.duration_days.unwrap_or(self.duration_days);
        let is_new = self.approved && !before;
        if is_new {
            self.approved_by = user;
        }
        Ok(is_new)
    }

    /// Refuses a purchase on account that there is no credit for.
    ///
    /// # Errors
    /// [`CreditRefusal`].
    pub fn check(&self, unpaid: i64, amount: i64) -> Result<(), CreditRefusal> {
        if !self.approved {
            return Err(CreditRefusal::NotApproved);
        }
        if self.frozen {
            return Err(CreditRefusal::Frozen);
        }
        let available = self.available(unpaid);
        if amount > available { Err(CreditRefusal::LimitExceeded { available }) } else { Ok(()) }
    }

    /// What may be bought on account now, minor units.
    pub fn available(&self, unpaid: i64) -> i64 {
        if self.approved && !self.frozen { self.limit.saturating_sub(unpaid.max(0)).max(0) } else { 0 }
    }

    /// Whether somebody is to be told of a refused sale: not of each of many.
    pub(super) fn tells_of_refusal(&self, now: Timestamp) -> bool {
        self.refused_at.is_none_or(|told| now >= told.after(REFUSALS_TOLD_EVERY))
    }
}

/// What may change of an account; absent fields stay.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "the fields are those of CreditAccount")]
pub struct CreditChanges {
    pub approved: Option<bool>,
    pub frozen: Option<bool>,
    pub limit: Option<i64>,
    pub duration_days: Option<i64>,
}

/// An account, and what is on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditSummary {
    /// The account.
    pub account: CreditAccount,
    /// What is unpaid, and what was paid ahead.
    pub balance: PartyBalance,
    /// Of all amounts.
    pub currency: Currency,
}

impl CreditSummary {
    /// What may be bought on account now, minor units.
    pub fn available(&self) -> i64 {
        self.account.available(self.balance.unpaid)
    }
}

/// Out of what a customer pays without money changing hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnAccount {
    /// The customer owes it.
    Credit,
    /// It is taken out of the customer's deposit.
    Deposit,
}

/// What is to be paid on account.
#[derive(Debug, Clone, Copy)]
pub struct Charge {
    /// By whom.
    pub customer: CustomerId,
    /// For which order.
    pub order: OrderId,
    /// Out of what.
    pub out_of: OnAccount,
    /// Minor units, tax included.
    pub amount: i64,
    /// Of the amount.
    pub currency: Currency,
}

/// What becomes of money above what is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// It is kept for what comes.
    Keep,
    /// It is handed back at once, and not booked.
    Return,
}

/// Money over what is open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Shares {
    /// What each item gets, in the order of the items.
    pub(super) parts: Vec<(Option<OrderId>, i64)>,
    /// What none gets.
    pub(super) excess: i64,
}

impl Shares {
    /// What goes to items.
    pub(super) fn allocated(&self) -> i64 {
        self.parts.iter().map(|(_, part)| part).sum()
    }
}

/// Shares money out over what is unpaid: in the order of the items, oldest first, or over the chosen orders alone.
pub(super) fn share(
    amount: i64,
    items: &[OpenItem],
    chosen: Option<&[OrderId]>,
) -> Result<Shares, CreditError> {
    let unpaid: Vec<&OpenItem> = items.iter().filter(|item| item.amount > 0).collect();
    let chosen: Option<BTreeSet<OrderId>> = chosen.map(|chosen| chosen.iter().copied().collect());
    if let Some(chosen) = &chosen {
        let is_unpaid = |order: &&OrderId| unpaid.iter().any(|item| item.order == Some(**order));
        if let Some(settled) = chosen.iter().find(|order| !is_unpaid(order)) {
            return Err(CreditError::NothingOwedFor(*settled));
        }
    }
    let mut shares = Shares { parts: Vec::new(), excess: amount };
    for item in unpaid {
        let meant = match (&chosen, item.order) {
            (Some(chosen), order) => order.is_some_and(|order| chosen.contains(&order)),
            (None, _) => true,
        };
        let part = if meant { item.amount.min(shares.excess) } else { 0 };
        if part > 0 {
            shares.parts.push((item.order, part));
            shares.excess -= part;
        }
    }
    Ok(shares)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test")]
mod tests {
    use jiff::civil::Date;

    use super::*;

    fn item(order: i64, amount: i64) -> OpenItem {
        let order = (order > 0).then_some(OrderId(order));
        OpenItem { order, amount, since: Date::constant(2026, 1, 1) }
    }

    #[test]
    fn shares_out_oldest_first_or_over_the_chosen() {
        let items = [item(3, 100), item(5, 50), item(8, 70), item(0, -20)];
        let shares = share(120, &items, None).unwrap();
        assert_eq!(shares.parts, [(Some(OrderId(3)), 100), (Some(OrderId(5)), 20)]);
        assert_eq!((shares.allocated(), shares.excess), (120, 0));
        let shares = share(500, &items, Some(&[OrderId(8), OrderId(3), OrderId(8)])).unwrap();
        assert_eq!(shares.parts, [(Some(OrderId(3)), 100), (Some(OrderId(8)), 70)]);
        assert_eq!((shares.allocated(), shares.excess), (170, 330));
        let unknown = share(5, &items, Some(&[OrderId(4)]));
        assert!(matches!(unknown, Err(CreditError::NothingOwedFor(OrderId(4)))));
        let by_hand = share(15, &[item(3, 10), item(0, 20)], None).unwrap();
        assert_eq!(by_hand.parts, [(Some(OrderId(3)), 10), (None, 5)]);
    }

    #[test]
    fn gives_credit_up_to_the_limit_while_it_is_approved_and_not_frozen() {
        let mut account = CreditAccount::none(Party::Customer(CustomerId(1)));
        assert_eq!(account.check(0, 1), Err(CreditRefusal::NotApproved));
        let changes = CreditChanges { approved: Some(true), limit: Some(100), ..CreditChanges::default() };
        assert!(account.apply(changes, Some(UserId(9))).unwrap());
        assert!(!account.apply(changes, Some(UserId(8))).unwrap(), "it was approved before");
        assert_eq!(account.approved_by, Some(UserId(9)));
        assert_eq!(account.check(40, 60), Ok(()));
        assert_eq!(account.check(40, 61), Err(CreditRefusal::LimitExceeded { available: 60 }));
        assert_eq!(account.check(i64::MAX, 1), Err(CreditRefusal::LimitExceeded { available: 0 }));
        account.frozen = true;
        assert_eq!(account.check(0, 1), Err(CreditRefusal::Frozen));
        for changes in [
            CreditChanges { limit: Some(-1), ..CreditChanges::default() },
            CreditChanges { duration_days: Some(0), ..CreditChanges::default() },
            CreditChanges { duration_days: Some(DURATION_DAYS_MAX + 1), ..CreditChanges::default() },
        ] {
            assert!(account.apply(changes, None).is_err(), "{changes:?}");
        }
    }
}
