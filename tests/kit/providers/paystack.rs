//! Paystack: pages to pay on, charges on phones, transactions by their reference, refunds, and signed events.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha512;

use super::{Answering, Running};

/// The account's secret key.
pub const SECRET_KEY: &str = "sk_test_0123456789abcdef";

/// A transaction.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// `ongoing`, `success`, `failed`.
    pub status: &'static str,
    /// Minor units that were given back.
    pub refunded: i64,
}

#[derive(Debug, Default)]
struct Books {
    answering: Answering,
    transactions: BTreeMap<String, Transaction>,
    /// Refunds by their id: the reference and the minor units.
    refunds: BTreeMap<i64, (String, i64)>,
}

type Shared = Arc<Mutex<Books>>;

/// The stand-in.
pub struct Paystack {
    running: Running,
    books: Shared,
    http: reqwest::Client,
}

fn open(books: &Shared) -> MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Paystack {
    /// Starts it, in good order.
    ///
    /// # Panics
    /// When the system has no port left.
    pub async fn start() -> Self {
        let books = Shared::default();
        let router = Router::new()
            .route("/transaction/initialize", post(initialize))
            .route("/charge", post(charge))
            .route("/transaction/verify/{reference}", get(verify))
            .route("/refund", post(refund))
            .with_state(Arc::clone(&books));
        Self { running: Running::start(router).await, books, http: reqwest::Client::new() }
    }

    /// Its origin: `http://127.0.0.1:1234`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.running.address)
    }

    /// From now on requests are answered like this.
    pub fn answer(&self, answering: Answering) {
        open(&self.books).answering = answering;
    }

    /// Every transaction by its reference.
    pub fn transactions(&self) -> Vec<(String, Transaction)> {
        open(&self.books).transactions.clone().into_iter().collect()
    }

    /// The payer of the only transaction pays or fails. Nothing is told of it yet.
    ///
    /// # Panics
    /// When there is no transaction.
    pub fn payer_answers(&self, status: &'static str) -> String {
        let mut books = open(&self.books);
        let (reference, transaction) = books.transactions.iter_mut().next_back().expect("a transaction");
        transaction.status = status;
        reference.clone()
    }

    /// The event that tells of a payment.
    ///
    /// # Panics
    /// When there is no such transaction.
    pub fn success(&self, reference: &str) -> Value {
        let transaction = open(&self.books).transactions.get(reference).cloned().expect("the transaction");
        json!({ "event": "charge.success", "data": data(reference, &transaction) })
    }

    /// The event that tells of the newest refund.
    ///
    /// # Panics
    /// When there is none.
    pub fn refund_processed(&self) -> Value {
        let books = open(&self.books);
        let (id, (reference, amount)) = books.refunds.iter().next_back().expect("a refund");
        json!({ "event": "refund.processed", "data": {
            "id": id, "status": "processed", "transaction_reference": reference, "amount": amount } })
    }

    /// Sends an event, signed with a key, and returns the status of the answer.
    ///
    /// # Panics
    /// When nobody listens.
    pub async fn send(&self, url: &str, event: &Value, key: &str) -> u16 {
        let body = event.to_string();
        let mut mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).expect("a key of any length");
        mac.update(body.as_bytes());
        let signature: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let request = self.http.post(url).header("x-paystack-signature", signature);
        let sent = request.header("content-type", "application/json").body(body).send().await;
        sent.expect("an answer to an event").status().as_u16()
    }
}

fn data(reference: &str, transaction: &Transaction) -> Value {
    json!({ "id": 4_099_260_516_i64, "status": transaction.status, "reference": reference,
        "amount": transaction.amount, "currency": transaction.currency, "gateway_response": "Approved" })
}

fn good(data: &Value) -> Value {
    json!({ "status": true, "message": "ok", "data": data })
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "status": false, "message": message }))).into_response()
}

fn is_known(headers: &HeaderMap) -> bool {
    let expected = format!("Bearer {SECRET_KEY}");
    headers.get("authorization").is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

/// Carries a request out and answers it, as the stand-in answers now.
async fn carry_out(books: &Shared, work: impl FnOnce(&mut Books) -> Result<Value, &'static str>) -> Response {
    let (answering, done) = {
        let mut books = open(books);
        let answering = books.answering;
        let done = (answering != Answering::Broken).then(|| work(&mut books));
        (answering, done)
    };
    match (answering, done) {
        (Answering::Well, Some(Ok(data))) => Json(good(&data)).into_response(),
        (Answering::Well, Some(Err(message))) => refusal(StatusCode::BAD_REQUEST, message),
        (Answering::Hangs, _) => std::future::pending().await,
        _ => refusal(StatusCode::BAD_GATEWAY, "Bad gateway"),
    }
}

/// A transaction that the request asks for.
fn begin(books: &mut Books, asked: &Value) -> Result<String, &'static str> {
    let reference = asked["reference"].as_str().ok_or("Reference is required")?.to_owned();
    let amount = asked["amount"].as_i64().filter(|amount| *amount > 0).ok_or("Invalid Amount Sent")?;
    if !asked["email"].as_str().is_some_and(|email| email.contains('@')) {
        return Err("Invalid Email Address Passed");
    }
    let currency = asked["currency"].as_str().unwrap_or("NGN").to_owned();
    if books.transactions.contains_key(&reference) {
        return Err("Duplicate Transaction Reference");
    }
    let transaction = Transaction { amount, currency, status: "ongoing", refunded: 0 };
    books.transactions.insert(reference.clone(), transaction);
    Ok(reference)
}

async fn initialize(State(books): State<Shared>, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    if !is_known(&headers) {
        return refusal(StatusCode::UNAUTHORIZED, "Invalid key");
    }
    carry_out(&books, |books| {
        let reference = begin(books, &asked)?;
        let url = format!("https://checkout.paystack.com/{reference}");
        Ok(json!({ "authorization_url": url, "access_code": "a", "reference": reference }))
    })
    .await
}

async fn charge(State(books): State<Shared>, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    if !is_known(&headers) {
        return refusal(StatusCode::UNAUTHORIZED, "Invalid key");
    }
    carry_out(&books, |books| {
        let reference = begin(books, &asked)?;
        Ok(json!({ "reference": reference, "status": "pay_offline", "display_text": "Enter your PIN" }))
    })
    .await
}

async fn verify(State(books): State<Shared>, headers: HeaderMap, Path(reference): Path<String>) -> Response {
    if !is_known(&headers) {
        return refusal(StatusCode::UNAUTHORIZED, "Invalid key");
    }
    carry_out(&books, |books| match books.transactions.get(&reference) {
        Some(transaction) => Ok(data(&reference, transaction)),
        None => Err("Transaction reference not found."),
    })
    .await
}

async fn refund(State(books): State<Shared>, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    if !is_known(&headers) {
        return refusal(StatusCode::UNAUTHORIZED, "Invalid key");
    }
    carry_out(&books, |books| {
        let reference = asked["transaction"].as_str().unwrap_or_default().to_owned();
        let amount = asked["amount"].as_i64().unwrap_or_default();
        let paid = books.transactions.get_mut(&reference).filter(|one| one.status == "success");
        let paid = paid.ok_or("Transaction not found")?;
        if amount <= 0 || paid.refunded + amount > paid.amount {
            return Err("Refund amount is too high");
        }
        paid.refunded += amount;
        let id = i64::try_from(books.refunds.len()).unwrap_or_default() + 1;
        books.refunds.insert(id, (reference, amount));
        Ok(json!({ "id": id, "status": "pending", "amount": amount }))
    })
    .await
}
