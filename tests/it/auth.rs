//! Who may do what at the Admin API, and for how long.

use std::time::Duration;

use serde_json::json;
use soko_kernel::Permission;
use soko_tests::client::only_field;
use soko_tests::platform::{ALPHA, BETA, PASSWORD, employ};
use soko_tests::plugins::{cents_off, try_upload};
use soko_tests::with_server;

const LOG_IN: &str = "mutation ($name: String!, $password: String!) {
    login(username: $name, password: $password) { __typename
        ... on CurrentUser { identifier channels { code permissions } } ... on ErrorResult { errorCode message } } }";
const ME: &str = "{ me { identifier channels { code token } } }";
/// Longer than any session lives without use.
const LONG: Duration = Duration::from_hours(2 * 365 * 24);

#[test]
fn logs_in_and_out() {
    with_server(async |server| {
        let admin = server.administrator(BETA).await;
        let me = admin.query(ME, json!({})).await;
        assert_eq!(me["me"]["identifier"], "admin@beta.example");
        assert_eq!(me["me"]["channels"], json!([{ "code": BETA, "token": BETA }]));
        admin.query("mutation { logout { success } }", json!({})).await;
        let answer = admin.send("{ plugins { totalItems } }", json!({})).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED");
    });
}

#[test]
fn refuses_wrong_passwords_and_unknown_people_alike() {
    with_server(async |server| {
        let admin = server.admin(ALPHA);
        let mut messages = Vec::new();
        for (name, password) in
            [("admin@alpha.example", "wrong"), ("nobody@alpha.example", PASSWORD), ("", "")]
        {
            let data = admin.query(LOG_IN, json!({ "name": name, "password": password })).await;
            let refusal = only_field(&data);
            assert_eq!(refusal["errorCode"], "INVALID_CREDENTIALS_ERROR", "{name}");
            messages.push(refusal["message"].clone());
        }
        assert!(messages.iter().all(|message| *message == messages[0]));
        assert!(admin.session().is_none(), "nobody is logged in");
    });
}

#[test]
fn refuses_strangers() {
    with_server(async |server| {
        let stranger = server.admin(ALPHA);
        for query in
            ["{ plugins { totalItems } }", "{ orders { totalItems } }", "{ channels { totalItems } }"]
        {
            assert_eq!(stranger.send(query, json!({})).await.code(), "UNAUTHENTICATED", "{query}");
        }
        stranger.set_session(Some("0123456789abcdef".repeat(4)));
        assert_eq!(stranger.send("{ plugins { totalItems } }", json!({})).await.code(), "UNAUTHENTICATED");
        let upload =
            try_upload(&server.admin(ALPHA), "plugin.wasm", cents_off("test-rule", "1.0.0", 1)).await;
        assert_eq!(upload.code(), "UNAUTHENTICATED");
    });
}

#[test]
fn refuses_what_a_role_does_not_allow() {
    with_server(async |server| {
        let shop = server.open(ALPHA);
        employ(server.services(), shop, "clerk", vec![Permission::ReadCatalog, Permission::ReadProduct])
            .await
            .expect("a clerk");
        let clerk = server.log_in(ALPHA, "clerk@alpha.example").await;
        clerk.query("{ products { totalItems } }", json!({})).await;
        for query in ["{ plugins { totalItems } }", "{ orders { totalItems } }"] {
            assert_eq!(clerk.send(query, json!({})).await.code(), "FORBIDDEN", "{query}");
        }
        let upload = try_upload(&clerk, "plugin.wasm", cents_off("test-rule", "1.0.0", 1)).await;
        assert_eq!(upload.code(), "FORBIDDEN");
        let token =
            "mutation ($id: ID!) { updateChannel(input: { id: $id, token: \"mine\" }) { __typename } }";
        let id = shop.actor.channel.id.to_string();
        assert_eq!(clerk.send(token, json!({ "id": id })).await.code(), "FORBIDDEN");
    });
}

#[test]
fn an_administrator_of_one_shop_is_nobody_in_another() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await.in_channel(BETA);
        for query in
            ["{ plugins { totalItems } }", "{ orders { totalItems } }", "{ products { totalItems } }"]
        {
            assert_eq!(admin.send(query, json!({})).await.code(), "FORBIDDEN", "{query}");
        }
        let operator = server.operator(BETA).await;
        operator.query("{ plugins { totalItems } channels { totalItems } }", json!({})).await;
        let own = server.administrator(ALPHA).await;
        assert_eq!(own.send("{ channels { totalItems } }", json!({})).await.code(), "FORBIDDEN");
    });
}

#[test]
fn a_session_ends() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        admin.query("{ plugins { totalItems } }", json!({})).await;
        server.clock.advance(LONG);
        assert_eq!(admin.send("{ plugins { totalItems } }", json!({})).await.code(), "UNAUTHENTICATED");
        let guest = server.shopper(ALPHA);
        let tea = guest.variant(soko_tests::platform::TEA).await;
        guest.add(&tea, 1).await;
        server.clock.advance(LONG);
        assert!(guest.active_order().await.is_null(), "the cart is gone with the session");
        guest.add(&tea, 1).await;
    });
}
