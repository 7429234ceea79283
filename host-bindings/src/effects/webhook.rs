//! Messages to addresses that shops name take the same way out as what guests send: the same checks, limits and stand-ins.

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use soko_extension::effect::Capabilities;
use soko_extension::webhook::{WebhookFailure, WebhookMessage, WebhookSender};

use super::egress::{EgressError, Outgoing, add_header, parse_url, shown};
use crate::host::PluginHost;

impl From<EgressError> for WebhookFailure {
    fn from(error: EgressError) -> Self {
        Self(error.to_string())
    }
}

/// The shop wants its own address spoken to, and no other.
fn only(url: &Url) -> Capabilities {
    let port = url.port_or_known_default().unwrap_or_default();
    let hosts = url.host_str().map(|host| shown(host, port)).into_iter().collect();
    Capabilities { hosts, ..Capabilities::default() }
}

#[async_trait]
impl WebhookSender for PluginHost {
    fn check(&self, url: &str) -> Result<(), WebhookFailure> {
        let url = parse_url(url)?;
        let own = only(&url);
        Ok(self.inner().given.egress.check(&url, &own, &own)?)
    }

    async fn send(&self, message: WebhookMessage) -> Result<u16, WebhookFailure> {
        let url = parse_url(&message.url)?;
        let own = only(&url);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &message.headers {
            add_header(&mut headers, name, value)?;
        }
        let (method, body) = (Method::POST, Some(message.body.into()));
        let request = Outgoing { method, url, headers, credentials: HeaderMap::new(), body };
        Ok(self.inner().given.egress.send(request, &own, &own).await?.status)
    }
}
