//! Secrets of plugins: administrators set them and nobody reads them but the plugin host.

use soko_kernel::{Actor, ChannelScope, Permission, PluginId, Timestamp};

use super::vault::Place;
use super::{PluginError, PluginRef, Plugins, repo};

/// Bytes of a secret.
pub const SECRET_BYTES_MAX: usize = 8 << 10;

/// A secret that a plugin wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginSecret {
    /// Its name.
    pub name: String,
    /// One sentence from the manifest.
    pub description: String,
    /// Whether the plugin wants to read it itself.
    pub readable: bool,
    /// When it was set last; absent when it has no value.
    pub set_at: Option<Timestamp>,
}

impl Plugins {
    /// The secrets that a plugin wants, and those that are set, by name.
    ///
    /// # Errors
    /// [`PluginError::UnknownPlugin`].
    pub async fn list_secrets(
        &self,
        actor: &Actor,
        plugin: PluginId,
    ) -> Result<Vec<PluginSecret>, PluginError> {
        let scope = actor.require(Permission::ReadPlugin)?;
        let mut secrets = self.wanted_secrets(scope, plugin).await?;
        let set =
            self.database.read(scope, async |reader| repo::secrets_set(reader, scope, plugin).await).await?;
        for (name, at) in set {
            match secrets.iter_mut().find(|secret| secret.name == name) {
                Some(secret) => secret.set_at = Some(at),
                None => secrets.push(PluginSecret {
                    name,
                    description: String::new(),
                    readable: false,
                    set_at: Some(at),
                }),
            }
        }
        secrets.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(secrets)
    }

    /// Sets a secret that one of the plugin's versions in question wants, or puts another value in its place.
    ///
    /// # Errors
    /// [`PluginError::UnknownPlugin`], [`PluginError::UnknownSecret`], [`PluginError::SecretTooLarge`], and
    /// [`PluginError::SecretsOff`] where the platform has no key to seal it with.
    pub async fn set_secret(
        &self,
        actor: &Actor,
        plugin: PluginId,
        name: &str,
        value: &[u8],
    ) -> Result<(), PluginError> {
        let scope = actor.require(Permission::UpdatePlugin)?;
        if value.is_empty() || value.len() > SECRET_BYTES_MAX {
            return Err(PluginError::SecretTooLarge);
        }
        let wanted = self.wanted_secrets(scope, plugin).await?;
        if !wanted.iter().any(|secret| secret.name == name) {
            return Err(PluginError::UnknownSecret(name.to_owned()));
        }
        let vault = self.vault.as_ref().ok_or(PluginError::SecretsOff)?;
        let sealed =
            vault.close(&Place::of_plugin(scope, plugin, name), value).map_err(PluginError::Database)?;
        let (name, now) = (name.to_owned(), self.clock.now());
        self.database
            .write(
                scope,
                async move |tx| Ok(repo::put_secret(tx, scope, (plugin, &name), sealed, now).await?),
            )
            .await
    }

    /// Removes a secret; false when it had no value.
    ///
    /// # Errors
    /// A failing store.
    pub async fn delete_secret(
        &self,
        actor: &Actor,
        plugin: PluginId,
        name: &str,
    ) -> Result<bool, PluginError> {
        let scope = actor.require(Permission::UpdatePlugin)?;
        let name = name.to_owned();
        let deleted: Result<u64, PluginError> = self
            .database
            .write(scope, async move |tx| Ok(repo::delete_secret(tx, scope, plugin, &name).await?))
            .await;
        Ok(deleted? > 0)
    }

    /// What the latest version wants, and the one in force.
    async fn wanted_secrets(
        &self,
        scope: ChannelScope,
        plugin: PluginId,
    ) -> Result<Vec<PluginSecret>, PluginError> {
        let named = PluginRef::Id(plugin);
        self.database
            .read(scope, async |reader| {
                let found = repo::find_plugin(reader, scope, &named).await?;
                let latest = found.ok_or_else(|| PluginError::UnknownPlugin(named.clone()))?.latest.id;
                let bound = repo::bound_version(reader, scope, plugin).await?;
                let mut secrets: Vec<PluginSecret> = Vec::new();
                for id in std::iter::once(latest).chain(bound.filter(|bound| *bound != latest)) {
                    let version = repo::find_version(reader, scope, id).await?;
                    for wanted in version.map(|version| version.capabilities.secrets).unwrap_or_default() {
                        if !secrets.iter().any(|known| known.name == wanted.name) {
                            let (description, readable) = (wanted.description, wanted.readable);
                            secrets.push(PluginSecret {
                                name: wanted.name,
                                description,
                                readable,
                                set_at: None,
                            });
                        }
                    }
                }
                Ok(secrets)
            })
            .await
    }
}
