//! Taking times and showing them.

use std::fmt;
use std::time::{Duration, Instant};

/// Times of many runs of the same thing, sorted.
#[derive(Debug, Clone)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Times taken elsewhere.
    ///
    /// # Panics
    /// Without a single one.
    pub fn new(mut times: Vec<Duration>) -> Self {
        assert!(!times.is_empty(), "nothing was measured");
        times.sort_unstable();
        Self(times)
    }

    /// Half of the runs took at most this.
    pub fn median(&self) -> Duration {
        self.0[self.0.len() / 2]
    }

    /// All but one in a hundred took at most this.
    pub fn p99(&self) -> Duration {
        self.0[self.0.len() * 99 / 100]
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "median {:>9} p99 {:>9}", micros(self.median()), micros(self.p99()))
    }
}

/// How often something is run, and how long at the most.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Runs before the first that counts.
    pub warm_up: usize,
    /// Runs that count.
    pub runs: usize,
    /// No further run begins after this.
    pub patience: Duration,
}

impl Budget {
    /// For things of microseconds.
    pub const SMALL: Self = Self { warm_up: 500, runs: 20_000, patience: Duration::from_secs(5) };
    /// For things of milliseconds.
    pub const LARGE: Self = Self { warm_up: 20, runs: 1_000, patience: Duration::from_secs(8) };

    /// Times of a thing that does not wait.
    pub fn time<T>(self, mut run: impl FnMut() -> T) -> Times {
        for _ in 0..self.warm_up {
            std::hint::black_box(run());
        }
        let (begun, mut times) = (Instant::now(), Vec::with_capacity(self.runs));
        while times.len() < self.runs && begun.elapsed() < self.patience {
            let started = Instant::now();
            std::hint::black_box(run());
            times.push(started.elapsed());
        }
        Times::new(times)
    }

    /// Times of things that wait, taken in turns, so that a slow moment of the machine meets all of them alike.
    pub async fn time_in_turns<const N: usize>(self, mut run: impl AsyncFnMut(usize)) -> [Times; N] {
        for turn in 0..self.warm_up * N {
            run(turn % N).await;
        }
        let mut times = [const { Vec::new() }; N];
        let begun = Instant::now();
        while times[0].len() < self.runs && begun.elapsed() < self.patience {
            for (place, times) in times.iter_mut().enumerate() {
                let started = Instant::now();
                run(place).await;
                times.push(started.elapsed());
            }
        }
        times.map(Times::new)
    }
}

/// A time in microseconds.
pub fn micros(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

/// How many times as long as `base` a time is.
pub fn ratio(time: Duration, base: Duration) -> f64 {
    time.as_secs_f64() / base.as_secs_f64()
}

/// Says what was to be reached, and whether it was.
pub fn target(met: bool, what: &str) {
    println!("   {} {what}", if met { "met:   " } else { "MISSED:" });
}
