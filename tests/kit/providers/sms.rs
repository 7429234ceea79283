//! Stand-ins for those who send text messages on: Africa's Talking and TextSMS as their documentation has them, and whatever a
//! shop's own plugin posts to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Form, Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Running;

/// What the stand-ins know the shop by.
pub const API_KEY: &str = "key_of_the_tests";

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenSms {
    /// As the provider was asked.
    pub to: String,
    /// Whom it is from.
    pub from: Option<String>,
    /// The account.
    pub username: String,
    /// What it says.
    pub text: String,
}

/// Something that was posted elsewhere.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Where.
    pub path: String,
    /// `authorization`.
    pub authorization: Option<String>,
    /// What.
    pub body: Value,
}

/// How the next message is answered.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// By a code of the provider's own.
    Code(i64),
    /// By an HTTP status.
    Status(u16),
}

#[derive(Default)]
struct Book {
    taken: Vec<TakenSms>,
    posted: Vec<Posted>,
    answers: VecDeque<Answer>,
    answer_after: Duration,
}

type Shared = Arc<Mutex<Book>>;

/// A running stand-in for all of them; it ends with this.
pub struct SmsServer {
    running: Running,
    book: Shared,
}

impl SmsServer {
    /// Starts it.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start() -> Self {
        let book = Shared::default();
        let router = Router::new()
            .route("/version1/messaging", post(africastalking))
            .route("/api/services/sendsms/", post(textsms))
            .fallback(post(elsewhere))
            .with_state(Arc::clone(&book));
        Self { running: Running::start(router).await, book }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.running.address)
    }

    /// Answers the next messages like this, and those after them well.
    pub fn answer_with(&self, answers: &[Answer]) {
        self.book().answers = answers.iter().copied().collect();
    }

    /// Answers so much later that a message was taken.
    pub fn answer_after(&self, time: Duration) {
        self.book().answer_after = time;
    }

    /// What was taken so far.
    pub fn taken(&self) -> Vec<TakenSms> {
        self.book().taken.clone()
    }

    /// What was posted elsewhere so far.
    pub fn posted(&self) -> Vec<Posted> {
        self.book().posted.clone()
    }

    /// What was taken, once it is so much.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn wait_for(&self, count: usize) -> Vec<TakenSms> {
        for _ in 0..400 {
            let taken = self.taken();
            if taken.len() >= count {
                return taken;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{count} messages did not come, only {:?}", self.taken());
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        lock(&self.book)
    }
}

fn lock(book: &Shared) -> std::sync::MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Deserialize)]
struct AfricasTalkingForm {
    username: String,
    to: String,
    message: String,
    from: Option<String>,
}

async fn africastalking(
    State(book): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<AfricasTalkingForm>,
) -> Response {
    if headers.get("apikey").is_none_or(|key| key != API_KEY) {
        return (StatusCode::UNAUTHORIZED, "The supplied authentication is invalid").into_response();
    }
    let answer = lock(&book).answers.pop_front();
    let AfricasTalkingForm { username, to, message, from } = form;
    let taken = TakenSms { to: to.clone(), from, username, text: message };
    let code = match answer {
        Some(Answer::Status(status)) => return status_of(status),
        Some(Answer::Code(code)) => code,
        None => 101,
    };
    let (id, after) = {
        let mut locked = lock(&book);
        if code <= 102 {
            locked.taken.push(taken);
        }
        (format!("ATXid_{}", locked.taken.len()), locked.answer_after)
    };
    tokio::time::sleep(after).await;
    let status = if code <= 102 { "Success" } else { "Failed" };
    let recipient =
        json!({ "statusCode": code, "number": to, "status": status, "cost": "KES 0.8000", "messageId": id });
    let data = json!({ "Message": "Sent to 1/1 Total Cost: KES 0.8000", "Recipients": [recipient] });
    (StatusCode::CREATED, Json(json!({ "SMSMessageData": data }))).into_response()
}

#[derive(Deserialize)]
struct TextSmsBody {
    apikey: String,
    #[serde(rename = "partnerID")]
    partner_id: String,
    shortcode: String,
    mobile: String,
    message: String,
}

async fn textsms(State(book): State<Shared>, Json(body): Json<TextSmsBody>) -> Response {
    let answered = |code: i64, description: &str, id: usize| {
        // The first spelling is the provider's own.
        let response = json!({ "respose-code": code, "response-description": description, "mobile": body.mobile,
            "messageid": id, "networkid": "1" });
        Json(json!({ "responses": [response] })).into_response()
    };
    if body.apikey != API_KEY {
        return Json(json!({ "response-code": 1006, "response-description": "Invalid credentials" }))
            .into_response();
    }
    let answer = lock(&book).answers.pop_front();
    match answer {
        Some(Answer::Status(status)) => status_of(status),
        Some(Answer::Code(code)) => answered(code, "Refused", 0),
        None => {
            let (to, from) = (body.mobile.clone(), Some(body.shortcode.clone()));
            let taken = TakenSms { to, from, username: body.partner_id.clone(), text: body.message.clone() };
            let mut locked = lock(&book);
            locked.taken.push(taken);
            let id = 8_290_842 + locked.taken.len();
            answered(200, "Success", id)
        }
    }
}

async fn elsewhere(State(book): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let answer = lock(&book).answers.pop_front();
    let authorization = headers.get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    lock(&book).posted.push(Posted { path: uri.path().to_owned(), authorization, body });
    match answer {
        Some(Answer::Status(status)) => status_of(status),
        _ => StatusCode::ACCEPTED.into_response(),
    }
}

fn status_of(status: u16) -> Response {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}
