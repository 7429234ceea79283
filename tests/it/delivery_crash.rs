//! Nodes are killed while people are told what happens: between a message and its answer, and before what came of it is
//! written down. No text message is sent twice, every webhook is delivered, and what nobody can know is said to be so.
//!
//! `cargo xtask soak` makes many rounds of it.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde_json::json;
use soko::config::Settings;
use soko::wiring::{DataDirectory, Options, Platform};
use soko_domain::auth::SUPERADMIN_IDENTIFIER;
use soko_infra::{DataScope, Database};
use soko_kernel::Clock;
use soko_tests::cluster::Cluster;
use soko_tests::load::Load;
use soko_tests::platform::{PASSWORD, TEA, prepare};
use soko_tests::providers::sms::SmsServer;
use soko_tests::receiver::Receiver;
use soko_tests::{Client, TestHome, invariants, soak};

use crate::providers::provider;
use crate::texts::set_account;

/// Kills, and those of a soak.
const ROUNDS: [u64; 2] = [2, 100];
const NODES: usize = 2;
const CUSTOMERS: u32 = 6;
/// Time between two kills.
const EVERY: Duration = Duration::from_millis(700);
/// How long the provider keeps a sender waiting who has been heard: kills so come in between.
const ANSWERS_AFTER: Duration = Duration::from_millis(40);
const RECOVERY_MAX: Duration = Duration::from_mins(1);
/// Where the shop's receiver is, as it names it.
const HOST: &str = "hooks.example.com";
/// Longer than a node that was killed has what it had taken.
const LEASE: Duration = Duration::from_mins(3);
/// Longest that the tries of a delivery may take until the test gives up.
const LOOKS: usize = 200;

/// What the nodes send to.
struct Outside {
    sms: SmsServer,
    hooks: Receiver,
}

impl Outside {
    async fn start() -> Self {
        Self { sms: SmsServer::start().await, hooks: Receiver::start().await }
    }

    fn settings(&self, home: &TestHome) -> Settings {
        let mut settings = home.settings();
        settings.sms.africastalking_url = self.sms.origin();
        settings.plugins.egress.stand_ins = vec![format!("{HOST}={}", self.hooks.origin())];
        settings
    }

    /// The same for a program.
    fn arguments(&self, home: &TestHome) -> Vec<String> {
        let settings = [
            format!("secrets.key={}", home.settings().secrets.key.0),
            format!("sms.africastalking_url={}", self.sms.origin()),
            format!("plugins.egress.stand_ins={HOST}={}", self.hooks.origin()),
        ];
        settings.into_iter().flat_map(|one| ["--set".to_owned(), one]).collect()
    }
}

async fn serve(outside: &Outside) -> Cluster {
    let home = TestHome::create().await;
    prepare(&home.settings()).await.expect("a shop to serve");
    let arguments = outside.arguments(&home);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let cluster = Cluster::serve(home, NODES, &arguments);
    let url = format!("{}/admin-api", cluster.urls()[0]);
    let admin = Client::new(reqwest::Client::new(), url, None);
    let text = "mutation ($username: String!, $password: String!) {
        login(username: $username, password: $password) { __typename } }";
    let login = json!({ "username": SUPERADMIN_IDENTIFIER, "password": PASSWORD });
    admin.expect("CurrentUser", text, login).await;
    set_account(&admin, "AFRICAS_TALKING").await;
    let text =
        "mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { id } }";
    let input = json!({ "url": format!("https://{HOST}/orders"), "eventTypes": ["order.placed"] });
    admin.query(text, json!({ "input": input })).await;
    cluster
}

/// Lets the leases of dead nodes end, and does what is left until nothing is.
async fn finish(home: &TestHome, outside: &Outside) {
    let clock = Clock::fixed(Clock::system().now());
    let options = Options { clock: clock.clone(), ..Options::in_process().expect("options") };
    let settings = outside.settings(home);
    let platform = Platform::open(&settings, &options, DataDirectory::MustExist).await.expect("a platform");
    let notifications = &platform.services.notifications;
    let mut idle = false;
    for _ in 0..LOOKS {
        clock.advance(LEASE);
        let routed = notifications.route().await.expect("a round of the router");
        assert_eq!(routed.failures, 0, "events are handed on");
        let due = notifications.due_deliveries(&[], 500).await.expect("what is due");
        idle = due.is_empty() && routed.events == 0;
        if idle {
            break;
        }
        for delivery in &due {
            notifications.deliver(delivery).await.expect("a delivery");
        }
    }
    assert!(idle, "there is always more to do");
    platform.close().await;
}

/// How many actions of a kind came to what.
async fn outcomes(store: &Database, action: &'static str) -> BTreeMap<(String, Option<String>), i64> {
    let rows = store.read(DataScope::Platform, async |reader| {
        let sql = "SELECT state, reason, COUNT(*) FROM event_action WHERE action = $1 GROUP BY state, reason";
        reader.fetch_all::<(String, Option<String>, i64)>(sql, (action,)).await
    });
    rows.await.expect("actions").into_iter().map(|(state, reason, count)| ((state, reason), count)).collect()
}

async fn number(store: &Database, sql: &'static str) -> i64 {
    let row = store.read(DataScope::Platform, async |reader| reader.fetch_one::<(i64,)>(sql, ()).await).await;
    row.expect("a number").0
}

async fn check(store: &Database, outside: &Outside) {
    let placed = number(store, "SELECT COUNT(*) FROM outbox WHERE name = 'order.placed'").await;
    let texts = outcomes(store, "sms").await;
    let of = |state: &str, reason: Option<&str>| {
        texts.get(&(state.to_owned(), reason.map(str::to_owned))).copied().unwrap_or_default()
    };
    let (done, in_doubt) = (of("Done", None), of("Failed", Some("in_doubt")));
    assert_eq!(done + in_doubt, placed, "every order's customer is told, or nobody can know: {texts:?}");
    let taken = outside.sms.taken();
    let different: HashSet<&str> = taken.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(different.len(), taken.len(), "each names its order, and none is sent twice");
    let count = i64::try_from(taken.len()).expect("not so many");
    assert!((done..=done + in_doubt).contains(&count), "{count} were sent; {texts:?}");
    let paid = number(store, "SELECT CAST(COALESCE(SUM(segments), 0) AS BIGINT) FROM sms_usage").await;
    assert!((count..=done + in_doubt).contains(&paid), "{paid} segments for {count} messages; {texts:?}");

    let hooks = outcomes(store, "webhook").await;
    assert_eq!(hooks, BTreeMap::from([(("Done".to_owned(), None), placed)]));
    let received = outside.hooks.received();
    let ids: HashSet<&str> = received.iter().map(|message| message.id.as_str()).collect();
    assert_eq!(i64::try_from(ids.len()), Ok(placed), "a receiver that goes by ids has each order once");
    let again = received.len() - ids.len();
    println!("{placed} orders: {count} texts, {in_doubt} in doubt; webhooks that came again: {again}");
    let inboxes = outcomes(store, "in_app").await;
    assert!(inboxes.keys().all(|(state, _)| state == "Done"), "{inboxes:?}");
}

#[test]
fn no_text_is_sent_twice_and_every_webhook_arrives_though_nodes_are_killed() {
    let (providers, outside) = provider(Outside::start());
    outside.sms.answer_after(ANSWERS_AFTER);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut random = soak::random();
        let mut cluster = serve(&outside).await;
        let load = Load::start(&cluster.addresses, TEA, CUSTOMERS, &mut random).await;
        for _ in 0..soak::rounds_of(ROUNDS[0], ROUNDS[1]) {
            load.wait_for_more(1, RECOVERY_MAX).await;
            tokio::time::sleep(EVERY).await;
            cluster.kill_any(&mut random);
        }
        load.wait_for_more(1, RECOVERY_MAX).await;
        let records = load.stop().await;
        let home = cluster.stop();
        outside.sms.answer_after(Duration::ZERO);
        finish(&home, &outside).await;
        let store = home.open_store().await;
        check(&store, &outside).await;
        invariants::check(&store, &records).await;
        store.close().await;
    });
    drop(providers);
}
