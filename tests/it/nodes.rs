//! Two servers over one store: on PostgreSQL two machines, on SQLite two processes on one.

use serde_json::json;
use soko::wiring::{App, Options};
use soko_domain::auth::SuperadminSetup;
use soko_tests::platform::{ALPHA, LAST, SUGAR};
use soko_tests::plugins::{bind, cents_off, try_roll_back, update, upload};
use soko_tests::server::with_two_nodes;
use soko_tests::{Shopper, TestHome};

use crate::concurrency::tries_to_buy;

/// Buyers of the same unit at each node.
const BUYERS: usize = 16;

#[test]
fn a_cart_and_a_plugin_are_the_same_on_every_node() {
    with_two_nodes(async |first, second| {
        let admin = first.administrator(ALPHA).await;
        let here = first.shopper(ALPHA);
        let sugar = here.variant(SUGAR).await;
        assert_eq!(here.add(&sugar, 1).await["totalWithTax"], 36_000);
        let there = Shopper::new(second.shop(ALPHA).with_session_of(&here.client));
        assert_eq!(there.add(&sugar, 1).await["totalWithTax"], 72_000, "the session is every node's");

        let version = upload(&admin, cents_off("test-rule", "1.0.0", 100)).await;
        let binding = bind(&admin, &version, json!({})).await;
        assert_eq!(there.add(&sugar, 1).await["totalWithTax"], 3 * 36_000 - 100, "with the next request");
        let later = upload(&admin, cents_off("test-rule", "2.0.0", 250)).await;
        update(&admin, json!({ "id": binding["id"], "versionId": later["id"] })).await;
        assert_eq!(there.add(&sugar, 1).await["totalWithTax"], 4 * 36_000 - 250);
        let elsewhere = second.admin(ALPHA).with_session_of(&admin);
        try_roll_back(&elsewhere, &binding["id"]).await.data();
        assert_eq!(here.add(&sugar, 1).await["totalWithTax"], 5 * 36_000 - 100);
    });
}

#[test]
fn the_last_unit_sells_once_on_two_nodes() {
    with_two_nodes(async |first, second| {
        let last = first.shopper(ALPHA).variant(LAST).await;
        let buyers = (0..2 * BUYERS).map(async |number| {
            let node = if number % 2 == 0 { first } else { second };
            tries_to_buy(&node.shopper(ALPHA), &last, &format!("buyer{number}@example.com")).await
        });
        let paid = futures_util::future::join_all(buyers).await;
        assert_eq!(paid.iter().filter(|paid| **paid).count(), 1);
    });
}

#[test]
fn two_nodes_may_be_the_first_at_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let home = TestHome::create().await;
        let start = async || {
            let options = Options::in_process().expect("randomness");
            App::start(home.settings(), options).await.expect("a server")
        };
        let nodes: [_; 2] = tokio::join!(start(), start()).into();
        let made =
            |node: &&soko::wiring::RunningApp| matches!(node.superadmin(), SuperadminSetup::Created { .. });
        assert_eq!(nodes.iter().filter(made).count(), 1, "the platform has one operator");
        for node in nodes {
            node.shutdown().await;
        }
    });
}
