//! Many customers at once.

use soko_tests::client::only_field;
use soko_tests::platform::{ALPHA, LAST, SUGAR};
use soko_tests::{Shopper, TestServer, with_server};

/// Buyers of the same unit.
const BUYERS: usize = 64;

/// Walks the checkout as far as it goes. Every answer is an order or a typed refusal; says whether it was paid.
pub async fn tries_to_buy(buyer: &Shopper, variant: &str, email: &str) -> bool {
    let added = only_field(&buyer.try_add(variant, 1).await.data());
    if added["__typename"] != "Order" {
        assert_eq!(added["errorCode"], "INSUFFICIENT_STOCK_ERROR", "{added}");
        return false;
    }
    buyer.set_details(email).await;
    buyer.choose_shipping().await;
    let ready = only_field(&buyer.try_transition("ArrangingPayment").await.data());
    if ready["__typename"] != "Order" {
        assert_eq!(ready["errorCode"], "ORDER_STATE_TRANSITION_ERROR", "{ready}");
        return false;
    }
    let paid = only_field(&buyer.try_pay("cash").await.data());
    if paid["__typename"] != "Order" {
        assert!(paid["errorCode"].is_string(), "{paid}");
        return false;
    }
    assert_eq!(paid["state"], "PaymentSettled", "{paid}");
    true
}

#[test]
fn the_last_unit_sells_once_to_64_buyers() {
    with_server(async |server: &TestServer| {
        let last = server.shopper(ALPHA).variant(LAST).await;
        let buyers = (0..BUYERS).map(async |number| {
            let buyer = server.shopper(ALPHA);
            tries_to_buy(&buyer, &last, &format!("buyer{number}@example.com")).await
        });
        let paid = futures_util::future::join_all(buyers).await;
        assert_eq!(paid.iter().filter(|paid| **paid).count(), 1);
    });
}

#[test]
fn changes_of_one_cart_side_by_side_are_all_kept_or_refused() {
    with_server(async |server: &TestServer| {
        let shopper = server.shopper(ALPHA);
        let sugar = shopper.variant(SUGAR).await;
        shopper.add(&sugar, 1).await;
        let changes = (0..8).map(async |_| shopper.try_add(&sugar, 1).await);
        let answers = futures_util::future::join_all(changes).await;
        let kept =
            answers.iter().filter(|answer| answer.body["data"]["addItemToOrder"]["__typename"] == "Order");
        let kept = i64::try_from(kept.count()).expect("a small number");
        for answer in answers.iter().filter(|answer| !answer.body["errors"].is_null()) {
            assert_eq!(answer.code(), "CONFLICT", "{}", answer.body);
        }
        assert!(kept > 0);
        assert_eq!(shopper.active_order().await["totalQuantity"], 1 + kept);
    });
}
