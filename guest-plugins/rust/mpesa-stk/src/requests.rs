//! What is sent to Daraja.

use data_encoding::BASE64;
use serde_json::{Value, json};
use soko_payment::time::compact;

use crate::config::Config;

/// Minutes by which Nairobi is ahead of UTC, all year.
const NAIROBI_MINUTES: i64 = 180;
/// Characters of an account reference.
const ACCOUNT_LENGTH_MAX: usize = 12;
/// Characters of a description.
const DESCRIPTION_LENGTH_MAX: usize = 13;

/// A telephone number as Daraja wants it: `254712345678`. None for one that is not Kenyan and mobile.
pub fn phone(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
    let digits = digits.strip_prefix('+').unwrap_or(&digits);
    let rest = match (digits.strip_prefix("254"), digits.strip_prefix('0')) {
        (Some(rest), _) | (None, Some(rest)) => rest,
        (None, None) => digits,
    };
    let mobile = rest.len() == 9 && rest.starts_with(['7', '1']) && rest.bytes().all(|b| b.is_ascii_digit());
    mobile.then(|| format!("254{rest}"))
}

/// The moment and the password that it makes with the passkey.
pub fn stamp(config: &Config, passkey: &[u8], now_ms: i64) -> (String, String) {
    let timestamp = compact(now_ms, NAIROBI_MINUTES);
    let password = [config.short_code.as_bytes(), passkey, timestamp.as_bytes()].concat();
    (BASE64.encode(&password), timestamp)
}

/// The address for a result: it names what the result is of, and carries the token that makes it genuine.
pub fn callback_url(config: &Config, token: &str, what: &str, key: &str) -> String {
    format!("{}?token={token}&{what}={key}", config.callback_url)
}

/// A prompt on the payer's phone. `shillings` are whole.
pub fn push(
    config: &Config,
    (password, timestamp): (&str, &str),
    (shillings, phone, order): (i64, &str, &str),
    callback: &str,
) -> Value {
    let (kind, receiver) = config.receiver();
    json!({
        "BusinessShortCode": config.short_code,
        "Password": password,
        "Timestamp": timestamp,
        "TransactionType": kind,
        "Amount": shillings,
        "PartyA": phone,
        "PartyB": receiver,
        "PhoneNumber": phone,
        "CallBackURL": callback,
        "AccountReference": cut(order, ACCOUNT_LENGTH_MAX),
        "TransactionDesc": cut(&config.description, DESCRIPTION_LENGTH_MAX),
    })
}

/// A question about a prompt.
pub fn query(config: &Config, (password, timestamp): (&str, &str), checkout: &str) -> Value {
    json!({
        "BusinessShortCode": config.short_code,
        "Password": password,
        "Timestamp": timestamp,
        "CheckoutRequestID": checkout,
    })
}

/// A payment given back.
pub fn reversal(
    config: &Config,
    (initiator, credential): (&str, &str),
    (receipt, shillings): (&str, i64),
    (result_url, timeout_url): (&str, &str),
) -> Value {
    json!({
        "Initiator": initiator,
        "SecurityCredential": credential,
        "CommandID": "TransactionReversal",
        "TransactionID": receipt,
        "Amount": shillings,
        "ReceiverParty": config.receiver().1,
        // Spelt like this by Daraja.
        "RecieverIdentifierType": "11",
        "ResultURL": result_url,
        "QueueTimeOutURL": timeout_url,
        "Remarks": "Refund",
        "Occasion": "Refund",
    })
}

fn cut(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}
