//! Callbacks, and what of them is kept.

use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use soko_extension::payment::Callback;

/// How long callbacks are kept.
pub(super) const KEPT_FOR: Duration = Duration::from_hours(90 * 24);
/// Headers that authorise, and are not kept.
const UNKEPT_HEADERS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "vendure-token"];
/// What the names of parameters hold whose values authorise, and are not kept.
const UNKEPT_PARAMETERS: [&str; 4] = ["token", "secret", "key", "sign"];

/// What was made of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackState {
    /// Nothing yet.
    Received,
    /// What it says is in force.
    Applied,
    /// It says nothing that changes anything.
    Ignored,
    /// It was not taken.
    Refused,
}

impl CallbackState {
    /// The name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "Received",
            Self::Applied => "Applied",
            Self::Ignored => "Ignored",
            Self::Refused => "Refused",
        }
    }
}

/// A callback that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCallback {
    /// Its id.
    pub id: i64,
    /// Whether the same came before and what it says was dealt with.
    pub done: bool,
}

/// Names the callback: what came, all of it.
pub(super) fn digest(callback: &Callback) -> String {
    let mut hash = Sha256::new();
    hash.update(callback.query.as_bytes());
    hash.update([0]);
    for (name, value) in callback.headers.iter().filter(|(name, _)| name.contains("signature")) {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(value.as_bytes());
        hash.update([0]);
    }
    hash.update(&callback.body);
    HEXLOWER.encode(&hash.finalize())
}

/// The headers as they are kept.
pub(super) fn kept_headers(callback: &Callback) -> Vec<&(String, String)> {
    let kept = |(name, _): &&(String, String)| !UNKEPT_HEADERS.contains(&name.as_str());
    callback.headers.iter().filter(kept).collect()
}

/// The parameters as they are kept.
pub(super) fn kept_query(query: &str) -> String {
    let kept = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if UNKEPT_PARAMETERS.iter().any(|part| name.to_ascii_lowercase().contains(part)) => {
            format!("{name}=…")
        }
        _ => pair.to_owned(),
    };
    query.split('&').map(kept).collect::<Vec<_>>().join("&")
}

/// The id in an idempotency key.
pub(super) fn id_in(key: &str, prefix: &str) -> Option<i64> {
    key.strip_prefix(prefix)?.parse().ok().filter(|id| *id > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_nothing_that_authorises() {
        assert_eq!(kept_query("token=abc&payment=payment-7"), "token=…&payment=payment-7");
        assert_eq!(kept_query("apiKey=1&x"), "apiKey=…&x");
        assert_eq!(kept_query(""), "");
        let headers = [("cookie", "a"), ("x-paystack-signature", "b")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let callback = Callback { headers, query: String::new(), body: Vec::new() };
        assert_eq!(kept_headers(&callback).len(), 1);
    }

    #[test]
    fn tells_callbacks_apart_by_all_that_matters() {
        let callback = |query: &str, signature: &str, body: &str| {
            let headers = vec![
                ("x-signature".to_owned(), signature.to_owned()),
                ("date".to_owned(), body.len().to_string()),
            ];
            digest(&Callback { headers, query: query.to_owned(), body: body.as_bytes().to_vec() })
        };
        assert_eq!(callback("a", "b", "c"), callback("a", "b", "c"));
        for other in [callback("x", "b", "c"), callback("a", "x", "c"), callback("a", "b", "x")] {
            assert_ne!(callback("a", "b", "c"), other);
        }
    }

    #[test]
    fn reads_ids_out_of_keys() {
        assert_eq!(id_in("payment-17", "payment-"), Some(17));
        for odd in ["payment-", "payment--1", "payment-0", "refund-17", "17", "payment-1x"] {
            assert_eq!(id_in(odd, "payment-"), None, "{odd}");
        }
    }
}
