//! What the platform does by itself, now and then. Any number of nodes may be willing; each job is done by one of them, so
//! that they share the jobs (see [`worker`]).
//!
//! To add a job: a line in [`JOBS`]. What is done all the time, and by every node, is in [`event_router`]
//! and [`deliveries`].

mod background;
mod deliveries;
mod event_router;
mod stats;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use soko_domain::Services;
use tokio::sync::watch;
use tokio::task::JoinSet;

use background::Background;
pub use deliveries::DeliveryCounts;
pub use event_router::{RoutedCounts, RoutedNumbers};
pub use stats::JobStats;
use stats::Record;
use worker::{Pace, Worker};

/// Longest that jobs may take to end when they are told to: to finish a round in hand and to give leads back.
pub const STOP_MAX: Duration = Duration::from_secs(5);

/// What is done in every round, by a name that no other job has. Says how many rows it removed or wrote. A failure is left to the
/// next round.
type Job = (&'static str, fn(Arc<Services>) -> BoxFuture<'static, anyhow::Result<u64>>);

const JOBS: &[Job] = &[
    ("expired holds on stock", |services| {
        Box::pin(async move { Ok(services.inventory.expire_holds(services.clock.now()).await?) })
    }),
    ("expired idempotency keys", |services| Box::pin(async move { Ok(services.operations.expire().await?) })),
    ("expired sessions", |services| {
        Box::pin(async move { Ok(services.auth.expire_sessions(services.clock.now()).await?) })
    }),
    ("expired circuit breakers", |services| {
        Box::pin(async move { Ok(services.plugins.expire_breakers(services.clock.now()).await?) })
    }),
    ("payments without an answer", |services| {
        Box::pin(async move { Ok(services.orders.reconcile_payments().await?) })
    }),
    ("old callbacks of payment providers", |services| {
        Box::pin(async move { Ok(services.payments.expire_callbacks(services.clock.now()).await?) })
    }),
    ("old events and messages", |services| {
        Box::pin(async move { Ok(services.notifications.expire(services.clock.now()).await?) })
    }),
    ("expired values of plugins", |services| {
        Box::pin(async move { Ok(services.plugins.expire_values(services.clock.now()).await?) })
    }),
    ("expired wrong passwords", |services| {
        Box::pin(async move { Ok(services.auth.expire_login_failures(services.clock.now()).await?) })
    }),
    ("remind of credit", |services| Box::pin(async move { Ok(services.credit.remind().await?) })),
    ("keep sums of books", |services| Box::pin(async move { Ok(services.ledger.keep_sums().await?) })),
];

/// The jobs of a running server. They end when this is stopped or dropped.
pub struct Jobs {
    stop: watch::Sender<bool>,
    workers: JoinSet<()>,
    records: Records,
    events: Vec<Background>,
    counts: (Arc<RoutedCounts>, Arc<DeliveryCounts>),
}

/// What became of each job at this node.
#[derive(Clone, Default)]
pub struct Records(Arc<[Arc<Record>]>);

impl Records {
    /// All of them.
    pub fn read(&self) -> Vec<JobStats> {
        self.0.iter().map(|record| record.read()).collect()
    }
}

impl Jobs {
    /// Starts the jobs: of each a first round as soon as this node leads it, the next ones `every` so often. Events are
    /// handed on all the time.
    pub fn start(services: &Arc<Services>, every: Duration) -> Self {
        let jobs = JOBS.iter().map(|&(name, job)| {
            let (database, services) = (services.database.clone(), Arc::clone(services));
            let record = Record::new(name, services.clock.clone());
            Worker { database, round: Box::new(move || job(Arc::clone(&services))), record: Arc::new(record) }
        });
        let (router, routed) = event_router::start(services);
        let (deliveries, delivered) = deliveries::start(services);
        let (events, counts) = (vec![router, deliveries], (routed, delivered));
        Self { events, counts, ..Self::start_workers(jobs, Pace::of(every)) }
    }

    fn start_workers(workers: impl IntoIterator<Item = Worker>, pace: Pace) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (mut tasks, mut records) = (JoinSet::new(), Vec::new());
        for worker in workers {
            records.push(Arc::clone(&worker.record));
            tasks.spawn(worker.run(pace, stopped.clone()));
        }
        Self {
            stop,
            workers: tasks,
            records: Records(records.into()),
            events: Vec::new(),
            counts: Default::default(),
        }
    }

    /// What became of each job here, to be read at any time.
    pub fn records(&self) -> Records {
        self.records.clone()
    }

    /// What was handed on and sent by this node, to be read at any time.
    pub fn events(&self) -> (Arc<RoutedCounts>, Arc<DeliveryCounts>) {
        self.counts.clone()
    }

    /// Finishes the rounds in hand, begins no other, and lets other nodes lead. What does not end within [`STOP_MAX`], since
    /// a job is stuck or the store does not answer, is cut.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let events = join_all(std::mem::take(&mut self.events).into_iter().map(Background::stop));
        let workers = async {
            while let Some(ended) = self.workers.join_next().await {
                if let Err(error) = ended {
                    tracing::error!(%error, "a job ended badly");
                }
            }
        };
        let ended = async { tokio::join!(events, workers) };
        if tokio::time::timeout(STOP_MAX, ended).await.is_err() {
            tracing::warn!(jobs = self.workers.len(), "jobs were cut because they did not end in time");
            self.workers.shutdown().await;
        }
    }
}
