//! What the example plugins make of a cart, and that it can be proven afterwards.

use std::time::Duration;

use serde_json::{Value, json};
use soko_domain::customers::{GuestCustomer, NewCustomer};
use soko_tests::platform::{ALPHA, BETA, PASSWORD, SUGAR, TEA};
use soko_tests::plugins::{bind, cents_off, example, unbind, update, upload};
use soko_tests::server::with_settings;
use soko_tests::{TestServer, with_server};

fn wholesale() -> Value {
    json!({
        "breaks": [{ "skus": [SUGAR], "tiers": [{ "minQuantity": 6, "offEach": 500 }, { "minQuantity": 24, "unitPrice": 33_000 }] }],
        "trade": { "groups": ["trade"], "unitPrices": { "SUGAR-2KG": 33_500 } }
    })
}

/// Wednesdays from five to seven in the evening: five hours after the tests' clock begins.
fn happy_hour() -> Value {
    json!({
        "windows": [{ "days": ["wednesday"], "start": "17:00", "end": "19:00" }],
        "offBasisPoints": 1_500,
        "floor": { "unitPrices": { "SUGAR-2KG": 32_000 }, "listBasisPoints": 5_000 }
    })
}

async fn bind_examples(server: &TestServer) -> [Value; 2] {
    let (alpha, beta) = (server.administrator(ALPHA).await, server.administrator(BETA).await);
    let tiers = upload(&alpha, example("wholesale-tiers")).await;
    let hour = upload(&beta, example("happy-hour")).await;
    [bind(&alpha, &tiers, wholesale()).await, bind(&beta, &hour, happy_hour()).await]
}

#[test]
fn the_same_cart_costs_differently_in_each_shop_and_shows_why() {
    with_server(async |server| {
        bind_examples(server).await;
        server.clock.advance(Duration::from_hours(5));
        let mut totals = Vec::new();
        for (shop, plugin) in [(ALPHA, "wholesale-tiers"), (BETA, "happy-hour")] {
            let guest = server.shopper(shop);
            let sugar = guest.variant(SUGAR).await;
            let order = guest.add(&sugar, 6).await;
            let line = &order["lines"][0];
            assert_eq!(line["linePriceWithTax"], 6 * 36_000, "the list price comes first");
            let discount = &line["discounts"][0];
            assert!(
                discount["adjustmentSource"].as_str().is_some_and(|source| source.contains(plugin)),
                "{discount}"
            );
            assert!(discount["description"].as_str().is_some_and(|reason| !reason.is_empty()));
            let off = discount["amountWithTax"].as_i64().expect("an amount");
            assert_eq!(line["discountedLinePriceWithTax"], 6 * 36_000 + off);
            assert_eq!(order["totalWithTax"], 6 * 36_000 + off);
            totals.push(order["totalWithTax"].clone());
        }
        assert_eq!(
            totals,
            [json!(6 * 35_500), json!(6 * 32_000)],
            "five shillings off each; never below the floor"
        );
    });
}

#[test]
fn happy_hour_begins_and_ends() {
    with_server(async |server| {
        bind_examples(server).await;
        let guest = server.shopper(BETA);
        let tea = guest.variant(TEA).await;
        let price = async || guest.add(&tea, 1).await["lines"][0]["discountedLinePriceWithTax"].as_i64();
        assert_eq!(price().await, Some(17_800), "noon");
        server.clock.advance(Duration::from_hours(5));
        assert_eq!(price().await, Some(2 * (17_800 - 2_670)), "five o'clock");
        server.clock.advance(Duration::from_hours(2));
        assert_eq!(price().await, Some(3 * 17_800), "seven o'clock");
    });
}

#[test]
fn trade_customers_get_their_price() {
    with_server(async |server| {
        bind_examples(server).await;
        let shop = server.open(ALPHA);
        let facts = GuestCustomer {
            title: None,
            first_name: "Njeri".to_owned(),
            last_name: "Wambui".to_owned(),
            phone_number: None,
            email_address: "kiosk@example.com".to_owned(),
        };
        let customers = &server.services().customers;
        let new = NewCustomer { facts, password: Some(PASSWORD.to_owned()) };
        let customer = customers.create(&shop.actor, new).await.expect("a customer");
        customers.create_group(&shop.actor, "trade".to_owned(), vec![customer.id]).await.expect("a group");
        let guest = server.shopper(ALPHA);
        let sugar = guest.variant(SUGAR).await;
        assert_eq!(guest.add(&sugar, 1).await["totalWithTax"], 36_000);
        let trader = server.shopper(ALPHA);
        let log_in = "mutation ($name: String!, $password: String!) { login(username: $name, password: $password) { __typename } }";
        let account = json!({ "name": "kiosk@example.com", "password": PASSWORD });
        trader.client.expect("CurrentUser", log_in, account).await;
        assert_eq!(trader.add(&sugar, 1).await["totalWithTax"], 33_500);
    });
}

#[test]
fn receipts_replay_to_the_same_price_whatever_changed_since() {
    with_server(async |server| {
        let [tiers, _] = bind_examples(server).await;
        let admin = server.administrator(ALPHA).await;
        let guest = server.shopper(ALPHA);
        let sugar = guest.variant(SUGAR).await;
        let paid = guest.check_out(&sugar, 24, "receipt@example.com").await;
        assert_eq!(paid["subTotalWithTax"], 24 * 33_000);
        let code = paid["code"].as_str().expect("a code");
        let replay = async || {
            let actor = &server.open(ALPHA).actor;
            server.services().orders.replay_receipt(actor, code).await.expect("a replay")
        };
        let before = replay().await;
        assert!(before.is_equal(), "{:?}", before.differences);
        assert_eq!(before.total.gross, paid["totalWithTax"].as_i64().expect("a total"));
        update(&admin, json!({ "id": tiers["id"], "config": { "breaks": [{ "tiers": [{ "minQuantity": 1, "unitPrice": 1 }] }] } })).await;
        let other = upload(&admin, cents_off("another", "1.0.0", 1)).await;
        bind(&admin, &other, json!({})).await;
        unbind(&admin, &tiers["id"]).await;
        server.clock.advance(Duration::from_hours(24));
        let after = replay().await;
        assert!(after.is_equal(), "{:?}", after.differences);
        let receipts =
            "query ($id: ID!) { priceReceipts(orderId: $id) { items { engineVersion input steps output } } }";
        let receipts = admin.query(receipts, json!({ "id": paid["id"] })).await;
        let receipt = &receipts["priceReceipts"]["items"][0];
        assert!(receipt["steps"].to_string().contains("wholesale-tiers"), "{receipt}");
        assert!(!receipt.to_string().contains("receipt@example.com"), "a receipt names nobody");
    });
}

#[test]
fn a_plugin_in_javascript_prices_like_any_other() {
    with_settings(
        |settings| {
            settings.uploads.allow_large_components = true;
            // An engine of 11 MiB is compiled within the request, by a compiler that is a debug build here.
            settings.http.request_timeout_s = 120;
        },
        async |server| {
            let admin = server.administrator(ALPHA).await;
            let version = upload(&admin, example("bundle-discount")).await;
            let bundle = json!({ "name": "Breakfast", "items": [{ "sku": TEA }, { "sku": SUGAR, "quantity": 2 }],
                "amountOff": 1_000, "maxPerOrder": 2 });
            bind(&admin, &version, json!({ "bundles": [bundle] })).await;
            let guest = server.shopper(ALPHA);
            let (tea, sugar) = (guest.variant(TEA).await, guest.variant(SUGAR).await);
            assert_eq!(guest.add(&tea, 1).await["totalWithTax"], 17_800, "no complete set");
            assert_eq!(guest.add(&sugar, 2).await["totalWithTax"], 17_800 + 2 * 36_000 - 1_000);
            let order = guest.add(&sugar, 3).await;
            assert_eq!(order["totalWithTax"], 17_800 + 5 * 36_000 - 1_000, "one set is complete");
            let reasons = order["discounts"].to_string();
            assert!(reasons.contains("Breakfast"), "{reasons}");
        },
    );
}
