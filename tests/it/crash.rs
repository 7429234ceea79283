//! The program is killed in the middle of checkouts. What it acknowledged is there when it comes back, and nothing is
//! half done.
//!
//! `cargo xtask soak` makes many rounds of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use soko_tests::platform::{PASSWORD, TEA, prepare};

use soko_tests::process::Process;
use soko_tests::{Client, Shopper, TestHome, soak};

const DEFAULT_ROUNDS: u64 = 2;
/// Customers who check out at the same time.
const CUSTOMERS: usize = 8;
/// Milliseconds that a round runs before the program is killed.
const ROUND_MS: std::ops::Range<u64> = 400..1_500;
/// Orders that one question asks for.
const PAGE: usize = 100;

/// Checks out again and again, until the program is gone. Notes the code of every order that was acknowledged.
async fn shop_until_it_dies(
    http: reqwest::Client,
    url: String,
    codes: Arc<Mutex<Vec<String>>>,
    killed: Arc<AtomicBool>,
) {
    let client = || Client::new(http.clone(), format!("{url}/shop-api"), None);
    let variant = Shopper::new(client()).variant(TEA).await;
    for number in 0.. {
        let shopper = Shopper::new(client());
        let Ok(order) = tokio::spawn(async_checkout(shopper, variant.clone(), number)).await else {
            assert!(killed.load(Ordering::SeqCst), "a checkout failed before the program was killed");
            return;
        };
        codes.lock().expect("the list of codes").push(order["code"].as_str().expect("a code").to_owned());
    }
}

async fn async_checkout(shopper: Shopper, variant: String, number: u64) -> Value {
    shopper.check_out(&variant, 1, &format!("customer{number}@example.com")).await
}

async fn round(process: Process, random: &mut StdRng) -> Vec<String> {
    let codes = Arc::new(Mutex::new(Vec::new()));
    let killed = Arc::new(AtomicBool::new(false));
    let http = reqwest::Client::new();
    let customers: Vec<_> = (0..CUSTOMERS)
        .map(|_| {
            let shopping =
                shop_until_it_dies(http.clone(), process.url.clone(), codes.clone(), killed.clone());
            tokio::spawn(shopping)
        })
        .collect();
    while codes.lock().expect("the list of codes").is_empty()
        && customers.iter().any(|one| !one.is_finished())
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(random.random_range(ROUND_MS))).await;
    killed.store(true, Ordering::SeqCst);
    process.kill();
    for customer in customers {
        customer.await.expect("customers notice that the program is gone");
    }
    Arc::try_unwrap(codes).expect("nobody shops any more").into_inner().expect("the list of codes")
}

async fn operator(url: &str) -> Client {
    let admin = Client::new(reqwest::Client::new(), format!("{url}/admin-api"), None);
    let log_in = "mutation ($password: String!) { login(username: \"superadmin\", password: $password) { __typename } }";
    admin.expect("CurrentUser", log_in, json!({ "password": PASSWORD })).await;
    admin
}

/// Every acknowledged order is paid in full, and the units that are spoken for are those of paid orders.
async fn check(url: &str, codes: &[String]) {
    let admin = operator(url).await;
    let query = "query ($options: OrderListOptions) { orders(options: $options) { totalItems items {
        code state totalWithTax totalQuantity payments { state amount } } } }";
    for page in codes.chunks(PAGE) {
        let options = json!({ "filter": { "code": { "in": page } }, "take": PAGE });
        let found = admin.query(query, json!({ "options": options })).await;
        assert_eq!(found["orders"]["totalItems"], page.len(), "an acknowledged order is lost");
        for order in found["orders"]["items"].as_array().expect("orders") {
            assert_eq!(order["state"], "PaymentSettled", "{order}");
            assert_eq!(
                order["payments"],
                json!([{ "state": "Settled", "amount": order["totalWithTax"] }]),
                "{order}"
            );
        }
    }
    let options = json!({ "filter": { "state": { "eq": "PaymentSettled" } }, "take": 1 });
    let paid = admin.query(query, json!({ "options": options })).await["orders"]["totalItems"].clone();
    assert!(paid.as_u64() >= Some(codes.len() as u64));
    let levels = "query ($sku: String!) { productVariants(options: { filter: { sku: { eq: $sku } } }) {
        items { stockLevels { stockAllocated } } } }";
    let levels = admin.query(levels, json!({ "sku": TEA })).await;
    let allocated = &levels["productVariants"]["items"][0]["stockLevels"][0]["stockAllocated"];
    assert_eq!(*allocated, paid, "one unit for every paid order, and none for those that were not");
}

#[test]
fn survives_being_killed_during_checkouts() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let data = TestHome::create().await;
        prepare(&data.settings()).await.expect("a shop to serve");
        let mut random = soak::random();
        let mut acknowledged = Vec::new();
        for number in 0..soak::rounds(DEFAULT_ROUNDS) {
            let process = Process::serve(data.path());
            check(&process.url, &acknowledged).await;
            let codes = round(process, &mut random).await;
            assert!(!codes.is_empty(), "round {number} acknowledged nothing");
            acknowledged.extend(codes);
        }
        check(&Process::serve(data.path()).url, &acknowledged).await;
    });
}
