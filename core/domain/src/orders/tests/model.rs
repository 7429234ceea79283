//! Random operations on orders, payments and accounts, beside a model that says what each must come to: whether it is
//! refused, and what everybody then owes and has.
//!
//! After each operation the books, the customer's account and the order's payments are those of the model. The books are also
//! those of all postings again, and the accounts order by order and purchase by purchase. That takes the longer the more there
//! are: in one test it is seen after each operation, and shops are opened anew before they have many; in the other every so
//! many operations of one shop. `cargo xtask soak orders::tests::model` makes 100,000 operations of each.

mod accounts;
mod parts;
mod suppliers;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use soko_kernel::{
    CustomerId, JournalEntryId, LedgerAccountId, ListQuery, OrderId, PaymentId, RefundId, SupplierPurchaseId,
};

use self::parts::{Account, Means, Paid, Sale, Touched};
use self::suppliers::Supplies;
use super::*;
use crate::credit::{CreditError, CreditRefusal};
use crate::ledger::{LedgerError, NewExpense, NewTransfer, Party};
use crate::payments::{PaymentError, RefundState};

/// Operations of a run, and of a soak; `SOKO_ROUNDS` says otherwise.
const OPERATIONS: [u64; 2] = [250, 100_000];
/// Operations between two looks at all postings, in a shop that has many.
const REPLAYED_EVERY: u64 = 250;
/// Operations of a shop that is opened anew after them.
const OPERATIONS_PER_SHOP: u64 = 500;
/// Customers who have an account.
const CUSTOMERS: usize = 4;
/// Orders that are thought of; of more, some are let be.
const SALES_MAX: usize = 40;
/// A unit and its delivery, with tax.
const UNIT: i64 = 11_600;
const DELIVERY: i64 = 5_000;

struct Model {
    shop: Shop,
    random: StdRng,
    accounts: Vec<Account>,
    sales: Vec<Sale>,
    /// Refunds that people are to hand out, of payments that may be forgotten.
    pending: Vec<(RefundId, i64)>,
    expenses: Vec<(JournalEntryId, i64)>,
    supplies: Supplies,
    cash: i64,
    /// With the payment method of that name.
    bank: i64,
    /// On the shop's account at a bank.
    banked: i64,
    codes: BTreeMap<LedgerAccountId, String>,
    made: usize,
}

impl Model {
    async fn open(random: StdRng) -> Self {
        let (shop, _) = Shop::with_accounts(1_000_000).await;
        let accounts = shop.services.ledger.list_accounts(&shop.admin, &ListQuery::default()).await.unwrap();
        let codes = accounts.items.into_iter().map(|account| (account.id, account.code)).collect();
        let yesterday = jiff::Timestamp::from_millisecond(shop.store.clock.now().0).unwrap();
        let yesterday = yesterday.to_zoned(jiff::tz::TimeZone::UTC).date().yesterday().unwrap();
        shop.services.ledger.close_period(&shop.admin, yesterday).await.unwrap();
        let mut model = Self {
            shop,
            random,
            accounts: Vec::new(),
            sales: Vec::new(),
            pending: Vec::new(),
            expenses: Vec::new(),
            supplies: Supplies::default(),
            cash: 0,
            bank: 0,
            banked: 0,
            codes,
            made: 0,
        };
        for customer in 0..CUSTOMERS {
            model.open_sale(customer).await;
        }
        model.approve_supplier().await;
        model
    }

    fn pick(&mut self, count: usize) -> Option<usize> {
        (count > 0).then(|| self.random.random_range(0..count))
    }

    /// An order whose payment is being arranged.
    async fn open_sale(&mut self, customer: usize) -> Touched {
        let (orders, quantity) = (&self.shop.services.orders, self.random.random_range(1..4));
        let guest = self.shop.guest().await;
        let (changed, _) = orders.add_items(&guest, vec![(self.shop.variant, quantity)]).await.unwrap();
        let guest = self.shop.again(&changed.session_token.unwrap()).await;
        let email_address = format!("customer-{customer}@mail.example");
        orders.set_customer(&guest, GuestCustomer { email_address, ..asha() }).await.unwrap();
        orders.set_shipping_address(&guest, Some(nairobi())).await.unwrap();
        orders.set_shipping_method(&guest, self.shop.delivery).await.unwrap();
        let order = orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
        let total = quantity * UNIT + DELIVERY;
        assert_eq!(order.total().gross, total);
        if customer == self.accounts.len() {
            let id = order.order.customer_id.unwrap();
            self.accounts.push(Account::of(id));
        }
        if self.sales.len() >= SALES_MAX {
            let forgotten = self.random.random_range(0..self.sales.len());
            self.sales.swap_remove(forgotten);
        }
        let (id, payments) = (order.order.id, Vec::new());
        self.sales.push(Sale { id, guest, customer, total, payments, cancelled: false });
        Touched { sale: Some(order.order.id), customer: Some(customer) }
    }

    /// All that is left, or a part of it, or what cannot be.
    fn some_amount(&mut self, left: i64) -> i64 {
        match self.random.random_range(0..10) {
            0 => left + self.random.random_range(1..10_000),
            1 => -self.random.random_range(0..10_000),
            2..5 => self.random.random_range(1..=left.max(1)),
            _ => left,
        }
    }

    async fn pay(&mut self) -> Touched {
        let open: Vec<usize> = (0..self.sales.len()).filter(|at| self.sales[*at].is_open()).collect();
        let Some(at) = self.pick(open.len()).map(|place| open[place]) else { return Touched::default() };
        let means = Means::ALL[self.random.random_range(0..Means::ALL.len())];
        let left = self.sales[at].left();
        let amount = self.some_amount(left);
        let sale = &mut self.sales[at];
        let account = &mut self.accounts[sale.customer];
        let input = PaymentInput {
            method: means.method().into(),
            metadata: serde_json::json!({ "allocatedAmount": amount }),
        };
        let orders = &self.shop.services.orders;
        let made = match means {
            Means::Cash | Means::Bank => orders.add_payment(&sale.guest, input).await,
            Means::Account | Means::Deposit => orders.pay_on_account(&self.shop.admin, sale.id, input).await,
        };
        let touched = Touched { sale: Some(sale.id), customer: Some(sale.customer) };
        if !(1..=left).contains(&amount) {
            let refused = matches!(made, Err(OrderError::Payment(PaymentError::Amount { outstanding })) if outstanding == left);
            assert!(refused, "{amount} of {left}: {made:?}");
            return touched;
        }
        if let Err(refusal) = account.check(means, amount) {
            assert!(
                matches!(made, Err(OrderError::CreditRefused(why)) if why == refusal),
                "{refusal:?}: {made:?}"
            );
            return touched;
        }
        let order = made.unwrap();
        let all = orders.payments_of(&self.shop.admin, &[sale.id]).await.unwrap();
        let id = all[&sale.id].iter().map(|payment| payment.id).max().unwrap();
        let settled = means != Means::Bank;
        sale.payments.push(Paid { id, means, amount, settled, refunded: 0 });
        match means {
            Means::Cash => self.cash += amount,
            Means::Bank => {}
            Means::Account => {
                *account.owed.entry(sale.id).or_default() += amount;
                assert!(account.unpaid() <= account.limit);
            }
            Means::Deposit => account.loose += amount,
        }
        let state = match (sale.left(), sale.is_refundable()) {
            (0, true) => OrderState::PaymentSettled,
            (0, false) => OrderState::PaymentAuthorized,
            _ => OrderState::ArrangingPayment,
        };
        assert_eq!(order.order.state, state);
        touched
    }

    /// Settles or gives up what is reserved.
    async fn end_reservation(&mut self) -> Touched {
        let reserved = |sale: &Sale| sale.payments.iter().position(|paid| !paid.settled);
        let open: Vec<(usize, usize)> =
            self.sales.iter().enumerate().filter_map(|(at, sale)| Some((at, reserved(sale)?))).collect();
        let Some((at, place)) = self.pick(open.len()).map(|choice| open[choice]) else {
            return Touched::default();
        };
        let (orders, sale) = (&self.shop.services.orders, &mut self.sales[at]);
        let id = sale.payments[place].id;
        if sale.left() > 0 && self.random.random_ratio(1, 3) {
            orders.cancel_payment(&self.shop.admin, id).await.unwrap();
            sale.payments.remove(place);
        } else {
            orders.settle_payment(&self.shop.admin, id).await.unwrap();
            sale.payments[place].settled = true;
            self.bank += sale.payments[place].amount;
        }
        let again = orders.settle_payment(&self.shop.admin, id).await;
        assert!(matches!(again, Err(OrderError::Payment(PaymentError::StateTransition { .. }))), "{again:?}");
        Touched { sale: Some(sale.id), customer: Some(sale.customer) }
    }

    async fn refund(&mut self) -> Touched {
        let Some(at) = self.pick(self.sales.len()) else { return Touched::default() };
        let Some(place) = self.pick(self.sales[at].payments.len()) else { return Touched::default() };
        let left = self.sales[at].payments[place].amount - self.sales[at].payments[place].refunded;
        let amount = self.some_amount(left).max(1);
        let sale = &mut self.sales[at];
        let (is_refundable, paid) = (sale.is_refundable(), &mut sale.payments[place]);
        let input = RefundInput {
            payment: paid.id,
            amount: Some(amount),
            lines: Vec::new(),
            shipping: 0,
            adjustment: 0,
            reason: None,
        };
        let made = self.shop.services.orders.refund(&self.shop.admin, input).await;
        let touched = Touched { sale: Some(sale.id), customer: Some(sale.customer) };
        if !is_refundable {
            assert!(matches!(made, Err(OrderError::RefundState(_))), "{made:?}");
            return touched;
        }
        if amount > left {
            let refused = matches!(made, Err(OrderError::Payment(PaymentError::RefundAmount { maximum })) if maximum == left);
            assert!(refused, "{amount} of {left}: {made:?}");
            return touched;
        }
        let refund = made.unwrap();
        let state = if paid.means == Means::Bank { RefundState::Pending } else { RefundState::Settled };
        assert_eq!((refund.state, refund.total), (state, amount), "{:?}", paid.means);
        paid.refunded += amount;
        let account = &mut self.accounts[sale.customer];
        match paid.means {
            Means::Cash => self.cash -= amount,
            Means::Bank => self.pending.push((refund.id, amount)),
            Means::Account => {
                let owed = account.owed.entry(sale.id).or_default();
                let off = amount.min(*owed);
                *owed -= off;
                account.loose -= amount - off;
            }
            Means::Deposit => account.loose -= amount,
        }
        touched
    }

    /// Writes down that the money of a refund was handed out.
    async fn hand_out(&mut self) -> Touched {
        let Some(at) = self.pick(self.pending.len()) else { return Touched::default() };
        let (id, amount) = self.pending.swap_remove(at);
        let (orders, admin) = (&self.shop.services.orders, &self.shop.admin);
        let settled = orders.settle_refund(admin, id, format!("slip-{id}")).await.unwrap();
        assert_eq!(settled.state, RefundState::Settled);
        let again = orders.settle_refund(admin, id, "slip".to_owned()).await;
        let is_refused = matches!(again, Err(OrderError::Payment(PaymentError::RefundTransition { .. })));
        assert!(is_refused, "it is handed out once: {again:?}");
        self.bank -= amount;
        Touched::default()
    }

    /// Gives an order up. What was paid of it stays until it is given back.
    async fn cancel(&mut self) -> Touched {
        let Some(at) = self.pick(self.sales.len()) else { return Touched::default() };
        let (orders, admin, sale) = (&self.shop.services.orders, &self.shop.admin, &mut self.sales[at]);
        let made = orders.cancel(admin, sale.id, "They changed their mind").await;
        let touched = Touched { sale: Some(sale.id), customer: Some(sale.customer) };
        if sale.cancelled {
            assert!(matches!(made, Err(OrderError::StateTransition { .. })), "{made:?}");
            return touched;
        }
        made.unwrap();
        sale.cancelled = true;
        sale.payments.retain(|paid| paid.settled);
        let input = PaymentInput { method: "account".into(), metadata: serde_json::Value::Null };
        let late = orders.pay_on_account(admin, sale.id, input).await;
        assert!(matches!(late, Err(OrderError::PaymentState)), "{late:?}");
        touched
    }

    /// Spends cash, takes that back once, or tries to spend it on a day whose books are closed.
    async fn spend(&mut self) -> Touched {
        let (ledger, admin) = (&self.shop.services.ledger, &self.shop.admin);
        if let Some(at) = self.random.random_ratio(1, 3).then(|| self.expenses.len().checked_sub(1)).flatten()
        {
            let (id, amount) = self.expenses.swap_remove(at);
            ledger.reverse(admin, id, "Wrong".to_owned()).await.unwrap();
            let again = ledger.reverse(admin, id, "Wrong".to_owned()).await;
            let is_refused = matches!(again, Err(LedgerError::AlreadyReversed(entry)) if entry == id);
            assert!(is_refused, "it is taken back once: {again:?}");
            self.cash += amount;
            return Touched::default();
        }
        let is_late = self.random.random_ratio(1, 4);
        let (amount, paid_from) = (self.random.random_range(1..50_000), self.account_of("CASH_ON_HAND"));
        let new = NewExpense {
            reference: format!("slip-{}", self.made),
            paid_from,
            amount,
            memo: "Tea".to_owned(),
            date: is_late.then(|| jiff::civil::date(2020, 1, 1)),
        };
        match ledger.record_expense(admin, new).await {
            Err(LedgerError::PeriodClosed { .. }) if is_late => {}
            Ok(entry) if !is_late => {
                self.expenses.push((entry.id, amount));
                self.cash -= amount;
            }
            other => panic!("{other:?}"),
        }
        Touched::default()
    }

    /// Takes cash to the bank, and says so twice.
    async fn bring_to_the_bank(&mut self) -> Touched {
        let amount = self.random.random_range(1..50_000);
        let (from, to) = (self.account_of("CASH_ON_HAND"), self.account_of("BANK_MAIN"));
        for _ in 0..2 {
            let (reference, memo) = (format!("bag-{}", self.made), "To the bank".to_owned());
            let new = NewTransfer { reference, from, to, amount, memo, date: None };
            self.shop.services.ledger.transfer(&self.shop.admin, new).await.unwrap();
        }
        self.cash -= amount;
        self.banked += amount;
        Touched::default()
    }

    fn account_of(&self, code: &str) -> LedgerAccountId {
        *self.codes.iter().find(|(_, known)| *known == code).unwrap().0
    }

    async fn step(&mut self) {
        let touched = match self.random.random_range(0..28) {
            0..4 => {
                let customer = self.random.random_range(0..CUSTOMERS);
                self.open_sale(customer).await
            }
            4..9 => self.pay().await,
            9..11 => self.end_reservation().await,
            11..13 => self.refund().await,
            13 => self.hand_out().await,
            14..17 => self.repay().await,
            17 => self.repay_one().await,
            18..20 => self.change_terms().await,
            20 => self.correct().await,
            21 => self.spend().await,
            22 => self.bring_to_the_bank().await,
            23 => self.cancel().await,
            24..26 => self.stock_up().await,
            26 => self.pay_supplier().await,
            _ => self.correct_supplier().await,
        };
        self.made += 1;
        self.compare(touched).await;
    }

    async fn compare(&self, touched: Touched) {
        let (services, admin) = (&self.shop.services, &self.shop.admin);
        let balances = services.ledger.balances(admin).await.unwrap();
        let nets = balances.iter().map(|balance| (&*self.codes[&balance.account], balance.net().unwrap()));
        let nets: BTreeMap<&str, i64> = nets.collect();
        assert_eq!(nets.values().sum::<i64>(), 0);
        let net = |code: &str| nets.get(code).copied().unwrap_or_default();
        let owed: i64 = self.accounts.iter().map(|account| account.unpaid() - account.ahead()).sum();
        let found =
            ["CASH_ON_HAND", "BANK_MAIN", "CLEARING_GENERIC", "ACCOUNTS_RECEIVABLE", "ACCOUNTS_PAYABLE"];
        let expected = [self.cash, self.banked, self.bank, owed, -self.supplies.owed];
        assert_eq!(found.map(net), expected);
        if let Some(account) = touched.customer.map(|customer| &self.accounts[customer]) {
            let balance = self.shop.on_account(account.id).await.balance;
            assert_eq!((balance.unpaid, balance.ahead), (account.unpaid(), account.ahead()));
        }
        if let Some(sale) = self.sales.iter().find(|sale| Some(sale.id) == touched.sale) {
            let stored = services.orders.payments_of(admin, &[sale.id]).await.unwrap();
            let stored = stored.get(&sale.id).map(Vec::as_slice).unwrap_or_default();
            let covering = stored.iter().filter(|payment| payment.state.covers());
            let covering: Vec<_> = covering
                .map(|payment| (payment.id, payment.amount, payment.state == PaymentState::Settled))
                .collect();
            let expected: Vec<_> =
                sale.payments.iter().map(|paid| (paid.id, paid.amount, paid.settled)).collect();
            assert_eq!(covering, expected);
            let ids: Vec<PaymentId> = sale.payments.iter().map(|paid| paid.id).collect();
            let refunds = services.orders.refunds_of(admin, &ids).await.unwrap();
            for paid in &sale.payments {
                let given: i64 = refunds.get(&paid.id).into_iter().flatten().map(|refund| refund.total).sum();
                assert_eq!(given, paid.refunded);
                assert!(given <= paid.amount);
            }
        }
    }

    /// The books are those of all postings.
    async fn replay(&self) {
        self.shop.books().await;
        self.shop.assert_no_drift().await;
        for account in &self.accounts {
            let unpaid = self.shop.services.orders.unpaid_of_customer(&self.shop.admin, account.id).await;
            let unpaid: BTreeMap<OrderId, i64> =
                unpaid.unwrap().into_iter().map(|unpaid| (unpaid.order.order.id, unpaid.unpaid)).collect();
            let owed = account.owed.iter().filter(|(_, owed)| **owed > 0);
            assert_eq!(unpaid, owed.map(|(order, owed)| (*order, *owed)).collect());
        }
        self.compare_supplier().await;
    }

    /// Sums up what was booked, as the platform does now and then.
    async fn keep_sums(&self) {
        self.shop.store.clock.advance(Duration::from_hours(1));
        self.shop.services.ledger.keep_sums().await.unwrap();
    }
}

/// The seed of the sequence, and the number of operations.
fn plan() -> (u64, u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seed = number("SOKO_SEED").unwrap_or(20_260_701);
    println!("SOKO_SEED={seed}");
    let usual = OPERATIONS[usize::from(std::env::var_os("SOKO_SOAK").is_some())];
    (seed, number("SOKO_ROUNDS").unwrap_or(usual))
}

#[tokio::test]
async fn everybody_owes_and_has_what_the_model_says() {
    let (seed, operations) = plan();
    let mut model = Box::pin(Model::open(StdRng::seed_from_u64(seed))).await;
    for made in 1..=operations {
        Box::pin(model.step()).await;
        if made % REPLAYED_EVERY == 0 {
            model.replay().await;
            model.keep_sums().await;
        }
    }
    model.replay().await;
}

#[tokio::test]
async fn after_each_operation_the_books_are_those_of_all_postings() {
    let (seed, operations) = plan();
    for shop in 0..operations.div_ceil(OPERATIONS_PER_SHOP) {
        let mut model = Box::pin(Model::open(StdRng::seed_from_u64(seed.wrapping_add(shop)))).await;
        let left = operations - shop * OPERATIONS_PER_SHOP;
        for made in 1..=left.min(OPERATIONS_PER_SHOP) {
            Box::pin(model.step()).await;
            model.replay().await;
            if made % (OPERATIONS_PER_SHOP / 10) == 0 {
                model.keep_sums().await;
            }
        }
    }
}
