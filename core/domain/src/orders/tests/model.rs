//! Random operations on orders, payments and accounts, beside a model that says what each must come to: whether it is
//! refused, and what everybody then owes and has.
//!
//! After each operation the books, the customer's account and the order's payments are those of the model. Every so many
//! operations the books are also those of all postings again, which takes the longer the more there are.
//! `cargo xtask soak orders::tests::model` makes 100,000 of them.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use soko_kernel::{CustomerId, JournalEntryId, LedgerAccountId, ListQuery, OrderId, PaymentId, RefundId};

use super::*;
use crate::credit::{CreditError, CreditRefusal, Excess, RepaymentInput, Tender};
use crate::ledger::{LedgerError, NewExpense, Party};
use crate::payments::{PaymentError, RefundState};

/// Operations of a run, and of a soak.
const OPERATIONS: [usize; 2] = [250, 100_000];
/// Operations between two looks at all postings.
const REPLAYED_EVERY: usize = 250;
/// Customers who have an account.
const CUSTOMERS: usize = 4;
/// Orders that are thought of; of more, some are let be.
const SALES_MAX: usize = 40;
/// A unit and its delivery, with tax.
const UNIT: i64 = 11_600;
const DELIVERY: i64 = 5_000;

/// How somebody pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    Cash,
    Bank,
    Account,
    Deposit,
}

impl Means {
    const ALL: [Self; 4] = [Self::Cash, Self::Bank, Self::Account, Self::Deposit];

    fn method(self) -> &'static str {
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
struct Paid {
    id: PaymentId,
    means: Means,
    amount: i64,
    settled: bool,
    /// Given back, or about to be.
    refunded: i64,
}

#[derive(Debug)]
struct Sale {
    id: OrderId,
    guest: Actor,
    customer: usize,
    total: i64,
    payments: Vec<Paid>,
}

impl Sale {
    fn left(&self) -> i64 {
        self.total - self.payments.iter().map(|paid| paid.amount).sum::<i64>()
    }

    /// All of it is paid, and the money is here.
    fn is_settled(&self) -> bool {
        self.left() == 0 && self.payments.iter().all(|paid| paid.settled)
    }
}

#[derive(Debug)]
struct Account {
    id: CustomerId,
    approved: bool,
    frozen: bool,
    limit: i64,
    owed: BTreeMap<OrderId, i64>,
    ahead: i64,
}

impl Account {
    fn unpaid(&self) -> i64 {
        self.owed.values().sum()
    }

    fn check(&self, means: Means, amount: i64) -> Result<(), CreditRefusal> {
        let available = (self.limit - self.unpaid()).max(0);
        match means {
            Means::Deposit if amount > self.ahead => {
                Err(CreditRefusal::DepositExceeded { available: self.ahead })
            }
            Means::Account if !self.approved => Err(CreditRefusal::NotApproved),
            Means::Account if self.frozen => Err(CreditRefusal::Frozen),
            Means::Account if amount > available => Err(CreditRefusal::LimitExceeded { available }),
            _ => Ok(()),
        }
    }
}

/// What is to be compared after an operation.
#[derive(Debug, Default)]
struct Touched {
    sale: Option<OrderId>,
    customer: Option<usize>,
}

struct Model {
    shop: Shop,
    random: StdRng,
    accounts: Vec<Account>,
    sales: Vec<Sale>,
    /// Refunds that people are to hand out, of payments that may be forgotten.
    pending: Vec<(RefundId, i64)>,
    expenses: Vec<(JournalEntryId, i64)>,
    cash: i64,
    bank: i64,
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
            cash: 0,
            bank: 0,
            codes,
            made: 0,
        };
        for customer in 0..CUSTOMERS {
            model.open_sale(customer).await;
        }
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
            let owed = BTreeMap::new();
            self.accounts.push(Account { id, approved: false, frozen: false, limit: 0, owed, ahead: 0 });
        }
        if self.sales.len() >= SALES_MAX {
            let forgotten = self.random.random_range(0..self.sales.len());
            self.sales.swap_remove(forgotten);
        }
        self.sales.push(Sale { id: order.order.id, guest, customer, total, payments: Vec::new() });
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
        let open: Vec<usize> = (0..self.sales.len()).filter(|at| self.sales[*at].left() > 0).collect();
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
            Means::Account => *account.owed.entry(sale.id).or_default() += amount,
            Means::Deposit => account.ahead -= amount,
        }
        let state = match (sale.left(), sale.is_settled()) {
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
        let (is_settled, paid) = (sale.is_settled(), &mut sale.payments[place]);
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
        if !is_settled {
            assert!(matches!(made, Err(OrderError::RefundState(_) | OrderError::Payment(_))), "{made:?}");
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
                account.ahead += amount - off;
            }
            Means::Deposit => account.ahead += amount,
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
        assert!(orders.settle_refund(admin, id, "slip".to_owned()).await.is_err(), "it is handed out once");
        self.bank -= amount;
        Touched::default()
    }

    async fn repay(&mut self) -> Touched {
        let customer = self.random.random_range(0..CUSTOMERS);
        let unpaid = self.accounts[customer].unpaid();
        let amount = self.some_amount(unpaid.max(100)).max(1);
        let excess = if self.random.random_ratio(1, 2) { Excess::Keep } else { Excess::Return };
        let owing: Vec<OrderId> = self.accounts[customer].owed.keys().copied().collect();
        let chosen = self.random.random_ratio(1, 3).then(|| self.pick(owing.len())).flatten();
        let orders = chosen.map(|at| vec![owing[at]]);
        let tender = Tender::Cash(self.account_of("CASH_ON_HAND"));
        let account = &mut self.accounts[customer];
        let input = RepaymentInput { customer: account.id, amount, tender, orders: orders.clone(), excess };
        let made = self.shop.services.credit.repay(&self.shop.admin, input).await;
        let touched = Touched { sale: None, customer: Some(customer) };
        if let Some(paid_off) = orders.iter().flatten().find(|order| account.owed[*order] == 0) {
            assert!(
                matches!(made, Err(CreditError::NothingOwedFor(order)) if order == *paid_off),
                "{made:?}"
            );
            return touched;
        }
        let mut left = amount;
        for (order, owed) in &mut account.owed {
            if orders.as_ref().is_none_or(|orders| orders.contains(order)) {
                let part = left.min(*owed);
                *owed -= part;
                left -= part;
            }
        }
        let (allocated, kept) = (amount - left, if excess == Excess::Keep { left } else { 0 });
        if allocated + kept == 0 {
            assert!(matches!(made, Err(CreditError::NothingOwed)), "{made:?}");
            return touched;
        }
        let repayment = made.unwrap();
        assert_eq!((repayment.allocated, repayment.kept, repayment.returned), (allocated, kept, left - kept));
        account.ahead += kept;
        self.cash += allocated + kept;
        touched
    }

    async fn change_terms(&mut self) -> Touched {
        let customer = self.random.random_range(0..CUSTOMERS);
        let (credit, admin) = (&self.shop.services.credit, &self.shop.admin);
        let account = &mut self.accounts[customer];
        let party = Party::Customer(account.id);
        if self.random.random_ratio(1, 3) {
            account.frozen = !account.frozen;
            credit.set_frozen(admin, party, account.frozen).await.unwrap();
        } else {
            account.limit = self.random.random_range(0..200_000);
            account.approved = self.random.random_ratio(4, 5);
            credit.approve(admin, party, account.approved, (Some(account.limit), None)).await.unwrap();
        }
        Touched { sale: None, customer: Some(customer) }
    }

    /// Spends cash, takes that back once, or tries to spend it on a day whose books are closed.
    async fn spend(&mut self) -> Touched {
        let (ledger, admin) = (&self.shop.services.ledger, &self.shop.admin);
        if let Some(at) = self.random.random_ratio(1, 3).then(|| self.expenses.len().checked_sub(1)).flatten()
        {
            let (id, amount) = self.expenses.swap_remove(at);
            ledger.reverse(admin, id, "Wrong".to_owned()).await.unwrap();
            assert!(ledger.reverse(admin, id, "Wrong".to_owned()).await.is_err(), "it is taken back once");
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

    fn account_of(&self, code: &str) -> LedgerAccountId {
        *self.codes.iter().find(|(_, known)| *known == code).unwrap().0
    }

    async fn step(&mut self) {
        let touched = match self.random.random_range(0..20) {
            0..4 => {
                let customer = self.random.random_range(0..CUSTOMERS);
                self.open_sale(customer).await
            }
            4..9 => self.pay().await,
            9..11 => self.end_reservation().await,
            11..13 => self.refund().await,
            13 => self.hand_out().await,
            14..17 => self.repay().await,
            17..19 => self.change_terms().await,
            _ => self.spend().await,
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
        let owed: i64 = self.accounts.iter().map(|account| account.unpaid() - account.ahead).sum();
        let found = (net("CASH_ON_HAND"), net("CLEARING_GENERIC"), net("ACCOUNTS_RECEIVABLE"));
        assert_eq!(found, (self.cash, self.bank, owed));
        if let Some(account) = touched.customer.map(|customer| &self.accounts[customer]) {
            let balance = self.shop.on_account(account.id).await.balance;
            assert_eq!((balance.unpaid, balance.ahead), (account.unpaid(), account.ahead));
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

    /// The books are those of all postings, which are summed up for the next look.
    async fn replay(&self) {
        self.shop.books().await;
        self.shop.assert_no_drift().await;
        self.shop.store.clock.advance(Duration::from_hours(1));
        self.shop.services.ledger.keep_sums().await.unwrap();
    }
}

#[tokio::test]
async fn everybody_owes_and_has_what_the_model_says() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seed = number("SOKO_SEED").unwrap_or(20_260_701);
    println!("SOKO_SEED={seed}");
    let operations = OPERATIONS[usize::from(std::env::var_os("SOKO_SOAK").is_some())];
    let mut model = Box::pin(Model::open(StdRng::seed_from_u64(seed))).await;
    for made in 1..=operations {
        Box::pin(model.step()).await;
        if made % REPLAYED_EVERY == 0 {
            model.replay().await;
        }
    }
    model.replay().await;
}
