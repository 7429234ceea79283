//! What the demo prints for people to copy.

use serde_json::Value;
use soko::demo::{self, DemoOptions};
use soko::wiring::{App, DataDirectory, Options, Platform, listen};
use soko_tests::{TestHome, plugins};

/// The text between two others.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no {after:?} in {text}")).0
}

#[test]
fn every_printed_request_does_what_it_says() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let home = TestHome::create().await;
        let (settings, options) = (home.settings(), Options::in_process().expect("randomness"));
        let listener = listen(&settings).await.expect("a port");
        let platform = Platform::open(&settings, &options, DataDirectory::Create).await.expect("a store");
        let with_plugins = DemoOptions { plugins_dir: Some(plugins::components()) };
        let shops = demo::seed(&platform.services, &with_plugins, &mut |_| ()).await.expect("the demo");
        let app = App::serve(settings, platform, listener).await.expect("a server");
        let base_url = format!("http://{}", app.address());
        let (http, mut token, mut totals, mut bindings) =
            (reqwest::Client::new(), String::new(), Vec::new(), 0);
        let requests = shops.requests(&base_url);
        assert_eq!(requests.len(), 3);
        for command in requests.iter().flat_map(|request| request.command.lines()) {
            let url = format!("{base_url}{}", between(command, &base_url, " "));
            let mut request =
                http.post(url).header("vendure-token", between(command, "vendure-token: ", "'"));
            if command.contains("$TOKEN") {
                request = request.bearer_auth(&token);
            }
            let body = between(command, "-d '", "'").to_owned();
            let request = request.header("content-type", "application/json").body(body);
            let answer = request.send().await.expect("an answer");
            if let Some(session) = answer.headers().get("vendure-auth-token") {
                session.to_str().expect("a token").clone_into(&mut token);
            }
            let answer: Value = answer.json().await.expect("JSON");
            assert!(answer["errors"].is_null(), "{command}: {answer}");
            let data = &answer["data"];
            totals.extend(data["addItemToOrder"]["totalWithTax"].as_i64());
            let refusal = &data["rollbackPlugin"]["errorCode"];
            assert!(refusal.is_null(), "{command}: {answer}");
            bindings += data["pluginBindings"]["items"].as_array().map_or(0, Vec::len);
        }
        assert_eq!((totals.len(), bindings), (2, 1));
        assert_ne!(totals[0], totals[1], "the same cart costs differently");
        app.shutdown().await;
    });
}
