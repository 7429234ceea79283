//! What became of a job at this node.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use soko_kernel::Clock;

/// Counters of one job.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: &'static str,
    clock: Clock,
    leads: AtomicBool,
    rounds: AtomicU64,
    failures: AtomicU64,
    microseconds: AtomicU64,
    /// Milliseconds UTC; 0 before the first.
    succeeded_at: AtomicI64,
}

/// A job at this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobStats {
    /// Its name.
    pub job: &'static str,
    /// Whether this node does it now.
    pub leads: bool,
    /// Rounds that ended.
    pub rounds: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// Microseconds that all of them took.
    pub microseconds: u64,
    /// When one last succeeded, in milliseconds UTC.
    pub succeeded_at: Option<i64>,
}

impl Record {
    pub(super) fn new(name: &'static str, clock: Clock) -> Self {
        Self {
            name,
            clock,
            leads: AtomicBool::default(),
            rounds: AtomicU64::default(),
            failures: AtomicU64::default(),
            microseconds: AtomicU64::default(),
            succeeded_at: AtomicI64::default(),
        }
    }

    pub(super) fn leads(&self, leads: bool) {
        self.leads.store(leads, Ordering::Relaxed);
    }

    pub(super) fn ended(&self, succeeded: bool, took: Duration) {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
        self.rounds.fetch_add(1, Ordering::Relaxed);
        if succeeded {
            self.succeeded_at.store(self.clock.now().0, Ordering::Relaxed);
        } else {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> JobStats {
        let succeeded_at = self.succeeded_at.load(Ordering::Relaxed);
        JobStats {
            job: self.name,
            leads: self.leads.load(Ordering::Relaxed),
            rounds: self.rounds.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            microseconds: self.microseconds.load(Ordering::Relaxed),
            succeeded_at: (succeeded_at > 0).then_some(succeeded_at),
        }
    }
}
