//! How the store can fail.

use soko_kernel::ErrorKind;

use super::postgres::{UniqueConstraints, is_conflict, is_invalid_value, is_stale, is_timeout};

/// A failure of the store, not of what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// A statement failed, or a row could not be read.
    #[error("the database answered: {0}")]
    Statement(#[from] sqlx::Error),
    /// The server cannot be reached, or the connection to it broke. What was not committed is not done.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The transaction ran over its time limit and was rolled back.
    #[error("the transaction took too long and was rolled back")]
    TransactionTimeout,
    /// The statements of a reader ran over their time limit.
    #[error("reading took too long and was given up")]
    ReadTimeout,
    /// The work did not start within the waiting limit. Nothing was done.
    #[error("too much work is waiting for the database; nothing was done")]
    Overloaded,
    /// The work panicked and was rolled back.
    #[error("the transaction panicked and was rolled back: {0}")]
    Panicked(String),
    /// A statement failed and the closure answered `Ok` all the same. Nothing was written.
    #[error("a failed statement was ignored, so that nothing was written: {0}")]
    FailureIgnored(String),
    /// The transaction that the work shared with others could not begin or commit. Nothing was written.
    #[error("the transaction could not be carried out: {0}")]
    Commit(String),
    /// A unique constraint refused the statement: there is such a row already.
    #[error("{table} has a row with the same {}", columns.join(", "))]
    UniqueViolation {
        /// The table.
        table: String,
        /// The columns that would not be unique.
        columns: Vec<String>,
    },
    /// A foreign key refused the statement: a row that it needs is missing, or one that it deletes is needed.
    #[error("a row refers to another that is not there: {0}")]
    ForeignKeyViolation(String),
    /// The server does not take a value: a text with a zero byte, a key that is too long, a regular expression that is
    /// none in its dialect.
    #[error(
        "the database does not take a value: for a zero byte, a key too long, or as a regular expression"
    )]
    InvalidValue(#[source] sqlx::Error),
    /// The connection broke while a transaction was being committed: it is done, or it is not.
    #[error("the connection broke during a commit, whose outcome is not known: {0}")]
    OutcomeUnknown(String),
    /// The store's disk is full. Nothing was written; reading goes on.
    #[error("the disk of the database is full; nothing was written")]
    Full,
    /// A checked statement changed another number of rows than it must.
    #[error("a statement changed {changed} rows where it must change {expected}")]
    RowCount {
        /// Rows that it changed.
        changed: u64,
        /// Rows that it must change.
        expected: u64,
    },
    /// A row's content does not fit its type: the store and the program disagree.
    #[error("the stored {what} cannot be read: {why}")]
    Corrupt {
        /// What was read.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// Another run of the same operation has taken over its idempotency key. Nothing was written.
    #[error("another request with the same idempotency key has taken over; nothing was done")]
    ClaimLost,
    /// The store is closed.
    #[error("the database is closed")]
    Closed,
    /// The store cannot be opened.
    #[error("the database cannot be opened: {0}")]
    Open(String),
}

impl DatabaseError {
    /// The stored thing cannot be read.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "shorter for callers, who hand over an error or a text"
    )]
    pub fn corrupt(what: &'static str, why: impl ToString) -> Self {
        Self::Corrupt { what, why: why.to_string() }
    }

    /// Overload is the client's to retry, and a store that cannot work for a while; nearly all else is our fault.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Overloaded
            | Self::TransactionTimeout
            | Self::ReadTimeout
            | Self::Unreachable(_)
            | Self::Full => ErrorKind::Overloaded,
            Self::OutcomeUnknown(_) => ErrorKind::OutcomeUnknown,
            Self::InvalidValue(_) => ErrorKind::InvalidInput,
            Self::ClaimLost => ErrorKind::Conflict,
            _ => ErrorKind::Internal,
        }
    }

    /// A transaction that could not be carried out.
    pub(super) fn of_commit(error: &sqlx::Error) -> Self {
        if is_full(error) { Self::full(error) } else { Self::Commit(error.to_string()) }
    }

    /// Clients are told to come back; that somebody has to make room, only the log says.
    fn full(error: &sqlx::Error) -> Self {
        tracing::error!(%error, "the disk of the database is full");
        Self::Full
    }

    /// What a failed statement means. `unique` are the constraints of a backend that only names them.
    pub(super) fn of_statement(
        error: sqlx::Error,
        in_snapshot: bool,
        unique: Option<&UniqueConstraints>,
    ) -> Self {
        if is_interrupt(&error) || is_timeout(&error) {
            return if in_snapshot { Self::ReadTimeout } else { Self::TransactionTimeout };
        }
        if is_full(&error) {
            return Self::full(&error);
        }
        if is_invalid_value(&error) {
            return Self::InvalidValue(error);
        }
        if is_stale(&error) {
            return Self::Unreachable(error.to_string());
        }
        match &error {
            sqlx::Error::PoolClosed => Self::Closed,
            sqlx::Error::Database(refusal) if refusal.is_foreign_key_violation() => {
                Self::ForeignKeyViolation(refusal.message().to_owned())
            }
            sqlx::Error::Database(refusal) if refusal.is_unique_violation() => {
                let named = match unique {
                    Some(unique) => refusal.constraint().and_then(|constraint| unique.find(constraint)),
                    None => table_and_columns(refusal.message()),
                };
                match named {
                    Some((table, columns)) => Self::UniqueViolation { table, columns },
                    None => Self::Statement(error),
                }
            }
            _ => Self::Statement(error),
        }
    }

    /// Whether a unique constraint over exactly these columns of this table refused the statement.
    pub fn is_unique_violation(&self, table: &str, columns: &[&str]) -> bool {
        matches!(self, Self::UniqueViolation { table: of, columns: over } if of == table && over == columns)
    }

    /// Whether a foreign key refused the statement.
    pub fn is_foreign_key_violation(&self) -> bool {
        matches!(self, Self::ForeignKeyViolation(_))
    }
}

/// What SQLite's `UNIQUE constraint failed: facet.channel_id, facet.code` is about.
fn table_and_columns(message: &str) -> Option<(String, Vec<String>)> {
    let (_, columns) = message.split_once("constraint failed: ")?;
    let columns = columns.split(", ").map(|column| column.split_once('.')).collect::<Option<Vec<_>>>()?;
    let table = columns.first()?.0.to_owned();
    Some((table, columns.into_iter().map(|(_, column)| column.to_owned()).collect()))
}

/// Why a statement failed, as far as an operator must tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementFailure {
    /// Another transaction was in the way; the work is done again.
    Conflict,
    /// A constraint refused a row, which is an answer.
    Constraint,
    /// It ran over its time limit.
    Timeout,
    /// The server cannot be reached, or has closed the connection.
    Connection,
    /// The disk is full, or does not read or write.
    Disk,
    /// Anything else.
    Other,
}

impl StatementFailure {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Conflict, Self::Constraint, Self::Timeout, Self::Connection, Self::Disk, Self::Other];

    /// A stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Constraint => "constraint",
            Self::Timeout => "timeout",
            Self::Connection => "connection",
            Self::Disk => "disk",
            Self::Other => "other",
        }
    }

    pub(super) fn of(error: &sqlx::Error) -> Self {
        let refusal = error.as_database_error();
        if is_conflict(error) || is_busy(error) {
            Self::Conflict
        } else if is_disk(error) {
            Self::Disk
        } else if is_interrupt(error) || is_timeout(error) {
            Self::Timeout
        } else if is_stale(error) {
            Self::Connection
        } else if refusal.is_some_and(|refusal| !matches!(refusal.kind(), sqlx::error::ErrorKind::Other)) {
            Self::Constraint
        } else {
            Self::Other
        }
    }
}

/// Primary result codes of SQLite; the store's errors carry extended ones, whose lowest byte is primary.
const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_INTERRUPT: u32 = 9;
const SQLITE_FULL: u32 = 13;
/// PostgreSQL's `disk_full`.
const DISK_FULL: &str = "53100";
/// An error of reading or writing, a file that is damaged, a full disk, a file that cannot be opened.
const SQLITE_DISK: [u32; 4] = [10, 11, SQLITE_FULL, 14];
/// The same of PostgreSQL: full disk, an error of reading or writing, damaged data or index.
const POSTGRES_DISK: [&str; 4] = [DISK_FULL, "58030", "XX001", "XX002"];

fn is_disk(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    primary_code(error).is_some_and(|code| SQLITE_DISK.contains(&code))
        || code.is_some_and(|code| POSTGRES_DISK.contains(&&*code))
}

/// Whether another connection holds the lock that the statement needs.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(SQLITE_BUSY | SQLITE_LOCKED))
}

/// Whether the statement was ended from outside, which only a time limit does.
pub(super) fn is_interrupt(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(SQLITE_INTERRUPT)
}

/// Whether the disk is full.
fn is_full(error: &sqlx::Error) -> bool {
    let code = |error: &dyn sqlx::error::DatabaseError| error.code().is_some_and(|code| code == DISK_FULL);
    primary_code(error) == Some(SQLITE_FULL)
        || matches!(error, sqlx::Error::Database(error) if code(error.as_ref()))
}

fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let sqlx::Error::Database(error) = error else { return None };
    Some(error.code()?.parse::<u32>().ok()? & 0xff)
}
