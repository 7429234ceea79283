//! What the server does by itself, now and then.

use std::sync::Arc;
use std::time::Duration;

use soko_domain::Services;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// The jobs of a running server. They end after the round in hand when this is stopped or dropped.
pub struct Jobs {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Jobs {
    /// Starts the jobs: a first round now, the next ones `every` so often.
    pub fn start(services: Arc<Services>, every: Duration) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(repeat(services, every, stopped)) }
    }

    /// Finishes the round in hand, and does no other.
    pub async fn stop(self) {
        // An error means that the jobs have ended by themselves.
        let _ended_before = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the jobs ended badly");
        }
    }
}

async fn repeat(services: Arc<Services>, every: Duration, mut stopped: oneshot::Receiver<()>) {
    let mut rounds = tokio::time::interval(every);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => return,
            _ = rounds.tick() => sweep(&services).await,
        }
    }
}

/// Removes what has expired. A failure is left to the next round: nothing but the size of tables depends on it.
async fn sweep(services: &Services) {
    let now = services.clock.now();
    report("holds on stock", services.inventory.expire_holds(now).await);
    report("sessions", services.auth.expire_sessions(now).await);
}

fn report(what: &str, removed: Result<u64, impl std::fmt::Display>) {
    match removed {
        Ok(0) => {}
        Ok(removed) => tracing::info!(what, removed, "expired rows are removed"),
        Err(error) => tracing::warn!(what, %error, "expired rows could not be removed"),
    }
}
