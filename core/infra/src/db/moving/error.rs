//! How moves fail.

use std::path::PathBuf;

use super::digest::Digest;
use crate::db::DatabaseError;

/// Why a store is not moved. The server has no row then.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The file is not there.
    #[error("there is no store at {}", .0.display())]
    NoSource(PathBuf),
    /// Another program has the file open.
    #[error(
        "the store is being served or used: stop every program that does, so that nothing is written to it any more"
    )]
    SourceInUse,
    /// The file's schema is not this program's.
    #[error(
        "the schema of the store is not this program's: `soko migrate`, of the same version, brings it up to date"
    )]
    SourceSchema,
    /// The server has rows.
    #[error(
        "the table {0} of the database on the server has rows: a platform moves to a database that has none"
    )]
    TargetNotEmpty(String),
    /// A value is not of its column's type.
    #[error("a row of {table} has a value in {column} that is no {kind}")]
    Unfit {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The column's type.
        kind: &'static str,
    },
    /// Tables refer to each other in a ring, or have a type that no store of this program has.
    #[error("the table {0} cannot be moved: its columns or references are none that this program knows")]
    Unknown(String),
    /// Another number of rows arrived.
    #[error("{sent} rows of {table} were sent and {arrived} arrived")]
    RowsDiffer {
        /// The table.
        table: String,
        /// Rows of the source.
        sent: u64,
        /// Rows of the target.
        arrived: u64,
    },
    /// Rows arrived that are not those that were sent.
    #[error("the rows of {0} did not arrive as they were sent")]
    ContentDiffers(String),
    /// A check had other results.
    #[error("{what} differ: {sent:?} was sent, {arrived:?} arrived")]
    CheckFailed {
        /// What was compared.
        what: &'static str,
        /// The line of the source where they part.
        sent: String,
        /// The line of the target where they part.
        arrived: String,
    },
    /// The work after the copying failed.
    #[error("what is made anew could not be made: {0}")]
    After(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// SQLite refused.
    #[error("SQLite answered: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The server refused.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The server could not be asked.
    #[error("the database on the server answered: {0}")]
    Server(#[from] sqlx::Error),
}

impl MoveError {
    pub(super) fn rows_differ(table: &str, sent: &Digest, arrived: &Digest) -> Self {
        if sent.rows == arrived.rows {
            return Self::ContentDiffers(table.to_owned());
        }
        Self::RowsDiffer { table: table.to_owned(), sent: sent.rows, arrived: arrived.rows }
    }
}
