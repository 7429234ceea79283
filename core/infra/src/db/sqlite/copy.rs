//! Whole copies of a store's file, made while it is in use.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// Longest wait for a lock on the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a copy cannot be made or is none.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// SQLite refused.
    #[error("SQLite answered: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file system refused.
    #[error("the file system answered: {0}")]
    Io(#[from] std::io::Error),
    /// A path that SQLite cannot be told.
    #[error("the path is not in UTF-8")]
    Path,
    /// The content of the file is damaged.
    #[error("the database is damaged: {0}")]
    Damaged(String),
}

/// What a copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyContents {
    /// Number of the last migration.
    pub schema_version: i64,
    /// Rows in all tables.
    pub rows: i64,
}

/// Copies the store as it is at this moment into a new file. Those who read and write it go on meanwhile: the copy is
/// one snapshot. Blocks the thread. When this returns, the copy is on disk.
///
/// # Errors
/// [`CopyError`], also when the new file exists.
pub fn copy_store(store: &Path, copy: &Path) -> Result<(), CopyError> {
    let source = open(store)?;
    let target = copy.to_str().ok_or(CopyError::Path)?;
    source.execute("VACUUM INTO ?1", [target])?;
    File::open(copy)?.sync_all()?;
    Ok(())
}

/// Reads the whole of a copy and says what it holds. Blocks the thread.
///
/// # Errors
/// [`CopyError::Damaged`] when a page, an index or a reference is not as it must be.
pub fn inspect_copy(copy: &Path) -> Result<CopyContents, CopyError> {
    let connection = open(copy)?;
    connection.pragma_update(None, "query_only", true)?;
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(CopyError::Damaged(verdict));
    }
    let dangling: Option<String> = {
        let mut check = connection.prepare("PRAGMA foreign_key_check")?;
        let mut rows = check.query([])?;
        rows.next()?.map(|row| row.get(0)).transpose()?
    };
    if let Some(table) = dangling {
        return Err(CopyError::Damaged(format!("a row of {table} refers to one that is not there")));
    }
    let schema_version =
        connection
            .query_row("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations", [], |row| row.get(0))?;
    let mut rows = 0;
    for table in tables(&connection)? {
        let counted: i64 =
            connection.query_row(&format!("SELECT COUNT(*) FROM \"{table}\""), [], |row| row.get(0))?;
        rows += counted;
    }
    Ok(CopyContents { schema_version, rows })
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut tables = connection.prepare(sql)?;
    let names = tables.query_map([], |row| row.get(0))?;
    names.collect()
}

/// An existing file. Opened for writing, as one with a write-ahead log has to be for its readers too.
fn open(path: &Path) -> Result<Connection, CopyError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}
