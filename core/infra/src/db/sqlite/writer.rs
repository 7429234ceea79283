//! The writer: waiting closures run one after another, each in a savepoint, under one commit.
//!
//! One `fsync` then serves many callers, and none is answered before it. A closure that fails is rolled back to its
//! savepoint and the others go on. When the batch itself fails, every closure of it runs again by itself, so that
//! only the guilty one fails.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::DatabaseConfig;
use crate::db::DataScope;
use crate::db::error::DatabaseError;
use crate::db::reader::{Tx, WriteFn, call};

/// Virtual-machine steps of SQLite between two looks at a closure's deadline.
const STEPS_BETWEEN_DEADLINE_CHECKS: i32 = 10_000;
const NO_DEADLINE: u64 = u64::MAX;

/// How the writer has batched so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriterStats {
    /// Commits that reached the disk.
    pub commits: u64,
    /// Closures that ran in them.
    pub closures: u64,
    /// Most closures in one commit.
    pub largest_batch: u64,
    /// Closures that ran again because their batch failed.
    pub redone: u64,
}

#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    stats: Arc<Mutex<WriterStats>>,
    wait_limit: Duration,
}

enum Message {
    Job(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the writer on a thread of its own: parking there is cheaper than a hop through the shared scheduler,
    /// and a long batch holds up nobody else's work.
    pub(super) async fn start(mut tx: Tx, config: &DatabaseConfig) -> Result<Self, DatabaseError> {
        let deadline = Deadline::install(&mut tx).await?;
        let (queue, jobs) = mpsc::channel(config.queue_max);
        let stats = Arc::new(Mutex::new(WriterStats::default()));
        let worker = Worker {
            tx,
            jobs,
            deadline,
            batch_max: config.batch_max,
            closure_limit: config.closure_limit,
            stats: stats.clone(),
        };
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || runtime.block_on(worker.run()))
            .map_err(|error| DatabaseError::Open(error.to_string()))?;
        Ok(Self { queue, stats, wait_limit: config.wait_limit })
    }

    pub(super) fn stats(&self) -> WriterStats {
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn close(&self) {
        let (closed, done) = oneshot::channel();
        if self.queue.send(Message::Close(closed)).await.is_ok() {
            done.await.ok();
        }
    }

    pub(super) async fn submit<T, E, F>(&self, scope: DataScope, work: F) -> Result<T, E>
    where
        F: for<'t> WriteFn<'t, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let (reply, mut answer) = oneshot::channel();
        let claimed = Arc::new(AtomicBool::new(false));
        let job = Box::new(Work { work, scope, outcome: None, reply: Some(reply), claimed: claimed.clone() });
        let give_up_at = Instant::now() + self.wait_limit;
        match tokio::time::timeout_at(give_up_at, self.queue.send(Message::Job(job))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(DatabaseError::Closed.into()),
            Err(_) => return Err(DatabaseError::Overloaded.into()),
        }
        let answer = match tokio::time::timeout_at(give_up_at, &mut answer).await {
            Ok(answer) => answer,
            // Whoever sets the flag first decides: the caller gives up, or the writer has begun and will answer.
            Err(_) if !claimed.swap(true, Ordering::AcqRel) => return Err(DatabaseError::Overloaded.into()),
            Err(_) => answer.await,
        };
        answer.unwrap_or_else(|_| Err(DatabaseError::Closed.into()))
    }
}

/// A closure of any type, on its way through the writer.
trait Job: Send {
    fn scope(&self) -> DataScope;

    /// Claims the job for running; false when its caller has given up.
    fn claim(&self) -> bool;

    /// Runs the closure and keeps its outcome. True when its changes are to be kept.
    fn run<'t>(
        &'t mut self,
        tx: &'t mut Tx,
        limit: Duration,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 't>>;

    /// Tells the caller the outcome, now that the fate of the commit is known.
    fn answer(self: Box<Self>, committed: Result<(), DatabaseError>);
}

struct Work<F, T, E> {
    work: F,
    scope: DataScope,
    outcome: Option<Result<T, E>>,
    reply: Option<oneshot::Sender<Result<T, E>>>,
    claimed: Arc<AtomicBool>,
}

impl<F, T, E> Job for Work<F, T, E>
where
    F: for<'t> WriteFn<'t, Result<T, E>> + Clone + Send + 'static,
    T: Send + 'static,
    E: From<DatabaseError> + Send + 'static,
{
    fn scope(&self) -> DataScope {
        self.scope
    }

    fn claim(&self) -> bool {
        self.outcome.is_some() || !self.claimed.swap(true, Ordering::AcqRel)
    }

    fn run<'t>(
        &'t mut self,
        tx: &'t mut Tx,
        limit: Duration,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 't>> {
        Box::pin(async move {
            tx.failure = None;
            let mut outcome = run_guarded(call(self.work.clone(), tx), limit).await;
            if outcome.is_ok()
                && let Some(failure) = tx.failure.take()
            {
                outcome = Err(DatabaseError::FailureIgnored(failure).into());
            }
            let keep = outcome.is_ok();
            self.outcome = Some(outcome);
            keep
        })
    }

    fn answer(mut self: Box<Self>, committed: Result<(), DatabaseError>) {
        let answer = match (self.outcome.take(), committed) {
            // The closure's own refusal is the truth, whatever became of the batch.
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (_, Err(error)) => Err(error.into()),
            (None, Ok(())) => Err(DatabaseError::Closed.into()),
        };
        if let Some(reply) = self.reply.take() {
            // A caller that has gone away needs no answer; its work is committed all the same.
            reply.send(answer).ok();
        }
    }
}

/// Runs a closure's future within a time limit, and turns a panic into an error.
async fn run_guarded<T, E: From<DatabaseError>>(
    work: impl Future<Output = Result<T, E>>,
    limit: Duration,
) -> Result<T, E> {
    match tokio::time::timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(DatabaseError::Panicked(text.to_owned()).into())
        }
        Err(_) => Err(DatabaseError::TransactionTimeout.into()),
    }
}

/// Ends statements that run past the closure's limit, inside SQLite: dropping their future would only wait for them.
struct Deadline {
    epoch: Instant,
    micros: Arc<AtomicU64>,
}

impl Deadline {
    async fn install(tx: &mut Tx) -> Result<Self, DatabaseError> {
        let (epoch, micros) = (Instant::now(), Arc::new(AtomicU64::new(NO_DEADLINE)));
        let limit = micros.clone();
        let mut handle = tx.connection.as_mut().lock_handle().await?;
        handle.set_progress_handler(STEPS_BETWEEN_DEADLINE_CHECKS, move || {
            micros_of(epoch.elapsed()) <= limit.load(Ordering::Relaxed)
        });
        drop(handle);
        Ok(Self { epoch, micros })
    }

    fn set(&self, from_now: Duration) {
        self.micros.store(micros_of(self.epoch.elapsed() + from_now), Ordering::Relaxed);
    }

    fn clear(&self) {
        self.micros.store(NO_DEADLINE, Ordering::Relaxed);
    }
}

fn micros_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(NO_DEADLINE)
}

struct Worker {
    tx: Tx,
    jobs: mpsc::Receiver<Message>,
    deadline: Deadline,
    batch_max: usize,
    closure_limit: Duration,
    stats: Arc<Mutex<WriterStats>>,
}

/// What a batch came to: the jobs that ran, and whether the commit failed.
struct Batch {
    ran: Vec<Box<dyn Job>>,
    outcome: Result<(), sqlx::Error>,
}

impl Worker {
    async fn run(mut self) {
        let mut closed: Option<oneshot::Sender<()>> = None;
        while let Some(message) = self.jobs.recv().await {
            match message {
                Message::Job(job) => closed = self.serve(job).await.or(closed),
                Message::Close(done) => closed = Some(done),
            }
            if closed.is_some() {
                self.jobs.close();
            }
        }
        drop(self.tx);
        if let Some(done) = closed {
            done.send(()).ok();
        }
    }

    /// Runs a batch that starts with `first`, and once more by itself each job of a batch that failed.
    async fn serve(&mut self, first: Box<dyn Job>) -> Option<oneshot::Sender<()>> {
        let mut closing = None;
        let mut following = Vec::new();
        while following.len() + 1 < self.batch_max {
            match self.jobs.try_recv() {
                Ok(Message::Job(job)) => following.push(job),
                Ok(Message::Close(done)) => closing = Some(done),
                Err(_) => break,
            }
        }
        let mut jobs = VecDeque::from(following);
        jobs.push_front(first);
        let batch = self.run_batch(jobs).await;
        match batch.outcome {
            Err(_) if batch.ran.len() > 1 => self.redo_one_by_one(batch.ran).await,
            outcome => answer_all(batch.ran, outcome),
        }
        closing
    }

    async fn redo_one_by_one(&mut self, jobs: Vec<Box<dyn Job>>) {
        self.count(|stats| stats.redone += jobs.len() as u64);
        for job in jobs {
            let batch = self.run_batch(VecDeque::from([job])).await;
            answer_all(batch.ran, batch.outcome);
        }
    }

    async fn run_batch(&mut self, mut waiting: VecDeque<Box<dyn Job>>) -> Batch {
        let mut ran: Vec<Box<dyn Job>> = Vec::with_capacity(waiting.len());
        let mut outcome = self.control("BEGIN IMMEDIATE; SAVEPOINT closure").await;
        let mut savepoint_used = false;
        while outcome.is_ok()
            && let Some(mut job) = waiting.pop_front()
        {
            if !job.claim() {
                continue;
            }
            if savepoint_used {
                outcome = self.control("RELEASE closure; SAVEPOINT closure").await;
            }
            if outcome.is_ok() {
                savepoint_used = true;
                self.tx.0.scope = job.scope();
                self.deadline.set(self.closure_limit);
                let keep = job.run(&mut self.tx, self.closure_limit).await;
                self.deadline.clear();
                if !keep {
                    outcome = self.control("ROLLBACK TO closure").await;
                }
            }
            ran.push(job);
        }
        if outcome.is_ok() {
            outcome = self.control("COMMIT").await;
        }
        if outcome.is_err() {
            // Fails where SQLite has rolled back by itself; either way no transaction is open afterwards.
            self.control("ROLLBACK").await.ok();
        }
        ran.extend(waiting);
        let batch = Batch { ran, outcome };
        self.count(|stats| {
            stats.commits += u64::from(batch.outcome.is_ok());
            stats.closures += batch.ran.len() as u64;
            stats.largest_batch = stats.largest_batch.max(batch.ran.len() as u64);
        });
        batch
    }

    async fn control(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(sql).execute(self.tx.connection.as_mut()).await.map(|_| ())
    }

    fn count(&self, change: impl FnOnce(&mut WriterStats)) {
        change(&mut self.stats.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn answer_all(jobs: Vec<Box<dyn Job>>, outcome: Result<(), sqlx::Error>) {
    let failure = outcome.err().map(|error| error.to_string());
    for job in jobs {
        job.answer(match &failure {
            None => Ok(()),
            Some(text) => Err(DatabaseError::Commit(text.clone())),
        });
    }
}
