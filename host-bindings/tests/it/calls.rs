//! Calls that go well, and what they may see and say.

use std::time::Duration;

use soko_extension::FailureKind;
use soko_extension::pricing::{AdjustmentTarget, PriceAdjustment, PricingPlugins as _};
use soko_host::testing::{On, PricingGuest};
use soko_host::{CallLimits, ENGINE_VERSION, Limits};

use crate::kit::{Kit, good_guest, patient};

#[tokio::test]
async fn answers_with_the_guests_adjustments_in_their_order() {
    let kit = Kit::new();
    let digest = kit.store.put(
        PricingGuest::new()
            .adjust(&[(On::Line(2), -250, "bulk"), (On::Order, i64::MIN, "half price day: ½")])
            .build(),
    );
    let run = kit.price(1, digest).await;
    let expected = [
        PriceAdjustment { target: AdjustmentTarget::Line(2), amount: -250, reason: "bulk".to_owned() },
        PriceAdjustment {
            target: AdjustmentTarget::Order,
            amount: i64::MIN,
            reason: "half price day: ½".to_owned(),
        },
    ];
    assert_eq!(run.outcome.unwrap(), expected);
    assert!(run.cost.fuel > 0 && run.cost.micros > 0);
    assert_eq!(kit.host.engine_version(), ENGINE_VERSION);
    let stats = kit.host.stats();
    assert_eq!((stats.calls, stats.compiles, stats.fuel), (1, 1, run.cost.fuel));
}

/// The guest computes its amount from what it was given, so a wrong layout or a lost field shows.
#[tokio::test]
async fn gives_the_guest_the_whole_order() {
    let kit = Kit::new();
    // In the arguments, the lines' address is at 76, their number at 80 and the length of the config at 92. A line has
    // 56 bytes, its line price at 40; so the third line's is at 2 * 56 + 40.
    let amount = "(i64.add
        (i64.load offset=152 (i32.load offset=76 (local.get $input)))
        (i64.extend_i32_u (i32.add (i32.load offset=80 (local.get $input)) (i32.load offset=92 (local.get $input)))))";
    let digest = kit.store.put(PricingGuest::new().adjust_order_by(amount, "all of it").build());
    let adjustments = kit.price(1, digest).await.outcome.unwrap();
    assert_eq!(adjustments[0].amount, 63_000 + 3 + 2);
    assert_eq!(adjustments[0].reason, "all of it");
}

#[tokio::test]
async fn gives_the_same_answer_for_the_same_input() {
    let kit = Kit::new();
    let digest = kit.store.put(good_guest().build());
    let first = kit.price(1, digest).await;
    for channel_id in 0..20 {
        let again = kit.price(channel_id, digest).await;
        assert_eq!(again.outcome, first.outcome);
        assert_eq!(again.cost.fuel, first.cost.fuel);
    }
}

/// The guest adds one to a word of its memory and answers with it.
#[tokio::test]
async fn lets_no_state_survive_a_call() {
    let kit = Kit::new();
    let count = "(i32.store (i32.const 60000) (i32.add (i32.load (i32.const 60000)) (i32.const 1)))
        (i64.load32_u (i32.const 60000))";
    let digest = kit.store.put(PricingGuest::new().adjust_order_by(count, "calls so far").build());
    for _ in 0..5 {
        assert_eq!(kit.price(1, digest).await.outcome.unwrap()[0].amount, 1);
    }
}

/// Calls until one has found its sandbox made; each adds to what is kept of a guest between calls, which is nothing.
#[tokio::test]
async fn a_sandbox_made_ahead_is_as_fresh_as_one_made_for_the_call() {
    let kit = Kit::new();
    let count = "(i32.store (i32.const 60000) (i32.add (i32.load (i32.const 60000)) (i32.const 1)))
        (i64.load32_u (i32.const 60000))";
    let counting = || PricingGuest::new().adjust_order_by(count, "calls so far");
    let digest = kit.store.put(counting().build());
    let first = kit.price(1, digest).await;
    assert_eq!(kit.host.stats().spares_used, 0);
    let mut calls = 1_i64;
    while kit.host.stats().spares_used < 3 {
        tokio::task::yield_now().await;
        calls += 1;
        let again = kit.price(calls, digest).await;
        assert_eq!(again.outcome.as_ref().unwrap()[0].amount, 1);
        assert_eq!(again.cost.fuel, first.cost.fuel);
    }
    assert_eq!(kit.host.stats().calls, calls.unsigned_abs());
    let other = kit.store.put(counting().version("2.0.0").build());
    let used = kit.host.stats().spares_used;
    assert_eq!(kit.price(1, other).await.outcome.unwrap()[0].amount, 1);
    assert_eq!(kit.host.stats().spares_used, used, "another component's sandbox is not for it");
}

/// Far more components than there are sandboxes made ahead: no call fails for want of a place.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sandboxes_made_ahead_take_no_place_of_calls() {
    let limits = Limits { concurrent_calls: 2, concurrent_calls_per_channel: 2, ..Limits::default() };
    let kit = Kit::with_limits(limits);
    let versions = (0..100).map(|patch| format!("1.0.{patch}"));
    let digests: Vec<_> = versions.map(|it| kit.store.put(good_guest().version(&it).build())).collect();
    for pair in digests.chunks(2).chain(digests.chunks(2)) {
        let (one, other) = tokio::join!(kit.price(1, pair[0]), kit.price(2, pair[1]));
        assert!(one.outcome.is_ok() && other.outcome.is_ok(), "{:?} {:?}", one.outcome, other.outcome);
    }
}

/// Idle sandboxes would otherwise keep what a hungry guest takes at its start.
#[tokio::test]
async fn keeps_no_sandbox_of_a_guest_that_takes_much_memory() {
    let ordinary = CallLimits { memory_bytes: 64 << 20, ..CallLimits::ordinary() };
    let kit = Kit::with_limits(Limits { ordinary, ..Limits::default() });
    let hungry = kit.store.put(good_guest().memory_pages(33 << 4).build());
    let modest = kit.store.put(good_guest().memory_pages(31 << 4).build());
    for call in 0..20 {
        assert!(kit.price(call, hungry).await.outcome.is_ok());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(kit.host.stats().spares_used, 0);
    while kit.host.stats().spares_used == 0 {
        assert!(kit.price(1, modest).await.outcome.is_ok());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn passes_a_refusal_on_without_opening_the_breaker() {
    let kit = Kit::new();
    let digest = kit.store.put(PricingGuest::new().refuse("no tiers\ngiven").build());
    for _ in 0..20 {
        let failure = kit.price(1, digest).await.outcome.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Guest);
        assert_eq!(failure.message, "invalid-config: no tiers given");
    }
}

#[tokio::test]
async fn keeps_the_guests_log_lines() {
    let kit = Kit::with_limits(Limits { log_lines: 2, ..patient() });
    let mut guest = good_guest();
    let (address, length) = guest.text("looked at it");
    let log = format!("(call $log (i32.const {address}) (i32.const {length}))");
    let guest = guest.adjust_after(&log.repeat(3), &[]);
    let digest = kit.store.put(guest.build());
    let run = kit.price(1, digest).await;
    assert_eq!(run.outcome.unwrap(), []);
    assert_eq!(run.log, ["looked at it", "looked at it"]);
}

/// The guest asks WASI for the time and for randomness, as a language runtime would.
#[tokio::test]
async fn shows_a_frozen_world_to_language_runtimes() {
    let kit = Kit::new();
    let random = |version: &str, amount: &str| {
        let guest = PricingGuest::new()
            .import_function(
                &format!("wasi:random/random@{version}"),
                r#"(export "get-random-u64" (func (result u64)))"#,
                "get-random-u64",
                "(result i64)",
            )
            .import_function(
                &format!("wasi:clocks/monotonic-clock@{version}"),
                r#"(export "now" (func (result u64)))"#,
                "now",
                "(result i64)",
            );
        kit.store.put(guest.adjust_order_by(amount, "asked").build())
    };
    let first = kit.price(1, random("0.2.0", "(call $get-random-u64)")).await.outcome.unwrap()[0].amount;
    let second = "(drop (call $get-random-u64)) (call $get-random-u64)";
    let second = kit.price(1, random("0.2.0", second)).await.outcome.unwrap()[0].amount;
    assert_ne!(first, second, "the sequence goes on within a call");
    for version in ["0.2.0", "0.2.3", "0.2.6"] {
        let again = kit.price(2, random(version, "(call $get-random-u64)")).await.outcome.unwrap()[0].amount;
        assert_eq!(first, again, "and begins anew with each");
        assert_eq!(kit.price(3, random(version, "(call $now)")).await.outcome.unwrap()[0].amount, 0);
    }
}
