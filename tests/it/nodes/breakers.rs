//! A plugin that keeps failing for a shop at one node is left alone at all of them.

use std::time::Duration;

use serde_json::{Value, json};
use soko::config::Settings;
use soko_tests::platform::{ALPHA, SUGAR};
use soko_tests::plugins::{binding_of, trapping_when_configured, try_bind, update, upload};
use soko_tests::server::with_two_nodes_set;
use soko_tests::{Client, Shopper, TestServer};

/// How long a breaker stays open here.
const COOL_DOWN: Duration = Duration::from_millis(1_500);
/// Within this an opening is in force everywhere.
const IN_FORCE: Duration = Duration::from_millis(900);

/// A node, and a shopper whose cart it prices.
struct Place<'n> {
    node: &'n TestServer,
    admin: Client,
    shopper: Shopper,
    sugar: String,
}

impl<'n> Place<'n> {
    async fn at(node: &'n TestServer) -> Self {
        let shopper = node.shopper(ALPHA);
        let sugar = shopper.variant(SUGAR).await;
        Self { node, admin: node.administrator(ALPHA).await, shopper, sugar }
    }

    /// Prices an order, and says what became of the plugin's call.
    async fn outcome(&self) -> String {
        self.shopper.add(&self.sugar, 1).await;
        self.node.services().plugins.recorder().flush().await;
        let runs = "{ pluginRuns(options: { take: 1, sort: { id: DESC } }) { items { outcome } } }";
        let runs: Value = self.admin.query(runs, json!({})).await["pluginRuns"]["items"].clone();
        runs[0]["outcome"].as_str().expect("an outcome").to_owned()
    }
}

#[test]
fn a_breaker_that_opens_at_one_node_is_open_at_the_other_and_tries_again_at_both() {
    let quick = |settings: &mut Settings| {
        settings.plugins.breaker_cool_down_ms = u64::try_from(COOL_DOWN.as_millis()).expect("a short time");
    };
    with_two_nodes_set(quick, async |first, second| {
        let (here, there) = (Place::at(first).await, Place::at(second).await);
        let version = upload(&here.admin, trapping_when_configured("fails-at-times")).await;
        let input =
            json!({ "pluginId": version["pluginId"], "config": { "trap": true }, "failurePolicy": "SKIP" });
        let binding = binding_of(try_bind(&here.admin, input).await);
        for _ in 0..soko_host::FAILURES_TO_OPEN {
            assert_eq!(here.outcome().await, "trap");
        }
        tokio::time::sleep(IN_FORCE).await;
        assert_eq!(here.outcome().await, "breaker_open");
        assert_eq!(there.outcome().await, "breaker_open", "it never failed here");

        // The nodes' clock stands still, and the opening with it, until it is moved.
        first.clock.advance(COOL_DOWN);
        tokio::time::sleep(COOL_DOWN + IN_FORCE / 2).await;
        assert_eq!(there.outcome().await, "trap", "one call is tried");
        tokio::time::sleep(IN_FORCE).await;
        assert_eq!(here.outcome().await, "breaker_open", "it failed there, which is enough");

        update(&there.admin, json!({ "id": binding["id"], "config": {} })).await;
        first.clock.advance(COOL_DOWN);
        tokio::time::sleep(COOL_DOWN + IN_FORCE / 2).await;
        for place in [&here, &there, &here, &there] {
            assert_eq!(place.outcome().await, "ok");
        }
    });
}
