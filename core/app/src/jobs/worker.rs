//! One job at one node: competes for the lead, and does rounds while it has it.
//!
//! A lead is given back after a term, so that nodes that came later get their share; whoever takes it over begins with a
//! round, and nothing is lost by a round too many.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rand::Rng as _;
use soko_infra::db::LEADS;
use soko_infra::{Database, Leadership, Subscription};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::stats::Record;
use crate::telemetry::begin_trace;

/// Longest time between two looks whether the node that leads is still there.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a node leads without a break, at least and at most.
const TERM: (Duration, Duration) = (Duration::from_mins(5), Duration::from_mins(15));
/// Longest that a round may take. A longer one is cut, and the lead given back: another node may fare better.
const ROUND_MAX: Duration = Duration::from_mins(10);

/// How often what happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Time between two rounds.
    every: Duration,
    /// Time between two looks at who leads.
    look_every: Duration,
    /// Shortest and longest term.
    term: (Duration, Duration),
    /// Longest round.
    round_max: Duration,
}

impl Pace {
    /// For a round `every` so often.
    pub(super) fn of(every: Duration) -> Self {
        Self { every, look_every: every.min(LOOK_EVERY), term: TERM, round_max: ROUND_MAX }
    }
}

/// A job, and where its lead is.
pub(super) struct Worker {
    pub(super) database: Database,
    pub(super) round: Box<dyn Fn() -> BoxFuture<'static, anyhow::Result<u64>> + Send + Sync>,
    /// Its name, and what became of it here.
    pub(super) record: Arc<Record>,
}

/// A lead that this node has.
struct Led {
    leadership: Leadership,
    /// When the next round begins.
    due: Instant,
    term_ends: Instant,
}

/// What a worker does next.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// Goes on.
    Look,
    /// Lets others lead for a while.
    Rest,
}

impl Worker {
    /// Works until it is told to stop.
    pub(super) async fn run(self, pace: Pace, mut stopped: watch::Receiver<bool>) {
        let mut freed = self.database.subscribe(LEADS);
        let mut led = None;
        // Nodes that start together come to the leads one after another, each time another one first.
        let mut wait = between(Duration::ZERO, pace.look_every / 4);
        let mut next = Next::Rest;
        loop {
            let awake = async {
                match (&led, next) {
                    (None, Next::Look) => wait_for(&mut freed, wait).await,
                    _ => tokio::time::sleep(wait).await,
                }
            };
            tokio::select! {
                biased;
                // The sender's end means that the jobs were dropped.
                _ = stopped.wait_for(|stopped| *stopped) => break,
                () = awake => {}
            }
            (led, next) = self.look(led, pace).await;
            self.record.leads(led.is_some());
            wait = match (&led, &next) {
                (Some(led), _) => {
                    led.due.min(Instant::now() + pace.look_every).duration_since(Instant::now())
                }
                (None, Next::Look) => between(pace.look_every / 2, pace.look_every),
                (None, Next::Rest) => 2 * pace.look_every,
            };
        }
        if let Some(led) = led {
            led.leadership.give_back().await;
        }
        self.record.leads(false);
    }

    /// Sees who leads, and does a round when it is due here.
    async fn look(&self, led: Option<Led>, pace: Pace) -> (Option<Led>, Next) {
        let Some(mut led) = self.still_or_newly(led, pace).await else { return (None, Next::Look) };
        self.record.leads(true);
        if Instant::now() >= led.due {
            let ended = self.do_round(pace).await;
            led.due = Instant::now() + pace.every;
            if !ended || Instant::now() >= led.term_ends {
                led.leadership.give_back().await;
                return (None, Next::Rest);
            }
        }
        (Some(led), Next::Look)
    }

    async fn still_or_newly(&self, led: Option<Led>, pace: Pace) -> Option<Led> {
        if let Some(mut led) = led {
            if led.leadership.is_held().await {
                return Some(led);
            }
            tracing::warn!(job = self.record.name, "this node does a job no longer: its connection broke");
        }
        match self.database.try_lead(self.record.name).await {
            Ok(Some(leadership)) => {
                tracing::info!(job = self.record.name, "this node does a job of the platform");
                let now = Instant::now();
                Some(Led { leadership, due: now, term_ends: now + between(pace.term.0, pace.term.1) })
            }
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(job = self.record.name, %error, "it cannot be said who does a job");
                None
            }
        }
    }

    /// False when the round did not end by itself.
    async fn do_round(&self, pace: Pace) -> bool {
        let job = self.record.name;
        let (_, span) = begin_trace(None, any_bytes, |trace_id| tracing::error_span!("job", trace_id, job));
        self.do_round_within(pace).instrument(span).await
    }

    async fn do_round_within(&self, pace: Pace) -> bool {
        let what = self.record.name;
        // A task of its own, so that one that panics is this round's failure; dropped, it ends.
        let (began, mut round) = (Instant::now(), JoinSet::new());
        round.spawn((self.round)().in_current_span());
        let (succeeded, ended) = match tokio::time::timeout(pace.round_max, round.join_next()).await {
            Ok(Some(Ok(Ok(0))) | None) => (true, true),
            Ok(Some(Ok(Ok(rows)))) => {
                tracing::info!(what, rows, "done");
                (true, true)
            }
            Ok(Some(Ok(Err(error)))) => {
                tracing::warn!(what, error = format!("{error:#}"), "could not be done");
                (false, true)
            }
            Ok(Some(Err(error))) => {
                tracing::error!(what, %error, "a round broke off");
                (false, false)
            }
            Err(_) => {
                tracing::error!(what, "a round did not end, and was cut");
                (false, false)
            }
        };
        self.record.ended(succeeded, began.elapsed());
        ended
    }
}

/// Until a lead is free, or the wait is over.
async fn wait_for(freed: &mut Subscription, wait: Duration) {
    // Not in time is what it is for: then it is looked for.
    tokio::time::timeout(wait, freed.changed()).await.unwrap_or_default();
}

/// Any time between two.
fn between(shortest: Duration, longest: Duration) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a pause decides nothing")]
    rand::rng().random_range(shortest..=longest)
}

fn any_bytes() -> [u8; 16] {
    #[expect(clippy::disallowed_methods, reason = "the name of a trace decides nothing")]
    rand::rng().random()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use soko_infra::SqliteConfig;

    use soko_kernel::Clock;

    use super::*;
    use crate::jobs::{JobStats, Jobs, STOP_MAX};

    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const PACE: Pace = Pace {
        every: Duration::from_millis(50),
        look_every: Duration::from_millis(50),
        term: (Duration::from_millis(200), Duration::from_millis(400)),
        round_max: Duration::from_millis(500),
    };

    /// On either backend a lead is the same to a worker; how nodes of a server keep apart is tested with the server.
    struct Store {
        database: Database,
        _directory: tempfile::TempDir,
    }

    impl Store {
        async fn open() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let config = SqliteConfig::at(directory.path().join("soko.db"));
            let database = Database::open(config, &soko_domain::MIGRATIONS).await.unwrap();
            Self { database, _directory: directory }
        }
    }

    fn record(name: &'static str) -> Arc<Record> {
        Arc::new(Record::new(name, Clock::system()))
    }

    /// How many rounds of each job a node did.
    type Counts = Arc<[AtomicUsize; 8]>;

    fn node(database: &Database, pace: Pace) -> (Jobs, Counts) {
        let counts = Counts::default();
        let worker = |index: usize| {
            let counts = Arc::clone(&counts);
            let round = move || -> BoxFuture<'static, anyhow::Result<u64>> {
                counts[index].fetch_add(1, Ordering::Relaxed);
                Box::pin(async { Ok(0) })
            };
            Worker { database: database.clone(), round: Box::new(round), record: record(NAMES[index]) }
        };
        let jobs = Jobs::start_workers((0..NAMES.len()).map(worker), pace);
        (jobs, counts)
    }

    fn jobs_done(counts: &Counts) -> usize {
        counts.iter().filter(|count| count.load(Ordering::Relaxed) > 0).count()
    }

    async fn until(what: &str, mut seen: impl FnMut() -> bool) {
        for _ in 0..1_000 {
            if seen() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what}: not within ten seconds");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nodes_share_the_jobs_and_each_is_done_by_one() {
        let store = Store::open().await;
        let long = Pace { term: TERM, ..PACE };
        let (first, by_first) = node(&store.database, long);
        until("a node by itself does all jobs", || jobs_done(&by_first) == NAMES.len()).await;
        let (second, by_second) = node(&store.database, long);
        tokio::time::sleep(4 * PACE.every).await;
        assert_eq!(jobs_done(&by_second), 0, "they are in good hands");
        first.stop().await;
        until("another takes over", || jobs_done(&by_second) == NAMES.len()).await;
        let before = by_first.iter().map(|count| count.load(Ordering::Relaxed)).sum::<usize>();
        tokio::time::sleep(4 * PACE.every).await;
        assert_eq!(by_first.iter().map(|count| count.load(Ordering::Relaxed)).sum::<usize>(), before);
        second.stop().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_comes_later_gets_a_share_when_terms_end() {
        let store = Store::open().await;
        let (first, by_first) = node(&store.database, PACE);
        until("a node by itself does all jobs", || jobs_done(&by_first) == NAMES.len()).await;
        let (second, by_second) = node(&store.database, PACE);
        until("the second does some", || jobs_done(&by_second) >= NAMES.len() / 2).await;
        let before: Vec<usize> = by_first.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        until("the first goes on with some", || {
            by_first.iter().zip(&before).any(|(count, before)| count.load(Ordering::Relaxed) > *before)
        })
        .await;
        first.stop().await;
        second.stop().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_job_that_is_stuck_stops_neither_the_others_nor_the_node() {
        let store = Store::open().await;
        let rounds = Arc::new(AtomicUsize::new(0));
        let begun = Arc::clone(&rounds);
        let endless = Worker {
            record: record("endless"),
            database: store.database.clone(),
            round: Box::new(move || {
                begun.fetch_add(1, Ordering::Relaxed);
                Box::pin(std::future::pending())
            }),
        };
        let stuck = Jobs::start_workers([endless], PACE);
        let (others, done) = node(&store.database, PACE);
        until("the others are done", || jobs_done(&done) == NAMES.len()).await;
        until("a round that does not end is cut", || rounds.load(Ordering::Relaxed) >= 2).await;
        others.stop().await;
        let longer = Pace { round_max: ROUND_MAX, ..PACE };
        let begun = Arc::clone(&rounds);
        let before = rounds.load(Ordering::Relaxed);
        stuck.stop().await;
        let endless = Worker {
            record: record("endless"),
            database: store.database.clone(),
            round: Box::new(move || {
                begun.fetch_add(1, Ordering::Relaxed);
                Box::pin(std::future::pending())
            }),
        };
        let stuck = Jobs::start_workers([endless], longer);
        until("it is stuck", || rounds.load(Ordering::Relaxed) > before).await;
        let asked = Instant::now();
        stuck.stop().await;
        assert!(asked.elapsed() < STOP_MAX + Duration::from_secs(1), "{:?}", asked.elapsed());
        store.database.try_lead("endless").await.unwrap().expect("the lead is free");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_job_that_panics_is_done_again() {
        let store = Store::open().await;
        let rounds = Arc::new(AtomicUsize::new(0));
        let begun = Arc::clone(&rounds);
        let round = move || -> BoxFuture<'static, anyhow::Result<u64>> {
            let number = begun.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                assert!(number % 2 == 1, "as it is told to");
                Ok(0)
            })
        };
        let worker =
            Worker { database: store.database.clone(), round: Box::new(round), record: record("panics") };
        let jobs = Jobs::start_workers([worker], PACE);
        until("it goes on", || rounds.load(Ordering::Relaxed) >= 3).await;
        let (records, seen) =
            (jobs.records(), |stats: &JobStats| stats.failures > 0 && stats.succeeded_at.is_some());
        until("both are counted", || records.read().iter().all(seen)).await;
        assert!(records.read().iter().all(|stats| stats.job == "panics" && stats.rounds > stats.failures));
        jobs.stop().await;
        assert!(!records.read()[0].leads, "a node that has stopped does nothing");
    }
}
