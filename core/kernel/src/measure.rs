//! What those who watch a server are shown: how long things took, and how caches do. Counted by additions to atomics
//! that are there from the start, so that nobody waits for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the durations that are told apart, in microseconds.
pub const DURATIONS_US: [u64; 13] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

/// Durations of one sort of thing.
#[derive(Debug, Default)]
pub struct Durations {
    /// By [`DURATIONS_US`], and one for what is longer.
    counts: [AtomicU64; DURATIONS_US.len() + 1],
    microseconds: AtomicU64,
}

/// Durations so far. Read number by number, so that they may be apart by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationCounts {
    /// A bound of [`DURATIONS_US`] or none, and how many took no longer and longer than the bound before.
    pub buckets: Vec<(Option<u64>, u64)>,
    /// Microseconds that all of them took.
    pub microseconds: u64,
}

impl Durations {
    /// Counts one.
    pub fn add(&self, took: Duration) {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = DURATIONS_US.iter().position(|bound| microseconds <= *bound);
        self.counts[place.unwrap_or(DURATIONS_US.len())].fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }

    /// The counts so far.
    pub fn read(&self) -> DurationCounts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let bounds = DURATIONS_US.into_iter().map(Some).chain([None]);
        DurationCounts {
            buckets: bounds.zip(self.counts.iter().map(get)).collect(),
            microseconds: get(&self.microseconds),
        }
    }
}

/// How a cache does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Lookups that found something.
    pub hits: u64,
    /// Lookups that did not.
    pub misses: u64,
    /// What is in it.
    pub entries: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_by_the_first_bound_that_it_keeps() {
        let durations = Durations::default();
        durations.add(Duration::from_millis(1));
        durations.add(Duration::from_mins(1));
        let counts = durations.read();
        assert_eq!(counts.buckets.first(), Some(&(Some(1_000), 1)));
        assert_eq!(counts.buckets.last(), Some(&(None, 1)));
        assert_eq!(counts.microseconds, 60_001_000);
    }
}
