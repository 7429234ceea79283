//! Sends what is to be sent, mail and messages to addresses of shops: at every node that does background work, each by one of
//! them.
//!
//! A shop whose receivers hang takes its own places and no others'.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use soko_domain::Services;
use soko_domain::notifications::DueDelivery;
use soko_kernel::ChannelId;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::background::Background;

/// Messages under way at once.
const UNDER_WAY_MAX: usize = 64;
/// Those of one shop.
const UNDER_WAY_PER_CHANNEL: usize = 8;
/// Messages that are looked through for some that may go now.
const LOOKED_THROUGH: i64 = 500;
/// Time between two looks for what is due.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Tries so far by this node.
#[derive(Debug, Default)]
pub struct DeliveryCounts {
    tried: AtomicU64,
    broken: AtomicU64,
}

impl DeliveryCounts {
    /// Messages that were tried, and tries of which could not be written down what became of them.
    pub fn read(&self) -> (u64, u64) {
        (self.tried.load(Ordering::Relaxed), self.broken.load(Ordering::Relaxed))
    }
}

/// Starts sending. Told to end, it begins no other message; what is cut is sent again later.
pub(super) fn start(services: &Arc<Services>) -> (Background, Arc<DeliveryCounts>) {
    let counts = Arc::<DeliveryCounts>::default();
    let pump = Pump {
        services: Arc::clone(services),
        counts: Arc::clone(&counts),
        under_way: JoinSet::new(),
        by_channel: HashMap::new(),
    };
    (Background::start("deliveries", |stopped| pump.run(stopped)), counts)
}

struct Pump {
    services: Arc<Services>,
    counts: Arc<DeliveryCounts>,
    under_way: JoinSet<ChannelId>,
    by_channel: HashMap<ChannelId, usize>,
}

impl Pump {
    async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        loop {
            self.begin().await;
            tokio::select! {
                biased;
                // The sender's end means that the pump was dropped.
                _ = stopped.wait_for(|stopped| *stopped) => break,
                Some(ended) = self.under_way.join_next() => {
                    self.ended(ended);
                    // One look for what is due serves all that have ended meanwhile.
                    while let Some(ended) = self.under_way.try_join_next() {
                        self.ended(ended);
                    }
                }
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        while let Some(ended) = self.under_way.join_next().await {
            self.ended(ended);
        }
    }

    /// Begins what is due, as far as there are places.
    async fn begin(&mut self) {
        if self.under_way.len() >= UNDER_WAY_MAX {
            return;
        }
        let of_full = self.by_channel.iter().filter(|(_, count)| **count >= UNDER_WAY_PER_CHANNEL);
        let full: Vec<ChannelId> = of_full.map(|(channel, _)| *channel).collect();
        let due = match self.services.notifications.due_deliveries(&full, LOOKED_THROUGH).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "it cannot be said what is to be sent");
                return;
            }
        };
        for due in due {
            if self.under_way.len() >= UNDER_WAY_MAX {
                return;
            }
            let of_channel = self.by_channel.entry(due.hand.channel.id).or_default();
            if *of_channel < UNDER_WAY_PER_CHANNEL {
                *of_channel += 1;
                let (services, counts) = (Arc::clone(&self.services), Arc::clone(&self.counts));
                self.under_way.spawn(async move { deliver(&services, &counts, &due).await });
            }
        }
    }

    fn ended(&mut self, ended: Result<ChannelId, tokio::task::JoinError>) {
        match ended {
            Ok(channel) => {
                if let Some(of_channel) = self.by_channel.get_mut(&channel) {
                    *of_channel = of_channel.saturating_sub(1);
                }
            }
            // Whose place it had is not known; all are free when nothing is under way.
            Err(error) => tracing::error!(%error, "sending a message broke off"),
        }
        if self.under_way.is_empty() {
            self.by_channel.clear();
        }
    }
}

async fn deliver(services: &Services, counts: &DeliveryCounts, due: &DueDelivery) -> ChannelId {
    match services.notifications.deliver(due).await {
        Ok(mine) => {
            counts.tried.fetch_add(u64::from(mine), Ordering::Relaxed);
        }
        Err(error) => {
            tracing::warn!(channel = due.hand.channel.code, %error, "what became of a message is not written down");
            counts.broken.fetch_add(1, Ordering::Relaxed);
        }
    }
    due.hand.channel.id
}
