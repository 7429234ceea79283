//! How a shop sends text messages, and how many.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use soko_domain::notifications::{self, NewSmsSettings};
use soko_extension::sms;

use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id};
use crate::shared::values::Success;

/// Who sends text messages on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "SmsProvider", remote = "sms::SmsProvider")]
pub enum SmsProvider {
    /// <https://africastalking.com>
    AfricasTalking,
    /// <https://textsms.co.ke>
    TextSms,
}

/// A shop's account with a provider. Its key is never shown.
#[derive(Debug, SimpleObject)]
#[graphql(name = "SmsSettings")]
pub struct SmsSettings {
    /// Who sends text messages on.
    pub provider: SmsProvider,
    /// The user's name with Africa's Talking, the partner id with TextSMS.
    pub username: String,
    /// Whom messages are from.
    pub sender_id: Option<String>,
    /// The calling code of the country that numbers such as `0712 345 678` are in.
    pub calling_code: String,
    /// When it was last changed.
    pub updated_at: DateTime,
}

impl From<notifications::SmsSettings> for SmsSettings {
    fn from(settings: notifications::SmsSettings) -> Self {
        let notifications::SmsSettings { provider, username, sender_id, calling_code, updated_at } = settings;
        Self { provider: provider.into(), username, sender_id, calling_code, updated_at: updated_at.into() }
    }
}

/// An account with a provider.
#[derive(InputObject)]
#[graphql(name = "SetSmsSettingsInput")]
pub struct SetSmsSettingsInput {
    /// Who sends text messages on.
    pub provider: SmsProvider,
    /// The user's name with Africa's Talking, the partner id with TextSMS.
    pub username: String,
    /// Whom messages are from: a sender id or short code. TextSMS wants one.
    pub sender_id: Option<String>,
    /// The calling code of the shop's country; `254` where it is absent.
    pub calling_code: Option<String>,
    /// What the provider knows the shop by. Absent: as it was.
    pub api_key: Option<String>,
}

/// What a shop has sent in a month, by the clock of its time zone, and may send.
#[derive(Debug, SimpleObject)]
#[graphql(name = "SmsUsage")]
pub struct SmsUsage {
    /// When the month began.
    pub period_start: DateTime,
    /// Segments that were sent, are being sent, or may have been.
    pub segments_used: i64,
    /// Segments that the shop may send in a month; no bound where it is absent.
    pub segments_max: Option<i64>,
}

impl From<notifications::SmsUsage> for SmsUsage {
    fn from(usage: notifications::SmsUsage) -> Self {
        let notifications::SmsUsage { period_start, segments_used, segments_max } = usage;
        Self { period_start: period_start.into(), segments_used, segments_max }
    }
}

/// Queries of text messages.
#[derive(Default)]
pub struct SmsQuery;

#[Object]
impl SmsQuery {
    /// The shop's account for text messages, if it has one.
    async fn sms_settings(&self, context: &Context<'_>) -> ApiResult<Option<SmsSettings>> {
        let request = context.request();
        let settings = request.services.notifications.sms_settings(&request.actor()).await?;
        Ok(settings.map(SmsSettings::from))
    }

    /// What the shop has sent this month, and may send.
    async fn sms_usage(&self, context: &Context<'_>) -> ApiResult<SmsUsage> {
        let request = context.request();
        Ok(request.services.notifications.sms_usage(&request.actor()).await?.into())
    }
}

/// Changes of how text messages are sent.
#[derive(Default)]
pub struct SmsMutation;

#[Object]
impl SmsMutation {
    /// Has text messages sent by an account of the shop's from now on.
    async fn set_sms_settings(
        &self,
        context: &Context<'_>,
        input: SetSmsSettingsInput,
    ) -> ApiResult<SmsSettings> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let SetSmsSettingsInput { provider, username, sender_id, calling_code, api_key } = input;
        let new = NewSmsSettings { provider: provider.into(), username, sender_id, calling_code, api_key };
        Ok(request.services.notifications.set_sms_settings(&actor, new).await?.into())
    }

    /// Sends no text messages any more, and forgets the account. No success when there was none.
    async fn delete_sms_settings(&self, context: &Context<'_>) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let success = request.services.notifications.delete_sms_settings(&actor).await?;
        Ok(Success { success })
    }

    /// Says how many segments of text messages a channel may send in a month; absent, there is no bound. For the platform's
    /// operator.
    async fn set_channel_sms_quota(
        &self,
        context: &Context<'_>,
        channel_id: Id,
        segments_max: Option<i64>,
    ) -> ApiResult<SmsUsage> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let notifications = &request.services.notifications;
        Ok(notifications.set_channel_sms_quota(&actor, channel_id.into(), segments_max).await?.into())
    }
}
