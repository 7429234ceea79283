//! The handles that statements run on.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{FromRow, SqlSafeStr, SqlStr, SqliteConnection};

use super::DataScope;
use super::bind::Binds;
use super::error::{DatabaseError, is_interrupt};
use super::sqlite::Lent;

/// A row type that every backend can fill; `#[derive(sqlx::FromRow)]` gives it.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin {}

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

pub(super) enum Connection {
    Writer(Box<SqliteConnection>),
    Lent(Lent),
}

impl Connection {
    pub(super) fn as_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Writer(connection) => connection,
            Self::Lent(lent) => lent.connection(),
        }
    }
}

/// A connection to read from.
pub struct Reader {
    pub(super) connection: Connection,
    pub(super) failure: Option<String>,
    pub(super) scope: DataScope,
    /// A statement was begun and, as far as we have heard, has not ended.
    running: bool,
    statements: Arc<AtomicU64>,
}

impl Reader {
    pub(super) fn new(connection: Connection, scope: DataScope, statements: Arc<AtomicU64>) -> Self {
        Self { connection, failure: None, scope, running: false, statements }
    }

    /// The connection to give back; `None` when a statement that was left behind still runs on it.
    pub(super) fn into_lent(self) -> Option<Lent> {
        match self.connection {
            Connection::Lent(lent) if !self.running => Some(lent),
            _ => None,
        }
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
            let rows = self.rows(sql, arguments).await?;
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
            let row = self.row(sql, arguments).await?;
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

    async fn rows(
        &mut self,
        sql: SqlStr,
        arguments: sqlx::Result<SqliteArguments>,
    ) -> Result<Vec<SqliteRow>, DatabaseError> {
        self.admit()?;
        let rows = match arguments {
            Ok(arguments) => sqlx::query_with(sql, arguments).fetch_all(self.connection.as_mut()).await,
            Err(error) => Err(error),
        };
        self.note(rows)
    }

    async fn row(
        &mut self,
        sql: SqlStr,
        arguments: sqlx::Result<SqliteArguments>,
    ) -> Result<Option<SqliteRow>, DatabaseError> {
        self.admit()?;
        let row = match arguments {
            Ok(arguments) => sqlx::query_with(sql, arguments).fetch_optional(self.connection.as_mut()).await,
            Err(error) => Err(error),
        };
        self.note(row)
    }

    /// Counts a statement that is about to run. Nothing may run in a transaction after a failed statement: some
    /// failures end the transaction inside SQLite, and what followed would be committed by itself.
    fn admit(&mut self) -> Result<(), DatabaseError> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        match (&self.connection, &self.failure) {
            (Connection::Writer(_), Some(failure)) => Err(DatabaseError::FailureIgnored(failure.clone())),
            _ => {
                self.running = true;
                Ok(())
            }
        }
    }

    /// The statement has ended. Remembers a failed one, so that a transaction cannot commit past it.
    fn note<T>(&mut self, result: sqlx::Result<T>) -> Result<T, DatabaseError> {
        self.running = false;
        result.map_err(|error| {
            self.failure = Some(error.to_string());
            match self.connection {
                _ if !is_interrupt(&error) => DatabaseError::Statement(error),
                Connection::Writer(_) => DatabaseError::TransactionTimeout,
                Connection::Lent(_) => DatabaseError::ReadTimeout,
            }
        })
    }
}

fn encode<'q>(binds: impl Binds<'q>) -> sqlx::Result<SqliteArguments> {
    let mut arguments = SqliteArguments::default();
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
        self.run(sql, arguments)
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

    async fn run(
        &mut self,
        sql: SqlStr,
        arguments: sqlx::Result<SqliteArguments>,
    ) -> Result<u64, DatabaseError> {
        self.0.admit()?;
        let done = match arguments {
            Ok(arguments) => sqlx::query_with(sql, arguments).execute(self.0.connection.as_mut()).await,
            Err(error) => Err(error),
        };
        self.0.note(done.map(|done| done.rows_affected()))
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
