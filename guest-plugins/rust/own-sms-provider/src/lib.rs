//! `own-sms-provider`: hands text messages to a gateway of the shop's own, by JSON over HTTP.
//!
//! To be bound in place of the built-in action `sms`. It sends the core's text, which the shop's templates say, and has to be
//! granted the recipient's number. Each message carries a reference that stays the same when it is sent again, so that the
//! gateway can tell. [`gateway`] makes the request and reads the answer, and this file is what the sandbox adds.

pub mod gateway;

use soko_action::{
    ActionHandler, Capabilities, Event, Manifest, Outcome, Recipient, http, manifest, no_capabilities, wanted,
};

/// The component.
#[derive(Debug)]
pub struct OwnSmsProvider;

/// What this handler wants of the world.
pub fn capabilities() -> Capabilities {
    let secret =
        wanted(gateway::API_KEY, "What the gateway knows the shop by; sent as a bearer token.", false);
    // Which host it is, the shop grants: any may be.
    Capabilities { hosts: vec!["*".to_owned()], secrets: vec![secret], contact: true, ..no_capabilities() }
}

impl ActionHandler for OwnSmsProvider {
    fn describe() -> Manifest {
        manifest!(include_str!("../config-schema.json"), capabilities())
    }

    fn handle(event: Event, recipient: Recipient, config: String) -> Outcome {
        match gateway::request(&event, &recipient, &config) {
            Ok(request) => gateway::outcome(http::send(&request)),
            Err(outcome) => outcome,
        }
    }
}

#[cfg(target_arch = "wasm32")]
soko_action::export!(OwnSmsProvider);

#[cfg(test)]
mod tests;
