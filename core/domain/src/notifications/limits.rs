//! How much a shop tells people at most: so many actions of a kind in a period, of the whole shop, of a category, of an event
//! or to one recipient.
//!
//! A period begins at a multiple of its length since 1970. Counters are locked while they are looked at and raised, so that
//! however many actions come at once, exactly so many are done.

use std::collections::HashMap;
use std::time::Duration;

use soko_kernel::{Actor, Permission, RateLimitId, Timestamp};

use super::catalogue::{ActionType, EventCategory, EventType};
use super::entity::Recipient;
use super::error::NotificationError;
use super::{Notifications, repo};

/// Limits that a shop may have.
const LIMITS_MAX: usize = 50;
/// Longest period.
const PERIOD_MAX: Duration = Duration::from_hours(31 * 24);
/// Most actions that a limit may allow.
const ACTIONS_MAX: i64 = 1_000_000;

/// What a limit counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitScope {
    /// All of the shop.
    Channel,
    /// All of a category, each by itself.
    Category,
    /// All of an event, each by itself.
    Event,
    /// All to one recipient, each by themselves.
    Recipient,
}

impl LimitScope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Channel, Self::Category, Self::Event, Self::Recipient];

    /// The name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Category => "category",
            Self::Event => "event",
            Self::Recipient => "recipient",
        }
    }

    /// The scope with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// So many actions in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// Its id.
    pub id: RateLimitId,
    /// Of this kind.
    pub action: ActionType,
    /// What is counted together.
    pub scope: LimitScope,
    /// Only of this event, if it says so.
    pub event: Option<&'static EventType>,
    /// Only of this category, if it says so.
    pub category: Option<EventCategory>,
    /// So many.
    pub actions_max: i64,
    /// In so much time.
    pub period: Duration,
}

/// A counter: of a limit, for what it counts together.
pub(super) type CounterKey = (RateLimitId, String);

/// How far a counter has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counter {
    /// When the period began that it counts.
    pub(super) period_start: Timestamp,
    pub(super) used: i64,
}

impl RateLimit {
    fn applies(&self, event: &EventType, action: ActionType) -> bool {
        self.action == action
            && self.event.is_none_or(|only| only.name == event.name)
            && self.category.is_none_or(|only| only == event.category)
    }

    /// The counter of an action, if the limit is about such.
    pub(super) fn counter_of(&self, event: &EventType, to: Recipient) -> Option<CounterKey> {
        let subject = match self.scope {
            LimitScope::Channel => String::new(),
            LimitScope::Category => event.category.as_str().to_owned(),
            LimitScope::Event => event.name.to_owned(),
            LimitScope::Recipient => format!("{}/{}", to.kind(), to.id()),
        };
        self.applies(event, to.action()).then_some((self.id, subject))
    }

    fn period_start(&self, now: Timestamp) -> Timestamp {
        let length = i64::try_from(self.period.as_millis()).unwrap_or(i64::MAX).max(1);
        Timestamp(now.0 - now.0.rem_euclid(length))
    }
}

/// Counters that are held while it is decided what is done.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Each with whether it was changed.
    pub(super) held: HashMap<CounterKey, (Counter, bool)>,
}

impl Counters {
    /// Counts an action by all limits that are about it, or by none if one of them has no room.
    pub(super) fn take(
        &mut self,
        limits: &[RateLimit],
        event: &EventType,
        to: Recipient,
        now: Timestamp,
    ) -> Result<(), RateLimitId> {
        let mut counted = Vec::new();
        for limit in limits {
            let Some(key) = limit.counter_of(event, to) else { continue };
            let period_start = limit.period_start(now);
            let before = self.held.get(&key).map(|(counter, _)| *counter);
            // A counter of a later period than ours was raised by a node whose clock is ahead: ours is over then.
            let current = before.filter(|counter| counter.period_start >= period_start);
            let current = current.unwrap_or(Counter { period_start, used: 0 });
            if current.used >= limit.actions_max {
                return Err(limit.id);
            }
            counted.push((key, Counter { used: current.used + 1, ..current }));
        }
        self.held.extend(counted.into_iter().map(|(key, counter)| (key, (counter, true))));
        Ok(())
    }
}

/// A limit to be made.
#[derive(Debug, Clone)]
pub struct NewRateLimit {
    /// Of actions of this kind.
    pub action: ActionType,
    /// What is counted together.
    pub scope: LimitScope,
    /// Only of the event of this name.
    pub event: Option<String>,
    /// Only of this category.
    pub category: Option<EventCategory>,
    /// So many.
    pub actions_max: i64,
    /// In so many seconds.
    pub period_s: i64,
}

impl NewRateLimit {
    fn check(self) -> Result<RateLimit, NotificationError> {
        if !ActionType::TO_PEOPLE.contains(&self.action) {
            return Err(NotificationError::NotToPeople);
        }
        let unknown = |name: String| EventType::find(&name).ok_or(NotificationError::UnknownEvent(name));
        let event = self.event.map(unknown).transpose()?;
        let period = u64::try_from(self.period_s).map(Duration::from_secs).unwrap_or_default();
        if period.is_zero() || period > PERIOD_MAX || !(0..=ACTIONS_MAX).contains(&self.actions_max) {
            return Err(NotificationError::RateLimit);
        }
        let Self { action, scope, category, actions_max, .. } = self;
        Ok(RateLimit { id: RateLimitId(0), action, scope, event, category, actions_max, period })
    }
}

impl Notifications {
    /// The shop's limits, by their ids.
    ///
    /// # Errors
    /// [`NotificationError::Forbidden`].
    pub async fn rate_limits(&self, actor: &Actor) -> Result<Vec<RateLimit>, NotificationError> {
        let scope = actor.require(Permission::ReadSettings)?;
        Ok(self.database.read(scope, async |reader| repo::rate_limits(reader, scope).await).await?)
    }

    /// Makes a limit, in force from now on.
    ///
    /// # Errors
    /// [`NotificationError::RateLimit`], [`NotificationError::UnknownEvent`], [`NotificationError::NotToPeople`],
    /// [`NotificationError::TooManyRateLimits`].
    pub async fn create_rate_limit(
        &self,
        actor: &Actor,
        new: NewRateLimit,
    ) -> Result<RateLimit, NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let (limit, now) = (new.check()?, self.clock.now());
        self.database
            .write(scope, async move |tx| {
                if repo::rate_limits(tx, scope).await?.len() >= LIMITS_MAX {
                    return Err(NotificationError::TooManyRateLimits(LIMITS_MAX));
                }
                let id = repo::insert_rate_limit(tx, scope, &limit, now).await?;
                Ok(RateLimit { id, ..limit.clone() })
            })
            .await
    }

    /// Removes a limit.
    ///
    /// # Errors
    /// [`NotificationError::RateLimitNotFound`].
    pub async fn delete_rate_limit(&self, actor: &Actor, id: RateLimitId) -> Result<(), NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let write = async move |tx: &mut soko_infra::Tx| repo::delete_rate_limit(tx, scope, id).await;
        if self.database.write(scope, write).await? {
            return Ok(());
        }
        Err(NotificationError::RateLimitNotFound(id))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test")]
mod tests {
    use soko_kernel::CustomerId;

    use super::*;

    fn limit(id: i64, scope: LimitScope, actions_max: i64) -> RateLimit {
        let (event, category, period) = (None, None, Duration::from_mins(1));
        RateLimit {
            id: RateLimitId(id),
            action: ActionType::Sms,
            scope,
            event,
            category,
            actions_max,
            period,
        }
    }

    #[test]
    fn an_action_counts_for_every_limit_or_for_none() {
        let limits = [limit(1, LimitScope::Channel, 3), limit(2, LimitScope::Recipient, 1)];
        let event = EventType::find("order.placed").unwrap();
        let (asha, juma) = (Recipient::Phone(CustomerId(1)), Recipient::Phone(CustomerId(2)));
        let mut counters = Counters::default();
        let mut take = |to, now| counters.take(&limits, event, to, Timestamp(now));
        assert_eq!(take(asha, 60_000), Ok(()));
        assert_eq!(take(asha, 60_001), Err(RateLimitId(2)));
        assert_eq!(take(juma, 119_999), Ok(()), "what was refused took none of the shop's");
        assert_eq!(take(Recipient::Phone(CustomerId(3)), 119_999), Ok(()));
        assert_eq!(take(Recipient::Phone(CustomerId(4)), 119_999), Err(RateLimitId(1)));
        assert_eq!(take(asha, 120_000), Ok(()), "another minute");
        assert_eq!(take(Recipient::Mailbox(CustomerId(4)), 60_000), Ok(()), "mail is not limited");
    }

    #[test]
    fn what_limits_nothing_is_refused() {
        let sound = NewRateLimit {
            action: ActionType::Sms,
            scope: LimitScope::Channel,
            event: None,
            category: None,
            actions_max: 0,
            period_s: 1,
        };
        sound.clone().check().unwrap();
        for odd in [
            NewRateLimit { period_s: 0, ..sound.clone() },
            NewRateLimit { period_s: -5, ..sound.clone() },
            NewRateLimit { period_s: i64::MAX, ..sound.clone() },
            NewRateLimit { actions_max: -1, ..sound.clone() },
            NewRateLimit { actions_max: i64::MAX, ..sound.clone() },
            NewRateLimit { action: ActionType::Webhook, ..sound.clone() },
            NewRateLimit { event: Some("no.such".to_owned()), ..sound },
        ] {
            odd.check().unwrap_err();
        }
    }
}
