//! The words in which people are told: templates of a title and a body, in English and Swahili.
//!
//! A template sees the fields of the event, and `currency` in any case. `{{ amount | money(currency) }}` shows minor units.

use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior};
use soko_kernel::Language;

/// Steps that rendering one text may take.
const FUEL: u64 = 20_000;
/// The languages of the words, by preference where a shop's is none of them.
const LANGUAGES: [&str; 2] = ["en", "sw"];

/// The words of an event: title and body for each of [`LANGUAGES`].
struct Words {
    event: &'static str,
    texts: [(&'static str, &'static str); 2],
}

const fn words(
    event: &'static str,
    english: (&'static str, &'static str),
    swahili: (&'static str, &'static str),
) -> Words {
    Words { event, texts: [english, swahili] }
}

const WORDS: &[Words] = &[
    words(
        "order.placed",
        ("Order {{ code }}", "Order {{ code }} of {{ totalWithTax | money(currency) }} has been placed."),
        ("Agizo {{ code }}", "Agizo {{ code }} la {{ totalWithTax | money(currency) }} limepokelewa."),
    ),
    words(
        "order.payment_settled",
        (
            "Order {{ code }} is paid",
            "Order {{ code }} of {{ totalWithTax | money(currency) }} is paid in full.",
        ),
        (
            "Agizo {{ code }} limelipwa",
            "Agizo {{ code }} la {{ totalWithTax | money(currency) }} limelipwa lote.",
        ),
    ),
    words(
        "order.shipped",
        ("Order {{ code }} is on its way", "Order {{ code }} has been handed over for delivery."),
        ("Agizo {{ code }} liko njiani", "Agizo {{ code }} limetumwa."),
    ),
    words(
        "order.fulfilled",
        ("Order {{ code }} is delivered", "Order {{ code }} has been delivered."),
        ("Agizo {{ code }} limefika", "Agizo {{ code }} limekabidhiwa."),
    ),
    words(
        "order.cancelled",
        (
            "Order {{ code }} is cancelled",
            "Order {{ code }} of {{ totalWithTax | money(currency) }} has been cancelled.",
        ),
        (
            "Agizo {{ code }} limeghairiwa",
            "Agizo {{ code }} la {{ totalWithTax | money(currency) }} limeghairiwa.",
        ),
    ),
    words(
        "order.state_changed",
        ("Order {{ code }}", "Order {{ code }} went from {{ from }} to {{ to }}."),
        ("Agizo {{ code }}", "Agizo {{ code }} limetoka {{ from }} hadi {{ to }}."),
    ),
    words(
        "payment.confirmed",
        (
            "Payment received",
            "{{ amount | money(currency) }} for order {{ code }} has arrived by {{ method }}.",
        ),
        (
            "Malipo yamepokelewa",
            "{{ amount | money(currency) }} ya agizo {{ code }} yamefika kwa {{ method }}.",
        ),
    ),
    words(
        "payment.state_changed",
        (
            "Payment of order {{ code }}",
            "A payment of {{ amount | money(currency) }} for order {{ code }} is {{ to }}.",
        ),
        (
            "Malipo ya agizo {{ code }}",
            "Malipo ya {{ amount | money(currency) }} ya agizo {{ code }} ni {{ to }}.",
        ),
    ),
    words(
        "payment.in_review",
        ("A payment needs a look", "Payment {{ paymentId }}: {{ reason }}"),
        ("Malipo yanahitaji kuangaliwa", "Malipo {{ paymentId }}: {{ reason }}"),
    ),
    words(
        "refund.settled",
        ("Money back", "{{ amount | money(currency) }} of order {{ code }} has been given back."),
        ("Fedha zimerudishwa", "{{ amount | money(currency) }} ya agizo {{ code }} imerudishwa."),
    ),
    words(
        "refund.state_changed",
        (
            "Refund of order {{ code }}",
            "A refund of {{ amount | money(currency) }} of order {{ code }} is {{ to }}.",
        ),
        (
            "Marejesho ya agizo {{ code }}",
            "Marejesho ya {{ amount | money(currency) }} ya agizo {{ code }} ni {{ to }}.",
        ),
    ),
    words(
        "customer.credit_approved",
        (
            "You may buy on account",
            "You may buy for up to {{ limit | money(currency) }} and pay each order within {{ durationDays }} days.",
        ),
        (
            "Unaweza kununua kwa mkopo",
            "Unaweza kununua hadi {{ limit | money(currency) }} na kulipa kila agizo ndani ya siku {{ durationDays }}.",
        ),
    ),
    words(
        "customer.balance_changed",
        (
            "Your account",
            "You owe {{ outstanding | money(currency) }}{% if deposit %}, and have {{ deposit | money(currency) }} \
             with the shop{% endif %}.",
        ),
        (
            "Akaunti yako",
            "Unadaiwa {{ outstanding | money(currency) }}{% if deposit %}, na una {{ deposit | money(currency) }} \
             kwenye duka{% endif %}.",
        ),
    ),
    words(
        "credit.reminder_due",
        (
            "{% if partyType == 'supplier' %}To be paid to a supplier{% else %}A payment is due{% endif %}",
            "{{ outstanding | money(currency) }} is unpaid{% if overdueDays > 0 %}, {{ overdueDays }} days late\
             {% endif %}; the limit is {{ limit | money(currency) }}.",
        ),
        (
            "{% if partyType == 'supplier' %}Malipo kwa msambazaji{% else %}Malipo yanasubiriwa{% endif %}",
            "{{ outstanding | money(currency) }} haijalipwa{% if overdueDays > 0 %}, imechelewa siku \
             {{ overdueDays }}{% endif %}; kikomo ni {{ limit | money(currency) }}.",
        ),
    ),
    words(
        "credit.sale_refused",
        (
            "A sale on account was refused",
            "{{ amount | money(currency) }} could not be sold on account: {{ reason }}.",
        ),
        ("Mauzo ya mkopo yamekataliwa", "{{ amount | money(currency) }} haikuuzwa kwa mkopo: {{ reason }}."),
    ),
    words(
        "plugin.uploaded",
        ("A plugin was uploaded", "Version {{ versionId }} of plugin {{ pluginId }}, {{ digest }}."),
        (
            "Programu-jalizi imepakiwa",
            "Toleo {{ versionId }} la programu-jalizi {{ pluginId }}, {{ digest }}.",
        ),
    ),
    words(
        "plugin.bound",
        ("A plugin is in use", "Version {{ versionId }} of plugin {{ pluginId }} was put to use."),
        (
            "Programu-jalizi inatumika",
            "Toleo {{ versionId }} la programu-jalizi {{ pluginId }} limeanza kutumika.",
        ),
    ),
    words(
        "plugin.binding_updated",
        ("A plugin's use was changed", "Plugin {{ pluginId }} is used as version {{ versionId }}."),
        (
            "Matumizi ya programu-jalizi yamebadilika",
            "Programu-jalizi {{ pluginId }} inatumika kama toleo {{ versionId }}.",
        ),
    ),
    words(
        "plugin.rolled_back",
        ("A plugin was rolled back", "Plugin {{ pluginId }} is back at version {{ versionId }}."),
        ("Programu-jalizi imerudishwa", "Programu-jalizi {{ pluginId }} imerudi toleo {{ versionId }}."),
    ),
    words(
        "plugin.unbound",
        ("A plugin is not used any more", "Plugin {{ pluginId }} was taken out of use."),
        ("Programu-jalizi haitumiki tena", "Programu-jalizi {{ pluginId }} imeondolewa kwenye matumizi."),
    ),
];

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) title: String,
    pub(super) body: String,
}

/// The words for an event in a language, or in English.
///
/// # Errors
/// An event without words, or a payload without what they name.
pub(super) fn text_of(
    event: &str,
    language: &Language,
    fields: &serde_json::Value,
) -> Result<Text, minijinja::Error> {
    let code = LANGUAGES.into_iter().find(|known| *known == language.code()).unwrap_or(LANGUAGES[0]);
    let fields = minijinja::Value::from(minijinja::value::Serde(fields));
    let render = |part: &str| TEMPLATES.get_template(&name_of(event, code, part))?.render(fields.clone());
    Ok(Text { title: render("title")?, body: render("body")? })
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("money", money);
    for words in WORDS {
        for (language, (title, body)) in LANGUAGES.into_iter().zip(words.texts) {
            for (part, text) in [("title", title), ("body", body)] {
                let name = name_of(words.event, language, part);
                if let Err(error) = environment.add_template_owned(name, text) {
                    // A test renders all of them.
                    tracing::error!(event = words.event, %error, "words do not parse");
                }
            }
        }
    }
    environment
});

fn name_of(event: &str, language: &str, part: &str) -> String {
    format!("{event}/{language}/{part}")
}

/// Minor units as people read them: `KES 1,160.00`.
fn money(minor: i64, currency: &str) -> String {
    let (whole, rest) = (minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if minor < 0 { "-" } else { "" };
    format!("{currency} {sign}{grouped}.{rest:02}")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test")]
mod tests {
    use serde_json::json;

    use super::super::catalogue::EVENT_TYPES;
    use super::*;

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
        let all = json!({ "code": "AB12", "totalWithTax": 116_000, "currency": "KES", "amount": 100, "method": "mpesa",
            "from": "A", "to": "B", "reason": "why", "paymentId": 7, "limit": 5_000, "durationDays": 14,
            "outstanding": 100, "deposit": 5, "partyType": "supplier", "overdueDays": 3, "versionId": 2, "pluginId": 1,
            "digest": "ab" });
        assert_eq!(WORDS.len(), EVENT_TYPES.len());
        for kind in EVENT_TYPES {
            let texts =
                LANGUAGES.map(|code| text_of(kind.name, &Language::parse(code).unwrap(), &all).unwrap());
            assert!(
                texts.iter().all(|text| !text.title.is_empty() && !text.body.is_empty()),
                "{}",
                kind.name
            );
            assert_ne!(texts[0], texts[1], "{}", kind.name);
        }
        let german = text_of("order.placed", &Language::parse("de").unwrap(), &all).unwrap();
        assert_eq!(german.body, "Order AB12 of KES 1,160.00 has been placed.");
        assert!(text_of("order.placed", &Language::parse("en").unwrap(), &json!({})).is_err());
    }
}
