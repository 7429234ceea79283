//! Requests that no client should send, and what becomes of them.

use serde_json::json;
use soko_tests::platform::ALPHA;
use soko_tests::server::with_settings;
use soko_tests::with_server;

#[test]
fn refuses_what_is_no_graphql() {
    with_server(async |server| {
        let shop = server.shop(ALPHA);
        for text in
            ["", "{", "{ products(", "query { nothing }", "{ product(id: 1, wrong: 2) { id } }", "nonsense"]
        {
            let answer = shop.send(text, json!({})).await;
            assert!(
                !answer.message().is_empty() && answer.body["data"].is_null(),
                "{text:?}: {}",
                answer.body
            );
        }
        for body in [&b"no json"[..], b"", b"[]", b"{}", b"{\"query\": 1}", b"\xff\xfe"] {
            let answer = shop.post("application/json", body.to_vec()).await.expect("an answer");
            assert!(
                answer.status == 400 && !answer.message().is_empty(),
                "{body:?}: {} {}",
                answer.status,
                answer.body
            );
        }
        let answer =
            shop.post("text/plain", b"{ products { totalItems } }".to_vec()).await.expect("an answer");
        assert!((400..500).contains(&answer.status), "{}", answer.status);
        assert!(
            shop.query("{ products { totalItems } }", json!({})).await["products"]["totalItems"].is_number()
        );
    });
}

#[test]
fn refuses_a_body_that_is_too_large() {
    with_settings(
        |settings| settings.http.json_body_bytes_max = 10_000,
        async |server| {
            let shop = server.shop(ALPHA);
            let padded = |bytes: usize| format!("{{ products {{ totalItems }} }} #{}", "x".repeat(bytes));
            let answer = shop.send(&padded(20_000), json!({})).await;
            assert_eq!(answer.status, 413, "{}", answer.body);
            assert!(!answer.code().is_empty());
            shop.query(&padded(5_000), json!({})).await;
        },
    );
}

#[test]
fn refuses_documents_that_ask_too_much() {
    with_server(async |server| {
        let shop = server.shop(ALPHA);
        let deep = |levels: usize| {
            let open = "children { id ".repeat(levels);
            format!("{{ collections {{ items {{ id {open} {} }} }} }}", "}".repeat(levels))
        };
        assert!(shop.send(&deep(3), json!({})).await.body["errors"].is_null());
        for levels in [50, 5_000] {
            assert!(!shop.send(&deep(levels), json!({})).await.message().is_empty(), "{levels} levels");
        }
        let aliases: String =
            (0..5_000).map(|index| format!("a{index}: products {{ totalItems }} ")).collect();
        assert!(!shop.send(&format!("{{ {aliases} }}"), json!({})).await.message().is_empty());
        let operation = json!({ "query": "{ products { totalItems } }" });
        let batch = json!(vec![operation; 1_000]);
        let answer = shop.try_send(&batch).await.expect("an answer");
        assert!(!answer.body.is_null());
        assert_eq!(server.http().get(server.url("/healthz")).send().await.expect("an answer").status(), 200);
    });
}

#[test]
fn pages_are_bounded_and_checked() {
    with_server(async |server| {
        let shop = server.shop(ALPHA);
        let query = "query ($options: ProductListOptions) { products(options: $options) { totalItems items { name } } }";
        let names = async |options: serde_json::Value| {
            let page = shop.query(query, json!({ "options": options })).await;
            let items = page["products"]["items"].as_array().cloned().unwrap_or_default();
            items.iter().filter_map(|item| item["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        let sorted = names(json!({ "sort": { "name": "ASC" } })).await;
        assert_eq!(sorted, ["Solar Lantern", "Tea Leaves", "Unga Flour", "White Sugar"]);
        assert_eq!(
            names(json!({ "sort": { "name": "DESC" }, "skip": 1, "take": 2 })).await,
            ["Unga Flour", "Tea Leaves"]
        );
        assert_eq!(names(json!({ "filter": { "name": { "contains": "ea" } } })).await, ["Tea Leaves"]);
        assert_eq!(
            names(json!({ "filter": { "slug": { "in": ["unga", "sugar"] } }, "sort": { "id": "ASC" } }))
                .await
                .len(),
            2
        );
        for wrong in [json!({ "take": -1 }), json!({ "skip": -1 }), json!({ "take": 1_000_000 })] {
            let answer = shop.send(query, json!({ "options": wrong })).await;
            assert!(!answer.message().is_empty(), "{wrong}");
        }
        let injected = json!({ "filter": { "name": { "eq": "x' OR '1'='1" } } });
        assert!(names(injected).await.is_empty());
    });
}

#[test]
fn says_that_it_lives_and_is_ready() {
    with_server(async |server| {
        for path in ["/healthz", "/readyz"] {
            let answer = server.http().get(server.url(path)).send().await.expect("an answer");
            assert_eq!(answer.status(), 200, "{path}");
        }
    });
}
