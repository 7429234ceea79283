//! Who is told of an event, by what the shop and its people have said. Pure.

use std::collections::{BTreeSet, HashMap, HashSet};

use soko_kernel::{CustomerId, Permission, PermissionSet, Timestamp, UserId};

use super::catalogue::{ActionType, EventType};
use super::entity::Recipient;
use super::handlers::{EventHandler, Placement};
use super::limits::RateLimit;
use super::quiet::QuietHours;
use super::templates::EventTemplate;
use super::webhooks::WebhookEndpoint;

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

    /// Whether those who run the shop are told who have not said otherwise: a shop whose customers get mails wants not the
    /// same ones.
    pub(super) fn wanted_by_administrators(&self) -> bool {
        self.default_for_users && !(self.action == ActionType::Email && self.event.customer_facing())
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
        let mailed = self.mailed_administrators(event);
        let browsers = self.browsers(event, payload);
        let people = self.people(event, payload, ActionType::InApp).into_iter().chain(browsers);
        let people = people.chain(sent.into_iter().flatten()).chain(mailed);
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

    /// Who of those who run the shop gets a mail: of what is theirs alone, whoever has not said otherwise; of what customers
    /// are told as well, whoever has asked for it.
    fn mailed_administrators(&self, event: &'static EventType) -> Vec<Recipient> {
        let (action, setting) = (ActionType::Email, self.setting(event, ActionType::Email));
        if !event.tells_administrators || !setting.enabled || !self.can_send(event, action) {
            return Vec::new();
        }
        let wants = |user: UserId| {
            let said = self.preferences.get(&(user, event.name, action)).copied();
            !event.subscribable || said.unwrap_or(setting.wanted_by_administrators())
        };
        let allowed = self.allowed(event.permission).filter(|user| wants(*user));
        allowed.map(Recipient::AdministratorsMailbox).collect()
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
            let user = to.user()?;
            let known = self.pushed.contains(&(user, to.kind().to_owned()));
            to.by(ActionType::Push, Some(user)).filter(|_| known)
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
        let administrators = administrators.into_iter().flatten().map(Recipient::Administrator);
        let wants = |recipient: &Recipient| {
            let said = recipient.user().map(|user| (user, event.name, action));
            let said = said.and_then(|key| self.preferences.get(&key).copied());
            !event.subscribable || said.unwrap_or(setting.default_for_users)
        };
        customer.into_iter().chain(administrators).filter(wants).collect()
    }

    /// Administrators who may know what this permission lets them see.
    fn allowed(&self, needed: Permission) -> impl Iterator<Item = UserId> {
        let users: BTreeSet<UserId> = self
            .administrators
            .iter()
            .filter(|(_, permissions)| permissions.allows(needed))
            .map(|(user, _)| *user)
            .collect();
        users.into_iter()
    }
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

    /// Of what customers are told as well, an administrator gets a mail who asks for it.
    #[test]
    fn mails_go_to_those_who_run_the_shop_where_it_is_theirs_alone_or_they_ask() {
        let mut audience = Audience { sends: vec![ActionType::Email], ..audience() };
        let stock = EventType::find("stock.low").unwrap();
        let reads_goods = std::iter::once(Permission::ReadCatalog).collect();
        audience.administrators.push((UserId(8), reads_goods));
        let mailed = |audience: &Audience, event, payload: serde_json::Value| -> Vec<Recipient> {
            let told = audience.of(event, &payload).into_iter();
            told.filter(|to| to.action() == ActionType::Email).collect()
        };
        assert_eq!(mailed(&audience, stock, json!({})), [], "the shop has to want it");
        let setting = EventSetting { enabled: true, ..EventSetting::of_type(stock, ActionType::Email) };
        audience.settings = vec![setting];
        let keeper = Recipient::AdministratorsMailbox(UserId(8));
        assert_eq!(mailed(&audience, stock, json!({})), [keeper]);
        audience.preferences.insert((UserId(8), stock.name, ActionType::Email), false);
        assert_eq!(mailed(&audience, stock, json!({})), []);

        let placed = EventType::find("order.placed").unwrap();
        let asha = Recipient::Mailbox(CustomerId(5));
        assert_eq!(mailed(&audience, placed, json!({ "customerId": 5 })), [asha]);
        audience.preferences.insert((UserId(9), placed.name, ActionType::Email), true);
        let clerk = Recipient::AdministratorsMailbox(UserId(9));
        assert_eq!(mailed(&audience, placed, json!({ "customerId": 5 })), [asha, clerk]);
    }

    #[test]
    fn a_reminder_of_what_a_supplier_is_owed_is_no_customers() {
        let due = EventType::find("credit.reminder_due").unwrap();
        let of = |role: &str| due.customer_of(&json!({ "partyType": role, "partyId": 5 }));
        assert_eq!((of("customer"), of("supplier")), (Some(CustomerId(5)), None));
    }
}
