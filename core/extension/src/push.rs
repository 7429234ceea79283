//! Messages to browsers and devices: Web Push (RFC 8030), encrypted (RFC 8291) and signed by the platform (RFC 8292).

use async_trait::async_trait;

/// Where a browser is reached, as it says when somebody lets it show messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushTarget {
    /// The push service's address for the browser.
    pub endpoint: String,
    /// The browser's public key: base64url of an uncompressed point on P-256.
    pub p256dh: String,
    /// What proves messages to the browser: base64url of 16 bytes.
    pub auth: String,
}

/// A message to a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushMessage {
    /// What its service worker gets, JSON.
    pub payload: Vec<u8>,
    /// Messages of one topic replace each other while they wait: at most 32 letters, digits, `-` and `_`.
    pub topic: String,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushAnswer {
    /// The push service has taken it.
    Taken,
    /// There is no such browser any more.
    Gone,
    /// The service said something else: its HTTP status.
    Refused(u16),
}

/// Why a browser cannot be told, or nothing was heard of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PushFailure(pub String);

/// Sends messages to browsers.
#[async_trait]
pub trait PushSender: Send + Sync {
    /// The platform's public key, which browsers are to be given: base64url of an uncompressed point on P-256.
    fn public_key(&self) -> &str;

    /// Whether this can be a browser, at an address that may be spoken to.
    ///
    /// # Errors
    /// [`PushFailure`].
    fn check(&self, target: &PushTarget) -> Result<(), PushFailure>;

    /// Sends a message.
    ///
    /// # Errors
    /// [`PushFailure`].
    async fn send(&self, target: &PushTarget, message: PushMessage) -> Result<PushAnswer, PushFailure>;
}
