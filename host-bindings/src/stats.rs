//! Counters of the host, cheap enough for every call.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use soko_extension::pricing::CallCost;
use soko_extension::{Digest, FailureKind};

/// Versions of plugins that are counted each for itself; of further ones only the sums are kept.
const VERSIONS_MAX: usize = 1_024;

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
    pub(crate) spares_used: Counter,
    pub(crate) micros: Counter,
    pub(crate) fuel: Counter,
    pub(crate) slow_calls: Counter,
    pub(crate) breakers_opened: Counter,
    pub(crate) disk_hits: Counter,
    pub(crate) compiles: Counter,
    pub(crate) refused_files: Counter,
    failures: Failures,
    versions: RwLock<HashMap<Digest, Arc<Version>>>,
}

/// Failed calls, by kind.
#[derive(Debug, Default)]
struct Failures([Counter; KINDS.len()]);

impl Failures {
    fn count(&self, kind: FailureKind) {
        if let Some((_, counter)) = KINDS.iter().zip(&self.0).find(|(counted, _)| **counted == kind) {
            counter.add(1);
        }
    }

    fn snapshot(&self) -> Vec<(FailureKind, u64)> {
        KINDS.into_iter().zip(&self.0).map(|(kind, counter)| (kind, counter.get())).collect()
    }
}

/// The counters of one version.
#[derive(Debug)]
struct Version {
    name: Box<str>,
    version: Box<str>,
    calls: Counter,
    micros: Counter,
    fuel: Counter,
    failures: Failures,
}

impl Stats {
    /// A call has ended, for whatever reason.
    pub(crate) fn called(
        &self,
        (digest, name, version): (Digest, &str, &str),
        cost: CallCost,
        failure: Option<FailureKind>,
    ) {
        self.calls.add(1);
        self.micros.add(cost.micros);
        self.fuel.add(cost.fuel);
        let own = self.of_version(digest, name, version);
        if let Some(own) = &own {
            own.calls.add(1);
            own.micros.add(cost.micros);
            own.fuel.add(cost.fuel);
        }
        if let Some(kind) = failure {
            self.failures.count(kind);
            if let Some(own) = &own {
                own.failures.count(kind);
            }
        }
    }

    fn of_version(&self, digest: Digest, name: &str, version: &str) -> Option<Arc<Version>> {
        // Whole after every statement, so that a panic elsewhere cannot have broken the map.
        if let Some(own) = self.versions.read().unwrap_or_else(PoisonError::into_inner).get(&digest) {
            return Some(Arc::clone(own));
        }
        let mut versions = self.versions.write().unwrap_or_else(PoisonError::into_inner);
        if versions.len() >= VERSIONS_MAX && !versions.contains_key(&digest) {
            return None;
        }
        let own = versions.entry(digest).or_insert_with(|| {
            Arc::new(Version {
                name: name.into(),
                version: version.into(),
                calls: Counter::default(),
                micros: Counter::default(),
                fuel: Counter::default(),
                failures: Failures::default(),
            })
        });
        Some(Arc::clone(own))
    }

    fn versions(&self) -> Vec<VersionStats> {
        let versions = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        let mut shown: Vec<_> = versions
            .iter()
            .map(|(digest, version)| VersionStats {
                name: version.name.to_string(),
                version: version.version.to_string(),
                digest: *digest,
                calls: version.calls.get(),
                micros: version.micros.get(),
                fuel: version.fuel.get(),
                failures: version.failures.snapshot(),
            })
            .collect();
        shown.sort_by_key(|version| version.digest);
        shown
    }

    pub(crate) fn snapshot(&self) -> HostStats {
        HostStats {
            calls: self.calls.get(),
            spares_used: self.spares_used.get(),
            micros: self.micros.get(),
            fuel: self.fuel.get(),
            slow_calls: self.slow_calls.get(),
            failures: self.failures.snapshot(),
            breakers_opened: self.breakers_opened.get(),
            disk_hits: self.disk_hits.get(),
            compiles: self.compiles.get(),
            refused_files: self.refused_files.get(),
            versions: self.versions(),
            loads: LoadStats::default(),
        }
    }
}

/// What the host did since it started. The numbers are read one by one, so they may be apart by a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostStats {
    /// Calls that ended, whatever became of them.
    pub calls: u64,
    /// Calls that found their sandbox made.
    pub spares_used: u64,
    /// Microseconds spent in calls and on their sandboxes, loading and waiting excluded.
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
    /// Those versions that were called, so many at most as are told apart.
    pub versions: Vec<VersionStats>,
    /// Components that are loaded.
    pub loads: LoadStats,
}

/// What one version of a plugin did, for whatever channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionStats {
    /// The plugin's name.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// The component.
    pub digest: Digest,
    /// Calls that ended, whatever became of them.
    pub calls: u64,
    /// Microseconds spent in calls, loading and waiting excluded.
    pub micros: u64,
    /// Fuel used.
    pub fuel: u64,
    /// Failed calls by kind; every kind is listed.
    pub failures: Vec<(FailureKind, u64)>,
}

/// The components that are ready to be called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoadStats {
    /// Calls that found theirs.
    pub hits: u64,
    /// Calls that had to wait for it.
    pub misses: u64,
    /// How many are loaded.
    pub loaded: u64,
    /// What they weigh, in bytes.
    pub bytes: u64,
    /// What they may weigh.
    pub bytes_max: u64,
}

impl HostStats {
    /// Failed calls of one kind.
    pub fn failed(&self, kind: FailureKind) -> u64 {
        self.failures.iter().find(|(counted, _)| *counted == kind).map_or(0, |(_, count)| *count)
    }
}
