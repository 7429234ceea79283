//! What a plugin has the core tell its recipient: by mail, in browsers and inboxes, as far as the shop grants and allows.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};
use soko::config::Settings;
use soko_host::testing::{ActionGuest, Way};
use soko_tests::browser::PushService;
use soko_tests::client::only_field;
use soko_tests::mailbox::MailServer;
use soko_tests::platform::ALPHA;
use soko_tests::providers::sms::SmsServer;
use soko_tests::server::{with_settings, with_two_nodes_set};
use soko_tests::shopper::order_of;
use soko_tests::{Client, TestServer};

use crate::credit::{arrange, customer};
use crate::event_handlers::{actions, handle, install};
use crate::events::state_orders;
use crate::providers::provider;
use crate::push::{ORIGIN, push_settings, subscribe};
use crate::texts::{at, sell, set_account, texts};

struct Outside {
    sms: SmsServer,
    mail: MailServer,
    push: PushService,
}

impl Outside {
    async fn start() -> Self {
        let (sms, mail) = (SmsServer::start().await, MailServer::start().await);
        Self { sms, mail, push: PushService::start().await }
    }

    fn point(&self, settings: &mut Settings) {
        at(settings, &self.sms);
        push_settings(settings, &self.push);
        settings.email.smtp_url.0 = self.mail.url();
        "Duka <orders@duka.example>".clone_into(&mut settings.email.from);
    }
}

/// An administrator of a shop that by itself sends no mail about orders.
async fn prepared(server: &TestServer, outside: &Outside) -> Client {
    let admin = server.administrator(ALPHA).await;
    let key = only_field(&admin.query("{ pushPublicKey }", json!({})).await);
    outside.push.expects(key.as_str().expect("a key"), ORIGIN);
    let off = "mutation { updateEventSetting(input: { eventType: \"order.placed\", actionType: EMAIL, enabled: false }) {
        enabled } }";
    admin.query(off, json!({})).await;
    admin
}

fn with_shop<F: AsyncFnOnce(&TestServer, &Outside, &Client)>(test: F) {
    let (runtime, outside) = provider(Outside::start());
    with_settings(
        |settings| outside.point(settings),
        async |server| test(server, &outside, &prepared(server, &outside).await).await,
    );
    drop(runtime);
}

/// Waits for a run of a plugin that is on record.
async fn run(admin: &Client, is_the_one: impl Fn(&Value) -> bool) {
    let mut runs = Value::Null;
    for _ in 0..400 {
        let text = "{ pluginRuns { items { hostCalls { function error } } } }";
        runs = admin.query(text, json!({})).await["pluginRuns"]["items"].clone();
        if runs.as_array().into_iter().flatten().any(&is_the_one) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("there is no such run: {runs}");
}

#[test]
fn a_plugin_tells_its_recipient_in_every_way_that_the_shop_grants() {
    with_shop(async |server, outside, admin| {
        let (asha, _) = customer(server, admin).await;
        server.settle().await;
        subscribe(&asha.client, outside.push.browser("phone", ORIGIN)).await;
        let mut guest = ActionGuest::new().wants(Way::Email).wants(Way::Push).wants(Way::Inbox);
        let told = [Way::Email, Way::Push, Way::Inbox].map(|way| guest.tell(way, "Karibu", "Asante sana"));
        let (told, granted) = (told.concat(), json!({ "email": true, "push": true, "inbox": true }));
        let guest = guest.on(&format!("{told} (call $done)")).build();
        let binding = install(admin, guest, json!({}), granted).await;
        handle(admin, &binding, "INSTEAD", json!("IN_APP")).await;
        arrange(&asha).await;
        order_of(asha.try_pay("cash").await);

        let told = actions(admin, "IN_APP", 5, |one| one["state"] == "Done").await;
        assert!(told.iter().any(|one| one["recipientType"] == "administrator"), "{told:?}");
        let delivered = outside.mail.delivered();
        let mails: Vec<_> =
            delivered.iter().filter(|mail| mail.header("Subject") == Some("Karibu")).collect();
        let hers = mails.iter().find(|mail| mail.to == ["asha@mail.example"]).expect("hers");
        assert_eq!(hers.body().trim_end(), "Asante sana");
        assert_eq!(mails.len(), 2, "hers and the administrator's: {delivered:?}");
        let placed = |shown: &[(String, Value)]| -> Vec<Value> {
            let of = shown.iter().filter(|(_, message)| message["title"] == "Karibu");
            of.map(|(_, message)| message["body"].clone()).collect()
        };
        assert_eq!(placed(&outside.push.shown()), ["Asante sana"]);
        let inbox = asha.client.query("{ notifications { items { type title message } } }", json!({})).await;
        let expected = json!({ "type": "order.placed", "title": "Karibu", "message": "Asante sana" });
        let inbox = inbox["notifications"]["items"].as_array().cloned().unwrap_or_default();
        assert!(inbox.contains(&expected), "{inbox:?}");
        let call = |function: &str| json!({ "function": function, "error": null });
        let all = json!({ "hostCalls": [call("email.send"), call("push.send"), call("inbox.put")] });
        run(admin, |run| *run == all).await;
    });
}

/// A mail beside a text message counts by the limits of mails: once, however often the plugin is called again.
#[test]
fn what_a_plugin_sends_is_counted_once_by_the_shops_limits() {
    with_shop(async |server, outside, admin| {
        set_account(admin, "AFRICAS_TALKING").await;
        let limit =
            "mutation { createEventRateLimit(input: { actionType: EMAIL, scope: CHANNEL, actionsMax: 2,
            periodSeconds: 86400 }) { id } }";
        admin.query(limit, json!({})).await;
        let mut guest = ActionGuest::new().wants(Way::Email);
        let told = guest.tell(Way::Email, "Karibu", "Asante sana");
        let later = guest.say(2, "not yet");
        let guest = guest.on(&format!("{told} {later}")).build();
        let binding = install(admin, guest, json!({}), json!({ "email": true })).await;
        handle(admin, &binding, "INSTEAD", json!("SMS")).await;
        sell(server).await;
        for attempts in 1..=3 {
            texts(admin, 1, |one| one["attempts"] == attempts && one["reason"] == "HANDLER_FAILED").await;
            server.clock.advance(Duration::from_hours(1));
        }
        for orders in 2..=3 {
            sell(server).await;
            texts(admin, orders, |one| one["reason"] == "HANDLER_FAILED").await;
        }
        run(admin, |run| run["hostCalls"][0]["error"] == "quota-exceeded").await;
        assert_eq!(outside.mail.delivered().len(), 2, "one for each of two orders");
    });
}

/// In the place of a text message a plugin sends two: the second one counts for itself, whichever plugin sends it.
#[test]
fn of_what_plugins_send_in_place_of_a_message_the_first_was_counted() {
    with_shop(async |server, outside, admin| {
        set_account(admin, "AFRICAS_TALKING").await;
        let limit = "mutation { createEventRateLimit(input: { actionType: SMS, scope: CHANNEL, actionsMax: 2,
            periodSeconds: 86400 }) { id } }";
        admin.query(limit, json!({})).await;
        let silent = ActionGuest::new().name("silent").build();
        let silent = install(admin, silent, json!({}), json!({})).await;
        handle(admin, &silent, "INSTEAD", json!("SMS")).await;
        let mut guest = ActionGuest::new().name("talks").wants(Way::Sms);
        let told = ["Moja", "Mbili", "Tatu"].map(|text| guest.tell(Way::Sms, "", text)).concat();
        let guest = guest.on(&format!("{told} (call $done)")).build();
        let binding = install(admin, guest, json!({}), json!({ "sms": true })).await;
        handle(admin, &binding, "INSTEAD", json!("SMS")).await;
        sell(server).await;
        texts(admin, 1, |one| one["state"] == "Done").await;
        let said: Vec<String> = outside.sms.taken().into_iter().map(|taken| taken.text).collect();
        assert_eq!(said, ["Moja", "Mbili"], "the third is one too many");
    });
}

/// A plugin that is called again and leaves one kind of message out has the others taken for what they are.
#[test]
fn messages_are_told_apart_by_their_kind_when_a_plugin_is_called_again() {
    with_shop(async |server, outside, admin| {
        set_account(admin, "AFRICAS_TALKING").await;
        let mut guest = ActionGuest::new().wants(Way::Email).wants(Way::Sms);
        let mail = guest.tell(Way::Email, "Karibu", "Asante sana");
        let text = guest.tell(Way::Sms, "", "Asante");
        let later = guest.say(2, "not yet");
        let guest = guest.on(&format!("{mail} {text} {later}")).build();
        let binding = install(admin, guest, json!({}), json!({ "email": true })).await;
        handle(admin, &binding, "INSTEAD", json!("SMS")).await;
        sell(server).await;
        texts(admin, 1, |one| one["attempts"] == 1 && one["reason"] == "HANDLER_FAILED").await;
        assert_eq!((outside.mail.delivered().len(), outside.sms.taken().len()), (1, 0));
        let grant = "mutation ($input: UpdatePluginBindingInput!) { updatePluginBinding(input: $input) { __typename } }";
        let input = json!({ "id": binding["id"], "grants": { "sms": true } });
        admin.query(grant, json!({ "input": input })).await;
        server.clock.advance(Duration::from_hours(1));
        texts(admin, 1, |one| one["attempts"] == 2 && one["reason"] == "HANDLER_FAILED").await;
        assert_eq!(
            (outside.mail.delivered().len(), outside.sms.taken().len()),
            (1, 1),
            "the text is no mail"
        );
    });
}

/// What plugins and the core do apart is done by one of the nodes that serve a platform.
#[test]
fn of_two_nodes_one_calls_each_plugin_and_tells_each_browser() {
    const EVENTS: usize = 20;
    let (runtime, outside) = provider(Outside::start());
    with_two_nodes_set(
        |settings| outside.point(settings),
        async |one, _two| {
            let admin = prepared(one, &outside).await;
            let (asha, id) = customer(one, &admin).await;
            one.settle().await;
            subscribe(&asha.client, outside.push.browser("phone", ORIGIN)).await;
            let mut guest = ActionGuest::new().wants(Way::Push);
            let told = guest.tell(Way::Push, "Karibu", "Asante sana");
            let guest = guest.on(&format!("{told} (call $done)")).build();
            let binding = install(&admin, guest, json!({}), json!({ "push": true })).await;
            handle(&admin, &binding, "INSTEAD", json!("IN_APP")).await;
            let id = id.as_str().and_then(|id| id.parse().ok()).expect("a customer's id");
            state_orders(one, ALPHA, id, EVENTS).await;
            let told = |kind: &'static str, count| actions(&admin, kind, count, |one| one["state"] == "Done");
            // One for the customer and one for the administrator of each order, and one of the account.
            told("IN_APP", 2 * EVENTS + 1).await;
            told("PUSH", EVENTS).await;
            let shown = outside.push.shown();
            for of_plugin in [true, false] {
                let of = shown.iter().map(|(_, message)| message);
                let of: Vec<&Value> = of.filter(|one| (one["title"] == "Karibu") == of_plugin).collect();
                let different: HashSet<String> = of.iter().map(|one| one["eventId"].to_string()).collect();
                assert_eq!((of.len(), different.len()), (EVENTS, EVENTS), "by the plugin: {of_plugin}");
            }
        },
    );
    drop(runtime);
}
