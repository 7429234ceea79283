//! How a call of a plugin can fail, in the words that administrators see.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which limit or rule ended the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The guest trapped: a panic, an access out of bounds, a stack overflow.
    Trap,
    /// The guest was still running at its wall-clock deadline.
    Deadline,
    /// The guest used up its fuel.
    Fuel,
    /// The guest asked for more memory than its limit.
    Memory,
    /// What the guest handed to the host was too large or too much, or its answer broke the rules of its kind.
    Output,
    /// The guest asked for something that it was not granted.
    Denied,
    /// The guest answered with a refusal of its own.
    Guest,
    /// The circuit breaker is open: the plugin failed too often lately and was not called.
    BreakerOpen,
    /// The host could not run the plugin, through no fault of the guest.
    Host,
}

impl FailureKind {
    /// The stable name that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Deadline => "deadline",
            Self::Fuel => "fuel",
            Self::Memory => "memory",
            Self::Output => "output",
            Self::Denied => "denied",
            Self::Guest => "guest",
            Self::BreakerOpen => "breaker_open",
            Self::Host => "host",
        }
    }
}

/// A failed call: which limit or rule ended it, and a sentence for the shop's administrator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub struct PluginFailure {
    /// Which limit or rule ended the call.
    pub kind: FailureKind,
    /// One sentence; at most a few hundred bytes, free of host paths and addresses.
    pub message: String,
}

impl PluginFailure {
    /// A failure of this kind with this sentence.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl fmt::Display for PluginFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.message)
    }
}
