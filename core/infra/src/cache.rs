//! A cache of each channel's configuration that is never stale: entries are keyed by the channel's revision.
//!
//! Every change of a channel's configuration raises `channel.revision` in the same transaction, and every request
//! reads the revision with its session. A cached value of another revision is simply not found.

use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use quick_cache::sync::Cache;
use soko_kernel::{CacheStats, ChannelId};

/// One kind of configuration, for many channels.
pub struct RevisionCache<T> {
    entries: Cache<(ChannelId, i64), Arc<T>>,
}

impl<T: Send + Sync + 'static> RevisionCache<T> {
    /// A cache for at most `channels_max` channels' configurations.
    pub fn new(channels_max: usize) -> Self {
        Self { entries: Cache::new(channels_max) }
    }

    /// The configuration at this revision, loaded where it is not cached. Callers that miss together load once.
    ///
    /// # Errors
    /// The loader's.
    pub async fn get<E>(
        &self,
        channel: ChannelId,
        revision: i64,
        load: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        self.entries.get_or_insert_async(&(channel, revision), async { load.await.map(Arc::new) }).await
    }

    /// How the cache does.
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.entries.hits(),
            misses: self.entries.misses(),
            entries: u64::try_from(self.entries.len()).unwrap_or(u64::MAX),
        }
    }
}

impl<T> std::fmt::Debug for RevisionCache<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RevisionCache").finish_non_exhaustive()
    }
}

/// The same for things of which a channel has many: each by its own key.
pub struct RevisionMap<K, V> {
    entries: Cache<(ChannelId, i64, K), V>,
}

impl<K: Copy + Eq + Hash, V: Clone> RevisionMap<K, V> {
    /// A map for at most `entries_max` things of all channels together.
    pub fn new(entries_max: usize) -> Self {
        Self { entries: Cache::new(entries_max) }
    }

    /// The thing as it is at this revision, where it is known.
    pub fn get(&self, channel: ChannelId, revision: i64, key: K) -> Option<V> {
        self.entries.get(&(channel, revision, key))
    }

    /// Remembers a thing that was read at this revision or later.
    pub fn insert(&self, channel: ChannelId, revision: i64, key: K, value: V) {
        self.entries.insert((channel, revision, key), value);
    }
}

impl<K, V> std::fmt::Debug for RevisionMap<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RevisionMap").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn loads_once_per_revision_and_remembers_no_failure() {
        let (cache, loads) = (RevisionCache::new(10), AtomicUsize::new(0));
        let get = async |channel, revision| {
            let load = async {
                tokio::task::yield_now().await;
                Ok::<_, ()>(loads.fetch_add(1, Ordering::Relaxed))
            };
            *cache.get(ChannelId(channel), revision, load).await.unwrap()
        };
        assert_eq!(cache.get(ChannelId(1), 1, async { Err("failed") }).await, Err("failed"));
        assert_eq!(tokio::join!(get(1, 1), get(1, 1), get(1, 1)), (0, 0, 0));
        assert_eq!((get(1, 2).await, get(2, 1).await, get(1, 1).await), (1, 2, 0));
    }

    #[test]
    fn knows_a_thing_at_its_channel_and_revision_only() {
        let map = RevisionMap::new(10);
        map.insert(ChannelId(1), 1, "a", "x");
        assert_eq!(map.get(ChannelId(1), 1, "a"), Some("x"));
        for (channel, revision, key) in [(2, 1, "a"), (1, 2, "a"), (1, 1, "b")] {
            assert_eq!(map.get(ChannelId(channel), revision, key), None);
        }
    }
}
