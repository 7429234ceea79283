//! Mutations with an `Idempotency-Key`: each takes effect once, and is answered alike however often it is sent.

use std::time::Duration;

use futures_util::future::join_all;
use rand::Rng as _;
use serde_json::{Value, json};
use soko::config::Role;
use soko_infra::idempotency::{ClaimRefusal, Claimed, KEPT_MS, OperationKey};
use soko_tests::client::{Answer, only_field};
use soko_tests::platform::{ALPHA, BETA, SUGAR, prepare};
use soko_tests::plugins::cents_off;
use soko_tests::process::Process;
use soko_tests::server::with_settings;
use soko_tests::server::{TestServer, with_server};
use soko_tests::{Client, Shopper, TestHome, soak};

const ADD: &str = "mutation ($variant: ID!, $quantity: Int!) {
    addItemToOrder(productVariantId: $variant, quantity: $quantity) { __typename ... on Order { id code totalQuantity } } }";
const UPLOAD: &str = "mutation ($file: Upload!) { uploadPlugin(file: $file) { __typename
    ... on PluginUpload { version { id } } } }";
const CART: &str = "{ activeOrder { code totalQuantity } }";
const KEY: &str = "4b1c2f9e-9a55-4f0a-8f6d-2a1f6f3f7c11";
/// How often each key is sent at once.
const SENT_AT_ONCE: usize = 5;
/// Keys that are sent, and those of a soak.
const KEYS: [u64; 2] = [40, 1_000];
/// Keys that go into one cart: the shop has stock for as many.
const KEYS_PER_CART: u64 = 400;
/// Times that the program is killed, and those of a soak.
const KILLS: [u64; 2] = [2, 200];
/// Longest that a request may run at the server that is killed: as long a claim of a dead run stands.
const RUN_S: u64 = 1;
/// How often an operation that is still running is asked for again, and how long apart.
const TRIES: usize = 400;
const PAUSE: Duration = Duration::from_millis(25);

fn sugar(variant: &str) -> Value {
    json!({ "variant": variant, "quantity": 1 })
}

async fn quantity(client: &Client) -> Value {
    client.query(CART, json!({})).await["activeOrder"]["totalQuantity"].clone()
}

#[test]
fn answers_alike_and_does_it_once() {
    with_server(async |server| {
        let guest = server.shop(ALPHA);
        let variant = server.shopper(ALPHA).variant(SUGAR).await;
        let first = guest.send_once(KEY, ADD, sugar(&variant)).await;
        assert!(!first.replayed);
        // As somebody whose first answer was lost on the way, and with it their session.
        let again = guest.stranger();
        let second = again.send_once(KEY, ADD, sugar(&variant)).await;
        assert!(second.replayed);
        assert_eq!((second.status, &second.body), (first.status, &first.body));
        assert_eq!(again.session(), guest.session(), "the session is the first one");
        assert_eq!(quantity(&again).await, 1);

        // With a session the same key is another operation, of which there is one as well.
        for replayed in [false, true] {
            assert_eq!(guest.send_once(KEY, ADD, sugar(&variant)).await.replayed, replayed);
        }
        assert_eq!(quantity(&guest).await, 2);
        assert_eq!(guest.send_once(KEY, CART, json!({})).await.data()["activeOrder"]["totalQuantity"], 2);
    });
}

#[test]
fn keeps_operations_apart() {
    with_server(async |server| {
        let variant = server.shopper(ALPHA).variant(SUGAR).await;
        let guest = server.shop(ALPHA);
        guest.query(ADD, sugar(&variant)).await;
        guest.send_once(KEY, ADD, sugar(&variant)).await.data();
        let other = guest.send_once(KEY, ADD, json!({ "variant": variant, "quantity": 2 })).await;
        assert_eq!((other.status, other.code()), (422, "IDEMPOTENCY_KEY_REUSED"));
        assert_eq!(quantity(&guest).await, 2);

        let neighbour = server.shop(ALPHA);
        neighbour.query(ADD, sugar(&variant)).await;
        assert!(
            !neighbour.send_once(KEY, ADD, sugar(&variant)).await.replayed,
            "another guest's is another's"
        );
        let elsewhere = server.shopper(BETA).variant(SUGAR).await;
        let beta = server.shop(BETA);
        assert!(!beta.send_once(KEY, ADD, sugar(&elsewhere)).await.replayed, "another shop's is another's");

        for key in ["short", "with a space in the middle", &"x".repeat(256)] {
            let refused = guest.send_once(key, ADD, sugar(&variant)).await;
            assert_eq!((refused.status, refused.code()), (400, "IDEMPOTENCY_KEY_INVALID"), "{key}");
        }
    });
}

#[test]
fn remembers_refusals_and_forgets_after_a_day() {
    // The server's own job forgets, too.
    with_settings(
        |settings| settings.server.role = Role::Api,
        async |server| {
            let guest = server.shop(ALPHA);
            let variant = server.shopper(ALPHA).variant(SUGAR).await;
            guest.query(ADD, sugar(&variant)).await;
            let refused = guest.send_once(KEY, ADD, json!({ "variant": variant, "quantity": -1 })).await;
            let again = guest.send_once(KEY, ADD, json!({ "variant": variant, "quantity": -1 })).await;
            assert_eq!((again.replayed, &again.body), (true, &refused.body));

            let key = KEY.replace('4', "5");
            guest.send_once(&key, ADD, sugar(&variant)).await.data();
            server.clock.advance(Duration::from_millis(KEPT_MS.unsigned_abs()));
            assert!(!guest.send_once(&key, ADD, sugar(&variant)).await.replayed);
            assert_eq!(quantity(&guest).await, 3);
            server.clock.advance(Duration::from_millis(KEPT_MS.unsigned_abs()));
            assert_eq!(server.services().operations.expire().await.expect("a working store"), 2);
        },
    );
}

#[test]
fn an_upload_is_known_by_its_file() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let upload = async |key, version| {
            admin.upload_once(key, UPLOAD, "rule.wasm", cents_off("test-rule", version, 100)).await
        };
        let first = upload(KEY, "1.0.0").await;
        let again = upload(KEY, "1.0.0").await;
        assert_eq!((again.replayed, &again.body), (true, &first.body));
        assert_eq!(only_field(&first.data())["__typename"], "PluginUpload");
        assert_eq!(upload(KEY, "1.0.1").await.code(), "IDEMPOTENCY_KEY_REUSED");
    });
}

/// A run that may no longer commit, and one that was ended between its effect and its answer.
#[test]
fn a_run_that_lost_its_claim_changes_nothing() {
    with_server(async |server| {
        let operations = &server.services().operations;
        let actor = &server.open(ALPHA).actor;
        let key = OperationKey::new(actor.public_scope(), "test", KEY, [0; 32]);
        let claim = async || match operations.claim(&key, 1_000).await.expect("a working store") {
            Claimed::Run(claim) => Ok(claim),
            Claimed::Refused(refusal) => Err(refusal),
            Claimed::Answered(_) => panic!("there is no answer"),
        };
        let first = claim().await.expect("a new operation");
        assert_eq!(claim().await.expect_err("it is running"), ClaimRefusal::Running);
        server.clock.advance(Duration::from_secs(1));
        let second = claim().await.expect("the first run has taken too long");

        let create = async |name: &str| {
            server.services().customers.create_group(actor, name.to_owned(), Vec::new()).await
        };
        let refused = first.during(create("late")).await.expect_err("the claim is the second run's");
        assert_eq!(refused.kind(), soko_kernel::ErrorKind::Conflict, "{refused}");
        second.during(create("in time")).await.expect("a group");
        server.clock.advance(Duration::from_secs(1));
        assert_eq!(claim().await.expect_err("it took effect"), ClaimRefusal::AnswerLost);
        let groups = server.services().customers.list_groups(actor, &soko_kernel::ListQuery::default()).await;
        let names: Vec<_> = groups.expect("groups").items.into_iter().map(|group| group.name).collect();
        assert!(names.contains(&"in time".to_owned()) && !names.contains(&"late".to_owned()), "{names:?}");
    });
}

/// Sends an operation until it is answered.
async fn answer_of(client: &Client, key: &str, variant: &str) -> Answer {
    for _ in 0..TRIES {
        let answer = client.send_once(key, ADD, sugar(variant)).await;
        if answer.status != 409 || answer.code() != "IDEMPOTENCY_KEY_IN_USE" {
            return answer;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("{key} has been running for too long");
}

#[test]
fn takes_effect_once_however_many_send_it() {
    with_server(async |server: &TestServer| {
        let variant = Shopper::new(server.shop(ALPHA)).variant(SUGAR).await;
        let mut random = soak::random();
        let keys = soak::rounds_of(KEYS[0], KEYS[1]);
        for first in (0..keys).step_by(usize::try_from(KEYS_PER_CART).expect("few")) {
            let guest = server.shop(ALPHA);
            guest.query(ADD, sugar(&variant)).await;
            let here = KEYS_PER_CART.min(keys - first);
            for number in 0..here {
                let key = format!("{KEY}-{number}-{}", random.random::<u64>());
                let answers = join_all((0..SENT_AT_ONCE).map(|_| answer_of(&guest, &key, &variant))).await;
                assert!(answers.iter().all(|answer| answer.body == answers[0].body), "{answers:?}");
                assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
            }
            assert_eq!(quantity(&guest).await, here + 1);
        }
        println!("{keys} keys, each sent {SENT_AT_ONCE} times at once");
    });
}

/// Sends each key until it is answered or the program is gone; says which were not.
async fn send_until_killed(client: &Client, variant: &str, keys: &[String]) -> Vec<String> {
    let mut unanswered = Vec::new();
    for key in keys {
        match client.try_send_once(key, ADD, sugar(variant)).await {
            Ok(answer) => assert!(answer.status == 200 || answer.code() == "CONFLICT", "{answer:?}"),
            Err(_) => unanswered.push(key.clone()),
        }
    }
    unanswered
}

#[test]
fn survives_being_killed_between_effect_and_answer() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let home = TestHome::create().await;
        prepare(&home.settings()).await.expect("a shop to serve");
        let mut random = soak::random();
        let limit = format!("http.request_timeout_s={RUN_S}");
        let serve = || Process::start("serve", home.path(), &["--set", &limit]);
        let client = |process: &Process| {
            Client::new(reqwest::Client::new(), format!("{}/shop-api", process.url), Some(ALPHA))
        };
        let mut process = serve();
        let variant = Shopper::new(client(&process)).variant(SUGAR).await;
        let mut killed_over = 0;
        for round in 0..soak::rounds_of(KILLS[0], KILLS[1]) {
            let guest = client(&process);
            guest.query(ADD, sugar(&variant)).await;
            let now = client(&process).with_session_of(&guest);
            let keys: Vec<String> = (0..200).map(|number| format!("{KEY}-{round}-{number}")).collect();
            let sending = tokio::spawn({
                let (variant, keys) = (variant.clone(), keys.clone());
                async move { send_until_killed(&now, &variant, &keys).await }
            });
            tokio::time::sleep(Duration::from_millis(random.random_range(20..400))).await;
            process.kill();
            let unanswered = sending.await.expect("a sender");
            process = serve();
            let back = client(&process).with_session_of(&guest);
            for key in &unanswered {
                let answer = answer_of(&back, key, &variant).await;
                let lost = answer.status == 409 && answer.code() == "IDEMPOTENCY_ANSWER_LOST";
                assert!(answer.status == 200 || lost, "{answer:?}");
            }
            killed_over += unanswered.len();
            assert_eq!(quantity(&back).await, keys.len() + 1, "each key took effect once");
        }
        println!("{killed_over} operations were sent again after a kill");
        assert!(killed_over > 0, "nothing was under way when the program was killed");
    });
}
