//! Text messages to customers, handed to providers over real connections: within quotas, limits and quiet hours.

use std::time::Duration;

use serde_json::{Value, json};
use soko::config::{Role, Settings};
use soko_tests::client::only_field;
use soko_tests::platform::{ALPHA, BETA, SUGAR};
use soko_tests::providers::sms::{API_KEY, Answer, SmsServer};
use soko_tests::server::{with_settings, with_two_nodes_set};
use soko_tests::{Client, TestServer};

use crate::providers::provider;

const TEXTS: &str =
    "{ eventActions(options: { take: 100, filter: { actionType: { eq: \"sms\" } }, sort: { id: ASC } }) {
    items { id state reason message attempts segments costMicros costCurrency providerReference dueAt } } }";

const SET: &str = "mutation ($input: SetSmsSettingsInput!) { setSmsSettings(input: $input) { provider username senderId callingCode } }";

/// An account with a provider.
pub(crate) async fn set_account(admin: &Client, provider: &str) -> Value {
    let input = json!({ "provider": provider, "username": "duka", "senderId": "DUKA", "apiKey": API_KEY });
    only_field(&admin.query(SET, json!({ "input": input })).await)
}

/// Points both providers to a stand-in.
pub(crate) fn at(settings: &mut Settings, server: &SmsServer) {
    settings.sms.africastalking_url = server.origin();
    settings.sms.textsms_url = server.origin();
}

fn with_texts<F: AsyncFnOnce(&TestServer, &SmsServer, &Client)>(test: F) {
    let (runtime, sms) = provider(SmsServer::start());
    with_settings(
        |settings| at(settings, &sms),
        async |server| {
            let admin = server.administrator(ALPHA).await;
            test(server, &sms, &admin).await;
        },
    );
    drop(runtime);
}

pub(crate) async fn sell(server: &TestServer) -> Value {
    let guest = server.shopper(ALPHA);
    let sugar = guest.variant(SUGAR).await;
    guest.check_out(&sugar, 1, "asha@guests.example").await
}

/// What was done by text message, once it is so much and all as it should be.
pub(crate) async fn texts(admin: &Client, count: usize, is_done: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut items = Vec::new();
    for _ in 0..400 {
        let found = only_field(&admin.query(TEXTS, json!({})).await);
        items = found["items"].as_array().cloned().unwrap_or_default();
        if items.len() == count && items.iter().all(&is_done) {
            return items;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the messages did not become what they should: {items:?}");
}

#[test]
fn a_customer_is_told_by_text_message_what_the_shop_pays_for() {
    with_texts(async |server, sms, admin| {
        sell(server).await;
        server.settle().await;
        assert_eq!(texts(admin, 0, |_| true).await.len(), 0, "without an account none is sent");
        let set = set_account(admin, "AFRICAS_TALKING").await;
        let expected = json!({ "provider": "AFRICAS_TALKING", "username": "duka", "senderId": "DUKA", "callingCode": "254" });
        assert_eq!(set, expected);
        let words = "mutation { setEventTemplate(input: { eventType: \"order.placed\", languageCode: en, actionType: SMS,
            title: \"-\", body: \"Asante, {{ code }} ni {{ totalWithTax | money(currency) }}\" }) { actionType } }";
        assert_eq!(admin.query(words, json!({})).await["setEventTemplate"]["actionType"], "SMS");
        let order = sell(server).await;
        let taken = sms.wait_for(1).await.remove(0);
        assert_eq!((taken.to.as_str(), taken.from.as_deref()), ("+254712345678", Some("DUKA")));
        assert_eq!(taken.username, "duka");
        let code = order["code"].as_str().expect("a code");
        assert!(taken.text.starts_with(&format!("Asante, {code} ni KES ")), "{taken:?}");
        let done = texts(admin, 1, |one| one["state"] == "Done").await.remove(0);
        let kept =
            [&done["segments"], &done["costMicros"], &done["costCurrency"], &done["providerReference"]];
        assert_eq!(kept, [&json!(1), &json!(800_000), &json!("KES"), &json!("ATXid_1")]);
        let usage = admin.query("{ smsUsage { periodStart segmentsUsed segmentsMax } }", json!({})).await;
        let expected =
            json!({ "periodStart": "2026-06-30T21:00:00.000Z", "segmentsUsed": 1, "segmentsMax": null });
        assert_eq!(usage["smsUsage"], expected);
        let numbers = "query ($start: DateTime!, $end: DateTime!) {
            eventActionStatistics(start: $start, end: $end) { day eventType actionType state count segments costMicros
                costCurrency }
            eventActionLatencies(start: $start, end: $end) { actionType count p50Ms p99Ms } }";
        let span = |start: &str, end: &str| json!({ "start": start, "end": end });
        let july = span("2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z");
        let found = admin.query(numbers, july).await;
        let statistics = found["eventActionStatistics"].as_array().expect("numbers").clone();
        let sent = json!({ "day": "2026-07-01", "eventType": "order.placed", "actionType": "SMS", "state": "Done",
            "count": 1, "segments": 1, "costMicros": 800_000, "costCurrency": "KES" });
        assert!(statistics.contains(&sent), "{statistics:?}");
        let inboxes = statistics.iter().find(|one| one["actionType"] == "IN_APP").expect("inboxes");
        assert_eq!((&inboxes["count"], &inboxes["costMicros"]), (&json!(2), &Value::Null));
        let latencies = found["eventActionLatencies"].as_array().expect("numbers").clone();
        assert!(
            latencies.contains(&json!({ "actionType": "SMS", "count": 1, "p50Ms": 0, "p99Ms": 0 })),
            "{latencies:?}"
        );
        for odd in [
            span("2026-07-02T00:00:00Z", "2026-07-01T00:00:00Z"),
            span("2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ] {
            assert_eq!(admin.send(numbers, odd).await.code(), "INVALID_INPUT");
        }
        let shown = admin.query("{ smsSettings { provider username senderId } }", json!({})).await;
        assert!(!shown.to_string().contains(API_KEY));
        let other = server.administrator(BETA).await;
        assert_eq!(other.query("{ smsSettings { provider } }", json!({})).await["smsSettings"], Value::Null);
    });
}

#[test]
fn the_other_provider_is_spoken_to_in_its_own_way() {
    with_texts(async |server, sms, admin| {
        set_account(admin, "TEXT_SMS").await;
        sms.answer_with(&[Answer::Code(1004), Answer::Code(1003)]);
        sell(server).await;
        let poor = texts(admin, 1, |one| one["reason"] == "UNAVAILABLE").await.remove(0);
        assert_eq!(poor["state"], "Pending", "a shop without credit may buy some");
        sell(server).await;
        let odd = |one: &Value| one["reason"] == "UNAVAILABLE" || one["reason"] == "REFUSED";
        let refused = texts(admin, 2, odd).await.remove(1);
        assert_eq!((&refused["state"], &refused["attempts"]), (&json!("Failed"), &json!(1)));
        assert!(refused["message"].as_str().is_some_and(|why| why.contains("1003")), "{refused}");
        server.clock.advance(Duration::from_secs(10));
        let taken = sms.wait_for(1).await.remove(0);
        assert_eq!((taken.to.as_str(), taken.username.as_str()), ("254712345678", "duka"));
        texts(admin, 2, |one| one["state"] == "Done" || one["state"] == "Failed").await;
        let usage = admin.query("{ smsUsage { segmentsUsed } }", json!({})).await;
        assert_eq!(usage["smsUsage"]["segmentsUsed"], 1, "what was not sent is not counted");
        let missing = json!({ "input": { "provider": "TEXT_SMS", "username": "duka", "apiKey": API_KEY } });
        assert_eq!(admin.send(SET, missing).await.code(), "INVALID_INPUT", "it wants a sender id");
        let another = json!({ "input": { "provider": "AFRICAS_TALKING", "username": "duka" } });
        assert_eq!(
            admin.send(SET, another).await.code(),
            "INVALID_INPUT",
            "another provider has another key"
        );
    });
}

/// A message that may have been sent is not sent again by itself.
#[test]
fn a_message_in_doubt_waits_for_somebody_to_decide() {
    with_texts(async |server, sms, admin| {
        set_account(admin, "AFRICAS_TALKING").await;
        sms.answer_with(&[Answer::Status(500)]);
        sell(server).await;
        let doubt = texts(admin, 1, |one| one["reason"] == "IN_DOUBT").await.remove(0);
        assert_eq!((&doubt["state"], &doubt["dueAt"]), (&json!("Failed"), &Value::Null));
        server.clock.advance(Duration::from_hours(48));
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert!(sms.taken().is_empty());
        let retry = "mutation ($id: ID!) { retryEventAction(id: $id) { success } }";
        admin.query(retry, json!({ "id": doubt["id"] })).await;
        sms.wait_for(1).await;
        texts(admin, 1, |one| one["state"] == "Done").await;
        assert_eq!(admin.send(retry, json!({ "id": doubt["id"] })).await.code(), "CONFLICT");
    });
}

#[test]
fn what_makes_no_sense_is_refused_with_a_reason() {
    with_texts(async |server, sms, admin| {
        let input = json!({ "provider": "AFRICAS_TALKING", "username": "duka", "apiKey": "wrong" });
        admin.query(SET, json!({ "input": input })).await;
        sell(server).await;
        let unknown = texts(admin, 1, |one| one["reason"] == "REFUSED").await.remove(0);
        assert_eq!(unknown["state"], "Failed");
        set_account(admin, "AFRICAS_TALKING").await;
        let guest = server.shopper(ALPHA);
        let sugar = guest.variant(SUGAR).await;
        let other =
            "mutation ($input: CreateCustomerInput!) { setCustomerForOrder(input: $input) { __typename } }";
        guest.add(&sugar, 1).await;
        let input = json!({ "firstName": "Juma", "lastName": "Odhiambo", "emailAddress": "juma@guests.example",
            "phoneNumber": "020 7946" });
        guest.client.query(other, json!({ "input": input })).await;
        guest.set_address().await;
        guest.choose_shipping().await;
        guest.try_transition("ArrangingPayment").await.data();
        guest.try_pay("cash").await.data();
        let odd = texts(admin, 2, |one| one["state"] == "Failed").await.remove(1);
        assert_eq!(odd["reason"], "INVALID_ADDRESS");
        assert!(sms.taken().is_empty());
    });
}

#[test]
fn a_shop_spends_its_quota_and_no_more() {
    with_texts(async |server, sms, admin| {
        set_account(admin, "AFRICAS_TALKING").await;
        let channel = admin.query("{ activeChannel { id } }", json!({})).await["activeChannel"]["id"].clone();
        let quota =
            "mutation ($id: ID!, $most: Int) { setChannelSmsQuota(channelId: $id, segmentsMax: $most) {
            segmentsUsed segmentsMax } }";
        let vars = json!({ "id": channel, "most": 3 });
        assert_eq!(admin.send(quota, vars.clone()).await.code(), "FORBIDDEN", "no shop sets its own");
        let operator = server.operator(ALPHA).await;
        let odd = json!({ "id": channel, "most": -1 });
        assert_eq!(operator.send(quota, odd).await.code(), "INVALID_INPUT");
        let set = only_field(&operator.query(quota, vars).await);
        assert_eq!(set, json!({ "segmentsUsed": 0, "segmentsMax": 3 }));
        let customer = sell(server).await["customer"]["id"].as_str().and_then(|id| id.parse().ok());
        crate::events::state_orders(server, ALPHA, customer.expect("a customer"), 39).await;
        let ended = texts(admin, 40, |one| one["state"] != "Pending").await;
        let of = |reason: Value| ended.iter().filter(|one| one["reason"] == reason).count();
        assert_eq!((of(Value::Null), of(json!("QUOTA_EXCEEDED"))), (3, 37), "{ended:?}");
        assert_eq!(sms.taken().len(), 3);
    });
}

#[test]
fn of_two_nodes_one_sends_each_message() {
    let (runtime, sms) = provider(SmsServer::start());
    with_two_nodes_set(
        |settings| at(settings, &sms),
        async |one, _two| {
            let admin = one.administrator(ALPHA).await;
            set_account(&admin, "AFRICAS_TALKING").await;
            let customer = sell(one).await["customer"]["id"].as_str().and_then(|id| id.parse().ok());
            crate::events::state_orders(one, ALPHA, customer.expect("a customer"), 39).await;
            texts(&admin, 40, |one| one["state"] == "Done").await;
            let mut said: Vec<String> = sms.taken().into_iter().map(|taken| taken.text).collect();
            said.sort();
            said.dedup();
            assert_eq!((sms.taken().len(), said.len()), (40, 40), "each once");
        },
    );
    drop(runtime);
}

#[test]
fn people_are_left_alone_in_quiet_hours() {
    with_texts(async |server, sms, admin| {
        set_account(admin, "AFRICAS_TALKING").await;
        let set = "mutation ($input: QuietHoursInput) { setQuietHours(input: $input) { start end } }";
        for odd in [("12:00", "12:00"), ("24:00", "08:00"), ("8:00", "09:00"), ("08:60", "09:00"), ("", "x")]
        {
            let input = json!({ "input": { "start": odd.0, "end": odd.1 } });
            assert_eq!(admin.send(set, input).await.code(), "INVALID_INPUT", "{odd:?}");
        }
        // It is noon in the shop.
        let input = json!({ "input": { "start": "11:00", "end": "13:30" } });
        assert_eq!(only_field(&admin.query(set, input).await), json!({ "start": "11:00", "end": "13:30" }));
        sell(server).await;
        let waiting = texts(admin, 1, |one| one["dueAt"].is_string()).await.remove(0);
        assert_eq!(
            (&waiting["state"], &waiting["dueAt"], &waiting["attempts"]),
            (&json!("Pending"), &json!("2026-07-01T10:30:00.000Z"), &json!(0))
        );
        server.clock.advance(Duration::from_mins(89));
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert!(sms.taken().is_empty());
        server.clock.advance(Duration::from_mins(1));
        sms.wait_for(1).await;
        let loud = "mutation { updateEventSetting(input: { eventType: \"order.placed\", actionType: SMS,
            respectsQuietHours: false, priority: 9 }) { respectsQuietHours priority } }";
        let loud = only_field(&admin.query(loud, json!({})).await);
        assert_eq!(loud, json!({ "respectsQuietHours": false, "priority": 9 }));
        server.clock.advance(Duration::from_hours(22));
        sell(server).await;
        sms.wait_for(2).await;
    });
}

/// However many are due at once, and however many nodes send them.
#[test]
fn a_limit_lets_exactly_so_many_through() {
    const EVENTS: usize = 64;
    let (runtime, sms) = provider(SmsServer::start());
    let change = |settings: &mut Settings| {
        at(settings, &sms);
        settings.server.role = Role::Api;
    };
    with_settings(change, async |server| {
        let admin = server.administrator(ALPHA).await;
        set_account(&admin, "AFRICAS_TALKING").await;
        let create = "mutation ($input: CreateEventRateLimitInput!) { createEventRateLimit(input: $input) {
            id actionType scope eventType category actionsMax periodSeconds } }";
        let limit = |scope: &str, most: i64, period: i64| json!({ "input": { "actionType": "SMS", "scope": scope, "actionsMax": most, "periodSeconds": period } });
        for odd in [limit("CHANNEL", -1, 60), limit("CHANNEL", 1, 0), limit("EVENT", 1, 32 * 24 * 3600)] {
            assert_eq!(admin.send(create, odd).await.code(), "INVALID_INPUT");
        }
        let made = only_field(&admin.query(create, limit("CHANNEL", 10, 3600)).await);
        assert_eq!(
            (&made["scope"], &made["actionsMax"], &made["eventType"]),
            (&json!("CHANNEL"), &json!(10), &Value::Null)
        );
        let customer = sell(server).await["customer"]["id"].as_str().and_then(|id| id.parse().ok());
        crate::events::state_orders(server, ALPHA, customer.expect("a customer"), EVENTS - 1).await;
        server.settle().await;
        let notifications = &server.services().notifications;
        let due = notifications.due_deliveries(&[], 200).await.expect("a store");
        assert_eq!(due.len(), EVENTS);
        let made = futures_util::future::join_all(due.iter().map(|due| notifications.deliver(due))).await;
        let made = made.into_iter().map(|made| made.expect("a store")).filter(|made| *made).count();
        assert_eq!((made, sms.taken().len()), (10, 10));
        let ended = texts(&admin, EVENTS, |one| one["state"] != "Pending").await;
        let skipped = ended.iter().filter(|one| one["state"] == "Skipped" && one["reason"] == "RATE_LIMITED");
        assert_eq!(skipped.count(), EVENTS - 10);
        // Another hour, and a limit of its own for each recipient.
        server.clock.advance(Duration::from_hours(1));
        admin.query(create, limit("RECIPIENT", 2, 3600)).await;
        crate::events::state_orders(server, ALPHA, customer.expect("a customer"), 4).await;
        server.settle().await;
        for due in notifications.due_deliveries(&[], 200).await.expect("a store") {
            notifications.deliver(&due).await.expect("a store");
        }
        assert_eq!(sms.taken().len(), 12);
        let delete = "mutation ($id: ID!) { deleteEventRateLimit(id: $id) { success } }";
        let id =
            admin.query("{ eventRateLimits { id } }", json!({})).await["eventRateLimits"][0]["id"].clone();
        admin.query(delete, json!({ "id": id })).await;
        assert_eq!(admin.send(delete, json!({ "id": id })).await.code(), "NOT_FOUND");
    });
    drop(runtime);
}
