//! What a payment handler for Soko in Rust builds on: the contract's types, JSON over HTTP, and exact amounts.
//!
//! A handler is a type that implements [`PaymentHandler`], made a component by `soko_payment::export!(Type)`. Keep what it
//! sends and what it makes of an answer in functions of plain values, so that they are tested natively; only asking the
//! host belongs to the sandbox.
//!
//! What an answer means for the money is the rule to get right: `failed` and `declined` say for certain that nothing was
//! paid, and whatever leaves that open is `in-doubt`. [`Answered::doubt`] helps: it is certain only where the host says
//! that nothing was sent.

pub mod amount;
pub mod bindings;
pub mod time;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use bindings::Guest as PaymentHandler;
pub use bindings::export;
pub use bindings::soko::host::http::{self, Credential, Header, Method, Request, Response};
pub use bindings::soko::host::log::info as log_info;
pub use bindings::soko::host::{clock, kv, random, secrets};
pub use bindings::soko::payment::types::{
    Callback, CallbackRefusal, Capabilities, Change, Manifest, Notice, PaymentNotice, PaymentOutcome,
    PaymentReference, PaymentRequest, Pending, RefundNotice, RefundOutcome, RefundRequest, Refusal, Subject,
    WantedSecret,
};

/// The kind that a payment handler's manifest states.
pub const KIND: &str = "payment";

/// The manifest of the crate that calls it: name, version and description from its `Cargo.toml`, the configuration's JSON
/// Schema and what it wants as given.
#[macro_export]
macro_rules! manifest {
    ($config_schema:expr, $capabilities:expr) => {
        $crate::Manifest {
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: env!("CARGO_PKG_DESCRIPTION").into(),
            kind: $crate::KIND.into(),
            config_schema: $config_schema.into(),
            capabilities: $capabilities,
        }
    };
}

/// A secret that a manifest wants.
pub fn wanted(name: &str, description: &str, readable: bool) -> WantedSecret {
    WantedSecret { name: name.to_owned(), description: description.to_owned(), readable }
}

/// Reads a binding's configuration.
///
/// # Errors
/// [`Refusal::InvalidConfig`] with the parser's message when the text is no JSON or lacks what the handler needs.
pub fn parse_config<T: DeserializeOwned>(config: &str) -> Result<T, Refusal> {
    serde_json::from_str(config).map_err(|error| Refusal::InvalidConfig(error.to_string()))
}

/// A request whose body is a JSON document.
pub fn post(url: String, body: &Value, credentials: Vec<Credential>) -> Request {
    let header = Header { name: "content-type".to_owned(), value: "application/json".to_owned() };
    let body = Some(body.to_string().into_bytes());
    Request { method: Method::Post, url, headers: vec![header], body, credentials }
}

/// A request without a body.
pub fn get(url: String, credentials: Vec<Credential>) -> Request {
    Request { method: Method::Get, url, headers: Vec::new(), body: None, credentials }
}

/// What came of a request, in the words that decide about money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// An answer whose body is JSON.
    Json {
        /// The HTTP status.
        status: u16,
        /// The document.
        body: Value,
    },
    /// An answer that is no JSON: a gateway's error page, for example.
    Other {
        /// The HTTP status.
        status: u16,
    },
    /// For certain the server has seen nothing of it.
    NotSent(String),
    /// The server may or may not have seen it.
    Lost(String),
}

impl Answered {
    /// What the host's answer is.
    pub fn from_host(result: Result<Response, http::Error>) -> Self {
        match result {
            Ok(response) => match serde_json::from_slice(&response.body) {
                Ok(body) => Self::Json { status: response.status, body },
                Err(_) => Self::Other { status: response.status },
            },
            Err(http::Error::Invalid(why)) => Self::NotSent(format!("invalid request: {why}")),
            Err(http::Error::Denied(why) | http::Error::Unreachable(why)) => Self::NotSent(why),
            Err(http::Error::UnknownSecret(why)) => Self::NotSent(format!("the secret {why}")),
            Err(http::Error::Interrupted(why)) => Self::Lost(why),
            Err(http::Error::TimedOut) => Self::Lost("no answer in time".to_owned()),
            Err(http::Error::TooLarge) => Self::Lost("an answer that is too large".to_owned()),
        }
    }

    /// The outcome where this is no answer that a rule of the provider's covers: certain only when nothing was sent.
    pub fn doubt(&self, who: &str) -> PaymentOutcome {
        match self {
            Self::NotSent(why) => {
                log_host(&format!("{who} was not asked: {why}"));
                PaymentOutcome::Failed(format!("{who} cannot be reached at the moment; nothing was charged"))
            }
            other => PaymentOutcome::InDoubt(other.in_words(who)),
        }
    }

    /// What happened, for administrators.
    pub fn in_words(&self, who: &str) -> String {
        match self {
            Self::Json { status, body } => {
                let text = ["errorMessage", "message", "ResponseDescription"];
                let said = text.iter().find_map(|name| body.get(name).and_then(Value::as_str));
                format!("{who} answered {status}: {}", said.unwrap_or("something unknown"))
            }
            Self::Other { status } => format!("{who} answered {status} with what is no JSON"),
            Self::NotSent(why) => format!("{who} was not asked: {why}"),
            Self::Lost(why) => format!("{who} was asked, and its answer is not known: {why}"),
        }
    }
}

/// Logs where there is a host; natively there is none.
fn log_host(_message: &str) {
    #[cfg(target_arch = "wasm32")]
    log_info(_message);
}

/// The value of a parameter in a query, percent-decoding left out: for names and values of plain letters.
pub fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// The value of a header, by its name in lower case.
pub fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_certain_only_when_nothing_was_sent() {
        let failed =
            |error| matches!(Answered::from_host(Err(error)).doubt("Bank"), PaymentOutcome::Failed(_));
        assert!(failed(http::Error::Unreachable("refused".into())));
        assert!(failed(http::Error::UnknownSecret("key has no value".into())));
        assert!(failed(http::Error::Denied("private".into())));
        assert!(!failed(http::Error::TimedOut));
        assert!(!failed(http::Error::Interrupted("reset".into())));
        assert!(!failed(http::Error::TooLarge));
        let page = Response { status: 502, headers: Vec::new(), body: b"<html>".to_vec() };
        let answered = Answered::from_host(Ok(page));
        assert_eq!(answered, Answered::Other { status: 502 });
        assert!(matches!(answered.doubt("Bank"), PaymentOutcome::InDoubt(_)));
    }

    #[test]
    fn finds_parameters_and_headers() {
        assert_eq!(parameter("token=a1&payment=payment-7", "payment"), Some("payment-7"));
        assert_eq!(parameter("xpayment=1&payments=2", "payment"), None);
        assert_eq!(parameter("", "token"), None);
        let headers = [("x-a".to_owned(), "1".to_owned())];
        assert_eq!((header(&headers, "x-a"), header(&headers, "x-b")), (Some("1"), None));
    }
}
