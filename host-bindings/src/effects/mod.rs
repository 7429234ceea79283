//! What plugins that talk to the world may ask of the host: HTTP, secrets, kept values, messages, time, randomness, a log.
//!
//! One module per version of `soko:host`. Every call is held against what the manifest wants and the channel grants, is
//! taken from the call's budget, and is recorded with its cost.

mod address;
mod credentials;
mod egress;
mod messages;
mod policy;
mod run;
pub(crate) mod v0_1;
mod webhook;

use std::sync::Arc;
use std::time::Instant;

use soko_extension::action::Messenger;
use soko_extension::effect::{Capabilities, EffectfulCall, HostCall, PluginCaller, PluginStore};
use soko_kernel::Clock;

pub(crate) use egress::Egress;
pub use policy::EgressPolicy;
pub(crate) use policy::is_host_pattern;
pub(crate) use run::{Answer, Ask};

use crate::sandbox::one_line;

/// The package that the interfaces are named by.
const PACKAGE: &str = "soko:host/";
/// The interfaces of it.
const INTERFACES: [&str; 6] = ["clock", "http", "kv", "log", "random", "secrets"];
/// Those for messages to the recipient of a call.
const MESSAGE_INTERFACES: [&str; 5] = ["email", "inbox", "messages", "push", "sms"];
/// Host calls that are kept for the record; the rest is counted by its cost only.
const RECORDED_MAX: usize = 64;
/// Bytes of what a host call was about that are kept.
const TARGET_BYTES_MAX: usize = 120;

/// Whether a component of a kind that talks to the world may import this.
pub(crate) fn may_import(import: &str) -> bool {
    is_among(&INTERFACES, import)
}

/// Whether a component of a kind that is called for a recipient may import this, beside what others may.
pub(crate) fn may_import_messages(import: &str) -> bool {
    is_among(&MESSAGE_INTERFACES, import)
}

fn is_among(interfaces: &[&str], import: &str) -> bool {
    import
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.split_once('@'))
        .is_some_and(|(interface, version)| version == v0_1::VERSION && interfaces.contains(&interface))
}

/// What all guests that talk to the world share.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) egress: Arc<Egress>,
    pub(crate) store: Option<Arc<dyn PluginStore>>,
    pub(crate) clock: Clock,
}

/// What a guest that talks to the world is given.
pub(crate) struct Effects {
    egress: Arc<Egress>,
    store: Option<Arc<dyn PluginStore>>,
    clock: Clock,
    /// Nobody where a component is being inspected, which is granted nothing.
    caller: Option<PluginCaller>,
    wanted: Arc<Capabilities>,
    granted: Arc<Capabilities>,
    /// Who sends messages to the recipient; nobody where there is none.
    messenger: Option<Arc<dyn Messenger>>,
    /// Messages that were asked for.
    messages: u32,
    calls: Vec<HostCall>,
    reached_out: bool,
}

impl Effects {
    pub(crate) fn new(given: Given, call: &EffectfulCall) -> Self {
        let (wanted, granted) = (Arc::clone(&call.wanted), Arc::clone(&call.granted));
        Self { caller: Some(call.caller), wanted, granted, ..Self::nothing(given) }
    }

    /// The same, which sends messages by this messenger.
    pub(crate) fn with_messenger(self, messenger: Arc<dyn Messenger>) -> Self {
        Self { messenger: Some(messenger), ..self }
    }

    /// For a guest that is granted nothing.
    pub(crate) fn nothing(given: Given) -> Self {
        let Given { egress, store, clock } = given;
        Self {
            egress,
            store,
            clock,
            caller: None,
            wanted: Arc::default(),
            granted: Arc::default(),
            messenger: None,
            messages: 0,
            calls: Vec::new(),
            reached_out: false,
        }
    }

    /// What was asked of the host, and whether something may have changed outside.
    pub(crate) fn into_record(self) -> (Vec<HostCall>, bool) {
        (self.calls, self.reached_out)
    }

    fn uses_secret(&self, name: &str) -> bool {
        self.wanted.uses_secret(name) && self.granted.uses_secret(name)
    }

    fn reads_secret(&self, name: &str) -> bool {
        self.wanted.reads_secret(name) && self.granted.reads_secret(name)
    }

    /// What is kept, and for whom.
    fn keeper(&self) -> Option<(Arc<dyn PluginStore>, PluginCaller)> {
        Some((self.store.clone()?, self.caller?))
    }

    fn keeps_values(&self) -> bool {
        self.wanted.kv && self.granted.kv
    }

    fn record(&mut self, function: &str, target: &str, begun: Instant, done: Done) {
        if self.calls.len() == RECORDED_MAX {
            return;
        }
        self.calls.push(HostCall {
            function: function.to_owned(),
            target: one_line(target, TARGET_BYTES_MAX),
            status: done.status,
            bytes_out: done.bytes_out as u64,
            bytes_in: done.bytes_in as u64,
            micros: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            error: done.error,
        });
    }
}

/// How a call of the host ended.
#[derive(Default)]
struct Done {
    status: Option<u16>,
    bytes_out: usize,
    bytes_in: usize,
    error: Option<String>,
}
