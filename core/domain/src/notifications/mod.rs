//! What people are told of what happens: events handed on from the outbox, inboxes, and who wants to be told what.
//!
//! A domain states a fact in the transaction that makes it true. [`Notifications::route`] finds out who is told of it, by
//! what and in which words, and does so once. The core chooses who is told: the customer whom an event is for, and those
//! who run the shop and may know; never another shop's people, and not the platform's operators.

mod audience;
mod catalogue;
mod delivery;
mod entity;
mod error;
mod handlers;
mod inbox;
mod limits;
mod live;
mod login_codes;
mod push;
mod quiet;
mod reason;
mod repo;
mod routing;
mod settings;
mod sms;
mod statistics;
mod templates;
#[cfg(test)]
mod tests;
mod texts;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use soko_extension::action::ActionPlugins;
use soko_extension::mail::Mailer;
use soko_extension::push::PushSender;
use soko_extension::sms::{SmsAccount, SmsGateway};
use soko_extension::webhook::WebhookSender;
use soko_infra::{Database, DatabaseError};
use soko_kernel::token::Random;
use soko_kernel::{Actor, Clock, Forbidden, ListQuery, Page, Permission, Timestamp};

pub use audience::EventSetting;
pub use catalogue::{ActionType, EVENT_TYPES, EventCategory, EventType};
pub use delivery::DueDelivery;
pub use entity::{ActionState, EventAction, InboxMessage, StoredEvent};
pub use error::NotificationError;
pub use handlers::{EventHandler, NewEventHandler, Placement};
pub use limits::{LimitScope, NewRateLimit, RateLimit};
pub use live::{Heard, Listener, Missed};
pub use push::PushSubscription;
pub use quiet::QuietHours;
pub use reason::ActionReason;
pub use routing::Routed;
pub use settings::{Preference, SettingChanges};
pub use sms::{NewSmsSettings, SmsSettings, SmsUsage};
pub use statistics::{ActionLatency, ActionStatistic};
pub use templates::EventTemplate;
pub use webhooks::{WebhookChanges, WebhookEndpoint};

use crate::expiry;
use crate::plugins::{Plugins, Vault};

/// How long events, what was done about them, and messages are kept.
const KEPT_FOR: Duration = Duration::from_hours(90 * 24);

/// The use cases of events and of what people are told.
#[derive(Clone)]
pub struct Notifications {
    database: Database,
    clock: Clock,
    random: Random,
    /// Without it nothing is sent to addresses.
    sender: Option<Arc<dyn WebhookSender>>,
    /// Without it nobody gets mail.
    mailer: Option<Arc<dyn Mailer>>,
    /// Without it nobody is told in browsers.
    push: Option<Arc<dyn PushSender>>,
    /// Without it nobody gets text messages but by plugins.
    sms: Option<Arc<dyn SmsGateway>>,
    /// The platform's own account, by which codes to log in with are sent.
    platform_sms: Option<SmsAccount>,
    /// Without it there are no secrets to sign with.
    vault: Option<Vault>,
    /// Without it no plugin acts on events.
    handlers: Option<handlers::Handlers>,
    /// Who listens at this node.
    live: Arc<live::Live>,
}

impl std::fmt::Debug for Notifications {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notifications").finish_non_exhaustive()
    }
}

impl Notifications {
    /// The service over a store. Nothing is sent to addresses of shops until it is said how.
    pub fn new(database: Database, clock: Clock, random: Random) -> Self {
        let (sender, mailer, push, sms, platform_sms) = (None, None, None, None, None);
        let (vault, handlers) = (None, None);
        let live = Arc::default();
        Self { database, clock, random, sender, mailer, push, sms, platform_sms, vault, handlers, live }
    }

    /// The same, which sends mail, if it is given what it takes.
    #[must_use]
    pub fn with_mailer(self, mailer: Option<Arc<dyn Mailer>>) -> Self {
        Self { mailer, ..self }
    }

    /// The same, which tells people in browsers, if it is given what it takes.
    #[must_use]
    pub fn with_push(self, push: Option<Arc<dyn PushSender>>) -> Self {
        Self { push, ..self }
    }

    /// The same, which sends text messages, if it is given what it takes: codes to log in with by the platform's own account.
    #[must_use]
    pub fn with_sms(self, sms: Option<Arc<dyn SmsGateway>>, platform_sms: Option<SmsAccount>) -> Self {
        Self { sms, platform_sms, ..self }
    }

    /// The same, which has shops' plugins act on events, if it is given who runs them.
    #[must_use]
    pub fn with_handlers(self, plugins: Plugins, runner: Option<Arc<dyn ActionPlugins>>) -> Self {
        let handlers = runner.map(|runner| handlers::Handlers { plugins, runner });
        Self { handlers, ..self }
    }

    /// The same, which sends to addresses of shops and seals its secrets, as far as it is given what it takes.
    #[must_use]
    pub fn with_webhooks(self, sender: Option<Arc<dyn WebhookSender>>, vault: Option<Vault>) -> Self {
        Self { sender, vault, ..self }
    }

    /// Whether the actor may hear of any event.
    ///
    /// # Errors
    /// An actor who may hear of none.
    pub fn may_hear(&self, actor: &Actor) -> Result<(), Forbidden> {
        heard_by(actor).map(|_| ())
    }

    /// A page of the channel's events, of those that the actor may hear of, the latest first unless the query says otherwise.
    ///
    /// # Errors
    /// An actor who may hear of none.
    pub async fn list_events(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<StoredEvent>, NotificationError> {
        let (scope, types) = (actor.public_scope(), heard_by(actor)?);
        self.database
            .read(scope, async |reader| Ok(repo::list_events(reader, scope, &types, query).await?))
            .await
    }

    /// A page of what was done about events that the actor may hear of, the latest first unless the query says otherwise.
    ///
    /// # Errors
    /// An actor who may hear of none.
    pub async fn list_actions(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<EventAction>, NotificationError> {
        let (scope, types) = (actor.public_scope(), heard_by(actor)?);
        self.database
            .read(scope, async |reader| Ok(repo::list_actions(reader, scope, &types, query).await?))
            .await
    }

    /// Removes events that were handed on too long ago to matter, what was done about them and what people were told, and
    /// says how many.
    ///
    /// # Errors
    /// A failing store.
    pub async fn expire(&self, now: Timestamp) -> Result<u64, DatabaseError> {
        let mut removed = 0;
        for delete in [
            repo::DELETE_OLD_MESSAGES,
            repo::DELETE_OLD_ACTIONS,
            repo::DELETE_OLD_STEPS,
            repo::DELETE_OLD_COUNTERS,
            repo::DELETE_OLD_EVENTS,
        ] {
            removed += expiry::sweep(&self.database, delete, now.before(KEPT_FOR)).await?;
        }
        Ok(removed)
    }
}

/// The events that somebody may hear of.
fn heard_by(actor: &Actor) -> Result<Vec<&'static str>, Forbidden> {
    let types: Vec<&'static str> = EVENT_TYPES
        .iter()
        .filter(|event| actor.permissions.allows(event.permission))
        .map(|event| event.name)
        .collect();
    if types.is_empty() {
        // Says which right would do, or that nobody is logged in.
        actor.require(Permission::ReadOrder)?;
    }
    Ok(types)
}
