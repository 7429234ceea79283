//! Sending what is to be sent, to addresses of shops and by mail: until it is taken, ever more seldom, and not for ever.
//!
//! A delivery is taken by putting off when it is due: whoever takes it has so long, and where they end in between, it is
//! tried again. A receiver may so get a message twice, which has the same id then.

mod email;
mod webhook;

use std::time::{Duration, Instant};

use rand::Rng as _;
use soko_infra::{DataScope, Reader, Tx};
use soko_kernel::{Actor, ChannelId, CustomerId, EventActionId, Timestamp};

use super::entity::{ActionState, StoredEvent};
use super::error::NotificationError;
use super::{Notifications, repo};
use crate::channels::Channels;

pub(super) use webhook::Endpoint;

/// Time until the next try, after each that failed; after the last one nobody tries by themselves.
const TRIED_AFTER: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];
/// A time is made longer by at most this part of it, so that what failed together is not tried together.
const JITTER_PARTS: u32 = 5;
/// Longest that a try takes: longer than the way out gives a request.
const LEASE: Duration = Duration::from_mins(1);

/// Something to be sent, and the platform's own hand in its channel.
#[derive(Debug, Clone)]
pub struct DueDelivery {
    /// In whose name.
    pub hand: Actor,
    /// What.
    pub action: EventActionId,
}

/// A delivery that is this node's to make.
#[derive(Debug, Clone)]
pub(super) struct Claimed {
    pub(super) event: StoredEvent,
    pub(super) to: Target,
    /// This one counted.
    pub(super) attempts: i64,
}

/// Where something goes.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Webhook(Endpoint),
    Email(CustomerId),
    /// There is nowhere to send it any more.
    Gone(&'static str),
}

/// What came of a try.
enum Sent {
    Taken,
    /// It may be taken later.
    Refused(String),
    /// It will not be.
    Dead(String),
}

/// What has become of a try.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) state: ActionState,
    pub(super) message: Option<String>,
    pub(super) due_at: Option<Timestamp>,
    pub(super) duration_ms: i64,
}

impl Outcome {
    fn of(sent: Sent, attempts: i64, duration_ms: i64, now: Timestamp) -> Self {
        let (state, message, due_at) = match sent {
            Sent::Taken => (ActionState::Done, None, None),
            Sent::Dead(why) => (ActionState::Failed, Some(why), None),
            Sent::Refused(why) => match next_try(attempts) {
                Some(wait) => (ActionState::Pending, Some(why), Some(now.after(wait))),
                None => (ActionState::Failed, Some(why), None),
            },
        };
        Self { state, message, due_at, duration_ms }
    }
}

impl Notifications {
    /// What is to be sent now, the longest due first, in other channels than these.
    ///
    /// # Errors
    /// A failing store.
    pub async fn due_deliveries(
        &self,
        but: &[ChannelId],
        deliveries_max: i64,
    ) -> Result<Vec<DueDelivery>, NotificationError> {
        let now = self.clock.now();
        self.database
            .read(DataScope::Platform, async |reader: &mut Reader| {
                let due = repo::due_deliveries(reader, now, but, deliveries_max).await?;
                let due = Channels::with_hands_in(reader, due).await?;
                Ok(due.into_iter().map(|(hand, action)| DueDelivery { hand, action }).collect())
            })
            .await
    }

    /// Makes a delivery, unless another node does or has. Says whether it was this one's.
    ///
    /// # Errors
    /// A failing store.
    pub async fn deliver(&self, due: &DueDelivery) -> Result<bool, NotificationError> {
        let (scope, action, now) = (due.hand.public_scope(), due.action, self.clock.now());
        let claim =
            async move |tx: &mut Tx| repo::claim_delivery(tx, scope, action, (now, now.after(LEASE))).await;
        let Some(claimed) = self.database.write_concurrently(scope, claim).await? else { return Ok(false) };
        let begun = Instant::now();
        let sent = match &claimed.to {
            Target::Webhook(endpoint) => self.send_webhook(&due.hand, &claimed.event, endpoint, now).await?,
            Target::Email(customer) => self.send_mail(&due.hand, &claimed.event, *customer).await?,
            Target::Gone(why) => Sent::Dead((*why).to_owned()),
        };
        let duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let (attempts, now) = (claimed.attempts, self.clock.now());
        let outcome = Outcome::of(sent, attempts, duration_ms, now);
        let record = async move |tx: &mut Tx| {
            repo::record_delivery(tx, scope, (action, attempts), &outcome, now).await
        };
        self.database.write_concurrently(scope, record).await?;
        Ok(true)
    }

    /// Tries once more what nobody tries any more by themselves, or earlier than it would be.
    ///
    /// # Errors
    /// [`NotificationError::NotRetried`] for one that is done, or no delivery.
    pub async fn retry(&self, actor: &Actor, action: EventActionId) -> Result<(), NotificationError> {
        let scope = actor.require(soko_kernel::Permission::UpdateSettings)?;
        let now = self.clock.now();
        let write = async move |tx: &mut Tx| repo::retry_delivery(tx, scope, action, now).await;
        if self.database.write(scope, write).await? {
            return Ok(());
        }
        Err(NotificationError::NotRetried(action))
    }
}

/// How long to wait after so many tries, if there is to be another.
fn next_try(attempts: i64) -> Option<Duration> {
    let wait = TRIED_AFTER.get(usize::try_from(attempts.checked_sub(1)?).ok()?)?;
    #[expect(clippy::disallowed_methods, reason = "a pause decides nothing")]
    let jitter = rand::rng().random_range(Duration::ZERO..=*wait / JITTER_PARTS);
    Some(*wait + jitter)
}
