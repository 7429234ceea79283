#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

fn config() -> Config {
    serde_json::from_str(include_str!("../example-config.json")).unwrap()
}

fn asked(metadata: &Value) -> PaymentRequest {
    PaymentRequest {
        idempotency_key: "payment-7".to_owned(),
        order_code: "ABC".to_owned(),
        amount: 250_000,
        currency: "KES".to_owned(),
        metadata: metadata.to_string(),
    }
}

fn json(status: u16, body: Value) -> Answered {
    Answered::Json { status, body }
}

fn good(data: &Value) -> Answered {
    json(200, json!({ "status": true, "message": "", "data": data }))
}

#[test]
fn takes_the_example_configuration_and_no_nonsense() {
    let schema: Value = serde_json::from_str(include_str!("../config-schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let example: Value = serde_json::from_str(include_str!("../example-config.json")).unwrap();
    assert!(validator.is_valid(&example));
    for odd in
        [json!({}), json!({ "referencePrefix": "a b" }), json!({ "referencePrefix": "ab", "email": "x" })]
    {
        assert!(!validator.is_valid(&odd), "{odd}");
    }
}

#[test]
fn asks_for_a_page_or_a_charge_on_a_phone() {
    let (path, body) = request(&config(), &asked(&json!({}))).unwrap();
    assert_eq!(path, "/transaction/initialize");
    assert_eq!((&body["amount"], &body["reference"]), (&json!(250_000), &json!("duka-moja-payment-7")));
    assert_eq!(body["email"], "orders@duka.example");
    let phone = json!({ "phone": "+254712345678", "email": "a@b.example" });
    let (path, body) = request(&config(), &asked(&phone)).unwrap();
    assert_eq!((path, &body["email"]), ("/charge", &json!("a@b.example")));
    assert_eq!(body["mobile_money"], json!({ "phone": "+254712345678", "provider": "mpesa" }));
    let without = Config { email: None, ..config() };
    assert!(matches!(request(&without, &asked(&json!({}))), Err(PaymentOutcome::Declined(_))));
}

#[test]
fn finds_the_attempt_in_its_reference_and_in_no_other() {
    let config = config();
    assert_eq!(config.key(&config.reference("payment-7")), Some("payment-7"));
    assert_eq!(config.key("duka-mbili-payment-7"), None);
    assert_eq!(config.key("duka-mojapayment-7"), None);
}

#[test]
fn is_pending_refused_or_in_doubt_after_the_request() {
    let page = good(&json!({ "authorization_url": "https://checkout.paystack.com/x", "reference": "r" }));
    let PaymentOutcome::Pending(pending) = answers::initialized(&page, "r") else { panic!("pending") };
    assert_eq!(pending.url.as_deref(), Some("https://checkout.paystack.com/x"));
    let offline = good(&json!({ "status": "pay_offline", "display_text": "Enter your PIN" }));
    let PaymentOutcome::Pending(pending) = answers::charged(&offline, "r") else { panic!("pending") };
    assert_eq!((pending.transaction_id.as_deref(), pending.message.as_str()), (Some("r"), "Enter your PIN"));
    assert!(matches!(
        answers::charged(&good(&json!({ "status": "success" })), "r"),
        PaymentOutcome::Pending(_)
    ));
    assert!(matches!(
        answers::charged(&good(&json!({ "status": "failed" })), "r"),
        PaymentOutcome::Declined(_)
    ));
    let refused = |message: &str| json(400, json!({ "status": false, "message": message }));
    assert!(matches!(answers::initialized(&refused("Invalid key"), "r"), PaymentOutcome::Failed(_)));
    let again = answers::initialized(&refused("Duplicate Transaction Reference"), "r");
    assert!(matches!(again, PaymentOutcome::Pending(_)), "an earlier request got through");
    for open in [
        json(500, json!({ "status": false, "message": "x" })),
        good(&json!({})),
        Answered::Other { status: 502 },
        Answered::Lost("no answer in time".to_owned()),
    ] {
        assert!(matches!(answers::initialized(&open, "r"), PaymentOutcome::InDoubt(_)), "{open:?}");
    }
}

#[test]
fn believes_money_only_in_the_amount_that_was_asked_for() {
    let found = |status: &str, amount: i64| {
        let data = json!({ "status": status, "reference": "r", "amount": amount, "currency": "KES" });
        answers::verified(&good(&data)).unwrap()
    };
    let settled = PaymentOutcome::Settled(Some("r".to_owned()));
    assert_eq!(held_to(found("success", 250_000), 250_000, "KES"), settled);
    assert!(matches!(held_to(found("success", 100), 250_000, "KES"), PaymentOutcome::InDoubt(_)));
    assert!(matches!(held_to(found("success", 250_000), 250_000, "NGN"), PaymentOutcome::InDoubt(_)));
    assert!(matches!(found("failed", 1).outcome, PaymentOutcome::Declined(_)));
    assert!(matches!(found("abandoned", 1).outcome, PaymentOutcome::Pending(_)));
    assert!(matches!(found("reversed", 1).outcome, PaymentOutcome::InDoubt(_)));
    let unknown = json(400, json!({ "status": false, "message": "Transaction reference not found." }));
    assert!(answers::verified(&unknown).unwrap_err().contains("not found"));
}

#[test]
fn takes_a_refund_for_done_only_when_it_is_processed() {
    let of = |status: &str| answers::refund_asked(&good(&json!({ "id": 5, "status": status })));
    assert_eq!(of("processed"), RefundOutcome::Settled(Some("5".to_owned())));
    assert!(matches!(of("pending"), RefundOutcome::InDoubt(_)));
    assert!(matches!(of("failed"), RefundOutcome::Failed(_)));
    let refused = json(400, json!({ "status": false, "message": "Refund amount is too high" }));
    assert!(matches!(answers::refund_asked(&refused), RefundOutcome::Failed(_)));
    assert!(matches!(answers::refund_asked(&Answered::Other { status: 502 }), RefundOutcome::InDoubt(_)));
}
