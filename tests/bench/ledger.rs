//! What is booked in a second, and checkouts on customers' accounts, beside a bare loop over SQLite.
//!
//! **Entries** are cash sales with their tax: one entry of two postings, with the sums that are kept of them. **Credit
//! checkouts** go from the empty cart to an order that its customer owes, through the services; each customer's limit is
//! decided under the lock of their account.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use soko_domain::ledger::chart::CASH_ON_HAND;
use soko_domain::ledger::templates::{TaxedAmount, cash_sale};
use soko_domain::ledger::{Ledger, LedgerError, Party};
use soko_domain::orders::{OrderState, PaymentInput};
use soko_domain::payments::{MethodText, NewPaymentMethod};
use soko_infra::Tx;
use soko_kernel::operation::ConfigurableOperation;
use soko_kernel::{Clock, CustomerId, Language, OrderId, PaymentId};

use crate::commits;
use crate::load::{as_float, keep_busy};
use crate::platform::{Demo, Guest};

/// The shop with stock for every checkout.
const SHOP: &str = "default";
/// Callers at the same time.
const CALLERS: [usize; 3] = [1, 8, 64];
/// Postings of an entry.
const POSTINGS: f64 = 2.0;
/// Customers who take turns.
const CUSTOMERS: usize = 100;
/// What each may owe: more than they buy in any run.
const LIMIT: i64 = 1 << 50;
const SALE: TaxedAmount = TaxedAmount { gross: 116_000, tax: 16_000 };
/// Ids of payments that the demo does not have, which make each entry one of its own.
const FIRST_PAYMENT: i64 = 1 << 40;
const METHOD: &str = "on-account";

/// Measures both, each load for so long.
pub fn run(lasts: Duration) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let bare = commits::bare(lasts).await;
        println!("   bare loop of 5 rows, one commit each: {bare:>7.0} per second");
        let demo = Demo::open().await;
        book(&demo, bare, lasts).await;
        check_out(&demo, bare, lasts).await;
        demo.platform.close().await;
    });
}

async fn book(demo: &Demo, bare: f64, lasts: Duration) {
    let (actor, database) = (demo.operator(SHOP), &demo.platform.database);
    let (scope, now) = (actor.public_scope(), Clock::system().now());
    let today = Ledger::occasion(actor, now).expect("a day");
    let next = AtomicI64::new(FIRST_PAYMENT);
    for callers in CALLERS {
        let booked = keep_busy(callers, lasts, async || {
            let id = next.fetch_add(1, Ordering::Relaxed);
            let entry =
                cash_sale(today, PaymentId(id), OrderId(id), CASH_ON_HAND.into(), SALE).expect("an entry");
            let posted = database.write_concurrently(scope, async move |tx: &mut Tx| {
                Ledger::post_in_tx(tx, scope, &entry, None, now).await
            });
            let posted: Result<_, LedgerError> = posted.await;
            assert!(posted.expect("an entry").is_some(), "it was booked before");
        });
        let booked = booked.await;
        let postings = booked.per_second() * POSTINGS;
        let ratio = booked.per_second() / bare;
        println!(
            "   {callers:>2} callers: {postings:>7.0} postings per second; {ratio:.2} entries to a bare commit; {booked}"
        );
    }
}

async fn check_out(demo: &Demo, bare: f64, lasts: Duration) {
    let (services, actor) = (&demo.platform.services, demo.operator(SHOP));
    let method = NewPaymentMethod {
        code: METHOD.to_owned(),
        enabled: true,
        handler: ConfigurableOperation::new("customer-credit", []),
        checker: None,
        texts: vec![MethodText {
            language: Language::EN,
            name: "On account".to_owned(),
            description: String::new(),
        }],
    };
    services.payments.create_method(actor, method).await.expect("a method");
    let variants = demo.variants(SHOP, 1).await;
    let mut customers: Vec<CustomerId> = Vec::with_capacity(CUSTOMERS);
    for customer in 0..CUSTOMERS {
        let order = Guest::new(services, SHOP).arrange(&variants, &email(customer)).await.order;
        let id = order.customer_id.expect("a customer");
        let terms = (Some(LIMIT), None);
        services.credit.approve(actor, Party::Customer(id), true, terms).await.expect("a limit");
        customers.push(id);
    }
    let next = AtomicUsize::new(0);
    for callers in CALLERS {
        let sold = keep_busy(callers, lasts, async || {
            let customer = next.fetch_add(1, Ordering::Relaxed) % CUSTOMERS;
            let order = Guest::new(services, SHOP).arrange(&variants, &email(customer)).await.order;
            let payment = PaymentInput { method: METHOD.to_owned(), metadata: serde_json::Value::Null };
            let sold = services.orders.pay_on_account(actor, order.id, payment).await.expect("a payment");
            assert_eq!(sold.order.state, OrderState::PaymentSettled);
        });
        let sold = sold.await;
        let ratio = sold.per_second() / bare;
        println!("   {callers:>2} callers: credit checkouts: {sold}; {ratio:.2} to a bare commit");
    }
    let mut owed = 0;
    for customer in customers {
        let summary = services.credit.summary(actor, Party::Customer(customer)).await.expect("an account");
        assert!(summary.balance.unpaid <= LIMIT);
        owed += summary.balance.unpaid;
    }
    let sold = as_float(next.into_inner());
    println!("   {sold} orders are owed, {owed} minor units in all");
}

fn email(customer: usize) -> String {
    format!("customer{customer}@example.com")
}
