//! Stored components, as the plugin host asks for them.

use async_trait::async_trait;
use soko_extension::{ComponentBytes, ComponentSource, Digest, FailureKind, PluginFailure};
use soko_infra::{DataScope, Database};

use super::repo;

/// The components in the store. The host asks by digest, and bytes with the same digest are the same whoever
/// uploaded them: which channel may call which component is decided by its bindings.
#[derive(Debug, Clone)]
pub struct StoredComponents {
    database: Database,
}

impl StoredComponents {
    /// The components of this store.
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl ComponentSource for StoredComponents {
    async fn load(&self, digest: Digest) -> Result<Option<ComponentBytes>, PluginFailure> {
        let read = self
            .database
            .read(DataScope::Platform, async move |reader| repo::find_component(reader, digest).await);
        read.await.map_err(|error| {
            tracing::error!(%digest, %error, "a component cannot be read");
            PluginFailure::new(FailureKind::Host, "the stored component cannot be read at the moment")
        })
    }
}
