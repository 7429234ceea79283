//! What happens in a shop, who is told of it, and what was done about it.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use soko_domain::notifications::{self, SettingChanges};

use super::lists::{EventActions, Events};
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id, Json};
use crate::shared::enums::LanguageCode;
use crate::shared::inbox::EventActionType;
use crate::shared::list_options::ListOptions;
use crate::shared::values::Success;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "EventCategory", remote = "notifications::EventCategory")]
pub enum EventCategory {
    /// Who logs in, and how.
    Authentication,
    /// Between the shop and a customer.
    CustomerCommunication,
    /// What those who run the shop have to know.
    SystemNotifications,
}

/// Where an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "EventActionState", remote = "notifications::ActionState", rename_items = "PascalCase")]
pub enum EventActionState {
    /// It is to be done.
    Pending,
    /// The recipient has been told.
    Done,
    /// On purpose the recipient is not told.
    Skipped,
    /// They could not be told.
    Failed,
}

/// Why somebody was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "EventActionReason", remote = "notifications::ActionReason")]
pub enum EventActionReason {
    /// The shop tells people only so much in so much time.
    RateLimited,
    /// The shop has used up the segments of the month.
    QuotaExceeded,
    /// What it takes is not set up: an account, a server, a key.
    NotConfigured,
    /// The recipient has no address of this kind.
    NoAddress,
    /// The recipient's address is none.
    InvalidAddress,
    /// There is too much of it to be sent.
    TooLong,
    /// The event, the recipient or the place that it was sent to is no longer there.
    Gone,
    /// Whoever was asked refused it.
    Refused,
    /// Whoever was asked could not be reached, or had no time.
    Unavailable,
    /// Nobody knows whether it was sent, so that it is not sent again by itself.
    InDoubt,
    /// A plugin said that the recipient is not to be told.
    HandlerSkipped,
    /// A plugin could not do its part.
    HandlerFailed,
}

/// What a shop wants done about an event.
#[derive(Debug, SimpleObject)]
#[graphql(name = "EventSetting")]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the API")]
pub struct EventSetting {
    /// The event: `order.placed`.
    pub event_type: String,
    /// What it is about.
    pub category: EventCategory,
    /// Whether the customer whom it is for is told.
    pub customer_facing: bool,
    /// Whether everybody may choose to be told or not.
    pub subscribable: bool,
    /// By what people are told.
    pub action_type: EventActionType,
    /// Whether anybody is.
    pub enabled: bool,
    /// Whether those are who have not said otherwise.
    pub default_for_users: bool,
    /// Whether it waits until the shop's quiet hours are over.
    pub respects_quiet_hours: bool,
    /// From 0 to 9: what is sent first of what the shop has to send.
    pub priority: i64,
}

impl From<notifications::EventSetting> for EventSetting {
    fn from(setting: notifications::EventSetting) -> Self {
        Self {
            event_type: setting.event.name.to_owned(),
            category: setting.event.category.into(),
            customer_facing: setting.event.customer_facing(),
            subscribable: setting.event.subscribable,
            action_type: setting.action.into(),
            enabled: setting.enabled,
            default_for_users: setting.default_for_users,
            respects_quiet_hours: setting.respects_quiet_hours,
            priority: setting.priority,
        }
    }
}

/// Another setting; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateEventSettingInput")]
pub struct UpdateEventSettingInput {
    /// The event: `order.placed`.
    pub event_type: String,
    /// By what people are told.
    pub action_type: EventActionType,
    /// Whether anybody is.
    pub enabled: Option<bool>,
    /// Whether those are who have not said otherwise.
    pub default_for_users: Option<bool>,
    /// Whether it waits until the shop's quiet hours are over.
    pub respects_quiet_hours: Option<bool>,
    /// From 0 to 9: what is sent first of what the shop has to send.
    pub priority: Option<i64>,
}

/// The words for an event in a language.
#[derive(Debug, SimpleObject)]
#[graphql(name = "EventTemplate")]
pub struct EventTemplate {
    /// The event: `order.placed`.
    pub event_type: String,
    /// The language.
    pub language_code: LanguageCode,
    /// The kind of action that they are for; absent where they are for all that have none of their own.
    pub action_type: Option<EventActionType>,
    /// A template of a few words.
    pub title: String,
    /// A template of a sentence; what a text message says.
    pub body: String,
    /// Whether they are the shop's own.
    pub is_custom: bool,
}

impl From<notifications::EventTemplate> for EventTemplate {
    fn from(template: notifications::EventTemplate) -> Self {
        Self {
            event_type: template.event.name.to_owned(),
            language_code: LanguageCode(template.language),
            action_type: template.action.map(EventActionType::from),
            title: template.title,
            body: template.body,
            is_custom: template.is_own,
        }
    }
}

/// A shop's own words for an event. `{{ field }}` stands for a field of the event, `{{ field | money(currency) }}` for an
/// amount, and `{% if field %} … {% else %} … {% endif %}` chooses.
#[derive(InputObject)]
#[graphql(name = "SetEventTemplateInput")]
pub struct SetEventTemplateInput {
    /// The event: `order.placed`.
    pub event_type: String,
    /// The language.
    pub language_code: LanguageCode,
    /// The kind of action that they are for; all that have none of their own where it is absent.
    pub action_type: Option<EventActionType>,
    /// A template of a few words, at most 200 characters.
    pub title: String,
    /// A template of a sentence, at most 2,000 characters; what a text message says.
    pub body: String,
}

/// Something that happened.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Event")]
pub struct Event {
    /// Its id; what happened later in a shop has a greater one.
    pub id: Id,
    /// What: `order.placed`.
    #[graphql(name = "type")]
    pub kind: String,
    /// What is to be known of it.
    pub data: Json,
    /// When it became true.
    pub created_at: DateTime,
    /// When it was handed on to those who are told.
    pub routed_at: Option<DateTime>,
}

impl From<notifications::StoredEvent> for Event {
    fn from(event: notifications::StoredEvent) -> Self {
        Self {
            id: event.id.into(),
            kind: event.name,
            data: Json(event.payload),
            created_at: event.created_at.into(),
            routed_at: event.routed_at.map(Into::into),
        }
    }
}

/// A page of events.
#[derive(Debug, SimpleObject)]
#[graphql(name = "EventList")]
pub struct EventList {
    /// This page.
    pub items: Vec<Event>,
    /// Items in the whole list.
    pub total_items: i64,
}

/// What was done about an event for one recipient.
#[derive(Debug, SimpleObject)]
#[graphql(name = "EventAction")]
pub struct EventAction {
    /// Its id.
    pub id: Id,
    /// The event.
    pub event_id: Id,
    /// What the event is: `order.placed`.
    pub event_type: String,
    /// What was done.
    pub action_type: EventActionType,
    /// `administrator`, `customer`, `webhook` or `handler`.
    pub recipient_type: String,
    /// The id of the administrator's user, the customer's, the webhook endpoint's or the handler's.
    pub recipient_id: Id,
    /// Where it stands.
    pub state: EventActionState,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it failed, or was left out.
    pub reason: Option<EventActionReason>,
    /// The same in a sentence.
    pub message: Option<String>,
    /// From 0 to 9: what is sent first of what the shop has to send.
    pub priority: i64,
    /// When it is to be tried, or tried again.
    pub due_at: Option<DateTime>,
    /// Milliseconds that the last try took, where somebody had to be asked.
    pub duration_ms: Option<i64>,
    /// Segments that text messages took.
    pub segments: i64,
    /// What text messages cost, where the provider says so, in millionths of a unit of `costCurrency`.
    pub cost_micros: Option<i64>,
    /// ISO 4217 code.
    pub cost_currency: Option<String>,
    /// The provider's reference.
    pub provider_reference: Option<String>,
    /// When the event became true.
    pub event_at: DateTime,
    /// When it was first tried.
    pub created_at: DateTime,
    /// When it was last.
    pub updated_at: DateTime,
}

impl From<notifications::EventAction> for EventAction {
    fn from(action: notifications::EventAction) -> Self {
        let (cost_micros, cost_currency) = action.cost.unzip();
        Self {
            id: action.id.into(),
            event_id: action.event_id.into(),
            event_type: action.event,
            action_type: action.action.into(),
            recipient_type: action.recipient_type,
            recipient_id: Id(action.recipient_id),
            state: action.state.into(),
            attempts: action.attempts,
            reason: action.reason.map(EventActionReason::from),
            message: action.message,
            priority: action.priority,
            due_at: action.due_at.map(Into::into),
            duration_ms: action.duration_ms,
            segments: action.segments,
            cost_micros,
            cost_currency,
            provider_reference: action.reference,
            event_at: action.event_at.into(),
            created_at: action.created_at.into(),
            updated_at: action.updated_at.into(),
        }
    }
}

/// A page of what was done about events.
#[derive(Debug, SimpleObject)]
#[graphql(name = "EventActionList")]
pub struct EventActionList {
    /// This page.
    pub items: Vec<EventAction>,
    /// Items in the whole list.
    pub total_items: i64,
}

/// Queries of events.
#[derive(Default)]
pub struct EventQuery;

#[Object]
impl EventQuery {
    /// What the shop wants done about each event.
    async fn event_settings(&self, context: &Context<'_>) -> ApiResult<Vec<EventSetting>> {
        let request = context.request();
        let settings = request.services.notifications.settings(&request.actor()).await?;
        Ok(settings.into_iter().map(EventSetting::from).collect())
    }

    /// The words for each event, in each language: the shop's own, else those that come with the program.
    async fn event_templates(&self, context: &Context<'_>) -> ApiResult<Vec<EventTemplate>> {
        let request = context.request();
        let templates = request.services.notifications.templates(&request.actor()).await?;
        Ok(templates.into_iter().map(EventTemplate::from).collect())
    }

    /// A page of what happened, the latest first: of what the administrator may hear of.
    async fn events(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Events>>,
    ) -> ApiResult<EventList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.notifications.list_events(&request.actor(), &query).await?;
        Ok(EventList { items: page.items.into_iter().map(Event::from).collect(), total_items: page.total })
    }

    /// A page of what was done about what happened, the latest first.
    async fn event_actions(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<EventActions>>,
    ) -> ApiResult<EventActionList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.notifications.list_actions(&request.actor(), &query).await?;
        let items = page.items.into_iter().map(EventAction::from).collect();
        Ok(EventActionList { items, total_items: page.total })
    }
}

/// Changes of what is done about events.
#[derive(Default)]
pub struct EventMutation;

#[Object]
impl EventMutation {
    /// Says what is done about an event.
    async fn update_event_setting(
        &self,
        context: &Context<'_>,
        input: UpdateEventSettingInput,
    ) -> ApiResult<EventSetting> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let UpdateEventSettingInput { event_type, action_type, enabled, default_for_users, .. } = input;
        let changes = SettingChanges {
            action: action_type.into(),
            enabled,
            default_for_users,
            respects_quiet_hours: input.respects_quiet_hours,
            priority: input.priority,
        };
        Ok(request.services.notifications.change_setting(&actor, &event_type, changes).await?.into())
    }

    /// Gives an event the shop's own words.
    async fn set_event_template(
        &self,
        context: &Context<'_>,
        input: SetEventTemplateInput,
    ) -> ApiResult<EventTemplate> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let SetEventTemplateInput { event_type, language_code, action_type, title, body } = input;
        let notifications = &request.services.notifications;
        let what = (language_code.0, action_type.map(Into::into));
        let set = notifications.set_template(&actor, &event_type, what, (title, body)).await?;
        Ok(set.into())
    }

    /// Forgets the shop's own words for an event in a language. `success` says whether it had any.
    async fn reset_event_template(
        &self,
        context: &Context<'_>,
        event_type: String,
        language_code: LanguageCode,
        action_type: Option<EventActionType>,
    ) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let notifications = &request.services.notifications;
        let what = (language_code.0, action_type.map(Into::into));
        let success = notifications.reset_template(&actor, &event_type, what).await?;
        Ok(Success { success })
    }
}
