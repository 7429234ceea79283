//! The release server as a process: its start, its load over HTTP, its memory.

use std::time::{Duration, Instant};

use serde_json::json;
use soko_tests::process::Process;
use soko_tests::{Client, Shopper};

use crate::measure::{Times, target};

/// The shop with stock for every checkout.
const SHOP: &str = "default";
/// How long each load lasts.
const ROUND: Duration = Duration::from_secs(5);
/// Longest from the start of the process to the first answer.
const START_MAX: Duration = Duration::from_secs(1);
/// Most memory after the load, in MiB.
const RESIDENT_MAX_MIB: u64 = 150;

/// Measures a server with the demo's data.
pub fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let data = tempfile::tempdir().expect("a temporary directory");
        let plugins = soko_tests::plugins::components();
        let plugins = plugins.to_str().expect("a path in UTF-8");
        Process::start("demo", data.path(), &["--plugins", plugins]).kill();
        let started = Instant::now();
        let server = Process::start("serve", data.path(), &[]);
        let shop = shop(&server, &reqwest::Client::new());
        shop.query("{ products(options: { take: 10 }) { items { name } } }", json!({})).await;
        let start = started.elapsed();
        println!("   start to first answer, with data: {} ms", start.as_millis());
        target(start <= START_MAX, "the first answer comes within a second of the start");
        let variant = Shopper::new(shop).variant("TEA-250G").await;
        for clients in [1, 8, 32] {
            let add = async |guest: Shopper| _ = guest.add(&variant, 1).await;
            load(&server, "addItemToOrder", clients, add).await;
            let check_out =
                async |guest: Shopper| _ = guest.check_out(&variant, 1, "wanjiku@example.com").await;
            load(&server, "checkout of 7 requests", clients, check_out).await;
        }
        let resident = server.resident_mib();
        println!("   resident after the load: {resident} MiB");
        target(resident <= RESIDENT_MAX_MIB, "at most 150 MiB are resident after the load");
        server.kill();
    });
}

fn shop(server: &Process, http: &reqwest::Client) -> Client {
    Client::new(http.clone(), format!("{}/shop-api", server.url), Some(SHOP))
}

/// Keeps so many clients busy for a round, each as a new guest every time.
async fn load(server: &Process, what: &str, clients: usize, act: impl AsyncFn(Shopper)) {
    let http = reqwest::Client::new();
    let begun = Instant::now();
    let client = async |_| {
        let mut times = Vec::new();
        while begun.elapsed() < ROUND {
            let started = Instant::now();
            act(Shopper::new(shop(server, &http))).await;
            times.push(started.elapsed());
        }
        times
    };
    let times = futures_util::future::join_all((0..clients).map(client)).await.concat();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    println!("   {what:<22} {clients:>2} clients: {rate:>7.1} per second   {}", Times::new(times));
}
