//! One store: short write transactions, snapshot reads, statements in a common subset of SQL.
//!
//! - Statements take `$1` parameters bound from tuples, and rows derive `sqlx::FromRow`.
//! - [`Database::write`] runs a closure in a transaction. On SQLite the waiting closures share one commit
//!   (see [`sqlite`]), and one that fails takes none of the others along; on PostgreSQL each has its own (see
//!   [`postgres`]). Nobody is answered before the commit is on disk. A closure may run more than once.
//! - [`Database::read`] runs a closure on a snapshot.

mod bind;
mod counters;
mod error;
mod guard;
mod in_list;
mod insert;
mod leadership;
mod list;
mod moving;
mod notices;
mod order;
mod postgres;
mod reader;
mod schema;
mod sharing;
mod sqlite;

use std::sync::Arc;

use soko_kernel::{ChannelScope, Timestamp};

pub use bind::{BackendArguments, Bind, Binds, Bound};
pub use counters::{PoolStats, StatementKind, StoreStats};
pub use error::{DatabaseError, StatementFailure};
pub use in_list::in_list;
pub use insert::MultiRowInsert;
pub use leadership::{LEADS, Leadership};
pub use list::{Column, ColumnKind, ListError, ListSql};
pub use moving::{MoveCheck, MoveError, MoveListener, MovePlan, MoveProgress, Moved, move_store};
pub use notices::{Subscription, Topic};
pub use postgres::PostgresConfig;
pub use reader::{Reader, Row, Tx, WriteFn};
pub use schema::SchemaState;
pub use sharing::share_snapshots;
pub use sqlite::{
    BATCH_SIZES, CopyContents, CopyError, SqliteConfig, WriterStats, copy_store, inspect_copy, sqlite_version,
};

use counters::Counters;
use leadership::Leads;
use notices::Notices;
use order::Order;
use postgres::{Concurrency, Postgres};
use reader::Handle;
use sqlite::Sqlite;
use sqlx::AssertSqlSafe;
use sqlx::migrate::Migrator;

/// Where the store is, and its bounds.
#[derive(Debug, Clone)]
pub enum DatabaseConfig {
    /// A file on this machine.
    Sqlite(SqliteConfig),
    /// A server.
    Postgres(PostgresConfig),
}

impl From<SqliteConfig> for DatabaseConfig {
    fn from(config: SqliteConfig) -> Self {
        Self::Sqlite(config)
    }
}

impl From<PostgresConfig> for DatabaseConfig {
    fn from(config: PostgresConfig) -> Self {
        Self::Postgres(config)
    }
}

/// The steps that bring the schema up to date, the same for each backend.
#[derive(Debug)]
pub struct Migrations {
    /// For SQLite.
    pub sqlite: Migrator,
    /// For PostgreSQL.
    pub postgres: Migrator,
}

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

/// Whose SQL a statement is written in, where the common subset does not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's.
    Postgres,
}

/// The platform's store. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    backend: Backend,
    statements: Arc<Counters>,
    leads: Leads,
    notices: Arc<Notices>,
    /// The migrations that lead to this program's schema.
    schema: Arc<[i64]>,
}

#[derive(Clone)]
enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Database {
    /// Opens the store, creates it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`DatabaseError`] when the file or the server cannot be used, is locked by a migration that does not end, holds a
    /// newer schema than this program knows, or when the SQLite that is linked or the server is too old to be trusted.
    pub async fn open(
        config: impl Into<DatabaseConfig>,
        migrations: &'static Migrations,
    ) -> Result<Self, DatabaseError> {
        let statements = Arc::<Counters>::default();
        let notices = Arc::<Notices>::default();
        let (backend, migrator) = match config.into() {
            DatabaseConfig::Sqlite(config) => {
                let opened =
                    Sqlite::open(config, &migrations.sqlite, statements.clone(), notices.clone()).await?;
                (Backend::Sqlite(opened), &migrations.sqlite)
            }
            DatabaseConfig::Postgres(config) => {
                let opened = Postgres::open(config, &migrations.postgres, statements.clone()).await?;
                (Backend::Postgres(opened), &migrations.postgres)
            }
        };
        let schema = schema::versions(migrator).into();
        Ok(Self { backend, statements, leads: Leads::default(), notices, schema })
    }

    /// Runs `work` in a write transaction: `Ok` commits, `Err` rolls back. No other closure that writes in this scope
    /// runs at the same time. It runs on the store's own task, so that dropping the returned future abandons nothing half
    /// done; it may run more than once, and only its last run counts. It must not wait for anything but the transaction's
    /// own statements.
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
        self.write_with(scope.into(), Concurrency::Alone, work).await
    }

    /// As [`Self::write`], but on PostgreSQL beside other closures of this kind in the same scope: for work whose decisions
    /// stay true because it locks the rows by which it decides ([`Tx::lock_rows`]), checks their version as it writes
    /// them, or decides nothing.
    ///
    /// # Errors
    /// As of [`Self::write`].
    pub async fn write_concurrently<T, E, F>(&self, scope: impl Into<DataScope>, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T, E> + for<'t> WriteFn<'t, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        self.write_with(scope.into(), Concurrency::Together, work).await
    }

    async fn write_with<T, E, F>(&self, scope: DataScope, concurrency: Concurrency, work: F) -> Result<T, E>
    where
        F: for<'t> WriteFn<'t, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let order = Order::new(scope, work);
        // Boxed, so that what calls this does not hold the closure once for each backend.
        match &self.backend {
            Backend::Sqlite(sqlite) => Box::pin(sqlite.write(order)).await,
            Backend::Postgres(postgres) => Box::pin(postgres.write(order, concurrency)).await,
        }
    }

    /// Runs `work` on a snapshot of the store: all its statements see the same state. On a server it may be that of other
    /// reads at the same time (see [`share_snapshots`]); on SQLite they run on the caller's
    /// task and thread. `work` must not wait for anything else, so that the snapshot is given back soon.
    ///
    /// # Errors
    /// The closure's error, or a [`DatabaseError`] when no connection came free in time or the statements ran over
    /// their time limit.
    pub async fn read<T, E, F>(&self, scope: impl Into<DataScope>, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Reader) -> Result<T, E>,
        E: From<DatabaseError>,
    {
        let scope = scope.into();
        let mut reader = match &self.backend {
            Backend::Sqlite(sqlite) => {
                let snapshot = Handle::Snapshot(sqlite.snapshot().await?);
                Reader::new(snapshot, scope, self.statements.clone())
            }
            Backend::Postgres(postgres) => match sharing::current() {
                Some(shared) => return Box::pin(sharing::read(shared, postgres, scope, work)).await,
                None => Box::pin(postgres.snapshot(scope)).await?,
            },
        };
        let outcome = work(&mut reader).await;
        reader.end().await;
        outcome
    }

    /// Every row of a statement that looks up what is the platform's, by itself: on a server without a transaction around
    /// it, which would take longer than the statement does.
    ///
    /// # Errors
    /// As of [`Self::read`].
    pub async fn look_up<R: Row>(&self, sql: &str, values: Vec<Bound>) -> Result<Vec<R>, DatabaseError> {
        let statement = || AssertSqlSafe(sql.to_owned());
        if let Backend::Postgres(postgres) = &self.backend
            && let Some(mut reader) = postgres.look_up().await?
        {
            let rows = reader.fetch_all(statement(), values.clone()).await;
            // Only a statement finds out that a connection has ended.
            let has_ended = reader.was_stale();
            reader.end_look_up();
            if !has_ended {
                return rows;
            }
        }
        // Which tries as many connections as there are.
        self.read(DataScope::Platform, async |reader| reader.fetch_all(statement(), values).await).await
    }

    /// What time it is by the clock that all programs of the platform share; `None` where there is but this machine's.
    ///
    /// # Errors
    /// A server that cannot be reached.
    pub async fn shared_time(&self) -> Result<Option<Timestamp>, DatabaseError> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(None);
        }
        let asked = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
        let told: Result<(Timestamp,), DatabaseError> =
            self.read(DataScope::Platform, async |reader| reader.fetch_one(asked, ()).await).await;
        told.map(|(time,)| Some(time))
    }

    /// Whose SQL this store speaks.
    pub fn dialect(&self) -> Dialect {
        match self.backend {
            Backend::Sqlite(_) => Dialect::Sqlite,
            Backend::Postgres(_) => Dialect::Postgres,
        }
    }

    /// How many statements this store has run since it was opened, those of transactions' bounds left out.
    pub fn statement_count(&self) -> u64 {
        self.statements.statement_count()
    }

    /// How many wait, how many may, and the connections.
    fn load(&self) -> (usize, usize, Vec<PoolStats>) {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.load(),
            Backend::Postgres(postgres) => postgres.load(),
        }
    }

    /// How the writer of an embedded store has batched its commits so far.
    pub fn writer_stats(&self) -> WriterStats {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.writer_stats(),
            Backend::Postgres(_) => WriterStats::default(),
        }
    }

    /// Finishes the work in hand, then closes every connection. Later calls fail with [`DatabaseError::Closed`].
    pub async fn close(&self) {
        self.stop_listening();
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.close().await,
            Backend::Postgres(postgres) => postgres.close().await,
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}
