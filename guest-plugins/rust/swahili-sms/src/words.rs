//! What there is to say of an event, in Swahili.

use serde::Deserialize;
use serde_json::Value;
use soko_action::{Event, Outcome, Recipient, parse_config};

/// What a shop sets.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// How the shop calls itself.
    pub shop_name: String,
    /// Where customers call the shop.
    pub telephone: Option<String>,
}

/// The message about an event.
///
/// # Errors
/// What to answer instead: of an event that there are no words for, or a configuration that makes no sense.
pub fn message(event: &Event, recipient: &Recipient, config: &str) -> Result<String, Outcome> {
    let config: Config = parse_config(config)?;
    let data: Value = serde_json::from_str(&event.data)
        .map_err(|error| Outcome::Failed(format!("the event's data: {error}")))?;
    let Some(said) = sentence(&event.name, &data, &event.currency) else {
        return Err(Outcome::Skipped(format!("there are no words for {}", event.name)));
    };
    let greeting = match &recipient.name {
        Some(name) => format!("Habari {name}"),
        None => "Habari".to_owned(),
    };
    let call = config.telephone.map(|number| format!(" Piga {number}.")).unwrap_or_default();
    Ok(format!("{greeting}, {said} Asante, {}.{call}", config.shop_name))
}

/// What happened, in a sentence; none of an event that is not a customer's.
fn sentence(name: &str, data: &Value, shop_currency: &str) -> Option<String> {
    let currency = data["currency"].as_str().unwrap_or(shop_currency);
    let amount = |field: &str| data[field].as_i64().map(|minor| shillings(minor, currency));
    let code = || data["code"].as_str();
    Some(match name {
        "order.placed" => format!("tumepokea agizo {} la {}.", code()?, amount("totalWithTax")?),
        "order.payment_settled" => format!("agizo {} limelipwa lote.", code()?),
        "order.shipped" => format!("agizo {} liko njiani.", code()?),
        "order.fulfilled" => format!("agizo {} limekabidhiwa.", code()?),
        "order.cancelled" => format!("agizo {} limeghairiwa.", code()?),
        "payment.confirmed" => format!("tumepokea malipo ya {} ya agizo {}.", amount("amount")?, code()?),
        "refund.settled" => format!("tumekurudishia {} ya agizo {}.", amount("amount")?, code()?),
        "customer.credit_approved" => {
            format!("umepewa mkopo hadi {}, siku {}.", amount("limit")?, data["durationDays"].as_i64()?)
        }
        "customer.balance_changed" => format!("deni lako sasa ni {}.", amount("outstanding")?),
        "credit.reminder_due" => format!("tunakukumbusha deni lako la {}.", amount("outstanding")?),
        _ => return None,
    })
}

/// Minor units as people say them: `KSh 1,160`, with cents where there are any.
fn shillings(minor: i64, currency: &str) -> String {
    let (whole, cents) = (minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if minor < 0 { "-" } else { "" };
    let name = if currency == "KES" { "KSh" } else { currency };
    let cents = if cents == 0 { String::new() } else { format!(".{cents:02}") };
    format!("{name} {sign}{grouped}{cents}")
}
