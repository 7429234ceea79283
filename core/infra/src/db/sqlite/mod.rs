//! SQLite: one file, many readers on its write-ahead log, one writer that batches commits.

mod connection;
mod copy;
pub(in crate::db) mod driver;
mod readers;
mod statistics;
mod writer;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::time::Instant;

use super::counters::Counters;
use super::error::DatabaseError;
use super::notices::Notices;
use super::order::Order;
use super::reader::{Handle, Reader, Tx, WriteFn};
use super::{DataScope, PoolStats};
use connection::Access;
pub(super) use connection::Connection;
pub use copy::{CopyContents, CopyError, copy_store, inspect_copy};
use readers::Readers;
pub(super) use readers::Snapshot;
use writer::Writer;
pub use writer::{BATCH_SIZES, WriterStats};

/// The first SQLite whose write-ahead log survives a checkpoint that races with a commit.
const SQLITE_VERSION_MIN: [u32; 3] = [3, 51, 3];
/// Longest wait for a lock that another process holds on the file; less where callers wait less than twice that, so
/// that they are answered before they give up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for another process's migration, and the time between two looks.
const MIGRATION_WAIT_MAX: Duration = Duration::from_mins(1);
const MIGRATION_WAIT_STEP: Duration = Duration::from_millis(20);

/// Where the store is, and its bounds.
#[derive(Debug, Clone)]
pub struct SqliteConfig {
    /// The database file. Its write-ahead log and lock files stand beside it.
    pub path: PathBuf,
    /// Connections for reading.
    pub readers: u32,
    /// Most closures that share a commit.
    pub batch_max: usize,
    /// Most closures that wait for the writer; more are refused as overload.
    pub queue_max: usize,
    /// Longest that a closure may wait before it starts, and a reader for a connection.
    pub wait_limit: Duration,
    /// Longest that a closure may run.
    pub closure_limit: Duration,
    /// Longest that the statements of a reader may run, counted from when it got its connection.
    pub read_limit: Duration,
    /// Page cache of each connection, in KiB.
    pub page_cache_kib: u32,
}

impl SqliteConfig {
    /// The defaults for a store at `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            readers: 4,
            batch_max: 64,
            queue_max: 1024,
            wait_limit: Duration::from_secs(10),
            closure_limit: Duration::from_secs(2),
            read_limit: Duration::from_secs(5),
            page_cache_kib: 8192,
        }
    }
}

#[derive(Clone)]
pub(super) struct Sqlite {
    writer: Writer,
    readers: Readers,
}

impl Sqlite {
    pub(super) async fn open(
        config: SqliteConfig,
        migrations: &'static Migrator,
        statements: Arc<Counters>,
        notices: Arc<Notices>,
    ) -> Result<Self, DatabaseError> {
        prepare(&config.path, migrations).await?;
        let busy_timeout = BUSY_TIMEOUT.min(config.wait_limit / 2);
        let open_error = |error: sqlx::Error| DatabaseError::Open(error.to_string());
        let connection =
            Connection::open(&config.path, Access::ReadWrite, busy_timeout, config.page_cache_kib)
                .map_err(open_error)?;
        let readers =
            Readers::open(&config.path, &config, busy_timeout, statements.clone()).map_err(open_error)?;
        let limit = connection.limit().clone();
        let tx =
            Tx(Reader::new(Handle::Writer(Box::new(connection)), DataScope::Platform, statements.clone()));
        Ok(Self { writer: Writer::start(tx, limit, &config, statements, notices)?, readers })
    }

    pub(super) async fn write<T, E, F>(&self, order: Order<F>) -> Result<T, E>
    where
        F: for<'t> WriteFn<'t, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        self.writer.submit(order).await
    }

    pub(super) async fn snapshot(&self) -> Result<Snapshot, DatabaseError> {
        self.readers.snapshot().await
    }

    pub(super) fn load(&self) -> (usize, usize, Vec<PoolStats>) {
        let (waiting, waiting_max) = self.writer.queue();
        (waiting, waiting_max, vec![self.readers.stats()])
    }

    pub(super) fn writer_stats(&self) -> WriterStats {
        self.writer.stats()
    }

    pub(super) async fn close(&self) {
        // The writer last: it can put the write-ahead log into the main file.
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Version of the SQLite that this program is built with.
pub fn sqlite_version() -> &'static str {
    libsqlite3_sys::SQLITE_VERSION.to_str().unwrap_or("unknown")
}

async fn check_version(connection: &mut SqliteConnection) -> Result<(), DatabaseError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await?;
    if is_trusted(&version) {
        return Ok(());
    }
    let [major, minor, patch] = SQLITE_VERSION_MIN;
    Err(DatabaseError::Open(format!(
        "it is linked with SQLite {version}; at least {major}.{minor}.{patch} is needed, earlier ones can lose commits"
    )))
}

fn is_trusted(version: &str) -> bool {
    let numbers: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    numbers.is_some_and(|numbers| numbers.as_slice() >= SQLITE_VERSION_MIN.as_slice())
}

/// Creates the file where there is none, and brings its schema up to date.
async fn prepare(path: &Path, migrations: &'static Migrator) -> Result<(), DatabaseError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    let _lock = MigrationLock::take(path).await?;
    let mut connection = options.connect().await.map_err(|error| DatabaseError::Open(error.to_string()))?;
    check_version(&mut connection).await?;
    migrate(&mut connection, migrations).await?;
    statistics::put_in_place(&mut connection).await?;
    Ok(connection.close().await?)
}

/// The caller holds the [`MigrationLock`].
async fn migrate(
    connection: &mut SqliteConnection,
    migrations: &'static Migrator,
) -> Result<(), DatabaseError> {
    let outcome = migrations.run_direct(None, connection, false).await;
    outcome.map_err(|error| DatabaseError::Open(error.to_string()))
}

/// Keeps two starts apart while they create the file and bring its schema up to date: sqlx takes no lock for that on
/// SQLite. A lock on a file beside the store, which ends with its holder.
struct MigrationLock(#[expect(dead_code, reason = "held, not used")] File);

impl MigrationLock {
    async fn take(store: &Path) -> Result<Self, DatabaseError> {
        let open_error = |error: std::io::Error| DatabaseError::Open(error.to_string());
        let mut path = store.as_os_str().to_owned();
        path.push(".migrating");
        let file = File::create(path).map_err(open_error)?;
        let give_up_at = Instant::now() + MIGRATION_WAIT_MAX;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(error)) => return Err(open_error(error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= give_up_at => {
                    return Err(DatabaseError::Open(
                        "another process has been migrating it for too long".to_owned(),
                    ));
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(MIGRATION_WAIT_STEP).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusts_no_sqlite_that_can_lose_commits() {
        for old in ["3.51.2", "3.50.9", "3.9.0", "2.99.99", "3.51", "", "unknown"] {
            assert!(!is_trusted(old), "{old}");
        }
        for new in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
            assert!(is_trusted(new), "{new}");
        }
        assert!(is_trusted(sqlite_version()), "{}", sqlite_version());
    }
}
