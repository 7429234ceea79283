//! A client of one endpoint: names its channel, keeps its session, tells answers from refusals from faults.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// The request header that names the channel.
const CHANNEL_TOKEN: &str = "vendure-token";
/// The response header that carries a new session's token.
const AUTH_TOKEN: &str = "vendure-auth-token";

/// The response header of an answer that was given before.
const REPLAYED: &str = "idempotency-replayed";

/// A client of one endpoint in one channel. It keeps the session that the server gives it.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    channel: Option<String>,
    session: Mutex<Option<String>>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The whole body; `null` when it was no JSON.
    pub body: Value,
    /// Whether the server gave it before, and did nothing this time.
    pub replayed: bool,
}

impl Answer {
    /// The data of an operation that went well.
    ///
    /// # Panics
    /// When there were errors or the status is not 200.
    #[track_caller]
    pub fn data(self) -> Value {
        assert!(self.status == 200 && self.body["errors"].is_null(), "{} {}", self.status, self.body);
        self.body["data"].clone()
    }

    /// `extensions.code` of the first error.
    ///
    /// # Panics
    /// When there was no error, or one without a code.
    #[track_caller]
    pub fn code(&self) -> &str {
        let code = self.body["errors"][0]["extensions"]["code"].as_str();
        code.unwrap_or_else(|| panic!("no error with a code: {} {}", self.status, self.body))
    }

    /// The message of the first error.
    ///
    /// # Panics
    /// When there was no error.
    #[track_caller]
    pub fn message(&self) -> &str {
        let message = self.body["errors"][0]["message"].as_str();
        message.unwrap_or_else(|| panic!("no error: {} {}", self.status, self.body))
    }
}

impl Client {
    /// A client of `url`, an endpoint such as `http://127.0.0.1:3000/shop-api`. Without a channel token it is served by
    /// the default channel.
    pub fn new(http: reqwest::Client, url: String, channel: Option<&str>) -> Self {
        Self { http, url, channel: channel.map(str::to_owned), session: Mutex::new(None) }
    }

    /// Another client of the same endpoint and channel, without a session.
    #[must_use]
    pub fn stranger(&self) -> Self {
        Self::new(self.http.clone(), self.url.clone(), self.channel.as_deref())
    }

    /// The same session in another channel.
    #[must_use]
    pub fn in_channel(&self, channel: &str) -> Self {
        let other = Self::new(self.http.clone(), self.url.clone(), Some(channel));
        other.set_session(self.session());
        other
    }

    /// This client with the session that another has, perhaps at another server.
    #[must_use]
    pub fn with_session_of(self, other: &Self) -> Self {
        self.set_session(other.session());
        self
    }

    /// The token of the session, if there is one.
    pub fn session(&self) -> Option<String> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes on with another session, or with none.
    pub fn set_session(&self, token: Option<String>) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// The data of an operation that must go well.
    ///
    /// # Panics
    /// When it does not.
    pub async fn query(&self, text: &str, variables: Value) -> Value {
        self.send(text, variables).await.data()
    }

    /// The one field of an operation that must answer with the type `of`.
    ///
    /// # Panics
    /// When the answer is of another type; each union's query must ask for `__typename`.
    pub async fn expect(&self, of: &str, text: &str, variables: Value) -> Value {
        let data = self.query(text, variables).await;
        let field = only_field(&data);
        assert_eq!(field["__typename"], of, "{field}");
        field
    }

    /// Whatever an operation is answered with.
    ///
    /// # Panics
    /// When the server does not answer at all.
    pub async fn send(&self, text: &str, variables: Value) -> Answer {
        let request = json!({ "query": text, "variables": variables });
        let answer = self.try_send(&request).await;
        answer.expect("an answer from the server")
    }

    /// What a request body is answered with, or why there was no answer.
    ///
    /// # Errors
    /// A connection that broke.
    ///
    /// # Panics
    /// When the request cannot be written as JSON.
    pub async fn try_send(&self, request: &Value) -> reqwest::Result<Answer> {
        let body = serde_json::to_vec(request).expect("a request that can be written as JSON");
        self.post("application/json", body).await
    }

    /// What an operation with an idempotency key is answered with, or why there was no answer.
    ///
    /// # Errors
    /// A connection that broke.
    pub async fn try_send_once(&self, key: &str, text: &str, variables: Value) -> reqwest::Result<Answer> {
        let body = json!({ "query": text, "variables": variables }).to_string();
        let request =
            self.request().header("idempotency-key", key).header("content-type", "application/json");
        self.finish(request.body(body)).await
    }

    /// Whatever an operation with an idempotency key is answered with.
    ///
    /// # Panics
    /// When the server does not answer at all.
    pub async fn send_once(&self, key: &str, text: &str, variables: Value) -> Answer {
        self.try_send_once(key, text, variables).await.expect("an answer from the server")
    }

    /// What raw bytes are answered with.
    ///
    /// # Errors
    /// A connection that broke.
    pub async fn post(&self, content_type: &str, body: Vec<u8>) -> reqwest::Result<Answer> {
        self.finish(self.request().header("content-type", content_type).body(body)).await
    }

    /// An operation with one file, for the variable `file`, as the multipart request specification says.
    ///
    /// # Panics
    /// When the server does not answer at all.
    pub async fn upload(&self, text: &str, variables: Value, file_name: &str, bytes: Vec<u8>) -> Answer {
        let request = self.upload_request(text, variables, file_name, bytes);
        self.finish(request).await.expect("an answer from the server")
    }

    /// [`Self::upload`] with an idempotency key.
    ///
    /// # Panics
    /// When the server does not answer at all.
    pub async fn upload_once(&self, key: &str, text: &str, file_name: &str, bytes: Vec<u8>) -> Answer {
        let request = self.upload_request(text, json!({}), file_name, bytes).header("idempotency-key", key);
        self.finish(request).await.expect("an answer from the server")
    }

    fn upload_request(
        &self,
        text: &str,
        mut variables: Value,
        file_name: &str,
        bytes: Vec<u8>,
    ) -> reqwest::RequestBuilder {
        variables["file"] = Value::Null;
        let operations = json!({ "query": text, "variables": variables }).to_string();
        let file = reqwest::multipart::Part::bytes(bytes).file_name(file_name.to_owned());
        let form = reqwest::multipart::Form::new()
            .text("operations", operations)
            .text("map", json!({ "0": ["variables.file"] }).to_string())
            .part("0", file);
        // Browsers cannot send this header across origins unasked, which is why the server wants it.
        self.request().header("apollo-require-preflight", "true").multipart(form)
    }

    /// A form of the multipart request specification, whatever it says: `files` are its parts `0`, `1` and so on, each
    /// with its name and media type.
    ///
    /// # Panics
    /// When the server does not answer at all, or a media type is none.
    pub async fn send_form(
        &self,
        operations: &Value,
        map: &str,
        files: Vec<(&str, &str, Vec<u8>)>,
    ) -> Answer {
        let mut form = reqwest::multipart::Form::new()
            .text("operations", operations.to_string())
            .text("map", map.to_owned());
        for (number, (name, media_type, bytes)) in files.into_iter().enumerate() {
            let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
            form = form.part(number.to_string(), part.mime_str(media_type).expect("a media type"));
        }
        let request = self.request().header("apollo-require-preflight", "true").multipart(form);
        self.finish(request).await.expect("an answer from the server")
    }

    fn request(&self) -> reqwest::RequestBuilder {
        let mut request = self.http.post(&self.url);
        if let Some(channel) = &self.channel {
            request = request.header(CHANNEL_TOKEN, channel);
        }
        if let Some(token) = self.session() {
            request = request.bearer_auth(token);
        }
        request
    }

    async fn finish(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        if let Some(token) = response.headers().get(AUTH_TOKEN).and_then(|token| token.to_str().ok()) {
            self.set_session(Some(token.to_owned()));
        }
        let status = response.status().as_u16();
        let replayed = response.headers().get(REPLAYED).is_some_and(|value| value == "true");
        let bytes = response.bytes().await?;
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), replayed })
    }
}

/// The value of the only field.
///
/// # Panics
/// When there are none or several.
#[track_caller]
pub fn only_field(data: &Value) -> Value {
    let fields = data.as_object().expect("an object of fields");
    assert_eq!(fields.len(), 1, "{data}");
    fields.values().next().cloned().unwrap_or_default()
}
