//! The handles that statements run on.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{AssertSqlSafe, FromRow, SqlSafeStr, SqlStr};

use super::bind::{BackendArguments, Binds, Bound};
use super::counters::{Counters, StatementKind};
use super::error::{DatabaseError, StatementFailure};
use super::notices::Topic;
use super::postgres::{self, Session};
use super::sqlite::driver::{EmbeddedArguments, EmbeddedRow};
use super::sqlite::{Connection, Snapshot};
use super::{DataScope, Dialect};
use crate::outbox::Stated;

/// A row type that every backend can fill; `#[derive(sqlx::FromRow)]` gives it.
pub trait Row: for<'r> FromRow<'r, EmbeddedRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, EmbeddedRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

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
    /// The one connection that writes to an embedded store, in its transaction.
    Writer(Box<Connection>),
    /// A reader's connection to an embedded store, in its transaction.
    Snapshot(Snapshot),
    /// A connection to a server, in a transaction that reads or writes.
    Postgres(Box<Session>),
}

impl Handle {
    /// Runs something on the connection to an embedded store, here and now.
    pub(super) fn run_embedded<T>(
        &self,
        work: impl FnOnce(&Connection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        match self {
            Self::Writer(connection) => work(connection),
            Self::Snapshot(snapshot) => snapshot.run(work),
            Self::Postgres(_) => Err(sqlx::Error::Protocol("the store is no embedded one".to_owned())),
        }
    }

    fn is_snapshot(&self) -> bool {
        match self {
            Self::Writer(_) => false,
            Self::Snapshot(_) => true,
            Self::Postgres(session) => session.is_snapshot,
        }
    }
}

/// A statement that failed.
pub(super) struct Failure {
    pub(super) why: String,
    /// Another transaction was in the way.
    pub(super) is_conflict: bool,
    /// There was such a row already.
    pub(super) is_duplicate: bool,
    /// The connection has ended.
    is_stale: bool,
}

/// A connection to read from.
pub struct Reader {
    pub(super) handle: Handle,
    pub(super) failure: Option<Failure>,
    pub(super) scope: DataScope,
    /// What others are to be told when the transaction commits, where the server does not see to it.
    pub(super) told: Vec<Topic>,
    /// What the transaction states, to be written when it is done.
    pub(crate) stated: Vec<Stated>,
    statements: Arc<Counters>,
}

/// A statement with its parameters, ready to run.
struct Prepared {
    sql: SqlStr,
    arguments: sqlx::Result<BackendArguments>,
}

/// What a statement answers.
enum Rows {
    Embedded(Vec<EmbeddedRow>),
    Postgres(Vec<PgRow>),
}

impl Rows {
    fn read<R: Row>(&self) -> sqlx::Result<Vec<R>> {
        match self {
            Self::Embedded(rows) => rows.iter().map(R::from_row).collect(),
            Self::Postgres(rows) => rows.iter().map(R::from_row).collect(),
        }
    }

    fn read_first<R: Row>(&self) -> sqlx::Result<Option<R>> {
        match self {
            Self::Embedded(rows) => rows.first().map(R::from_row).transpose(),
            Self::Postgres(rows) => rows.first().map(R::from_row).transpose(),
        }
    }
}

impl Reader {
    pub(super) fn new(handle: Handle, scope: DataScope, statements: Arc<Counters>) -> Self {
        Self { handle, failure: None, scope, told: Vec::new(), stated: Vec::new(), statements }
    }

    /// Whether a statement has failed, so that a server answers no further one.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Whose data the work touches.
    pub fn scope(&self) -> DataScope {
        self.scope
    }

    /// Whose SQL the statements are in.
    pub fn dialect(&self) -> Dialect {
        if let Handle::Postgres(_) = self.handle { Dialect::Postgres } else { Dialect::Sqlite }
    }

    /// Every row, in the statement's order.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn fetch_all<'q, R: Row>(
        &mut self,
        sql: impl SqlSafeStr,
        binds: impl Binds<'q>,
    ) -> impl Future<Output = Result<Vec<R>, DatabaseError>> + Send {
        let statement = self.prepare(sql, binds);
        async move {
            let rows = self.rows(statement, Connection::rows).await?;
            self.note(rows.read())
        }
    }

    /// The first row, if there is one.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn fetch_optional<'q, R: Row>(
        &mut self,
        sql: impl SqlSafeStr,
        binds: impl Binds<'q>,
    ) -> impl Future<Output = Result<Option<R>, DatabaseError>> + Send {
        let statement = self.prepare(sql, binds);
        async move {
            let rows = self.rows(statement, Connection::first_row).await?;
            self.note(rows.read_first())
        }
    }

    /// The only row of a statement that always has one.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn fetch_one<'q, R: Row>(
        &mut self,
        sql: impl SqlSafeStr,
        binds: impl Binds<'q>,
    ) -> impl Future<Output = Result<R, DatabaseError>> + Send {
        let row = self.fetch_optional(sql, binds);
        async move { row.await?.ok_or(DatabaseError::Statement(sqlx::Error::RowNotFound)) }
    }

    /// Whether the connection had ended, which only a statement finds out.
    pub(super) fn was_stale(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.is_stale)
    }

    /// Gives the connection back that has run statements by themselves. After a failure it is closed.
    pub(super) fn end_look_up(self) {
        if let (Handle::Postgres(mut session), None) = (self.handle, self.failure) {
            session.give_back();
        }
    }

    /// Gives the connection back. One of an embedded store goes back by being dropped.
    pub(super) async fn end(self) {
        if self.has_failed()
            && let Handle::Postgres(session) = self.handle
        {
            // The answer to a statement that failed is not read to its end: what is said now would not be on its way.
            if let Err(error) = Box::pin(session.roll_back()).await {
                tracing::debug!(%error, "a snapshot did not end in order");
            }
        } else {
            self.end_in_order();
        }
    }

    /// The same where no statement has failed.
    pub(super) fn end_in_order(self) {
        if let Handle::Postgres(session) = self.handle
            && let Err(error) = session.end_snapshot()
        {
            tracing::debug!(%error, "a snapshot did not end in order");
        }
    }

    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    fn prepare<'q>(&self, sql: impl SqlSafeStr, binds: impl Binds<'q>) -> Prepared {
        let mut arguments = match self.handle {
            Handle::Postgres(_) => BackendArguments::Postgres(PgArguments::default()),
            _ => BackendArguments::Embedded(EmbeddedArguments::default()),
        };
        let arguments = binds.bind_to(&mut arguments).map(|()| arguments);
        let sql = sql.into_sql_str();
        #[cfg(any(test, feature = "testing"))]
        crate::testing::statements::note(self.dialect(), sql.as_str(), std::panic::Location::caller());
        Prepared { sql, arguments }
    }

    async fn rows(
        &mut self,
        statement: Prepared,
        embedded: fn(&Connection, &str, &EmbeddedArguments) -> sqlx::Result<Vec<EmbeddedRow>>,
    ) -> Result<Rows, DatabaseError> {
        let began = self.admit()?;
        let sql = statement.sql.as_str();
        let rows = match (statement.arguments, &mut self.handle) {
            (Err(error), _) => Err(error),
            (Ok(BackendArguments::Embedded(arguments)), handle) => {
                handle.run_embedded(|connection| embedded(connection, sql, &arguments)).map(Rows::Embedded)
            }
            (Ok(BackendArguments::Postgres(arguments)), Handle::Postgres(session)) => {
                session.rows(sql, arguments).await.map(Rows::Postgres)
            }
            (Ok(BackendArguments::Postgres(_)), _) => Err(wrong_backend()),
        };
        self.statements.end(self.kind(), began);
        self.note(rows)
    }

    async fn execute(&mut self, statement: Prepared) -> Result<u64, DatabaseError> {
        let began = self.admit()?;
        let sql = statement.sql.as_str();
        let changed = match (statement.arguments, &mut self.handle) {
            (Err(error), _) => Err(error),
            (Ok(BackendArguments::Embedded(arguments)), handle) => {
                handle.run_embedded(|connection| connection.execute(sql, &arguments))
            }
            (Ok(BackendArguments::Postgres(arguments)), Handle::Postgres(session)) => {
                session.execute(sql, arguments).await
            }
            (Ok(BackendArguments::Postgres(_)), _) => Err(wrong_backend()),
        };
        self.statements.end(self.kind(), began);
        self.note(changed)
    }

    /// Counts a statement that is about to run. Nothing may run in a transaction after a failed statement: some
    /// failures end the transaction inside SQLite, and what followed would be committed by itself.
    fn admit(&self) -> Result<std::time::Instant, DatabaseError> {
        let began = self.statements.begin(self.kind());
        match &self.failure {
            Some(failure) if !self.handle.is_snapshot() => {
                Err(DatabaseError::FailureIgnored(failure.why.clone()))
            }
            _ => Ok(began),
        }
    }

    fn kind(&self) -> StatementKind {
        if self.handle.is_snapshot() { StatementKind::Read } else { StatementKind::Write }
    }

    /// Remembers a failed statement, so that a transaction cannot commit past it.
    fn note<T>(&mut self, result: sqlx::Result<T>) -> Result<T, DatabaseError> {
        result.map_err(|error| {
            self.statements.failed(StatementFailure::of(&error));
            let is_duplicate =
                error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation);
            let is_conflict = postgres::is_conflict(&error);
            let is_stale = postgres::is_stale(&error);
            self.failure = Some(Failure { why: error.to_string(), is_conflict, is_duplicate, is_stale });
            let unique =
                if let Handle::Postgres(session) = &self.handle { Some(session.unique()) } else { None };
            DatabaseError::of_statement(error, self.handle.is_snapshot(), unique)
        })
    }
}

fn wrong_backend() -> sqlx::Error {
    sqlx::Error::Protocol("the parameters are another backend's".to_owned())
}

/// A write transaction. Everything that a [`Reader`] can do, and changes.
pub struct Tx(pub(super) Reader);

impl Tx {
    /// Runs a statement and says how many rows it changed.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub fn execute<'q>(
        &mut self,
        sql: impl SqlSafeStr,
        binds: impl Binds<'q>,
    ) -> impl Future<Output = Result<u64, DatabaseError>> + Send {
        let statement = self.0.prepare(sql, binds);
        async move { self.0.execute(statement).await }
    }

    /// Locks the rows of a SELECT, in its order, until the transaction ends: its result stays true as long. To lock in one
    /// order wherever rows are locked keeps transactions from waiting for each other in a ring. An embedded store has
    /// one writer, so that nothing is to be locked.
    ///
    /// # Errors
    /// A failed statement.
    pub async fn lock_rows(&mut self, select: &str, values: Vec<Bound>) -> Result<(), DatabaseError> {
        if self.dialect() == Dialect::Postgres {
            // Others may go on referring to the rows.
            let sql = format!("{select} FOR NO KEY UPDATE");
            let statement = self.0.prepare(AssertSqlSafe(sql), values);
            self.0.rows(statement, Connection::rows).await?;
        }
        Ok(())
    }

    /// Runs a statement that must change exactly one row.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
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
