//! Plugins: what a shop uploads, how it is put to use, what it did, and the proofs of how orders were priced.
//!
//! Invariants: a version never changes and is never deleted, since receipts name it; identical bytes are stored once;
//! a binding's configuration meets its version's schema; a plugin of one channel is invisible to every other; no
//! component is inspected and no configuration checked while a transaction is open.
//!
//! A change of a binding raises the channel's revision, so that the next request is served by it.

mod binding;
mod breaker;
mod component;
mod entity;
mod error;
mod event;
mod grants;
mod kept;
mod receipt;
mod repo;
mod run;
mod schema;
mod secrets;
#[cfg(test)]
mod tests;
mod upload;
mod vault;

use std::sync::Arc;

use soko_extension::ComponentInspector;
use soko_infra::{Database, RevisionCache};
use soko_kernel::{
    Actor, CacheStats, Clock, ListQuery, Page, Permission, PluginBindingId, PluginId, PluginVersionId,
};

pub use breaker::{BREAKERS, OpenBreaker};
pub use component::StoredComponents;
pub use entity::{
    ActiveBinding, BINDING_PRIORITY_DEFAULT, BindingChanges, FailurePolicy, ImportsDifference, NewBinding,
    Plugin, PluginBinding, PluginLimits, PluginRef, PluginVersion, Setting, Upload, VersionRef,
};
pub use error::{ConfigProblem, PluginError};
pub use event::{
    BindingState, PluginBindingUpdated, PluginBound, PluginRolledBack, PluginUnbound, PluginUploaded,
};
pub use kept::{KeptForPlugins, VALUE_BYTES_MAX, VALUES_MAX};
pub use receipt::{NewReceipt, PriceReceipt};
pub use run::{NewRun, OUTCOME_OK, PluginRun, RUNS_KEPT_PER_CHANNEL, RunRecorder};
pub use schema::{CONFIG_BYTES_MAX, canonical};
pub use secrets::{PluginSecret, SECRET_BYTES_MAX};
pub(crate) use vault::Place;
pub use vault::{InvalidVaultKey, Vault};

/// Channels whose bindings are cached.
const CHANNELS_CACHED_MAX: usize = 4_096;

/// The use cases of plugins. Cheap to clone.
#[derive(Clone)]
pub struct Plugins {
    database: Database,
    clock: Clock,
    inspector: Arc<dyn ComponentInspector>,
    limits: PluginLimits,
    active: Arc<RevisionCache<Vec<ActiveBinding>>>,
    recorder: RunRecorder,
    vault: Option<Vault>,
}

impl std::fmt::Debug for Plugins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugins").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Plugins {
    /// The service over this store. Starts the recorder of runs, and so must be called within a Tokio runtime.
    pub fn new(
        database: Database,
        clock: Clock,
        inspector: Arc<dyn ComponentInspector>,
        limits: PluginLimits,
    ) -> Self {
        let recorder = RunRecorder::start(database.clone());
        let active = Arc::new(RevisionCache::new(CHANNELS_CACHED_MAX));
        Self { database, clock, inspector, limits, active, recorder, vault: None }
    }

    /// The same with a key for secrets; without one none can be set.
    #[must_use]
    pub fn with_vault(self, vault: Option<Vault>) -> Self {
        Self { vault, ..self }
    }

    /// How the cache of channels' configuration does.
    pub fn cache_stats(&self) -> CacheStats {
        self.active.stats()
    }

    /// What the platform allows.
    pub fn limits(&self) -> &PluginLimits {
        &self.limits
    }

    /// A page of the channel's plugins.
    ///
    /// # Errors
    /// [`PluginError`].
    pub async fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Plugin>, PluginError> {
        let scope = actor.require(Permission::ReadPlugin)?;
        self.database.read(scope, async |reader| repo::list_plugins(reader, scope, query).await).await
    }

    /// A plugin of the channel.
    ///
    /// # Errors
    /// [`PluginError`].
    pub async fn find(&self, actor: &Actor, plugin: &PluginRef) -> Result<Option<Plugin>, PluginError> {
        let scope = actor.require(Permission::ReadPlugin)?;
        self.database.read(scope, async |reader| repo::find_plugin(reader, scope, plugin).await).await
    }

    /// A page of the versions of one plugin or of all, newest first unless the query says otherwise.
    ///
    /// # Errors
    /// [`PluginError`].
    pub async fn list_versions(
        &self,
        actor: &Actor,
        plugin: Option<PluginId>,
        query: &ListQuery,
    ) -> Result<Page<PluginVersion>, PluginError> {
        let scope = actor.require(Permission::ReadPlugin)?;
        self.database
            .read(scope, async |reader| repo::list_versions(reader, scope, plugin, query).await)
            .await
    }

    /// A version of a plugin of the channel.
    ///
    /// # Errors
    /// [`PluginError`].
    pub async fn find_version(
        &self,
        actor: &Actor,
        id: PluginVersionId,
    ) -> Result<Option<PluginVersion>, PluginError> {
        let scope = actor.require(Permission::ReadPlugin)?;
        self.database.read(scope, async |reader| repo::find_version(reader, scope, id).await).await
    }

    /// A page of the channel's bindings, in the order in which they are called unless the query says otherwise.
    ///
    /// # Errors
    /// [`PluginError`].
    pub async fn list_bindings(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<PluginBinding>, PluginError> {
        let scope = actor.require(Permission::ReadPlugin)?;
        self.database.read(scope, async |reader| repo::list_bindings(reader, scope, query).await).await
    }

    /// A binding of the channel.
    ///
    /// # Errors
    /// [`PluginError`].
    pub async fn find_binding(
        &self,
        actor: &Actor,
        id: PluginBindingId,
    ) -> Result<Option<PluginBinding>, PluginError> {
        let scope = actor.require(Permission::ReadPlugin)?;
        self.database.read(scope, async |reader| repo::find_binding(reader, scope, id).await).await
    }

    /// A page of the recorded calls of one plugin or of all, newest first unless the query says otherwise.
    ///
    /// # Errors
    /// [`PluginError`].
    pub async fn list_runs(
        &self,
        actor: &Actor,
        plugin: Option<PluginId>,
        query: &ListQuery,
    ) -> Result<Page<PluginRun>, PluginError> {
        let scope = actor.require(Permission::ReadPlugin)?;
        self.database.read(scope, async |reader| repo::list_runs(reader, scope, plugin, query).await).await
    }

    /// Records calls off the request's path: they are written soon, together with others. Never waits.
    pub fn record_runs(&self, runs: impl IntoIterator<Item = NewRun>) {
        runs.into_iter().for_each(|run| self.recorder.record(run));
    }

    /// The recorder of runs, to flush it at shutdown.
    pub fn recorder(&self) -> &RunRecorder {
        &self.recorder
    }
}
