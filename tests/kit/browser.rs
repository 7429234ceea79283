//! A push service with browsers behind it: a server on a real socket that checks the platform's signature (RFC 8292), and
//! browsers that decrypt what they get (RFC 8291).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use data_encoding::BASE64URL_NOPAD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use web_push_native::{Auth, decrypt};

/// A browser's keys.
#[derive(Clone)]
struct Browser {
    secret: p256::SecretKey,
    auth: Auth,
}

#[derive(Default)]
struct Book {
    browsers: HashMap<String, Browser>,
    shown: Vec<(String, Value)>,
    /// The platform's key, as clients are given it.
    platform_key: String,
    /// Where the service is reached, as the platform knows it.
    audience: String,
}

type Shared = Arc<Mutex<Book>>;

/// A running push service; it ends with this.
pub struct PushService {
    origin: String,
    book: Shared,
    task: JoinHandle<()>,
}

fn lock(book: &Shared) -> std::sync::MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PushService {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start() -> Self {
        let book = Shared::default();
        let router = Router::new().route("/push/{name}", post(take)).with_state(Arc::clone(&book));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("a push service") });
        Self { origin, book, task }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        self.origin.clone()
    }

    /// What the platform's signatures have to be by, and for.
    pub fn expects(&self, platform_key: &str, audience: &str) {
        let mut book = lock(&self.book);
        platform_key.clone_into(&mut book.platform_key);
        audience.clone_into(&mut book.audience);
    }

    /// A new browser, and what it says of itself where the service is reached at `origin`.
    ///
    /// # Panics
    /// When its name is no name.
    pub fn browser(&self, name: &str, origin: &str) -> Value {
        let secret =
            p256::SecretKey::from_slice(&[u8::try_from(name.len()).unwrap_or(9); 32]).expect("a key");
        let auth = Auth::clone_from_slice(&[7; 16]);
        let p256dh = BASE64URL_NOPAD.encode(&secret.public_key().to_sec1_bytes_uncompressed());
        let keys = json!({ "endpoint": format!("{origin}/push/{name}"), "p256dh": p256dh,
            "auth": BASE64URL_NOPAD.encode(&auth) });
        lock(&self.book).browsers.insert(name.to_owned(), Browser { secret, auth });
        keys
    }

    /// The browser is no more.
    pub fn uninstall(&self, name: &str) {
        lock(&self.book).browsers.remove(name);
    }

    /// What was shown, by browser.
    pub fn shown(&self) -> Vec<(String, Value)> {
        lock(&self.book).shown.clone()
    }

    /// What was shown, once it is so much.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn wait_for(&self, count: usize) -> Vec<(String, Value)> {
        for _ in 0..400 {
            let shown = self.shown();
            if shown.len() >= count {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{count} messages did not come, only {:?}", self.shown());
    }
}

impl Drop for PushService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The point as browsers write it.
trait Uncompressed {
    fn to_sec1_bytes_uncompressed(&self) -> Vec<u8>;
}

impl Uncompressed for p256::PublicKey {
    fn to_sec1_bytes_uncompressed(&self) -> Vec<u8> {
        use p256::elliptic_curve::sec1::ToEncodedPoint as _;
        self.to_encoded_point(false).as_bytes().to_vec()
    }
}

async fn take(
    State(book): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut book = lock(&book);
    let Some(browser) = book.browsers.get(&name).cloned() else { return StatusCode::GONE };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_signed(header("authorization"), &book) {
        return StatusCode::FORBIDDEN;
    }
    if header("content-encoding") != "aes128gcm" || header("ttl").parse::<u32>().is_err() {
        return StatusCode::BAD_REQUEST;
    }
    let Ok(text) = decrypt(body.to_vec(), &browser.secret, &browser.auth) else {
        return StatusCode::BAD_REQUEST;
    };
    let message = serde_json::from_slice(&text).unwrap_or(Value::Null);
    book.shown.push((name, message));
    StatusCode::CREATED
}

/// Whether the platform has signed for this service.
fn is_signed(authorization: &str, book: &Book) -> bool {
    let read = || {
        let (token, key) = authorization.strip_prefix("vapid t=")?.split_once(", k=")?;
        let (signed, signature) = token.rsplit_once('.')?;
        let key_bytes = BASE64URL_NOPAD.decode(key.as_bytes()).ok()?;
        let verifying = VerifyingKey::from_sec1_bytes(&key_bytes).ok()?;
        let signature = Signature::from_slice(&BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?).ok()?;
        verifying.verify(signed.as_bytes(), &signature).ok()?;
        let claims = BASE64URL_NOPAD.decode(signed.split_once('.')?.1.as_bytes()).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        let subject = claims["sub"].as_str()?.starts_with("mailto:");
        Some(key == book.platform_key && claims["aud"] == book.audience && claims["exp"].is_i64() && subject)
    };
    read() == Some(true)
}
