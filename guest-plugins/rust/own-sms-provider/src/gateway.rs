//! The gateway's request and its answer.

use serde::Deserialize;
use serde_json::{Map, Value};
use soko_action::{
    Credential, Event, Header, Outcome, Recipient, Request, Response, http, parse_config, post,
};

/// Name of the secret that the gateway knows the shop by.
pub const API_KEY: &str = "api-key";

/// What a shop sets.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// Where the gateway takes messages.
    pub url: String,
    /// Whom messages are from.
    pub sender_id: String,
    /// What the gateway calls its fields.
    #[serde(default)]
    pub fields: Fields,
}

/// What the gateway calls its fields.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fields {
    /// The recipient's number.
    pub to: String,
    /// The sender.
    pub from: String,
    /// The text.
    pub message: String,
    /// What stays the same when a message is sent again.
    pub reference: String,
}

impl Default for Fields {
    fn default() -> Self {
        let [to, from, message, reference] = ["to", "from", "message", "reference"].map(str::to_owned);
        Self { to, from, message, reference }
    }
}

/// The request for a message.
///
/// # Errors
/// What to answer instead: of a recipient without a number, or a configuration that makes no sense.
pub fn request(event: &Event, recipient: &Recipient, config: &str) -> Result<Request, Outcome> {
    let Config { url, sender_id, fields } = parse_config(config)?;
    let Some(phone) = &recipient.phone else {
        let why = "the recipient has no telephone number, or the shop does not grant it";
        return Err(Outcome::Skipped(why.to_owned()));
    };
    let mut body = Map::new();
    let values = [
        (fields.to, phone),
        (fields.from, &sender_id),
        (fields.message, &event.text),
        (fields.reference, &event.idempotency_key),
    ];
    body.extend(values.map(|(name, value)| (name, Value::from(value.as_str()))));
    let key = Header { name: "idempotency-key".to_owned(), value: event.idempotency_key.clone() };
    Ok(post(url, &Value::Object(body), vec![key], vec![Credential::Bearer(API_KEY.to_owned())]))
}

/// What the gateway's answer comes to. One that may have been sent is not sent again.
pub fn outcome(answer: Result<Response, http::Error>) -> Outcome {
    match answer {
        Ok(Response { status: 200..300, .. }) => Outcome::Done,
        Ok(Response { status: 429 | 503, .. }) => Outcome::Retry("the gateway has no time".to_owned()),
        Ok(Response { status: 500.., .. }) => {
            Outcome::Failed("the gateway failed, and may have sent the message".to_owned())
        }
        Ok(Response { status, .. }) => Outcome::Failed(format!("the gateway refuses the message ({status})")),
        Err(http::Error::Unreachable(why)) => Outcome::Retry(why),
        Err(http::Error::Interrupted(_) | http::Error::TimedOut | http::Error::TooLarge) => {
            Outcome::Failed("the gateway did not answer, and may have sent the message".to_owned())
        }
        Err(http::Error::Invalid(why) | http::Error::Denied(why) | http::Error::UnknownSecret(why)) => {
            Outcome::Failed(why)
        }
    }
}
