//! `/metrics` as an operator's tools read it, and who may.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use soko_host::FAILURES_TO_OPEN;
use soko_tests::TestServer;
use soko_tests::platform::{ALPHA, SUGAR, UNGA};
use soko_tests::plugins::{bind, cents_off, trapping_when_configured, upload};
use soko_tests::server::{with_server, with_settings};
use soko_tests::shopper::refusal_of;

const PATH: &str = "/metrics";

async fn text(server: &TestServer) -> String {
    let answer = server.http().get(server.url(PATH)).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"].to_str().expect("a text").to_owned();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    answer.text().await.expect("a text")
}

/// The value of a line that begins so.
fn value(text: &str, line: &str) -> f64 {
    let found = text.lines().find_map(|each| each.strip_prefix(line)?.strip_prefix(' '));
    let found = found.unwrap_or_else(|| panic!("there is no {line} in\n{text}"));
    found.parse().unwrap_or_else(|error| panic!("{line} {found}: {error}"))
}

#[test]
fn shows_no_metrics_to_the_public() {
    with_server(async |server| {
        let answer = server.http().get(server.url(PATH)).send().await.expect("an answer");
        assert_eq!(answer.status(), 404);
    });
}

#[test]
fn counts_what_a_shopper_does() {
    with_settings(
        |settings| settings.metrics.public = true,
        async |server| {
            let before = text(server).await;
            let shopper = server.shopper(ALPHA);
            let sugar = shopper.variant(SUGAR).await;
            shopper.add(&sugar, 1).await;
            let after = text(server).await;
            let requests = "soko_http_requests_total{surface=\"shop-api\",status=\"200\"}";
            assert!(value(&after, requests) >= 2.0, "a search and an addition");
            let durations = "soko_http_request_duration_seconds_count{surface=\"shop-api\"}";
            assert!((value(&after, durations) - value(&after, requests)).abs() < 0.5);
            for grows in [
                "soko_sql_statements_total{kind=\"read\"}",
                "soko_sql_statements_total{kind=\"write\"}",
                "soko_sql_seconds_total{kind=\"write\"}",
                "soko_db_commits_total",
                "soko_db_bound_seconds_total",
            ] {
                assert!(value(&after, grows) > value(&before, grows), "{grows}");
            }
            assert!(value(&after, "soko_http_requests_running_max") >= 1.0);
            for hidden in ["sugar", ALPHA, SUGAR] {
                assert!(!after.to_lowercase().contains(&hidden.to_lowercase()), "{hidden} is a shop's own");
            }
        },
    );
}

#[test]
fn counts_operations_by_the_schemas_names_and_how_they_ended() {
    with_settings(
        |settings| settings.metrics.public = true,
        async |server| {
            let shopper = server.shopper(ALPHA);
            let unga = shopper.variant(UNGA).await;
            shopper.add(&unga, 1).await;
            let refused = refusal_of(shopper.try_add(&unga, 900).await);
            assert_eq!(refused["errorCode"], "INSUFFICIENT_STOCK_ERROR");
            let named = "query MyOwnName { mine: activeOrder { id } }";
            shopper.client.query(named, json!({})).await;
            shopper
                .client
                .query("{ ...F } fragment F on Query { ... { activeOrder { id } } }", json!({}))
                .await;
            for wrong in ["{ myOwnField }", "{ myOwnField", "query ($a: Int!) { product(id: $a) { id } }"] {
                assert!(!shopper.client.send(wrong, json!({})).await.body["errors"].is_null(), "{wrong}");
            }
            let admin = server.administrator(ALPHA).await;
            admin.query("{ activeAdministrator { id } }", json!({})).await;
            let text = text(server).await;
            let ran = |api: &str, operation: &str, outcome: &str| {
                let labels = format!("{{api=\"{api}\",operation=\"{operation}\",outcome=\"{outcome}\"}}");
                value(&text, &format!("soko_graphql_operations_total{labels}"))
            };
            for (api, operation, outcome, times) in [
                ("shop", "products", "ok", 1.0),
                ("shop", "addItemToOrder", "ok", 1.0),
                ("shop", "addItemToOrder", "refused", 1.0),
                ("shop", "activeOrder", "ok", 2.0),
                ("shop", "product", "error", 1.0),
                ("shop", "unknown", "error", 2.0),
                ("admin", "login", "ok", 1.0),
                ("admin", "activeAdministrator", "ok", 1.0),
            ] {
                let counted = ran(api, operation, outcome);
                assert!((counted - times).abs() < 0.5, "{api} {operation} {outcome}: {counted}");
            }
            let of = "{api=\"shop\",operation=\"addItemToOrder\"}";
            assert!(
                (value(&text, &format!("soko_graphql_operation_duration_seconds_count{of}")) - 2.0).abs()
                    < 0.5
            );
            assert!(value(&text, &format!("soko_graphql_operation_duration_seconds_sum{of}")) > 0.0);
            assert!(value(&text, "soko_cache_hits_total{cache=\"payment_methods\"}") >= 0.0);
            assert!(value(&text, "soko_cache_misses_total{cache=\"shop_documents\"}") >= 5.0);
            assert!(value(&text, "soko_cache_entries{cache=\"taxes\"}") >= 1.0);
            assert!(!text.to_lowercase().contains("myown"), "a client's own names are in\n{text}");
        },
    );
}

#[test]
fn counts_plugins_by_version_and_shows_whose_breaker_is_open() {
    with_settings(
        |settings| settings.metrics.public = true,
        async |server| {
            let admin = server.administrator(ALPHA).await;
            let good = upload(&admin, cents_off("good-rule", "1.2.3", 100)).await;
            bind(&admin, &good, json!({})).await;
            let bad = upload(&admin, trapping_when_configured("bad-rule")).await;
            bind(&admin, &bad, json!({ "trap": true })).await;
            let shopper = server.shopper(ALPHA);
            let sugar = shopper.variant(SUGAR).await;
            for _ in 0..=FAILURES_TO_OPEN {
                shopper.add(&sugar, 1).await;
            }
            let text = text(server).await;
            let labels = |version: &Value| {
                let digest = &version["digest"].as_str().expect("a digest")[..12];
                let (name, number) = (&version["pluginName"], &version["version"]);
                format!("plugin={name},version={number},digest=\"{digest}\"")
            };
            let (good, bad) = (labels(&good), labels(&bad));
            let calls = f64::from(FAILURES_TO_OPEN + 1);
            for of in [&good, &bad] {
                let counted = value(&text, &format!("soko_plugin_version_calls_total{{{of}}}"));
                assert!((counted - calls).abs() < 0.5, "{of}: {counted}");
                assert!(value(&text, &format!("soko_plugin_version_seconds_total{{{of}}}")) > 0.0);
            }
            assert!(value(&text, &format!("soko_plugin_version_fuel_total{{{good}}}")) > 0.0);
            for (why, times) in [("trap", calls - 1.0), ("breaker_open", 1.0)] {
                let counted =
                    value(&text, &format!("soko_plugin_version_failures_total{{{bad},why=\"{why}\"}}"));
                assert!((counted - times).abs() < 0.5, "{why}: {counted}");
            }
            let channel = server.open(ALPHA).actor.channel.id;
            let open = format!("soko_plugin_breaker_open{{{bad},channel_id=\"{channel}\"}} 1");
            assert!(text.contains(&open), "no {open} in\n{text}");
            assert!(!text.contains(&format!("soko_plugin_version_failures_total{{{good}")));
            assert!(value(&text, "soko_cache_entries{cache=\"plugins\"}") >= 2.0);
        },
    );
}

#[test]
fn shows_what_became_of_the_platforms_jobs() {
    with_settings(
        |settings| (settings.metrics.public, settings.server.sweep_s) = (true, 1),
        async |server| {
            let of = "{name=\"expired sessions\"}";
            let begun = Instant::now();
            let text = loop {
                let text = text(server).await;
                if value(&text, &format!("soko_job_rounds_total{of}")) >= 1.0 {
                    break text;
                }
                assert!(begun.elapsed() < Duration::from_secs(10), "no round in\n{text}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            };
            assert!(value(&text, &format!("soko_job_failures_total{of}")) < 0.5);
            assert!(value(&text, &format!("soko_job_leads{of}")) > 0.5);
            let succeeded = value(&text, &format!("soko_job_last_success_timestamp_seconds{of}"));
            assert!((succeeded - 1_782_896_400.0).abs() < 0.5, "by the server's clock: {succeeded}");
        },
    );
}

/// Names of metrics of the program in an expression.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("soko_") || word.starts_with("process_"))
}

/// What Prometheus adds to the name of a family of a kind.
fn endings(kind: &str) -> &'static [&'static str] {
    match kind {
        "counter" => &["_total"],
        "histogram" => &["_bucket", "_sum", "_count"],
        "info" => &["_info"],
        _ => &[""],
    }
}

/// The names by which Prometheus knows the metrics of a page, also of those that have no value yet.
fn known(text: &str) -> BTreeSet<String> {
    let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    families.flat_map(|(name, kind)| endings(kind).iter().map(move |end| format!("{name}{end}"))).collect()
}

fn monitoring(file: &str) -> String {
    let path = format!("{}/../examples/monitoring/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every expression of the dashboard, with the title of its panel.
fn expressions(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().expect("panels");
    let of_panel = |panel: &Value| {
        let title = panel["title"].as_str().expect("a title").to_owned();
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        assert!(panel["type"] == "row" || !targets.is_empty(), "{title} shows nothing");
        let expression = |target: &Value| target["expr"].as_str().expect("an expression").to_owned();
        targets.iter().map(|target| (title.clone(), expression(target))).collect::<Vec<_>>()
    };
    panels.iter().flat_map(of_panel).collect()
}

#[test]
fn the_alert_rules_and_the_dashboard_name_metrics_that_there_are() {
    let rules = monitoring("alerts.yml");
    let dashboard: Value = serde_json::from_str(&monitoring("dashboard.json")).expect("a dashboard in JSON");
    let expressions = expressions(&dashboard);
    assert!(names(&rules).count() >= 12 && expressions.len() >= 20, "they watch something");
    with_settings(
        |settings| settings.metrics.public = true,
        async |server| {
            let text = text(server).await;
            let known = known(&text);
            let missing = |of: &str| {
                let unknown = names(of).filter(|name| !known.contains(*name));
                unknown.map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(missing(&rules), Vec::<String>::new(), "the rules name what is not in\n{text}");
            for (title, expression) in &expressions {
                assert!(names(expression).count() > 0, "{title} asks for nothing of ours: {expression}");
                assert_eq!(missing(expression), Vec::<String>::new(), "{title} names what is not in\n{text}");
            }
        },
    );
}
