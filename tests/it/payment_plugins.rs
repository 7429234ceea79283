//! A shop's own payment handler: uploaded, given what it wants, and paid by.

use serde_json::{Value, json};
use soko_host::testing::PaymentGuest;
use soko_tests::client::only_field;
use soko_tests::platform::{ALPHA, BETA, SUGAR};
use soko_tests::plugins::{bind, binding_of, cents_off, try_bind, unbind, upload};
use soko_tests::shopper::{order_of, refusal_of};
use soko_tests::{Answer, Client, TestServer, with_server};

const CREATE_METHOD: &str = "mutation ($input: CreatePaymentMethodInput!) {
    createPaymentMethod(input: $input) { id handler { code } } }";

async fn create_method(admin: &Client, code: &str, handler: &str) -> Answer {
    let texts = json!([{ "languageCode": "en", "name": code, "description": "" }]);
    let handler = json!({ "code": handler, "arguments": [] });
    let input = json!({ "code": code, "enabled": true, "handler": handler, "translations": texts });
    admin.send(CREATE_METHOD, json!({ "input": input })).await
}

/// Whatever paying an order by the method is answered with.
async fn pay(server: &TestServer, method: &str) -> Answer {
    let shopper = server.shopper(ALPHA);
    let sugar = shopper.variant(SUGAR).await;
    shopper.arrange_payment(&sugar, 1, "amina@example.com").await;
    shopper.try_pay(method).await
}

async fn set_secret(admin: &Client, plugin: &Value, name: &str) -> Answer {
    let text = "mutation ($input: SetPluginSecretInput!) { setPluginSecret(input: $input) { success } }";
    let input = json!({ "pluginId": plugin, "name": name, "value": "sk_test_1" });
    admin.send(text, json!({ "input": input })).await
}

async fn runs(server: &TestServer, admin: &Client) -> Value {
    server.services().plugins.recorder().flush().await;
    let text = "{ pluginRuns { items { pluginName outcome hostCalls { function target error } } } }";
    admin.query(text, json!({})).await["pluginRuns"]["items"].clone()
}

#[test]
fn an_order_is_paid_by_a_plugin_of_the_shops_own() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let version = upload(&admin, PaymentGuest::new().name("till").build()).await;
        assert_eq!(version["contract"], "soko:payment@0.1.0");
        let early = create_method(&admin, "till", "plugin:till").await;
        assert_eq!(early.code(), "INVALID_INPUT", "nothing is bound yet");
        let binding = bind(&admin, &version, json!({})).await;
        assert_eq!(binding["failurePolicy"], "FAIL_CLOSED", "an order is not paid without its handler");
        let handlers = admin.query("{ paymentMethodHandlers { code } }", json!({})).await;
        let handlers = handlers["paymentMethodHandlers"].as_array().expect("handlers").clone();
        assert!(handlers.contains(&json!({ "code": "plugin:till" })), "{handlers:?}");
        create_method(&admin, "till", "plugin:till").await.data();

        let order = order_of(pay(server, "till").await);
        assert_eq!(order["state"], "PaymentAuthorized", "{order}");
        let settle = "mutation ($id: ID!) { settlePayment(id: $id) { __typename ... on Payment { state } } }";
        let settled = admin.expect("Payment", settle, json!({ "id": order["payments"][0]["id"] })).await;
        assert_eq!(settled["state"], "Settled");
        let outcome = json!({ "pluginName": "till", "outcome": "ok", "hostCalls": [] });
        assert_eq!(runs(server, &admin).await, json!([outcome, outcome]));

        unbind(&admin, &binding["id"]).await;
        assert_eq!(refusal_of(pay(server, "till").await)["errorCode"], "INELIGIBLE_PAYMENT_METHOD_ERROR");
        let other = server.administrator(BETA).await;
        assert_eq!(create_method(&other, "till", "plugin:till").await.code(), "INVALID_INPUT");
    });
}

/// Nothing is charged and nothing posted where nobody can have been asked; the attempt and the reason stay to be seen.
#[test]
fn a_handler_that_traps_before_it_asks_anybody_fails_for_certain() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let guest = PaymentGuest::new().name("till").host("api.example.com").secret("key", false);
        let version = upload(&admin, guest.on("create", "unreachable").build()).await;
        bind(&admin, &version, json!({})).await;
        create_method(&admin, "till", "plugin:till").await.data();
        let refused = refusal_of(pay(server, "till").await);
        assert_eq!(refused["errorCode"], "PAYMENT_FAILED_ERROR", "{refused}");
        assert!(!refused["message"].as_str().unwrap_or_default().contains("unreachable"), "{refused}");
        let outcome = json!({ "pluginName": "till", "outcome": "trap", "hostCalls": [] });
        assert_eq!(runs(server, &admin).await, json!([outcome]));
        let orders = "{ orders { items { state payments { state amount } } } }";
        let orders = admin.query(orders, json!({})).await["orders"]["items"].clone();
        assert_eq!(orders[0]["state"], "ArrangingPayment");
        assert_eq!(orders[0]["payments"][0]["state"], "Error");
    });
}

#[test]
fn a_plugin_gets_what_the_shop_grants_and_no_more() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let mut guest = PaymentGuest::new().name("till").host("*.example.com").secret("key", false);
        let send = guest.send("post", "https://api.example.com/pay", "", &[]);
        let version = upload(&admin, guest.on("create", &format!("{send} (call $reply)")).build()).await;
        let grants = |host: &str| {
            json!({ "pluginId": version["pluginId"], "config": {},
                "grants": { "hosts": [host], "secrets": ["key"] } })
        };
        let greedy = only_field(&try_bind(&admin, grants("api.example.org")).await.data());
        assert_eq!(greedy["__typename"], "PluginConfigError", "{greedy}");
        assert_eq!(greedy["problems"][0]["path"], "/grants");
        let binding = binding_of(try_bind(&admin, grants("pay.example.com")).await);
        let text = "query { pluginBindings { items { id grants { hosts secrets { name readable } kv } } } }";
        let shown = admin.query(text, json!({})).await["pluginBindings"]["items"][0].clone();
        let secrets = json!([{ "name": "key", "readable": false }]);
        let grants = json!({ "hosts": ["pay.example.com"], "secrets": secrets, "kv": false });
        assert_eq!(shown, json!({ "id": binding["id"], "grants": grants }));

        create_method(&admin, "till", "plugin:till").await.data();
        let order = order_of(pay(server, "till").await);
        assert_eq!(
            (&order["state"], &order["payments"][0]["state"]),
            (&json!("ArrangingPayment"), &json!("Created"))
        );
        let call = json!({ "function": "http.send", "target": "api.example.com", "error": "denied" });
        let outcome = json!({ "pluginName": "till", "outcome": "ok", "hostCalls": [call] });
        assert_eq!(runs(server, &admin).await, json!([outcome]));
    });
}

#[test]
fn secrets_are_set_and_never_shown() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let version =
            upload(&admin, PaymentGuest::new().secret("key", false).secret("pin", true).build()).await;
        let plugin = &version["pluginId"];
        let list = "query ($id: ID!) { pluginSecrets(pluginId: $id) { name readable setAt } }";
        let list = async || admin.query(list, json!({ "id": plugin })).await["pluginSecrets"].clone();
        let unset = json!([{ "name": "key", "readable": false, "setAt": null },
            { "name": "pin", "readable": true, "setAt": null }]);
        assert_eq!(list().await, unset);
        assert_eq!(set_secret(&admin, plugin, "other").await.code(), "INVALID_INPUT");
        for _ in 0..2 {
            assert_eq!(set_secret(&admin, plugin, "key").await.data()["setPluginSecret"]["success"], true);
        }
        assert!(list().await[0]["setAt"].is_string());
        let sealed = server.database().read(soko_infra::DataScope::Platform, async |reader| {
            reader.fetch_all::<(Vec<u8>,)>("SELECT sealed FROM plugin_secret", ()).await
        });
        let sealed = sealed.await.expect("rows");
        assert_eq!(sealed.len(), 1);
        assert!(!sealed[0].0.windows(9).any(|part| part == b"sk_test_1"), "it is not stored in the clear");
        let delete = "mutation ($id: ID!) { deletePluginSecret(pluginId: $id, name: \"key\") { success } }";
        for success in [true, false] {
            let deleted = admin.query(delete, json!({ "id": plugin })).await;
            assert_eq!(deleted["deletePluginSecret"]["success"], success);
        }
        assert_eq!(list().await, unset);
        let rule = upload(&admin, cents_off("rule", "1.0.0", 1)).await;
        assert_eq!(set_secret(&admin, &rule["pluginId"], "key").await.code(), "INVALID_INPUT");
        let other = server.administrator(BETA).await;
        assert_eq!(set_secret(&other, plugin, "key").await.code(), "NOT_FOUND");
    });
}
