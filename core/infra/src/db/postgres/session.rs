//! A connection in a transaction.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{AssertSqlSafe, Executor as _, Postgres as Driver};

use super::Concurrency;
use super::unique::UniqueConstraints;
use crate::db::DataScope;

/// The setting that row-level security reads: the id of the channel whose rows may be touched, [`PLATFORM`] for all.
const SCOPE_SETTING: &str = "soko.channel_id";
/// What the platform's own work has in place of a channel's id; no channel has it.
const PLATFORM: i64 = 0;

/// What kind of transaction a session is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounds {
    /// All statements see the same state, and none changes it.
    Snapshot,
    /// Statements change the store, under the lock of the scope.
    Write(Concurrency),
}

/// A connection in a transaction. One that is dropped before [`Session::end`], by a caller who went away in the middle of
/// a statement, is closed rather than given back: nobody knows what is still on its wire.
pub(in crate::db) struct Session {
    connection: PoolConnection<Driver>,
    unique: Arc<UniqueConstraints>,
    is_open: bool,
    pub(in crate::db) is_snapshot: bool,
}

impl Session {
    /// Begins a transaction, in one round trip.
    pub(super) async fn begin(
        connection: PoolConnection<Driver>,
        unique: Arc<UniqueConstraints>,
        bounds: Bounds,
        scope: DataScope,
    ) -> sqlx::Result<Self> {
        let mut session = Self { connection, unique, is_open: true, is_snapshot: bounds == Bounds::Snapshot };
        let channel = match scope {
            DataScope::Channel(scope) => scope.channel_id().0,
            DataScope::Platform => PLATFORM,
        };
        let (begin, lock) = match bounds {
            Bounds::Snapshot => ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", None),
            Bounds::Write(Concurrency::Alone) => ("BEGIN", Some("pg_advisory_xact_lock")),
            Bounds::Write(Concurrency::Together) => ("BEGIN", Some("pg_advisory_xact_lock_shared")),
        };
        let mut sql = format!("{begin}; SELECT set_config('{SCOPE_SETTING}', '{channel}', true)");
        if let Some(lock) = lock {
            sql.push_str(&format!("; SELECT {lock}({channel})"));
        }
        session.connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
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

    /// Ends the transaction and gives the connection back.
    pub(in crate::db) async fn end(mut self, commit: bool) -> sqlx::Result<()> {
        self.connection.execute(sqlx::raw_sql(if commit { "COMMIT" } else { "ROLLBACK" })).await?;
        self.is_open = false;
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.is_open {
            self.connection.close_on_drop();
        }
    }
}
