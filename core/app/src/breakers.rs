//! Links the circuit breakers of this node's plugin host with those of the other nodes, by way of the store: a plugin that
//! keeps failing for a shop at one node is left alone at all of them.

use std::sync::Arc;
use std::time::Duration;

use soko_domain::Services;
use soko_domain::plugins::{BREAKERS, OpenBreaker};
use soko_host::{BreakerOpening, PluginHost};
use soko_kernel::ChannelId;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Longest time between two looks at what opened elsewhere; by the store's word it is seen earlier.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Openings that wait to be told while the store does not answer; of more the oldest are not told.
const WAITING_MAX: usize = 1_024;

/// Tells and hears of open breakers until it is dropped.
#[derive(Debug)]
pub(crate) struct BreakerLink(JoinHandle<()>);

impl BreakerLink {
    /// Opens what is open on the platform, and goes on in the background.
    pub(crate) async fn start(host: PluginHost, services: Arc<Services>) -> Self {
        let mut link = Link { host, services, waiting: Vec::new(), fails: false };
        let openings = link.host.breaker_openings();
        link.exchange().await;
        Self(tokio::spawn(link.run(openings)))
    }
}

impl Drop for BreakerLink {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Link {
    host: PluginHost,
    services: Arc<Services>,
    /// What opened here and is not told yet.
    waiting: Vec<BreakerOpening>,
    /// Whether the store failed last time, which is worth telling once.
    fails: bool,
}

impl Link {
    async fn run(mut self, mut openings: Receiver<BreakerOpening>) {
        let mut heard = self.services.database.subscribe(BREAKERS);
        loop {
            tokio::select! {
                opened = openings.recv() => match opened {
                    Ok(opened) => self.take_in(opened, &mut openings),
                    Err(RecvError::Lagged(lost)) => {
                        tracing::warn!(lost, "open circuit breakers were not told to other nodes");
                    }
                    Err(RecvError::Closed) => return,
                },
                () = heard.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            self.exchange().await;
        }
    }

    /// One, and all that opened with it.
    fn take_in(&mut self, first: BreakerOpening, openings: &mut Receiver<BreakerOpening>) {
        self.waiting.push(first);
        while let Ok(opened) = openings.try_recv() {
            self.waiting.push(opened);
        }
        let too_many = self.waiting.len().saturating_sub(WAITING_MAX);
        self.waiting.drain(..too_many);
    }

    /// Tells what opened here, and opens what opened elsewhere. What cannot be told now is told the next time.
    async fn exchange(&mut self) {
        match self.try_exchange().await {
            Ok(()) => self.fails = false,
            Err(error) if !self.fails => {
                tracing::warn!(%error, "open circuit breakers cannot be shared with other nodes for now");
                self.fails = true;
            }
            Err(_) => {}
        }
    }

    async fn try_exchange(&mut self) -> anyhow::Result<()> {
        let (now, moment) = (self.services.clock.now(), Instant::now());
        self.waiting.retain(|opened| opened.until > moment);
        if !self.waiting.is_empty() {
            let opened = self.waiting.iter().map(|opened| OpenBreaker {
                channel: ChannelId(opened.channel_id),
                digest: opened.digest,
                until: now.after(opened.until.duration_since(moment)),
            });
            self.services.plugins.open_breakers_on_platform(opened.collect()).await?;
            self.waiting.clear();
        }
        let (open, now, moment) = (
            self.services.plugins.breakers_open_on_platform().await?,
            self.services.clock.now(),
            Instant::now(),
        );
        for breaker in open {
            let left_ms = u64::try_from(breaker.until.0.saturating_sub(now.0)).unwrap_or(0);
            let until = moment + Duration::from_millis(left_ms);
            self.host.open_breaker(BreakerOpening {
                channel_id: breaker.channel.0,
                digest: breaker.digest,
                until,
            });
        }
        Ok(())
    }
}
