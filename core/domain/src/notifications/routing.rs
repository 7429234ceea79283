//! Handing events on: each once, in their order within a channel, whoever does it.
//!
//! What is to be told to whom is made up on a snapshot. One transaction then takes the events, unless another node has taken
//! them meanwhile, and puts what is told into the inboxes: a node that ends in between has done nothing.

use std::collections::{BTreeSet, HashSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use soko_infra::{DataScope, Reader, Tx};
use soko_kernel::{Actor, ChannelScope, EventId, Timestamp, UserId};

use super::audience::Audience;
use super::catalogue::{ActionType, EventType};
use super::entity::{StoredEvent, customers_of, fields_of};
use super::error::NotificationError;
use super::handlers::in_force;
use super::limits::RateLimit;
use super::repo::{NewAction, NewMessage};
use super::texts::ShopWords;
use super::{Notifications, repo};
use crate::auth::Auth;
use crate::channels::Channels;
use crate::customers::Customers;
use crate::plugins::ActiveBinding;

/// Events that are handed on together.
const BATCH_MAX: i64 = 500;
/// Channels that are looked after in one round.
const CHANNELS_MAX: i64 = 500;
/// Batches of a channel in one round: then the others have their turn.
const BATCHES_MAX: usize = 4;

/// What a round came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Routed {
    /// Events that this round has handed on.
    pub events: u64,
    /// What people were told of them.
    pub actions: u64,
    /// Channels whose events could not be handed on; they wait for the next round.
    pub failures: u64,
    /// Whether more wait.
    pub more: bool,
    /// When the oldest of the events became true.
    pub oldest: Option<Timestamp>,
}

impl Routed {
    /// This and what another round, or a part of one, came to.
    fn and(self, other: Self) -> Self {
        Self {
            events: self.events + other.events,
            actions: self.actions + other.actions,
            failures: self.failures + other.failures,
            more: self.more || other.more,
            oldest: self.oldest.into_iter().chain(other.oldest).min(),
        }
    }
}

impl Notifications {
    /// Hands on what waits, channel by channel. What fails in one does not keep it from the others.
    ///
    /// # Errors
    /// A failing store.
    pub async fn route(&self) -> Result<Routed, NotificationError> {
        let hands: Vec<Actor> = self
            .database
            .read(DataScope::Platform, async |reader: &mut Reader| {
                let channels = repo::waiting_channels(reader, CHANNELS_MAX).await?;
                if channels.is_empty() {
                    return Ok(Vec::new());
                }
                Ok::<_, NotificationError>(Channels::hands_in(reader, &channels).await?)
            })
            .await?;
        let mut round = Routed::default();
        for hand in &hands {
            match self.route_channel(hand).await {
                Ok(done) => round = round.and(done),
                Err(error) => {
                    tracing::warn!(channel = hand.channel.code, %error, "events could not be handed on");
                    round.failures += 1;
                }
            }
        }
        Ok(round)
    }

    async fn route_channel(&self, hand: &Actor) -> Result<Routed, NotificationError> {
        let mut done = Routed::default();
        for _ in 0..BATCHES_MAX {
            let (found, batch) = self.route_batch(hand).await?;
            let more = i64::try_from(found).is_ok_and(|found| found == BATCH_MAX);
            done = Routed { more, ..done.and(batch) };
            if !more {
                break;
            }
        }
        Ok(done)
    }

    /// How many events were found, and what became of them.
    async fn route_batch(&self, hand: &Actor) -> Result<(usize, Routed), NotificationError> {
        let (scope, now) = (hand.public_scope(), self.clock.now());
        let bindings = self.action_bindings(hand).await?;
        let (events, mut audience) = self
            .database
            .read(scope, async |reader| {
                let events = repo::unrouted(reader, scope, BATCH_MAX).await?;
                let audience = if events.is_empty() {
                    Audience::default()
                } else {
                    self.audience_of(reader, hand, &events, &bindings).await?
                };
                Ok::<_, NotificationError>((events, audience))
            })
            .await?;
        let Some(found) = NonZeroUsize::new(events.len()) else { return Ok((0, Routed::default())) };
        let actions = Arc::new(actions(hand, &events, &mut audience, now));
        let (events, limits) = (Arc::new(events), Arc::new(audience.limits));
        let routed = self.database.write_concurrently(scope, async move |tx: &mut Tx| {
            let taken: HashSet<EventId> =
                repo::mark_routed(tx, scope, &events, now).await?.into_iter().collect();
            let mine: Vec<&NewAction> =
                actions.iter().filter(|action| taken.contains(&action.event_id)).collect();
            let too_much = limited(tx, scope, &limits, &mine, now).await?;
            let actions = repo::insert_actions(tx, scope, &mine, &too_much, now).await?;
            repo::insert_messages(tx, scope, &mine, &too_much, now).await?;
            let oldest =
                events.iter().filter(|event| taken.contains(&event.id)).map(|event| event.created_at).min();
            let events = u64::try_from(taken.len()).unwrap_or(u64::MAX);
            Ok::<_, NotificationError>(Routed { events, actions, oldest, ..Routed::default() })
        });
        Ok((found.get(), routed.await?))
    }

    /// What decides who is told of these events.
    async fn audience_of(
        &self,
        reader: &mut Reader,
        hand: &Actor,
        events: &[StoredEvent],
        bindings: &[ActiveBinding],
    ) -> Result<Audience, NotificationError> {
        let scope = hand.public_scope();
        let settings = repo::settings(reader, scope).await?;
        let administrators = Auth::administrators_in(reader, scope).await?;
        let customers = Customers::users_in(reader, scope, customers_of(events)).await?;
        let users: BTreeSet<UserId> =
            administrators.iter().map(|(user, _)| *user).chain(customers.values().copied()).collect();
        let preferences = repo::preferences(reader, scope, users).await?;
        let webhooks = repo::webhooks(reader, scope).await?;
        let templates = repo::templates(reader, scope).await?;
        let limits = repo::rate_limits(reader, scope).await?;
        let quiet_hours = repo::quiet_hours(reader, scope).await?;
        let handlers = if bindings.is_empty() {
            Vec::new()
        } else {
            in_force(repo::handlers(reader, scope).await?, bindings)
        };
        let pushed =
            if self.push.is_some() { repo::pushed_users(reader, scope).await? } else { HashSet::new() };
        let texts = self.sms.is_some() && repo::sms_account(reader, scope).await?.is_some();
        let mails = self.mailer.is_some().then_some(ActionType::Email);
        let sends = mails.into_iter().chain(texts.then_some(ActionType::Sms)).collect();
        Ok(Audience {
            settings,
            administrators,
            customers,
            preferences,
            webhooks,
            templates,
            pushed,
            sends,
            handlers,
            quiet_hours,
            limits,
        })
    }
}

/// What is to be done, in the order of the events.
fn actions(hand: &Actor, events: &[StoredEvent], audience: &mut Audience, now: Timestamp) -> Vec<NewAction> {
    let (mut actions, words) = (Vec::new(), ShopWords::of(std::mem::take(&mut audience.templates)));
    for event in events {
        let Some(kind) = EventType::find(&event.name) else {
            tracing::warn!(event = event.name, "nobody knows such an event");
            continue;
        };
        let recipients = audience.of(kind, &event.payload);
        let at_once = !audience.is_handled(kind, ActionType::InApp);
        let told = (at_once && recipients.iter().any(|to| to.user().is_some())).then(|| {
            // The same for all.
            let language = &hand.channel.default_language;
            let text = words.text_of(kind.name, ActionType::InApp, language, &fields_of(hand, event));
            (text, event.payload.to_string())
        });
        actions.extend(recipients.into_iter().map(|to| {
            let setting = audience.setting(kind, to.action());
            let user = to.user().filter(|_| at_once);
            let message = user.and_then(|user| {
                let (text, data) = told.clone()?;
                Some(NewMessage { user, text, data })
            });
            let later = message.is_none();
            NewAction {
                event_id: event.id,
                event: kind,
                event_at: event.created_at,
                to,
                message,
                priority: setting.priority,
                due_at: later.then(|| audience.due_at(&setting, now, &hand.channel.time_zone)),
            }
        }));
    }
    actions
}

/// Which of these actions, of those that are done at once, are more than the shop's limits allow.
async fn limited(
    tx: &mut Tx,
    scope: ChannelScope,
    limits: &[RateLimit],
    actions: &[&NewAction],
    now: Timestamp,
) -> Result<HashSet<usize>, NotificationError> {
    let at_once = || actions.iter().enumerate().filter(|(_, action)| action.due_at.is_none());
    let counters = |action: &NewAction| {
        limits.iter().filter_map(|limit| limit.counter_of(action.event, action.to)).collect::<Vec<_>>()
    };
    let keys: BTreeSet<_> = at_once().flat_map(|(_, action)| counters(action)).collect();
    let mut held = repo::hold_counters(tx, scope, &keys).await?;
    let refused: HashSet<usize> = at_once()
        .filter(|(_, action)| held.take(limits, action.event, action.to, now).is_err())
        .map(|(place, _)| place)
        .collect();
    repo::put_counters(tx, scope, &held).await?;
    Ok(refused)
}
