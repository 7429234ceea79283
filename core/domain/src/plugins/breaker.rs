//! Circuit breakers that are open on the whole platform: what one node's plugin host found out, for all of them.

use soko_extension::Digest;
use soko_infra::{DataScope, Topic};
use soko_kernel::{ChannelId, Timestamp};

use super::{PluginError, Plugins, repo};
use crate::expiry;

/// Said when a breaker has opened.
pub const BREAKERS: Topic = Topic::new("plugin_breakers");

/// Most open breakers that a node learns of at once; those that stay open longest are first.
pub(super) const BREAKERS_MAX: i64 = 4_096;

/// A component that is not called for a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenBreaker {
    /// Whose calls failed.
    pub channel: ChannelId,
    /// The component.
    pub digest: Digest,
    /// When a call may be tried again.
    pub until: Timestamp,
}

impl Plugins {
    /// Puts breakers that opened at a node in force on the platform, and tells the other nodes. Of two openings of one
    /// breaker the longer one holds.
    ///
    /// # Errors
    /// A failing store.
    pub async fn open_breakers_on_platform(&self, mut opened: Vec<OpenBreaker>) -> Result<(), PluginError> {
        // In one order, so that two nodes do not wait for each other's rows; of several of one breaker the longest.
        opened.sort_by_key(|breaker| (breaker.channel, breaker.digest, std::cmp::Reverse(breaker.until)));
        opened.dedup_by_key(|breaker| (breaker.channel, breaker.digest));
        self.database
            .write_concurrently(DataScope::Platform, async move |tx| {
                repo::open_breakers(tx, &opened).await?;
                Ok(tx.notify(BREAKERS).await?)
            })
            .await
    }

    /// The breakers that are open on the platform now, [`BREAKERS_MAX`] at most.
    ///
    /// # Errors
    /// A failing store.
    pub async fn breakers_open_on_platform(&self) -> Result<Vec<OpenBreaker>, PluginError> {
        let now = self.clock.now();
        let open =
            async |reader: &mut soko_infra::Reader| repo::breakers_open(reader, now, BREAKERS_MAX).await;
        Ok(self.database.read(DataScope::Platform, open).await?)
    }

    /// Removes breakers that are open no longer, and says how many.
    ///
    /// # Errors
    /// A failing store.
    pub async fn expire_breakers(&self, now: Timestamp) -> Result<u64, PluginError> {
        Ok(expiry::sweep(&self.database, repo::DELETE_EXPIRED_BREAKERS, now).await?)
    }
}
