//! The writer: waiting closures run one after another under one commit.
//!
//! One sync to disk then serves many callers, and none is answered before it. A closure that fails before it wrote
//! leaves nothing behind. When one fails after it wrote, the batch is rolled back and the others run again, with a
//! savepoint for each: savepoints copy every page that they may have to restore, which is paid only then. When the
//! batch itself fails, every closure of it runs again by itself, so that only the guilty one fails. When the
//! transaction cannot even begin, because somebody else holds the file's write lock, everybody who waits is refused at
//! once rather than after one more wait each.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::SqliteConfig;
use super::connection::Limit;
use crate::db::DataScope;
use crate::db::counters::Counters;
use crate::db::error::{DatabaseError, StatementFailure, is_busy};
use crate::db::guard::run_guarded;
use crate::db::notices::{Notices, Topic};
use crate::db::order::Order;
use crate::db::reader::{Handle, Tx, WriteFn};

/// How the writer has batched so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriterStats {
    /// Commits that reached the disk.
    pub commits: u64,
    /// Closures that ran in them.
    pub closures: u64,
    /// Most closures in one commit.
    pub largest_batch: u64,
    /// Closures that ran again because their batch failed, or one of it after it wrote.
    pub redone: u64,
    /// Commits by their number of closures: for each of [`BATCH_SIZES`] those with no more, and beyond the ones before.
    pub by_size: [u64; BATCH_SIZES.len()],
}

/// The sizes of batches that are told apart; none is larger than the last, unless configured so.
pub const BATCH_SIZES: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];

#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    stats: Arc<Mutex<WriterStats>>,
    wait_limit: Duration,
    counters: Arc<Counters>,
    notices: Arc<Notices>,
}

enum Message {
    Job(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the writer on a thread of its own: parking there is cheaper than a hop through the shared scheduler,
    /// and a long batch holds up nobody else's work.
    pub(super) fn start(
        tx: Tx,
        limit: Limit,
        config: &SqliteConfig,
        counters: Arc<Counters>,
        notices: Arc<Notices>,
    ) -> Result<Self, DatabaseError> {
        let (queue, jobs) = mpsc::channel(config.queue_max);
        let stats = Arc::new(Mutex::new(WriterStats::default()));
        let worker = Worker {
            tx,
            jobs,
            limit,
            batch_max: config.batch_max.max(1),
            closure_limit: config.closure_limit,
            stats: stats.clone(),
            closing: Vec::new(),
            counters: counters.clone(),
        };
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || runtime.block_on(worker.run()))
            .map_err(|error| DatabaseError::Open(error.to_string()))?;
        Ok(Self { queue, stats, wait_limit: config.wait_limit, counters, notices })
    }

    pub(super) fn stats(&self) -> WriterStats {
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait, and how many may.
    pub(super) fn queue(&self) -> (usize, usize) {
        let max = self.queue.max_capacity();
        (max.saturating_sub(self.queue.capacity()), max)
    }

    pub(super) async fn close(&self) {
        let (closed, done) = oneshot::channel();
        if self.queue.send(Message::Close(closed)).await.is_ok() {
            done.await.ok();
        }
    }

    pub(super) async fn submit<T, E, F>(&self, order: Order<F>) -> Result<T, E>
    where
        F: for<'t> WriteFn<'t, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let (reply, mut answer) = oneshot::channel();
        let claimed = Arc::new(AtomicBool::new(false));
        let job = Box::new(Work {
            order,
            outcome: None,
            reply: Some(reply),
            claimed: claimed.clone(),
            told: Vec::new(),
            notices: self.notices.clone(),
        });
        let give_up_at = Instant::now() + self.wait_limit;
        match tokio::time::timeout_at(give_up_at, self.queue.send(Message::Job(job))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(DatabaseError::Closed.into()),
            Err(_) => return Err(self.counters.overloaded().into()),
        }
        let answer = match tokio::time::timeout_at(give_up_at, &mut answer).await {
            Ok(answer) => answer,
            // Whoever sets the flag first decides: the caller gives up, or the writer has begun and will answer.
            Err(_) if !claimed.swap(true, Ordering::AcqRel) => return Err(self.counters.overloaded().into()),
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
    order: Order<F>,
    outcome: Option<Result<T, E>>,
    reply: Option<oneshot::Sender<Result<T, E>>>,
    claimed: Arc<AtomicBool>,
    /// What others are to be told once it is committed.
    told: Vec<Topic>,
    notices: Arc<Notices>,
}

impl<F, T, E> Job for Work<F, T, E>
where
    F: for<'t> WriteFn<'t, Result<T, E>> + Clone + Send + 'static,
    T: Send + 'static,
    E: From<DatabaseError> + Send + 'static,
{
    fn scope(&self) -> DataScope {
        self.order.scope
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
            tx.0.told.clear();
            let order = self.order.clone();
            let guarded = run_guarded(async { order.carry_out(tx).await }, limit).await;
            let mut outcome = guarded.unwrap_or_else(|ended| Err(ended.into()));
            if outcome.is_ok()
                && let Some(failure) = tx.failure.take()
            {
                outcome = Err(DatabaseError::FailureIgnored(failure.why).into());
            }
            let keep = outcome.is_ok();
            self.told = std::mem::take(&mut tx.0.told);
            self.outcome = Some(outcome);
            keep
        })
    }

    fn answer(mut self: Box<Self>, committed: Result<(), DatabaseError>) {
        let answer = match (self.outcome.take(), committed) {
            // The closure's own refusal is the truth, whatever became of the batch.
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(value)), Ok(())) => {
                tracing::debug!(parent: &self.order.span, is_committed = true, "commit");
                self.told.iter().for_each(|topic| self.notices.tell(topic.name()));
                Ok(value)
            }
            (_, Err(error)) => {
                tracing::debug!(parent: &self.order.span, is_committed = false, "commit");
                Err(error.into())
            }
            (None, Ok(())) => Err(DatabaseError::Closed.into()),
        };
        if let Some(reply) = self.reply.take() {
            // A caller that has gone away needs no answer; its work is committed all the same.
            reply.send(answer).ok();
        }
    }
}

struct Worker {
    tx: Tx,
    jobs: mpsc::Receiver<Message>,
    limit: Limit,
    batch_max: usize,
    closure_limit: Duration,
    stats: Arc<Mutex<WriterStats>>,
    /// Who waits for the end.
    closing: Vec<oneshot::Sender<()>>,
    counters: Arc<Counters>,
}

/// What a batch came to.
struct Batch {
    /// The jobs that are not answered yet.
    jobs: Vec<Box<dyn Job>>,
    fate: Fate,
}

enum Fate {
    Committed,
    /// A closure failed after it wrote, in a batch that can only be undone as a whole: nothing was written, and the
    /// others are to run again.
    Spoilt,
    /// The transaction could not begin; no job has run.
    NotBegun(sqlx::Error),
    /// Nothing was written.
    Failed(sqlx::Error),
}

/// What of a batch can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Undo {
    Whole,
    EachJob,
}

impl Worker {
    async fn run(mut self) {
        while let Some(message) = self.jobs.recv().await {
            match message {
                Message::Job(job) => self.serve(job).await,
                Message::Close(done) => self.begin_closing(done),
            }
        }
        if let Handle::Writer(connection) = self.tx.0.handle {
            connection.close();
        }
        for done in self.closing {
            done.send(()).ok();
        }
    }

    /// Takes in nothing new; what waits already is still served.
    fn begin_closing(&mut self, done: oneshot::Sender<()>) {
        self.closing.push(done);
        self.jobs.close();
    }

    /// Runs a batch that starts with `first`, and once more by itself each job of a batch that failed.
    async fn serve(&mut self, first: Box<dyn Job>) {
        let mut waiting = VecDeque::from([first]);
        self.take_waiting(&mut waiting, self.batch_max - 1);
        let mut batch = self.run_batch(waiting, Undo::Whole).await;
        if let Fate::Spoilt = batch.fate
            && !batch.jobs.is_empty()
        {
            self.count(|stats| stats.redone += batch.jobs.len() as u64);
            batch = self.run_batch(batch.jobs.into(), Undo::EachJob).await;
        }
        let Batch { jobs, fate } = batch;
        match fate {
            Fate::Committed | Fate::Spoilt => answer_all(jobs, || Ok(())),
            Fate::Failed(_) if jobs.len() > 1 => self.redo_one_by_one(jobs.into()).await,
            Fate::Failed(error) => answer_all(jobs, || Err(DatabaseError::of_commit(&error))),
            Fate::NotBegun(error) => self.refuse_waiting(jobs.into(), &error),
        }
    }

    fn take_waiting(&mut self, waiting: &mut VecDeque<Box<dyn Job>>, jobs_max: usize) {
        let full = waiting.len() + jobs_max;
        while waiting.len() < full {
            match self.jobs.try_recv() {
                Ok(Message::Job(job)) => waiting.push_back(job),
                Ok(Message::Close(done)) => self.begin_closing(done),
                Err(_) => break,
            }
        }
    }

    async fn redo_one_by_one(&mut self, mut waiting: VecDeque<Box<dyn Job>>) {
        self.count(|stats| stats.redone += waiting.len() as u64);
        while let Some(job) = waiting.pop_front() {
            let Batch { jobs, fate } = self.run_batch(VecDeque::from([job]), Undo::Whole).await;
            match fate {
                Fate::Committed | Fate::Spoilt => answer_all(jobs, || Ok(())),
                Fate::Failed(error) => answer_all(jobs, || Err(DatabaseError::of_commit(&error))),
                Fate::NotBegun(error) => {
                    waiting.extend(jobs);
                    self.refuse_waiting(std::mem::take(&mut waiting), &error);
                }
            }
        }
    }

    /// Answers everybody who waits now: another try for each of them would only make all wait longer.
    fn refuse_waiting(&mut self, mut waiting: VecDeque<Box<dyn Job>>, error: &sqlx::Error) {
        self.take_waiting(&mut waiting, self.jobs.len());
        tracing::warn!(jobs = waiting.len(), %error, "no write transaction can begin");
        answer_all(waiting, || Err(self.begin_error(error)));
    }

    async fn run_batch(&mut self, waiting: VecDeque<Box<dyn Job>>, undo: Undo) -> Batch {
        let begin = match undo {
            Undo::Whole => "BEGIN IMMEDIATE",
            Undo::EachJob => "BEGIN IMMEDIATE; SAVEPOINT closure",
        };
        if let Err(error) = self.control(begin) {
            // Where only the savepoint failed.
            self.control("ROLLBACK").ok();
            return Batch { jobs: waiting.into(), fate: Fate::NotBegun(error) };
        }
        let (jobs, mut fate) = match undo {
            Undo::Whole => self.run_jobs(waiting).await,
            Undo::EachJob => self.run_guarded_jobs(waiting).await,
        };
        if let Fate::Committed = fate
            && let Err(error) = self.control("COMMIT")
        {
            fate = Fate::Failed(error);
        }
        let committed = matches!(fate, Fate::Committed);
        if let Fate::Committed | Fate::Failed(_) = fate {
            self.counters.ended(committed);
        }
        if !committed {
            // Fails where SQLite has rolled back by itself; either way no transaction is open afterwards.
            self.control("ROLLBACK").ok();
        }
        self.limit.clear();
        self.count(|stats| {
            stats.commits += u64::from(committed);
            stats.closures += if let Fate::Spoilt = fate { 0 } else { jobs.len() as u64 };
            stats.largest_batch = stats.largest_batch.max(jobs.len() as u64);
            let place = BATCH_SIZES.iter().position(|size| jobs.len() as u64 <= *size);
            stats.by_size[place.unwrap_or(BATCH_SIZES.len() - 1)] += u64::from(committed);
        });
        Batch { jobs, fate }
    }

    /// Runs each job. Ends early when one fails after it wrote, which is answered: all the others are returned.
    async fn run_jobs(&mut self, mut waiting: VecDeque<Box<dyn Job>>) -> (Vec<Box<dyn Job>>, Fate) {
        let mut ran: Vec<Box<dyn Job>> = Vec::with_capacity(waiting.len());
        let mut fate = Fate::Committed;
        while matches!(fate, Fate::Committed)
            && let Some(mut job) = waiting.pop_front()
        {
            if !job.claim() {
                continue;
            }
            if self.run_job(job.as_mut()).await || self.is_untouched() {
                ran.push(job);
            } else {
                job.answer(Ok(()));
                self.count(|stats| stats.closures += 1);
                fate = Fate::Spoilt;
            }
        }
        ran.extend(waiting);
        (ran, fate)
    }

    /// Runs each job in a savepoint. Ends early, with the jobs that have not run among those returned, when the
    /// transaction itself is lost.
    async fn run_guarded_jobs(&mut self, mut waiting: VecDeque<Box<dyn Job>>) -> (Vec<Box<dyn Job>>, Fate) {
        let mut ran: Vec<Box<dyn Job>> = Vec::with_capacity(waiting.len());
        let mut outcome = Ok(());
        while outcome.is_ok()
            && let Some(mut job) = waiting.pop_front()
        {
            if !job.claim() {
                continue;
            }
            if !ran.is_empty() {
                outcome = self.control("RELEASE closure; SAVEPOINT closure");
            }
            if outcome.is_ok() {
                if !self.run_job(job.as_mut()).await {
                    outcome = self.control("ROLLBACK TO closure");
                }
                if let Err(error) = &outcome {
                    // This job's failure took the transaction with it: it is answered, and only the others run again.
                    job.answer(Err(DatabaseError::of_commit(error)));
                    self.count(|stats| stats.closures += 1);
                    break;
                }
            }
            ran.push(job);
        }
        ran.extend(waiting);
        (ran, outcome.map_or_else(Fate::Failed, |()| Fate::Committed))
    }

    /// Runs a job. True when its changes are to be kept.
    async fn run_job(&mut self, job: &mut dyn Job) -> bool {
        self.tx.0.scope = job.scope();
        self.forget_writes();
        self.limit.set(self.closure_limit);
        let keep = job.run(&mut self.tx, self.closure_limit).await;
        if !keep {
            self.limit.clear();
        }
        keep
    }

    fn forget_writes(&self) {
        let forgotten = self.tx.0.handle.run_embedded(|connection| {
            connection.forget_writes();
            Ok(())
        });
        debug_assert!(forgotten.is_ok(), "the writer's connection is its own");
    }

    /// Whether the job that has just run wrote nothing, in a transaction that is still open.
    fn is_untouched(&self) -> bool {
        self.tx.0.handle.run_embedded(|connection| Ok(connection.is_untouched())).unwrap_or(false)
    }

    /// Somebody else at the file's lock is overload to the waiting; anything else is a fault.
    fn begin_error(&self, error: &sqlx::Error) -> DatabaseError {
        if is_busy(error) { self.counters.overloaded() } else { DatabaseError::of_commit(error) }
    }

    fn control(&self, sql: &str) -> Result<(), sqlx::Error> {
        let began = std::time::Instant::now();
        let done = self.tx.0.handle.run_embedded(|connection| connection.control(sql));
        self.counters.bounded(began);
        done.inspect_err(|error| self.counters.failed(StatementFailure::of(error)))
    }

    fn count(&self, change: impl FnOnce(&mut WriterStats)) {
        change(&mut self.stats.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn answer_all(
    jobs: impl IntoIterator<Item = Box<dyn Job>>,
    committed: impl Fn() -> Result<(), DatabaseError>,
) {
    for job in jobs {
        job.answer(committed());
    }
}
