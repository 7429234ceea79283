//! What the model knows of a shop.

use std::collections::BTreeMap;

use super::*;

/// How somebody pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    Cash,
    Bank,
    Account,
    Deposit,
}

impl Means {
    pub(super) const ALL: [Self; 4] = [Self::Cash, Self::Bank, Self::Account, Self::Deposit];

    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Bank => "bank",
            Self::Account => "account",
            Self::Deposit => "deposit",
        }
    }
}

/// A payment that covers a part of its order.
#[derive(Debug)]
pub(super) struct Paid {
    pub(super) id: PaymentId,
    pub(super) means: Means,
    pub(super) amount: i64,
    pub(super) settled: bool,
    /// Given back, or about to be.
    pub(super) refunded: i64,
}

#[derive(Debug)]
pub(super) struct Sale {
    pub(super) id: OrderId,
    pub(super) guest: Actor,
    pub(super) customer: usize,
    pub(super) total: i64,
    pub(super) payments: Vec<Paid>,
    pub(super) cancelled: bool,
}

impl Sale {
    pub(super) fn left(&self) -> i64 {
        self.total - self.payments.iter().map(|paid| paid.amount).sum::<i64>()
    }

    /// More can be paid.
    pub(super) fn is_open(&self) -> bool {
        !self.cancelled && self.left() > 0
    }

    /// What is paid of it can be given back: all of it is, and the money is here, or nobody waits for more.
    pub(super) fn is_refundable(&self) -> bool {
        self.cancelled || self.left() == 0 && self.payments.iter().all(|paid| paid.settled)
    }
}

/// A customer's account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: CustomerId,
    pub(super) approved: bool,
    pub(super) frozen: bool,
    pub(super) limit: i64,
    pub(super) owed: BTreeMap<OrderId, i64>,
    /// Owed for no order; below zero, paid ahead.
    pub(super) loose: i64,
}

impl Account {
    pub(super) fn of(id: CustomerId) -> Self {
        Self { id, approved: false, frozen: false, limit: 0, owed: BTreeMap::new(), loose: 0 }
    }

    pub(super) fn unpaid(&self) -> i64 {
        self.owed.values().sum::<i64>() + self.loose.max(0)
    }

    pub(super) fn ahead(&self) -> i64 {
        (-self.loose).max(0)
    }

    pub(super) fn check(&self, means: Means, amount: i64) -> Result<(), CreditRefusal> {
        let available = (self.limit - self.unpaid()).max(0);
        match means {
            Means::Deposit if amount > self.ahead() => {
                Err(CreditRefusal::DepositExceeded { available: self.ahead() })
            }
            Means::Account if !self.approved => Err(CreditRefusal::NotApproved),
            Means::Account if self.frozen => Err(CreditRefusal::Frozen),
            Means::Account if amount > available => Err(CreditRefusal::LimitExceeded { available }),
            _ => Ok(()),
        }
    }

    /// What of an amount would go to what is owed, in all or for the chosen orders.
    pub(super) fn share_of(&self, amount: i64, chosen: Option<&[OrderId]>) -> i64 {
        let owed = match chosen {
            Some(chosen) => {
                let chosen: BTreeSet<&OrderId> = chosen.iter().collect();
                chosen.into_iter().map(|order| self.owed[order]).sum()
            }
            None => self.unpaid(),
        };
        amount.min(owed)
    }

    /// Takes an amount off what is owed: the oldest orders first, then what is of no order; or the chosen orders alone.
    pub(super) fn pay_off(&mut self, amount: i64, chosen: Option<&[OrderId]>) {
        let mut left = self.share_of(amount, chosen);
        for (order, owed) in &mut self.owed {
            if chosen.is_none_or(|chosen| chosen.contains(order)) {
                let part = left.min(*owed);
                *owed -= part;
                left -= part;
            }
        }
        self.loose -= left;
    }
}

/// What is to be compared after an operation.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) sale: Option<OrderId>,
    pub(super) customer: Option<usize>,
}
