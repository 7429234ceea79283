//! Components as files: where their bytes come from, and what an inspection at upload says of them.

use std::fmt;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::effect::Capabilities;
use crate::failure::PluginFailure;

/// The bytes of a component as uploaded.
pub type ComponentBytes = std::sync::Arc<[u8]>;

/// The SHA-256 of a component's exact bytes: its identity everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads 64 hexadecimal digits; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// Its first twelve hexadecimal digits: enough for people to tell components apart.
    pub fn short(&self) -> String {
        HEXLOWER.encode(&self.0[..6])
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        HEXLOWER.encode_display(&self.0).fmt(f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{self}")
    }
}

/// The kinds of plugin that this core can host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PluginKind {
    /// Pure rules that adjust the price of an order.
    Pricing,
    /// Handlers that talk to whoever moves the money.
    Payment,
    /// Handlers that act on events: they tell people, or other systems.
    Action,
}

impl PluginKind {
    /// The stable name that manifests, the database and clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pricing => "pricing",
            Self::Payment => "payment",
            Self::Action => "action",
        }
    }

    /// The kind with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Pricing, Self::Payment, Self::Action].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What a component says of itself, checked for form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Lower-case letters, digits and dashes.
    pub name: String,
    /// Semantic version of the component.
    pub version: String,
    /// One sentence for the shop's administrator.
    pub description: String,
    /// The kind, the same as the world that the component exports.
    pub kind: PluginKind,
    /// JSON Schema of a binding's configuration, as a JSON text that parses.
    pub config_schema: String,
    /// What it needs of the world; nothing for pure kinds.
    #[serde(default)]
    pub capabilities: Capabilities,
}

/// Everything that is known of a component after upload and before use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// SHA-256 of the bytes, 64 hexadecimal digits.
    pub digest: String,
    /// Size of the component in bytes.
    pub size_bytes: u64,
    /// What the component says of itself.
    pub manifest: Manifest,
    /// The contract version it was built against: `soko:pricing@0.1.0`.
    pub contract: String,
    /// Names of the interfaces it imports, sorted.
    pub imports: Vec<String>,
    /// How long compiling it took, in milliseconds.
    pub compile_ms: u64,
}

/// Why a component was refused at upload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Larger than the channel may upload.
    #[error(
        "the component is larger than the {limit_bytes} bytes that this platform allows; its operator may allow more \
         (uploads.component_bytes_max, and uploads.allow_large_components for languages that bring their runtime along)"
    )]
    TooLarge {
        /// The limit in force.
        limit_bytes: u64,
    },
    /// Not a WebAssembly component at all.
    #[error("this is no WebAssembly component: {0}")]
    NotAComponent(String),
    /// A component, but not of a world that this core hosts.
    #[error("the component is of another world: {0}")]
    WrongWorld(String),
    /// It imports interfaces that its kind may not use.
    #[error("the component imports what a {kind} plugin may not use: {}", .imports.join(", "))]
    ForbiddenImports {
        /// Stable name of the kind.
        kind: &'static str,
        /// The offending interface names, sorted.
        imports: Vec<String>,
    },
    /// Compiling took more time or memory than allowed.
    #[error("the component could not be compiled: {0}")]
    Compile(String),
    /// `describe` failed, or its answer is malformed or contradicts the component.
    #[error("the component's description is not acceptable: {0}")]
    Manifest(String),
    /// The trial run after upload failed.
    #[error("the component failed its trial run: {0}")]
    SmokeRun(PluginFailure),
    /// The host itself failed, which says nothing about the component: trying again may help.
    #[error("the host could not inspect the component: {0}")]
    Host(String),
}

/// Where the host gets a component's bytes when it has not compiled them yet.
#[async_trait]
pub trait ComponentSource: Send + Sync {
    /// The bytes with this digest; `None` when no such component is stored.
    ///
    /// # Errors
    /// A [`PluginFailure`] of kind `Host` when the store cannot be read.
    async fn load(&self, digest: Digest) -> Result<Option<ComponentBytes>, PluginFailure>;
}

/// Checks a component before it may be stored.
#[async_trait]
pub trait ComponentInspector: Send + Sync {
    /// Parses, checks imports, compiles, asks for the manifest and makes a trial run, all within limits.
    ///
    /// # Errors
    /// The first [`Rejection`] met.
    async fn inspect(&self, bytes: ComponentBytes, size_limit_bytes: u64) -> Result<Inspection, Rejection>;
}
