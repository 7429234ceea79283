//! The connections for reading, each lent to one reader at a time.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::SqliteConfig;
use super::connection::{Access, Connection};
use crate::db::PoolStats;
use crate::db::counters::Counters;
use crate::db::error::DatabaseError;

#[derive(Clone)]
pub(super) struct Readers {
    slots: Arc<Slots>,
    /// One for each connection that is free.
    permits: Arc<Semaphore>,
    wait_limit: Duration,
    read_limit: Duration,
    counters: Arc<Counters>,
}

struct Slots {
    /// Empty once the store is closed.
    connections: Vec<Mutex<Option<Connection>>>,
    /// Places of connections that nobody uses now; the last one given back is lent first, its cache being warm.
    free: Mutex<Vec<usize>>,
}

impl Readers {
    /// Opens every connection at once.
    pub(super) fn open(
        path: &Path,
        config: &SqliteConfig,
        busy_timeout: Duration,
        counters: Arc<Counters>,
    ) -> sqlx::Result<Self> {
        let count = config.readers.max(1) as usize;
        let open = |_| Connection::open(path, Access::ReadOnly, busy_timeout, config.page_cache_kib);
        let connections = (0..count).map(|place| open(place).map(|opened| Mutex::new(Some(opened))));
        let slots = Slots {
            connections: connections.collect::<sqlx::Result<_>>()?,
            free: Mutex::new((0..count).rev().collect()),
        };
        Ok(Self {
            slots: Arc::new(slots),
            permits: Arc::new(Semaphore::new(count)),
            wait_limit: config.wait_limit,
            read_limit: config.read_limit,
            counters,
        })
    }

    /// A snapshot of the store, as soon as a connection is free.
    pub(super) async fn snapshot(&self) -> Result<Snapshot, DatabaseError> {
        let permit = tokio::time::timeout(self.wait_limit, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| self.counters.overloaded())?.map_err(|_| DatabaseError::Closed)?;
        let place = lock(&self.slots.free).pop().ok_or(DatabaseError::Closed)?;
        let snapshot = Snapshot { slots: Arc::clone(&self.slots), place, _permit: permit };
        snapshot.run(|connection| {
            // One that could not be ended when it was given back.
            connection.end_transaction()?;
            connection.limit().set(self.read_limit);
            connection.control("BEGIN")
        })?;
        Ok(snapshot)
    }

    pub(super) fn stats(&self) -> PoolStats {
        let open = self.slots.connections.len();
        let used = open.saturating_sub(self.permits.available_permits());
        PoolStats { name: "readers", used, open, max: open }
    }

    /// Waits for those who read, then closes every connection.
    pub(super) async fn close(&self) {
        let count = u32::try_from(self.slots.connections.len()).unwrap_or(u32::MAX);
        // An error means that they are closed already.
        if self.permits.acquire_many(count).await.is_ok() {
            self.permits.close();
            for connection in &self.slots.connections {
                if let Some(connection) = lock(connection).take() {
                    connection.close();
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection in a read transaction: all its statements see the store as of the first of them. Goes back when it is
/// dropped.
pub(in crate::db) struct Snapshot {
    slots: Arc<Slots>,
    place: usize,
    _permit: OwnedSemaphorePermit,
}

impl Snapshot {
    /// Runs something on the connection.
    pub(in crate::db) fn run<T>(&self, work: impl FnOnce(&Connection) -> sqlx::Result<T>) -> sqlx::Result<T> {
        lock(&self.slots.connections[self.place]).as_ref().map_or(Err(sqlx::Error::PoolClosed), work)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let ended = self.run(|connection| {
            connection.limit().clear();
            connection.end_transaction()
        });
        if let Err(error) = ended {
            // The next reader of this connection tries again, and is told when that fails.
            tracing::error!(%error, "a read transaction did not end");
        }
        lock(&self.slots.free).push(self.place);
    }
}
