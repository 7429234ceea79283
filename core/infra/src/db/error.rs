//! How the store can fail.

use soko_kernel::ErrorKind;

/// A failure of the store, not of what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// A statement failed, or a row could not be read.
    #[error("the database answered: {0}")]
    Statement(#[from] sqlx::Error),
    /// The transaction ran over its time limit and was rolled back.
    #[error("the transaction took too long and was rolled back")]
    TransactionTimeout,
    /// The statements of a read ran over their time limit and were ended.
    #[error("the query took too long and was ended")]
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

    /// Overload is the client's to retry; everything else is the server's fault.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Overloaded | Self::TransactionTimeout | Self::ReadTimeout => ErrorKind::Overloaded,
            _ => ErrorKind::Internal,
        }
    }

    /// Whether a unique constraint over exactly these columns of this table refused the statement.
    pub fn is_unique_violation(&self, table: &str, columns: &[&str]) -> bool {
        let Self::Statement(sqlx::Error::Database(error)) = self else { return false };
        let named = columns.iter().map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", ");
        error.is_unique_violation() && error.message().ends_with(&format!("constraint failed: {named}"))
    }

    /// Whether a foreign key refused the statement.
    pub fn is_foreign_key_violation(&self) -> bool {
        matches!(self, Self::Statement(sqlx::Error::Database(error)) if error.is_foreign_key_violation())
    }
}

/// Primary result codes of SQLite; the store's errors carry extended ones, whose lowest byte is primary.
const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_INTERRUPT: u32 = 9;

/// Whether another connection holds the lock that the statement needs.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(SQLITE_BUSY | SQLITE_LOCKED))
}

/// Whether the statement was ended from outside, which only the connection's deadline does.
pub(super) fn is_interrupt(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(SQLITE_INTERRUPT)
}

fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let sqlx::Error::Database(error) = error else { return None };
    Some(error.code()?.parse::<u32>().ok()? & 0xff)
}
