//! Safaricom's Daraja as the demo has it, for tests, in which each step is to succeed.

use std::ops::Deref;

use serde_json::Value;
use soko::demo::daraja;

pub use daraja::{CONSUMER, PASSKEY, Prompt, callback};

/// The stand-in.
#[derive(Debug)]
pub struct Daraja(daraja::Daraja);

impl Deref for Daraja {
    type Target = daraja::Daraja;

    fn deref(&self) -> &daraja::Daraja {
        &self.0
    }
}

impl Daraja {
    /// Starts it, in good order and with payers who take their time.
    ///
    /// # Panics
    /// When the system has no port left.
    pub async fn start() -> Self {
        Self(daraja::Daraja::start().await.expect("a port"))
    }

    /// The payer of the newest prompt answers: 0 pays, 1032 cancels. Nothing is told of it yet.
    ///
    /// # Panics
    /// When there is no prompt.
    pub fn payer_answers(&self, result: i64) -> String {
        self.0.payer_answers(result).expect("a prompt")
    }

    /// Tells of a prompt's result, and returns the status of the answer.
    ///
    /// # Panics
    /// When there is no such prompt, or nobody listens.
    pub async fn call_back(&self, checkout: &str) -> u16 {
        self.0.call_back(checkout).await.expect("an answer to a callback")
    }

    /// Tells of the newest reversal's result.
    ///
    /// # Panics
    /// When there is none, or nobody listens.
    pub async fn call_back_reversal(&self, result: i64) -> u16 {
        self.0.call_back_reversal(result).await.expect("an answer to a callback")
    }

    /// Sends a callback of a stranger's making.
    ///
    /// # Panics
    /// When nobody listens.
    pub async fn send(&self, url: &str, body: &Value) -> u16 {
        self.0.send(url, body).await.expect("an answer to a callback")
    }

    /// Sends a callback, and returns the status of the answer; none when there is no answer.
    pub async fn try_send(&self, url: &str, body: &Value) -> Option<u16> {
        self.0.send(url, body).await
    }
}
