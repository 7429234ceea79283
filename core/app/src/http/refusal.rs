//! Answers of the HTTP layer itself, in the shape of GraphQL errors, so that clients need one way to read them.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use soko_kernel::ErrorKind;

/// Seconds after which a client may try again when the server was overloaded.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("1");

/// Why a request was not executed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The body, or a parameter of the address, is not what it must be.
    #[error("{0}")]
    Malformed(String),
    /// The body is larger than allowed.
    #[error("the request is larger than the {limit_bytes} bytes that are allowed")]
    TooLarge {
        /// The limit in force.
        limit_bytes: u64,
    },
    /// The content type is none that the API reads.
    #[error("the content type must be application/json, or multipart/form-data for uploads to the Admin API")]
    ContentType,
    /// Another site's page could have sent it in the user's name.
    #[error("an upload with a session cookie needs the header apollo-require-preflight: true")]
    CrossSite,
    /// Another site's page could have opened it in the user's name.
    #[error(
        "a socket with a session cookie is opened by pages of this origin, or of those in http.cors_origins"
    )]
    CrossSiteSocket,
    /// GET does not change anything and does not serve the Admin API.
    #[error("{0}")]
    Method(&'static str),
    /// The request was understood and refused before it ran: an unknown channel, an ended session.
    #[error("{message}")]
    BeforeRun {
        /// For the client.
        message: String,
        /// The stable code.
        code: &'static str,
    },
    /// The idempotency key is no text that could be one.
    #[error("an idempotency key is 16 to 255 visible ASCII characters, such as a UUID")]
    IdempotencyKey,
    /// The idempotency key stands for another request.
    #[error("the idempotency key has been used for another request")]
    IdempotencyKeyReused,
    /// The request is running already.
    #[error("a request with this idempotency key is still running; try again soon")]
    IdempotencyKeyInUse,
    /// The request was carried out, and there is no answer to give.
    #[error(
        "the request with this idempotency key took effect, but its answer was lost: read what it changed"
    )]
    IdempotencyAnswerLost,
    /// There is nothing at this address.
    #[error("there is nothing at this address")]
    NotFound,
    /// Too many requests are being worked on.
    #[error("the server is working on as many requests as it can; try again soon")]
    Overloaded,
    /// The request ran out of time.
    #[error("the request took too long and was given up")]
    TimedOut,
    /// A fault of the server, logged where it happened.
    #[error("the server made a mistake; it has been logged")]
    Internal,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::IdempotencyKey => StatusCode::BAD_REQUEST,
            Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::IdempotencyKeyInUse | Self::IdempotencyAnswerLost => StatusCode::CONFLICT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::CrossSite | Self::CrossSiteSocket => StatusCode::FORBIDDEN,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            // Clients of this API look at the errors of a 200, as with every refusal of an operation.
            Self::BeforeRun { .. } => StatusCode::OK,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Overloaded | Self::TimedOut => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable `extensions.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "BAD_REQUEST",
            Self::TooLarge { .. } => "PAYLOAD_TOO_LARGE",
            Self::ContentType => "UNSUPPORTED_MEDIA_TYPE",
            Self::CrossSite | Self::CrossSiteSocket => "CSRF_PREVENTED",
            Self::Method(_) => "METHOD_NOT_ALLOWED",
            Self::BeforeRun { code, .. } => code,
            Self::IdempotencyKey => "IDEMPOTENCY_KEY_INVALID",
            Self::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::IdempotencyKeyInUse => "IDEMPOTENCY_KEY_IN_USE",
            Self::IdempotencyAnswerLost => "IDEMPOTENCY_ANSWER_LOST",
            Self::NotFound => ErrorKind::NotFound.code(),
            Self::Overloaded => ErrorKind::Overloaded.code(),
            Self::TimedOut => "TIMEOUT",
            Self::Internal => ErrorKind::Internal.code(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = json!({ "message": self.to_string(), "extensions": { "code": self.code() } });
        let body = json!({ "errors": [error], "data": null });
        let mut response = (self.status(), axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::Method(_) => {
                headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
            }
            Self::Overloaded | Self::TimedOut | Self::IdempotencyKeyInUse => {
                headers.insert(header::RETRY_AFTER, RETRY_AFTER_S);
            }
            // What was not read is still on its way: the connection cannot be used again.
            Self::TooLarge { .. } => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}
