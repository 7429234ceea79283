//! The page for browsers.

use serde::Deserialize;
use serde_json::{Value, json};
use soko_tests::platform::ALPHA;
use soko_tests::with_server;

#[derive(Deserialize)]
struct Example {
    api: String,
    title: String,
    query: String,
    #[serde(default)]
    variables: Value,
    #[serde(default)]
    file: bool,
}

#[test]
fn browsers_get_a_page_that_loads_nothing_from_elsewhere() {
    with_server(async |server| {
        for path in ["/shop-api", "/admin-api", "/explorer"] {
            let request = server.http().get(server.url(path)).header("accept", "text/html,*/*;q=0.8");
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), 200, "{path}");
            let policy = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
            assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
            let page = answer.text().await.expect("a page");
            // The drawing of the icon stands in the page; its namespace is a name that nobody looks up.
            let page = page.replace("xmlns='http://www.w3.org/2000/svg'", "");
            let elsewhere = ["http://", "https://", "src=", "@import", " url(", ":url("];
            let loaded = elsewhere.iter().find(|mark| page.contains(**mark));
            assert!(page.contains("<title>") && loaded.is_none(), "{path}: {loaded:?}");
        }
    });
}

/// Each example is one that the endpoint understands; what it is about need not exist here.
#[test]
fn the_examples_are_in_the_schema() {
    let examples: Vec<Example> =
        serde_json::from_str(include_str!("../../core/app/src/http/explorer_examples.json"))
            .expect("examples");
    with_server(async |server| {
        let (shop, admin) = (server.shop(ALPHA), server.administrator(ALPHA).await);
        for example in examples {
            let client = if example.api == "admin-api" { &admin } else { &shop };
            let variables = if example.variables.is_null() { json!({}) } else { example.variables };
            let answer = if example.file {
                client.upload(&example.query, variables, "rule.wasm", b"no component".to_vec()).await
            } else {
                client.send(&example.query, variables).await
            };
            let faults = ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "INTERNAL_SERVER_ERROR"];
            let refused = !answer.body["errors"].is_null() && faults.contains(&answer.code());
            assert!(!refused && answer.status == 200, "{}: {}", example.title, answer.body);
        }
    });
}
