//! `swahili-sms`: tells customers of their orders, payments and credit in Swahili, by the shop's own account.
//!
//! [`words`] makes the text of an event, and this file what the sandbox adds. To be bound in place of the built-in action
//! `sms`. The host sends the message to the recipient of the call: the component knows no number.

pub mod words;

use soko_action::{
    ActionHandler, Capabilities, Event, Manifest, Outcome, Recipient, manifest, no_capabilities, outcome_of,
    sms,
};

/// The component.
#[derive(Debug)]
pub struct SwahiliSms;

/// What this handler wants of the world.
pub fn capabilities() -> Capabilities {
    Capabilities { sms: true, ..no_capabilities() }
}

impl ActionHandler for SwahiliSms {
    fn describe() -> Manifest {
        manifest!(include_str!("../config-schema.json"), capabilities())
    }

    fn handle(event: Event, recipient: Recipient, config: String) -> Outcome {
        match words::message(&event, &recipient, &config) {
            Ok(text) => outcome_of(sms::send(&text)),
            Err(outcome) => outcome,
        }
    }
}

#[cfg(target_arch = "wasm32")]
soko_action::export!(SwahiliSms);

#[cfg(test)]
mod tests;
