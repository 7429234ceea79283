//! Orders on account: never above the limit, booked as owed, paid off, and given back to the account.

use std::collections::BTreeMap;

use jiff::civil::Date;
use soko_kernel::{CustomerId, LedgerAccountId, ListQuery, OrderId};

use super::*;
use crate::credit::{CreditError, CreditRefusal, CreditSummary, Excess, Repayment, RepaymentInput, Tender};
use crate::ledger::{DRIFTED_PARTY_BALANCES, Party, Period};
use crate::payments::PaymentError;

/// KES 116.00 and delivery for KES 50.00.
pub(super) const ORDER: i64 = 16_600;

impl Shop {
    /// With ways to pay on account, and a customer.
    pub(super) async fn with_accounts(stock: i64) -> (Self, CustomerId) {
        // Boxed, so that the futures of the tests stay small.
        let opening = Box::pin(async move {
            let shop = Self::open(stock).await;
            for (code, handler) in [("account", "customer-credit"), ("deposit", "store-credit")] {
                shop.services
                    .payments
                    .create_method(&shop.admin, payment_method(code, handler))
                    .await
                    .unwrap();
            }
            let guest = shop.filled(1).await;
            let order = shop.services.orders.find_active(&guest).await.unwrap().unwrap();
            let customer = order.order.customer_id.unwrap();
            let channel = shop.services.channels.resolve(Some("test")).await.unwrap();
            (Self { admin: Actor::system(channel), ..shop }, customer)
        });
        opening.await
    }

    pub(super) async fn approve(&self, customer: CustomerId, limit: i64) {
        let terms = (Some(limit), Some(14));
        self.services.credit.approve(&self.admin, Party::Customer(customer), true, terms).await.unwrap();
    }

    /// An order of one unit whose payment is being arranged.
    pub(super) async fn to_pay(&self) -> OrderId {
        let guest = self.filled(1).await;
        self.services.orders.transition_active(&guest, "ArrangingPayment").await.unwrap().order.id
    }

    pub(super) async fn sell_by(&self, order: OrderId, method: &str) -> Result<OrderView, OrderError> {
        self.services.orders.pay_on_account(&self.admin, order, pay(method)).await
    }

    pub(super) async fn on_account(&self, customer: CustomerId) -> CreditSummary {
        self.services.credit.summary(&self.admin, Party::Customer(customer)).await.unwrap()
    }

    /// What is owed, and what was paid ahead.
    async fn balance(&self, customer: CustomerId) -> (i64, i64) {
        let balance = self.on_account(customer).await.balance;
        (balance.unpaid, balance.ahead)
    }

    pub(super) async fn cash_account(&self, code: &str) -> LedgerAccountId {
        let accounts = self.services.ledger.list_accounts(&self.admin, &ListQuery::default()).await.unwrap();
        accounts.items.iter().find(|account| account.code == code).unwrap().id
    }

    pub(super) async fn repay(
        &self,
        customer: CustomerId,
        amount: i64,
        orders: Option<Vec<OrderId>>,
        excess: Excess,
    ) -> Result<Repayment, CreditError> {
        let tender = Tender::Cash(self.cash_account("CASH_ON_HAND").await);
        let input = RepaymentInput { customer, amount, tender, orders, excess };
        self.services.credit.repay(&self.admin, input).await
    }

    pub(super) async fn assert_no_drift(&self) {
        let read = async |reader: &mut soko_infra::Reader| {
            reader.fetch_all::<(String,)>(DRIFTED_PARTY_BALANCES, ()).await
        };
        let drifted = self.store.database.read(self.store.scope(), read).await.unwrap();
        assert!(drifted.is_empty(), "{drifted:?}");
    }

    pub(super) async fn events(&self, name: &str) -> Vec<serde_json::Value> {
        let name = name.to_owned();
        let read = async |reader: &mut soko_infra::Reader| {
            let sql = "SELECT payload FROM outbox WHERE channel_id = $1 AND name = $2 ORDER BY id";
            let values = (self.store.scope().channel_id(), name.as_str());
            reader.fetch_all::<(String,)>(sql, values).await
        };
        let payloads = self.store.database.read(self.store.scope(), read).await.unwrap();
        payloads.iter().map(|(payload,)| serde_json::from_str(payload).unwrap()).collect()
    }
}

fn refused<T>(outcome: Result<T, OrderError>) -> Option<CreditRefusal> {
    match outcome.err()? {
        OrderError::CreditRefused(refusal) => Some(refusal),
        _ => None,
    }
}

#[tokio::test]
async fn an_order_on_account_is_owed_with_its_tax() {
    let (shop, customer) = Shop::with_accounts(10).await;
    shop.approve(customer, 2 * ORDER).await;
    let placed = shop.sell_by(shop.to_pay().await, "account").await.unwrap();
    assert_eq!(placed.order.state, OrderState::PaymentSettled);
    let total = placed.total();
    let expected: BTreeMap<String, i64> = [
        ("ACCOUNTS_RECEIVABLE", total.gross),
        ("SALES", -total.net),
        ("TAX_PAYABLE", total.net - total.gross),
    ]
    .map(|(code, amount)| (code.to_owned(), amount))
    .into();
    assert_eq!(shop.books().await, expected);
    let summary = shop.on_account(customer).await;
    assert_eq!((summary.balance.unpaid, summary.available()), (ORDER, ORDER));
    let unpaid = shop.services.orders.unpaid_of_customer(&shop.admin, customer).await.unwrap();
    assert_eq!(unpaid.len(), 1);
    assert_eq!((unpaid[0].order.order.id, unpaid[0].unpaid), (placed.order.id, ORDER));
    assert_eq!(unpaid[0].due, Date::constant(2026, 1, 15));
    let approved = shop.events("customer.credit_approved").await;
    assert_eq!((approved.len(), &approved[0]["limit"]), (1, &serde_json::json!(2 * ORDER)));
    let changed = shop.events("customer.balance_changed").await;
    assert_eq!((changed.len(), &changed[0]["outstanding"]), (1, &serde_json::json!(ORDER)));
    shop.assert_no_drift().await;
}

#[tokio::test]
async fn nothing_goes_out_without_credit_and_the_attempt_is_on_record() {
    let (shop, customer) = Shop::with_accounts(10).await;
    let (order, party) = (shop.to_pay().await, Party::Customer(customer));
    let credit = &shop.services.credit;
    assert_eq!(refused(shop.sell_by(order, "account").await), Some(CreditRefusal::NotApproved));
    shop.approve(customer, ORDER - 1).await;
    let above = CreditRefusal::LimitExceeded { available: ORDER - 1 };
    assert_eq!(refused(shop.sell_by(order, "account").await), Some(above));
    assert_eq!(refused(shop.sell_by(order, "account").await), Some(above));
    assert_eq!(shop.events("credit.sale_refused").await.len(), 1, "the second is not told of");
    shop.store.clock.advance(std::time::Duration::from_mins(61));
    credit.set_terms(&shop.admin, party, (Some(ORDER), None)).await.unwrap();
    credit.set_frozen(&shop.admin, party, true).await.unwrap();
    assert_eq!(refused(shop.sell_by(order, "account").await), Some(CreditRefusal::Frozen));
    let told = shop.events("credit.sale_refused").await;
    assert_eq!((told.len(), &told[1]["amount"]), (2, &serde_json::json!(ORDER)));
    let payments = shop.services.orders.payments_of(&shop.admin, &[order]).await.unwrap();
    assert!(payments[&order].iter().all(|payment| payment.state == PaymentState::Declined));
    assert_eq!(payments[&order].len(), 4);
    assert_eq!(shop.books().await, BTreeMap::new());
    assert_eq!(
        shop.sell_by(order, "cash").await.unwrap_err().to_string(),
        "this payment method is not available for this order"
    );
    credit.set_frozen(&shop.admin, party, false).await.unwrap();
    let placed = shop.sell_by(order, "account").await.unwrap();
    assert_eq!(placed.order.state, OrderState::PaymentSettled);
    assert!(matches!(shop.sell_by(order, "account").await, Err(OrderError::PaymentState)));
    assert_eq!(shop.on_account(customer).await.available(), 0);
}

#[tokio::test]
async fn only_the_customer_who_is_logged_in_buys_on_their_account() {
    let (shop, customer) = Shop::with_accounts(10).await;
    shop.approve(customer, 2 * ORDER).await;
    // Whoever knows the customer's e-mail address can make a cart theirs.
    let guest = shop.filled(1).await;
    let orders = &shop.services.orders;
    orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
    for method in ["account", "deposit"] {
        let stranger = orders.add_payment(&guest, pay(method)).await;
        assert_eq!(refused(stranger), Some(CreditRefusal::NotTheCustomer));
    }
    assert_eq!(shop.balance(customer).await, (0, 0));
}

#[tokio::test]
async fn a_part_on_account_and_the_rest_in_cash() {
    let (shop, customer) = Shop::with_accounts(10).await;
    shop.approve(customer, 10_000).await;
    let order = shop.to_pay().await;
    let part = PaymentInput { metadata: serde_json::json!({ "allocatedAmount": 10_000 }), ..pay("account") };
    let begun = shop.services.orders.pay_on_account(&shop.admin, order, part).await.unwrap();
    assert_eq!(begun.order.state, OrderState::ArrangingPayment);
    let rest = ManualPayment { method: "cash".into(), transaction_id: None, metadata: serde_json::json!({}) };
    let placed = shop.services.orders.add_manual_payment(&shop.admin, order, rest).await.unwrap();
    assert_eq!(placed.order.state, OrderState::PaymentSettled);
    let books = shop.books().await;
    assert_eq!((books["ACCOUNTS_RECEIVABLE"], books["CLEARING_GENERIC"]), (10_000, 6_600));
    assert_eq!(books["SALES"] + books["TAX_PAYABLE"], -ORDER);
}

#[tokio::test]
async fn money_pays_the_oldest_order_first_or_those_that_are_named() {
    let (shop, customer) = Shop::with_accounts(10).await;
    shop.approve(customer, 5 * ORDER).await;
    let mut sold = Vec::new();
    for _ in 0..3 {
        sold.push(shop.sell_by(shop.to_pay().await, "account").await.unwrap().order.id);
    }
    let party = Party::Customer(customer);
    shop.services.credit.set_frozen(&shop.admin, party, true).await.unwrap();
    let oldest = shop.repay(customer, ORDER + 600, None, Excess::Return).await.unwrap();
    assert_eq!(oldest.paid, [(Some(sold[0]), ORDER, 0), (Some(sold[1]), 600, ORDER - 600)]);
    assert_eq!((oldest.allocated, oldest.kept, oldest.returned), (ORDER + 600, 0, 0));
    let named = shop.repay(customer, 2 * ORDER, Some(vec![sold[2]]), Excess::Return).await.unwrap();
    assert_eq!((named.paid, named.returned), (vec![(Some(sold[2]), ORDER, 0)], ORDER));
    for settled in [sold[0], OrderId(999)] {
        let refused = shop.repay(customer, 1, Some(vec![settled]), Excess::Return).await;
        assert!(
            matches!(refused, Err(CreditError::NothingOwedFor(order)) if order == settled),
            "{refused:?}"
        );
    }
    let kept = shop.repay(customer, ORDER, None, Excess::Keep).await.unwrap();
    assert_eq!((kept.allocated, kept.kept, kept.returned), (ORDER - 600, 600, 0));
    assert_eq!(shop.balance(customer).await, (0, 600));
    assert_eq!(kept.summary.account.last_payment_amount, Some(ORDER));
    let nothing = shop.repay(customer, 5, None, Excess::Return).await;
    assert!(matches!(nothing, Err(CreditError::NothingOwed)), "{nothing:?}");
    for amount in [0, -1] {
        let nothing = shop.repay(customer, amount, None, Excess::Keep).await;
        assert!(matches!(nothing, Err(CreditError::InvalidAmount(_))), "{nothing:?}");
    }
    assert_eq!(shop.books().await["CASH_ON_HAND"], 3 * ORDER + 600);
    shop.assert_no_drift().await;
}

#[tokio::test]
async fn a_single_order_is_paid_and_not_more_than_it_costs() {
    let (shop, customer) = Shop::with_accounts(10).await;
    shop.approve(customer, 5 * ORDER).await;
    let first = shop.sell_by(shop.to_pay().await, "account").await.unwrap().order.id;
    let second = shop.sell_by(shop.to_pay().await, "account").await.unwrap().order.id;
    let (orders, till) = (&shop.services.orders, Tender::Cash(shop.cash_account("BANK_MAIN").await));
    let pay = |order, amount| orders.pay_single_order(&shop.admin, order, amount, till);
    let paid = pay(second, 600).await.unwrap();
    assert_eq!(paid.paid, [(Some(second), 600, ORDER - 600)]);
    let above = pay(second, ORDER).await;
    let more =
        matches!(above, Err(OrderError::Credit(CreditError::MoreThanOwed { owed })) if owed == ORDER - 600);
    assert!(more, "{above:?}");
    pay(second, ORDER - 600).await.unwrap();
    let settled = pay(second, 1).await;
    assert!(matches!(settled, Err(OrderError::Credit(CreditError::NothingOwedFor(_)))), "{settled:?}");
    assert!(matches!(pay(OrderId(999), 1).await, Err(OrderError::NotFound(_))));
    let by_cash = shop.paid(1, "cash").await.order.id;
    let never = pay(by_cash, 1).await;
    assert!(matches!(never, Err(OrderError::Credit(CreditError::NothingOwedFor(_)))), "{never:?}");
    let unpaid = orders.unpaid_of_customer(&shop.admin, customer).await.unwrap();
    assert_eq!(unpaid.iter().map(|one| one.order.order.id).collect::<Vec<_>>(), [first]);
    let sales = Tender::Cash(shop.cash_account("SALES").await);
    let elsewhere = orders.pay_single_order(&shop.admin, first, 1, sales).await;
    assert!(matches!(elsewhere, Err(OrderError::Credit(CreditError::Ledger(_)))), "{elsewhere:?}");
}

#[tokio::test]
async fn a_deposit_pays_what_it_holds_and_no_more() {
    let (shop, customer) = Shop::with_accounts(10).await;
    let order = shop.to_pay().await;
    let empty = refused(shop.sell_by(order, "deposit").await);
    assert_eq!(empty, Some(CreditRefusal::DepositExceeded { available: 0 }));
    shop.repay(customer, ORDER + 100, None, Excess::Keep).await.unwrap();
    assert_eq!(shop.balance(customer).await, (0, ORDER + 100));
    let placed = shop.sell_by(order, "deposit").await.unwrap();
    assert_eq!(placed.order.state, OrderState::PaymentSettled);
    assert_eq!(shop.balance(customer).await, (0, 100));
    let books = shop.books().await;
    assert_eq!((books["CLEARING_CREDIT"], books["CASH_ON_HAND"]), (0, ORDER + 100));
    assert_eq!(books["SALES"] + books["TAX_PAYABLE"], -ORDER);
    // What was bought on credit can be paid out of the deposit.
    shop.approve(customer, ORDER).await;
    shop.sell_by(shop.to_pay().await, "account").await.unwrap();
    let repay = |amount| {
        let (tender, excess) = (Tender::Deposit, Excess::Keep);
        RepaymentInput { customer, amount, tender, orders: None, excess }
    };
    let above = shop.services.credit.repay(&shop.admin, repay(101)).await;
    let refusal = CreditRefusal::DepositExceeded { available: 100 };
    assert!(matches!(above, Err(CreditError::Refused(why)) if why == refusal), "{above:?}");
    shop.services.credit.repay(&shop.admin, repay(100)).await.unwrap();
    assert_eq!(shop.balance(customer).await, (ORDER - 100, 0));
    assert_eq!(shop.books().await["CLEARING_CREDIT"], 0);
    shop.assert_no_drift().await;
}

#[tokio::test]
async fn what_is_given_back_makes_the_customer_owe_less_and_then_is_theirs() {
    let (shop, customer) = Shop::with_accounts(10).await;
    shop.approve(customer, 2 * ORDER).await;
    let placed = shop.sell_by(shop.to_pay().await, "account").await.unwrap();
    let payment = shop.payment_of(&placed).await;
    let refund = |amount| RefundInput {
        payment,
        amount: Some(amount),
        lines: Vec::new(),
        shipping: 0,
        adjustment: 0,
        reason: None,
    };
    let orders = &shop.services.orders;
    orders.refund(&shop.admin, refund(600)).await.unwrap();
    assert_eq!(shop.balance(customer).await, (ORDER - 600, 0));
    shop.repay(customer, 10_000, None, Excess::Return).await.unwrap();
    // The order is somebody else's now; the debt is not.
    let other = GuestCustomer {
        title: None,
        first_name: "Baraka".into(),
        last_name: "Mwangi".into(),
        phone_number: None,
        email_address: "baraka@mail.example".into(),
    };
    let new = crate::customers::NewCustomer { facts: other, password: None };
    let other = shop.services.customers.create(&shop.admin, new).await.unwrap().id;
    orders.set_order_customer(&shop.admin, placed.order.id, other, None).await.unwrap();
    orders.refund(&shop.admin, refund(ORDER - 600)).await.unwrap();
    assert_eq!(shop.balance(customer).await, (0, 10_000));
    assert_eq!(shop.balance(other).await, (0, 0));
    let above = orders.refund(&shop.admin, refund(1)).await;
    assert!(matches!(above, Err(OrderError::Payment(PaymentError::RefundAmount { maximum: 0 }))));
    let books = shop.books().await;
    assert_eq!((books["SALES"] + books["SALES_RETURNS"], books["TAX_PAYABLE"]), (0, 0));
    assert_eq!(books["CLEARING_CREDIT"], 0);
    shop.assert_no_drift().await;
}

#[tokio::test]
async fn a_balance_is_corrected_with_a_reason_and_booked() {
    let (shop, customer) = Shop::with_accounts(10).await;
    shop.approve(customer, 2 * ORDER).await;
    let first = shop.sell_by(shop.to_pay().await, "account").await.unwrap().order.id;
    let (credit, party) = (&shop.services.credit, Party::Customer(customer));
    for reason in ["", "  "] {
        let refused = credit.override_balance(&shop.admin, party, -1, reason.into()).await;
        assert!(matches!(refused, Err(CreditError::InvalidReason)), "{refused:?}");
    }
    for change in [0, i64::MIN] {
        let refused = credit.override_balance(&shop.admin, party, change, "Goodwill".into()).await;
        assert!(matches!(refused, Err(CreditError::InvalidAmount(_))), "{refused:?}");
    }
    credit.override_balance(&shop.admin, party, -600, "Torn bag".into()).await.unwrap();
    let unpaid = shop.services.orders.unpaid_of_customer(&shop.admin, customer).await.unwrap();
    assert_eq!((unpaid[0].order.order.id, unpaid[0].unpaid), (first, ORDER - 600));
    credit.override_balance(&shop.admin, party, 1_000, "From the old book".into()).await.unwrap();
    assert_eq!(shop.balance(customer).await, (ORDER + 400, 0));
    let summary = credit.override_balance(&shop.admin, party, -(ORDER + 500), "Forgiven".into()).await;
    assert_eq!(summary.unwrap().balance.ahead, 100);
    assert_eq!(shop.books().await["BALANCE_ADJUSTMENT"], ORDER + 100);
    let period = Period { from: Date::constant(2026, 1, 1), to: Date::constant(2026, 1, 1) };
    let stated = credit.statement(&shop.admin, party, period, &ListQuery::default()).await.unwrap();
    assert_eq!((stated.opening, stated.closing), (0, -100));
    assert_eq!(stated.lines.items.last().unwrap().balance, -100);
    assert!(stated.lines.items.iter().any(|line| line.memo == "Torn bag" && line.amount == -600));
    shop.assert_no_drift().await;
}

#[tokio::test]
async fn accounts_are_for_those_who_may_see_to_them_and_of_one_channel() {
    let (shop, customer) = Shop::with_accounts(10).await;
    shop.approve(customer, ORDER).await;
    let party = Party::Customer(customer);
    let credit = &shop.services.credit;
    let clerk = Actor {
        permissions: [soko_kernel::Permission::ReadCustomer].into_iter().collect(),
        ..shop.admin.clone()
    };
    assert_eq!(credit.summary(&clerk, party).await.unwrap().account.limit, ORDER);
    let forbidden = [
        credit.approve(&clerk, party, true, (None, None)).await.err(),
        credit.set_terms(&clerk, party, (Some(1), None)).await.err(),
        credit.set_frozen(&clerk, party, true).await.err(),
        credit.override_balance(&clerk, party, 1, "Mine".into()).await.err(),
        shop.services
            .orders
            .unpaid_of_customer(&clerk, customer)
            .await
            .err()
            .map(|_| CreditError::Forbidden(soko_kernel::Forbidden::NotAuthenticated)),
    ];
    for refusal in forbidden {
        assert!(matches!(refusal, Some(CreditError::Forbidden(_))), "{refusal:?}");
    }
    let stranger = shop.store.add_channel("other").await;
    for foreign in [
        credit.summary(&stranger, party).await.err(),
        credit.approve(&stranger, party, true, (None, None)).await.err(),
        credit.override_balance(&stranger, party, 1, "Mine".into()).await.err(),
    ] {
        assert!(matches!(foreign, Some(CreditError::Customer(_))), "{foreign:?}");
    }
    let valid = credit.validate(&shop.admin, customer, ORDER).await.unwrap();
    assert_eq!(valid.available(), ORDER);
    let above = credit.validate(&shop.admin, customer, ORDER + 1).await;
    assert!(matches!(above, Err(CreditError::Refused(CreditRefusal::LimitExceeded { .. }))), "{above:?}");
}

/// Rounds of two tills in a run, and in a soak.
const ROUNDS: [u64; 2] = [10, 1_000];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_tills_never_pass_one_limit() {
    let usual = ROUNDS[usize::from(std::env::var_os("SOKO_SOAK").is_some())];
    let rounds = std::env::var("SOKO_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual);
    let (shop, customer) = Shop::with_accounts(i64::try_from(rounds).unwrap() * 2 + 1).await;
    // One order fits, and a part of the other.
    shop.approve(customer, 2 * ORDER - 1).await;
    let shop = Arc::new(shop);
    for _ in 0..rounds {
        let tills = [shop.to_pay().await, shop.to_pay().await].map(|order| {
            let shop = Arc::clone(&shop);
            tokio::spawn(async move { shop.sell_by(order, "account").await })
        });
        let mut sold = 0;
        for till in tills {
            match till.await.unwrap() {
                Ok(order) => sold += i64::from(order.order.state == OrderState::PaymentSettled),
                Err(OrderError::CreditRefused(CreditRefusal::LimitExceeded { available })) => {
                    assert_eq!(available, ORDER - 1);
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!((sold, shop.balance(customer).await), (1, (ORDER, 0)));
        shop.repay(customer, ORDER, None, Excess::Return).await.unwrap();
    }
    shop.assert_no_drift().await;
}
