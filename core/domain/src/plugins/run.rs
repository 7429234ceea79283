//! Recorded calls of plugins, and the recorder that keeps them off the request's path.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use soko_extension::PluginFailure;
use soko_extension::pricing::CallCost;
use soko_infra::{Database, DatabaseError};
use soko_kernel::{ChannelScope, OrderId, PluginId, PluginRunId, PluginVersionId, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

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
    queue: mpsc::Sender<Message>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Message {
    Run(Box<NewRun>),
    Flush(oneshot::Sender<()>),
}

impl RunRecorder {
    /// Starts the recorder's task. Must be called within a Tokio runtime.
    pub fn start(database: Database) -> Self {
        let (queue, waiting) = mpsc::channel(RUN_QUEUE_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let task = Task { database, waiting, lost: lost.clone(), lost_reported: 0 };
        tokio::spawn(task.run());
        Self { queue, lost }
    }

    /// Takes a run in without waiting. When too many wait already, the run is dropped and counted.
    pub fn record(&self, mut run: NewRun) {
        run.bound();
        if self.queue.try_send(Message::Run(Box::new(run))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until every run recorded before is written or given up.
    pub async fn flush(&self) {
        let (reply, done) = oneshot::channel();
        if self.queue.send(Message::Flush(reply)).await.is_ok() {
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
    waiting: mpsc::Receiver<Message>,
    lost: Arc<AtomicU64>,
    lost_reported: u64,
}

impl Task {
    async fn run(mut self) {
        let mut batch = Vec::with_capacity(RUN_BATCH_MAX);
        let mut write_at = Instant::now();
        loop {
            let message = if batch.is_empty() {
                Ok(self.waiting.recv().await)
            } else {
                tokio::time::timeout_at(write_at, self.waiting.recv()).await
            };
            match message {
                Ok(Some(Message::Run(run))) => {
                    if batch.is_empty() {
                        write_at = Instant::now() + RUN_BATCH_WAIT;
                    }
                    batch.push(*run);
                    if batch.len() == RUN_BATCH_MAX {
                        self.write(&mut batch).await;
                    }
                }
                Ok(Some(Message::Flush(reply))) => {
                    self.write(&mut batch).await;
                    // Whoever asked may have gone away.
                    reply.send(()).ok();
                }
                Ok(None) => return self.write(&mut batch).await,
                Err(_) => self.write(&mut batch).await,
            }
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
    let write = database.write(scope, async move |tx| {
        repo::insert_runs(tx, scope, &runs).await?;
        repo::delete_old_runs(tx, scope, RUNS_KEPT_PER_CHANNEL, RUNS_DELETED_MAX).await
    });
    write.await
}
