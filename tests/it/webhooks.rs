//! Events sent to addresses of shops: signed, once for each event, again where they were not taken, and nowhere else.

use std::time::Duration;

use serde_json::{Value, json};
use soko::config::Settings;
use soko_tests::client::only_field;
use soko_tests::platform::{ALPHA, BETA, SUGAR};
use soko_tests::receiver::Receiver;
use soko_tests::server::{with_settings, with_two_nodes_set};
use soko_tests::{Client, TestServer};

use crate::admin_people::employ;
use crate::providers::provider;

/// Where receivers are, as shops name them.
const HOST: &str = "hooks.example.com";
const CREATE: &str = "mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
    id url description eventTypes enabled } }";
const DELIVERIES: &str =
    "{ eventActions(options: { filter: { actionType: { eq: \"webhook\" } }, sort: { id: ASC } }) {
    items { id state attempts message dueAt durationMs eventType recipientType } } }";
const RETRY: &str = "mutation ($id: ID!) { retryEventAction(id: $id) { success } }";

fn with_receiver<F: AsyncFnOnce(&TestServer, &Receiver, &Client)>(test: F) {
    let (runtime, receiver) = provider(Receiver::start());
    with_settings(
        |settings| {
            settings.plugins.egress.stand_ins.push(format!("{HOST}={}", receiver.origin()));
            settings.plugins.effectful.http_ms = 1_000;
        },
        async |server| {
            let admin = server.administrator(ALPHA).await;
            test(server, &receiver, &admin).await;
        },
    );
    drop(runtime);
}

async fn create(admin: &Client, path: &str, events: Value) -> Value {
    let input = json!({ "url": format!("https://{HOST}/{path}"), "eventTypes": events });
    only_field(&admin.query(CREATE, json!({ "input": input })).await)
}

async fn secret_of(admin: &Client, endpoint: &Value) -> String {
    let text = "query ($id: ID!) { webhookEndpointSecret(id: $id) }";
    let secret = only_field(&admin.query(text, json!({ "id": endpoint["id"] })).await);
    secret.as_str().expect("a secret").to_owned()
}

async fn sell(server: &TestServer, shop: &'static str) {
    let guest = server.shopper(shop);
    let sugar = guest.variant(SUGAR).await;
    guest.check_out(&sugar, 1, "asha@guests.example").await;
}

/// The deliveries, once there are so many and all are as they should be.
async fn deliveries(admin: &Client, count: usize, is_done: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut items = Vec::new();
    for _ in 0..400 {
        let found = only_field(&admin.query(DELIVERIES, json!({})).await);
        items = found["items"].as_array().cloned().unwrap_or_default();
        if items.len() == count && items.iter().all(&is_done) {
            return items;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the deliveries did not become what they should: {items:?}");
}

#[test]
fn what_happens_is_sent_signed_to_those_who_want_it() {
    with_receiver(async |server, receiver, admin| {
        let endpoint = create(admin, "orders", json!(["order.placed", "order.placed"])).await;
        assert_eq!(endpoint["eventTypes"], json!(["order.placed"]));
        sell(server, ALPHA).await;
        sell(server, BETA).await;
        let message = receiver.wait_for(1).await.remove(0);
        assert!(message.id.starts_with("evt_"), "{message:?}");
        assert!(message.is_signed_by(&secret_of(admin, &endpoint).await));
        assert!(!message.is_signed_by("whsec_AAAA"));
        let body = message.json();
        assert_eq!(
            (&body["type"], &body["timestamp"]),
            (&json!("order.placed"), &json!("2026-07-01T09:00:00Z"))
        );
        assert!(body["data"]["code"].is_string(), "{body}");
        let done = deliveries(admin, 1, |one| one["state"] == "Done").await;
        assert_eq!((&done[0]["attempts"], &done[0]["dueAt"]), (&json!(1), &Value::Null));
        assert_eq!(done[0]["recipientType"], "webhook");
        let again = admin.send(RETRY, json!({ "id": done[0]["id"] })).await;
        assert_eq!(again.code(), "CONFLICT", "it was taken");
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(receiver.received().len(), 1, "one event, one message, and nothing of the other shop");
    });
}

#[test]
fn what_is_not_taken_is_sent_again_with_the_same_id_and_not_for_ever() {
    with_receiver(async |server, receiver, admin| {
        receiver.answer_with(&[500; 10]);
        create(admin, "orders", json!(["order.placed"])).await;
        sell(server, ALPHA).await;
        let tried = |times: i64| move |one: &Value| one["attempts"] == times && one["message"].is_string();
        for attempt in 1..=9 {
            let one = deliveries(admin, 1, tried(attempt)).await.remove(0);
            assert_eq!(
                (&one["state"], &one["message"]),
                (&json!("Pending"), &json!("the receiver answered 500"))
            );
            server.clock.advance(Duration::from_hours(29));
        }
        let dead = deliveries(admin, 1, |one| one["state"] == "Failed").await.remove(0);
        assert_eq!((&dead["attempts"], &dead["dueAt"]), (&json!(10), &Value::Null));
        let ids: std::collections::BTreeSet<String> =
            receiver.received().into_iter().map(|message| message.id).collect();
        assert_eq!((receiver.received().len(), ids.len()), (10, 1));
        assert_eq!(
            admin.query(RETRY, json!({ "id": dead["id"] })).await["retryEventAction"]["success"],
            true
        );
        let done = deliveries(admin, 1, |one| one["state"] == "Done").await.remove(0);
        assert_eq!((&done["attempts"], &done["message"]), (&json!(11), &Value::Null));
    });
}

#[test]
fn of_two_nodes_one_sends_each_message() {
    const SALES: usize = 12;
    let (runtime, receiver) = provider(Receiver::start());
    let change = |settings: &mut Settings| {
        settings.plugins.egress.stand_ins.push(format!("{HOST}={}", receiver.origin()));
    };
    with_two_nodes_set(change, async |one, other| {
        let admin = one.administrator(ALPHA).await;
        create(&admin, "orders", json!(["order.placed", "order.payment_settled"])).await;
        for sale in 0..SALES {
            sell(if sale % 2 == 0 { one } else { other }, ALPHA).await;
        }
        receiver.wait_for(2 * SALES).await;
        deliveries(&admin, 2 * SALES, |one| one["state"] == "Done" && one["attempts"] == 1).await;
        let ids: std::collections::BTreeSet<String> =
            receiver.received().into_iter().map(|message| message.id).collect();
        assert_eq!((receiver.received().len(), ids.len()), (2 * SALES, 2 * SALES));
    });
    drop(runtime);
}

#[test]
fn a_changed_secret_signs_beside_the_one_before_for_a_day() {
    with_receiver(async |server, receiver, admin| {
        let endpoint = create(admin, "orders", json!(["order.placed"])).await;
        let before = secret_of(admin, &endpoint).await;
        let rotate = "mutation ($id: ID!) { rotateWebhookEndpointSecret(id: $id) { success } }";
        admin.query(rotate, json!({ "id": endpoint["id"] })).await;
        let after = secret_of(admin, &endpoint).await;
        assert_ne!(before, after);
        sell(server, ALPHA).await;
        let both = receiver.wait_for(1).await.remove(0);
        assert!(both.is_signed_by(&before) && both.is_signed_by(&after));
        server.clock.advance(Duration::from_hours(24));
        sell(server, ALPHA).await;
        let one = receiver.wait_for(2).await.remove(1);
        assert!(!one.is_signed_by(&before) && one.is_signed_by(&after));
    });
}

#[test]
fn a_receiver_that_hangs_or_is_gone_keeps_nobody_else_waiting() {
    with_receiver(async |server, receiver, admin| {
        for _ in 0..20 {
            create(admin, "hang", json!(["order.placed"])).await;
        }
        let beta = server.administrator(BETA).await;
        create(&beta, "orders", json!(["order.placed"])).await;
        sell(server, ALPHA).await;
        let hanging = |one: &Value| one["attempts"].as_i64() > Some(0);
        for _ in 0..400 {
            let all = only_field(&admin.query(DELIVERIES, json!({})).await);
            if all["items"].as_array().into_iter().flatten().any(hanging) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        sell(server, BETA).await;
        receiver.wait_for(1).await;
        let done = deliveries(&beta, 1, |one| one["state"] == "Done").await;
        assert_eq!(done[0]["eventType"], "order.placed");
        let all = only_field(&admin.query(DELIVERIES, json!({})).await);
        let waits = |one: &&Value| one["attempts"] == 0;
        let waiting = all["items"].as_array().into_iter().flatten().filter(waits).count();
        assert!(waiting > 0, "the other shop's messages were not all through before: {all}");

        receiver.answer_with(&[410]);
        sell(server, BETA).await;
        let gone = deliveries(&beta, 2, |one| one["state"] != "Pending").await.remove(1);
        assert_eq!((&gone["state"], &gone["attempts"]), (&json!("Failed"), &json!(1)));
        let off = beta.query("{ webhookEndpoints { enabled } }", json!({})).await;
        assert_eq!(off["webhookEndpoints"], json!([{ "enabled": false }]));
    });
}

#[test]
fn only_addresses_that_the_platform_allows_are_spoken_to() {
    with_receiver(async |server, _receiver, admin| {
        let refused = async |url: &str| {
            let answer = admin.send(CREATE, json!({ "input": { "url": url } })).await;
            assert_eq!(answer.code(), "INVALID_INPUT", "{url}: {}", answer.body);
        };
        for url in [
            "",
            "nonsense",
            "ftp://hooks.example.com/",
            "http://hooks.example.net/plain",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://[::1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://user:secret@hooks.example.net/",
        ] {
            refused(url).await;
        }
        refused(&format!("https://hooks.example.net/{}", "a".repeat(2_000))).await;
        let unknown =
            json!({ "input": { "url": "https://hooks.example.net/", "eventTypes": ["order.eaten"] } });
        assert_eq!(admin.send(CREATE, unknown).await.code(), "NOT_FOUND");
        // What a name leads to is known when it is spoken to.
        let input = json!({ "url": "https://localhost/", "eventTypes": ["order.placed"] });
        let inside = only_field(&admin.query(CREATE, json!({ "input": input })).await);
        sell(server, ALPHA).await;
        let denied = deliveries(admin, 1, |one| one["message"].is_string()).await.remove(0);
        assert!(denied["message"].as_str().is_some_and(|why| why.contains("private network")), "{denied}");

        let (clerk, _) = employ(server, admin, "clerk", &["ReadSettings"]).await;
        let secret = "query ($id: ID!) { webhookEndpointSecret(id: $id) }";
        assert_eq!(clerk.send(secret, json!({ "id": inside["id"] })).await.code(), "FORBIDDEN");
        let update = "mutation ($input: UpdateWebhookEndpointInput!) { updateWebhookEndpoint(input: $input) {
            url description eventTypes enabled } }";
        let input = json!({ "id": inside["id"], "enabled": false, "description": "off", "eventTypes": [] });
        let off = only_field(&admin.query(update, json!({ "input": input })).await);
        assert_eq!(
            off,
            json!({ "url": "https://localhost/", "description": "off", "eventTypes": [], "enabled": false })
        );
        let delete = "mutation ($id: ID!) { deleteWebhookEndpoint(id: $id) { success } }";
        admin.query(delete, json!({ "id": inside["id"] })).await;
        assert_eq!(admin.send(delete, json!({ "id": inside["id"] })).await.code(), "NOT_FOUND");
    });
}
