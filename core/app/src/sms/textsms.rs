//! TextSMS: `POST /api/services/sendsms/`, as its documentation of the bulk API has it.

use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use soko_extension::sms::{Sms, SmsAccount, SmsFailure, SmsReceipt};

/// Where messages go, below the server's address.
const PATH: &str = "api/services/sendsms/";

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Responses {
        responses: Vec<Response>,
    },
    /// Of a request that is refused as a whole.
    One(Response),
}

#[derive(Debug, Deserialize)]
pub(super) struct Response {
    /// The provider's own spelling, and the one that it may come to.
    #[serde(alias = "respose-code", alias = "response-code")]
    code: i64,
    #[serde(alias = "response-description", default)]
    description: String,
    #[serde(alias = "messageid", default)]
    message_id: serde_json::Value,
}

pub(super) fn request(
    client: &Client,
    server: &Url,
    account: &SmsAccount,
    key: &str,
    sms: &Sms,
) -> Result<RequestBuilder, SmsFailure> {
    let url = server.join(PATH).map_err(|error| SmsFailure::Unavailable(error.to_string()))?;
    let Some(sender) = &account.sender_id else {
        return Err(SmsFailure::Refused("TextSMS wants a sender id".to_owned()));
    };
    let body = serde_json::json!({
        "apikey": key,
        "partnerID": account.username,
        "shortcode": sender,
        // Without the plus, as the provider writes numbers.
        "mobile": sms.to.trim_start_matches('+'),
        "message": sms.text,
    });
    let accept = client.post(url).header("accept", "application/json");
    Ok(accept.header("content-type", "application/json").body(body.to_string()))
}

/// What the provider said of the only recipient.
pub(super) fn receipt(answer: Answer) -> Result<SmsReceipt, SmsFailure> {
    let first = match answer {
        Answer::Responses { responses } => responses.into_iter().next(),
        Answer::One(response) => Some(response),
    };
    let Some(Response { code, description, message_id }) = first else {
        return Err(SmsFailure::InDoubt("TextSMS says nothing of the message".to_owned()));
    };
    let said = format!("TextSMS says {code}: {description}");
    match code {
        200 => {
            let message_id = match message_id {
                serde_json::Value::String(id) => Some(id),
                serde_json::Value::Number(id) => Some(id.to_string()),
                _ => None,
            };
            Ok(SmsReceipt { message_id, cost: None })
        }
        // Sender, network, number, key, data and account are what they are.
        1001..=1003 | 1006 | 1009 | 1010 | 4091..=4093 => Err(SmsFailure::Refused(said)),
        // No credit (1004), and faults of its own.
        _ => Err(SmsFailure::Unavailable(said)),
    }
}
