//! What people are told of what happens, over HTTP: each their own, and what they want to be told.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use soko_infra::outbox::Event;
use soko_infra::{DatabaseError, Tx};
use soko_tests::client::only_field;
use soko_tests::platform::{ALPHA, BETA, SUGAR};
use soko_tests::shopper::order_of;
use soko_tests::{Client, TestServer, with_server};

use crate::admin_people::employ;
use crate::credit::{arrange, customer};

/// An order that was placed, as far as anybody is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Placed {
    order_id: i64,
    code: String,
    customer_id: i64,
    total_with_tax: i64,
    currency: &'static str,
}

impl Event for Placed {
    fn name(&self) -> &'static str {
        "order.placed"
    }
}

/// States that a customer has placed so many orders, without what else that takes.
pub(crate) async fn state_orders(server: &TestServer, shop: &str, customer_id: i64, count: usize) {
    let (scope, now) = (server.open(shop).actor.public_scope(), server.clock.now());
    let stated = server.database().write(scope, async move |tx: &mut Tx| {
        for place in 0..count {
            let (code, currency) = (format!("STATED{place:010}"), "KES");
            let placed = Placed { order_id: 1, code, customer_id, total_with_tax: 116_000, currency };
            tx.publish(scope, now, &placed)?;
        }
        Ok::<_, DatabaseError>(())
    });
    stated.await.expect("a store");
}

const INBOX: &str = "{ notifications { totalItems items { id type title message data read } } }";
const SET_PREFERENCE: &str = "mutation ($event: String!, $enabled: Boolean!) { setNotificationPreference(
    input: { eventType: $event, actionType: IN_APP, enabled: $enabled }) { eventType enabled } }";
const SET: &str = "mutation ($input: UpdateEventSettingInput!) { updateEventSetting(input: $input) {
    eventType category customerFacing subscribable actionType enabled defaultForUsers } }";

async fn inbox(client: &Client) -> Value {
    only_field(&client.query(INBOX, json!({})).await)
}

fn titles(inbox: &Value) -> Vec<&str> {
    inbox["items"].as_array().into_iter().flatten().filter_map(|item| item["title"].as_str()).collect()
}

/// A customer with an account pays an order in cash.
async fn sell(server: &TestServer, admin: &Client) -> (Client, Value) {
    let (shopper, _) = customer(server, admin).await;
    arrange(&shopper).await;
    let order = order_of(shopper.try_pay("cash").await);
    assert_eq!(order["state"], "PaymentSettled", "{order}");
    (shopper.client, order)
}

#[test]
fn a_sale_is_told_to_the_customer_and_to_those_who_sell_by_the_server_itself() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let (cook, _) = employ(server, &admin, "cook", &["ReadAsset"]).await;
        let (asha, order) = sell(server, &admin).await;
        let code = order["code"].as_str().expect("a code");
        let mut told = Value::Null;
        for _ in 0..200 {
            told = inbox(&asha).await;
            if titles(&told).len() == 4 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let (placed, paid) = (format!("Order {code}"), format!("Order {code} is paid"));
        let mut of_asha = titles(&told);
        of_asha.sort_unstable();
        assert_eq!(of_asha, [&*placed, &*paid, "Payment received", "Welcome"], "{told}");
        let sold = inbox(&admin).await;
        assert_eq!(titles(&sold), [&*placed], "{sold}");
        assert_eq!(
            sold["items"][0]["data"]["orderId"].as_i64().map(|id| json!(id.to_string())),
            Some(order["id"].clone())
        );
        assert_eq!(sold["items"][0]["type"], "order.placed");
        for stranger in [&cook, &server.administrator(BETA).await, &server.operator(ALPHA).await] {
            assert_eq!(inbox(stranger).await["totalItems"], 0, "the sale is none of their business");
        }

        let unread = "{ unreadNotificationCount }";
        let read = "mutation ($id: ID!) { markNotificationAsRead(id: $id) { success } }";
        assert_eq!(asha.query(unread, json!({})).await["unreadNotificationCount"], 4);
        let own = json!({ "id": told["items"][0]["id"] });
        assert_eq!(admin.send(read, own.clone()).await.code(), "NOT_FOUND", "another's");
        asha.query(read, own).await;
        assert_eq!(asha.query(unread, json!({})).await["unreadNotificationCount"], 3);
        let all = asha.query("mutation { markAllNotificationsAsRead }", json!({})).await;
        assert_eq!(all["markAllNotificationsAsRead"], 3);
        let left = "{ notifications(options: { filter: { read: { eq: false } } }) { totalItems } }";
        assert_eq!(asha.query(left, json!({})).await["notifications"]["totalItems"], 0);
        let guest = server.shopper(ALPHA).client;
        assert_eq!(guest.send(unread, json!({})).await.code(), "UNAUTHENTICATED");
    });
}

#[test]
fn what_happened_and_what_was_done_about_it_can_be_looked_up_by_those_who_may() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let (cook, _) = employ(server, &admin, "cook", &["ReadAsset"]).await;
        let (clerk, _) = employ(server, &admin, "clerk", &["ReadOrder"]).await;
        let (_, order) = sell(server, &admin).await;
        server.settle().await;
        let log = "{ events(options: { filter: { type: { eq: \"order.placed\" } } }) {
            totalItems items { id type data createdAt routedAt } } }";
        let placed = only_field(&clerk.query(log, json!({})).await);
        assert_eq!((&placed["totalItems"], &placed["items"][0]["data"]["code"]), (&json!(1), &order["code"]));
        assert!(placed["items"][0]["routedAt"].is_string(), "{placed}");
        let actions = "query ($event: ID!) { eventActions(options: { filter: { eventId: { eq: $event } } }) {
            items { actionType recipientType state attempts message } } }";
        let event = json!({ "event": placed["items"][0]["id"] });
        let done = only_field(&clerk.query(actions, event).await);
        let of = |role: &str| {
            let found = done["items"].as_array().into_iter().flatten();
            found.filter(|action| action["recipientType"] == role && action["state"] == "Done").count()
        };
        assert_eq!((of("customer"), of("administrator")), (1, 2), "{done}");
        assert_eq!(cook.send(log, json!({})).await.code(), "FORBIDDEN");
        let credit = "{ events(options: { filter: { type: { contains: \"credit\" } } }) { totalItems } }";
        assert_eq!(clerk.query(credit, json!({})).await["events"]["totalItems"], 0);
        let elsewhere = server.administrator(BETA).await;
        assert_eq!(elsewhere.query(log, json!({})).await["events"]["totalItems"], 0);
    });
}

#[test]
fn a_shop_and_its_people_say_what_they_are_told() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let (clerk, _) = employ(server, &admin, "clerk", &["ReadOrder"]).await;
        let set = json!({ "eventType": "order.cancelled", "actionType": "IN_APP", "enabled": false });
        assert_eq!(clerk.send(SET, json!({ "input": set })).await.code(), "FORBIDDEN");
        let setting = only_field(&admin.query(SET, json!({ "input": set })).await);
        let expected = json!({ "eventType": "order.cancelled", "category": "SYSTEM_NOTIFICATIONS", "customerFacing": true,
            "subscribable": true, "actionType": "IN_APP", "enabled": false, "defaultForUsers": true });
        assert_eq!(setting, expected);
        let all = admin.query("{ eventSettings { eventType enabled } }", json!({})).await;
        let all = all["eventSettings"].as_array().expect("settings");
        assert!(all.contains(&json!({ "eventType": "order.cancelled", "enabled": false })));
        assert!(all.contains(&json!({ "eventType": "order.placed", "enabled": true })));
        let unknown = json!({ "eventType": "order.eaten", "actionType": "IN_APP" });
        assert_eq!(admin.send(SET, json!({ "input": unknown })).await.code(), "NOT_FOUND");

        for (event, code) in [("order.eaten", "NOT_FOUND"), ("order.state_changed", "INVALID_INPUT")] {
            let refused = clerk.send(SET_PREFERENCE, json!({ "event": event, "enabled": false })).await;
            assert_eq!(refused.code(), code, "{}", refused.body);
        }
        clerk.query(SET_PREFERENCE, json!({ "event": "order.placed", "enabled": false })).await;
        let mine = clerk.query("{ notificationPreferences { eventType enabled } }", json!({})).await;
        assert!(
            mine["notificationPreferences"]
                .as_array()
                .is_some_and(|all| all.contains(&json!({ "eventType": "order.placed", "enabled": false })))
        );
        sell(server, &admin).await;
        server.settle().await;
        assert_eq!(inbox(&clerk).await["totalItems"], 0);
        assert_eq!(inbox(&admin).await["totalItems"], 1);
    });
}

#[test]
fn a_shop_has_its_own_words() {
    const SET_WORDS: &str = "mutation ($input: SetEventTemplateInput!) { setEventTemplate(input: $input) {
        eventType languageCode title body isCustom } }";
    const ALL: &str = "{ eventTemplates { eventType languageCode title body isCustom } }";
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let words = |body: &str| json!({ "input": { "eventType": "order.placed", "languageCode": "en", "title": "New order", "body": body } });
        for (body, said) in [
            ("{{ code", "syntax"),
            ("{{ password }}", "names \"password\""),
            ("{% for c in code %}{{ c }}{% endfor %}", "no tag \"for\""),
        ] {
            let refused = admin.send(SET_WORDS, words(body)).await;
            assert_eq!(refused.code(), "INVALID_INPUT", "{body}: {}", refused.body);
            assert!(refused.message().contains(said), "{body}: {}", refused.message());
        }
        let set = only_field(
            &admin.query(SET_WORDS, words("{{ code }}, {{ totalWithTax | money(currency) }}")).await,
        );
        assert_eq!((&set["isCustom"], &set["title"]), (&json!(true), &json!("New order")));
        let (_, order) = sell(server, &admin).await;
        server.settle().await;
        let told = inbox(&admin).await;
        assert_eq!(titles(&told), ["New order"]);
        let code = order["code"].as_str().expect("a code");
        assert!(
            told["items"][0]["message"]
                .as_str()
                .is_some_and(|text| text.starts_with(&format!("{code}, KES ")))
        );
        let all = only_field(&admin.query(ALL, json!({})).await);
        let of_event = |all: &Value, custom: bool| {
            let all = all.as_array().into_iter().flatten();
            all.filter(|one| one["eventType"] == "order.placed" && one["isCustom"] == custom).count()
        };
        assert_eq!((of_event(&all, true), of_event(&all, false)), (1, 1));
        let elsewhere = server.administrator(BETA).await;
        assert_eq!(of_event(&only_field(&elsewhere.query(ALL, json!({})).await), true), 0);
        let reset =
            "mutation { resetEventTemplate(eventType: \"order.placed\", languageCode: en) { success } }";
        for had in [true, false] {
            assert_eq!(admin.query(reset, json!({})).await["resetEventTemplate"]["success"], had);
        }
        let (clerk, _) = employ(server, &admin, "clerk", &["ReadSettings"]).await;
        assert_eq!(clerk.send(SET_WORDS, words("{{ code }}")).await.code(), "FORBIDDEN");
        assert_eq!(of_event(&only_field(&clerk.query(ALL, json!({})).await), false), 2);
    });
}

/// Facts of other domains than orders: each with its event, and told to those whom it concerns.
#[test]
fn people_stock_and_channels_state_what_happens_to_them() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let create = "mutation { createCustomer(input: { firstName: \"Juma\", lastName: \"Odhiambo\",
            emailAddress: \"juma@example.com\" }, password: \"a-long-password\") { ... on Customer { id } } }";
        let juma = only_field(&admin.query(create, json!({})).await)["id"].clone();
        let rename =
            "mutation ($id: ID!) { updateCustomer(input: { id: $id, emailAddress: \"jo@example.com\" }) {
            __typename } }";
        admin.query(rename, json!({ "id": juma })).await;
        let guest = server.shopper(ALPHA);
        let sugar = guest.variant(SUGAR).await;
        server.restock(ALPHA, &sugar, 12).await;
        guest.check_out(&sugar, 2, "asha@guests.example").await;
        let guest = server.shopper(ALPHA);
        guest.check_out(&sugar, 1, "asha@guests.example").await;
        let operator = server.operator(ALPHA).await;
        let channel =
            admin.query("{ activeChannel { id lowStockThreshold } }", json!({})).await["activeChannel"]
                .clone();
        assert_eq!(channel["lowStockThreshold"], 10);
        let status = "mutation ($id: ID!, $status: ChannelStatus!) { updateChannel(input: { id: $id, status: $status }) {
            __typename } }";
        for status_of in ["DISABLED", "APPROVED"] {
            let default = server.operator(BETA).await;
            default.query(status, json!({ "id": channel["id"], "status": status_of })).await;
        }
        drop(operator);
        employ(server, &admin, "clerk", &["ReadCatalog"]).await;
        server.settle().await;
        let admin = server.administrator(ALPHA).await;
        let listed = "{ events(options: { take: 100, sort: { id: ASC } }) { items { type data } } }";
        let events = admin.query(listed, json!({})).await["events"]["items"].clone();
        let of = |name: &str| -> Vec<Value> {
            let found = events.as_array().into_iter().flatten().filter(|event| event["type"] == name);
            found.map(|event| event["data"].clone()).collect()
        };
        let low = of("stock.low");
        assert_eq!(
            (low.len(), &low[0]["units"], &low[0]["threshold"]),
            (1, &json!(10), &json!(10)),
            "{low:?}"
        );
        assert_eq!(of("customer.created")[0]["firstName"], "Juma");
        // The shop's first administrator, Juma and the clerk.
        assert_eq!((of("user.created").len(), of("user.updated").len()), (3, 1));
        assert_eq!(of("administrator.created").len(), 2);
        assert_eq!(of("channel.status_changed")[0]["to"], "DISABLED");
        assert_eq!(
            of("channel.approved"),
            [json!({ "code": "alpha", "from": "DISABLED", "to": "APPROVED" })]
        );
        let inbox = inbox(&admin).await;
        let titles = titles(&inbox);
        assert!(titles.contains(&"Stock is low") && titles.contains(&"Your shop is open"), "{titles:?}");
    });
}
