//! Plugins of shops that act on events: in place of what the core does, beside it, and against its limits.

use std::time::Duration;

use serde_json::{Value, json};
use soko::config::Settings;
use soko_host::testing::{ActionGuest, Way};
use soko_tests::client::only_field;
use soko_tests::platform::{ALPHA, BETA};
use soko_tests::plugins::{binding_of, cents_off, example, try_bind, unbind, upload};
use soko_tests::providers::sms::{Answer, SmsServer};
use soko_tests::server::with_settings;
use soko_tests::{Client, TestServer};

use crate::providers::provider;
use crate::texts::{at, sell, set_account, texts};

const CREATE: &str = "mutation ($input: CreateEventHandlerInput!) { createEventHandler(input: $input) {
    id bindingId eventType category actionType placement } }";
const ACTIONS: &str = "{ eventActions(options: { take: 100, sort: { id: ASC } }) {
    items { eventType actionType recipientType state reason message attempts segments } } }";

fn with_shop<F: AsyncFnOnce(&TestServer, &SmsServer, &Client)>(test: F) {
    let (runtime, sms) = provider(SmsServer::start());
    let change = |settings: &mut Settings| {
        at(settings, &sms);
        let origin = sms.origin();
        settings.uploads.allow_large_components = true;
        settings.plugins.effectful.http_ms = 1_000;
        settings.plugins.effectful.hard_ms = 3_000;
        settings.plugins.egress.stand_ins =
            ["sms.duka.example", "hooks.slack.com"].map(|host| format!("{host}={origin}")).to_vec();
    };
    with_settings(change, async |server| {
        let admin = server.administrator(ALPHA).await;
        test(server, &sms, &admin).await;
    });
    drop(runtime);
}

/// A plugin put to use, with its grants and its configuration: its binding.
pub(crate) async fn install(admin: &Client, bytes: Vec<u8>, config: Value, grants: Value) -> Value {
    let version = upload(admin, bytes).await;
    let input = json!({ "pluginId": version["pluginId"], "config": config, "grants": grants });
    binding_of(try_bind(admin, input).await)
}

async fn set_secret(admin: &Client, plugin: &str, name: &str, value: &str) {
    let plugins =
        admin.query("{ plugins { items { id name } } }", json!({})).await["plugins"]["items"].clone();
    let found = plugins.as_array().into_iter().flatten().find(|one| one["name"] == plugin);
    let id = found.expect("a plugin")["id"].clone();
    let text = "mutation ($input: SetPluginSecretInput!) { setPluginSecret(input: $input) { success } }";
    admin.query(text, json!({ "input": { "pluginId": id, "name": name, "value": value } })).await;
}

/// Has a plugin act on orders that were placed.
pub(crate) async fn handle(admin: &Client, binding: &Value, placement: &str, action: Value) -> Value {
    let input = json!({ "bindingId": binding["id"], "eventType": "order.placed", "placement": placement,
        "actionType": action });
    only_field(&admin.query(CREATE, json!({ "input": input })).await)
}

/// What was done of a kind, once it is as it should be.
pub(crate) async fn actions(
    admin: &Client,
    kind: &str,
    count: usize,
    is_done: impl Fn(&Value) -> bool,
) -> Vec<Value> {
    let mut items = Vec::new();
    for _ in 0..400 {
        let found = only_field(&admin.query(ACTIONS, json!({})).await)["items"].clone();
        items =
            found.as_array().into_iter().flatten().filter(|one| one["actionType"] == kind).cloned().collect();
        if items.len() == count && items.iter().all(&is_done) {
            return items;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the actions did not become what they should: {items:?}");
}

#[test]
fn a_shop_tells_its_customers_in_swahili_by_a_plugin_of_its_own() {
    with_shop(async |server, sms, admin| {
        set_account(admin, "AFRICAS_TALKING").await;
        let config = json!({ "shopName": "Duka Moja" });
        let binding = install(admin, example("swahili-sms"), config, json!({ "sms": true })).await;
        let made = handle(admin, &binding, "INSTEAD", json!("SMS")).await;
        let expected = json!({ "id": made["id"], "bindingId": binding["id"], "eventType": "order.placed",
            "category": null, "actionType": "SMS", "placement": "INSTEAD" });
        assert_eq!(made, expected);
        let order = sell(server).await;
        let taken = sms.wait_for(1).await.remove(0);
        let code = order["code"].as_str().expect("a code");
        assert!(
            taken.text.starts_with(&format!("Habari Wanjiku Mwangi, tumepokea agizo {code} la KSh ")),
            "{taken:?}"
        );
        assert!(taken.text.ends_with("Asante, Duka Moja."), "{taken:?}");
        assert_eq!(taken.to, "+254712345678");
        let done = texts(admin, 1, |one| one["state"] == "Done").await.remove(0);
        assert_eq!((&done["segments"], &done["providerReference"]), (&json!(1), &json!("ATXid_1")));
        server.settle().await;
        let run = "{ pluginRuns { items { pluginName outcome hostCalls { function target error } } } }";
        let run = admin.query(run, json!({})).await["pluginRuns"]["items"][0].clone();
        let call = json!({ "function": "sms.send", "target": "", "error": null });
        assert_eq!(run, json!({ "pluginName": "swahili-sms", "outcome": "ok", "hostCalls": [call] }));
        // Without the plugin the core says it.
        unbind(admin, &binding["id"]).await;
        assert_eq!(admin.query("{ eventHandlers { id } }", json!({})).await["eventHandlers"], json!([]));
        sell(server).await;
        let taken = sms.wait_for(2).await.remove(1);
        assert!(taken.text.starts_with("Order "), "{taken:?}");
    });
}

#[test]
fn a_shop_sends_by_a_gateway_of_its_own_and_needs_no_account() {
    with_shop(async |server, sms, admin| {
        let config = json!({ "url": "https://sms.duka.example/v1/messages", "senderId": "DUKAMOJA",
            "fields": { "to": "mobile" } });
        let grants = json!({ "hosts": ["sms.duka.example"], "secrets": ["api-key"], "contact": true });
        let binding = install(admin, example("own-sms-provider"), config, grants).await;
        set_secret(admin, "own-sms-provider", "api-key", "s3cret").await;
        handle(admin, &binding, "INSTEAD", json!("SMS")).await;
        sms.answer_with(&[Answer::Status(503)]);
        sell(server).await;
        let busy = texts(admin, 1, |one| one["reason"] == "HANDLER_FAILED").await.remove(0);
        assert_eq!((&busy["state"], &busy["attempts"]), (&json!("Pending"), &json!(1)), "{busy}");
        server.clock.advance(Duration::from_secs(10));
        texts(admin, 1, |one| one["state"] == "Done").await;
        let posted = sms.posted();
        assert_eq!(posted.len(), 2);
        assert_eq!(posted[0].body["reference"], posted[1].body["reference"], "the gateway can tell");
        let last = &posted[1];
        assert_eq!(
            (last.path.as_str(), last.authorization.as_deref()),
            ("/v1/messages", Some("Bearer s3cret"))
        );
        assert_eq!((&last.body["mobile"], &last.body["from"]), (&json!("+254712345678"), &json!("DUKAMOJA")));
        assert!(last.body["message"].as_str().is_some_and(|text| text.starts_with("Order ")), "{last:?}");
        assert!(sms.taken().is_empty());
    });
}

#[test]
fn a_slack_channel_is_told_once_for_each_event_whoever_else_is() {
    with_shop(async |server, sms, admin| {
        let config = json!({ "mention": "!here" });
        let grants = json!({ "hosts": ["hooks.slack.com"], "readableSecrets": ["webhook-url"] });
        let binding = install(admin, example("slack-alert"), config, grants).await;
        set_secret(admin, "slack-alert", "webhook-url", "https://hooks.slack.com/services/T1/B1/x").await;
        handle(admin, &binding, "ALONE", Value::Null).await;
        let order = sell(server).await;
        let done = actions(admin, "HANDLER", 1, |one| one["state"] == "Done").await.remove(0);
        assert_eq!((&done["recipientType"], &done["eventType"]), (&json!("handler"), &json!("order.placed")));
        let posted = sms.posted();
        assert_eq!((posted.len(), posted[0].path.as_str()), (1, "/services/T1/B1/x"));
        let code = order["code"].as_str().expect("a code");
        let text = posted[0].body["text"].as_str().expect("a text").to_owned();
        assert!(text.starts_with(&format!("<!here> *Order {code}*")), "{text}");
    });
}

/// What a plugin had sent before it failed is not sent again when the plugin is called again.
#[test]
fn a_plugin_that_fails_half_way_sends_nothing_twice() {
    with_shop(async |server, sms, admin| {
        set_account(admin, "AFRICAS_TALKING").await;
        let mut guest = ActionGuest::new().wants(Way::Sms);
        let send = guest.tell(Way::Sms, "", "Asante");
        let binding = install(
            admin,
            guest.on(&format!("{send} unreachable")).build(),
            json!({}),
            json!({ "sms": true }),
        )
        .await;
        handle(admin, &binding, "INSTEAD", json!("SMS")).await;
        sell(server).await;
        let failed = texts(admin, 1, |one| one["reason"] == "HANDLER_FAILED").await.remove(0);
        assert_eq!((&failed["state"], &failed["attempts"]), (&json!("Pending"), &json!(1)), "{failed}");
        for attempts in 2..=3 {
            server.clock.advance(Duration::from_hours(1));
            texts(admin, 1, |one| one["attempts"] == attempts && one["reason"] == "HANDLER_FAILED").await;
        }
        assert_eq!(sms.taken().len(), 1);
    });
}

#[test]
fn a_plugin_that_does_harm_is_contained_and_keeps_nobody_else_waiting() {
    with_shop(async |server, sms, admin| {
        set_account(admin, "AFRICAS_TALKING").await;
        let mut flood = ActionGuest::new().name("flood").wants(Way::Sms);
        let send = flood.tell(Way::Sms, "", "Nunua!");
        let flood = flood.on(&format!(
            "(loop $more {send} (local.set $count (i32.add (local.get $count) (i32.const 1)))
               (br_if $more (i32.lt_u (local.get $count) (i32.const 10000)))) (call $done)"
        ));
        let ungranted = ActionGuest::new().name("ungranted").wants(Way::Sms).wants_contact();
        let hang = ActionGuest::new().name("hang").on("(loop $for_ever (br $for_ever)) unreachable");
        let mut refuses = ActionGuest::new().name("refuses");
        let said = refuses.say(3, "no such customer");
        for (guest, placement, action, grants) in [
            (flood, "AFTER", json!("SMS"), json!({ "sms": true })),
            (ungranted, "BEFORE", json!("SMS"), json!({})),
            (hang, "ALONE", Value::Null, json!({})),
            (refuses.on(&said), "ALONE", Value::Null, json!({})),
        ] {
            let binding = install(admin, guest.build(), json!({}), grants).await;
            handle(admin, &binding, placement, action).await;
        }
        sell(server).await;
        let alone = actions(admin, "HANDLER", 2, |one| one["reason"] == "HANDLER_FAILED").await;
        assert_eq!(
            (&alone[0]["state"], &alone[1]["state"]),
            (&json!("Pending"), &json!("Failed")),
            "{alone:?}"
        );
        assert_eq!(alone[1]["message"], "no such customer");
        // The core's own message, and as many as a call may send.
        let told =
            texts(admin, 1, |one| one["state"] != "Pending" || one["reason"].is_string()).await.remove(0);
        assert_eq!(sms.taken().len(), 6, "{told}");
        assert_eq!(told["segments"], 6);
        actions(admin, "IN_APP", 1, |one| one["state"] == "Done").await;
    });
}

#[test]
fn a_plugin_before_an_action_decides_whether_it_takes_place() {
    with_shop(async |server, sms, admin| {
        set_account(admin, "AFRICAS_TALKING").await;
        let mut guest = ActionGuest::new();
        let said = guest.say(1, "it is too late in the evening");
        let binding = install(admin, guest.on(&said).build(), json!({}), json!({})).await;
        for action in ["SMS", "IN_APP"] {
            handle(admin, &binding, "BEFORE", json!(action)).await;
        }
        sell(server).await;
        let skipped = texts(admin, 1, |one| one["state"] == "Skipped").await.remove(0);
        assert_eq!(
            (&skipped["reason"], &skipped["message"]),
            (&json!("HANDLER_SKIPPED"), &json!("it is too late in the evening"))
        );
        actions(admin, "IN_APP", 1, |one| one["state"] == "Skipped").await;
        let inbox = admin.query("{ notifications { items { type } } }", json!({})).await;
        assert_eq!(inbox["notifications"]["items"], json!([]));
        assert!(sms.taken().is_empty());
    });
}

#[test]
fn what_can_be_no_handler_is_refused() {
    with_shop(async |server, _sms, admin| {
        let binding = install(admin, ActionGuest::new().build(), json!({}), json!({})).await;
        let greedy = upload(admin, ActionGuest::new().name("greedy").build()).await;
        let more = json!({ "pluginId": greedy["pluginId"], "config": {}, "grants": { "sms": true } });
        let refused = only_field(&try_bind(admin, more).await.data());
        assert_eq!(refused["__typename"], "PluginConfigError", "{refused}");
        let rule = install(admin, cents_off("cents", "1.0.0", 100), json!({}), json!({})).await;
        let of = |binding: &Value, placement: &str, action: Value| json!({ "input": { "bindingId": binding["id"], "placement": placement, "actionType": action } });
        assert_eq!(admin.send(CREATE, of(&rule, "ALONE", Value::Null)).await.code(), "NOT_FOUND");
        for odd in [
            of(&binding, "ALONE", json!("SMS")),
            of(&binding, "BEFORE", Value::Null),
            of(&binding, "INSTEAD", json!("WEBHOOK")),
        ] {
            assert_eq!(admin.send(CREATE, odd).await.code(), "INVALID_INPUT");
        }
        let unknown =
            json!({ "input": { "bindingId": binding["id"], "placement": "ALONE", "eventType": "no.such" } });
        assert_eq!(admin.send(CREATE, unknown).await.code(), "NOT_FOUND");
        let other = server.administrator(BETA).await;
        assert_eq!(other.send(CREATE, of(&binding, "ALONE", Value::Null)).await.code(), "NOT_FOUND");
        for _ in 0..5 {
            admin.query(CREATE, of(&binding, "AFTER", json!("PUSH"))).await;
        }
        let more = admin.send(CREATE, of(&binding, "BEFORE", json!("PUSH"))).await;
        assert_eq!(
            (more.code(), more.message()),
            ("CONFLICT", "a shop has at most 5 handlers of one action")
        );
        let made = only_field(&admin.query(CREATE, of(&binding, "ALONE", Value::Null)).await);
        let delete = "mutation ($id: ID!) { deleteEventHandler(id: $id) { success } }";
        assert_eq!(other.send(delete, json!({ "id": made["id"] })).await.code(), "NOT_FOUND");
        admin.query(delete, json!({ "id": made["id"] })).await;
    });
}
