//! A whole store moved from a file to a server.
//!
//! What is moved is read from the server's catalogue: every table, column by column, in an order in which each row finds
//! what it refers to. All of it arrives in one transaction, which ends with a comparison of both sides: a move that fails
//! or is broken off leaves a server without a row. Nobody else uses either store meanwhile.

mod catalogue;
mod digest;
mod error;
mod source;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::AssertSqlSafe;

use super::bind::Bound;
use super::insert::parameter_list;
use super::postgres::PostgresConfig;
use super::reader::{Tx, WriteFn, call};
use super::{DataScope, Database, Migrations};
use catalogue::{Schema, Table};
use digest::Digest;
pub use error::MoveError;
use source::Source;

/// Longest that a move may take.
const MOVE_MAX: Duration = Duration::from_hours(24);
/// Most parameters of one INSERT.
const PARAMETERS_MAX: usize = 8_000;

/// What is moved otherwise than row by row, and what is compared besides the rows.
#[derive(Debug, Clone, Copy)]
pub struct MovePlan {
    /// Tables whose rows the work after the copying makes anew.
    pub left_out: &'static [&'static str],
    /// What must be the same on both sides.
    pub checks: &'static [MoveCheck],
}

/// A statement whose rows, of one text each, are the same on both sides.
#[derive(Debug, Clone, Copy)]
pub struct MoveCheck {
    /// What it is about, for people.
    pub what: &'static str,
    /// The statement, with its rows in an order.
    pub sql: &'static str,
}

/// What a move is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveProgress<'a> {
    /// A step that begins.
    Step(&'a str),
    /// Rows of a table that are on the other side.
    Rows {
        /// The table.
        table: &'a str,
        /// Rows that were copied.
        done: u64,
        /// Rows that there are.
        total: u64,
    },
}

/// Who hears of the progress.
pub type MoveListener = Arc<dyn Fn(MoveProgress<'_>) + Send + Sync>;

/// What was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Tables that had rows.
    pub tables: u64,
    /// Rows.
    pub rows: u64,
    /// For each check, what it is about and how many rows it compared.
    pub checked: Vec<(&'static str, usize)>,
}

/// Moves the store in the file `from` to the server. `after` runs in the same transaction, when all rows are copied and
/// before they are compared.
///
/// # Errors
/// [`MoveError`]: a file that is not there, in use or of another schema; a server with rows; rows that did not arrive as they
/// were. Nothing has been moved then.
pub async fn move_store<F>(
    from: &Path,
    to: PostgresConfig,
    migrations: &'static Migrations,
    plan: MovePlan,
    after: F,
    listener: MoveListener,
) -> Result<Moved, MoveError>
where
    F: AsyncFnOnce(&mut Tx) -> Result<(), MoveError>
        + for<'t> WriteFn<'t, Result<(), MoveError>>
        + Clone
        + Send
        + 'static,
{
    let source = Source::open(from, &migrations.sqlite)?;
    catalogue::refuse_rows(&to).await?;
    // Before the transaction, which must not stand still for long.
    let facts = plan.checks.iter().map(|check| Ok(Fact { check: *check, lines: source.texts(check.sql)? }));
    let facts = facts.collect::<Result<Vec<_>, MoveError>>()?;
    let to = PostgresConfig { closure_limit: MOVE_MAX, ..to };
    let target = Database::open(to, migrations).await?;
    let mover = Mover { source: Arc::new(source), facts: facts.into(), left_out: plan.left_out, listener };
    let moved = target.write(DataScope::Platform, async move |tx: &mut Tx| mover.run(tx, after).await).await;
    target.close().await;
    moved
}

/// What a check says of the source.
struct Fact {
    check: MoveCheck,
    lines: Vec<String>,
}

#[derive(Clone)]
struct Mover {
    source: Arc<Source>,
    facts: Arc<[Fact]>,
    left_out: &'static [&'static str],
    listener: MoveListener,
}

impl Mover {
    async fn run<F>(self, tx: &mut Tx, after: F) -> Result<Moved, MoveError>
    where
        F: for<'t> WriteFn<'t, Result<(), MoveError>>,
    {
        let schema = Schema::load(tx).await?;
        schema.lock(tx).await?;
        schema.loosen(tx).await?;
        let mut digests = Vec::new();
        for table in schema.tables.iter().filter(|table| !self.left_out.contains(&table.name.as_str())) {
            digests.push((table, self.copy(tx, table).await?));
        }
        self.step("what is made anew");
        call(after, tx).await?;
        schema.tighten(tx).await?;
        self.step("comparing every row");
        for (table, sent) in &digests {
            let arrived = table.digest(tx).await?;
            if arrived != *sent {
                return Err(MoveError::rows_differ(&table.name, sent, &arrived));
            }
        }
        let mut checked = Vec::new();
        for Fact { check, lines } in &*self.facts {
            self.step(&format!("comparing {}", check.what));
            compare(tx, check, lines).await?;
            checked.push((check.what, lines.len()));
        }
        self.step("setting the sequences of ids");
        for table in &schema.tables {
            table.continue_ids(tx, self.source.last_id(&table.name)?).await?;
        }
        let tables = digests.iter().filter(|(_, digest)| digest.rows > 0).count() as u64;
        Ok(Moved { tables, rows: digests.iter().map(|(_, digest)| digest.rows).sum(), checked })
    }

    fn step(&self, step: &str) {
        (self.listener)(MoveProgress::Step(step));
    }

    /// Copies a table batch by batch, and returns what was sent.
    async fn copy(&self, tx: &mut Tx, table: &Table) -> Result<Digest, MoveError> {
        let total = self.source.count(&table.name)?;
        let mut digest = Digest::default();
        let mut after = i64::MIN;
        loop {
            let batch = self.source.batch(table, after)?;
            let Some(last) = batch.last else { return Ok(digest) };
            after = last;
            batch.rows.iter().for_each(|row| digest.add(row));
            for rows in batch.rows.chunks((PARAMETERS_MAX / table.columns.len()).max(1)) {
                insert(tx, table, rows).await?;
            }
            (self.listener)(MoveProgress::Rows { table: &table.name, done: digest.rows, total });
        }
    }
}

/// Compares what a check says of both sides.
async fn compare(tx: &mut Tx, check: &MoveCheck, sent: &[String]) -> Result<(), MoveError> {
    let arrived: Vec<(String,)> = tx.fetch_all(check.sql, ()).await?;
    let arrived: Vec<String> = arrived.into_iter().map(|(line,)| line).collect();
    if sent == arrived {
        return Ok(());
    }
    // The first place where they part.
    let place = sent.iter().zip(&arrived).take_while(|(one, other)| one == other).count();
    let line = |lines: &[String]| lines.get(place).cloned().unwrap_or_default();
    Err(MoveError::CheckFailed { what: check.what, sent: line(sent), arrived: line(&arrived) })
}

async fn insert(tx: &mut Tx, table: &Table, rows: &[Vec<Bound>]) -> Result<(), MoveError> {
    let width = table.columns.len();
    let tuples: Vec<String> =
        (0..rows.len()).map(|row| format!("({})", parameter_list(row * width, width))).collect();
    let sql =
        format!("INSERT INTO {} ({}) VALUES {}", table.quoted(), table.column_list(), tuples.join(", "));
    let inserted = tx.execute(AssertSqlSafe(sql), rows.concat()).await?;
    let expected = rows.len() as u64;
    if inserted == expected {
        return Ok(());
    }
    Err(MoveError::RowsDiffer { table: table.name.clone(), sent: expected, arrived: inserted })
}
