//! A stand-in for Safaricom's Daraja: OAuth, prompts on phones (STK push), questions about them, reversals, and the
//! callbacks of both. A server on a real socket that speaks Daraja's documented HTTP and keeps books of its own; the demo is
//! paid by it, and tests have it fail.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The host that it stands in for.
pub const DARAJA_HOST: &str = "sandbox.safaricom.co.ke";
/// What the shops' app logs in with.
pub const CONSUMER: (&str, &str) = ("app-key", "app-secret");
/// The passkey of the shops' short code.
pub const PASSKEY: &str = "bfb279f9aa9bdbcf158e97dd71a467cd";

/// How a provider answers requests that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answering {
    /// As it should.
    #[default]
    Well,
    /// Does nothing, and says that it is broken.
    Broken,
    /// Does what it is asked, and says that it is broken.
    BrokenAfterwards,
    /// Does what it is asked, and never answers.
    Hangs,
}

/// A prompt on a phone.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// Whole shillings.
    pub amount: i64,
    /// Who is to pay.
    pub phone: String,
    /// Where the result goes.
    pub callback: String,
    /// The result code once the payer has answered; 0 is paid.
    pub result: Option<i64>,
    /// The receipt of a payment.
    pub receipt: Option<String>,
    /// Whether the payment was reversed.
    pub reversed: bool,
}

#[derive(Debug, Default)]
struct Books {
    answering: Answering,
    /// Whether payers pay as soon as they are asked.
    payers_pay: bool,
    tokens: u32,
    questions: u32,
    prompts: BTreeMap<String, Prompt>,
    /// Reversals: the conversation, the receipt, and where the result goes.
    reversals: BTreeMap<String, (String, String)>,
}

type Shared = Arc<Mutex<Books>>;

/// The stand-in. It ends with this.
#[derive(Debug)]
pub struct Daraja {
    address: SocketAddr,
    server: JoinHandle<()>,
    books: Shared,
    http: reqwest::Client,
}

impl Drop for Daraja {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Payers who pay by themselves, for as long as this is kept.
#[derive(Debug)]
pub struct Payers(JoinHandle<()>);

impl Drop for Payers {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn open(books: &Shared) -> MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Daraja {
    /// Starts it, in good order and with payers who take their time.
    ///
    /// # Errors
    /// When the system has no port left.
    pub async fn start() -> std::io::Result<Self> {
        let books = Shared::default();
        let router = Router::new()
            .route("/oauth/v1/generate", get(token))
            .route("/mpesa/stkpush/v1/processrequest", post(push))
            .route("/mpesa/stkpushquery/v1/query", post(query))
            .route("/mpesa/reversal/v1/request", post(reverse))
            .with_state(Arc::clone(&books));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the stand-in for Daraja has ended");
            }
        });
        Ok(Self { address, server, books, http: reqwest::Client::new() })
    }

    /// Its origin: `http://127.0.0.1:1234`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on requests are answered like this.
    pub fn answer(&self, answering: Answering) {
        open(&self.books).answering = answering;
    }

    /// From now on payers pay as soon as they are asked. Nobody is told of it.
    pub fn let_payers_pay(&self) {
        open(&self.books).payers_pay = true;
    }

    /// Payers pay so long after they are asked, at most, and a server at this address is told of it.
    pub fn pay_by_themselves(self: Arc<Self>, within: Duration, server: String) -> Payers {
        Payers(tokio::spawn(async move {
            loop {
                tokio::time::sleep(within).await;
                for (checkout, prompt) in self.prompts() {
                    if prompt.result.is_some() {
                        continue;
                    }
                    let Some(paid) = self.pay(&checkout) else { continue };
                    // The address that the prompt names may be that of an earlier run.
                    let path = paid.callback.splitn(4, '/').last().unwrap_or_default();
                    let told = self.send(&format!("{server}/{path}"), &callback(&checkout, &paid)).await;
                    tracing::debug!(checkout, ?told, "a payer has paid");
                }
            }
        }))
    }

    fn pay(&self, checkout: &str) -> Option<Prompt> {
        let mut books = open(&self.books);
        let prompt = books.prompts.get_mut(checkout)?;
        settle(checkout, prompt, 0);
        Some(prompt.clone())
    }

    /// Every prompt by its `CheckoutRequestID`, oldest first.
    pub fn prompts(&self) -> Vec<(String, Prompt)> {
        open(&self.books).prompts.clone().into_iter().collect()
    }

    /// How many tokens were given out, and how many questions about prompts answered.
    pub fn asked(&self) -> (u32, u32) {
        let books = open(&self.books);
        (books.tokens, books.questions)
    }

    /// The payer of the newest prompt answers: 0 pays, 1032 cancels. Nothing is told of it yet. None without a prompt.
    pub fn payer_answers(&self, result: i64) -> Option<String> {
        let mut books = open(&self.books);
        let (checkout, prompt) = books.prompts.iter_mut().next_back()?;
        settle(checkout, prompt, result);
        Some(checkout.clone())
    }

    /// Tells of a prompt's result, and returns the status of the answer; none when there is no such prompt, or nobody
    /// listens.
    pub async fn call_back(&self, checkout: &str) -> Option<u16> {
        let prompt = open(&self.books).prompts.get(checkout).cloned()?;
        self.send(&prompt.callback, &callback(checkout, &prompt)).await
    }

    /// Tells of the newest reversal's result; none when there is none, or nobody listens.
    pub async fn call_back_reversal(&self, result: i64) -> Option<u16> {
        let (conversation, receipt, url) = {
            let mut books = open(&self.books);
            let (conversation, (receipt, url)) = books.reversals.iter().next_back()?;
            let (conversation, receipt, url) = (conversation.clone(), receipt.clone(), url.clone());
            let paid = books.prompts.values_mut().find(|one| one.receipt.as_ref() == Some(&receipt));
            if let Some(prompt) = paid.filter(|_| result == 0) {
                prompt.reversed = true;
            }
            (conversation, receipt, url)
        };
        let body = json!({ "Result": {
            "ResultType": 0, "ResultCode": result, "ResultDesc": "The service request is processed successfully.",
            "OriginatorConversationID": conversation, "ConversationID": conversation,
            "TransactionID": format!("R{receipt}") } });
        self.send(&url, &body).await
    }

    /// Sends a callback, of a stranger's making perhaps, and returns the status of the answer; none without one.
    pub async fn send(&self, url: &str, body: &Value) -> Option<u16> {
        let text = body.to_string();
        let sent = self.http.post(url).header("content-type", "application/json").body(text).send().await;
        sent.ok().map(|answer| answer.status().as_u16())
    }
}

/// The callback that tells of a prompt.
pub fn callback(checkout: &str, prompt: &Prompt) -> Value {
    let result = prompt.result.unwrap_or(1037);
    let mut told = json!({
        "MerchantRequestID": "29115-34620561-1", "CheckoutRequestID": checkout, "ResultCode": result,
        "ResultDesc": if result == 0 { "The service request is processed successfully." } else { "Refused." },
    });
    if let Some(receipt) = &prompt.receipt {
        told["CallbackMetadata"] = json!({ "Item": [
            { "Name": "Amount", "Value": prompt.amount }, { "Name": "MpesaReceiptNumber", "Value": receipt },
            { "Name": "Balance" }, { "Name": "TransactionDate", "Value": 20_260_701_120_000_i64 },
            { "Name": "PhoneNumber", "Value": prompt.phone } ] });
    }
    json!({ "Body": { "stkCallback": told } })
}

fn settle(checkout: &str, prompt: &mut Prompt, result: i64) {
    prompt.result = Some(result);
    prompt.receipt = (result == 0).then(|| format!("SGL{}", checkout.trim_start_matches("ws_CO_")));
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "requestId": "1", "errorCode": code, "errorMessage": message }))).into_response()
}

async fn token(
    State(books): State<Shared>,
    Query(parameters): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    // `app-key:app-secret` in base64.
    let known = headers.get("authorization").is_some_and(|value| value == "Basic YXBwLWtleTphcHAtc2VjcmV0");
    if !known || parameters.get("grant_type").is_none_or(|kind| kind != "client_credentials") {
        return refusal(StatusCode::BAD_REQUEST, "400.008.01", "Invalid Authentication passed");
    }
    let mut books = open(&books);
    books.tokens += 1;
    Json(json!({ "access_token": format!("token-{}", books.tokens), "expires_in": "3599" })).into_response()
}

fn is_known(books: &Shared, headers: &HeaderMap) -> bool {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let number = given.strip_prefix("Bearer token-").and_then(|number| number.parse::<u32>().ok());
    number.is_some_and(|number| number > 0 && number <= open(books).tokens)
}

/// Carries a request out and answers it, as the stand-in answers now.
async fn carry_out(books: &Shared, work: impl FnOnce(&mut Books) -> Value) -> Response {
    let (answering, done) = {
        let mut books = open(books);
        let answering = books.answering;
        let done = (answering != Answering::Broken).then(|| work(&mut books));
        (answering, done)
    };
    match (answering, done) {
        (Answering::Well, Some(done)) => Json(done).into_response(),
        (Answering::Hangs, _) => std::future::pending().await,
        _ => refusal(StatusCode::INTERNAL_SERVER_ERROR, "500.003.1001", "Internal Server Error"),
    }
}

async fn push(State(books): State<Shared>, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    if !is_known(&books, &headers) {
        return refusal(StatusCode::UNAUTHORIZED, "401.003.01", "Error Occurred - Invalid Access Token");
    }
    let text = |name: &str| asked[name].as_str().map(str::to_owned);
    let amount = asked["Amount"].as_i64().filter(|amount| *amount > 0);
    let (Some(amount), Some(phone), Some(callback), Some(_)) =
        (amount, text("PhoneNumber"), text("CallBackURL"), text("Password"))
    else {
        return refusal(StatusCode::BAD_REQUEST, "400.002.02", "Bad Request - Invalid Amount");
    };
    carry_out(&books, |books| {
        let checkout = format!("ws_CO_{:06}", books.prompts.len() + 1);
        let mut prompt = Prompt { amount, phone, callback, result: None, receipt: None, reversed: false };
        if books.payers_pay {
            settle(&checkout, &mut prompt, 0);
        }
        books.prompts.insert(checkout.clone(), prompt);
        json!({ "MerchantRequestID": "29115-34620561-1", "CheckoutRequestID": checkout, "ResponseCode": "0",
            "ResponseDescription": "Success. Request accepted for processing", "CustomerMessage": "Success." })
    })
    .await
}

async fn query(State(books): State<Shared>, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    if !is_known(&books, &headers) {
        return refusal(StatusCode::UNAUTHORIZED, "401.003.01", "Error Occurred - Invalid Access Token");
    }
    let checkout = asked["CheckoutRequestID"].as_str().unwrap_or_default().to_owned();
    let (answering, prompt) = {
        let mut books = open(&books);
        books.questions += 1;
        (books.answering, books.prompts.get(&checkout).cloned())
    };
    if answering == Answering::Hangs {
        return std::future::pending().await;
    }
    let failed = StatusCode::INTERNAL_SERVER_ERROR;
    match prompt {
        _ if answering != Answering::Well => refusal(failed, "500.003.1001", "Internal Server Error"),
        None => refusal(failed, "500.001.1001", "Invalid CheckoutRequestID"),
        Some(Prompt { result: None, .. }) => {
            refusal(failed, "500.001.1001", "The transaction is being processed")
        }
        Some(Prompt { result: Some(result), .. }) => Json(json!({
            "ResponseCode": "0", "ResponseDescription": "The service request has been accepted successsfully",
            "MerchantRequestID": "29115-34620561-1", "CheckoutRequestID": checkout,
            "ResultCode": result.to_string(), "ResultDesc": "The service request is processed." }))
        .into_response(),
    }
}

async fn reverse(State(books): State<Shared>, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    if !is_known(&books, &headers) {
        return refusal(StatusCode::UNAUTHORIZED, "401.003.01", "Error Occurred - Invalid Access Token");
    }
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let (receipt, url, amount) = (text("TransactionID"), text("ResultURL"), asked["Amount"].as_i64());
    let known = open(&books).prompts.values().any(|prompt| {
        prompt.receipt.as_ref() == Some(&receipt) && Some(prompt.amount) == amount && !prompt.reversed
    });
    if !known {
        return refusal(StatusCode::BAD_REQUEST, "400.002.02", "Bad Request - Invalid TransactionID");
    }
    carry_out(&books, |books| {
        let conversation = format!("AG_{:06}", books.reversals.len() + 1);
        books.reversals.insert(conversation.clone(), (receipt, url));
        json!({ "OriginatorConversationID": conversation, "ConversationID": conversation, "ResponseCode": "0",
            "ResponseDescription": "Accept the service request successfully." })
    })
    .await
}
