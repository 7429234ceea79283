//! Payment handlers that trap, answer nonsense, never end, or are uploaded.

use hmac::{Hmac, Mac as _};
use sha2::Sha512;
use soko_extension::effect::PaymentPlugins as _;
use soko_extension::payment::{
    Callback, CallbackRefusal, Notice, PaymentChange, PaymentOutcome, RefundOutcome, RefundRequest, Subject,
};
use soko_extension::{ComponentInspector as _, FailureKind, PluginKind, Rejection};
use soko_host::testing::PaymentGuest;
use soko_host::{COMPONENT_BYTES_DEFAULT, EffectLimits};

use super::servers::Server;
use super::{Desk, capabilities, reference, request};

fn nothing() -> soko_extension::effect::Capabilities {
    soko_extension::effect::Capabilities::default()
}

#[tokio::test]
async fn answers_every_question() {
    let desk = Desk::new(&[], EffectLimits::default());
    let call = desk.call(PaymentGuest::new(), nothing(), nothing());
    let authorized = PaymentOutcome::Authorized { transaction_id: None };
    assert_eq!(desk.host.create(call.clone(), request()).await.outcome, Ok(authorized.clone()));
    assert_eq!(desk.host.settle(call.clone(), reference()).await.outcome, Ok(PaymentChange::Done));
    assert_eq!(desk.host.cancel(call.clone(), reference()).await.outcome, Ok(PaymentChange::Done));
    let refund = RefundRequest {
        idempotency_key: "refund-1".to_owned(),
        payment: reference(),
        amount: 100,
        reason: Some("broken".to_owned()),
    };
    let given_back = RefundOutcome::Settled { transaction_id: None };
    assert_eq!(desk.host.refund(call.clone(), refund).await.outcome, Ok(given_back));
    assert_eq!(desk.host.query(call, reference()).await.outcome, Ok(authorized));
}

#[tokio::test]
async fn knows_what_a_guest_had_done_before_it_trapped() {
    let server = Server::start("").await;
    let desk = Desk::new(&[&server.host()], EffectLimits::default());
    let granted = capabilities(&[&server.host()], &[]);
    for (method, reached_out) in [("post", true), ("get", false)] {
        let mut guest = PaymentGuest::new();
        let send = guest.send(method, &server.url("/ok"), "pay", &[]);
        let run = desk.pay(guest.on("create", &format!("{send} unreachable")), &granted).await;
        assert_eq!(run.outcome.unwrap_err().kind, FailureKind::Trap);
        assert_eq!((run.host_calls.len(), run.reached_out), (1, reached_out), "{method}");
    }
    let run = desk.pay(PaymentGuest::new().on("create", "unreachable"), &granted).await;
    assert_eq!(run.outcome.unwrap_err().kind, FailureKind::Trap);
    assert!(!run.reached_out);
}

#[tokio::test]
async fn stops_a_guest_that_waits_or_runs_for_too_long() {
    let server = Server::start("").await;
    let limits = EffectLimits {
        wall_ms: 400,
        hard_ms: 200,
        http_ms: 5_000,
        fuel: u64::MAX / 2,
        ..EffectLimits::default()
    };
    let desk = Desk::new(&[&server.host()], limits);
    let granted = capabilities(&[&server.host()], &[]);
    let waiting = PaymentGuest::new().sends("create", "post", &server.url("/hang"), "pay", &[]);
    let run = desk.pay(waiting, &granted).await;
    let failure = run.outcome.unwrap_err();
    assert_eq!(
        (failure.kind, failure.message.as_str()),
        (FailureKind::Deadline, "not finished after 400 ms")
    );
    assert!(run.reached_out, "the request was on its way");
    let endless = PaymentGuest::new().on("create", "(loop $again (br $again)) unreachable");
    assert_eq!(desk.pay(endless, &granted).await.outcome.unwrap_err().kind, FailureKind::Deadline);
    let hoarding = PaymentGuest::new().on(
        "create",
        "(drop (call $alloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 100000000))) unreachable",
    );
    assert_eq!(desk.pay(hoarding, &granted).await.outcome.unwrap_err().kind, FailureKind::Memory);
}

#[tokio::test]
async fn takes_no_nonsense_for_an_answer() {
    let desk = Desk::new(&[], EffectLimits::default());
    let kinds = [
        // No such outcome; a text outside the memory; no UTF-8; an empty reference; control characters.
        "(i32.store8 offset=4 (i32.const 64) (i32.const 99)) (i32.const 64)",
        "(call $doubt (i32.const 2000000000) (i32.const 5))",
        "(i32.store8 (i32.const 3000) (i32.const 255)) (call $doubt (i32.const 3000) (i32.const 1))",
        "(call $settled (i32.const 3000) (i32.const 0))",
        "(call $settled (i32.const 3000) (i32.const 2))",
        "(i32.const 3)",
    ];
    for body in kinds {
        let run = desk.pay(PaymentGuest::new().on("create", body), &nothing()).await;
        let kind = run.outcome.unwrap_err().kind;
        assert!(matches!(kind, FailureKind::Output | FailureKind::Trap), "{kind:?} for {body}");
    }
    let mut refusing = PaymentGuest::new();
    let (why, bytes) = refusing.text("no till");
    let refusing = refusing.on(
        "create",
        &format!(
            "(i32.store8 (i32.const 64) (i32.const 1)) (i32.store offset=8 (i32.const 64) (i32.const {why}))
             (i32.store offset=12 (i32.const 64) (i32.const {bytes})) (i32.const 64)"
        ),
    );
    let failure = desk.pay(refusing, &nothing()).await.outcome.unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Guest, "invalid-config: no till"));
}

#[tokio::test]
async fn takes_callbacks_that_are_signed_and_no_others() {
    let desk = Desk::new(&[], EffectLimits::default());
    let guest = || PaymentGuest::new().takes_callbacks_signed_by("key", "payment-1");
    let granted = capabilities(&[], &[("key", false)]);
    let callback = |mac: &[u8]| {
        let body = [mac, b"paid"].concat();
        Callback {
            headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
            query: String::new(),
            body,
        }
    };
    let call = desk.call(guest(), granted.clone(), granted.clone());
    let mut mac = Hmac::<Sha512>::new_from_slice(b"Jefe").unwrap();
    mac.update(b"paid");
    let mac = mac.finalize().into_bytes();
    let unauthentic = Ok(Err(CallbackRefusal::Unauthentic(String::new())));
    let unset = desk.host.webhook(call.clone(), callback(&mac)).await;
    assert_eq!(unset.outcome, unauthentic, "without the secret nothing is genuine");
    assert_eq!(unset.host_calls[0].error.as_deref(), Some("unset"));
    desk.set_secret(1, "key", b"Jefe");
    let taken = Notice::Payment {
        payment: Subject::Key("payment-1".to_owned()),
        outcome: PaymentOutcome::Settled { transaction_id: None },
        amount: None,
        currency: None,
    };
    assert_eq!(desk.host.webhook(call.clone(), callback(&mac)).await.outcome, Ok(Ok(taken)));
    let mut forged = mac;
    forged[63] ^= 1;
    assert_eq!(desk.host.webhook(call, callback(&forged)).await.outcome, unauthentic);
}

#[tokio::test]
async fn accepts_a_handler_at_upload_and_tells_what_it_wants() {
    let desk = Desk::new(&[], EffectLimits::default());
    let guest = PaymentGuest::new().name("mpesa").host("*.example.com").secret("consumer-key", true).kv();
    let inspection = desk.host.inspect(guest.build().into(), COMPONENT_BYTES_DEFAULT).await.unwrap();
    assert_eq!(
        (inspection.manifest.kind, inspection.contract.as_str()),
        (PluginKind::Payment, "soko:payment@0.1.0")
    );
    let wanted = inspection.manifest.capabilities;
    assert_eq!((wanted.hosts, wanted.kv), (vec!["*.example.com".to_owned()], true));
    assert_eq!((wanted.secrets[0].name.as_str(), wanted.secrets[0].readable), ("consumer-key", true));
    assert!(inspection.imports.contains(&"soko:host/http@0.1.0".to_owned()), "{:?}", inspection.imports);
}

#[tokio::test]
async fn refuses_a_handler_at_upload_that_traps_lies_or_believes_anybody() {
    let desk = Desk::new(&[], EffectLimits::default());
    let refused = async |guest: PaymentGuest| {
        desk.host.inspect(guest.build().into(), COMPONENT_BYTES_DEFAULT).await.unwrap_err()
    };
    let trapping = refused(PaymentGuest::new().on("webhook", "unreachable")).await;
    assert!(matches!(trapping, Rejection::SmokeRun(ref why) if why.kind == FailureKind::Trap), "{trapping}");
    let believing = refused(PaymentGuest::new().on("webhook", "(i32.const 64)")).await;
    assert!(
        matches!(believing, Rejection::SmokeRun(ref why) if why.kind == FailureKind::Output),
        "{believing}"
    );
    let nowhere = refused(PaymentGuest::new().host("https://example.com")).await;
    assert!(nowhere.to_string().contains("is no host"), "{nowhere}");
}
