//! What is kept for a plugin: values between calls, and secrets that it may read.

use soko_extension::effect::{Capabilities, PaymentPlugins as _};
use soko_extension::payment::PaymentOutcome;
use soko_host::EffectLimits;
use soko_host::testing::PaymentGuest;

use super::{Desk, caller, capabilities, reference, request};

/// Where the answers of the host go.
const REPLY: usize = 512;

/// Keeps `token` under `oauth` when it is to pay, and answers with what it has kept when it is asked.
fn keeping() -> PaymentGuest {
    let mut guest = PaymentGuest::new().kv();
    let ((key, key_bytes), (value, value_bytes)) = (guest.text("oauth"), guest.text("token"));
    let set = format!(
        "(call $kv_set (i32.const {key}) (i32.const {key_bytes}) (i32.const {value}) (i32.const {value_bytes})
           (i32.const 0) (i64.const 0) (i32.const {REPLY}))
         (if (i32.load8_u (i32.const {REPLY})) (then unreachable))
         (call $authorized)"
    );
    // result<option<list<u8>>, error>: the option's tag at 4, the list at 8 and 12.
    let get = format!(
        "(call $kv_get (i32.const {key}) (i32.const {key_bytes}) (i32.const {REPLY}))
         (if (result i32) (i32.and (i32.eqz (i32.load8_u (i32.const {REPLY}))) (i32.load8_u offset=4 (i32.const {REPLY})))
           (then (call $settled (i32.load offset=8 (i32.const {REPLY})) (i32.load offset=12 (i32.const {REPLY}))))
           (else (call $authorized)))"
    );
    guest.on("create", &set).on("query", &get)
}

#[tokio::test]
async fn keeps_values_between_calls_for_one_channel_and_plugin() {
    let desk = Desk::new(&[], EffectLimits::default());
    let granted = capabilities(&[], &[]);
    let call = desk.call(keeping(), granted.clone(), granted);
    let nothing = Ok(PaymentOutcome::Authorized { transaction_id: None });
    assert_eq!(desk.host.query(call.clone(), reference()).await.outcome, nothing);
    let set = desk.host.create(call.clone(), request()).await;
    assert_eq!(set.outcome, nothing);
    assert_eq!((set.host_calls[0].function.as_str(), set.host_calls[0].bytes_out), ("kv.set", 5));
    let found = Ok(PaymentOutcome::Settled { transaction_id: Some("token".to_owned()) });
    assert_eq!(desk.host.query(call.clone(), reference()).await.outcome, found);
    for caller in [caller(2, 7), caller(1, 8)] {
        let mut other = call.clone();
        other.caller = caller;
        assert_eq!(desk.host.query(other, reference()).await.outcome, nothing, "{caller:?}");
    }
}

#[tokio::test]
async fn keeps_nothing_that_is_not_granted() {
    let desk = Desk::new(&[], EffectLimits::default());
    let call = desk.call(keeping(), capabilities(&[], &[]), Capabilities::default());
    let run = desk.host.create(call, request()).await;
    assert!(run.outcome.is_err());
    assert_eq!(run.host_calls[0].error.as_deref(), Some("denied"));
}

#[tokio::test]
async fn lets_a_guest_read_a_secret_only_by_a_grant_of_its_own() {
    let desk = Desk::new(&[], EffectLimits::default());
    desk.set_secret(1, "passkey", b"bfb279f9");
    let mut guest = PaymentGuest::new();
    let (name, bytes) = guest.text("passkey");
    // result<list<u8>, error>: the list at 4 and 8.
    let read = format!(
        "(call $read (i32.const {name}) (i32.const {bytes}) (i32.const {REPLY}))
         (if (result i32) (i32.eqz (i32.load8_u (i32.const {REPLY})))
           (then (call $settled (i32.load offset=4 (i32.const {REPLY})) (i32.load offset=8 (i32.const {REPLY}))))
           (else (call $authorized)))"
    );
    let guest = guest.on("create", &read);
    let (readable, injected) =
        (capabilities(&[], &[("passkey", true)]), capabilities(&[], &[("passkey", false)]));
    let read = Ok(PaymentOutcome::Settled { transaction_id: Some("bfb279f9".to_owned()) });
    assert_eq!(desk.pay(guest.clone(), &readable).await.outcome, read);
    for (wanted, granted) in [(&readable, &injected), (&injected, &readable)] {
        let call = desk.call(guest.clone(), wanted.clone(), granted.clone());
        let run = desk.host.create(call, request()).await;
        assert_eq!(run.outcome, Ok(PaymentOutcome::Authorized { transaction_id: None }));
        assert_eq!(run.host_calls[0].error.as_deref(), Some("denied"));
    }
}
