//! A connection in a transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::Object;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use super::Concurrency;
use super::connections::Lent;
use super::error::is_stale;
use super::unique::UniqueConstraints;
use crate::db::DataScope;
use crate::db::counters::Counters;
use crate::db::error::DatabaseError;

/// The setting that row-level security reads: the id of the channel whose rows may be touched, [`PLATFORM`] for all.
pub(super) const SCOPE_SETTING: &str = "soko.channel_id";
/// What the platform's own work has in place of a channel's id; no channel has it.
pub(super) const PLATFORM: i64 = 0;

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
    /// Not there any more once the transaction has ended in order.
    connection: Option<Lent>,
    unique: Arc<UniqueConstraints>,
    counters: Arc<Counters>,
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
        connection: Lent,
        unique: Arc<UniqueConstraints>,
        counters: Arc<Counters>,
        bounds: Bounds,
        scope: DataScope,
    ) -> sqlx::Result<Self> {
        let is_snapshot = bounds == Bounds::Snapshot;
        let mut session = Self { connection: Some(connection), unique, counters, is_snapshot };
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

    /// A connection whose statements are each by themselves.
    pub(super) fn without_transaction(
        connection: Lent,
        unique: Arc<UniqueConstraints>,
        counters: Arc<Counters>,
    ) -> Self {
        Self { connection: Some(connection), unique, counters, is_snapshot: true }
    }

    /// Every row of a statement. Boxed, so that the futures of its many callers stay small.
    pub(in crate::db) fn rows<'s>(
        &'s mut self,
        sql: &str,
        arguments: PgArguments,
    ) -> BoxFuture<'s, sqlx::Result<Vec<PgRow>>> {
        let query = sqlx::query_with(AssertSqlSafe(sql.to_owned()), arguments);
        Box::pin(async move { query.fetch_all(self.connection()?).await })
    }

    /// Runs a statement and says how many rows it changed.
    pub(in crate::db) fn execute<'s>(
        &'s mut self,
        sql: &str,
        arguments: PgArguments,
    ) -> BoxFuture<'s, sqlx::Result<u64>> {
        let query = sqlx::query_with(AssertSqlSafe(sql.to_owned()), arguments);
        Box::pin(async move { Ok(query.execute(self.connection()?).await?.rows_affected()) })
    }

    /// The names of this database's unique constraints.
    pub(in crate::db) fn unique(&self) -> &UniqueConstraints {
        &self.unique
    }

    /// Commits and gives the connection back.
    pub(super) async fn commit(mut self) -> Result<(), DatabaseError> {
        match self.control(sqlx::raw_sql("COMMIT")).await {
            Ok(()) => {
                self.give_back();
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
        self.give_back();
        Ok(())
    }

    /// Ends a snapshot without waiting until the server has ended it: the answer is read by whoever uses the connection
    /// next. All its statements have been answered to the end, which those that fail are not.
    pub(in crate::db) fn end_snapshot(mut self) -> sqlx::Result<()> {
        // Whatever else the task has done in its turn, the words are to be on their way.
        let told = tokio::task::unconstrained(self.connection()?.execute(sqlx::raw_sql("ROLLBACK")));
        if let Some(Err(error)) = told.now_or_never() {
            return Err(error);
        }
        self.give_back();
        Ok(())
    }

    fn connection(&mut self) -> sqlx::Result<&mut PgConnection> {
        self.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// Gives a connection back that is in no transaction.
    pub(in crate::db) fn give_back(&mut self) {
        drop(self.connection.take());
    }

    /// Runs statements that bound a transaction. The server may have gone without a word.
    async fn control(&mut self, sql: sqlx::RawSql) -> sqlx::Result<()> {
        let (began, run) = (Instant::now(), self.connection()?.execute(sql));
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
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}
