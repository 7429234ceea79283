//! One connection: how it is opened, how statements run on it, and the time limit of what runs.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use regex::Regex;
use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::{CachedStatement, OpenFlags};

use super::driver::{EmbeddedArguments, EmbeddedColumn, EmbeddedRow, from_rusqlite, names_of, read_row};

/// Prepared statements that a connection keeps.
const STATEMENTS_KEPT: usize = 512;
/// Virtual-machine steps of SQLite between two looks at the time limit.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;
/// Pages of the write-ahead log, 4 KiB each, after which a commit moves them to the main file: many commits change the
/// same pages, so a longer log moves fewer.
const LOG_PAGES: u32 = 4_000;
const NO_LIMIT: u64 = u64::MAX;

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    ReadWrite,
    ReadOnly,
}

/// A connection whose statements run on the calling thread.
pub(in crate::db) struct Connection {
    inner: rusqlite::Connection,
    known: RefCell<HashMap<Box<str>, Arc<Known>, foldhash::fast::RandomState>>,
    limit: Limit,
    /// Whether a statement that may write has run since this was last asked to be forgotten.
    wrote: Cell<bool>,
}

/// What is found out once about a statement's text.
struct Known {
    /// The text as SQLite gets it.
    numbered: String,
    /// The columns of its result, from its first run on.
    columns: OnceLock<Arc<[EmbeddedColumn]>>,
}

impl Connection {
    /// Opens a store that exists.
    pub(super) fn open(
        path: &Path,
        access: Access,
        busy_timeout: Duration,
        page_cache_kib: u32,
    ) -> sqlx::Result<Self> {
        let mode = match access {
            Access::ReadWrite => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Access::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        let open = || {
            // Exclusive use is the type system's to see to.
            let inner = rusqlite::Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            inner.busy_timeout(busy_timeout)?;
            // Temporary tables, one for each list of ids, are small: a file's page cache costs more than what is in them.
            inner.execute_batch(&format!(
                "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -{page_cache_kib}; \
                 PRAGMA wal_autocheckpoint = {LOG_PAGES}; PRAGMA temp_store = MEMORY"
            ))?;
            inner.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
            // A statement that a partial index may serve is else prepared anew for each of its arguments.
            inner.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            add_regexp(&inner)?;
            let limit = Limit::install(&inner)?;
            Ok(Self { inner, known: RefCell::default(), limit, wrote: Cell::new(false) })
        };
        open().map_err(from_rusqlite)
    }

    /// Every row of a statement.
    pub(in crate::db) fn rows(
        &self,
        sql: &str,
        arguments: &EmbeddedArguments,
    ) -> sqlx::Result<Vec<EmbeddedRow>> {
        self.collect(sql, arguments, usize::MAX)
    }

    /// The first row of a statement, if it has one. The statement runs to its end, for what it may change.
    pub(in crate::db) fn first_row(
        &self,
        sql: &str,
        arguments: &EmbeddedArguments,
    ) -> sqlx::Result<Vec<EmbeddedRow>> {
        self.collect(sql, arguments, 1)
    }

    fn collect(
        &self,
        sql: &str,
        arguments: &EmbeddedArguments,
        rows_max: usize,
    ) -> sqlx::Result<Vec<EmbeddedRow>> {
        let run = || {
            let known = self.known(sql);
            let mut statement = self.prepare(&known, arguments)?;
            let columns = known.columns.get_or_init(|| names_of(&statement));
            let (mut rows, mut cursor) = (Vec::new(), statement.raw_query());
            while let Some(row) = cursor.next()? {
                if rows.len() < rows_max {
                    rows.push(read_row(columns, row)?);
                }
            }
            Ok(rows)
        };
        run().map_err(from_rusqlite)
    }

    /// Runs a statement and says how many rows it changed.
    pub(in crate::db) fn execute(&self, sql: &str, arguments: &EmbeddedArguments) -> sqlx::Result<u64> {
        let run = || self.prepare(&self.known(sql), arguments)?.raw_execute();
        run().map(|changed| changed as u64).map_err(from_rusqlite)
    }

    /// Runs statements without parameters and rows: a transaction's bounds.
    pub(super) fn control(&self, sql: &str) -> sqlx::Result<()> {
        let run =
            || sql.split(';').try_for_each(|one| self.inner.prepare_cached(one)?.raw_execute().map(|_| ()));
        run().map_err(from_rusqlite)
    }

    /// Ends a read transaction, whatever state it is in.
    pub(super) fn end_transaction(&self) -> sqlx::Result<()> {
        if self.inner.is_autocommit() { Ok(()) } else { self.control("ROLLBACK") }
    }

    /// From now on, counts as not having written.
    pub(super) fn forget_writes(&self) {
        self.wrote.set(false);
    }

    /// Whether no statement that may write has run since [`Connection::forget_writes`], and the transaction is open.
    pub(super) fn is_untouched(&self) -> bool {
        !self.wrote.get() && !self.inner.is_autocommit()
    }

    /// How long its statements may run.
    pub(super) fn limit(&self) -> &Limit {
        &self.limit
    }

    /// Closes it; the last connection of a store also puts the write-ahead log into the main file.
    pub(super) fn close(self) {
        if let Err((_, error)) = self.inner.close() {
            tracing::warn!(%error, "a connection was not closed in order");
        }
    }

    fn known(&self, sql: &str) -> Arc<Known> {
        let mut all = self.known.borrow_mut();
        if let Some(known) = all.get(sql) {
            return Arc::clone(known);
        }
        if all.len() >= STATEMENTS_KEPT {
            all.clear();
        }
        let known = Arc::new(Known { numbered: numbered(sql), columns: OnceLock::new() });
        all.insert(sql.into(), Arc::clone(&known));
        known
    }

    fn prepare(&self, known: &Known, arguments: &EmbeddedArguments) -> rusqlite::Result<CachedStatement<'_>> {
        let mut statement = self.inner.prepare_cached(&known.numbered)?;
        let (given, wanted) = (arguments.0.len(), statement.parameter_count());
        if given != wanted {
            return Err(rusqlite::Error::InvalidParameterCount(given, wanted));
        }
        if !statement.readonly() {
            self.wrote.set(true);
        }
        for (place, value) in arguments.0.iter().enumerate() {
            statement.raw_bind_parameter(place + 1, value)?;
        }
        Ok(statement)
    }
}

/// `$1` as `?1`, which SQLite takes for a number; a `$1` it takes for a name, and looks through all names before it.
fn numbered(sql: &str) -> String {
    let mut numbered = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(place) = rest.find('$') {
        let (before, from) = rest.split_at(place);
        numbered.push_str(before);
        let is_parameter = from[1..].starts_with(|next: char| next.is_ascii_digit());
        numbered.push(if is_parameter { '?' } else { '$' });
        rest = &from[1..];
    }
    numbered.push_str(rest);
    numbered
}

/// `regexp(pattern, text)`. A pattern is compiled once per statement; one that is none matches nothing.
fn add_regexp(connection: &rusqlite::Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("regexp", 2, flags, |context| {
        let compile = |pattern: rusqlite::types::ValueRef<'_>| -> Result<_, rusqlite::types::FromSqlError> {
            Ok(Regex::new(pattern.as_str()?).ok())
        };
        let pattern: Arc<Option<Regex>> = context.get_or_create_aux(0, compile)?;
        let text = context.get_raw(1).as_str_or_null()?;
        Ok(pattern.as_ref().as_ref().zip(text).is_some_and(|(pattern, text)| pattern.is_match(text)))
    })
}

/// When a connection's statements are ended, with SQLite's code for an interrupt: from inside, since nothing else could
/// end what runs on the calling thread.
#[derive(Clone)]
pub(super) struct Limit {
    epoch: Instant,
    micros: Arc<AtomicU64>,
}

impl Limit {
    fn install(connection: &rusqlite::Connection) -> rusqlite::Result<Self> {
        let (epoch, micros) = (Instant::now(), Arc::new(AtomicU64::new(NO_LIMIT)));
        let limit = Arc::clone(&micros);
        let is_over = move || micros_of(epoch.elapsed()) > limit.load(Ordering::Relaxed);
        connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(is_over))?;
        Ok(Self { epoch, micros })
    }

    /// Statements end when this much time is over.
    pub(super) fn set(&self, from_now: Duration) {
        self.micros.store(micros_of(self.epoch.elapsed() + from_now), Ordering::Relaxed);
    }

    /// Statements run as long as they take.
    pub(super) fn clear(&self) {
        self.micros.store(NO_LIMIT, Ordering::Relaxed);
    }
}

fn micros_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(NO_LIMIT)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    #[expect(clippy::unwrap_used, reason = "a failed test")]
    fn prepares_a_statement_once_whatever_its_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        let tables = "CREATE TABLE fact (shop, id, state); CREATE INDEX fact_new ON fact (shop, id) WHERE state = 'new'";
        rusqlite::Connection::open(&path).unwrap().execute_batch(tables).unwrap();
        let connection = Connection::open(&path, Access::ReadWrite, Duration::ZERO, 64).unwrap();
        let sql = "SELECT id FROM fact WHERE shop = $1 AND state = $2";
        for shop in 1..4_i64 {
            let mut arguments = EmbeddedArguments::default();
            sqlx::Arguments::add(&mut arguments, shop).unwrap();
            sqlx::Arguments::add(&mut arguments, "new").unwrap();
            connection.rows(sql, &arguments).unwrap();
        }
        let statement = connection.inner.prepare_cached(&numbered(sql)).unwrap();
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        assert_eq!(statement.get_status(StatementStatus::Run), 3, "the very statement");
    }

    #[test]
    fn numbers_parameters_and_nothing_else() {
        assert_eq!(numbered("a = $1 AND b IN ($2, $10)"), "a = ?1 AND b IN (?2, ?10)");
        assert_eq!(numbered("json_extract(x, '$.a[0]') = $1"), "json_extract(x, '$.a[0]') = ?1");
        assert_eq!(numbered("'é$' || $1"), "'é$' || ?1");
    }
}
