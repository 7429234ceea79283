use serde_json::{Value, json};
use soko_action::{Event, Outcome, Recipient, RecipientKind, Response, http};

use crate::gateway::{outcome, request};

const SCHEMA: &str = include_str!("../config-schema.json");
const EXAMPLE: &str = include_str!("../example-config.json");

fn event() -> Event {
    Event {
        id: "7".to_owned(),
        name: "order.placed".to_owned(),
        data: "{}".to_owned(),
        occurred_at_ms: 0,
        currency: "KES".to_owned(),
        title: "Order".to_owned(),
        text: "Order ABC of KES 1,160.00 has been placed.".to_owned(),
        idempotency_key: "act_1_2_3".to_owned(),
        action: Some("sms".to_owned()),
    }
}

fn recipient(phone: Option<&str>) -> Recipient {
    Recipient {
        kind: RecipientKind::Customer,
        id: "5".to_owned(),
        name: None,
        language: "en".to_owned(),
        phone: phone.map(str::to_owned),
        email: None,
    }
}

#[test]
fn asks_the_gateway_in_its_own_words() {
    let asked = request(&event(), &recipient(Some("+254712345678")), EXAMPLE);
    let body = asked.ok().and_then(|asked| serde_json::from_slice::<Value>(&asked.body?).ok());
    assert_eq!(
        body,
        Some(json!({ "mobile": "+254712345678", "shortcode": "DUKAMOJA", "reference": "act_1_2_3",
            "message": "Order ABC of KES 1,160.00 has been placed." }))
    );
}

#[test]
fn asks_nobody_without_a_number() {
    assert!(matches!(request(&event(), &recipient(None), EXAMPLE), Err(Outcome::Skipped(_))));
    assert!(matches!(request(&event(), &recipient(Some("+2547")), "{}"), Err(Outcome::Failed(_))));
}

#[test]
fn sends_again_only_what_was_not_sent() {
    let answered = |status| outcome(Ok(Response { status, headers: Vec::new(), body: Vec::new() }));
    assert_eq!(answered(202), Outcome::Done);
    for status in [429, 503] {
        assert!(matches!(answered(status), Outcome::Retry(_)), "{status}");
    }
    for status in [301, 400, 401, 500, 502] {
        assert!(matches!(answered(status), Outcome::Failed(_)), "{status}");
    }
    assert!(matches!(outcome(Err(http::Error::Unreachable("refused".into()))), Outcome::Retry(_)));
    assert!(matches!(outcome(Err(http::Error::TimedOut)), Outcome::Failed(_)));
}

#[test]
fn the_example_meets_the_schema() {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    assert!(jsonschema::is_valid(&read(SCHEMA), &read(EXAMPLE)));
    assert!(!jsonschema::is_valid(&read(SCHEMA), &json!({ "url": "ftp://x", "senderId": "DUKA" })));
}
