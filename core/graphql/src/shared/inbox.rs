//! What whoever is logged in was told within the system, and what they want to be told: the same in both endpoints.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use soko_domain::notifications;

use super::list_options::ListOptions;
use super::lists::Notifications;
use super::values::Success;
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id, Json};

/// By what people are told of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "EventActionType", remote = "notifications::ActionType")]
pub enum EventActionType {
    /// A message in their inbox.
    InApp,
    /// A message in the recipient's browsers.
    Push,
    /// A text message to the customer whom the event is for.
    Sms,
    /// A mail to the customer whom the event is for, or to those who run the shop.
    Email,
    /// A signed message to an address of the shop's. Which events are sent there, its own settings say.
    Webhook,
    /// A plugin of the shop's that is called by itself.
    Handler,
}

/// A message in somebody's inbox.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Notification")]
pub struct Notification {
    /// Its id.
    pub id: Id,
    /// The event that it tells of: `order.placed`.
    #[graphql(name = "type")]
    pub kind: String,
    /// In a few words.
    pub title: String,
    /// In a sentence.
    pub message: String,
    /// What the event says.
    pub data: Json,
    /// Whether it was read.
    pub read: bool,
    /// When it was read first.
    pub read_at: Option<DateTime>,
    /// When it came.
    pub created_at: DateTime,
}

impl From<notifications::InboxMessage> for Notification {
    fn from(message: notifications::InboxMessage) -> Self {
        Self {
            id: message.id.into(),
            kind: message.event,
            title: message.title,
            message: message.body,
            data: Json(message.data),
            read: message.read_at.is_some(),
            read_at: message.read_at.map(Into::into),
            created_at: message.created_at.into(),
        }
    }
}

/// A page of messages.
#[derive(Debug, SimpleObject)]
#[graphql(name = "NotificationList")]
pub struct NotificationList {
    /// This page.
    pub items: Vec<Notification>,
    /// Items in the whole list.
    pub total_items: i64,
}

/// Whether somebody is told of an event.
#[derive(Debug, SimpleObject)]
#[graphql(name = "NotificationPreference")]
pub struct NotificationPreference {
    /// The event: `order.placed`.
    pub event_type: String,
    /// By what.
    pub action_type: EventActionType,
    /// Whether they are.
    pub enabled: bool,
}

impl From<notifications::Preference> for NotificationPreference {
    fn from(preference: notifications::Preference) -> Self {
        Self {
            event_type: preference.event.name.to_owned(),
            action_type: preference.action.into(),
            enabled: preference.enabled,
        }
    }
}

/// What somebody wants to be told.
#[derive(InputObject)]
#[graphql(name = "SetNotificationPreferenceInput")]
pub struct SetNotificationPreferenceInput {
    /// The event: `order.placed`.
    pub event_type: String,
    /// By what.
    pub action_type: EventActionType,
    /// Whether they want to be told.
    pub enabled: bool,
}

/// Queries of one's own inbox.
#[derive(Default)]
pub struct InboxQuery;

#[Object]
impl InboxQuery {
    /// A page of the messages of whoever is logged in, the latest first.
    async fn notifications(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Notifications>>,
    ) -> ApiResult<NotificationList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.notifications.list_messages(&request.actor(), &query).await?;
        let items = page.items.into_iter().map(Notification::from).collect();
        Ok(NotificationList { items, total_items: page.total })
    }

    /// How many messages whoever is logged in has not read.
    async fn unread_notification_count(&self, context: &Context<'_>) -> ApiResult<i64> {
        let request = context.request();
        Ok(request.services.notifications.unread_count(&request.actor()).await?)
    }

    /// What whoever is logged in is told, of the events that let them choose.
    async fn notification_preferences(
        &self,
        context: &Context<'_>,
    ) -> ApiResult<Vec<NotificationPreference>> {
        let request = context.request();
        let preferences = request.services.notifications.preferences(&request.actor()).await?;
        Ok(preferences.into_iter().map(NotificationPreference::from).collect())
    }
}

/// Changes of one's own inbox.
#[derive(Default)]
pub struct InboxMutation;

#[Object]
impl InboxMutation {
    /// Marks one of one's own messages as read.
    async fn mark_notification_as_read(&self, context: &Context<'_>, id: Id) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.notifications.mark_read(&actor, id.into()).await?;
        Ok(Success { success: true })
    }

    /// Marks all of one's own messages as read. Says how many were not.
    async fn mark_all_notifications_as_read(&self, context: &Context<'_>) -> ApiResult<i64> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let count = request.services.notifications.mark_all_read(&actor).await?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Says whether one wants to be told of an event.
    async fn set_notification_preference(
        &self,
        context: &Context<'_>,
        input: SetNotificationPreferenceInput,
    ) -> ApiResult<NotificationPreference> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let SetNotificationPreferenceInput { event_type, action_type, enabled } = input;
        let notifications = &request.services.notifications;
        let set = notifications.set_preference(&actor, &event_type, action_type.into(), enabled).await?;
        Ok(set.into())
    }
}
