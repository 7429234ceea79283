//! What can go wrong about events.

use soko_infra::DatabaseError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{
    ChannelId, ErrorKind, EventActionId, EventHandlerId, Forbidden, InboxMessageId, PluginBindingId,
    RateLimitId, WebhookEndpointId,
};

use crate::channels::ChannelError;
use crate::customers::CustomerError;
use crate::plugins::PluginError;

/// An operation on events, or what people are told of them, was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// No event has this name.
    #[error("there is no event {0:?}")]
    UnknownEvent(String),
    /// The event lets nobody choose.
    #[error("whether people are told of {0} is the shop's to say")]
    NotSubscribable(&'static str),
    /// The message is somebody else's, or of nobody.
    #[error("you have no notification with the id {0}")]
    NotFound(InboxMessageId),
    /// Nobody like this is told in this way.
    #[error(
        "nobody is told of this in this way: mail goes to customers, and what is sent to an address its own settings say"
    )]
    NotToPeople,
    /// These words cannot be used.
    #[error("these words cannot be used: {0}")]
    Template(String),
    /// The channel has no such endpoint.
    #[error("there is no webhook endpoint with the id {0}")]
    WebhookNotFound(WebhookEndpointId),
    /// Nothing is sent to this address.
    #[error("this address cannot be used: {0}")]
    WebhookUrl(String),
    /// The description is too long.
    #[error("a description has at most 500 characters")]
    WebhookDescription,
    /// The channel has as many as it may.
    #[error("a shop has at most {0} webhook endpoints")]
    TooManyWebhooks(i64),
    /// Nothing is sent to addresses by this program.
    #[error("webhooks cannot be used here")]
    WebhooksOff,
    /// The platform's operator has set no key to seal secrets with.
    #[error("secrets cannot be kept: the platform has no key for them (secrets.key)")]
    SecretsOff,
    /// The platform's operator has set no key to sign messages to browsers with.
    #[error("nobody is told in browsers: the platform has no key for it (push.vapid_private_key)")]
    PushOff,
    /// This is no browser that could be told.
    #[error("this browser cannot be told: {0}")]
    PushTarget(String),
    /// An account for text messages that makes no sense.
    #[error("this account cannot be used: {0}")]
    SmsSettings(String),
    /// A number of segments that is none.
    #[error("a quota is a number of segments up to 1,000,000,000, or none")]
    SmsQuota,
    /// There is no such channel.
    #[error("there is no channel with the id {0}")]
    ChannelNotFound(ChannelId),
    /// A limit that makes no sense.
    #[error("a limit is a number of actions up to 1,000,000 in a period of 1 second to 31 days")]
    RateLimit,
    /// The channel has as many as it may.
    #[error("a shop has at most {0} limits")]
    TooManyRateLimits(usize),
    /// The channel has no such limit.
    #[error("there is no limit with the id {0}")]
    RateLimitNotFound(RateLimitId),
    /// A time that is none, or too long.
    #[error("what is looked at together ends after it begins, and at most 100 days later")]
    Span,
    /// Hours that are none.
    #[error("quiet hours are two different times of a day")]
    QuietHours,
    /// A priority out of bounds.
    #[error("a priority is a number from 0 to 9")]
    Priority,
    /// The binding is none, or of a plugin that does not act on events.
    #[error("there is no binding of an action plugin with the id {0}")]
    NoActionBinding(PluginBindingId),
    /// A place that does not fit the action.
    #[error("{0}")]
    HandlerPlace(&'static str),
    /// The channel has as many as it may.
    #[error("a shop has at most {1} handlers{0}")]
    TooManyHandlers(&'static str, usize),
    /// The channel has no such handler.
    #[error("there is no handler with the id {0}")]
    HandlerNotFound(EventHandlerId),
    /// It was made, or is none.
    #[error("there is no delivery with the id {0} that could be tried again")]
    NotRetried(EventActionId),
    /// A list that cannot be read as asked.
    #[error(transparent)]
    Query(#[from] InvalidListQuery),
    /// The channel is not usable.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The customer cannot be looked up.
    #[error(transparent)]
    Customer(#[from] CustomerError),
    /// The channel's plugins cannot be looked up.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl NotificationError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownEvent(_)
            | Self::NotFound(_)
            | Self::WebhookNotFound(_)
            | Self::ChannelNotFound(_)
            | Self::RateLimitNotFound(_)
            | Self::NoActionBinding(_)
            | Self::HandlerNotFound(_) => ErrorKind::NotFound,
            Self::TooManyWebhooks(_)
            | Self::TooManyRateLimits(_)
            | Self::TooManyHandlers(..)
            | Self::WebhooksOff
            | Self::SecretsOff
            | Self::PushOff
            | Self::NotRetried(_) => ErrorKind::Conflict,
            Self::NotSubscribable(_)
            | Self::NotToPeople
            | Self::Template(_)
            | Self::WebhookUrl(_)
            | Self::WebhookDescription
            | Self::SmsSettings(_)
            | Self::PushTarget(_)
            | Self::SmsQuota
            | Self::RateLimit
            | Self::QuietHours
            | Self::Span
            | Self::Priority
            | Self::HandlerPlace(_)
            | Self::Query(_) => ErrorKind::InvalidInput,
            Self::Channel(error) => error.kind(),
            Self::Customer(error) => error.kind(),
            Self::Plugin(error) => error.kind(),
            Self::Forbidden(error) => error.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}

impl From<ListError> for NotificationError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => Self::Database(error),
        }
    }
}
