//! A connection in a transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{AssertSqlSafe, Executor as _, Postgres as Driver};

use super::Concurrency;
use super::error::is_stale;
use super::unique::UniqueConstraints;
use crate::db::DataScope;
use crate::db::counters::Counters;
use crate::db::error::DatabaseError;

/// The setting that row-level security reads: the id of the channel whose rows may be touched, [`PLATFORM`] for all.
const SCOPE_SETTING: &str = "soko.channel_id";
/// What the platform's own work has in place of a channel's id; no channel has it.
const PLATFORM: i64 = 0;

/// Longest that the server may take to begin or to end a transaction, with what it waits for by its own limits.
const CONTROL_MAX: Duration = Duration::from_secs(15);

/// What kind of transaction a session is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounds {
    /// All statements see the same state, and none changes it.
    Snapshot,
    /// Statements change the store, under the lock of the scope.
    Write(Concurrency),
}

/// A connection in a transaction. One that is dropped before [`Session::commit`] or [`Session::roll_back`], by a caller
/// who went away in the middle of a statement, is closed rather than given back: nobody knows what is still on its wire.
pub(in crate::db) struct Session {
    connection: PoolConnection<Driver>,
    unique: Arc<UniqueConstraints>,
    counters: Arc<Counters>,
    is_open: bool,
    pub(in crate::db) is_snapshot: bool,
}

/// What the server's settings and locks call a scope: its channel's id.
pub(super) fn scope_key(scope: DataScope) -> i64 {
    match scope {
        DataScope::Channel(scope) => scope.channel_id().0,
        DataScope::Platform => PLATFORM,
    }
}

impl Session {
    /// Begins a transaction, in one round trip.
    pub(super) async fn begin(
        connection: PoolConnection<Driver>,
        unique: Arc<UniqueConstraints>,
        counters: Arc<Counters>,
        bounds: Bounds,
        scope: DataScope,
    ) -> sqlx::Result<Self> {
        let is_snapshot = bounds == Bounds::Snapshot;
        let mut session = Self { connection, unique, counters, is_open: true, is_snapshot };
        let channel = scope_key(scope);
        let (begin, lock) = match bounds {
            Bounds::Snapshot => ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", None),
            Bounds::Write(Concurrency::Alone) => ("BEGIN", Some("pg_advisory_xact_lock")),
            Bounds::Write(Concurrency::Together) => ("BEGIN", Some("pg_advisory_xact_lock_shared")),
        };
        // By a command, which a server that spreads the rows over others tells those too.
        let mut sql = format!("{begin}; SET LOCAL {SCOPE_SETTING} = '{channel}'");
        if let Some(lock) = lock {
            sql.push_str(&format!("; SELECT {lock}({channel})"));
        }
        session.control(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
        Ok(session)
    }

    /// Every row of a statement. Boxed, so that the futures of its many callers stay small.
    pub(in crate::db) fn rows<'s>(
        &'s mut self,
        sql: &str,
        arguments: PgArguments,
    ) -> BoxFuture<'s, sqlx::Result<Vec<PgRow>>> {
        let query = sqlx::query_with(AssertSqlSafe(sql.to_owned()), arguments);
        Box::pin(async move { query.fetch_all(&mut *self.connection).await })
    }

    /// Runs a statement and says how many rows it changed.
    pub(in crate::db) fn execute<'s>(
        &'s mut self,
        sql: &str,
        arguments: PgArguments,
    ) -> BoxFuture<'s, sqlx::Result<u64>> {
        let query = sqlx::query_with(AssertSqlSafe(sql.to_owned()), arguments);
        Box::pin(async move { Ok(query.execute(&mut *self.connection).await?.rows_affected()) })
    }

    /// The names of this database's unique constraints.
    pub(in crate::db) fn unique(&self) -> &UniqueConstraints {
        &self.unique
    }

    /// Commits and gives the connection back.
    pub(super) async fn commit(mut self) -> Result<(), DatabaseError> {
        match self.control(sqlx::raw_sql("COMMIT")).await {
            Ok(()) => {
                self.is_open = false;
                Ok(())
            }
            Err(error) if is_stale(&error) => Err(DatabaseError::OutcomeUnknown(error.to_string())),
            Err(error) => Err(DatabaseError::of_commit(&error)),
        }
    }

    /// Takes everything back and gives the connection back.
    pub(in crate::db) async fn roll_back(mut self) -> Result<(), DatabaseError> {
        let rolled_back = self.control(sqlx::raw_sql("ROLLBACK")).await;
        rolled_back.map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
        self.is_open = false;
        Ok(())
    }

    /// Runs statements that bound a transaction. The server may have gone without a word.
    async fn control(&mut self, sql: sqlx::RawSql) -> sqlx::Result<()> {
        let (began, run) = (Instant::now(), self.connection.execute(sql));
        let ran = tokio::time::timeout(CONTROL_MAX, run).await;
        self.counters.bounded(began);
        match ran {
            Ok(done) => done.map(|_| ()),
            Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.is_open {
            self.connection.close_on_drop();
        }
    }
}
