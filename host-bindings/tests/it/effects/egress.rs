//! The way out: whom a guest reaches, with what, and how long and how much it gets.

use std::time::{Duration, Instant};

use soko_extension::effect::Capabilities;
use soko_extension::payment::PaymentOutcome;
use soko_host::testing::{Carry, PaymentGuest};
use soko_host::{EffectLimits, EgressPolicy};

use super::servers::Server;
use super::{Desk, capabilities, doubt, request};

/// One that posts to this address.
fn posting(url: &str) -> PaymentGuest {
    PaymentGuest::new().sends("create", "post", url, "amount=2500", &[])
}

#[tokio::test]
async fn answers_by_what_a_server_says_and_records_the_call() {
    let server = Server::start("").await;
    let desk = Desk::new(&[&server.host()], EffectLimits::default());
    let run = desk.pay(posting(&server.url("/ok")), &capabilities(&[&server.host()], &[])).await;
    let settled = PaymentOutcome::Settled { transaction_id: Some("receipt-1".to_owned()) };
    assert_eq!(run.outcome, Ok(settled));
    assert!(run.reached_out);
    let [call] = &run.host_calls[..] else { panic!("{:?}", run.host_calls) };
    assert_eq!((call.function.as_str(), call.target.as_str()), ("http.send", server.host().as_str()));
    assert_eq!((call.status, call.bytes_out, call.bytes_in), (Some(200), 11, 9));
    assert!(call.micros > 0 && run.cost.micros >= call.micros && run.cost.fuel > 0);
    let [seen] = &server.seen()[..] else { panic!("one request") };
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str(), &seen.body[..]),
        ("POST", "/ok", &b"amount=2500"[..])
    );
    assert!(seen.header("user-agent").starts_with("soko/"));
}

#[tokio::test]
async fn hands_a_refusing_status_to_the_guest() {
    let server = Server::start("").await;
    let desk = Desk::new(&[&server.host()], EffectLimits::default());
    let run = desk.pay(posting(&server.url("/teapot")), &capabilities(&[&server.host()], &[])).await;
    assert!(run.outcome.is_ok());
    assert_eq!(run.host_calls[0].status, Some(418));
}

#[tokio::test]
async fn puts_secrets_into_requests_by_name() {
    let server = Server::start("").await;
    let desk = Desk::new(&[&server.host()], EffectLimits::default());
    for (name, value) in [("user", "ann"), ("password", "s3cret"), ("key", "Jefe")] {
        desk.set_secret(1, name, value.as_bytes());
    }
    let carry = [
        Carry::Basic("user", "password"),
        Carry::Header("x-key", "Key ", "key"),
        Carry::Signature("x-signature", "key"),
    ];
    let body = "what do ya want for nothing?";
    let guest = PaymentGuest::new().sends("create", "post", &server.url("/ok"), body, &carry);
    let all = capabilities(&[&server.host()], &[("user", false), ("password", false), ("key", false)]);
    assert!(desk.pay(guest, &all).await.outcome.is_ok());
    let bearer = PaymentGuest::new().sends("create", "post", &server.url("/ok"), "", &[Carry::Bearer("key")]);
    assert!(desk.pay(bearer, &all).await.outcome.is_ok());
    let [first, second] = &server.seen()[..] else { panic!("two requests") };
    assert_eq!(first.header("authorization"), "Basic YW5uOnMzY3JldA==");
    assert_eq!(first.header("x-key"), "Key Jefe");
    assert!(first.header("x-signature").starts_with("164b7a7bfcf819e2e395fbe73b56e0a3"));
    assert_eq!(second.header("authorization"), "Bearer Jefe");
}

#[tokio::test]
async fn sends_nothing_when_a_secret_is_not_granted_or_has_no_value() {
    let server = Server::start("").await;
    let desk = Desk::new(&[&server.host()], EffectLimits::default());
    let all = capabilities(&[&server.host()], &[("key", false)]);
    let guest =
        || PaymentGuest::new().sends("create", "post", &server.url("/ok"), "", &[Carry::Bearer("key")]);
    assert_eq!(doubt(&desk.pay(guest(), &all).await), "key has no value");
    desk.set_secret(1, "key", b"Jefe");
    let without = capabilities(&[&server.host()], &[]);
    for (wanted, granted) in [(&all, &without), (&without, &all)] {
        let call = desk.call(guest(), wanted.clone(), granted.clone());
        let run = soko_extension::effect::PaymentPlugins::create(&desk.host, call, request()).await;
        assert_eq!(doubt(&run), "key is not granted");
        assert!(!run.reached_out);
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn reaches_no_host_that_one_of_three_does_not_allow() {
    let server = Server::start("").await;
    let (here, elsewhere) =
        (capabilities(&[&server.host()], &[]), capabilities(&["api.example.com", "127.0.0.1"], &[]));
    let private_hosts = vec![server.host()];
    let all = || EgressPolicy { private_hosts: private_hosts.clone(), ..EgressPolicy::default() };
    let few = EgressPolicy { hosts: vec!["*.example.com".to_owned()], ..all() };
    let cases: [(EgressPolicy, &Capabilities, &Capabilities, &str); 3] = [
        (all(), &elsewhere, &here, "is not among the hosts that the plugin says it talks to"),
        (all(), &here, &elsewhere, "the channel has not granted"),
        (few, &here, &here, "the platform does not allow"),
    ];
    for (policy, wanted, granted, why) in cases {
        let desk = Desk::with(policy, EffectLimits::default());
        let call = desk.call(posting(&server.url("/ok")), wanted.clone(), granted.clone());
        let run = soko_extension::effect::PaymentPlugins::create(&desk.host, call, request()).await;
        assert!(doubt(&run).contains(why), "{} for {why}", doubt(&run));
        assert_eq!(run.host_calls[0].error.as_deref(), Some("denied"));
        assert!(!run.reached_out);
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn reaches_no_private_address_by_name_or_number() {
    let server = Server::start("").await;
    let port = server.address.port();
    let desk = Desk::new(&[], EffectLimits::default());
    for host in ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]"] {
        let named = format!("{host}:{port}");
        let granted = capabilities(&[&named, "[::ffff:7f00:1]:443", &format!("[::ffff:7f00:1]:{port}")], &[]);
        let run = desk.pay(posting(&format!("https://{named}/ok")), &granted).await;
        assert!(doubt(&run).contains("private network"), "{host}: {}", doubt(&run));
        let plain = desk.pay(posting(&format!("http://{named}/ok")), &granted).await;
        assert!(doubt(&plain).contains("HTTPS only"), "{host}: {}", doubt(&plain));
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn checks_where_a_redirect_leads() {
    let inside = Server::start("").await;
    let by_name = format!("http://localhost:{}/ok", inside.address.port());
    let outside = Server::start(&by_name).await;
    let desk = Desk::new(&[&outside.host()], EffectLimits::default());
    let localhost = format!("localhost:{}", inside.address.port());
    let granted = capabilities(&[&outside.host(), &localhost], &[]);
    for path in ["/to-get", "/to-post"] {
        let run = desk.pay(posting(&outside.url(path)), &granted).await;
        assert!(doubt(&run).starts_with("a redirect was not followed"), "{}", doubt(&run));
        assert!(run.reached_out, "the first server has seen the request");
    }
    assert!(inside.seen().is_empty());
    assert_eq!(outside.seen().len(), 2);
}

#[tokio::test]
async fn follows_a_redirect_without_the_secrets() {
    let target = Server::start("").await;
    let first = Server::start(&target.url("/ok")).await;
    let desk = Desk::new(&[&first.host(), &target.host()], EffectLimits::default());
    desk.set_secret(1, "key", b"Jefe");
    let granted = capabilities(&[&first.host(), &target.host()], &[("key", false)]);
    let guest =
        PaymentGuest::new().sends("create", "post", &first.url("/to-post"), "pay", &[Carry::Bearer("key")]);
    assert!(matches!(desk.pay(guest, &granted).await.outcome, Ok(PaymentOutcome::Settled { .. })));
    assert_eq!(first.seen()[0].header("authorization"), "Bearer Jefe");
    let [seen] = &target.seen()[..] else { panic!("one request") };
    assert_eq!(
        (seen.method.as_str(), &seen.body[..], seen.header("authorization")),
        ("POST", &b"pay"[..], "")
    );
    let run = desk.pay(posting(&first.url("/to-get")), &granted).await;
    assert!(run.outcome.is_ok());
    assert_eq!((target.seen()[1].method.as_str(), target.seen()[1].body.len()), ("GET", 0));
    let run = desk.pay(posting(&first.url("/loop")), &granted).await;
    assert_eq!(doubt(&run), "redirected more than 3 times");
}

#[tokio::test]
async fn cuts_an_answer_that_is_too_large_or_too_slow() {
    let server = Server::start("").await;
    let desk = Desk::new(&[&server.host()], EffectLimits { http_ms: 300, ..EffectLimits::default() });
    let granted = capabilities(&[&server.host()], &[]);
    for (path, word) in [("/big", "too-large"), ("/hang", "timed-out"), ("/drip", "timed-out")] {
        let begun = Instant::now();
        let run = desk.pay(posting(&server.url(path)), &granted).await;
        assert_eq!(doubt(&run), "", "{path}");
        assert_eq!(run.host_calls[0].error.as_deref(), Some(word), "{path}");
        assert!(run.reached_out);
        assert!(begun.elapsed() < Duration::from_secs(5), "{path}");
    }
}

#[tokio::test]
async fn knows_that_nothing_was_sent_where_nobody_listens() {
    let gone = Server::start("").await.host();
    let desk = Desk::new(&[&gone], EffectLimits::default());
    let run = desk.pay(posting(&format!("http://{gone}/ok")), &capabilities(&[&gone], &[])).await;
    assert_eq!(run.host_calls[0].error.as_deref(), Some("unreachable"));
    assert!(!run.reached_out);
}

#[tokio::test]
async fn refuses_requests_that_make_no_sense() {
    let server = Server::start("").await;
    let desk = Desk::new(&[&server.host()], EffectLimits::default());
    let granted = capabilities(&[&server.host()], &[("key", false)]);
    desk.set_secret(1, "key", b"Jefe\r\nx-evil: 1");
    for url in ["", "/ok", "ftp://127.0.0.1/", "file:///etc/passwd", "http://user:word@127.0.0.1/", "http://"]
    {
        let run = desk.pay(posting(url), &granted).await;
        assert!(run.outcome.is_ok() && !run.reached_out, "{url}: {run:?}");
        assert!(["invalid", "denied"].contains(&run.host_calls[0].error.as_deref().unwrap()), "{url}");
    }
    for carry in [Carry::Header("host", "", "key"), Carry::Bearer("key"), Carry::Header("no name", "", "key")]
    {
        let guest = PaymentGuest::new().sends("create", "post", &server.url("/ok"), "", &[carry]);
        let run = desk.pay(guest, &granted).await;
        assert_eq!(run.host_calls[0].error.as_deref(), Some("invalid"));
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn sends_to_what_stands_in_for_a_host() {
    let server = Server::start("").await;
    let stand_ins = vec![format!("api.example.com=http://{}", server.host())];
    let desk = Desk::with(EgressPolicy { stand_ins, ..EgressPolicy::default() }, EffectLimits::default());
    let granted = capabilities(&["*.example.com"], &[]);
    let run = desk.pay(posting("https://api.example.com/pay?x=1"), &granted).await;
    assert!(matches!(run.outcome, Ok(PaymentOutcome::Settled { .. })), "{run:?}");
    assert_eq!(run.host_calls[0].target, "api.example.com");
    assert_eq!(server.seen()[0].path, "/pay");
    let elsewhere = desk.pay(posting(&server.url("/ok")), &capabilities(&[&server.host()], &[])).await;
    assert!(doubt(&elsewhere).contains("HTTPS only"), "the stand-in itself is not allowed: {elsewhere:?}");
}
