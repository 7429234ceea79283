//! The types of events: who is told of each, by what, and in which words, where a shop says nothing else.
//!
//! To add one: a line in [`EVENT_TYPES`] and its words in [`super::texts`]. A test holds that every event of the domains
//! has both.

use soko_kernel::Permission;
use soko_kernel::Permission::{
    ReadAdministrator, ReadCatalog, ReadCustomer, ReadOrder, ReadPlugin, ReadSettings, UpdateOrder,
};

use self::CustomerField::{CustomerId, PartyId};
use self::EventCategory::{Authentication, CustomerCommunication, SystemNotifications};

/// What an event is about, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventCategory {
    /// Who logs in, and how.
    Authentication,
    /// Between the shop and a customer.
    CustomerCommunication,
    /// What those who run the shop have to know.
    SystemNotifications,
}

impl EventCategory {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Authentication, Self::CustomerCommunication, Self::SystemNotifications];

    /// The name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::CustomerCommunication => "customer_communication",
            Self::SystemNotifications => "system_notifications",
        }
    }

    /// The category with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == name)
    }
}

/// What can be done about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActionType {
    /// A message in the recipient's inbox.
    InApp,
    /// A message in the recipient's browsers.
    Push,
    /// A text message to the customer whom the event is for.
    Sms,
    /// A mail to the customer whom the event is for, or to those who run the shop.
    Email,
    /// A signed message to an address of the shop's.
    Webhook,
    /// A plugin of the shop's that is called by itself.
    Handler,
}

impl ActionType {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::InApp, Self::Push, Self::Sms, Self::Email, Self::Webhook, Self::Handler];
    /// Those by which people are told. What is sent to an address, the address's settings say.
    pub const TO_PEOPLE: [Self; 4] = [Self::InApp, Self::Push, Self::Sms, Self::Email];

    /// The name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InApp => "in_app",
            Self::Push => "push",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Webhook => "webhook",
            Self::Handler => "handler",
        }
    }

    /// The type with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// Which of the payload's fields names a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerField {
    /// `customerId`, or nobody where it is null.
    CustomerId,
    /// `partyId`, where `partyType` says `customer`.
    PartyId,
}

/// A type of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each stands by itself")]
pub struct EventType {
    /// Its name: `order.placed`.
    pub name: &'static str,
    /// What it is about.
    pub category: EventCategory,
    /// Where the payload names the customer whom it is for; none where it is no customer's matter.
    pub customer: Option<CustomerField>,
    /// What an administrator must be allowed to hear of it.
    pub permission: Permission,
    /// Whether administrators who are allowed to are told.
    pub tells_administrators: bool,
    /// Whether each may choose to be told or not.
    pub subscribable: bool,
    /// Whether it is handed on where the shop has said nothing.
    pub default_enabled: bool,
    /// Whether the customer then is sent a mail and a text message, too, as far as the platform and the shop can.
    pub sent: bool,
}

/// Told to the customer.
const fn to_customer(name: &'static str, category: EventCategory, permission: Permission) -> EventType {
    EventType {
        name,
        category,
        customer: Some(CustomerId),
        permission,
        tells_administrators: false,
        subscribable: true,
        default_enabled: true,
        sent: false,
    }
}

/// Told to those who run the shop.
const fn to_administrators(name: &'static str, permission: Permission) -> EventType {
    let (category, customer) = (SystemNotifications, None);
    EventType { customer, tells_administrators: true, ..to_customer(name, category, permission) }
}

/// Told to both.
const fn to_both(name: &'static str, category: EventCategory, permission: Permission) -> EventType {
    EventType { tells_administrators: true, ..to_customer(name, category, permission) }
}

/// Told by mail and by text message, too.
const fn sent(event: EventType) -> EventType {
    EventType { sent: true, ..event }
}

/// Told to those who run a shop which says so.
const fn logged(name: &'static str, permission: Permission) -> EventType {
    EventType { subscribable: false, default_enabled: false, ..to_administrators(name, permission) }
}

/// Told to those who run the shop, whether or not they want to be.
const fn told(name: &'static str, permission: Permission) -> EventType {
    EventType { subscribable: false, ..to_administrators(name, permission) }
}

/// All of them.
pub const EVENT_TYPES: &[EventType] = &[
    sent(to_both("order.placed", SystemNotifications, ReadOrder)),
    to_customer("order.payment_settled", SystemNotifications, ReadOrder),
    sent(to_customer("order.shipped", SystemNotifications, ReadOrder)),
    to_customer("order.fulfilled", SystemNotifications, ReadOrder),
    sent(to_both("order.cancelled", SystemNotifications, ReadOrder)),
    logged("order.state_changed", ReadOrder),
    to_customer("payment.confirmed", SystemNotifications, ReadOrder),
    logged("payment.state_changed", ReadOrder),
    to_administrators("payment.in_review", UpdateOrder),
    sent(to_customer("refund.settled", SystemNotifications, ReadOrder)),
    logged("refund.state_changed", ReadOrder),
    sent(to_customer("customer.credit_approved", CustomerCommunication, ReadCustomer)),
    to_customer("customer.balance_changed", CustomerCommunication, ReadCustomer),
    EventType {
        customer: Some(PartyId),
        sent: true,
        ..to_both("credit.reminder_due", CustomerCommunication, ReadCustomer)
    },
    to_administrators("credit.sale_refused", ReadCustomer),
    sent(to_customer("customer.created", CustomerCommunication, ReadCustomer)),
    to_administrators("stock.low", ReadCatalog),
    told("channel.approved", ReadSettings),
    logged("channel.status_changed", ReadSettings),
    logged("administrator.created", ReadAdministrator),
    logged("administrator.updated", ReadAdministrator),
    logged("user.created", ReadAdministrator),
    logged("user.updated", ReadAdministrator),
    EventType { category: Authentication, ..logged("user.login_code_sent", ReadAdministrator) },
    logged("plugin.uploaded", ReadPlugin),
    logged("plugin.bound", ReadPlugin),
    logged("plugin.binding_updated", ReadPlugin),
    logged("plugin.rolled_back", ReadPlugin),
    logged("plugin.unbound", ReadPlugin),
];

impl EventType {
    /// The type of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        EVENT_TYPES.iter().find(|kind| kind.name == name)
    }

    /// Whether it is for customers.
    pub fn customer_facing(&self) -> bool {
        self.customer.is_some()
    }

    /// The customer whom an event of this type is for.
    pub(super) fn customer_of(&self, payload: &serde_json::Value) -> Option<soko_kernel::CustomerId> {
        let field = match self.customer? {
            CustomerId => "customerId",
            PartyId if payload["partyType"] == "customer" => "partyId",
            PartyId => return None,
        };
        payload[field].as_i64().map(soko_kernel::CustomerId)
    }
}
