//! The file that a store is moved from, which nobody else may have open meanwhile.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};
use sqlx::migrate::Migrator;

use super::catalogue::{Column, Kind, Table, quote};
use super::error::MoveError;
use crate::db::bind::Bound;

/// Longest wait for a program that is just closing the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);
/// Rows that are read at a time, unless they have more bytes than this.
const BATCH_ROWS: usize = 1_000;
const BATCH_BYTES: usize = 4 << 20;

/// An open file, in a transaction that keeps all others out.
pub(super) struct Source(Mutex<Connection>);

/// Rows of a table, and the address of the last of them; none at the table's end.
pub(super) struct Batch {
    pub(super) rows: Vec<Vec<Bound>>,
    pub(super) last: Option<i64>,
}

impl Source {
    pub(super) fn open(path: &Path, migrations: &Migrator) -> Result<Self, MoveError> {
        if !path.is_file() {
            return Err(MoveError::NoSource(path.to_owned()));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // With a write-ahead log, this fails as long as another connection has the file open, whether or not it is in a
        // transaction; and none can open it afterwards.
        let exclusive = || {
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            connection.execute_batch("BEGIN EXCLUSIVE")
        };
        exclusive().map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => MoveError::SourceInUse,
            _ => MoveError::Sqlite(error),
        })?;
        if !has_schema(&connection, migrations)? {
            return Err(MoveError::SourceSchema);
        }
        Ok(Self(Mutex::new(connection)))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self, table: &str) -> Result<u64, MoveError> {
        let sql = format!("SELECT COUNT(*) FROM {}", quote(table));
        let rows: i64 = self.connection().query_row(&sql, [], |row| row.get(0))?;
        Ok(rows.unsigned_abs())
    }

    /// The rows after an address, in the order of addresses.
    pub(super) fn batch(&self, table: &Table, after: i64) -> Result<Batch, MoveError> {
        let sql = format!(
            "SELECT rowid, {} FROM {} WHERE rowid > ?1 ORDER BY rowid LIMIT {BATCH_ROWS}",
            table.column_list(),
            table.quoted()
        );
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&sql)?;
        let mut found = statement.query([after])?;
        let mut batch = Batch { rows: Vec::new(), last: None };
        let mut bytes = 0;
        while let Some(row) = found.next()? {
            let mut values = Vec::with_capacity(table.columns.len());
            for (column, place) in table.columns.iter().zip(1..) {
                let value = row.get_ref(place)?;
                bytes += bytes_of(value);
                values.push(value_of(column, value).ok_or_else(|| MoveError::Unfit {
                    table: table.name.clone(),
                    column: column.name.clone(),
                    kind: column.kind.name(),
                })?);
            }
            batch.rows.push(values);
            batch.last = Some(row.get(0)?);
            if bytes > BATCH_BYTES {
                break;
            }
        }
        Ok(batch)
    }

    /// The rows of a statement with one text each.
    pub(super) fn texts(&self, sql: &str) -> Result<Vec<String>, MoveError> {
        let connection = self.connection();
        let mut statement = connection.prepare(sql)?;
        let texts = statement.query_map([], |row| row.get(0))?;
        Ok(texts.collect::<rusqlite::Result<_>>()?)
    }

    /// The highest id that a row of the table ever had, where ids are never given twice.
    pub(super) fn last_id(&self, table: &str) -> Result<Option<i64>, MoveError> {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
        Ok(self.connection().query_row(sql, [table], |row| row.get(0)).optional()?)
    }
}

/// Whether exactly these steps have brought the schema to where it is.
fn has_schema(connection: &Connection, migrations: &Migrator) -> rusqlite::Result<bool> {
    if !connection.table_exists(None, "_sqlx_migrations")? {
        return Ok(false);
    }
    let mut applied = connection.prepare("SELECT version, checksum FROM _sqlx_migrations WHERE success")?;
    let applied = applied.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let applied: BTreeSet<(i64, Vec<u8>)> = applied.collect::<rusqlite::Result<_>>()?;
    let known = migrations.iter().map(|step| (step.version, step.checksum.to_vec()));
    Ok(applied == known.collect())
}

fn bytes_of(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => size_of::<i64>(),
    }
}

/// The value as the column has it on the server.
fn value_of(column: &Column, value: ValueRef<'_>) -> Option<Bound> {
    match (column.kind, value) {
        (Kind::Integer, ValueRef::Null) => Some(Bound::Integer(None)),
        (Kind::Integer, ValueRef::Integer(integer)) => Some(integer.into()),
        (Kind::Boolean, ValueRef::Null) => Some(Bound::Boolean(None)),
        (Kind::Boolean, ValueRef::Integer(truth @ (0 | 1))) => Some((truth == 1).into()),
        (Kind::Text, ValueRef::Null) => Some(Bound::Text(None)),
        (Kind::Text, ValueRef::Text(text)) => Some(std::str::from_utf8(text).ok()?.into()),
        (Kind::Bytes, ValueRef::Null) => Some(Bound::Bytes(None)),
        (Kind::Bytes, ValueRef::Blob(bytes)) => Some(bytes.to_vec().into()),
        _ => None,
    }
}
