//! Operations on a supplier's account, of whose purchases there is a list beside the ledger.

use super::*;
use crate::credit::{Excess, NewPurchase, SupplierPaymentInput};

/// The most that may be unpaid.
const LIMIT: i64 = 100_000;

/// What is owed to a supplier.
#[derive(Debug, Default)]
pub(super) struct Supplies {
    /// Of what is not paid, oldest first.
    purchases: Vec<(SupplierPurchaseId, i64)>,
    /// In all, with what is owed for no purchase; below zero, paid ahead.
    pub(super) owed: i64,
}

impl Supplies {
    /// Takes an amount off the chosen purchases, or the oldest. Gives what they took.
    fn pay_off(&mut self, amount: i64, chosen: Option<&[SupplierPurchaseId]>) -> i64 {
        let mut left = amount;
        for (id, unpaid) in &mut self.purchases {
            if chosen.is_none_or(|chosen| chosen.contains(id)) {
                let part = left.min(*unpaid);
                *unpaid -= part;
                left -= part;
            }
        }
        self.purchases.retain(|(_, unpaid)| *unpaid > 0);
        amount - left
    }
}

impl Model {
    pub(super) fn supplier(&self) -> Party {
        // Who sells to a shop may buy there too: the two accounts are apart.
        Party::Supplier(self.accounts[0].id)
    }

    pub(super) async fn approve_supplier(&self) {
        let (credit, admin) = (&self.shop.services.credit, &self.shop.admin);
        credit.approve(admin, self.supplier(), true, (Some(LIMIT), None)).await.unwrap();
    }

    pub(super) async fn stock_up(&mut self) -> Touched {
        let cost = self.random.random_range(1..60_000);
        let paid_from = self.random.random_ratio(1, 5).then(|| self.account_of("CASH_ON_HAND"));
        let new = NewPurchase {
            supplier: self.accounts[0].id,
            reference: format!("delivery-{}", self.made),
            cost,
            stocked: self.random.random_ratio(1, 2),
            paid_from,
            memo: String::new(),
            date: None,
        };
        let made = self.shop.services.credit.record_purchase(&self.shop.admin, new).await;
        if paid_from.is_some() {
            made.unwrap();
            self.cash -= cost;
            return Touched::default();
        }
        let (unpaid, ahead) = (self.supplies.owed.max(0), (-self.supplies.owed).max(0).min(cost));
        if cost - ahead > (LIMIT - unpaid).max(0) && cost > ahead {
            assert!(
                matches!(made, Err(CreditError::Refused(CreditRefusal::LimitExceeded { available })) if available == (LIMIT - unpaid).max(0)),
                "{made:?}"
            );
            return Touched::default();
        }
        let (purchase, _) = made.unwrap();
        self.supplies.owed += cost;
        if cost > ahead {
            self.supplies.purchases.push((purchase.id, cost - ahead));
        }
        Touched::default()
    }

    pub(super) async fn pay_supplier(&mut self) -> Touched {
        let amount = self.some_amount(self.supplies.owed.max(100));
        let excess = if self.random.random_ratio(1, 2) { Excess::Keep } else { Excess::Return };
        let purchases = &self.supplies.purchases;
        let chosen = (!purchases.is_empty() && self.random.random_ratio(1, 2))
            .then(|| vec![purchases[self.random.random_range(0..purchases.len())].0]);
        let input = SupplierPaymentInput {
            supplier: self.accounts[0].id,
            amount,
            paid_from: self.account_of("CASH_ON_HAND"),
            purchases: chosen.clone(),
            excess,
        };
        let made = self.shop.services.credit.pay_supplier(&self.shop.admin, input).await;
        if amount <= 0 {
            assert!(matches!(made, Err(CreditError::InvalidAmount(found)) if found == amount), "{made:?}");
            return Touched::default();
        }
        let keeps = excess == Excess::Keep;
        let owed = self.supplies.owed.max(0);
        let for_purchases = self.supplies.pay_off(amount, chosen.as_deref());
        let allocated = if chosen.is_some() && !keeps { for_purchases } else { amount.min(owed) };
        let kept = if keeps { amount - allocated } else { 0 };
        if allocated + kept == 0 {
            assert!(matches!(made, Err(CreditError::NothingOwed)), "{made:?}");
            return Touched::default();
        }
        let payment = made.unwrap();
        let expected = (allocated, kept, amount - allocated - kept);
        assert_eq!((payment.allocated, payment.kept, payment.returned), expected);
        if chosen.is_some() && keeps {
            self.supplies.pay_off(amount - for_purchases, None);
        }
        self.supplies.owed -= allocated + kept;
        self.cash -= allocated + kept;
        Touched::default()
    }

    pub(super) async fn correct_supplier(&mut self) -> Touched {
        let change = self.random.random_range(1..20_000) * [1, -1][self.random.random_range(0..2)];
        let credit = &self.shop.services.credit;
        let reason = "Their statement says so".to_owned();
        credit.override_balance(&self.shop.admin, self.supplier(), change, reason).await.unwrap();
        self.supplies.owed += change;
        if change < 0 {
            self.supplies.pay_off(-change, None);
        }
        Touched::default()
    }

    /// The list says what the ledger says.
    pub(super) async fn compare_supplier(&self) {
        let (credit, admin) = (&self.shop.services.credit, &self.shop.admin);
        let balance = credit.summary(admin, self.supplier()).await.unwrap().balance;
        let owed = self.supplies.owed;
        assert_eq!((balance.unpaid, balance.ahead), (owed.max(0), (-owed).max(0)));
        let unpaid = credit.unpaid_purchases(admin, self.supplier().id()).await.unwrap();
        let unpaid: Vec<_> =
            unpaid.into_iter().map(|purchase| (purchase.id, purchase.cost - purchase.paid)).collect();
        assert_eq!(unpaid, self.supplies.purchases);
        assert!(unpaid.iter().map(|(_, unpaid)| unpaid).sum::<i64>() <= owed.max(0));
    }
}
