//! What the store may suffer while it is used: requests are refused with a code or wait within bounds, nothing that was
//! acknowledged is lost, and the server goes on by itself when the fault is over.

mod dropped;
mod file;
mod server;

use std::time::{Duration, Instant};

use soko_tests::load::{Load, Records};

/// Customers who check out at the same time.
const CUSTOMERS: u32 = 4;
/// Longest until somebody can pay again after a fault.
const RECOVERY_MAX: Duration = Duration::from_secs(40);
/// Longest that anybody may wait for an answer during a fault.
const ANSWER_MAX: Duration = Duration::from_secs(25);
/// What a client may be told during a fault: to come back later, or to look before it does.
const TYPED: [&str; 4] = ["OVERLOADED", "TIMEOUT", "OUTCOME_UNKNOWN", "ORDER_STATE_TRANSITION_ERROR"];

pub fn on_two_threads<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// Waits until customers are refused.
async fn wait_for_refusals(load: &Load, at_most: Duration) {
    let begun = Instant::now();
    while load.records().refused.is_empty() {
        assert!(begun.elapsed() < at_most, "nobody noticed: {}", load.records());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Every request was answered in time, by what was asked for or by a code that tells what to do.
fn assert_typed(records: &Records) {
    println!("{records}");
    let untyped: Vec<_> = records.refused.keys().filter(|code| !TYPED.contains(&code.as_str())).collect();
    assert!(untyped.is_empty(), "{records}");
    assert_eq!(records.unanswered, 0, "the server was there all the time: {records}");
    assert!(records.longest < ANSWER_MAX, "{records}");
}
