//! One store: short write transactions, snapshot reads, statements in a common subset of SQL.
//!
//! - Statements take `$1` parameters bound from tuples, and rows derive `sqlx::FromRow`.
//! - [`Database::write`] runs a closure in a transaction. On SQLite the waiting closures share one commit
//!   (see [`sqlite`]), and one that fails takes none of the others along; nobody is answered before the commit is on
//!   disk. A closure may run more than once.
//! - [`Database::read`] runs a closure on a snapshot.

mod bind;
mod error;
mod in_list;
mod insert;
mod list;
mod reader;
mod sqlite;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use soko_kernel::ChannelScope;

pub use bind::{Bind, Binds, Bound};
pub use error::DatabaseError;
pub use in_list::in_list;
pub use insert::MultiRowInsert;
pub use list::{Column, ColumnKind, ListError, ListSql};
pub use reader::{Reader, Row, Tx, WriteFn};
pub use sqlite::{DatabaseConfig, WriterStats, sqlite_version};

use reader::Handle;
use sqlite::Sqlite;

/// Whose data a piece of work touches. Travels with every connection, for logs and for the store's own walls
/// between tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataScope {
    /// One channel's rows.
    Channel(ChannelScope),
    /// Rows of the platform, or of a channel that is only being looked up.
    Platform,
}

impl From<ChannelScope> for DataScope {
    fn from(scope: ChannelScope) -> Self {
        Self::Channel(scope)
    }
}

/// The platform's store. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    sqlite: Sqlite,
    statements: Arc<AtomicU64>,
}

impl Database {
    /// Opens the store, creates it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`DatabaseError`] when the file cannot be opened, is locked by a migration that does not end, holds a newer
    /// schema than this program knows, or when the linked SQLite is too old to be trusted.
    pub async fn open(
        config: DatabaseConfig,
        migrations: &'static sqlx::migrate::Migrator,
    ) -> Result<Self, DatabaseError> {
        let statements = Arc::new(AtomicU64::new(0));
        let sqlite = Sqlite::open(config, migrations, statements.clone()).await?;
        Ok(Self { sqlite, statements })
    }

    /// Runs `work` in a write transaction: `Ok` commits, `Err` rolls back. It runs on the store's own task, so that
    /// dropping the returned future abandons nothing half done; it may run more than once, and only its last run
    /// counts. It must not wait for anything but the transaction's own statements.
    ///
    /// # Errors
    /// The closure's error; or a [`DatabaseError`] when the store is overloaded, the closure ran over its time limit,
    /// panicked, or answered `Ok` although one of its statements failed.
    pub async fn write<T, E, F>(&self, scope: impl Into<DataScope>, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T, E> + for<'t> WriteFn<'t, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        self.sqlite.write(scope.into(), work).await
    }

    /// Runs `work` on a snapshot of the store: all its statements see the same state. They run on the caller's task and
    /// thread; `work` must not wait for anything else, so that the snapshot is given back soon.
    ///
    /// # Errors
    /// The closure's error, or a [`DatabaseError`] when no connection came free in time or the statements ran over
    /// their time limit.
    pub async fn read<T, E, F>(&self, scope: impl Into<DataScope>, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Reader) -> Result<T, E>,
        E: From<DatabaseError>,
    {
        let snapshot = Handle::Snapshot(self.sqlite.snapshot().await?);
        let mut reader = Reader::new(snapshot, scope.into(), self.statements.clone());
        work(&mut reader).await
    }

    /// Whether the store answers a reader.
    ///
    /// # Errors
    /// A failing store, or no reader that came free in time.
    pub async fn check_readable(&self) -> Result<(), DatabaseError> {
        self.read(DataScope::Platform, async |reader| reader.fetch_one::<(i64,)>("SELECT 1", ()).await)
            .await?;
        Ok(())
    }

    /// How many statements this store has run since it was opened, those of transactions' bounds left out.
    pub fn statement_count(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// How the writer has batched its commits so far.
    pub fn writer_stats(&self) -> WriterStats {
        self.sqlite.writer_stats()
    }

    /// Finishes the work in hand, then closes every connection. Later calls fail with [`DatabaseError::Closed`].
    pub async fn close(&self) {
        self.sqlite.close().await;
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}
