//! Doing what is not done at once: sending messages to people, to addresses of shops, and calling shops' plugins. Until it is
//! taken, ever more seldom, and not for ever.
//!
//! A delivery is taken by putting off when it is due: whoever takes it has so long, and where they end in between, it is
//! tried again. A webhook's receiver may so get a message twice, which has the same id then; a text message, which has no id,
//! is not sent again where it may have been.

mod claim;
mod email;
mod parts;
mod person;
mod plugged;
mod push;
mod report;
mod sms;
mod steps;
mod webhook;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use soko_infra::{DataScope, Reader, Tx};
use soko_kernel::{Actor, ChannelId, EventActionId, EventHandlerId, Timestamp};

use super::catalogue::EventType;
use super::entity::{Recipient, StoredEvent};
use super::error::NotificationError;
use super::reason::ActionReason;
use super::{Notifications, repo};
use crate::channels::Channels;

use report::Report;
pub(super) use report::{Outcome, STEPS_OF_A_KIND, StepKey, StepState, StoredStep};
pub(super) use webhook::Endpoint;

/// Longest that a try takes: longer than the way out gives a request, and than all plugins that take part in an action.
const LEASE: Duration = Duration::from_mins(2);

/// Something to be done, and the platform's own hand in its channel.
#[derive(Debug, Clone)]
pub struct DueDelivery {
    /// In whose name.
    pub hand: Actor,
    /// What.
    pub action: EventActionId,
}

/// Something that is due, as it is found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    pub(super) channel: ChannelId,
    pub(super) action: EventActionId,
    pub(super) priority: i64,
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
    Person(&'static EventType, Recipient),
    Handler(&'static EventType, EventHandlerId),
    /// There is nowhere to send it any more.
    Gone(&'static str),
}

/// What is being done.
#[derive(Clone, Copy)]
struct Job<'a> {
    hand: &'a Actor,
    action: EventActionId,
    event: &'a StoredEvent,
    kind: &'static EventType,
}

impl Notifications {
    /// What is to be done now, the longest due first, in other channels than these. Of one channel's, what has a higher
    /// priority comes first.
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
                let due = by_priority(&repo::due_deliveries(reader, now, but, deliveries_max).await?);
                let due = due.into_iter().map(|due| (due.channel, due.action)).collect();
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
        let Some(claimed) = self.claim(due, now).await? else { return Ok(false) };
        let begun = Instant::now();
        let job = |kind| Job { hand: &due.hand, action, event: &claimed.event, kind };
        let report = match &claimed.to {
            Target::Webhook(endpoint) => self.send_webhook(&due.hand, &claimed.event, endpoint, now).await?,
            Target::Person(kind, to) => self.tell(job(kind), *to).await?,
            Target::Handler(kind, handler) => self.call_alone(job(kind), *handler).await?,
            Target::Gone(why) => Report::dead(ActionReason::Gone, *why),
        };
        let duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let (attempts, now) = (claimed.attempts, self.clock.now());
        let outcome = Outcome::of(report, attempts, duration_ms, now);
        let record = async move |tx: &mut Tx| {
            repo::record_delivery(tx, scope, (action, attempts), &outcome, now).await
        };
        self.database.write_concurrently(scope, record).await?;
        Ok(true)
    }

    /// Tries once more what nobody tries any more by themselves, or earlier than it would be: also what may have been sent.
    ///
    /// # Errors
    /// [`NotificationError::NotRetried`] for one that is done, or is done at once.
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

/// Puts what has a higher priority into the earlier of its channel's places. A channel so takes none of another's.
fn by_priority(due: &[Due]) -> Vec<Due> {
    let mut of_channel: HashMap<ChannelId, Vec<Due>> = HashMap::new();
    for one in due {
        of_channel.entry(one.channel).or_default().push(*one);
    }
    for own in of_channel.values_mut() {
        // Stable, and taken from its end.
        own.sort_by_key(|one| std::cmp::Reverse(one.priority));
        own.reverse();
    }
    due.iter().filter_map(|one| of_channel.get_mut(&one.channel)?.pop()).collect()
}

/// When a claim ends that is made now.
fn lease(now: Timestamp) -> Timestamp {
    now.after(LEASE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_change_the_order_within_a_channel_only() {
        let due = |channel, action, priority| Due {
            channel: ChannelId(channel),
            action: EventActionId(action),
            priority,
        };
        let found = vec![due(1, 1, 5), due(2, 2, 0), due(1, 3, 9), due(2, 4, 5), due(1, 5, 9)];
        let order: Vec<(i64, i64)> =
            by_priority(&found).iter().map(|one| (one.channel.0, one.action.0)).collect();
        assert_eq!(order, [(1, 3), (2, 4), (1, 5), (2, 2), (1, 1)]);
    }
}
