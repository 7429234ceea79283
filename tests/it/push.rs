//! Messages in people's browsers: encrypted for each, signed by the platform, and no more to those that are gone.

use serde_json::{Value, json};
use soko::config::Settings;
use soko_tests::browser::PushService;
use soko_tests::client::only_field;
use soko_tests::platform::ALPHA;
use soko_tests::server::with_settings;
use soko_tests::shopper::order_of;
use soko_tests::{Client, TestServer, with_server};

use crate::credit::{arrange, customer};
use crate::providers::provider;

/// Where the platform believes the push service to be.
pub(crate) const ORIGIN: &str = "https://push.example.com";
const SUBSCRIBE: &str =
    "mutation ($input: SubscribeToPushInput!) { subscribeToPush(input: $input) { endpoint } }";
const LIST: &str = "{ pushSubscriptions { endpoint } }";
const PUSHED: &str =
    "{ eventActions(options: { filter: { actionType: { eq: \"push\" } }, sort: { id: ASC } }) {
    items { recipientType state reason } } }";

/// Gives a platform a key, and points it to a stand-in.
pub(crate) fn push_settings(settings: &mut Settings, service: &PushService) {
    // 32 bytes of ones, in base64url.
    "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE".clone_into(&mut settings.push.vapid_private_key.0);
    settings.plugins.egress.stand_ins.push(format!("push.example.com={}", service.origin()));
}

fn with_push<F: AsyncFnOnce(&TestServer, &PushService, &Client)>(test: F) {
    let (runtime, service) = provider(PushService::start());
    with_settings(
        |settings| push_settings(settings, &service),
        async |server| {
            let admin = server.administrator(ALPHA).await;
            let key = only_field(&admin.query("{ pushPublicKey }", json!({})).await);
            service.expects(key.as_str().expect("a key"), ORIGIN);
            test(server, &service, &admin).await;
        },
    );
    drop(runtime);
}

pub(crate) async fn subscribe(client: &Client, browser: Value) {
    client.query(SUBSCRIBE, json!({ "input": browser })).await;
}

async fn actions(admin: &Client, count: usize) -> Vec<Value> {
    for _ in 0..400 {
        let found = only_field(&admin.query(PUSHED, json!({})).await)["items"].clone();
        let items = found.as_array().cloned().unwrap_or_default();
        if items.len() == count && items.iter().all(|one| one["state"] != "Pending") {
            return items;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the messages did not become what they should");
}

#[test]
fn people_are_told_in_each_of_their_browsers_until_it_is_gone() {
    with_push(async |server, service, admin| {
        let (asha, _) = customer(server, admin).await;
        server.settle().await;
        subscribe(&asha.client, service.browser("phone", ORIGIN)).await;
        subscribe(&asha.client, service.browser("laptop", ORIGIN)).await;
        subscribe(admin, service.browser("till", ORIGIN)).await;
        arrange(&asha).await;
        let order = order_of(asha.try_pay("cash").await);
        // Three events for her in two browsers, one for the shop in one.
        let shown = service.wait_for(7).await;
        let of = |name: &str| shown.iter().filter(|(browser, _)| browser == name).count();
        assert_eq!((of("phone"), of("laptop"), of("till")), (3, 3, 1), "{shown:?}");
        let (_, till) = shown.iter().find(|(browser, _)| browser == "till").expect("the till's");
        let code = order["code"].as_str().expect("a code");
        assert_eq!(
            (&till["type"], &till["title"]),
            (&json!("order.placed"), &json!(format!("Order {code}")))
        );
        let done = actions(admin, 4).await;
        assert!(done.iter().all(|one| one["state"] == "Done"), "{done:?}");

        service.uninstall("laptop");
        let remove = "mutation ($endpoint: String!) { unsubscribeFromPush(endpoint: $endpoint) { success } }";
        let till = json!({ "endpoint": format!("{ORIGIN}/push/till") });
        let others = asha.client.query(remove, till.clone()).await;
        assert_eq!(others["unsubscribeFromPush"]["success"], false, "it is none of hers");
        assert_eq!(admin.query(remove, till).await["unsubscribeFromPush"]["success"], true);
        arrange(&asha).await;
        order_of(asha.try_pay("cash").await);
        let shown = service.wait_for(10).await;
        assert!(shown[7..].iter().all(|(browser, _)| browser == "phone"), "{shown:?}");
        actions(admin, 7).await;
        let left = asha.client.query(LIST, json!({})).await;
        assert_eq!(left["pushSubscriptions"], json!([{ "endpoint": format!("{ORIGIN}/push/phone") }]));
    });
}

#[test]
fn what_is_no_browser_is_refused() {
    with_push(async |server, service, admin| {
        let browser = service.browser("phone", ORIGIN);
        let with = |field: &str, value: &str| {
            let mut browser = browser.clone();
            browser[field] = value.into();
            json!({ "input": browser })
        };
        for odd in [
            with("endpoint", "https://127.0.0.1/push"),
            with("endpoint", "https://10.0.0.7/push"),
            with("endpoint", "http://push.example.org/push"),
            with("endpoint", "nowhere"),
            with("p256dh", "AAAA"),
            with("auth", "AAAA"),
        ] {
            assert_eq!(admin.send(SUBSCRIBE, odd.clone()).await.code(), "INVALID_INPUT", "{odd}");
        }
        let nobody = server.shop(ALPHA);
        assert_eq!(nobody.send(SUBSCRIBE, json!({ "input": browser })).await.code(), "UNAUTHENTICATED");
        assert_eq!(nobody.send(LIST, json!({})).await.code(), "UNAUTHENTICATED");
    });
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        assert_eq!(admin.query("{ pushPublicKey }", json!({})).await["pushPublicKey"], Value::Null);
        let browser = json!({ "endpoint": ORIGIN, "p256dh": "AAAA", "auth": "AAAA" });
        assert_eq!(admin.send(SUBSCRIBE, json!({ "input": browser })).await.code(), "CONFLICT");
    });
}
