//! Events as they are handed on, and who is told. Pure.

use std::collections::{BTreeSet, HashMap, HashSet};

use soko_kernel::{
    Actor, CustomerId, EventActionId, EventHandlerId, EventId, InboxMessageId, Permission, PermissionSet,
    Timestamp, UserId, WebhookEndpointId,
};

use super::catalogue::{ActionType, EventType};
use super::handlers::{EventHandler, Placement};
use super::limits::RateLimit;
use super::quiet::QuietHours;
use super::reason::ActionReason;
use super::templates::EventTemplate;
use super::webhooks::WebhookEndpoint;

/// A fact that a domain stated.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Its id; later facts of a channel have greater ones.
    pub id: EventId,
    /// Its name: `order.placed`.
    pub name: String,
    /// What it says.
    pub payload: serde_json::Value,
    /// When it became true.
    pub created_at: Timestamp,
    /// When it was handed on.
    pub routed_at: Option<Timestamp>,
}

/// Somebody who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recipient {
    /// One of those who run the shop.
    Administrator(UserId),
    /// A customer who can log in.
    Customer {
        /// Who.
        id: CustomerId,
        /// As whom they log in.
        user: UserId,
    },
    /// One of those who run the shop, in their browsers.
    AdministratorsBrowsers(UserId),
    /// A customer who can log in, in their browsers.
    CustomersBrowsers {
        /// Who.
        id: CustomerId,
        /// As whom they log in.
        user: UserId,
    },
    /// A customer, by text message.
    Phone(CustomerId),
    /// A customer, by mail.
    Mailbox(CustomerId),
    /// An address of the shop's.
    Webhook(WebhookEndpointId),
    /// A plugin that is called by itself.
    Handler(EventHandlerId),
}

impl Recipient {
    /// The name of its role that the database uses.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Administrator(_) | Self::AdministratorsBrowsers(_) => "administrator",
            Self::Customer { .. } | Self::CustomersBrowsers { .. } | Self::Phone(_) | Self::Mailbox(_) => {
                "customer"
            }
            Self::Webhook(_) => "webhook",
            Self::Handler(_) => "handler",
        }
    }

    /// By what they are told.
    pub(super) fn action(self) -> ActionType {
        match self {
            Self::Administrator(_) | Self::Customer { .. } => ActionType::InApp,
            Self::AdministratorsBrowsers(_) | Self::CustomersBrowsers { .. } => ActionType::Push,
            Self::Phone(_) => ActionType::Sms,
            Self::Mailbox(_) => ActionType::Email,
            Self::Webhook(_) => ActionType::Webhook,
            Self::Handler(_) => ActionType::Handler,
        }
    }

    /// The user's, the customer's, the endpoint's or the handler's id.
    pub(super) fn id(self) -> i64 {
        match self {
            Self::Administrator(user) | Self::AdministratorsBrowsers(user) => user.0,
            Self::Customer { id, .. }
            | Self::CustomersBrowsers { id, .. }
            | Self::Phone(id)
            | Self::Mailbox(id) => id.0,
            Self::Webhook(id) => id.0,
            Self::Handler(id) => id.0,
        }
    }

    /// Whose inbox it is, if it is one.
    pub(super) fn user(self) -> Option<UserId> {
        match self {
            Self::Administrator(user) | Self::Customer { user, .. } => Some(user),
            _ => None,
        }
    }
}

/// What a shop wants done about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventSetting {
    /// The event's type.
    pub event: &'static EventType,
    /// By what people are told.
    pub action: ActionType,
    /// Whether anybody is.
    pub enabled: bool,
    /// Whether those are who have not said otherwise.
    pub default_for_users: bool,
    /// Whether it waits until the shop's quiet hours are over.
    pub respects_quiet_hours: bool,
    /// From 0 to 9: what is sent first of what a shop has to send.
    pub priority: i64,
}

/// Where nothing else is said.
pub(super) const PRIORITY_DEFAULT: i64 = 5;

impl EventSetting {
    /// Where the shop has said nothing.
    pub(super) fn of_type(event: &'static EventType, action: ActionType) -> Self {
        let enabled = match action {
            // Whoever lets a browser show messages wants them.
            ActionType::InApp | ActionType::Push => event.default_enabled,
            ActionType::Email | ActionType::Sms => event.default_enabled && event.sent,
            ActionType::Webhook | ActionType::Handler => false,
        };
        // A telephone makes a noise; a mail waits.
        let respects_quiet_hours = action == ActionType::Sms;
        let (default_for_users, priority) = (true, PRIORITY_DEFAULT);
        Self { event, action, enabled, default_for_users, respects_quiet_hours, priority }
    }
}

/// What is known of a channel that decides who is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Audience {
    /// What the shop has said.
    pub(super) settings: Vec<EventSetting>,
    pub(super) administrators: Vec<(UserId, PermissionSet)>,
    /// The customers of a batch of events who can log in.
    pub(super) customers: HashMap<CustomerId, UserId>,
    /// What people have said, of the events that let them.
    pub(super) preferences: HashMap<(UserId, &'static str, ActionType), bool>,
    /// Where the shop wants events sent.
    pub(super) webhooks: Vec<WebhookEndpoint>,
    /// The shop's own words.
    pub(super) templates: Vec<EventTemplate>,
    /// Who is told in a browser at all: as whom they log in, and as what they are told.
    pub(super) pushed: HashSet<(UserId, String)>,
    /// By what the core itself sends what leaves the system.
    pub(super) sends: Vec<ActionType>,
    /// Plugins that act on events, and are on.
    pub(super) handlers: Vec<EventHandler>,
    pub(super) quiet_hours: Option<QuietHours>,
    pub(super) limits: Vec<RateLimit>,
}

impl Audience {
    /// What the shop wants, or what the event's type says.
    pub(super) fn setting(&self, event: &'static EventType, action: ActionType) -> EventSetting {
        let said = self.settings.iter().find(|said| said.event == event && said.action == action);
        said.copied().unwrap_or_else(|| EventSetting::of_type(event, action))
    }

    /// Who is told of an event, in a fixed order.
    pub(super) fn of(&self, event: &'static EventType, payload: &serde_json::Value) -> Vec<Recipient> {
        let wanted = self.webhooks.iter().filter(|endpoint| endpoint.wants(event));
        let webhooks = wanted.map(|endpoint| Recipient::Webhook(endpoint.id));
        let alone = self.handlers.iter().filter(|handler| handler.applies(event, None));
        let alone = alone.map(|handler| Recipient::Handler(handler.id));
        let sent = [ActionType::Sms, ActionType::Email].map(|action| self.sent_to(event, action, payload));
        let browsers = self.browsers(event, payload);
        let people = self.people(event, payload, ActionType::InApp).into_iter().chain(browsers);
        let people = people.chain(sent.into_iter().flatten());
        people.chain(webhooks).chain(alone).collect()
    }

    /// Whom something is sent that leaves the system: the customer, unless they want nothing.
    fn sent_to(
        &self,
        event: &'static EventType,
        action: ActionType,
        payload: &serde_json::Value,
    ) -> Option<Recipient> {
        let setting = self.setting(event, action);
        if !setting.enabled || !self.can_send(event, action) {
            return None;
        }
        let customer = event.customer_of(payload)?;
        let said = self.customers.get(&customer).map(|user| (*user, event.name, action));
        let said = said.and_then(|key| self.preferences.get(&key).copied());
        let wants = !event.subscribable || said.unwrap_or(setting.default_for_users);
        let to = if action == ActionType::Sms { Recipient::Phone } else { Recipient::Mailbox };
        wants.then(|| to(customer))
    }

    /// Whether the core sends such, or a plugin does in its place.
    fn can_send(&self, event: &EventType, action: ActionType) -> bool {
        let instead = |handler: &EventHandler| handler.placement == Placement::Instead;
        self.sends.contains(&action)
            || self.handlers.iter().any(|handler| instead(handler) && handler.applies(event, Some(action)))
    }

    /// Whether a plugin takes part in an action, so that it is not done at once.
    pub(super) fn is_handled(&self, event: &EventType, action: ActionType) -> bool {
        self.handlers.iter().any(|handler| handler.applies(event, Some(action)))
    }

    /// When an action is to be done that is not done at once.
    pub(super) fn due_at(&self, setting: &EventSetting, now: Timestamp, time_zone: &str) -> Timestamp {
        let quiet = self.quiet_hours.filter(|_| setting.respects_quiet_hours);
        quiet.and_then(|hours| hours.end_after(now, time_zone)).unwrap_or(now)
    }

    /// In whose browsers it is shown.
    fn browsers(
        &self,
        event: &'static EventType,
        payload: &serde_json::Value,
    ) -> impl Iterator<Item = Recipient> {
        let told =
            if self.pushed.is_empty() { Vec::new() } else { self.people(event, payload, ActionType::Push) };
        let in_browser = |to: Recipient| {
            let known = self.pushed.contains(&(to.user()?, to.kind().to_owned()));
            match to {
                Recipient::Administrator(user) => known.then_some(Recipient::AdministratorsBrowsers(user)),
                Recipient::Customer { id, user } => {
                    known.then_some(Recipient::CustomersBrowsers { id, user })
                }
                _ => None,
            }
        };
        told.into_iter().filter_map(in_browser).collect::<Vec<_>>().into_iter()
    }

    /// Whom it is told to by this action, of those who can log in: to their inboxes, or in their browsers.
    fn people(
        &self,
        event: &'static EventType,
        payload: &serde_json::Value,
        action: ActionType,
    ) -> Vec<Recipient> {
        let setting = self.setting(event, action);
        if !setting.enabled {
            return Vec::new();
        }
        let customer = event.customer_of(payload);
        let customer =
            customer.and_then(|id| Some(Recipient::Customer { id, user: *self.customers.get(&id)? }));
        let administrators = event.tells_administrators.then(|| self.allowed(event.permission));
        let wants = |recipient: &Recipient| {
            let said = recipient.user().map(|user| (user, event.name, action));
            let said = said.and_then(|key| self.preferences.get(&key).copied());
            !event.subscribable || said.unwrap_or(setting.default_for_users)
        };
        customer.into_iter().chain(administrators.into_iter().flatten()).filter(wants).collect()
    }

    /// Administrators who may know what this permission lets them see.
    fn allowed(&self, needed: Permission) -> impl Iterator<Item = Recipient> {
        let users: BTreeSet<UserId> = self
            .administrators
            .iter()
            .filter(|(_, permissions)| permissions.allows(needed))
            .map(|(user, _)| *user)
            .collect();
        users.into_iter().map(Recipient::Administrator)
    }
}

/// Where an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionState {
    /// It is to be done.
    Pending,
    /// The recipient has been told.
    Done,
    /// On purpose the recipient is not told.
    Skipped,
    /// They could not be told.
    Failed,
}

impl ActionState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Done, Self::Skipped, Self::Failed];

    /// The name that the database and clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Done => "Done",
            Self::Skipped => "Skipped",
            Self::Failed => "Failed",
        }
    }

    /// The state with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What was done about an event for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventAction {
    /// Its id.
    pub id: EventActionId,
    /// The event.
    pub event_id: EventId,
    /// The event's name.
    pub event: String,
    /// What was done.
    pub action: ActionType,
    /// `administrator`, `customer`, `webhook` or `handler`.
    pub recipient_type: String,
    /// The user's, the customer's, the endpoint's or the handler's id.
    pub recipient_id: i64,
    /// Where it stands.
    pub state: ActionState,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it failed, or was left out.
    pub reason: Option<ActionReason>,
    /// The same in a sentence.
    pub message: Option<String>,
    /// From 0 to 9: what is sent first of what a shop has to send.
    pub priority: i64,
    /// When it is to be tried, or tried again.
    pub due_at: Option<Timestamp>,
    /// How long the last try took, where somebody had to be asked.
    pub duration_ms: Option<i64>,
    /// Segments of text messages.
    pub segments: i64,
    /// What text messages cost, where the provider says so: millionths of a unit, and the currency's code.
    pub cost: Option<(i64, String)>,
    /// The provider's reference.
    pub reference: Option<String>,
    /// When the event became true.
    pub event_at: Timestamp,
    /// When it was first tried.
    pub created_at: Timestamp,
    /// When it was last.
    pub updated_at: Timestamp,
}

/// What somebody was told within the system.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxMessage {
    /// Its id.
    pub id: InboxMessageId,
    /// The event that it tells of.
    pub event_id: EventId,
    /// The event's name.
    pub event: String,
    /// In a few words.
    pub title: String,
    /// In a sentence.
    pub body: String,
    /// What the event says.
    pub data: serde_json::Value,
    /// When it was read.
    pub read_at: Option<Timestamp>,
    /// When it came.
    pub created_at: Timestamp,
}

/// What words may name: the event's fields, and the shop's currency where they have none.
pub(super) fn fields_of(hand: &Actor, event: &StoredEvent) -> serde_json::Value {
    let mut fields = event.payload.clone();
    if let Some(fields) = fields.as_object_mut() {
        fields.entry("currency").or_insert_with(|| hand.channel.currency.code().into());
    }
    fields
}

/// The customers whom some events are for.
pub(super) fn customers_of(events: &[StoredEvent]) -> HashSet<CustomerId> {
    let customer = |event: &StoredEvent| EventType::find(&event.name)?.customer_of(&event.payload);
    events.iter().filter_map(customer).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test")]
mod tests {
    use serde_json::json;

    use super::*;

    fn audience() -> Audience {
        let reads_orders = std::iter::once(Permission::ReadOrder).collect();
        let customers = HashMap::from([(CustomerId(5), UserId(50))]);
        let administrators = vec![
            (UserId(9), reads_orders),
            (UserId(8), PermissionSet::NONE),
            (UserId(9), PermissionSet::NONE),
        ];
        Audience { administrators, customers, ..Audience::default() }
    }

    #[test]
    fn tells_the_customer_and_who_may_know() {
        let (audience, placed) = (audience(), EventType::find("order.placed").unwrap());
        let told = |customer: serde_json::Value| audience.of(placed, &json!({ "customerId": customer }));
        let (asha, clerk) = (
            Recipient::Customer { id: CustomerId(5), user: UserId(50) },
            Recipient::Administrator(UserId(9)),
        );
        assert_eq!(told(json!(5)), [asha, clerk]);
        assert_eq!(told(json!(6)), [clerk], "who cannot log in has no inbox");
        assert_eq!(told(serde_json::Value::Null), [clerk]);
    }

    #[test]
    fn the_shop_decides_and_then_everybody_for_themselves() {
        let mut audience = audience();
        let placed = EventType::find("order.placed").unwrap();
        let payload = json!({ "customerId": 5 });
        let count = |audience: &Audience| audience.of(placed, &payload).len();
        audience.preferences.insert((UserId(9), placed.name, ActionType::InApp), false);
        assert_eq!(count(&audience), 1);
        let setting =
            EventSetting { default_for_users: false, ..EventSetting::of_type(placed, ActionType::InApp) };
        audience.settings = vec![setting];
        assert_eq!(count(&audience), 0);
        audience.preferences.insert((UserId(50), placed.name, ActionType::InApp), true);
        assert_eq!(count(&audience), 1);
        audience.settings[0].enabled = false;
        assert_eq!(count(&audience), 0);
    }

    #[test]
    fn a_reminder_of_what_a_supplier_is_owed_is_no_customers() {
        let due = EventType::find("credit.reminder_due").unwrap();
        let of = |role: &str| due.customer_of(&json!({ "partyType": role, "partyId": 5 }));
        assert_eq!((of("customer"), of("supplier")), (Some(CustomerId(5)), None));
    }
}
