//! Plugins that behave in their trial and turn hostile once bound. The shop that bound one goes on without it, and the
//! other shop never notices.

use futures_util::future::join_all;
use serde_json::{Value, json};
use soko::config::Settings;
use soko_host::testing::PricingGuest;
use soko_tests::platform::{ALPHA, BETA, SUGAR};
use soko_tests::plugins::{binding_of, try_bind, unbind, upload};
use soko_tests::server::with_settings;
use soko_tests::shopper::refusal_of;
use soko_tests::{Client, TestServer, with_server};

/// Requests of each customer of the shop with the hostile plugins.
const REQUESTS: i64 = 10;
/// Orders that the other shop sells meanwhile.
const CHECKOUTS: usize = 6;

/// Runs the instructions in calls with a configuration that has more than the two bytes of `{}`, which is what the
/// trial has. The configuration's length stands at byte 92 of the arguments.
fn hostile_when_configured(guest: PricingGuest, instructions: &str) -> Vec<u8> {
    let body = format!(
        "(if (i32.gt_u (i32.load offset=92 (local.get $input)) (i32.const 2)) (then {instructions}))
         (call $answer (i32.const 4096) (i32.const 0))"
    );
    guest.price(&body).build()
}

/// One adjustment, at the place where the guest's answers begin.
fn adjustment(guest: &mut PricingGuest, line: Option<u32>, amount: i64) -> String {
    let (address, length) = guest.text("hostile");
    let (case, line) = line.map_or((1, 0), |line| (0, line));
    format!(
        "(i32.store8 (i32.const 4096) (i32.const {case}))
         (i32.store offset=4 (i32.const 4096) (i32.const {line}))
         (i64.store offset=8 (i32.const 4096) (i64.const {amount}))
         (i32.store offset=16 (i32.const 4096) (i32.const {address}))
         (i32.store offset=20 (i32.const 4096) (i32.const {length}))
         (return (call $answer (i32.const 4096) (i32.const 1)))"
    )
}

/// Puts a hostile plugin to use, with what happens when it fails.
async fn bind_hostile(admin: &Client, version: &Value, failure_policy: &str) -> Value {
    let input = json!({ "pluginId": version["pluginId"], "config": { "hostile": true },
        "failurePolicy": failure_policy });
    binding_of(try_bind(admin, input).await)
}

/// Binds the guest in one shop, buys in both, and returns the outcome and message of its run.
async fn survive(server: &TestServer, component: Vec<u8>) -> (String, String) {
    let admin = server.administrator(ALPHA).await;
    let version = upload(&admin, component).await;
    bind_hostile(&admin, &version, "SKIP").await;
    let (victim, bystander) = (server.shopper(ALPHA), server.shopper(BETA));
    let (here, there) = (victim.variant(SUGAR).await, bystander.variant(SUGAR).await);
    let (order, other) = tokio::join!(victim.add(&here, 2), bystander.add(&there, 2));
    assert_eq!(order["totalWithTax"], 72_000, "the order is priced without the plugin");
    assert_eq!(other["totalWithTax"], 72_000);
    bystander.check_out(&there, 1, "bystander@example.com").await;
    let paid = victim.check_out(&here, 1, "victim@example.com").await;
    let receipts = "query ($id: ID!) { priceReceipts(orderId: $id) { items { steps } } }";
    let receipts = admin.query(receipts, json!({ "id": paid["id"] })).await;
    let steps = receipts["priceReceipts"]["items"][0]["steps"].to_string();
    assert!(
        steps.contains("hostile") && steps.to_lowercase().contains("skip"),
        "flagged on the receipt: {steps}"
    );
    server.services().plugins.recorder().flush().await;
    let runs =
        "{ pluginRuns(options: { take: 1, sort: { id: ASC } }) { items { outcome message micros fuel } } }";
    let run: Value = admin.query(runs, json!({})).await["pluginRuns"]["items"][0].clone();
    let text = |field: &str| run[field].as_str().unwrap_or_default().to_owned();
    (text("outcome"), text("message"))
}

/// What a hostile guest does, and how its run is recorded.
struct Hostile {
    /// What it does, for its name.
    does: &'static str,
    outcome: &'static str,
    component: Vec<u8>,
}

impl Hostile {
    fn new(does: &'static str, outcome: &'static str, guest: PricingGuest, instructions: &str) -> Self {
        let component = hostile_when_configured(guest.name(&format!("hostile-{does}")), instructions);
        Self { does, outcome, component }
    }

    fn answering(does: &'static str, line: Option<u32>, amount: i64) -> Self {
        let mut guest = PricingGuest::new();
        let instructions = adjustment(&mut guest, line, amount);
        Self::new(does, "output", guest, &instructions)
    }
}

fn loops() -> Hostile {
    Hostile::new("loops", "fuel", PricingGuest::new(), "(loop $again (br $again))")
}

fn allocates() -> Hostile {
    let grow = "(loop $again (drop (memory.grow (i32.const 16))) (br $again))";
    Hostile::new("allocates", "memory", PricingGuest::new(), grow)
}

fn recurses() -> Hostile {
    let deeper =
        "(func $deeper (param i64) (result i64) (i64.add (call $deeper (local.get 0)) (local.get 0)))";
    let guest = PricingGuest::new().functions(deeper);
    Hostile::new("recurses", "trap", guest, "(drop (call $deeper (i64.const 1)))")
}

fn traps() -> Hostile {
    Hostile::new("traps", "trap", PricingGuest::new(), "unreachable")
}

fn floods() -> Hostile {
    let count = 10 * 1024 * 1024 / 24;
    let flood = format!("(return (call $answer (call $alloc (i32.const 10485784)) (i32.const {count})))");
    Hostile::new("floods", "output", PricingGuest::new(), &flood)
}

fn names_no_line() -> Hostile {
    Hostile::answering("names-no-line", Some(77), -1)
}

fn goes_below_zero() -> Hostile {
    Hostile::answering("goes-below-zero", None, -1_000_000_000)
}

fn overflows() -> Hostile {
    Hostile::answering("overflows", Some(0), i64::MAX)
}

fn survives(hostile: Hostile) {
    // How fast the machine is must not decide which limit a guest meets first.
    let patient = |settings: &mut Settings| settings.plugins.ordinary.hard_ms = 1_000;
    with_settings(patient, async |server| {
        let (outcome, message) = survive(server, hostile.component).await;
        assert_eq!(outcome, hostile.outcome, "{}: {message}", hostile.does);
    });
}

#[test]
fn survives_a_plugin_that_loops_for_ever() {
    survives(loops());
}

#[test]
fn survives_a_plugin_that_allocates_for_ever() {
    survives(allocates());
}

#[test]
fn survives_a_plugin_that_recurses() {
    survives(recurses());
}

#[test]
fn survives_a_plugin_that_traps() {
    survives(traps());
}

#[test]
fn survives_a_plugin_that_answers_with_ten_megabytes() {
    survives(floods());
}

#[test]
fn survives_a_plugin_that_names_a_line_that_does_not_exist() {
    survives(names_no_line());
}

#[test]
fn survives_a_plugin_that_sets_a_negative_price() {
    survives(goes_below_zero());
}

#[test]
fn survives_a_plugin_that_overflows_a_price() {
    survives(overflows());
}

#[test]
fn another_shop_goes_on_while_every_hostile_plugin_runs_at_once() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let all = [
            loops(),
            allocates(),
            recurses(),
            traps(),
            floods(),
            names_no_line(),
            goes_below_zero(),
            overflows(),
        ];
        for hostile in all {
            let version = upload(&admin, hostile.component).await;
            assert_eq!(version["pluginName"], format!("hostile-{}", hostile.does));
            bind_hostile(&admin, &version, "SKIP").await;
        }
        let victims = [server.shopper(ALPHA), server.shopper(ALPHA)];
        let here = victims[0].variant(SUGAR).await;
        let suffering = join_all(victims.iter().map(async |victim| {
            for quantity in 1..=REQUESTS {
                assert_eq!(victim.add(&here, 1).await["totalWithTax"], quantity * 36_000);
            }
        }));
        let shopping = async {
            for number in 0..CHECKOUTS {
                let bystander = server.shopper(BETA);
                let sugar = bystander.variant(SUGAR).await;
                let paid = bystander.check_out(&sugar, 1, &format!("bystander{number}@example.com")).await;
                assert_eq!(paid["subTotalWithTax"], 36_000);
            }
        };
        tokio::join!(suffering, shopping);
    });
}

#[test]
fn refuses_the_change_when_a_plugin_that_must_not_fail_does() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let version = upload(&admin, traps().component).await;
        let binding = bind_hostile(&admin, &version, "FAIL_CLOSED").await;
        let guest = server.shopper(ALPHA);
        let sugar = guest.variant(SUGAR).await;
        let refusal = refusal_of(guest.try_add(&sugar, 1).await);
        assert_eq!(refusal["errorCode"], "ORDER_INTERCEPTOR_ERROR", "{refusal}");
        let cart = guest.active_order().await;
        assert!(cart.is_null() || cart["totalQuantity"] == 0, "nothing is half done: {cart}");
        unbind(&admin, &binding["id"]).await;
        assert_eq!(guest.add(&sugar, 1).await["totalWithTax"], 36_000);
    });
}
