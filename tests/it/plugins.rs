//! A shop's plugins while the server runs: upload, binding, the next request, the way back.

use futures_util::future::join_all;
use serde_json::json;
use soko_host::testing::PricingGuest;
use soko_tests::client::only_field;
use soko_tests::platform::{ALPHA, BETA, SUGAR};
use soko_tests::plugins::{
    bind, binding_of, cents_off, try_bind, try_roll_back, try_upload, unbind, update, upload,
};
use soko_tests::{Shopper, with_server};

/// Requests of each customer while versions change.
const REQUESTS: i64 = 20;

#[test]
fn the_next_request_uses_what_was_bound_and_a_rollback_takes_one_call() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let guest = server.shopper(ALPHA);
        let sugar = guest.variant(SUGAR).await;
        assert_eq!(guest.add(&sugar, 1).await["totalWithTax"], 36_000);
        let first = upload(&admin, cents_off("test-rule", "1.0.0", 100)).await;
        assert_eq!(guest.add(&sugar, 1).await["totalWithTax"], 72_000, "an upload puts nothing to use");
        let binding = bind(&admin, &first, json!({})).await;
        let order = guest.add(&sugar, 1).await;
        assert_eq!(order["totalWithTax"], 3 * 36_000 - 100);
        assert_eq!(order["lines"][0]["discounts"][0]["description"], "a test's discount");
        assert_eq!(order["lines"][0]["discounts"][0]["amountWithTax"], -100);
        let source = order["lines"][0]["discounts"][0]["adjustmentSource"].as_str().expect("a source");
        assert!(source.contains("test-rule") && source.contains("1.0.0"), "{source}");
        let second = upload(&admin, cents_off("test-rule", "2.0.0", 250)).await;
        assert_eq!(second["pluginId"], first["pluginId"]);
        update(&admin, json!({ "id": binding["id"], "versionId": second["id"] })).await;
        assert_eq!(guest.add(&sugar, 1).await["totalWithTax"], 4 * 36_000 - 250);
        let back = binding_of(try_roll_back(&admin, &binding["id"]).await);
        assert_eq!(back["current"]["version"]["version"], "1.0.0");
        assert_eq!(guest.add(&sugar, 1).await["totalWithTax"], 5 * 36_000 - 100);
        update(&admin, json!({ "id": binding["id"], "enabled": false })).await;
        assert_eq!(guest.add(&sugar, 1).await["totalWithTax"], 6 * 36_000);
        unbind(&admin, &binding["id"]).await;
        assert_eq!(guest.add(&sugar, 1).await["totalWithTax"], 7 * 36_000);
    });
}

#[test]
fn a_plugin_is_its_own_shops_alone() {
    with_server(async |server| {
        let (alpha, beta) = (server.administrator(ALPHA).await, server.administrator(BETA).await);
        let version = upload(&alpha, cents_off("test-rule", "1.0.0", 100)).await;
        let binding = bind(&alpha, &version, json!({})).await;
        let guest = server.shopper(BETA);
        let sugar = guest.variant(SUGAR).await;
        assert_eq!(guest.add(&sugar, 1).await["totalWithTax"], 36_000);
        let none = "{ plugins { totalItems } pluginBindings { totalItems } pluginVersions { totalItems } }";
        let seen = beta.query(none, json!({})).await;
        for list in ["plugins", "pluginBindings", "pluginVersions"] {
            assert_eq!(seen[list]["totalItems"], 0, "{list}");
        }
        let input = json!({ "pluginId": version["pluginId"], "versionId": version["id"], "config": {} });
        assert!(!try_bind(&beta, input).await.message().is_empty());
        assert!(!try_roll_back(&beta, &binding["id"]).await.message().is_empty());
        let foreign = "query ($id: ID!) { plugin(id: $id) { id } }";
        let answer = beta.send(foreign, json!({ "id": version["pluginId"] })).await;
        assert!(answer.body["data"]["plugin"].is_null(), "{}", answer.body);
        // The same bytes are the other shop's own plugin once it uploads them.
        let own = upload(&beta, cents_off("test-rule", "1.0.0", 100)).await;
        assert_ne!(own["pluginId"], version["pluginId"]);
        assert_eq!(own["digest"], version["digest"]);
    });
}

#[test]
fn refuses_files_that_are_no_pricing_plugins() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let most = usize::try_from(soko_host::COMPONENT_BYTES_DEFAULT).expect("a size that fits");
        let too_large = vec![0; most + 1];
        let guest = || PricingGuest::new().name("test-rule");
        let cases: [(&str, Vec<u8>, &str); 9] = [
            ("a text", b"no component".to_vec(), "NOT_A_COMPONENT"),
            ("nothing", Vec::new(), "NOT_A_COMPONENT"),
            ("a core module", b"\0asm\x01\0\0\0".to_vec(), "NOT_A_COMPONENT"),
            ("another world", guest().price_export("price-cart").build(), "WRONG_WORLD"),
            ("a forbidden import", guest().import("wasi:sockets/tcp@0.2.0").build(), "FORBIDDEN_IMPORTS"),
            ("too large", too_large, "TOO_LARGE"),
            ("a lie about its kind", guest().kind("payment").build(), "MANIFEST"),
            ("a name that is none", guest().name("Not A Name").build(), "MANIFEST"),
            ("a trap in its trial", guest().price("unreachable").build(), "SMOKE_RUN"),
        ];
        for (what, bytes, reason) in cases {
            let field = only_field(&try_upload(&admin, "plugin.wasm", bytes).await.data());
            assert_eq!(field["__typename"], "PluginRejectedError", "{what}: {field}");
            assert_eq!(field["reason"], reason, "{what}: {field}");
        }
        let stored = admin.query("{ plugins { totalItems } }", json!({})).await;
        assert_eq!(stored["plugins"]["totalItems"], 0, "nothing is half stored");
    });
}

#[test]
fn refuses_other_bytes_under_the_same_version() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let first = upload(&admin, cents_off("test-rule", "1.0.0", 100)).await;
        let again =
            only_field(&try_upload(&admin, "again.wasm", cents_off("test-rule", "1.0.0", 100)).await.data());
        assert_eq!((&again["created"], &again["version"]["id"]), (&json!(false), &first["id"]));
        let other =
            only_field(&try_upload(&admin, "other.wasm", cents_off("test-rule", "1.0.0", 101)).await.data());
        assert_eq!(other["errorCode"], "PLUGIN_VERSION_CONFLICT_ERROR");
    });
}

#[test]
fn refuses_a_configuration_that_breaks_its_schema() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let schema = r#"{"type":"object","required":["off"],"properties":{"off":{"type":"integer","maximum":10}},
            "additionalProperties":false}"#;
        let bytes = PricingGuest::new().name("test-rule").config_schema(schema).build();
        let version = upload(&admin, bytes).await;
        for config in [
            json!({}),
            json!({ "off": 11 }),
            json!({ "off": "1" }),
            json!({ "off": 1, "more": 1 }),
            json!([]),
        ] {
            let input = json!({ "pluginId": version["pluginId"], "config": config });
            let refusal = only_field(&try_bind(&admin, input).await.data());
            assert_eq!(refusal["errorCode"], "PLUGIN_CONFIG_ERROR", "{config}: {refusal}");
            assert!(refusal["problems"].as_array().is_some_and(|problems| !problems.is_empty()), "{refusal}");
        }
        let binding = bind(&admin, &version, json!({ "off": 10 })).await;
        let input = json!({ "pluginId": version["pluginId"], "config": { "off": 1 } });
        let twice = only_field(&try_bind(&admin, input).await.data());
        assert_eq!(twice["errorCode"], "PLUGIN_ALREADY_BOUND_ERROR");
        let nothing = only_field(&try_roll_back(&admin, &binding["id"]).await.data());
        assert_eq!(nothing["errorCode"], "NOTHING_TO_ROLL_BACK_ERROR");
    });
}

/// Adds sugar again and again; every request is answered, with the price of a version that was in force.
async fn shop_on(guest: &Shopper, offs: &[i64]) {
    let sugar = guest.variant(SUGAR).await;
    for quantity in 1..=REQUESTS {
        let total = guest.add(&sugar, 1).await["totalWithTax"].as_i64().expect("a total");
        let off = quantity * 36_000 - total;
        assert!(offs.contains(&off), "no version takes {off} off");
    }
}

#[test]
fn no_request_is_lost_while_versions_come_and_go() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let first = upload(&admin, cents_off("test-rule", "1.0.0", 100)).await;
        let binding = bind(&admin, &first, json!({})).await;
        let here = [server.shopper(ALPHA), server.shopper(ALPHA), server.shopper(ALPHA)];
        let there = server.shopper(BETA);
        let releasing = async {
            for release in 2..=5 {
                let off = if release % 2 == 0 { 200 } else { 100 };
                let bytes = cents_off("test-rule", &format!("{release}.0.0"), off);
                let version = upload(&admin, bytes).await;
                update(&admin, json!({ "id": binding["id"], "versionId": version["id"] })).await;
                binding_of(try_roll_back(&admin, &binding["id"]).await);
                binding_of(try_roll_back(&admin, &binding["id"]).await);
            }
        };
        let shopping = join_all(here.iter().map(|guest| shop_on(guest, &[100, 200])));
        tokio::join!(shopping, shop_on(&there, &[0]), releasing);
    });
}
