//! Sending events to endpoints: until they are taken, ever more seldom, and not for ever.
//!
//! A delivery is taken by putting off when it is due: whoever takes it has so long, and where they end in between, it is
//! tried again. A receiver may so get a message twice, which has the same id then.

use std::time::{Duration, Instant};

use rand::Rng as _;
use soko_extension::webhook::WebhookMessage;
use soko_infra::{DataScope, Reader, Tx};
use soko_kernel::{Actor, EventActionId, Timestamp, WebhookEndpointId};

use super::signature;
use crate::channels::Channels;
use crate::notifications::entity::{ActionState, StoredEvent};
use crate::notifications::error::NotificationError;
use crate::notifications::{Notifications, repo};

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
/// The answer of a receiver who does not want any more.
const GONE: u16 = 410;

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
pub(in crate::notifications) struct Claimed {
    pub(in crate::notifications) event: StoredEvent,
    pub(in crate::notifications) endpoint: WebhookEndpointId,
    pub(in crate::notifications) url: String,
    /// Sealed: the present one, and the previous one while it signs.
    pub(in crate::notifications) secrets: Vec<Vec<u8>>,
    /// This one counted.
    pub(in crate::notifications) attempts: i64,
}

/// What has become of a try.
#[derive(Debug, Clone)]
pub(in crate::notifications) struct Outcome {
    pub(in crate::notifications) state: ActionState,
    pub(in crate::notifications) message: Option<String>,
    pub(in crate::notifications) due_at: Option<Timestamp>,
    pub(in crate::notifications) duration_ms: i64,
}

impl Notifications {
    /// What is to be sent now, the longest due first.
    ///
    /// # Errors
    /// A failing store.
    pub async fn due_deliveries(&self, deliveries_max: i64) -> Result<Vec<DueDelivery>, NotificationError> {
        let now = self.clock.now();
        self.database
            .read(DataScope::Platform, async |reader: &mut Reader| {
                let due = repo::due_deliveries(reader, now, deliveries_max).await?;
                let mut channels: Vec<_> = due.iter().map(|(channel, _)| *channel).collect();
                channels.sort_unstable();
                channels.dedup();
                if channels.is_empty() {
                    return Ok(Vec::new());
                }
                let hands = Channels::hands_in(reader, &channels).await?;
                let of = |(channel, action)| {
                    let hand = hands.iter().find(|hand| hand.channel.id == channel)?.clone();
                    Some(DueDelivery { hand, action })
                };
                Ok(due.into_iter().filter_map(of).collect())
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
        let sent = self.send(due, &claimed, now).await;
        let duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let gone = matches!(sent, Ok(GONE));
        let failed = match sent {
            Ok(200..300) => None,
            Ok(GONE) => Some("the receiver does not want any more (410), and is sent nothing".to_owned()),
            Ok(status) => Some(format!("the receiver answered {status}")),
            Err(why) => Some(why),
        };
        let retried = (!gone).then(|| next_try(claimed.attempts)).flatten().map(|wait| now.after(wait));
        let (state, due_at) = match (&failed, retried) {
            (None, _) => (ActionState::Done, None),
            (Some(_), Some(due_at)) => (ActionState::Pending, Some(due_at)),
            (Some(_), None) => (ActionState::Failed, None),
        };
        let outcome = Outcome { state, message: failed, due_at, duration_ms };
        let (endpoint, attempts, now) = (claimed.endpoint, claimed.attempts, self.clock.now());
        let record = async move |tx: &mut Tx| {
            repo::record_delivery(tx, scope, (action, attempts), &outcome, now).await?;
            if gone {
                repo::disable_webhook(tx, scope, endpoint, now).await?;
            }
            Ok::<_, NotificationError>(())
        };
        self.database.write_concurrently(scope, record).await?;
        Ok(true)
    }

    async fn send(&self, due: &DueDelivery, claimed: &Claimed, now: Timestamp) -> Result<u16, String> {
        let scope = due.hand.public_scope();
        let opened =
            claimed.secrets.iter().map(|sealed| self.open(scope, sealed)).collect::<Result<Vec<_>, _>>();
        let secrets = opened.map_err(|error| error.to_string())?;
        let id = format!("evt_{}_{}", scope.channel_id(), claimed.event.id);
        let body = body_of(&claimed.event).map_err(|error| error.to_string())?;
        let headers = signature::headers(&id, now, &body, &secrets);
        let message = WebhookMessage { url: claimed.url.clone(), headers, body };
        let sender = self.sender().map_err(|error| error.to_string())?;
        sender.send(message).await.map_err(|failure| failure.0)
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

/// A message's body: what happened, when, and what is to be known of it.
fn body_of(event: &StoredEvent) -> Result<Vec<u8>, serde_json::Error> {
    let at = jiff::Timestamp::from_millisecond(event.created_at.0).unwrap_or_default();
    let body = serde_json::json!({ "type": event.name, "timestamp": at.to_string(), "data": event.payload });
    serde_json::to_vec(&body)
}
