//! `/metrics` as an operator's tools read it, and who may.

use soko_tests::TestServer;
use soko_tests::platform::{ALPHA, SUGAR};
use soko_tests::server::{with_server, with_settings};

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

/// Names of metrics in an expression, without what Prometheus adds to a histogram's.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("soko_"))
}

#[test]
fn the_alert_rules_name_metrics_that_there_are() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/monitoring/alerts.yml");
    let rules = std::fs::read_to_string(rules).expect("the rules");
    assert!(names(&rules).count() >= 7, "the rules watch something");
    with_settings(
        |settings| settings.metrics.public = true,
        async |server| {
            server.shopper(ALPHA).variant(SUGAR).await;
            let text = text(server).await;
            let shown = |name: &str| {
                text.lines()
                    .any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])))
            };
            let missing: Vec<&str> = names(&rules).filter(|name| !shown(name)).collect();
            assert!(missing.is_empty(), "the rules name {missing:?}, which are not in\n{text}");
        },
    );
}
