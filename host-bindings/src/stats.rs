//! Counters of the host, cheap enough for every call.

use std::sync::atomic::{AtomicU64, Ordering};

use soko_extension::FailureKind;

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// All failure kinds, in the order in which they are counted and shown.
const KINDS: [FailureKind; 9] = [
    FailureKind::Trap,
    FailureKind::Deadline,
    FailureKind::Fuel,
    FailureKind::Memory,
    FailureKind::Output,
    FailureKind::Denied,
    FailureKind::Guest,
    FailureKind::BreakerOpen,
    FailureKind::Host,
];

#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) calls: Counter,
    pub(crate) micros: Counter,
    pub(crate) fuel: Counter,
    pub(crate) slow_calls: Counter,
    pub(crate) breakers_opened: Counter,
    pub(crate) disk_hits: Counter,
    pub(crate) compiles: Counter,
    pub(crate) refused_files: Counter,
    failures: [Counter; KINDS.len()],
}

impl Stats {
    pub(crate) fn count_failure(&self, kind: FailureKind) {
        if let Some((_, counter)) = KINDS.iter().zip(&self.failures).find(|(counted, _)| **counted == kind) {
            counter.add(1);
        }
    }

    pub(crate) fn snapshot(&self) -> HostStats {
        HostStats {
            calls: self.calls.get(),
            micros: self.micros.get(),
            fuel: self.fuel.get(),
            slow_calls: self.slow_calls.get(),
            failures: KINDS
                .into_iter()
                .zip(&self.failures)
                .map(|(kind, counter)| (kind, counter.get()))
                .collect(),
            breakers_opened: self.breakers_opened.get(),
            disk_hits: self.disk_hits.get(),
            compiles: self.compiles.get(),
            refused_files: self.refused_files.get(),
        }
    }
}

/// What the host did since it started. The numbers are read one by one, so they may be apart by a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostStats {
    /// Calls asked for, whatever became of them.
    pub calls: u64,
    /// Microseconds spent in calls, loading and waiting excluded.
    pub micros: u64,
    /// Fuel used by guests.
    pub fuel: u64,
    /// Calls above their soft limit.
    pub slow_calls: u64,
    /// Failed calls by kind; every kind is listed.
    pub failures: Vec<(FailureKind, u64)>,
    /// How often a circuit breaker opened.
    pub breakers_opened: u64,
    /// Components loaded from compiled code on disk.
    pub disk_hits: u64,
    /// Components compiled.
    pub compiles: u64,
    /// Files of compiled code that were damaged or forged.
    pub refused_files: u64,
}

impl HostStats {
    /// Failed calls of one kind.
    pub fn failed(&self, kind: FailureKind) -> u64 {
        self.failures.iter().find(|(counted, _)| *counted == kind).map_or(0, |(_, count)| *count)
    }
}
