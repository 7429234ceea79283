//! Nodes whose clocks are minutes apart: sessions and holds begin and end at the same moment for all of them.

use std::time::Duration;

use serde_json::json;
use soko::wiring::{App, Options, RunningApp};
use soko_infra::db::Dialect;
use soko_infra::{DataScope, Database, DatabaseError};
use soko_kernel::Clock;
use soko_tests::platform::{PASSWORD, SUGAR, prepare};
use soko_tests::shopper::order_of;
use soko_tests::{Client, Shopper, TestHome};

/// How wrong a clock is: twice that is more than a hold or these sessions last.
const WRONG_MS: i64 = 20 * 60_000;
const SESSION_S: u64 = 30 * 60;
/// How long stock is held for who pays.
const HOLD_MS: i64 = 30 * 60_000;

async fn node(home: &TestHome, clock: Clock) -> RunningApp {
    let mut settings = home.settings();
    (settings.server.sweep_s, settings.session.lifetime_s) = (1, SESSION_S);
    let options = Options { clock, ..Options::in_process().expect("randomness") };
    App::start(settings, options).await.expect("a node")
}

fn client(app: &RunningApp, api: &str) -> Client {
    Client::new(reqwest::Client::new(), format!("http://{}/{api}", app.address()), None)
}

/// When the only hold ends, if there is one.
async fn hold_ends(store: &Database) -> Option<i64> {
    let found = store.read(DataScope::Platform, async |reader| {
        reader.fetch_optional::<(i64,)>("SELECT expires_at FROM stock_hold", ()).await
    });
    let found: Result<_, DatabaseError> = found.await;
    found.expect("an answer").map(|(at,)| at)
}

#[test]
fn sessions_and_holds_are_the_same_for_nodes_whose_clocks_differ() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let home = TestHome::create().await;
        prepare(&home.settings()).await.expect("a shop");
        let right = node(&home, Clock::system()).await;
        let store = &right.platform().database;
        // The nodes of a SQLite file are on one machine, which has one clock.
        let wrong_ms = if store.dialect() == Dialect::Sqlite { 0 } else { WRONG_MS };
        let late = node(&home, Clock::wrong_by(-wrong_ms)).await;
        let early = node(&home, Clock::wrong_by(wrong_ms)).await;

        for (here, there) in [(&late, &early), (&early, &late)] {
            let admin = client(here, "admin-api");
            let log_in = "mutation ($password: String!) {
                login(username: \"superadmin\", password: $password) { __typename } }";
            admin.expect("CurrentUser", log_in, json!({ "password": PASSWORD })).await;
            let elsewhere = client(there, "admin-api").with_session_of(&admin);
            let me = elsewhere.query("{ me { identifier } }", json!({})).await;
            assert_eq!(me["me"]["identifier"], "superadmin", "a session that has just begun");
        }

        let buyer = Shopper::new(client(&late, "shop-api"));
        let sugar = buyer.variant(SUGAR).await;
        buyer.arrange_payment(&sugar, 1, "late@example.com").await;
        let ends = hold_ends(store).await.expect("a hold");
        let lasts_ms = ends - right.services().clock.now().0;
        assert!((lasts_ms - HOLD_MS).abs() < 60_000, "the hold lasts {lasts_ms} ms");
        // All of them sweep every second.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert_eq!(hold_ends(store).await, Some(ends), "nobody ends it early");
        let paying = Shopper::new(client(&early, "shop-api").with_session_of(&buyer.client));
        assert_eq!(order_of(paying.try_pay("cash").await)["state"], "PaymentSettled");

        for app in [early, late, right] {
            app.shutdown().await;
        }
    });
}
