//! How much a shop tells people at most, when it leaves them alone, and which plugins act on its events.

use std::time::Duration;

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use soko_domain::notifications::{self, NewEventHandler, NewRateLimit, NotificationError, QuietHours};

use super::event::EventCategory;
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id};
use crate::shared::inbox::EventActionType;
use crate::shared::values::Success;

/// What a limit counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "EventRateLimitScope", remote = "notifications::LimitScope")]
pub enum EventRateLimitScope {
    /// All of the shop.
    Channel,
    /// All of a category, each by itself.
    Category,
    /// All of an event, each by itself.
    Event,
    /// All to one recipient, each by themselves.
    Recipient,
}

/// So many actions in a period; what would be more is left out.
#[derive(Debug, SimpleObject)]
#[graphql(name = "EventRateLimit")]
pub struct EventRateLimit {
    /// Its id.
    pub id: Id,
    /// Of actions of this kind.
    pub action_type: EventActionType,
    /// What is counted together.
    pub scope: EventRateLimitScope,
    /// Only of this event, if it says so.
    pub event_type: Option<String>,
    /// Only of this category, if it says so.
    pub category: Option<EventCategory>,
    /// So many actions.
    pub actions_max: i64,
    /// In so many seconds.
    pub period_seconds: i64,
}

impl From<notifications::RateLimit> for EventRateLimit {
    fn from(limit: notifications::RateLimit) -> Self {
        let seconds = |period: Duration| i64::try_from(period.as_secs()).unwrap_or(i64::MAX);
        Self {
            id: limit.id.into(),
            action_type: limit.action.into(),
            scope: limit.scope.into(),
            event_type: limit.event.map(|event| event.name.to_owned()),
            category: limit.category.map(EventCategory::from),
            actions_max: limit.actions_max,
            period_seconds: seconds(limit.period),
        }
    }
}

/// A new limit.
#[derive(InputObject)]
#[graphql(name = "CreateEventRateLimitInput")]
pub struct CreateEventRateLimitInput {
    /// Of actions of this kind.
    pub action_type: EventActionType,
    /// What is counted together.
    pub scope: EventRateLimitScope,
    /// Only of this event.
    pub event_type: Option<String>,
    /// Only of this category.
    pub category: Option<EventCategory>,
    /// So many actions.
    pub actions_max: i64,
    /// In so many seconds, at most 31 days.
    pub period_seconds: i64,
}

/// When a shop leaves people alone, every day, by the clock of its time zone.
#[derive(Debug, SimpleObject)]
#[graphql(name = "QuietHours")]
pub struct QuietHoursOfShop {
    /// `19:00`.
    pub start: String,
    /// `08:00`: on the next day where that is not later.
    pub end: String,
}

impl From<QuietHours> for QuietHoursOfShop {
    fn from(hours: QuietHours) -> Self {
        let shown = |minute: i16| format!("{:02}:{:02}", minute / 60, minute % 60);
        Self { start: shown(hours.from_minute), end: shown(hours.until_minute) }
    }
}

/// When a shop leaves people alone.
#[derive(InputObject)]
#[graphql(name = "QuietHoursInput")]
pub struct QuietHoursInput {
    /// `19:00`.
    pub start: String,
    /// `08:00`: on the next day where that is not later.
    pub end: String,
}

impl TryFrom<QuietHoursInput> for QuietHours {
    type Error = NotificationError;

    fn try_from(input: QuietHoursInput) -> Result<Self, NotificationError> {
        let minute = |text: &str| {
            let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5)?;
            let (hour, minute): (i16, i16) = (hour.parse().ok()?, minute.parse().ok()?);
            ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
        };
        let hours = minute(&input.start).zip(minute(&input.end));
        let (from_minute, until_minute) = hours.ok_or(NotificationError::QuietHours)?;
        Ok(Self { from_minute, until_minute })
    }
}

/// Where a plugin has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "EventHandlerPlacement", remote = "notifications::Placement")]
pub enum EventHandlerPlacement {
    /// Before the built-in action, which does not take place if the plugin says so.
    Before,
    /// In place of the built-in action.
    Instead,
    /// After the built-in action.
    After,
    /// By itself: called once for each event, for the shop.
    Alone,
}

/// A plugin that acts on events.
#[derive(Debug, SimpleObject)]
#[graphql(name = "EventHandler")]
pub struct EventHandler {
    /// Its id.
    pub id: Id,
    /// The plugin as it is put to use. While the binding is off, so is the handler.
    pub binding_id: Id,
    /// Only of this event, if it says so.
    pub event_type: Option<String>,
    /// Only of this category, if it says so.
    pub category: Option<EventCategory>,
    /// The built-in action; absent for a plugin that is called by itself.
    pub action_type: Option<EventActionType>,
    /// Where it has its place.
    pub placement: EventHandlerPlacement,
    /// When it was made.
    pub created_at: DateTime,
}

impl From<notifications::EventHandler> for EventHandler {
    fn from(handler: notifications::EventHandler) -> Self {
        Self {
            id: handler.id.into(),
            binding_id: handler.binding.into(),
            event_type: handler.event.map(|event| event.name.to_owned()),
            category: handler.category.map(EventCategory::from),
            action_type: handler.action.map(EventActionType::from),
            placement: handler.placement.into(),
            created_at: handler.created_at.into(),
        }
    }
}

/// A plugin that is to act on events.
#[derive(InputObject)]
#[graphql(name = "CreateEventHandlerInput")]
pub struct CreateEventHandlerInput {
    /// A binding of an action plugin.
    pub binding_id: Id,
    /// Only of this event.
    pub event_type: Option<String>,
    /// Only of this category.
    pub category: Option<EventCategory>,
    /// The built-in action; absent for a plugin that is called by itself.
    pub action_type: Option<EventActionType>,
    /// Where it has its place.
    pub placement: EventHandlerPlacement,
}

/// Queries of what is done about events, and how much.
#[derive(Default)]
pub struct EventRuleQuery;

#[Object]
impl EventRuleQuery {
    /// How much the shop tells people at most.
    async fn event_rate_limits(&self, context: &Context<'_>) -> ApiResult<Vec<EventRateLimit>> {
        let request = context.request();
        let limits = request.services.notifications.rate_limits(&request.actor()).await?;
        Ok(limits.into_iter().map(EventRateLimit::from).collect())
    }

    /// When the shop leaves people alone, if it does at any time.
    async fn quiet_hours(&self, context: &Context<'_>) -> ApiResult<Option<QuietHoursOfShop>> {
        let request = context.request();
        let hours = request.services.notifications.quiet_hours(&request.actor()).await?;
        Ok(hours.map(QuietHoursOfShop::from))
    }

    /// The plugins that act on the shop's events.
    async fn event_handlers(&self, context: &Context<'_>) -> ApiResult<Vec<EventHandler>> {
        let request = context.request();
        let handlers = request.services.notifications.handlers(&request.actor()).await?;
        Ok(handlers.into_iter().map(EventHandler::from).collect())
    }
}

/// Changes of what is done about events, and how much.
#[derive(Default)]
pub struct EventRuleMutation;

#[Object]
impl EventRuleMutation {
    /// Tells people only so much from now on.
    async fn create_event_rate_limit(
        &self,
        context: &Context<'_>,
        input: CreateEventRateLimitInput,
    ) -> ApiResult<EventRateLimit> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let CreateEventRateLimitInput { action_type, scope, event_type, category, .. } = input;
        let new = NewRateLimit {
            action: action_type.into(),
            scope: scope.into(),
            event: event_type,
            category: category.map(Into::into),
            actions_max: input.actions_max,
            period_s: input.period_seconds,
        };
        Ok(request.services.notifications.create_rate_limit(&actor, new).await?.into())
    }

    /// Removes a limit.
    async fn delete_event_rate_limit(&self, context: &Context<'_>, id: Id) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.notifications.delete_rate_limit(&actor, id.into()).await?;
        Ok(Success { success: true })
    }

    /// Says when the shop leaves people alone; at no time where nothing is given.
    async fn set_quiet_hours(
        &self,
        context: &Context<'_>,
        input: Option<QuietHoursInput>,
    ) -> ApiResult<Option<QuietHoursOfShop>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let hours = input.map(QuietHours::try_from).transpose()?;
        request.services.notifications.set_quiet_hours(&actor, hours).await?;
        Ok(hours.map(QuietHoursOfShop::from))
    }

    /// Has a plugin act on events from now on.
    async fn create_event_handler(
        &self,
        context: &Context<'_>,
        input: CreateEventHandlerInput,
    ) -> ApiResult<EventHandler> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let CreateEventHandlerInput { binding_id, event_type, category, action_type, placement } = input;
        let new = NewEventHandler {
            binding: binding_id.into(),
            event: event_type,
            category: category.map(Into::into),
            action: action_type.map(Into::into),
            placement: placement.into(),
        };
        Ok(request.services.notifications.create_handler(&actor, new).await?.into())
    }

    /// Has a plugin act on these events no more.
    async fn delete_event_handler(&self, context: &Context<'_>, id: Id) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.notifications.delete_handler(&actor, id.into()).await?;
        Ok(Success { success: true })
    }
}
