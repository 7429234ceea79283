//! Clients who keep servers busy over HTTP, and how long each of them waits. Whoever is refused ends the benchmark with the
//! reason: a load of which a part fails is another load.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use soko_tests::{Client, Shopper};

use crate::measure::Times;

/// Customers who take turns; most of a shop's customers have bought there before.
const CUSTOMERS: usize = 1_000;

/// What a load came to.
pub struct Report {
    times: Vec<Duration>,
    elapsed: Duration,
}

impl Report {
    /// How often it was done.
    pub fn count(&self) -> usize {
        self.times.len()
    }

    /// How often it was done in a second.
    pub fn per_second(&self) -> f64 {
        as_float(self.count()) / self.elapsed.as_secs_f64()
    }

    /// This and another load of the same, one after the other.
    pub fn and(mut self, other: Self) -> Self {
        self.times.extend(other.times);
        Self { elapsed: self.elapsed + other.elapsed, ..self }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>7.1} per second   {}", self.per_second(), Times::new(self.times.clone()))
    }
}

/// A count, for rates.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub fn as_float(count: usize) -> f64 {
    count as f64
}

/// Keeps so many clients busy for so long, each of whom does the same again and again, and ends when the last of them has
/// done what they were about.
pub async fn keep_busy(clients: usize, lasts: Duration, act: impl AsyncFn()) -> Report {
    let begun = Instant::now();
    let client = async |_| {
        let mut times = Vec::new();
        while begun.elapsed() < lasts {
            let started = Instant::now();
            act().await;
            times.push(started.elapsed());
        }
        times
    };
    let times = futures_util::future::join_all((0..clients).map(client)).await.concat();
    Report { times, elapsed: begun.elapsed() }
}

/// Complete checkouts: each of a new guest with one unit of the next of the variants at the next of the shops, which are
/// one shop at several servers. Seven requests: to the cart, who buys, where it goes to, the ways to deliver, one of
/// them, ready to be paid, paid.
pub async fn check_out(shops: &[Client], variants: &[String], clients: usize, lasts: Duration) -> Report {
    let next = AtomicUsize::new(0);
    keep_busy(clients, lasts, async || {
        let turn = next.fetch_add(1, Ordering::Relaxed);
        let guest = Shopper::new(shops[turn % shops.len()].stranger());
        let email = format!("guest{}@example.com", turn % CUSTOMERS);
        guest.check_out(&variants[turn % variants.len()], 1, &email).await;
    })
    .await
}
