//! A receiver of webhooks: a server on a real socket that checks signatures as Standard Webhooks has it, and answers as a
//! test wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use data_encoding::BASE64;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A message that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, seconds.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signatures: Vec<String>,
    /// What was signed.
    pub body: Bytes,
}

impl Received {
    /// What it says.
    ///
    /// # Panics
    /// When it is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// Whether one of its signatures is by this secret, `whsec_…`.
    ///
    /// # Panics
    /// When the secret is none.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = secret.strip_prefix("whsec_").expect("a secret's beginning");
        let key = BASE64.decode(key.as_bytes()).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{}.{}.", self.id, self.timestamp).as_bytes());
        mac.update(&self.body);
        let expected = format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()));
        self.signatures.contains(&expected)
    }
}

#[derive(Default)]
struct Book {
    received: Vec<Received>,
    /// The status of the next answers; 200 when there is none.
    answers: Vec<u16>,
}

/// A running receiver; it ends with this. At `/hang` it never answers.
pub struct Receiver {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start() -> Self {
        let book = Arc::<Mutex<Book>>::default();
        let router = Router::new()
            .route("/hang", post(async || std::future::pending::<()>().await))
            .route("/{*path}", post(receive))
            .with_state(Arc::clone(&book));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("a receiver") });
        Self { address, book, task }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers the next messages with these statuses.
    pub fn answer_with(&self, statuses: &[u16]) {
        self.book().answers = statuses.iter().rev().copied().collect();
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Received> {
        self.book().received.clone()
    }

    /// What came, once it is so much.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        for _ in 0..400 {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{count} messages did not come, only {:?}", self.received());
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(State(book): State<Arc<Mutex<Book>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
    book.received.push(Received {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signatures: header("webhook-signature").split_whitespace().map(str::to_owned).collect(),
        body,
    });
    StatusCode::from_u16(book.answers.pop().unwrap_or(200)).expect("a status")
}
