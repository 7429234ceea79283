//! Messages to addresses that shops name.

use async_trait::async_trait;

/// A message, signed already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookMessage {
    /// Where it goes.
    pub url: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body, JSON.
    pub body: Vec<u8>,
}

/// Why a message is not sent to an address, or nothing was heard of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WebhookFailure(pub String);

/// Sends messages, as far as the platform's operator allows.
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// Whether messages may be sent to the address at all.
    ///
    /// # Errors
    /// [`WebhookFailure`].
    fn check(&self, url: &str) -> Result<(), WebhookFailure>;

    /// Sends a message. Gives the status of the answer, whatever it is.
    ///
    /// # Errors
    /// [`WebhookFailure`].
    async fn send(&self, message: WebhookMessage) -> Result<u16, WebhookFailure>;
}
