//! Guests that try to stop, slow or flood the host. Each ends as a typed failure while another guest is served.

use std::time::{Duration, Instant};

use soko_extension::FailureKind;
use soko_host::testing::{On, PricingGuest};
use soko_host::{CallLimits, FAILURES_TO_OPEN, Limits};

use crate::kit::{Kit, good_guest, patient};

const ENDLESS: &str = "(loop $again (br $again)) unreachable";

/// Enough fuel that only the clock can stop a guest.
fn by_the_clock() -> Limits {
    Limits { ordinary: CallLimits { fuel_base: u64::MAX / 2, ..CallLimits::ordinary() }, ..Limits::default() }
}

/// Calls the hostile guest in one channel and, at the same time and afterwards, a good one in another.
async fn fails_alone(limits: Limits, hostile: PricingGuest) -> (FailureKind, String) {
    let kit = Kit::with_limits(limits);
    let good = kit.store.put(good_guest().build());
    assert!(kit.price(2, good).await.outcome.is_ok());
    let hostile = kit.store.put(hostile.build());
    let (failed, meanwhile) = tokio::join!(kit.price(1, hostile), kit.price(2, good));
    assert!(meanwhile.outcome.is_ok(), "a good guest is served meanwhile");
    assert!(kit.price(2, good).await.outcome.is_ok(), "a good guest is served afterwards");
    let failure = failed.outcome.unwrap_err();
    assert_eq!(kit.host.stats().failed(failure.kind), 1);
    (failure.kind, failure.message)
}

#[tokio::test]
async fn stops_an_endless_loop_by_its_fuel() {
    let (kind, _) = fails_alone(patient(), PricingGuest::new().price(ENDLESS)).await;
    assert_eq!(kind, FailureKind::Fuel);
}

#[tokio::test]
async fn stops_an_endless_loop_by_its_deadline() {
    let (kind, message) = fails_alone(by_the_clock(), PricingGuest::new().price(ENDLESS)).await;
    assert_eq!(kind, FailureKind::Deadline);
    assert_eq!(message, "still running after 25 ms");
}

/// On a single thread the good call can only be answered if the endless guest lets go of it.
#[tokio::test(flavor = "current_thread")]
async fn serves_others_on_the_same_thread_while_a_guest_loops() {
    let limits = by_the_clock();
    let ordinary = CallLimits { hard_ms: 2_000, wall_ms: 20_000, ..limits.ordinary.clone() };
    let kit = Kit::with_limits(Limits { ordinary, ..limits });
    let good = kit.store.put(good_guest().build());
    let endless = kit.store.put(PricingGuest::new().price(ENDLESS).build());
    assert!(kit.price(2, good).await.outcome.is_ok());
    let started = Instant::now();
    let loops = async {
        let run = kit.price(1, endless).await;
        (run, started.elapsed())
    };
    let served = async {
        let mut answers = 0;
        while started.elapsed() < Duration::from_secs(1) {
            assert!(kit.price(2, good).await.outcome.is_ok());
            answers += 1;
            tokio::task::yield_now().await;
        }
        answers
    };
    let ((run, stopped_after), answers) = tokio::join!(loops, served);
    assert_eq!(run.outcome.unwrap_err().kind, FailureKind::Deadline);
    assert!(stopped_after >= Duration::from_secs(2));
    assert!(answers > 50, "answered only {answers} calls within a second");
}

#[tokio::test]
async fn stops_a_bulk_fill_that_hardly_burns_fuel() {
    let fill =
        "(loop $again (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $again)) unreachable";
    let (kind, _) = fails_alone(by_the_clock(), PricingGuest::new().price(fill)).await;
    assert_eq!(kind, FailureKind::Deadline);
}

#[tokio::test]
async fn stops_a_guest_that_allocates_for_ever() {
    let grow = "(loop $again (drop (memory.grow (i32.const 16))) (br $again)) unreachable";
    let (kind, message) = fails_alone(patient(), PricingGuest::new().price(grow)).await;
    assert_eq!(kind, FailureKind::Memory);
    assert!(message.contains("16777216"), "{message}");
}

#[tokio::test]
async fn stops_a_guest_that_starts_with_too_much_memory() {
    let (kind, _) = fails_alone(patient(), PricingGuest::new().memory_pages(512)).await;
    assert_eq!(kind, FailureKind::Memory);
}

#[tokio::test]
async fn stops_a_guest_that_recurses_for_ever() {
    let recurse = PricingGuest::new()
        .functions(
            "(func $deeper (param i64) (result i64) (i64.add (call $deeper (local.get 0)) (local.get 0)))",
        )
        .price("(drop (call $deeper (i64.const 1))) unreachable");
    let (kind, message) = fails_alone(patient(), recurse).await;
    assert_eq!((kind, message.as_str()), (FailureKind::Trap, "call stack exhausted"));
}

#[tokio::test]
async fn survives_a_trap() {
    let (kind, message) = fails_alone(patient(), PricingGuest::new().price("unreachable")).await;
    assert_eq!((kind, message.as_str()), (FailureKind::Trap, "wasm `unreachable` instruction executed"));
}

#[tokio::test]
async fn survives_an_access_out_of_bounds() {
    let read = "(i32.load (i32.const -4))";
    let (kind, _) = fails_alone(patient(), PricingGuest::new().price(read)).await;
    assert_eq!(kind, FailureKind::Trap);
}

/// 10 MB of adjustments: 436,907 times the same 24 bytes of zeros.
#[tokio::test]
async fn refuses_an_answer_of_ten_megabytes() {
    let count = 10 * 1024 * 1024 / 24;
    let answer = format!("(call $answer (call $alloc (i32.const 10485784)) (i32.const {count}))");
    let (kind, _) = fails_alone(patient(), PricingGuest::new().price(&answer)).await;
    assert_eq!(kind, FailureKind::Output);
}

#[tokio::test]
async fn refuses_an_answer_outside_the_guests_memory() {
    let (kind, _) =
        fails_alone(patient(), PricingGuest::new().price("(call $answer (i32.const 65536) (i32.const -1))"))
            .await;
    assert_eq!(kind, FailureKind::Output);
    let (kind, _) = fails_alone(patient(), PricingGuest::new().price("(i32.const -8)")).await;
    assert_eq!(kind, FailureKind::Output);
}

#[tokio::test]
async fn refuses_an_adjustment_of_a_line_that_does_not_exist() {
    let guest = PricingGuest::new().adjust(&[(On::Line(0), -1, "a"), (On::Line(3), -1, "b")]);
    let (kind, message) = fails_alone(patient(), guest).await;
    assert_eq!(kind, FailureKind::Output);
    assert_eq!(message, "adjustment 2 names line 3, which the order does not have");
}

#[tokio::test]
async fn refuses_a_missing_or_endless_reason() {
    let kit = Kit::new();
    let long = "x".repeat(201);
    for reason in ["", "  ", "two\nlines", &long] {
        let guest = PricingGuest::new().adjust(&[(On::Order, -1, reason)]);
        assert_eq!(kit.failure_kind(guest).await, FailureKind::Output, "{reason:?}");
    }
}

#[tokio::test]
async fn stops_a_guest_that_floods_the_log() {
    let mut guest = PricingGuest::new();
    let (address, length) = guest.text("spam");
    let guest = guest.price(&format!(
        "(loop $again (call $log (i32.const {address}) (i32.const {length})) (br $again)) unreachable"
    ));
    let (kind, message) = fails_alone(patient(), guest).await;
    assert_eq!((kind, message.as_str()), (FailureKind::Output, "made more than 1000 calls to the host"));
}

#[tokio::test]
async fn stops_a_guest_that_logs_by_the_megabyte() {
    let guest = PricingGuest::new()
        .memory_pages(16)
        .price("(call $log (i32.const 0) (i32.const 1000000)) unreachable");
    assert_eq!(fails_alone(patient(), guest).await.0, FailureKind::Output);
    let often = "(loop $again (call $log (i32.const 0) (i32.const 60000)) (br $again)) unreachable";
    let (kind, message) = fails_alone(patient(), PricingGuest::new().price(often)).await;
    assert_eq!((kind, message.as_str()), (FailureKind::Output, "handed more than 1048576 bytes to the host"));
}

#[tokio::test]
async fn stops_calling_a_guest_that_keeps_failing() {
    let kit = Kit::new();
    let failing = kit.store.put(PricingGuest::new().price("unreachable").build());
    for _ in 0..FAILURES_TO_OPEN {
        assert_eq!(kit.price(1, failing).await.outcome.unwrap_err().kind, FailureKind::Trap);
    }
    let run = kit.price(1, failing).await;
    assert_eq!(run.outcome.unwrap_err().kind, FailureKind::BreakerOpen);
    assert_eq!(run.cost.micros, 0);
    let elsewhere = kit.price(2, failing).await.outcome.unwrap_err();
    assert_eq!(elsewhere.kind, FailureKind::Trap, "another channel finds out for itself");
    assert_eq!(kit.host.stats().breakers_opened, 1);
}

/// A caller that gives up takes its guest with it, and its place is free again.
#[tokio::test]
async fn drops_a_guest_with_its_caller() {
    let limits = by_the_clock();
    let ordinary = CallLimits { hard_ms: 60_000, wall_ms: 60_000, ..limits.ordinary.clone() };
    let kit =
        Kit::with_limits(Limits { ordinary, concurrent_calls: 1, concurrent_calls_per_channel: 1, ..limits });
    let good = kit.store.put(good_guest().build());
    let endless = kit.store.put(PricingGuest::new().price(ENDLESS).build());
    for _ in 0..10 {
        let call = tokio::time::timeout(Duration::from_millis(20), kit.price(1, endless));
        assert!(call.await.is_err());
    }
    assert!(kit.price(1, good).await.outcome.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serves_a_shop_while_another_shops_guests_all_loop() {
    let limits = by_the_clock();
    let ordinary = CallLimits { hard_ms: 500, wall_ms: 30_000, ..limits.ordinary.clone() };
    let kit = Kit::with_limits(Limits { ordinary, ..limits });
    let good = kit.store.put(good_guest().build());
    let endless = kit.store.put(PricingGuest::new().price(ENDLESS).build());
    assert!(kit.price(2, good).await.outcome.is_ok());
    kit.host.prepare(endless).await.unwrap();
    let loops = futures(&kit, endless, 16);
    let served = async {
        let started = Instant::now();
        for _ in 0..20 {
            assert!(kit.price(2, good).await.outcome.is_ok());
        }
        started.elapsed()
    };
    let (kinds, took) = tokio::join!(loops, served);
    assert!(
        kinds.iter().all(|kind| matches!(kind, FailureKind::Deadline | FailureKind::BreakerOpen)),
        "{kinds:?}"
    );
    assert!(took < Duration::from_secs(2), "twenty calls took {took:?}");
}

/// So many calls of one component in channel 1 at once, each on a task.
async fn futures(kit: &Kit, digest: soko_extension::Digest, calls: usize) -> Vec<FailureKind> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..calls {
        let host = kit.host.clone();
        tasks.spawn(async move {
            let context = crate::kit::order(1);
            let call = soko_extension::pricing::PricingCall {
                name: "hostile",
                version: "1.0.0",
                digest,
                channel_id: 1,
                config: "{}",
                context: &context,
            };
            soko_extension::pricing::PricingPlugins::price(&host, call).await.outcome.unwrap_err().kind
        });
    }
    tasks.join_all().await
}
