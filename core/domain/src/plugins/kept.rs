//! What is kept for plugins, as the plugin host asks for it.

use std::time::Duration;

use async_trait::async_trait;
use soko_extension::effect::{KeepError, PluginCaller, PluginStore, SecretBytes};
use soko_infra::{Database, DatabaseError};
use soko_kernel::{Clock, Timestamp};

use super::vault::{Place, Vault};
use super::{PluginError, Plugins, repo};
use crate::expiry;

/// Bytes of a kept value.
pub const VALUE_BYTES_MAX: usize = 64 << 10;
/// Values that a plugin may keep in a channel.
pub const VALUES_MAX: i64 = 1_000;

/// Secrets and values in the store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct KeptForPlugins {
    database: Database,
    clock: Clock,
    vault: Option<Vault>,
}

impl KeptForPlugins {
    /// In this store. Without a vault no secret can be read.
    pub fn new(database: Database, clock: Clock, vault: Option<Vault>) -> Self {
        Self { database, clock, vault }
    }
}

/// A failure of the store, which the plugin only hears of as such.
fn unavailable(error: &DatabaseError) -> KeepError {
    tracing::error!(%error, "what is kept for a plugin cannot be used");
    KeepError::Unavailable
}

#[async_trait]
impl PluginStore for KeptForPlugins {
    async fn secret(&self, caller: PluginCaller, name: &str) -> Result<Option<SecretBytes>, KeepError> {
        let PluginCaller { scope, plugin } = caller;
        let found = self
            .database
            .read(scope, async |reader| repo::find_secret(reader, scope, plugin, name).await)
            .await
            .map_err(|error| unavailable(&error))?;
        let Some(sealed) = found else { return Ok(None) };
        let Some(vault) = &self.vault else {
            tracing::error!("a secret is stored, and the platform has no key to open it with");
            return Err(KeepError::Unavailable);
        };
        let opened = vault.open(&Place::of_plugin(scope, plugin, name), &sealed);
        opened.map(|secret| Some(SecretBytes(secret))).map_err(|error| unavailable(&error))
    }

    async fn get(&self, caller: PluginCaller, key: &str) -> Result<Option<Vec<u8>>, KeepError> {
        let (PluginCaller { scope, plugin }, now) = (caller, self.clock.now());
        self.database
            .read(scope, async |reader| repo::find_value(reader, scope, plugin, key, now).await)
            .await
            .map_err(|error| unavailable(&error))
    }

    async fn set(
        &self,
        caller: PluginCaller,
        key: &str,
        value: Vec<u8>,
        lives_ms: Option<u64>,
    ) -> Result<(), KeepError> {
        let (PluginCaller { scope, plugin }, now) = (caller, self.clock.now());
        if value.len() > VALUE_BYTES_MAX {
            return Err(KeepError::Refused(format!("a value has at most {VALUE_BYTES_MAX} bytes")));
        }
        let expires_at = lives_ms.map(|lives| now.after(Duration::from_millis(lives)));
        let key = key.to_owned();
        let kept: Result<bool, DatabaseError> = self
            .database
            .write_concurrently(scope, async move |tx| {
                if repo::count_other_values(tx, scope, plugin, &key, now).await? >= VALUES_MAX {
                    return Ok(false);
                }
                repo::put_value(tx, scope, (plugin, &key), value, expires_at).await?;
                Ok(true)
            })
            .await;
        match kept {
            Ok(true) => Ok(()),
            Ok(false) => Err(KeepError::Refused(format!("a plugin keeps at most {VALUES_MAX} values"))),
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn delete(&self, caller: PluginCaller, key: &str) -> Result<(), KeepError> {
        let PluginCaller { scope, plugin } = caller;
        let key = key.to_owned();
        let deleted: Result<u64, DatabaseError> = self
            .database
            .write_concurrently(scope, async move |tx| repo::delete_value(tx, scope, plugin, &key).await)
            .await;
        deleted.map(|_| ()).map_err(|error| unavailable(&error))
    }
}

impl Plugins {
    /// Removes values whose time is over, and says how many.
    ///
    /// # Errors
    /// A failing store.
    pub async fn expire_values(&self, now: Timestamp) -> Result<u64, PluginError> {
        Ok(expiry::sweep(&self.database, repo::DELETE_EXPIRED_VALUES, now).await?)
    }
}
