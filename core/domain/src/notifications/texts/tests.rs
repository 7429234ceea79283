//! What words say, and which a shop may not have.
#![expect(clippy::unwrap_used, reason = "a failed test")]

use serde_json::json;

use super::super::catalogue::{EVENT_TYPES, EventType};
use super::*;

fn language(code: &str) -> Language {
    Language::parse(code).unwrap()
}

fn template(code: &str, title: &str, body: &str) -> EventTemplate {
    let (event, language) = (EventType::find("order.placed").unwrap(), language(code));
    EventTemplate {
        event,
        language,
        title: title.to_owned(),
        body: body.to_owned(),
        action: None,
        is_own: true,
    }
}

#[test]
fn shows_money_as_people_read_it() {
    let shown = [0, 5, -5, 100, 123_456, 100_000_000, i64::MIN].map(|minor| money(minor, "KES"));
    let expected = [
        "KES 0.00",
        "KES 0.05",
        "KES -0.05",
        "KES 1.00",
        "KES 1,234.56",
        "KES 1,000,000.00",
        "KES -92,233,720,368,547,758.08",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn every_event_has_words_in_every_language_that_ask_for_nothing_but_its_fields() {
    assert_eq!(WORDS.len(), EVENT_TYPES.len());
    for kind in EVENT_TYPES {
        let texts: Vec<_> = shipped(kind.name).collect();
        assert_eq!(texts.len(), LANGUAGES.len(), "{}", kind.name);
        for (_, title, body) in &texts {
            assert_eq!(check(kind.name, title, body), Ok(()), "{}", kind.name);
        }
        assert_ne!(texts[0].2, texts[1].2, "{}", kind.name);
    }
}

#[test]
fn the_shops_words_go_before_and_english_is_better_than_nothing() {
    let fields = json!({ "code": "AB12", "totalWithTax": 116_000, "currency": "KES", "customerId": null });
    let own = vec![
        template(
            "sw",
            "Asante!",
            "{{ code }}: {{ totalWithTax | money(currency) }}{% if customerId %} ({{ customerId }}){% endif %}",
        ),
        template("de", "Danke", "{{ gone }}"),
    ];
    let words = ShopWords::of(own);
    let told = |code: &str| words.text_of("order.placed", ActionType::InApp, &language(code), &fields);
    assert_eq!(told("sw"), Text { title: "Asante!".to_owned(), body: "AB12: KES 1,160.00".to_owned() });
    let english = "Order AB12 of KES 1,160.00 has been placed.";
    assert_eq!(told("en").body, english);
    assert_eq!(told("de").body, english, "words that cannot be used");
    assert_eq!(told("fr").body, english, "a language without words");
    assert_eq!(
        words.text_of("order.placed", ActionType::InApp, &language("en"), &json!({})).title,
        "order.placed"
    );
}

#[test]
fn refuses_words_that_could_not_be_used_or_could_grow() {
    let refused = |body: &str| check("order.placed", "Order", body).unwrap_err();
    for (body, why) in [
        ("{{ code ", "syntax"),
        ("{{ password }}", "names \"password\"; order.placed has code, currency"),
        ("{% if code %}{{ secret }}{% endif %}", "names \"secret\""),
        ("{{ code | money(currency) }}", "the body"),
        ("{{ code | upper }}", "upper"),
        ("{% set x = code %}{{ x }}", "no tag \"set\""),
        ("{%- for c in code %}{{ c }}{% endfor %}", "no tag \"for\""),
        ("{% include 'order.placed/en/body' %}", "no tag \"include\""),
        ("{{ 'a' * 10000000 }}", "multiplied"),
        ("{{ \"}}\" ~ ('a' * 10000000) }}", "multiplied"),
        (" ", "1 to 2000"),
    ] {
        let said = refused(body);
        assert!(said.contains(why), "{body}: {said}");
    }
    assert!(refused(&"a".repeat(2_001)).contains("2000"));
    assert!(check("order.placed", &"a".repeat(201), "b").is_err());
    assert_eq!(check("order.placed", "*New*", "*{{ code }}*"), Ok(()));
}
