//! What the store counts as it works, cheap enough for every statement: additions to atomics, and nothing that waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::Database;
use super::error::{DatabaseError, StatementFailure};

/// In what kind of transaction a statement runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// One that reads a snapshot.
    Read,
    /// One that may write.
    Write,
}

/// Counters of one store since it was opened.
#[derive(Debug, Default)]
pub(super) struct Counters {
    statements: [AtomicU64; 2],
    nanoseconds: [AtomicU64; 2],
    bound_nanoseconds: AtomicU64,
    failures: [AtomicU64; StatementFailure::ALL.len()],
    refused: AtomicU64,
    commits: AtomicU64,
    commit_failures: AtomicU64,
    retries: AtomicU64,
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

fn nanoseconds_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

impl Counters {
    /// A statement begins.
    pub(super) fn begin(&self, kind: StatementKind) -> Instant {
        add(&self.statements[kind as usize], 1);
        Instant::now()
    }

    /// It has ended.
    pub(super) fn end(&self, kind: StatementKind, began: Instant) {
        add(&self.nanoseconds[kind as usize], nanoseconds_since(began));
    }

    /// A statement that begins or ends a transaction has ended.
    pub(super) fn bounded(&self, began: Instant) {
        add(&self.bound_nanoseconds, nanoseconds_since(began));
    }

    pub(super) fn failed(&self, failure: StatementFailure) {
        add(&self.failures[failure as usize], 1);
    }

    /// Counts a refusal as it is made.
    pub(super) fn overloaded(&self) -> DatabaseError {
        add(&self.refused, 1);
        DatabaseError::Overloaded
    }

    pub(super) fn ended(&self, committed: bool) {
        add(if committed { &self.commits } else { &self.commit_failures }, 1);
    }

    pub(super) fn retried(&self) {
        add(&self.retries, 1);
    }

    pub(super) fn statement_count(&self) -> u64 {
        self.statements.iter().map(get).sum()
    }
}

/// What a store has done since it was opened, and what it is at now. Read number by number, so that they may be apart by
/// a statement.
#[derive(Debug, Clone)]
pub struct StoreStats {
    /// Statements begun, those that bound transactions left out, and the nanoseconds that those which ended took.
    pub statements: [(StatementKind, u64, u64); 2],
    /// Nanoseconds that beginning and ending transactions took, commits first of all. Of an embedded store those that write:
    /// to begin and to end a snapshot is next to nothing there.
    pub bound_nanoseconds: u64,
    /// Statements that failed, by why; every reason is listed.
    pub failures: Vec<(StatementFailure, u64)>,
    /// Work that was refused because too much waited, or waited too long.
    pub refused: u64,
    /// Commits that reached the disk.
    pub commits: u64,
    /// Commits that did not.
    pub commit_failures: u64,
    /// Transactions that ran again because another was in the way.
    pub retries: u64,
    /// Callers that wait: of an embedded store for its writer, of a server for a connection or their channel's turn.
    pub waiting: usize,
    /// Most that may wait.
    pub waiting_max: usize,
    /// The connections by what they are for.
    pub pools: Vec<PoolStats>,
}

/// Connections of one kind.
#[derive(Debug, Clone, Copy)]
pub struct PoolStats {
    /// What they are for.
    pub name: &'static str,
    /// Those that are lent to somebody.
    pub used: usize,
    /// Those that are open.
    pub open: usize,
    /// Most that may be.
    pub max: usize,
}

impl Database {
    /// What the store has done and is at.
    pub fn stats(&self) -> StoreStats {
        let counters = &self.statements;
        let of = |kind: StatementKind| {
            (kind, get(&counters.statements[kind as usize]), get(&counters.nanoseconds[kind as usize]))
        };
        let (waiting, waiting_max, pools) = self.load();
        StoreStats {
            statements: [of(StatementKind::Read), of(StatementKind::Write)],
            bound_nanoseconds: get(&counters.bound_nanoseconds),
            failures: StatementFailure::ALL
                .into_iter()
                .map(|failure| (failure, get(&counters.failures[failure as usize])))
                .collect(),
            refused: get(&counters.refused),
            commits: get(&counters.commits),
            commit_failures: get(&counters.commit_failures),
            retries: get(&counters.retries),
            waiting,
            waiting_max,
            pools,
        }
    }
}
