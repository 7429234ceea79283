//! The plugin host: runs the components that shops upload, and lets them do nothing else.
//!
//! [`PluginHost`] implements the traits of `soko-extension`; the core calls those and never sees this crate. A call gets
//! a fresh sandbox: no state survives it, none passes between channels, and whatever the guest does ends as a typed
//! failure within its limits. The host knows no database and no domain; it gets a component's bytes from a
//! `ComponentSource`.
//!
//! What must never be: a guest that runs longer, takes more memory or says more than [`Limits`] allow; a guest that
//! keeps a thread for more than a tick of the epoch; native code loaded that this host did not compile; a host path in
//! a message.
//!
//! Kinds are pure, which compute and reach nothing, or effectful, which talk to the world through `effects`: to the hosts
//! that are granted to them, with secrets that the host puts into their requests, each call recorded.
//!
//! To add a plugin kind: a folder beside `pricing` with one module per contract version, its trait in
//! `soko-extension`, and its world in `guest`. `sandbox`, `gate`, `breaker`, `registry`, `cache` and `compiler` know no
//! kind.

mod action;
mod breaker;
mod cache;
mod compiler;
mod effects;
mod engine;
mod error;
mod gate;
mod guest;
mod host;
mod inspect;
mod limits;
mod payment;
mod pricing;
mod registry;
mod sandbox;
mod spare;
mod stats;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod wasi;

pub use breaker::{BreakerOpening, BreakerState, COOL_DOWN, FAILURES_TO_OPEN, WINDOW};
pub use compiler::{CompileError, CompilerCommand, compiler_main, run_compiler};
pub use effects::EgressPolicy;
pub use engine::ENGINE_VERSION;
pub use error::HostError;
pub use host::{HostConfig, PluginHost};
pub use limits::{
    COMPONENT_BYTES_DEFAULT, COMPONENT_BYTES_OPT_IN, CallLimits, CompileLimits, EPOCH_TICK_MS, EffectLimits,
    Limits, MESSAGE_BYTES_MAX, REASON_BYTES_MAX,
};
pub use stats::{HostStats, LoadStats, VersionStats};
