//! Text messages, by the providers that shops have accounts with.
//!
//! To add a provider: a module that makes its request and reads its answer, and a line wherever [`SmsProvider`] is matched.

mod africastalking;
mod textsms;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use reqwest::{Client, RequestBuilder, Url, redirect};
use serde::de::DeserializeOwned;
use soko_extension::sms::{Sms, SmsAccount, SmsFailure, SmsGateway, SmsProvider, SmsReceipt};

use crate::config::SmsSettings;

/// Longest that a provider may take to answer.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// The providers' servers.
struct Gateway {
    client: Client,
    africastalking: Url,
    textsms: Url,
}

/// What sends text messages.
///
/// # Errors
/// Settings that are no addresses.
pub fn gateway(settings: &SmsSettings) -> anyhow::Result<Arc<dyn SmsGateway>> {
    let client = Client::builder().timeout(TIMEOUT).redirect(redirect::Policy::none()).build()?;
    let africastalking = settings.africastalking_url.parse().context("sms.africastalking_url")?;
    let textsms = settings.textsms_url.parse().context("sms.textsms_url")?;
    Ok(Arc::new(Gateway { client, africastalking, textsms }))
}

#[async_trait]
impl SmsGateway for Gateway {
    async fn send(&self, account: &SmsAccount, sms: &Sms) -> Result<SmsReceipt, SmsFailure> {
        let key = std::str::from_utf8(&account.api_key.0)
            .map_err(|_| SmsFailure::Refused("the account's API key is no text".to_owned()))?;
        match account.provider {
            SmsProvider::AfricasTalking => {
                let request = africastalking::request(&self.client, &self.africastalking, account, key, sms)?;
                africastalking::receipt(answer(request).await?)
            }
            SmsProvider::TextSms => {
                let request = textsms::request(&self.client, &self.textsms, account, key, sms)?;
                textsms::receipt(answer(request).await?)
            }
        }
    }
}

/// Asks a provider. Without an answer that can be read nobody knows what became of the message, unless nothing was sent.
async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, SmsFailure> {
    let doubt = |why: String| SmsFailure::InDoubt(why);
    let mut response = request.send().await.map_err(|error| {
        let why = without_address(error);
        if why.is_connect() || why.is_builder() {
            SmsFailure::Unavailable(format!("the provider cannot be reached: {why}"))
        } else {
            doubt(format!("the provider did not answer: {why}"))
        }
    })?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(part) = response
        .chunk()
        .await
        .map_err(|error| doubt(format!("the provider's answer broke off: {}", without_address(error))))?
    {
        body.extend_from_slice(&part);
        if body.len() > ANSWER_BYTES_MAX {
            return Err(doubt(format!("the provider's answer has more than {ANSWER_BYTES_MAX} bytes")));
        }
    }
    match status.as_u16() {
        401 | 403 => Err(SmsFailure::Refused("the provider does not know the account or its key".to_owned())),
        429 | 503 => Err(SmsFailure::Unavailable(format!("the provider has no time ({status})"))),
        400..500 => {
            let said: String = String::from_utf8_lossy(&body).chars().take(200).collect();
            Err(SmsFailure::Refused(format!("the provider refuses the message ({status}): {said}")))
        }
        _ => serde_json::from_slice(&body)
            .map_err(|_| doubt(format!("the provider's answer ({status}) cannot be read"))),
    }
}

/// The error without the address, which may hold what is nobody's business.
fn without_address(error: reqwest::Error) -> reqwest::Error {
    error.without_url()
}
