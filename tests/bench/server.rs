//! The release server as a process: its start, its load over HTTP, its memory.

use std::time::{Duration, Instant};

use serde_json::json;
use soko_tests::process::Process;
use soko_tests::{Client, Shopper};

use crate::load::{check_out, keep_busy};
use crate::measure::{Budget, Times, ratio, target};

/// The shop with stock for every checkout.
const SHOP: &str = "default";
/// The shop with the same goods and a pricing plugin.
const PRICED_SHOP: &str = "duka-moja";
/// What the measured carts hold.
const SKU: &str = "TEA-250G";
/// Most that a plugin may add to addItemToOrder, as a factor.
const PLUGIN_MAX: f64 = 1.10;
/// Longest from the start of the process to the first answer.
const START_MAX: Duration = Duration::from_secs(1);
/// Most memory after the load, in MiB.
const RESIDENT_MAX_MIB: u64 = 150;

/// Measures a server with the demo's data, each load for so long.
pub fn run(lasts: Duration) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let data = tempfile::tempdir().expect("a temporary directory");
        let plugins = soko_tests::plugins::components();
        let plugins = plugins.to_str().expect("a path in UTF-8");
        Process::start("demo", data.path(), &["--plugins", plugins]).kill();
        let started = Instant::now();
        let server = Process::start("serve", data.path(), &[]);
        let shop = shop(&server, &reqwest::Client::new(), SHOP);
        shop.query("{ products(options: { take: 10 }) { items { name } } }", json!({})).await;
        let start = started.elapsed();
        println!("   start to first answer, with data: {} ms", start.as_millis());
        target(start <= START_MAX, "the first answer comes within a second of the start");
        compare_plugin(&server).await;
        let variant = [Shopper::new(shop.stranger()).variant(SKU).await];
        for clients in [1, 8, 32] {
            let add = async || _ = Shopper::new(shop.stranger()).add(&variant[0], 1).await;
            println!(
                "   addItemToOrder         {clients:>2} clients: {}",
                keep_busy(clients, lasts, add).await
            );
            let checkouts = check_out(std::slice::from_ref(&shop), &variant, clients, lasts).await;
            println!("   checkout of 7 requests {clients:>2} clients: {checkouts}");
        }
        let resident = server.resident_mib();
        println!("   resident after the load: {resident} MiB");
        target(resident <= RESIDENT_MAX_MIB, "at most 150 MiB are resident after the load");
        server.kill();
    });
}

fn shop(server: &Process, http: &reqwest::Client, channel: &str) -> Client {
    Client::new(http.clone(), format!("{}/shop-api", server.url), Some(channel))
}

/// The first item of a new guest, in the shop without plugins and in the one with wholesale-tiers.
async fn compare_plugin(server: &Process) {
    let http = reqwest::Client::new();
    let variants = [
        Shopper::new(shop(server, &http, SHOP)).variant(SKU).await,
        Shopper::new(shop(server, &http, PRICED_SHOP)).variant(SKU).await,
    ];
    let add = async |place: usize| {
        let channel = [SHOP, PRICED_SHOP][place];
        Shopper::new(shop(server, &http, channel)).add(&variants[place], 1).await;
    };
    let [without, with]: [Times; 2] = Budget::LARGE.time_in_turns(add).await;
    let times = ratio(with.median(), without.median());
    println!("   addItemToOrder, without plugin: {without}");
    println!("   addItemToOrder, wholesale-tiers: {with}   {times:.2} times");
    target(times <= PLUGIN_MAX, "a pricing plugin adds at most 10 % to addItemToOrder");
}
