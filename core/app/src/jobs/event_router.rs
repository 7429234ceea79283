//! Hands events on as they come: at every node that does background work, each event by one of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use soko_domain::Services;
use soko_domain::notifications::Routed;
use soko_infra::db::Dialect;
use soko_infra::outbox::EVENTS;
use soko_kernel::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::background::Background;

/// Longest until events are looked for: a server says nothing of them, see [`EVENTS`].
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// As [`LOOK_EVERY`] where every event is heard of, for what was left by a failure.
const LOOK_EVERY_HEARD: Duration = Duration::from_secs(5);
/// Time for events to come together after the first one is heard of: many are handed on for little more than one.
const GATHER: Duration = Duration::from_millis(25);
/// Until it is tried again after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// What was handed on by this node so far.
#[derive(Debug, Default)]
pub struct RoutedCounts {
    events: AtomicU64,
    actions: AtomicU64,
    failures: AtomicU64,
    /// Milliseconds; of the last round.
    lag: AtomicU64,
}

/// What a node has handed on so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoutedNumbers {
    /// Events.
    pub events: u64,
    /// What was done about them.
    pub actions: u64,
    /// Rounds that failed, and channels that did.
    pub failures: u64,
    /// How long the oldest event of the last round had waited.
    pub lag: Duration,
}

impl RoutedCounts {
    /// As it is now.
    pub fn read(&self) -> RoutedNumbers {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        RoutedNumbers {
            events: read(&self.events),
            actions: read(&self.actions),
            failures: read(&self.failures),
            lag: Duration::from_millis(read(&self.lag)),
        }
    }

    fn add(&self, routed: Routed, now: Timestamp) {
        let lag = routed.oldest.map_or(0, |oldest| now.0.saturating_sub(oldest.0));
        self.lag.store(u64::try_from(lag).unwrap_or_default(), Ordering::Relaxed);
        self.events.fetch_add(routed.events, Ordering::Relaxed);
        self.actions.fetch_add(routed.actions, Ordering::Relaxed);
        self.failures.fetch_add(routed.failures, Ordering::Relaxed);
    }
}

/// Starts handing on. Told to end, it finishes the round in hand; cut, what it had not committed is handed on by another.
pub(super) fn start(services: &Arc<Services>) -> (Background, Arc<RoutedCounts>) {
    let counts = Arc::<RoutedCounts>::default();
    let (services, kept) = (Arc::clone(services), Arc::clone(&counts));
    (Background::start("events", |stopped| run(services, kept, stopped)), counts)
}

/// One round, on a task of its own: one that panics is this round's failure, and ends with whoever waits for it.
async fn round(services: &Arc<Services>) -> Result<Routed, String> {
    let (services, mut round) = (Arc::clone(services), JoinSet::new());
    round.spawn(async move { services.notifications.route().await });
    match round.join_next().await {
        Some(Ok(routed)) => routed.map_err(|error| error.to_string()),
        Some(Err(error)) => Err(error.to_string()),
        None => Ok(Routed::default()),
    }
}

async fn run(services: Arc<Services>, counts: Arc<RoutedCounts>, mut stopped: watch::Receiver<bool>) {
    let mut heard = services.database.subscribe(EVENTS);
    let look_every = match services.database.dialect() {
        Dialect::Sqlite => LOOK_EVERY_HEARD,
        Dialect::Postgres => LOOK_EVERY,
    };
    loop {
        let pause = match round(&services).await {
            Ok(routed) => {
                counts.add(routed, services.clock.now());
                if routed.more {
                    Duration::ZERO
                } else if routed.failures > 0 {
                    PAUSE
                } else {
                    look_every
                }
            }
            Err(error) => {
                tracing::warn!(%error, "events could not be handed on");
                counts.add(Routed { failures: 1, ..Routed::default() }, services.clock.now());
                PAUSE
            }
        };
        let awake = async {
            if pause == look_every {
                // Not in time is what the limit is for: then it is looked all the same.
                let heard = tokio::time::timeout(look_every, heard.changed()).await;
                if heard.is_ok() {
                    tokio::time::sleep(GATHER).await;
                }
            } else {
                tokio::time::sleep(pause).await;
            }
        };
        tokio::select! {
            biased;
            // The sender's end means that the router was dropped.
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = awake => {}
        }
    }
}
