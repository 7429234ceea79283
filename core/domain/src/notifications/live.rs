//! What happens, as it happens: facts and messages of a channel, told to whoever listens at this node, whichever node they
//! came by.
//!
//! One task a channel looks for what is new, for as long as somebody listens. Rows get their ids before they are committed,
//! and so may become visible out of order: for a while it is looked for those that came late. Whoever listens is told of
//! everything from then on, and is to look it up anew after a connection was lost.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use soko_infra::outbox::EVENTS;
use soko_infra::{Database, DatabaseError};
use soko_kernel::{Actor, ChannelId, ChannelScope, Clock, OrderId, UserId};
use tokio::sync::broadcast;

use super::catalogue::EventType;
use super::entity::{InboxMessage, StoredEvent};
use super::inbox::Owner;
use super::{Notifications, repo};

/// Longest until it is looked for what is new.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long it is looked for rows that were committed later than others with greater ids: longer than a transaction runs.
const LATE_FOR: Duration = Duration::from_secs(15);
/// Rows that are looked for among those that came late, and that are told of in one look.
const ROWS_MAX: i64 = 2_000;
/// What a slow listener may be behind; beyond it they miss something, and are told so.
const BEHIND_MAX: usize = 1_024;

/// Something that happened in a channel.
#[derive(Debug, Clone)]
pub enum Heard {
    /// A fact was stated.
    Event(StoredEvent),
    /// Somebody was told something.
    Message {
        /// Whose inbox it is.
        user: UserId,
        /// As what they were told: `administrator` or `customer`.
        recipient_type: String,
        /// What they were told.
        message: InboxMessage,
    },
}

/// Something was missed: the listener was too slow, or the store failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("something was missed: look it up and listen anew")]
pub struct Missed;

/// The ear of somebody who listens to a channel.
#[derive(Debug)]
pub struct Listener(broadcast::Receiver<Arc<Heard>>);

impl Listener {
    /// What happens next.
    ///
    /// # Errors
    /// [`Missed`].
    pub async fn next(&mut self) -> Result<Arc<Heard>, Missed> {
        self.0.recv().await.map_err(|_| Missed)
    }

    /// What has happened meanwhile, without waiting, if anything has.
    ///
    /// # Errors
    /// [`Missed`].
    pub fn try_next(&mut self) -> Result<Option<Arc<Heard>>, Missed> {
        match self.0.try_recv() {
            Ok(heard) => Ok(Some(heard)),
            Err(broadcast::error::TryRecvError::Lagged(_)) => Err(Missed),
            // The end is found by whoever waits.
            Err(_) => Ok(None),
        }
    }
}

impl Heard {
    /// The event, if it is one that the actor may hear of.
    pub fn event_for(&self, actor: &Actor) -> Option<&StoredEvent> {
        let Self::Event(event) = self else { return None };
        let kind = EventType::find(&event.name)?;
        actor.permissions.allows(kind.permission).then_some(event)
    }

    /// The message, if the inbox is the actor's own.
    pub fn message_for(&self, actor: &Actor) -> Option<&InboxMessage> {
        let Self::Message { user, recipient_type, message } = self else { return None };
        let owner = Owner::of(actor).ok()?;
        (owner.user == *user && owner.kind == recipient_type).then_some(message)
    }

    /// The order that it is about, whoever may know of it.
    pub fn order(&self) -> Option<OrderId> {
        let Self::Event(event) = self else { return None };
        event.payload["orderId"].as_i64().map(OrderId)
    }
}

/// Who listens at this node, by channel.
#[derive(Debug, Default)]
pub(super) struct Live {
    channels: Mutex<HashMap<ChannelId, broadcast::Sender<Arc<Heard>>>>,
}

impl Notifications {
    /// Listens to a channel, whatever the actor may hear of it: that is for whoever tells them to see to. To be called within
    /// a Tokio runtime.
    ///
    /// # Errors
    /// A failing store.
    pub async fn listen(&self, actor: &Actor) -> Result<Listener, DatabaseError> {
        let (scope, id) = (actor.public_scope(), actor.channel.id);
        if let Some(listener) = self.live.join(id) {
            return Ok(listener);
        }
        let watch = Watch::begin(self.database.clone(), self.clock.clone(), scope).await?;
        let mut channels = self.live.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = channels.get(&id) {
            return Ok(Listener(sender.subscribe()));
        }
        let (sender, receiver) = broadcast::channel(BEHIND_MAX);
        channels.insert(id, sender.clone());
        tokio::spawn(watch.run(sender, Arc::downgrade(&self.live)));
        Ok(Listener(receiver))
    }
}

impl Live {
    fn join(&self, id: ChannelId) -> Option<Listener> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.get(&id).map(|sender| Listener(sender.subscribe()))
    }

    /// Forgets a channel to which nobody listens. Says whether it did.
    fn leave(&self, id: ChannelId) -> bool {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let deserted = channels.get(&id).is_none_or(|sender| sender.receiver_count() == 0);
        if deserted {
            channels.remove(&id);
        }
        deserted
    }
}

/// The end of a look at a channel.
struct End(Weak<Live>, ChannelId);

impl Drop for End {
    fn drop(&mut self) {
        if let (Some(live), true) = (self.0.upgrade(), std::thread::panicking()) {
            live.channels.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
        }
    }
}

/// How far a table has been told of.
#[derive(Debug, Default)]
struct Told {
    /// Everything up to this id was told of, or is older than the first listener.
    floor: i64,
    /// What was above it.
    above: BTreeSet<i64>,
}

impl Told {
    /// Those of some ids that are new.
    fn new_among(&mut self, ids: Vec<i64>) -> Vec<i64> {
        ids.into_iter().filter(|id| *id > self.floor && self.above.insert(*id)).collect()
    }

    /// Nothing comes late any more that has an id up to this.
    fn raise(&mut self, floor: i64) {
        self.floor = self.floor.max(floor);
        self.above = self.above.split_off(&(self.floor + 1));
    }
}

/// The look at a channel.
struct Watch {
    database: Database,
    clock: Clock,
    scope: ChannelScope,
    events: Told,
    messages: Told,
}

impl Watch {
    async fn begin(database: Database, clock: Clock, scope: ChannelScope) -> Result<Self, DatabaseError> {
        let (events, messages) = (Told::default(), Told::default());
        let mut watch = Self { database, clock, scope, events, messages };
        // What is there already is nothing new.
        watch.raise().await?;
        let (events, messages) = watch.ids().await?;
        watch.events.new_among(events);
        watch.messages.new_among(messages);
        Ok(watch)
    }

    async fn run(mut self, sender: broadcast::Sender<Arc<Heard>>, live: Weak<Live>) {
        // However this ends: who listens is told so, and who comes then begins anew.
        let _end = End(Weak::clone(&live), self.scope.channel_id());
        let mut said = self.database.subscribe(EVENTS);
        loop {
            // In time or not, it is looked.
            tokio::time::timeout(LOOK_EVERY, said.changed()).await.ok();
            if sender.receiver_count() == 0 {
                let Some(live) = live.upgrade() else { return };
                if live.leave(self.scope.channel_id()) {
                    return;
                }
            }
            match self.look().await {
                Ok(heard) => heard.into_iter().for_each(|heard| {
                    // Nobody listens any more: that is found out in the next round.
                    sender.send(Arc::new(heard)).ok();
                }),
                Err(error) => tracing::warn!(%error, "it cannot be said what has happened"),
            }
        }
    }

    async fn look(&mut self) -> Result<Vec<Heard>, DatabaseError> {
        let scope = self.scope;
        let (events, messages) = self.ids().await?;
        let (events, messages) = (self.events.new_among(events), self.messages.new_among(messages));
        if events.is_empty() && messages.is_empty() {
            return Ok(Vec::new());
        }
        let found = self
            .database
            .read(scope, async |reader| {
                let events = repo::events_by_id(reader, scope, &events).await?;
                let messages = repo::messages_by_id(reader, scope, &messages).await?;
                Ok::<_, DatabaseError>((events, messages))
            })
            .await;
        let (events, messages) = found.inspect_err(|_| {
            // They are looked for again.
            self.events.above.retain(|id| !events.contains(id));
            self.messages.above.retain(|id| !messages.contains(id));
        })?;
        if self.events.above.len() + self.messages.above.len() > 100 {
            self.raise().await?;
        }
        Ok(events.into_iter().map(Heard::Event).chain(messages).collect())
    }

    /// Ids above what has been told of.
    async fn ids(&self) -> Result<(Vec<i64>, Vec<i64>), DatabaseError> {
        let (scope, above) = (self.scope, (self.events.floor, self.messages.floor));
        let most = |told: &Told| ROWS_MAX.saturating_add(i64::try_from(told.above.len()).unwrap_or(i64::MAX));
        let most = (most(&self.events), most(&self.messages));
        self.database
            .read(scope, async |reader| {
                let events = repo::event_ids(reader, scope, above.0, most.0).await?;
                Ok((events, repo::message_ids(reader, scope, above.1, most.1).await?))
            })
            .await
    }

    /// Nothing comes late any more that is older than this.
    async fn raise(&mut self) -> Result<(), DatabaseError> {
        let (scope, before) = (self.scope, self.clock.now().before(LATE_FOR));
        let (events, messages) = self
            .database
            .read(scope, async |reader| {
                let events = repo::last_event_before(reader, scope, before).await?;
                Ok::<_, DatabaseError>((events, repo::last_message_before(reader, scope, before).await?))
            })
            .await?;
        self.events.raise(events);
        self.messages.raise(messages);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_once_also_of_what_comes_late() {
        let mut told = Told::default();
        assert_eq!(told.new_among(vec![1, 2, 5]), [1, 2, 5]);
        assert_eq!(told.new_among(vec![1, 2, 4, 5, 6]), [4, 6]);
        told.raise(5);
        assert_eq!(told.new_among(vec![3, 5, 6, 7]), [7]);
        told.raise(2);
        assert_eq!(told.floor, 5);
    }
}
