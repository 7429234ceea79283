//! Putting plugins to use: bind, change, roll back, unbind.

use std::sync::Arc;

use soko_extension::PluginKind;
use soko_infra::{DatabaseError, Tx};
use soko_kernel::{Actor, ChannelScope, Permission, PluginBindingId, PluginId, PluginVersionId, Timestamp};

use super::entity::{
    ActiveBinding, BindingChanges, FailurePolicy, NewBinding, PluginBinding, PluginRef, PluginVersion,
    Setting,
};
use super::error::PluginError;
use super::event::{BindingState, PluginBindingUpdated, PluginBound, PluginRolledBack, PluginUnbound};
use super::repo::{self, BindingValues};
use super::schema::ConfigSchema;
use super::upload::off_the_request_thread;
use super::{Plugins, grants};
use crate::channels::Channels;

impl Plugins {
    /// Puts a version of a plugin to use, from the next request on.
    ///
    /// # Errors
    /// An unknown plugin or version, a configuration that breaks the version's schema, a plugin that is bound already,
    /// or more enabled bindings than the platform allows.
    pub async fn bind(&self, actor: &Actor, new: NewBinding) -> Result<PluginBinding, PluginError> {
        let scope = actor.require(Permission::UpdatePlugin)?;
        let (plugin, kind, version) = self.get_plugin_id(scope, &new.plugin, new.version).await?;
        let version = self.get_version(scope, plugin, version).await?;
        grants::check(&version.capabilities, &new.grants)?;
        let setting = checked(version, new.config).await?;
        let (now, enabled_max) = (self.clock.now(), self.limits.enabled_bindings_max);
        let (grants, priority, enabled) = (new.grants, new.priority, new.enabled);
        // Only the price of an order can be had without a plugin.
        let failure_policy =
            if kind == PluginKind::Pricing { new.failure_policy } else { FailurePolicy::FailClosed };
        self.database
            .write(scope, async move |tx| {
                check_room(tx, scope, (None, enabled), enabled_max).await?;
                let (version, config) = (setting.version.id, setting.config.as_str());
                let grants = &grants;
                let values =
                    BindingValues { plugin, version, config, grants, priority, failure_policy, enabled };
                let id = repo::insert_binding(tx, scope, values, now).await?;
                Channels::touch_in_tx(tx, scope, now).await?;
                let binding = get(tx, scope, id).await?;
                tx.publish(scope, now, &PluginBound(state_of(&binding)))?;
                Ok(binding)
            })
            .await
    }

    /// Changes a binding, from the next request on. What was in force before is kept for a rollback when version or
    /// configuration change.
    ///
    /// # Errors
    /// As for [`Plugins::bind`]; [`PluginError::ChangedMeanwhile`] when somebody else changed the binding's version or
    /// configuration at the same time.
    pub async fn update_binding(
        &self,
        actor: &Actor,
        id: PluginBindingId,
        changes: BindingChanges,
    ) -> Result<PluginBinding, PluginError> {
        let scope = actor.require(Permission::UpdatePlugin)?;
        let seen = self.database.read(scope, async |reader| repo::find_binding(reader, scope, id).await);
        let seen = seen.await?.ok_or(PluginError::UnknownBinding(id))?;
        let changed = changes.version.is_some() || changes.config.is_some() || changes.grants.is_some();
        let next = if changed {
            let version = changes.version.unwrap_or(seen.current.version.id);
            let version = self.get_version(scope, seen.plugin_id, version).await?;
            if let Some(granted) = &changes.grants {
                grants::check(&version.capabilities, granted)?;
            }
            let config = changes.config.clone().unwrap_or_else(|| seen.current.config.clone());
            Some(checked(version, config).await?)
        } else {
            None
        };
        let (now, enabled_max) = (self.clock.now(), self.limits.enabled_bindings_max);
        self.database
            .write(scope, async move |tx| {
                let mut binding = get(tx, scope, id).await?;
                if let Some(next) = next {
                    if binding.current != seen.current {
                        return Err(PluginError::ChangedMeanwhile);
                    }
                    binding.put(next);
                }
                if let Some(granted) = changes.grants {
                    binding.grants = granted;
                }
                binding.priority = changes.priority.unwrap_or(binding.priority);
                binding.failure_policy = changes.failure_policy.unwrap_or(binding.failure_policy);
                let enabled = changes.enabled.unwrap_or(binding.enabled);
                check_room(tx, scope, (Some(id), enabled && !binding.enabled), enabled_max).await?;
                binding.enabled = enabled;
                save(tx, scope, &binding, now).await?;
                tx.publish(scope, now, &PluginBindingUpdated(state_of(&binding)))?;
                get(tx, scope, id).await
            })
            .await
    }

    /// Brings back the version and configuration that were in force before, from the next request on. A second
    /// rollback undoes the first.
    ///
    /// # Errors
    /// [`PluginError::NothingToRollBack`] when there was nothing before.
    pub async fn roll_back(&self, actor: &Actor, id: PluginBindingId) -> Result<PluginBinding, PluginError> {
        let scope = actor.require(Permission::UpdatePlugin)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let mut binding = get(tx, scope, id).await?;
                binding.roll_back()?;
                save(tx, scope, &binding, now).await?;
                tx.publish(scope, now, &PluginRolledBack(state_of(&binding)))?;
                get(tx, scope, id).await
            })
            .await
    }

    /// Ends the use of a plugin, from the next request on. Its versions stay. Returns the binding as it was.
    ///
    /// # Errors
    /// An unknown binding.
    pub async fn unbind(&self, actor: &Actor, id: PluginBindingId) -> Result<PluginBinding, PluginError> {
        let scope = actor.require(Permission::UpdatePlugin)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let binding = get(tx, scope, id).await?;
                repo::delete_binding(tx, scope, id).await?;
                Channels::touch_in_tx(tx, scope, now).await?;
                tx.publish(scope, now, &PluginUnbound(state_of(&binding)))?;
                Ok(binding)
            })
            .await
    }

    /// The enabled bindings of the actor's channel in the order in which they are called: by priority, then by age.
    /// Cached by the channel's revision as the actor has it.
    ///
    /// # Errors
    /// A failing store.
    pub async fn bindings_for(&self, actor: &Actor) -> Result<Arc<Vec<ActiveBinding>>, PluginError> {
        let scope = actor.public_scope();
        let load = self.database.read(scope, async |reader| repo::active_bindings(reader, scope).await);
        let bindings: Result<_, DatabaseError> =
            self.active.get(scope.channel_id(), actor.channel.revision, load).await;
        Ok(bindings?)
    }

    /// The enabled bindings of the channel's payment handlers.
    ///
    /// # Errors
    /// A failing store.
    pub async fn payment_bindings(&self, actor: &Actor) -> Result<Vec<ActiveBinding>, PluginError> {
        let bindings = self.bindings_for(actor).await?;
        Ok(bindings.iter().filter(|one| one.kind == PluginKind::Payment).cloned().collect())
    }

    /// Whether there is a binding of this id of a plugin of this kind, on or off.
    ///
    /// # Errors
    /// A failing store.
    pub async fn is_bound_as(
        &self,
        actor: &Actor,
        id: PluginBindingId,
        kind: PluginKind,
    ) -> Result<bool, PluginError> {
        let scope = actor.public_scope();
        let found = self.database.read(scope, async |reader| {
            let Some(binding) = repo::find_binding(reader, scope, id).await? else { return Ok(None) };
            repo::find_plugin(reader, scope, &PluginRef::Id(binding.plugin_id)).await
        });
        Ok(found.await?.is_some_and(|plugin| plugin.kind == kind))
    }

    /// The plugin's id and kind, and the wanted version or the latest.
    async fn get_plugin_id(
        &self,
        scope: ChannelScope,
        plugin: &PluginRef,
        version: Option<PluginVersionId>,
    ) -> Result<(PluginId, PluginKind, PluginVersionId), PluginError> {
        let found = self.database.read(scope, async |reader| repo::find_plugin(reader, scope, plugin).await);
        let found = found.await?.ok_or_else(|| PluginError::UnknownPlugin(plugin.clone()))?;
        Ok((found.id, found.kind, version.unwrap_or(found.latest.id)))
    }

    async fn get_version(
        &self,
        scope: ChannelScope,
        plugin: PluginId,
        id: PluginVersionId,
    ) -> Result<PluginVersion, PluginError> {
        let version = self.database.read(scope, async |reader| repo::find_version(reader, scope, id).await);
        version.await?.filter(|version| version.plugin_id == plugin).ok_or(PluginError::UnknownVersion(id))
    }
}

/// The configuration in canonical form, if it meets the version's schema.
async fn checked(version: PluginVersion, config: String) -> Result<Setting, PluginError> {
    off_the_request_thread(move || {
        // Only schemas that pass are stored, so that this failure is the server's.
        let schema = ConfigSchema::compile(&version.config_schema)
            .map_err(|why| PluginError::Database(DatabaseError::corrupt("config schema", why)))?;
        Ok(Setting { version: version.in_brief(), config: schema.check(&config)? })
    })
    .await?
}

/// Whether one more binding may be enabled, where one is about to be.
async fn check_room(
    tx: &mut Tx,
    scope: ChannelScope,
    (id, enabling): (Option<PluginBindingId>, bool),
    enabled_max: i64,
) -> Result<(), PluginError> {
    if enabling && repo::count_other_enabled(tx, scope, id).await? >= enabled_max {
        return Err(PluginError::TooManyBindings(enabled_max));
    }
    Ok(())
}

async fn get(tx: &mut Tx, scope: ChannelScope, id: PluginBindingId) -> Result<PluginBinding, PluginError> {
    repo::find_binding(tx, scope, id).await?.ok_or(PluginError::UnknownBinding(id))
}

async fn save(
    tx: &mut Tx,
    scope: ChannelScope,
    binding: &PluginBinding,
    now: Timestamp,
) -> Result<(), PluginError> {
    repo::update_binding(tx, scope, binding, now).await?;
    Ok(Channels::touch_in_tx(tx, scope, now).await?)
}

fn state_of(binding: &PluginBinding) -> BindingState {
    BindingState {
        binding_id: binding.id,
        plugin_id: binding.plugin_id,
        version_id: binding.current.version.id,
        enabled: binding.enabled,
    }
}
