//! What an operator follows of a request: lines of the log that name its trace, and spans at a collector.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use soko_tests::collector::{Collector, Span};
use soko_tests::platform::{ALPHA, PASSWORD, SUGAR, prepare};
use soko_tests::plugins::{bind, cents_off, upload};
use soko_tests::process::Process;
use soko_tests::{Client, Shopper, TestHome};

use crate::faults::on_two_threads;

/// A trace that a client has begun, and its own span.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const NODE: &str = "node-7";
/// Everything that the program says of a request.
const LEVEL: &str = "info,soko=debug,soko_host=debug,soko_infra=debug,soko_graphql=debug,soko_domain=debug";
/// Longest wait for a line that has to come.
const PATIENCE: Duration = Duration::from_secs(10);
const ADD: &str = "mutation Secret ($variant: ID!) {
    addItemToOrder(productVariantId: $variant, quantity: 1) { __typename ... on Order { totalWithTax } } }";

/// A node that serves a shop with a plugin, a buyer there, and what they want.
struct Stage {
    node: Process,
    shopper: Shopper,
    variant: String,
    home: TestHome,
}

impl Stage {
    async fn set(arguments: &[&str]) -> Self {
        let home = TestHome::create().await;
        prepare(&home.settings()).await.expect("a shop");
        let arguments = [&["--set", "node.name=node-7"], arguments].concat();
        let log = home.path().join("log");
        let node =
            tokio::task::block_in_place(|| Process::serve_logged(home.path(), LEVEL, &arguments, &log));
        let client =
            |api: &str| Client::new(reqwest::Client::new(), format!("{}/{api}", node.url), Some(ALPHA));
        let admin = client("admin-api");
        let text = "mutation ($username: String!, $password: String!) {
            login(username: $username, password: $password) { __typename } }";
        let who = json!({ "username": "superadmin", "password": PASSWORD });
        admin.expect("CurrentUser", text, who).await;
        let version = upload(&admin, cents_off("test-rule", "1.2.3", 100)).await;
        bind(&admin, &version, json!({})).await;
        let shopper = Shopper::new(client("shop-api"));
        let variant = shopper.variant(SUGAR).await;
        Self { node, shopper, variant, home }
    }

    /// The trace that the answer to an addition to a cart names.
    async fn add(&self, trace_parent: Option<&str>) -> String {
        let body = json!({ "query": ADD, "variables": { "variant": self.variant } });
        let request = reqwest::Client::new().post(format!("{}/shop-api", self.node.url));
        let mut request = request.header("vendure-token", ALPHA).json(&body);
        if let Some(given) = trace_parent {
            request = request.header("traceparent", given);
        }
        let answer = request.send().await.expect("an answer");
        let trace = answer.headers()["x-trace-id"].to_str().expect("a text").to_owned();
        let body: Value = answer.json().await.expect("an answer in JSON");
        assert_eq!(body["data"]["addItemToOrder"]["__typename"], "Order", "{body}");
        trace
    }
}

fn lines(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).expect("the log");
    let line = |line: &str| -> Value {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    text.lines().map(line).collect()
}

/// The lines of a trace, once the request's own is there, which is written after its answer.
async fn lines_of(log: &Path, trace: &str) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let lines: Vec<Value> = lines(log).into_iter().filter(|line| line["trace_id"] == trace).collect();
        if lines.iter().any(|line| line["message"] == "request") {
            return lines;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the request's line is not there: {lines:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn every_line_of_a_request_names_its_trace() {
    on_two_threads(async {
        let stage = Stage::set(&[]).await;
        let log = stage.home.path().join("log");
        let trace = stage.add(Some(&format!("00-{TRACE}-{CALLER}-01"))).await;
        assert_eq!(trace, TRACE, "a trace that the client has begun goes on");
        let of_request = lines_of(&log, &trace).await;
        let line = |message: &str| {
            let found = of_request.iter().find(|line| line["message"] == message);
            found.unwrap_or_else(|| panic!("no line says {message}: {of_request:?}"))
        };
        for (message, operation) in [("plugin called", true), ("commit", true), ("request", false)] {
            let line = line(message);
            assert_eq!((&line["node"], &line["channel"]), (&json!(NODE), &json!(ALPHA)), "{line}");
            assert_eq!(line["operation"] == "addItemToOrder", operation, "{line}");
            assert_eq!(line["path"], "/shop-api", "{line}");
            assert!(line["request_id"].is_string() && line["timestamp"].is_string(), "{line}");
        }
        let plugin = line("plugin called");
        assert_eq!((&plugin["plugin"], &plugin["plugin_version"]), (&json!("test-rule"), &json!("1.2.3")));
        assert!(
            plugin["outcome"] == "ok" && plugin["fuel"].as_u64().is_some_and(|fuel| fuel > 0),
            "{plugin}"
        );

        let own = [stage.add(None).await, stage.add(Some("00-nonsense-01")).await];
        assert_ne!(own[0], own[1]);
        for trace in own {
            assert!(trace.len() == 32 && trace.bytes().all(|digit| digit.is_ascii_hexdigit()), "{trace}");
            assert!(!lines_of(&log, &trace).await.is_empty());
        }
        stage.shopper.check_out(&stage.variant, 1, "wanjiku@example.com").await;
        let session = stage.shopper.client.session().expect("a session");
        let begun = Instant::now();
        while !lines(&log).iter().any(|line| line["job"].is_string()) && begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(stage.node.stop().success());
        let (all, text) = (lines(&log), std::fs::read_to_string(&log).expect("the log").to_lowercase());
        assert!(all.iter().all(|line| line["node"] == NODE && line["message"].is_string()));
        let jobs = all.iter().filter(|line| line["job"].is_string());
        assert!(jobs.clone().count() > 0, "the jobs say something");
        for secret in ["wanjiku", "mwangi", "0712345678", PASSWORD, &session, "secret"] {
            assert!(!text.contains(secret), "{secret} is in the log");
        }
    });
}

/// The span of this name.
fn named<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("there is no span {name}: {spans:?}"))
}

#[test]
fn a_collector_is_sent_the_request_and_its_plugin_call_within() {
    on_two_threads(async {
        let collector = Collector::start().await;
        let endpoint = format!("telemetry.otlp_endpoint={}", collector.url());
        let stage = Stage::set(&["--set", &endpoint]).await;
        stage.add(Some(&format!("00-{TRACE}-{CALLER}-01"))).await;
        let unkept = "4bf92f3577b34da6a3ce929d0e0e4737";
        stage.add(Some(&format!("00-{unkept}-{CALLER}-00"))).await;
        let own = stage.add(None).await;
        let log = stage.home.path().join("log");
        assert!(lines_of(&log, &own).await.iter().any(|line| line["message"] == "commit"));

        let asked = Instant::now();
        assert!(tokio::task::block_in_place(|| stage.node.stop()).success());
        assert!(asked.elapsed() < Duration::from_secs(15), "it took {:?}", asked.elapsed());
        let spans = collector.spans(TRACE);
        let request = named(&spans, "request");
        assert_eq!(request.parent, CALLER);
        assert_eq!(request.attributes["channel"], ALPHA);
        let operation = named(&spans, "operation");
        assert_eq!((&operation.parent, &*operation.attributes["operation"]), (&request.id, "addItemToOrder"));
        let plugin = named(&spans, "plugin");
        assert_eq!(plugin.parent, operation.id);
        assert_eq!((&*plugin.attributes["plugin"], &*plugin.attributes["outcome"]), ("test-rule", "ok"));
        assert!(plugin.attributes["fuel"].parse::<u64>().is_ok_and(|fuel| fuel > 0), "{plugin:?}");
        assert_eq!(named(&spans, "write").parent, operation.id, "the transaction's own task is within");
        assert_eq!(named(&collector.spans(&own), "request").parent, "", "a trace of the server's own");
        assert!(collector.spans(unkept).is_empty(), "its sender does not keep it");
        assert_eq!(collector.sender("service.name").as_deref(), Some("soko"));
        assert_eq!(collector.sender("service.instance.id").as_deref(), Some(NODE));
    });
}

#[test]
fn a_collector_that_is_gone_costs_nobody_anything_but_a_line() {
    on_two_threads(async {
        let url = Collector::start().await.url();
        let endpoint = format!("telemetry.otlp_endpoint={url}");
        let stage = Stage::set(&["--set", &endpoint]).await;
        stage.add(None).await;
        let asked = Instant::now();
        assert!(tokio::task::block_in_place(|| stage.node.stop()).success());
        assert!(asked.elapsed() < Duration::from_secs(15), "it took {:?}", asked.elapsed());
        let lines = lines(&stage.home.path().join("log"));
        let said = lines.iter().filter(|line| {
            line["message"].as_str().is_some_and(|message| message.starts_with("traces cannot be sent"))
        });
        assert_eq!(said.count(), 1, "it is said once");
    });
}
