//! Recorded calls of plugins, and the recorder that keeps them off the request's path.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use soko_extension::PluginFailure;
use soko_extension::effect::HostCall;
use soko_extension::pricing::CallCost;
use soko_infra::{Database, DatabaseError};
use soko_kernel::{ChannelScope, OrderId, PluginId, PluginRunId, PluginVersionId, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::repo;
use super::schema::cut;

/// Runs that a channel keeps; older ones are deleted.
pub const RUNS_KEPT_PER_CHANNEL: i64 = 2_000;
/// Runs that wait to be written; more are dropped and counted.
pub const RUN_QUEUE_MAX: usize = 4_096;
/// Runs that are written together.
pub const RUN_BATCH_MAX: usize = 200;
/// Longest that a run waits to be written with others.
const RUN_BATCH_WAIT: Duration = Duration::from_millis(200);
/// Old runs that one write deletes: more than it can add, so that the number falls back to what is kept.
const RUNS_DELETED_MAX: i64 = 500;
/// Bytes of a run's log that are stored.
const LOG_BYTES_MAX: usize = 4 << 10;
/// Lines of a run's log that are stored.
const LOG_LINES_MAX: usize = 100;
/// Bytes of a failure's message that are stored.
const MESSAGE_BYTES_MAX: usize = 500;

/// Outcome of a call that succeeded; failed calls carry the kind of their failure.
pub const OUTCOME_OK: &str = "ok";

/// A recorded call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginRun {
    /// Its id; later runs have higher ones.
    pub id: PluginRunId,
    /// The plugin.
    pub plugin_id: PluginId,
    /// The plugin's name.
    pub plugin_name: String,
    /// The version that ran.
    pub version_id: PluginVersionId,
    /// Semantic version.
    pub version: String,
    /// The order it ran for.
    pub order_id: Option<OrderId>,
    /// [`OUTCOME_OK`], or the stable name of the kind of failure.
    pub outcome: String,
    /// Why it failed.
    pub message: Option<String>,
    /// What the guest logged, as far as it is kept.
    pub log: Vec<String>,
    /// What the guest asked of the host, as far as it is kept.
    pub host_calls: Vec<HostCall>,
    /// Wall-clock time in microseconds.
    pub micros: i64,
    /// Fuel used.
    pub fuel: i64,
    /// When it ran.
    pub created_at: Timestamp,
}

/// A call to record.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Whose call it was.
    pub scope: ChannelScope,
    /// The plugin.
    pub plugin: PluginId,
    /// The version that ran.
    pub version: PluginVersionId,
    /// The order it ran for.
    pub order: Option<OrderId>,
    /// What it cost.
    pub cost: CallCost,
    /// What the guest logged.
    pub log: Vec<String>,
    /// What the guest asked of the host; bounded by the host.
    pub host_calls: Vec<HostCall>,
    /// Why it failed; absent when it succeeded.
    pub failure: Option<PluginFailure>,
    /// When it ran.
    pub at: Timestamp,
}

impl NewRun {
    /// Cuts what a guest can make long, so that the queue's memory is bounded.
    fn bound(&mut self) {
        let mut left = LOG_BYTES_MAX;
        self.log.truncate(LOG_LINES_MAX);
        self.log.retain_mut(|line| {
            let room = left > 0;
            shorten(line, left);
            left -= line.len();
            room
        });
        self.log.shrink_to_fit();
        if let Some(failure) = &mut self.failure {
            shorten(&mut failure.message, MESSAGE_BYTES_MAX);
        }
    }
}

fn shorten(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        *text = cut(text, bytes_max).to_owned();
    }
}

/// Writes runs in the background, in batches. Cheap to clone; the last clone's end writes what is left.
#[derive(Debug, Clone)]
pub struct RunRecorder {
    queue: mpsc::Sender<Box<NewRun>>,
    flushes: mpsc::Sender<oneshot::Sender<()>>,
    lost: Arc<AtomicU64>,
}

impl RunRecorder {
    /// Starts the recorder's task. Must be called within a Tokio runtime.
    pub fn start(database: Database) -> Self {
        let (queue, waiting) = mpsc::channel(RUN_QUEUE_MAX);
        let (flushes, asked) = mpsc::channel(1);
        let lost = Arc::new(AtomicU64::new(0));
        let task = Task { database, waiting, asked, lost: lost.clone(), lost_reported: 0 };
        tokio::spawn(task.run());
        Self { queue, flushes, lost }
    }

    /// Takes a run in without waiting. When too many wait already, the run is dropped and counted.
    pub fn record(&self, mut run: NewRun) {
        run.bound();
        if self.queue.try_send(Box::new(run)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until every run recorded before is written or given up.
    pub async fn flush(&self) {
        let (reply, done) = oneshot::channel();
        if self.flushes.send(reply).await.is_ok() {
            // An error means that the task has ended with the runtime, and nothing is left to wait for.
            done.await.ok();
        }
    }

    /// Runs that were dropped, for want of room or because the store refused them.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

struct Task {
    database: Database,
    waiting: mpsc::Receiver<Box<NewRun>>,
    /// Who waits for all that is recorded to be written.
    asked: mpsc::Receiver<oneshot::Sender<()>>,
    lost: Arc<AtomicU64>,
    lost_reported: u64,
}

impl Task {
    /// Only the first run of a batch wakes this task: the others are found in the queue when it is time to write.
    async fn run(mut self) {
        loop {
            let asked = tokio::select! {
                first = self.waiting.recv() => match first {
                    Some(first) => {
                        let asked = tokio::time::timeout(RUN_BATCH_WAIT, self.asked.recv()).await;
                        self.write_waiting(Some(*first)).await;
                        asked.ok().flatten()
                    }
                    None => return,
                },
                Some(asked) = self.asked.recv() => {
                    self.write_waiting(None).await;
                    Some(asked)
                }
            };
            if let Some(asked) = asked {
                // Whoever asked may have gone away.
                asked.send(()).ok();
            }
        }
    }

    /// Writes `first` and all that is in the queue now.
    async fn write_waiting(&mut self, first: Option<NewRun>) {
        let mut left = self.waiting.len();
        let mut batch = Vec::from_iter(first);
        while left > 0 || !batch.is_empty() {
            while left > 0 && batch.len() < RUN_BATCH_MAX {
                left -= 1;
                batch.extend(self.waiting.try_recv().ok().map(|run| *run));
            }
            self.write(&mut batch).await;
        }
    }

    /// One write per channel, side by side, so that they share a commit.
    async fn write(&mut self, batch: &mut Vec<NewRun>) {
        let mut by_channel: HashMap<ChannelScope, Vec<NewRun>> = HashMap::new();
        for run in batch.drain(..) {
            by_channel.entry(run.scope).or_default().push(run);
        }
        let mut writes = JoinSet::new();
        for (scope, runs) in by_channel {
            let (database, lost) = (self.database.clone(), self.lost.clone());
            writes.spawn(async move {
                let count = runs.len() as u64;
                if let Err(error) = write_runs(&database, scope, runs).await {
                    lost.fetch_add(count, Ordering::Relaxed);
                    tracing::warn!(channel_id = scope.channel_id().0, runs = count, %error, "plugin runs not stored");
                }
            });
        }
        while writes.join_next().await.is_some() {}
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > self.lost_reported {
            tracing::warn!(runs = lost - self.lost_reported, runs_total = lost, "plugin runs dropped");
            self.lost_reported = lost;
        }
    }
}

async fn write_runs(
    database: &Database,
    scope: ChannelScope,
    runs: Vec<NewRun>,
) -> Result<(), DatabaseError> {
    let runs = Arc::new(runs);
    let write = database.write_concurrently(scope, async move |tx| {
        repo::insert_runs(tx, scope, &runs).await?;
        repo::delete_old_runs(tx, scope, RUNS_KEPT_PER_CHANNEL, RUNS_DELETED_MAX).await
    });
    write.await
}
