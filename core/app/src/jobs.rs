//! What the platform does by itself, now and then. Any number of nodes may be willing; one of them does it.
//!
//! To add a job: a line in [`JOBS`].

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use soko_domain::Services;
use soko_infra::Leadership;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

/// Longest time between two looks whether the node that does the jobs is still there.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What is done in every round. Says how many rows it removed. A failure is left to the next round.
type Job = (&'static str, fn(Arc<Services>) -> BoxFuture<'static, anyhow::Result<u64>>);

const JOBS: &[Job] = &[
    ("expired holds on stock", |services| {
        Box::pin(async move { Ok(services.inventory.expire_holds(services.clock.now()).await?) })
    }),
    ("expired idempotency keys", |services| Box::pin(async move { Ok(services.operations.expire().await?) })),
    ("expired sessions", |services| {
        Box::pin(async move { Ok(services.auth.expire_sessions(services.clock.now()).await?) })
    }),
];

/// The jobs of a running server. They end after the round in hand when this is stopped or dropped.
pub struct Jobs {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Jobs {
    /// Starts the jobs: a first round as soon as this node leads, the next ones `every` so often.
    pub fn start(services: Arc<Services>, every: Duration) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(lead_and_work(services, every, stopped)) }
    }

    /// Finishes the round in hand, does no other, and lets another node lead.
    pub async fn stop(self) {
        // An error means that the jobs have ended by themselves.
        let _ended_before = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the jobs ended badly");
        }
    }
}

async fn lead_and_work(services: Arc<Services>, every: Duration, mut stopped: oneshot::Receiver<()>) {
    let mut looks = tokio::time::interval(every.min(LOOK_EVERY));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut leading: Option<Leadership> = None;
    let mut due = Instant::now();
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            _ = looks.tick() => {}
        }
        leading = still_or_newly(leading, &services).await;
        if leading.is_some() && Instant::now() >= due {
            work(&services).await;
            due = Instant::now() + every;
        }
    }
    if let Some(leading) = leading {
        leading.give_back().await;
    }
}

async fn still_or_newly(leading: Option<Leadership>, services: &Services) -> Option<Leadership> {
    if let Some(mut leading) = leading {
        if leading.is_held().await {
            return Some(leading);
        }
        tracing::warn!("this node does the platform's jobs no longer: its connection broke");
    }
    match services.database.try_lead().await {
        Ok(Some(leading)) => {
            tracing::info!("this node does the platform's jobs");
            Some(leading)
        }
        Ok(None) => None,
        Err(error) => {
            tracing::warn!(%error, "it cannot be said who does the platform's jobs");
            None
        }
    }
}

async fn work(services: &Arc<Services>) {
    for (what, job) in JOBS {
        match job(Arc::clone(services)).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(what, removed, "removed"),
            Err(error) => tracing::warn!(what, error = format!("{error:#}"), "could not be removed"),
        }
    }
}
