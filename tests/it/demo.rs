//! What the demo prints for people to copy, and what it is paid by.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use soko::demo::daraja::{DARAJA_HOST, Daraja};
use soko::demo::{self, DemoOptions};
use soko::wiring::{App, DataDirectory, Options, Platform, listen};
use soko_tests::platform::SUGAR;
use soko_tests::shopper::order_of;
use soko_tests::{Client, Shopper, TestHome, plugins};

use crate::providers::{PAY, phone};

/// Longest until the stand-in of the payer's phone has paid and the shop knows it.
const PAID_WITHIN: Duration = Duration::from_secs(30);

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
        let with_plugins = DemoOptions { plugins_dir: Some(plugins::components()), ..DemoOptions::default() };
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

#[test]
fn the_demo_is_paid_by_mpesa() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let home = TestHome::create().await;
        let (mut settings, options) = (home.settings(), Options::in_process().expect("randomness"));
        let listener = listen(&settings).await.expect("a port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let daraja = Arc::new(Daraja::start().await.expect("a port"));
        settings.plugins.egress.stand_ins.push(format!("{DARAJA_HOST}={}", daraja.origin()));
        let platform = Platform::open(&settings, &options, DataDirectory::Create).await.expect("a store");
        let plugins_dir = Some(plugins::components());
        let with_mpesa = DemoOptions { plugins_dir, served_at: Some(base_url.clone()) };
        demo::seed(&platform.services, &with_mpesa, &mut |_| ()).await.expect("the demo");
        let app = App::serve(settings, platform, listener).await.expect("a server");
        let client = Client::new(reqwest::Client::new(), format!("{base_url}/shop-api"), Some("duka-moja"));
        let shopper = Shopper::new(client);
        let sugar = shopper.variant(SUGAR).await;
        shopper.arrange_payment(&sugar, 1, "amina@example.com").await;
        let input = json!({ "input": { "method": "mpesa", "metadata": phone() } });
        let order = order_of(shopper.client.send(PAY, input).await);
        assert_eq!(order["payments"][0]["state"], "Created", "{order}");
        let _payers = Arc::clone(&daraja).pay_by_themselves(Duration::from_millis(200), base_url.clone());
        let (text, code) = ("query ($code: String!) { orderByCode(code: $code) { state } }", &order["code"]);
        let begun = Instant::now();
        loop {
            let order = shopper.client.query(text, json!({ "code": code })).await["orderByCode"].clone();
            if order["state"] == "PaymentSettled" {
                break;
            }
            assert!(begun.elapsed() < PAID_WITHIN, "{order}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        app.shutdown().await;
    });
}
