//! What an action handler for Soko in Rust builds on: the contract's types, configurations, and requests with a JSON body.
//!
//! A handler is a type that implements [`ActionHandler`], made a component by `soko_action::export!(Type)`. Keep what it says
//! and what it makes of an answer in functions of plain values, so that they are tested natively; only asking the host
//! belongs to the sandbox.
//!
//! A handler may be called anew about the same event and recipient. What it has the host send is sent once all the same;
//! what it asks of others itself should carry the event's `idempotency_key`.

pub mod bindings;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use bindings::Guest as ActionHandler;
pub use bindings::export;
pub use bindings::soko::action::types::{
    Capabilities, Event, Manifest, Outcome, Recipient, RecipientKind, WantedSecret,
};
pub use bindings::soko::host::http::{self, Credential, Header, Method, Request, Response, SecretHeader};
pub use bindings::soko::host::log::info as log_info;
pub use bindings::soko::host::{clock, email, inbox, kv, messages, push, random, secrets, sms};

/// The kind that an action handler's manifest states.
pub const KIND: &str = "action";

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

/// A handler that wants nothing of the world; to be added to.
pub fn no_capabilities() -> Capabilities {
    Capabilities {
        hosts: Vec::new(),
        secrets: Vec::new(),
        kv: false,
        sms: false,
        email: false,
        push: false,
        inbox: false,
        contact: false,
    }
}

/// A secret that a manifest wants.
pub fn wanted(name: &str, description: &str, readable: bool) -> WantedSecret {
    WantedSecret { name: name.to_owned(), description: description.to_owned(), readable }
}

/// Reads a binding's configuration.
///
/// # Errors
/// [`Outcome::Failed`] with the parser's message when the text is no JSON or lacks what the handler needs.
pub fn parse_config<T: DeserializeOwned>(config: &str) -> Result<T, Outcome> {
    serde_json::from_str(config).map_err(|error| Outcome::Failed(format!("the configuration: {error}")))
}

/// A request whose body is a JSON document.
pub fn post(url: String, body: &Value, mut headers: Vec<Header>, credentials: Vec<Credential>) -> Request {
    headers.push(Header { name: "content-type".to_owned(), value: "application/json".to_owned() });
    let body = Some(body.to_string().into_bytes());
    Request { method: Method::Post, url, headers, body, credentials }
}

/// What a message that the host was asked to send comes to for the event.
pub fn outcome_of(sent: Result<messages::Receipt, messages::Error>) -> Outcome {
    match sent {
        Ok(_) => Outcome::Done,
        Err(messages::Error::NoAddress) => {
            Outcome::Skipped("the recipient cannot be told in this way".to_owned())
        }
        Err(messages::Error::Denied) => {
            Outcome::Failed("the shop does not grant what it takes to send messages".to_owned())
        }
        Err(messages::Error::QuotaExceeded) => {
            Outcome::Failed("the shop has used up what it may send".to_owned())
        }
        Err(messages::Error::Unavailable(why)) => Outcome::Retry(why),
        Err(messages::Error::Refused(why) | messages::Error::InDoubt(why)) => Outcome::Failed(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_again_only_where_nothing_was_sent() {
        let retried = |error| matches!(outcome_of(Err(error)), Outcome::Retry(_));
        assert!(retried(messages::Error::Unavailable("busy".into())));
        assert!(!retried(messages::Error::InDoubt("no answer".into())));
        assert!(!retried(messages::Error::Refused("no such number".into())));
        assert!(!retried(messages::Error::Denied));
        assert_eq!(outcome_of(Ok(messages::Receipt { id: None, segments: 1 })), Outcome::Done);
    }
}
