//! Nodes are killed in the middle of checkouts. What they acknowledged is there, and nothing is half done.
//!
//! `cargo xtask soak` makes many rounds of it.

use std::time::Duration;

use soko_tests::cluster::Cluster;
use soko_tests::load::Load;
use soko_tests::platform::TEA;
use soko_tests::{invariants, soak};

/// Kills, and those of a soak.
const ROUNDS: [u64; 2] = [2, 200];
/// Programs that serve the platform.
const NODES: usize = 2;
/// Customers who check out at the same time.
const CUSTOMERS: u32 = 8;
/// Time between two kills.
const EVERY: Duration = Duration::from_secs(1);
/// Longest until somebody can pay again.
const RECOVERY_MAX: Duration = Duration::from_mins(1);

#[test]
fn survives_nodes_being_killed_during_checkouts() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut random = soak::random();
        let mut cluster = Cluster::start(NODES).await;
        let store = cluster.open_store().await;
        let load = Load::start(&cluster.addresses, TEA, CUSTOMERS, &mut random).await;
        for round in 0..soak::rounds_of(ROUNDS[0], ROUNDS[1]) {
            load.wait_for_more(1, RECOVERY_MAX).await;
            tokio::time::sleep(EVERY).await;
            let killed = cluster.kill_any(&mut random);
            invariants::check(&store, &load.records()).await;
            if (round + 1) % 20 == 0 {
                println!("round {}: killed node {killed}; {}", round + 1, load.records());
            }
        }
        load.wait_for_more(1, RECOVERY_MAX).await;
        let records = load.stop().await;
        println!("{records}");
        invariants::check(&store, &records).await;
        let untyped = records.refused.get("INTERNAL_SERVER_ERROR");
        assert_eq!(untyped, None, "the death of one node is no fault of another: {records}");
    });
}
