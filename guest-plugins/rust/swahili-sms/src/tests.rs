use serde_json::{Value, json};
use soko_action::{Event, Outcome, Recipient, RecipientKind};

use crate::words::message;

const SCHEMA: &str = include_str!("../config-schema.json");
const EXAMPLE: &str = include_str!("../example-config.json");

fn event(name: &str, data: &Value) -> Event {
    Event {
        id: "7".to_owned(),
        name: name.to_owned(),
        data: data.to_string(),
        occurred_at_ms: 0,
        currency: "KES".to_owned(),
        title: "Order".to_owned(),
        text: "Order placed.".to_owned(),
        idempotency_key: "act_1_1_1".to_owned(),
        action: Some("sms".to_owned()),
    }
}

fn recipient(name: Option<&str>) -> Recipient {
    Recipient {
        kind: RecipientKind::Customer,
        id: "5".to_owned(),
        name: name.map(str::to_owned),
        language: "sw".to_owned(),
        phone: None,
        email: None,
    }
}

#[test]
fn says_what_happened() {
    let placed = event("order.placed", &json!({ "code": "ABC", "totalWithTax": 116_050, "currency": "KES" }));
    assert_eq!(
        message(&placed, &recipient(Some("Asha")), EXAMPLE),
        Ok("Habari Asha, tumepokea agizo ABC la KSh 1,160.50. Asante, Duka Moja. Piga 0712 345 678."
            .to_owned())
    );
    let changed = event("customer.balance_changed", &json!({ "customerId": 5, "outstanding": 120_000_000 }));
    assert_eq!(
        message(&changed, &recipient(None), r#"{ "shopName": "Duka" }"#),
        Ok("Habari, deni lako sasa ni KSh 1,200,000. Asante, Duka.".to_owned())
    );
}

#[test]
fn leaves_out_what_there_are_no_words_for() {
    let odd = event("plugin.bound", &json!({}));
    assert!(matches!(message(&odd, &recipient(None), EXAMPLE), Err(Outcome::Skipped(_))));
    let half = event("order.placed", &json!({ "code": "ABC" }));
    assert!(matches!(message(&half, &recipient(None), EXAMPLE), Err(Outcome::Skipped(_))));
}

#[test]
fn refuses_what_makes_no_sense() {
    let placed = event("order.placed", &json!({ "code": "ABC", "totalWithTax": 1 }));
    assert!(matches!(message(&placed, &recipient(None), "{}"), Err(Outcome::Failed(_))));
    let torn = Event { data: "{".to_owned(), ..placed };
    assert!(matches!(message(&torn, &recipient(None), EXAMPLE), Err(Outcome::Failed(_))));
}

#[test]
fn the_example_meets_the_schema() {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    assert!(jsonschema::is_valid(&read(SCHEMA), &read(EXAMPLE)));
    assert!(!jsonschema::is_valid(&read(SCHEMA), &json!({ "shopName": "" })));
}
