//! Africa's Talking: `POST /version1/messaging`, as its documentation of bulk SMS has it.

use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use soko_extension::sms::{Sms, SmsAccount, SmsCost, SmsFailure, SmsReceipt};

/// Where messages go, below the server's address.
const PATH: &str = "version1/messaging";
/// Decimal places of a millionth.
const MICRO_PLACES: usize = 6;

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(rename = "SMSMessageData")]
    data: MessageData,
}

#[derive(Debug, Deserialize)]
struct MessageData {
    #[serde(rename = "Message", default)]
    message: String,
    #[serde(rename = "Recipients", default)]
    recipients: Vec<Recipient>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    status_code: i64,
    #[serde(default)]
    status: String,
    #[serde(default)]
    cost: String,
    #[serde(default)]
    message_id: String,
}

pub(super) fn request(
    client: &Client,
    server: &Url,
    account: &SmsAccount,
    key: &str,
    sms: &Sms,
) -> Result<RequestBuilder, SmsFailure> {
    let url = server.join(PATH).map_err(|error| SmsFailure::Unavailable(error.to_string()))?;
    let mut form = vec![("username", account.username.as_str()), ("to", &sms.to), ("message", &sms.text)];
    form.extend(account.sender_id.as_deref().map(|from| ("from", from)));
    Ok(client.post(url).header("apiKey", key).header("accept", "application/json").form(&form))
}

/// What the provider said of the only recipient.
pub(super) fn receipt(answer: Answer) -> Result<SmsReceipt, SmsFailure> {
    let Some(recipient) = answer.data.recipients.into_iter().next() else {
        return Err(refusal_of_all(&answer.data.message));
    };
    let Recipient { status_code, status, cost, message_id } = recipient;
    let said = |what: &str| format!("Africa's Talking says {status_code} {status}: {what}");
    match status_code {
        100..=102 => Ok(SmsReceipt { message_id: given(message_id), cost: read_cost(&cost) }),
        402 => Err(SmsFailure::Refused(said("the sender id is not the account's"))),
        403 => Err(SmsFailure::Refused(said("the number is none"))),
        404 => Err(SmsFailure::Refused(said("the number cannot get text messages"))),
        405 => Err(SmsFailure::Unavailable(said("the account has not enough credit"))),
        406 | 409 => Err(SmsFailure::Refused(said("the recipient wants no messages"))),
        _ => Err(SmsFailure::Unavailable(said("the message was not taken"))),
    }
}

/// Without recipients the message says why: `InvalidSenderId`, say.
fn refusal_of_all(message: &str) -> SmsFailure {
    let said = format!("Africa's Talking says {message:?}");
    if message.starts_with("Invalid") { SmsFailure::Refused(said) } else { SmsFailure::Unavailable(said) }
}

/// `KES 0.8000`.
fn read_cost(text: &str) -> Option<SmsCost> {
    let (currency, amount) = text.split_once(' ')?;
    let (whole, parts) = amount.split_once('.').unwrap_or((amount, ""));
    if parts.len() > MICRO_PLACES || !parts.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let parts: i64 = format!("{parts:0<MICRO_PLACES$}").parse().ok()?;
    let micros =
        whole.parse::<i64>().ok().filter(|whole| *whole >= 0)?.checked_mul(1_000_000)?.checked_add(parts)?;
    Some(SmsCost { micros, currency: currency.to_owned() })
}

fn given(text: String) -> Option<String> {
    (!text.is_empty() && text != "None").then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_message_cost() {
        let micros = |text| read_cost(text).map(|cost| cost.micros);
        assert_eq!(micros("KES 0.8000"), Some(800_000));
        assert_eq!(micros("UGX 25"), Some(25_000_000));
        for odd in ["", "0.80", "KES -1.0", "KES 1.-5", "KES 0.12345678", "KES x", "KES 99999999999999"] {
            assert_eq!(micros(odd), None, "{odd}");
        }
    }
}
