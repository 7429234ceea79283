//! The handles that statements run on.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{FromRow, SqlSafeStr, SqlStr};

use super::DataScope;
use super::bind::Binds;
use super::error::{DatabaseError, is_interrupt};
use super::sqlite::driver::{EmbeddedArguments, EmbeddedRow};
use super::sqlite::{Connection, Snapshot};

/// A row type that every backend can fill; `#[derive(sqlx::FromRow)]` gives it.
pub trait Row: for<'r> FromRow<'r, EmbeddedRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, EmbeddedRow> + Send + Unpin {}

/// The closure of a write: callable with a transaction of any lifetime, with a future that may cross threads.
/// Implemented for every async closure that takes `&mut Tx`; not to be implemented by hand.
pub trait WriteFn<'t, R>: FnOnce(&'t mut Tx) -> Self::Future {
    /// What the closure returns.
    type Future: Future<Output = R> + Send + 't;
}

impl<'t, R, F, Fut> WriteFn<'t, R> for F
where
    F: FnOnce(&'t mut Tx) -> Fut,
    Fut: Future<Output = R> + Send + 't,
{
    type Future = Fut;
}

/// Calls a closure by its [`WriteFn`] side, so that its future is known to be `Send`.
pub(super) fn call<'t, R, F: WriteFn<'t, R>>(work: F, tx: &'t mut Tx) -> F::Future {
    work(tx)
}

/// What statements run on.
pub(super) enum Handle {
    Writer(Box<Connection>),
    Snapshot(Snapshot),
}

impl Handle {
    /// Runs something on the connection, here and now.
    pub(super) fn run<T>(&self, work: impl FnOnce(&Connection) -> sqlx::Result<T>) -> sqlx::Result<T> {
        match self {
            Self::Writer(connection) => work(connection),
            Self::Snapshot(snapshot) => snapshot.run(work),
        }
    }
}

/// A connection to read from.
pub struct Reader {
    pub(super) handle: Handle,
    pub(super) failure: Option<String>,
    pub(super) scope: DataScope,
    statements: Arc<AtomicU64>,
}

impl Reader {
    pub(super) fn new(handle: Handle, scope: DataScope, statements: Arc<AtomicU64>) -> Self {
        Self { handle, failure: None, scope, statements }
    }

    /// Whose data the work touches.
    pub fn scope(&self) -> DataScope {
        self.scope
    }

    /// Every row, in the statement's order.
    pub fn fetch_all<'q, R: Row>(
        &mut self,
        sql: impl SqlSafeStr,
        binds: impl Binds<'q>,
    ) -> impl Future<Output = Result<Vec<R>, DatabaseError>> + Send {
        let (sql, arguments) = (sql.into_sql_str(), encode(binds));
        async move {
            let rows = self.run(&sql, arguments, Connection::rows)?;
            self.note(rows.iter().map(R::from_row).collect())
        }
    }

    /// The first row, if there is one.
    pub fn fetch_optional<'q, R: Row>(
        &mut self,
        sql: impl SqlSafeStr,
        binds: impl Binds<'q>,
    ) -> impl Future<Output = Result<Option<R>, DatabaseError>> + Send {
        let (sql, arguments) = (sql.into_sql_str(), encode(binds));
        async move {
            let row = self.run(&sql, arguments, Connection::row)?;
            self.note(row.as_ref().map(R::from_row).transpose())
        }
    }

    /// The only row of a statement that always has one.
    pub fn fetch_one<'q, R: Row>(
        &mut self,
        sql: impl SqlSafeStr,
        binds: impl Binds<'q>,
    ) -> impl Future<Output = Result<R, DatabaseError>> + Send {
        let row = self.fetch_optional(sql, binds);
        async move { row.await?.ok_or(DatabaseError::Statement(sqlx::Error::RowNotFound)) }
    }

    /// Runs a statement on the connection, here and now.
    fn run<T>(
        &mut self,
        sql: &SqlStr,
        arguments: sqlx::Result<EmbeddedArguments>,
        work: impl FnOnce(&Connection, &str, &EmbeddedArguments) -> sqlx::Result<T>,
    ) -> Result<T, DatabaseError> {
        self.admit()?;
        let done = arguments
            .and_then(|arguments| self.handle.run(|connection| work(connection, sql.as_str(), &arguments)));
        self.note(done)
    }

    /// Counts a statement that is about to run. Nothing may run in a transaction after a failed statement: some
    /// failures end the transaction inside SQLite, and what followed would be committed by itself.
    fn admit(&self) -> Result<(), DatabaseError> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        match (&self.handle, &self.failure) {
            (Handle::Writer(_), Some(failure)) => Err(DatabaseError::FailureIgnored(failure.clone())),
            _ => Ok(()),
        }
    }

    /// Remembers a failed statement, so that a transaction cannot commit past it.
    fn note<T>(&mut self, result: sqlx::Result<T>) -> Result<T, DatabaseError> {
        result.map_err(|error| {
            self.failure = Some(error.to_string());
            match (error, &self.handle) {
                (error, Handle::Writer(_)) if is_interrupt(&error) => DatabaseError::TransactionTimeout,
                (error, Handle::Snapshot(_)) if is_interrupt(&error) => DatabaseError::ReadTimeout,
                (sqlx::Error::PoolClosed, _) => DatabaseError::Closed,
                (error, _) => DatabaseError::Statement(error),
            }
        })
    }
}

fn encode<'q>(binds: impl Binds<'q>) -> sqlx::Result<EmbeddedArguments> {
    let mut arguments = EmbeddedArguments::default();
    binds.bind_to(&mut arguments)?;
    Ok(arguments)
}

/// A write transaction. Everything that a [`Reader`] can do, and changes.
pub struct Tx(pub(super) Reader);

impl Tx {
    /// Runs a statement and says how many rows it changed.
    pub fn execute<'q>(
        &mut self,
        sql: impl SqlSafeStr,
        binds: impl Binds<'q>,
    ) -> impl Future<Output = Result<u64, DatabaseError>> + Send {
        let (sql, arguments) = (sql.into_sql_str(), encode(binds));
        async move { self.0.run(&sql, arguments, Connection::execute) }
    }

    /// Runs a statement that must change exactly one row.
    pub fn execute_one<'q>(
        &mut self,
        sql: impl SqlSafeStr,
        binds: impl Binds<'q>,
    ) -> impl Future<Output = Result<(), DatabaseError>> + Send {
        let changed = self.execute(sql, binds);
        async move {
            match changed.await? {
                1 => Ok(()),
                changed => Err(DatabaseError::RowCount { changed, expected: 1 }),
            }
        }
    }
}

impl Deref for Tx {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.0
    }
}
