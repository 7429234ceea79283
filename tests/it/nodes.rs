//! Two servers over one store: on PostgreSQL two machines, on SQLite two processes on one.

mod breakers;
mod stopping;

use std::time::Duration;

use serde_json::json;
use soko::config::Role;
use soko::wiring::{App, Options, RunningApp};
use soko_domain::auth::SuperadminSetup;
use soko_infra::DataScope;
use soko_infra::db::Dialect;
use soko_kernel::Clock;
use soko_tests::platform::{ALPHA, LAST, PASSWORD, SUGAR};
use soko_tests::plugins::{bind, cents_off, try_roll_back, update, upload};
use soko_tests::server::{START, with_two_nodes};
use soko_tests::{Client, Shopper, TestHome, TestServer};

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
fn passwords_cannot_be_guessed_faster_at_two_nodes() {
    const GUESSES: usize = 60;
    /// As many wrong passwords as an account bears.
    const GUESSES_MAX: usize = 10;
    const LOG_IN: &str = "mutation ($name: String!, $password: String!) {
        login(username: $name, password: $password) { __typename } }";
    with_two_nodes(async |first, second| {
        let try_at = async |node: &TestServer, name: &str, password: &str| {
            let variables = json!({ "name": name, "password": password });
            let answer = node.admin(ALPHA).send(LOG_IN, variables).await;
            if answer.body["errors"].is_null() {
                return answer.data()["login"]["__typename"].as_str().expect("a type").to_owned();
            }
            answer.code().to_owned()
        };
        for name in ["admin@alpha.example", "nobody@alpha.example"] {
            let guesses = (0..GUESSES).map(|number| {
                let node = if number % 2 == 0 { first } else { second };
                try_at(node, name, "a wrong password")
            });
            let answers = futures_util::future::join_all(guesses).await;
            let counted = |of: &str| answers.iter().filter(|answer| *answer == of).count();
            assert_eq!(counted("InvalidCredentialsError"), GUESSES_MAX, "{name}: {answers:?}");
            assert_eq!(counted("OVERLOADED"), GUESSES - GUESSES_MAX, "{name}: {answers:?}");
        }
        let name = "admin@alpha.example";
        for node in [first, second] {
            assert_eq!(try_at(node, name, PASSWORD).await, "OVERLOADED", "the right one comes too late");
        }
        first.clock.advance(Duration::from_mins(15));
        for node in [second, first] {
            assert_eq!(try_at(node, name, PASSWORD).await, "CurrentUser");
        }
    });
}

#[test]
fn two_nodes_may_be_the_first_at_once() {
    on_two_threads(async {
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

/// A node of a platform, by this clock.
pub async fn node(home: &TestHome, role: Role, clock: Clock) -> RunningApp {
    let mut settings = home.settings();
    (settings.server.role, settings.server.sweep_s) = (role, 1);
    let options = Options { clock, ..Options::in_process().expect("randomness") };
    App::start(settings, options).await.expect("a node")
}

async fn sessions(app: &RunningApp) -> i64 {
    let counted: Result<(i64,), soko_infra::DatabaseError> = app
        .platform()
        .database
        .read(DataScope::Platform, async |reader| reader.fetch_one("SELECT COUNT(*) FROM session", ()).await)
        .await;
    counted.expect("a number").0
}

/// Begins a session at a node, and says what its answer was.
async fn log_in(app: &RunningApp) -> Client {
    let client = Client::new(reqwest::Client::new(), format!("http://{}/admin-api", app.address()), None);
    let text = "mutation ($password: String!) { login(username: \"superadmin\", password: $password) { __typename } }";
    client.expect("CurrentUser", text, json!({ "password": PASSWORD })).await;
    client
}

#[test]
fn workers_do_the_jobs_and_serve_nobody_and_the_next_takes_over() {
    on_two_threads(async {
        let home = TestHome::create().await;
        let clock = Clock::fixed(START);
        let api = node(&home, Role::Api, clock.clone()).await;
        log_in(&api).await;
        clock.advance(Duration::from_hours(24 * 400));
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        assert_eq!(sessions(&api).await, 1, "nobody here does jobs");

        let worker = node(&home, Role::Worker, clock.clone()).await;
        let swept = async || (sessions(&api).await == 0).then_some(());
        until(swept, "the worker removes what has expired").await;
        let of_worker = |path: &str| reqwest::get(format!("http://{}{path}", worker.address()));
        assert_eq!(of_worker("/readyz").await.expect("an answer").status(), 200);
        assert_eq!(of_worker("/shop-api").await.expect("an answer").status(), 404);

        let next = node(&home, Role::Worker, clock.clone()).await;
        worker.shutdown().await;
        log_in(&api).await;
        clock.advance(Duration::from_hours(24 * 400));
        until(swept, "the next worker takes over").await;
        next.shutdown().await;
        api.shutdown().await;
    });
}

#[test]
fn nodes_whose_clocks_differ_by_minutes_tell_the_same_time() {
    const FIVE_MINUTES_MS: i64 = 300_000;
    on_two_threads(async {
        let home = TestHome::create().await;
        let first = node(&home, Role::All, Clock::system()).await;
        if first.platform().database.dialect() == Dialect::Sqlite {
            // One file has one machine, and it one clock: there is none to be set by.
            assert_eq!(first.platform().database.shared_time().await.expect("an answer"), None);
            first.shutdown().await;
            return;
        }
        let late = node(&home, Role::All, Clock::wrong_by(-FIVE_MINUTES_MS)).await;
        let early = node(&home, Role::All, Clock::wrong_by(FIVE_MINUTES_MS)).await;
        let now = first.services().clock.now();
        for other in [&late, &early] {
            let apart = (other.services().clock.now().0 - now.0).abs();
            assert!(apart < FIVE_MINUTES_MS / 10, "{apart} ms apart");
        }
        early.shutdown().await;
        late.shutdown().await;
        first.shutdown().await;
    });
}

pub fn on_two_threads<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>, what: &str) -> T {
    for _ in 0..200 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: not within ten seconds");
}
