//! Subscriptions: each client is told of its own as it happens, and of nothing else.

use std::time::Duration;

use serde_json::{Value, json};
use soko_tests::listener::{Came, Events, Socket};
use soko_tests::platform::{ALPHA, BETA, SUGAR};
use soko_tests::server::with_two_nodes;
use soko_tests::shopper::order_of;
use soko_tests::{Client, TestServer, with_server};

use crate::credit::{arrange, customer};

const INBOX: &str = "subscription { notificationReceived { type title read } }";

fn greeting(client: &Client, channel: &str) -> Value {
    json!({ "Authorization": format!("Bearer {}", client.session().expect("a session")), "vendure-token": channel })
}

/// A subscription by server-sent events.
async fn listen(server: &TestServer, path: &str, client: &Client, query: &str, variables: Value) -> Events {
    let mut request = server.http().post(server.url(path)).header("accept", "text/event-stream");
    request = request.header("vendure-token", ALPHA);
    if let Some(token) = client.session() {
        request = request.bearer_auth(token);
    }
    let response = request.json(&json!({ "query": query, "variables": variables })).send().await;
    Events::of(response.expect("an answer"))
}

#[test]
fn a_customer_is_told_what_comes_to_their_inbox_and_nobody_else_is() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let (asha, _) = customer(server, &admin).await;
        server.settle().await;
        let url = server.url("/shop-api");
        let mut hers = Socket::greeted(&url, greeting(&asha.client, ALPHA)).await;
        hers.subscribe("inbox", INBOX, json!({})).await;
        let mut theirs = Socket::greeted(&server.url("/admin-api"), greeting(&admin, ALPHA)).await;
        theirs.subscribe("a", INBOX, json!({})).await;
        let other = server.administrator(BETA).await;
        let mut elsewhere = Socket::greeted(&server.url("/admin-api"), greeting(&other, BETA)).await;
        elsewhere.subscribe("b", INBOX, json!({})).await;
        // A query over the same socket, so that the subscriptions have begun. She has been welcomed before.
        for (socket, unread) in [(&mut hers, 1), (&mut theirs, 0), (&mut elsewhere, 0)] {
            socket.subscribe("q", "{ unreadNotificationCount }", json!({})).await;
            assert_eq!(socket.answer("q").await["data"]["unreadNotificationCount"], unread);
            let done = Came::Message(json!({ "type": "complete", "id": "q" }));
            assert_eq!(socket.next().await, done);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        arrange(&asha).await;
        let order = order_of(asha.try_pay("cash").await);
        let code = order["code"].as_str().expect("a code");
        let mut titles = Vec::new();
        for _ in 0..3 {
            let told = hers.answer("inbox").await["data"]["notificationReceived"].clone();
            assert_eq!(told["read"], false);
            titles.push(told["type"].as_str().expect("a type").to_owned());
        }
        titles.sort();
        assert_eq!(titles, ["order.payment_settled", "order.placed", "payment.confirmed"]);
        let told = theirs.answer("a").await;
        let expected = json!({ "type": "order.placed", "title": format!("Order {code}"), "read": false });
        assert_eq!(told["data"]["notificationReceived"], expected);
        hers.say(json!({ "type": "complete", "id": "inbox" })).await;
        hers.say(json!({ "type": "ping" })).await;
        loop {
            match hers.next().await {
                Came::Message(message) if message["type"] == "pong" => break,
                Came::Message(message) => assert_eq!(message["type"], "complete"),
                closed @ Came::Closed(_) => panic!("{closed:?}"),
            }
        }
        elsewhere.say(json!({ "type": "ping" })).await;
        let Came::Message(message) = elsewhere.next().await else { panic!("closed") };
        assert_eq!(message["type"], "pong", "the other shop has heard of nothing: {message}");
    });
}

#[test]
fn an_order_is_shown_each_time_that_something_happens_to_it() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let (asha, _) = customer(server, &admin).await;
        let cart = arrange(&asha).await;
        let order = order_of(asha.try_pay("bank-transfer").await);
        assert_eq!(order["state"], "PaymentAuthorized");
        let query = "subscription ($code: String!) { orderUpdated(code: $code) {
            state payments { state } customer { firstName } } }";
        let code = json!({ "code": cart["code"] });
        // Whoever knows the code of an order may read it for two hours.
        server.clock.advance(Duration::from_hours(3));
        let mut hers = listen(server, "/shop-api", &asha.client, query, code.clone()).await;
        let stranger = server.shopper(ALPHA);
        let mut theirs = listen(server, "/shop-api", &stranger.client, query, code).await;
        let refused = theirs.answer().await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{refused}");
        assert_eq!(theirs.next().await, Some(("complete".to_owned(), Value::Null)));
        let by_id = "subscription ($id: ID!) { orderUpdated(id: $id) { id state } }";
        let mut shop = listen(server, "/admin-api", &admin, by_id, json!({ "id": order["id"] })).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let other = server.administrator(BETA).await;
        let mut elsewhere = Socket::greeted(&server.url("/admin-api"), greeting(&other, BETA)).await;
        elsewhere.subscribe("1", by_id, json!({ "id": order["id"] })).await;
        let unknown = elsewhere.answer("1").await;
        assert_eq!(unknown["errors"][0]["extensions"]["code"], "NOT_FOUND", "{unknown}");
        let settle = "mutation ($id: ID!) { settlePayment(id: $id) { __typename } }";
        admin.expect("Payment", settle, json!({ "id": order["payments"][0]["id"] })).await;
        let expected = json!({ "state": "PaymentSettled", "payments": [{ "state": "Settled" }],
            "customer": { "firstName": "Asha" } });
        assert_eq!(hers.answer().await["data"]["orderUpdated"], expected);
        let shown = shop.answer().await["data"]["orderUpdated"].clone();
        assert_eq!(shown, json!({ "id": order["id"], "state": "PaymentSettled" }));
    });
}

#[test]
fn administrators_hear_of_what_they_may_by_whichever_node() {
    with_two_nodes(async |one, two| {
        let admin = one.administrator(ALPHA).await;
        let query = "subscription ($types: [String!]) { eventOccurred(eventTypes: $types) { type data } }";
        let types = json!({ "types": ["order.placed", "order.cancelled"] });
        let mut heard = listen(two, "/admin-api", &admin, query, types).await;
        let mut unknown = listen(two, "/admin-api", &admin, query, json!({ "types": ["no.such"] })).await;
        assert_eq!(unknown.answer().await["errors"][0]["extensions"]["code"], "NOT_FOUND");
        let nobody = two.admin(ALPHA);
        let mut silent = listen(two, "/admin-api", &nobody, query, json!({})).await;
        assert_eq!(silent.answer().await["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        tokio::time::sleep(Duration::from_millis(300)).await;
        let guest = one.shopper(ALPHA);
        let sugar = guest.variant(SUGAR).await;
        let order = guest.check_out(&sugar, 1, "asha@guests.example").await;
        let told = heard.answer().await["data"]["eventOccurred"].clone();
        assert_eq!((&told["type"], &told["data"]["code"]), (&json!("order.placed"), &order["code"]));
    });
}

#[test]
fn a_stream_ends_with_the_session() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let mut inbox = listen(server, "/admin-api", &admin, INBOX, json!({})).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let token = admin.session();
        admin.query("mutation { logout { success } }", json!({})).await;
        assert!(token.is_some());
        let ended = inbox.answer().await;
        assert_eq!(ended["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{ended}");
        assert_eq!(inbox.next().await, Some(("complete".to_owned(), Value::Null)));
    });
}

#[test]
fn what_a_socket_may_not_do_is_refused() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let url = server.url("/admin-api");
        let cookie = format!("session-admin={}", admin.session().expect("a session"));
        let foreign = [("cookie", cookie.as_str()), ("origin", "https://evil.example")];
        let refused = Socket::open(&url, &foreign).await.err().expect("a refusal").to_string();
        assert!(refused.contains("403"), "{refused}");
        // A page that sends no session of its browser's opens one from anywhere, and is nobody there.
        let mut open = Socket::open(&url, &[("origin", "https://other.example")]).await.expect("a socket");
        open.subscribe("early", INBOX, json!({})).await;
        assert!(matches!(open.next().await, Came::Closed(_)), "it has not said who it is");
        let mut unknown = Socket::open(&url, &[]).await.expect("a socket");
        let greeting = json!({ "vendure-token": "no-such-shop" });
        unknown.say(json!({ "type": "connection_init", "payload": greeting })).await;
        assert!(matches!(unknown.next().await, Came::Closed(_)));
        let mut nobody = Socket::greeted(&url, json!({ "vendure-token": ALPHA })).await;
        nobody.subscribe("1", INBOX, json!({})).await;
        let refused = nobody.answer("1").await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{refused}");
        assert_eq!(nobody.next().await, Came::Message(json!({ "type": "complete", "id": "1" })));
        nobody.subscribe("2", "mutation { logout { success } }", json!({})).await;
        assert_eq!(nobody.answer("2").await["errors"][0]["extensions"]["code"], "METHOD_NOT_ALLOWED");
        assert_eq!(nobody.next().await, Came::Message(json!({ "type": "complete", "id": "2" })));
        nobody.subscribe("3", "subscription { nothing }", json!({})).await;
        let invalid = nobody.answer("3").await;
        assert_eq!(invalid["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{invalid}");
        // By POST without the header that asks for a stream there is none.
        let plain = admin.send(INBOX, json!({})).await;
        assert!(plain.body["errors"][0]["extensions"]["code"].is_string(), "{plain:?}");
    });
}
