//! Why a host could not be built or a component not loaded.

use soko_extension::{Digest, FailureKind, PluginFailure};

/// Why the host could not start. Faults of guests are [`PluginFailure`]s, never this.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A limit in the configuration makes no sense.
    #[error("limit `{key}`: {reason}")]
    Limit {
        /// Name of the limit.
        key: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The engine refused its configuration, or the machine has too little address space.
    #[error("the WebAssembly engine did not start: {0:#}")]
    Engine(wasmtime::Error),
    /// The HTTP client of plugins did not start.
    #[error("the HTTP client for plugins did not start: {0}")]
    Client(String),
    /// The cache of compiled components cannot be used.
    #[error("the cache of compiled components: {0}")]
    Cache(#[from] std::io::Error),
}

/// Why a component could not be made ready to be called.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum LoadError {
    /// The store of components has no such component.
    #[error("no component with digest {0} is stored")]
    Missing(Digest),
    /// The store of components could not be read.
    #[error("{}", .0.message)]
    Source(PluginFailure),
    /// The stored bytes are not the ones that the digest names.
    #[error("the stored component is damaged: its digest is not {0}")]
    Damaged(Digest),
    /// The compiler refused the component, or ran out of its time or memory.
    #[error("the component could not be compiled: {0}")]
    Compile(String),
    /// Its exports or imports are not those of its world.
    #[error("the component does not fit its world: {0}")]
    World(String),
    /// The host itself failed.
    #[error("{0}")]
    Host(String),
}

impl LoadError {
    /// Whether trying again at once would end the same way.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(self, Self::Compile(_) | Self::World(_))
    }
}

impl From<LoadError> for PluginFailure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Source(failure) => failure,
            other => Self::new(FailureKind::Host, other.to_string()),
        }
    }
}
