//! Events as they are handed on, and what was done about them. Pure.

use std::collections::HashSet;

use soko_kernel::{
    Actor, CustomerId, EventActionId, EventHandlerId, EventId, InboxMessageId, Timestamp, UserId,
    WebhookEndpointId,
};

use super::catalogue::{ActionType, EventType};
use super::reason::ActionReason;

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
    /// One of those who run the shop, by mail.
    AdministratorsMailbox(UserId),
    /// An address of the shop's.
    Webhook(WebhookEndpointId),
    /// A plugin that is called by itself.
    Handler(EventHandlerId),
}

impl Recipient {
    /// The name of its role that the database uses.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Administrator(_) | Self::AdministratorsBrowsers(_) | Self::AdministratorsMailbox(_) => {
                "administrator"
            }
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
            Self::Mailbox(_) | Self::AdministratorsMailbox(_) => ActionType::Email,
            Self::Webhook(_) => ActionType::Webhook,
            Self::Handler(_) => ActionType::Handler,
        }
    }

    /// The user's, the customer's, the endpoint's or the handler's id.
    pub(super) fn id(self) -> i64 {
        match self {
            Self::Administrator(user)
            | Self::AdministratorsBrowsers(user)
            | Self::AdministratorsMailbox(user) => user.0,
            Self::Customer { id, .. }
            | Self::CustomersBrowsers { id, .. }
            | Self::Phone(id)
            | Self::Mailbox(id) => id.0,
            Self::Webhook(id) => id.0,
            Self::Handler(id) => id.0,
        }
    }

    /// The same person, told by another action, if they can be. `user` is as whom a customer logs in, if they do.
    pub(super) fn by(self, action: ActionType, user: Option<UserId>) -> Option<Self> {
        match self {
            Self::Administrator(user)
            | Self::AdministratorsBrowsers(user)
            | Self::AdministratorsMailbox(user) => match action {
                ActionType::InApp => Some(Self::Administrator(user)),
                ActionType::Push => Some(Self::AdministratorsBrowsers(user)),
                ActionType::Email => Some(Self::AdministratorsMailbox(user)),
                ActionType::Sms | ActionType::Webhook | ActionType::Handler => None,
            },
            Self::Customer { id, .. }
            | Self::CustomersBrowsers { id, .. }
            | Self::Phone(id)
            | Self::Mailbox(id) => match action {
                ActionType::InApp => Some(Self::Customer { id, user: user? }),
                ActionType::Push => Some(Self::CustomersBrowsers { id, user: user? }),
                ActionType::Sms => Some(Self::Phone(id)),
                ActionType::Email => Some(Self::Mailbox(id)),
                ActionType::Webhook | ActionType::Handler => None,
            },
            Self::Webhook(_) | Self::Handler(_) => None,
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
