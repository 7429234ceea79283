//! Operations on customers' accounts.

use super::*;
use crate::credit::{Excess, RepaymentInput, Tender};

impl Model {
    /// Money of a customer's, or their deposit, with what the model has to add where it goes.
    fn some_tender(&mut self) -> (Tender, Option<&'static str>) {
        match self.random.random_range(0..4) {
            0 => (Tender::Deposit, None),
            1 => (Tender::Cash(self.account_of("BANK_MAIN")), Some("BANK_MAIN")),
            _ => (Tender::Cash(self.account_of("CASH_ON_HAND")), Some("CASH_ON_HAND")),
        }
    }

    /// Books what was taken from a customer.
    fn take(&mut self, customer: usize, place: Option<&'static str>, amount: i64) {
        match place {
            Some("BANK_MAIN") => self.banked += amount,
            Some(_) => self.cash += amount,
            None => self.accounts[customer].loose += amount,
        }
    }

    /// Some of the orders for which something is or was owed, or none in particular.
    fn some_orders(&mut self, customer: usize) -> Option<Vec<OrderId>> {
        let owing: Vec<OrderId> = self.accounts[customer].owed.keys().copied().collect();
        let count = self.random.random_range(0..4);
        let chosen: Vec<OrderId> = (0..count).filter_map(|_| Some(owing[self.pick(owing.len())?])).collect();
        (!chosen.is_empty()).then_some(chosen)
    }

    pub(super) async fn repay(&mut self) -> Touched {
        let customer = self.random.random_range(0..CUSTOMERS);
        let unpaid = self.accounts[customer].unpaid();
        let amount = self.some_amount(unpaid.max(100));
        let excess = if self.random.random_ratio(1, 2) { Excess::Keep } else { Excess::Return };
        let (orders, (tender, place)) = (self.some_orders(customer), self.some_tender());
        let account = &mut self.accounts[customer];
        let input = RepaymentInput { customer: account.id, amount, tender, orders: orders.clone(), excess };
        let made = self.shop.services.credit.repay(&self.shop.admin, input).await;
        let touched = Touched { sale: None, customer: Some(customer) };
        if amount <= 0 {
            assert!(matches!(made, Err(CreditError::InvalidAmount(found)) if found == amount), "{made:?}");
            return touched;
        }
        let settled = orders.iter().flatten().filter(|order| account.owed[*order] == 0).min();
        if let Some(settled) = settled {
            assert!(matches!(made, Err(CreditError::NothingOwedFor(order)) if order == *settled), "{made:?}");
            return touched;
        }
        let allocated = account.share_of(amount, orders.as_deref());
        let keeps = excess == Excess::Keep && tender != Tender::Deposit;
        let kept = if keeps { amount - allocated } else { 0 };
        if allocated + kept == 0 {
            assert!(matches!(made, Err(CreditError::NothingOwed)), "{made:?}");
            return touched;
        }
        if tender == Tender::Deposit && allocated > account.ahead() {
            let available = account.ahead();
            assert!(
                matches!(made, Err(CreditError::Refused(why)) if why == CreditRefusal::DepositExceeded { available }),
                "{made:?}"
            );
            return touched;
        }
        let repayment = made.unwrap();
        let expected = (allocated, kept, amount - allocated - kept);
        assert_eq!((repayment.allocated, repayment.kept, repayment.returned), expected);
        account.pay_off(allocated, orders.as_deref());
        account.loose -= kept;
        self.take(customer, place, allocated + kept);
        touched
    }

    /// Pays one order of those that are or were owed for.
    pub(super) async fn repay_one(&mut self) -> Touched {
        let customer = self.random.random_range(0..CUSTOMERS);
        let owing: Vec<(OrderId, i64)> =
            self.accounts[customer].owed.iter().map(|(order, owed)| (*order, *owed)).collect();
        let Some((order, owed)) = self.pick(owing.len()).map(|at| owing[at]) else {
            return Touched::default();
        };
        let (amount, (tender, place)) = (self.some_amount(owed), self.some_tender());
        let made = self.shop.services.orders.pay_single_order(&self.shop.admin, order, amount, tender).await;
        let touched = Touched { sale: None, customer: Some(customer) };
        let ahead = self.accounts[customer].ahead();
        let refusal = match &made {
            Ok(repayment) => {
                assert!((1..=owed).contains(&amount) && (tender != Tender::Deposit || amount <= ahead));
                assert_eq!((repayment.allocated, repayment.kept, repayment.returned), (amount, 0, 0));
                self.accounts[customer].pay_off(amount, Some(&[order]));
                self.take(customer, place, amount);
                return touched;
            }
            Err(OrderError::Credit(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        let is_right = match refusal {
            CreditError::NothingOwedFor(of) => owed == 0 && *of == order,
            CreditError::MoreThanOwed { owed: left } => owed > 0 && amount > owed && *left == owed,
            CreditError::InvalidAmount(found) => owed > 0 && amount <= 0 && *found == amount,
            CreditError::Refused(CreditRefusal::DepositExceeded { available }) => {
                (1..=owed).contains(&amount) && amount > ahead && *available == ahead
            }
            _ => false,
        };
        assert!(is_right, "{amount} of {owed}: {refusal:?}");
        touched
    }

    pub(super) async fn change_terms(&mut self) -> Touched {
        let customer = self.random.random_range(0..CUSTOMERS);
        let (credit, admin) = (&self.shop.services.credit, &self.shop.admin);
        let account = &mut self.accounts[customer];
        let party = Party::Customer(account.id);
        match self.random.random_range(0..3) {
            0 => {
                account.frozen = !account.frozen;
                credit.set_frozen(admin, party, account.frozen).await.unwrap();
            }
            1 => {
                account.limit = self.random.random_range(0..200_000);
                credit.set_terms(admin, party, (Some(account.limit), None)).await.unwrap();
            }
            _ => {
                account.limit = self.random.random_range(0..200_000);
                account.approved = self.random.random_ratio(4, 5);
                credit.approve(admin, party, account.approved, (Some(account.limit), None)).await.unwrap();
            }
        }
        Touched { sale: None, customer: Some(customer) }
    }

    /// Corrects what a customer owes, up or down.
    pub(super) async fn correct(&mut self) -> Touched {
        let customer = self.random.random_range(0..CUSTOMERS);
        let change = self.random.random_range(-20_000..=20_000);
        let account = &mut self.accounts[customer];
        let party = Party::Customer(account.id);
        let credit = &self.shop.services.credit;
        let made = credit.override_balance(&self.shop.admin, party, change, "Counted again".to_owned()).await;
        match change {
            0 => assert!(matches!(made, Err(CreditError::InvalidAmount(0))), "{made:?}"),
            1.. => account.loose += change,
            _ => {
                let off = account.share_of(-change, None);
                account.pay_off(off, None);
                account.loose -= -change - off;
            }
        }
        assert_eq!(made.is_ok(), change != 0);
        Touched { sale: None, customer: Some(customer) }
    }
}
