//! Carts and checkouts through the services, without HTTP and GraphQL, and what a pricing plugin adds to them. The part
//! `server` measures the same of the whole operation, which is what has a target.

use soko_domain::plugins::BindingChanges;
use soko_kernel::ListQuery;

use crate::measure::{Budget, ratio};
use crate::platform::{Demo, Guest};

/// The shop with a plugin.
const WITH: &str = "duka-moja";
/// The shop with the same goods whose plugin is put out of use.
const WITHOUT: &str = "duka-mbili";
/// The shop with stock for every checkout.
const PLENTY: &str = "default";
/// Lines of the larger cart.
const LINES: usize = 10;

/// Measures both.
pub fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let demo = Demo::open().await;
        put_out_of_use(&demo).await;
        for lines in [1, LINES] {
            compare(&demo, lines).await;
        }
        let services = &demo.platform.services;
        let variants = demo.variants(PLENTY, LINES).await;
        for lines in [1, LINES] {
            let [times] = Budget::LARGE
                .time_in_turns(async |_| Guest::new(services, PLENTY).check_out(&variants[..lines]).await)
                .await;
            println!("   checkout of {lines:>2} lines: {times}");
        }
        demo.platform.close().await;
    });
}

/// A new cart with its first lines, in the shop with the plugin and in the one without.
async fn compare(demo: &Demo, lines: usize) {
    let services = &demo.platform.services;
    let (plain, priced) = (demo.variants(WITHOUT, lines).await, demo.variants(WITH, lines).await);
    let [without, with] = Budget::LARGE
        .time_in_turns(async |place| {
            let (shop, variants) = if place == 0 { (WITHOUT, &plain) } else { (WITH, &priced) };
            Guest::new(services, shop).add(variants).await;
        })
        .await;
    let times = ratio(with.median(), without.median());
    println!("   a new cart with {lines:>2} lines, without plugin: {without}");
    println!("   a new cart with {lines:>2} lines, wholesale-tiers: {with}   {times:.2} times");
}

async fn put_out_of_use(demo: &Demo) {
    let (plugins, actor) = (&demo.platform.services.plugins, demo.operator(WITHOUT));
    for binding in plugins.list_bindings(actor, &ListQuery::default()).await.expect("bindings").items {
        let off = BindingChanges { enabled: Some(false), ..BindingChanges::default() };
        plugins.update_binding(actor, binding.id, off).await.expect("a binding out of use");
    }
}
