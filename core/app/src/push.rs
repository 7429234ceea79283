//! Web Push: messages that only the browser can read, signed by the platform's key (VAPID), by the same way out as webhooks.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use data_encoding::BASE64URL_NOPAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::json;
use soko_extension::push::{PushAnswer, PushFailure, PushMessage, PushSender, PushTarget};
use soko_extension::webhook::{WebhookMessage, WebhookSender};
use soko_kernel::Clock;
use web_push_native::{Auth, encrypt, p256::PublicKey};

use crate::config::PushSettings;

/// How long a push service keeps a message for a browser that is off.
const KEPT_FOR: Duration = Duration::from_hours(24);
/// How long a signature is good for: services allow 24 hours at most.
const SIGNED_FOR: Duration = Duration::from_hours(12);
/// Bytes of a message: what every service takes, less what encryption adds (RFC 8291).
const PAYLOAD_BYTES_MAX: usize = 3_993;

/// The platform's key, and the way out.
struct WebPush {
    way_out: Arc<dyn WebhookSender>,
    key: SigningKey,
    public_key: String,
    subject: String,
    clock: Clock,
}

/// What sends messages to browsers, if the settings hold a key.
///
/// # Errors
/// A key that is none.
pub fn push_sender(
    settings: &PushSettings,
    way_out: Arc<dyn WebhookSender>,
    clock: Clock,
) -> anyhow::Result<Option<Arc<dyn PushSender>>> {
    let Some(key) = settings.vapid_private_key.reveal() else { return Ok(None) };
    let bytes = BASE64URL_NOPAD.decode(key.as_bytes()).context("push.vapid_private_key")?;
    let key = SigningKey::from_slice(&bytes).context("push.vapid_private_key")?;
    let point = key.verifying_key().to_encoded_point(false);
    let public_key = BASE64URL_NOPAD.encode(point.as_bytes());
    let subject = settings.subject.clone();
    Ok(Some(Arc::new(WebPush { way_out, key, public_key, subject, clock })))
}

/// Whether a text is a key of this kind.
pub(crate) fn is_private_key(text: &str) -> bool {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes());
    bytes.is_ok_and(|bytes| SigningKey::from_slice(&bytes).is_ok())
}

impl WebPush {
    /// `Authorization` for a push service, by its origin.
    fn authorization(&self, endpoint: &str) -> Result<String, PushFailure> {
        let url: reqwest::Url =
            endpoint.parse().map_err(|_| PushFailure("the endpoint is no address".to_owned()))?;
        let expires = self.clock.now().after(SIGNED_FOR).0 / 1_000;
        let claims =
            json!({ "aud": url.origin().ascii_serialization(), "exp": expires, "sub": self.subject });
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let signed = format!("{}.{}", encode(r#"{"typ":"JWT","alg":"ES256"}"#), encode(&claims.to_string()));
        let signature: Signature = self.key.sign(signed.as_bytes());
        let signature = BASE64URL_NOPAD.encode(&signature.to_bytes());
        Ok(format!("vapid t={signed}.{signature}, k={}", self.public_key))
    }
}

/// The browser's keys.
fn keys_of(target: &PushTarget) -> Result<(PublicKey, Auth), PushFailure> {
    let wrong = |what: &str| PushFailure(format!("{what} is not what a browser gives"));
    // Browsers leave the padding out, some libraries do not.
    let decode = |text: &str| BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes()).ok();
    let key = decode(&target.p256dh).and_then(|bytes| PublicKey::from_sec1_bytes(&bytes).ok());
    let auth = decode(&target.auth).filter(|bytes| bytes.len() == 16);
    let auth = auth.map(|bytes| Auth::clone_from_slice(&bytes)).ok_or_else(|| wrong("auth"))?;
    Ok((key.ok_or_else(|| wrong("p256dh"))?, auth))
}

#[async_trait]
impl PushSender for WebPush {
    fn public_key(&self) -> &str {
        &self.public_key
    }

    fn check(&self, target: &PushTarget) -> Result<(), PushFailure> {
        keys_of(target)?;
        self.way_out.check(&target.endpoint).map_err(|refused| PushFailure(refused.0))
    }

    async fn send(&self, target: &PushTarget, message: PushMessage) -> Result<PushAnswer, PushFailure> {
        let (key, auth) = keys_of(target)?;
        if message.payload.len() > PAYLOAD_BYTES_MAX {
            return Err(PushFailure(format!("a message has at most {PAYLOAD_BYTES_MAX} bytes")));
        }
        let body = encrypt(message.payload, &key, &auth)
            .map_err(|error| PushFailure(format!("the message cannot be encrypted: {error}")))?;
        let header = |name: &str, value: String| (name.to_owned(), value);
        let headers = vec![
            header("content-type", "application/octet-stream".to_owned()),
            header("content-encoding", "aes128gcm".to_owned()),
            header("ttl", KEPT_FOR.as_secs().to_string()),
            header("topic", message.topic),
            header("authorization", self.authorization(&target.endpoint)?),
        ];
        let sent = self.way_out.send(WebhookMessage { url: target.endpoint.clone(), headers, body }).await;
        Ok(match sent.map_err(|failure| PushFailure(failure.0))? {
            200..300 => PushAnswer::Taken,
            404 | 410 => PushAnswer::Gone,
            status => PushAnswer::Refused(status),
        })
    }
}
