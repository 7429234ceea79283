//! Text messages: a shop's account with whoever sends them on, and how many it may send.
//!
//! The platform's operator says how many segments a shop may send in a month. They are reserved before a message is sent and
//! given back where it certainly was not: however many are sent at once, never more than that.

mod segments;

use jiff::tz::TimeZone;
use soko_extension::effect::SecretBytes;
use soko_extension::sms::{SmsAccount, SmsGateway, SmsProvider};
use soko_infra::Tx;
use soko_kernel::phone::{CALLING_CODE_DEFAULT, is_calling_code};
use soko_kernel::{Actor, ChannelId, ChannelScope, Permission, Timestamp};

pub(super) use segments::segments;

use super::error::NotificationError;
use super::{Notifications, repo};
use crate::channels::Channels;
use crate::plugins::Place;

/// Characters of a user's name, a sender id or a key.
const NAME_LENGTH_MAX: usize = 200;
/// Segments of one message.
pub(super) const SEGMENTS_MAX: i64 = 10;
/// Most segments that a month's quota may be.
const QUOTA_MAX: i64 = 1_000_000_000;

/// How a shop sends text messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsSettings {
    /// By whom.
    pub provider: SmsProvider,
    /// The user's name with Africa's Talking, the partner id with TextSMS.
    pub username: String,
    /// Whom messages are from.
    pub sender_id: Option<String>,
    /// The calling code of the country that numbers such as `0712 345678` are in.
    pub calling_code: String,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// An account to use from now on.
#[derive(Clone)]
pub struct NewSmsSettings {
    /// By whom.
    pub provider: SmsProvider,
    /// The user's name with Africa's Talking, the partner id with TextSMS.
    pub username: String,
    /// Whom messages are from; TextSMS wants one.
    pub sender_id: Option<String>,
    /// The calling code of the shop's country; Kenya's where it is absent.
    pub calling_code: Option<String>,
    /// What the provider knows the shop by. Absent: as it was, if it was the same provider.
    pub api_key: Option<String>,
}

impl std::fmt::Debug for NewSmsSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSmsSettings").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// What a shop has sent in a month, by the calendar of its time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmsUsage {
    /// When the month began.
    pub period_start: Timestamp,
    /// Segments that were sent, are being sent, or may have been.
    pub segments_used: i64,
    /// Segments that the shop may send in a month; no bound where there is none.
    pub segments_max: Option<i64>,
}

/// An account as it is stored.
#[derive(Debug, Clone)]
pub(super) struct StoredAccount {
    pub(super) settings: SmsSettings,
    pub(super) sealed_key: Vec<u8>,
}

/// The calling code of the country that local numbers are in.
pub(super) fn calling_code_or_default(settings: Option<&SmsSettings>) -> String {
    settings.map_or_else(|| CALLING_CODE_DEFAULT.to_owned(), |settings| settings.calling_code.clone())
}

impl NewSmsSettings {
    fn check(self, now: Timestamp) -> Result<(SmsSettings, Option<String>), NotificationError> {
        let refused = |why: &str| Err(NotificationError::SmsSettings(why.to_owned()));
        let fits = |text: &str| !text.trim().is_empty() && text.len() <= NAME_LENGTH_MAX;
        if !fits(&self.username) {
            return refused("a user's name or partner id has 1 to 200 bytes");
        }
        if self.sender_id.as_deref().is_some_and(|sender| !fits(sender)) {
            return refused("a sender id has 1 to 200 bytes");
        }
        if self.provider == SmsProvider::TextSms && self.sender_id.is_none() {
            return refused("TextSMS wants a sender id");
        }
        if self.api_key.as_deref().is_some_and(|key| !fits(key) || key.chars().any(char::is_control)) {
            return refused("an API key has 1 to 200 bytes, in one line");
        }
        let calling_code = self.calling_code.unwrap_or_else(|| CALLING_CODE_DEFAULT.to_owned());
        if !is_calling_code(&calling_code) {
            return refused("a calling code has one to three digits, such as 254");
        }
        let Self { provider, username, sender_id, api_key, .. } = self;
        Ok((SmsSettings { provider, username, sender_id, calling_code, updated_at: now }, api_key))
    }
}

impl Notifications {
    /// How the shop sends text messages, if it does. Its key is never shown.
    ///
    /// # Errors
    /// [`NotificationError::Forbidden`].
    pub async fn sms_settings(&self, actor: &Actor) -> Result<Option<SmsSettings>, NotificationError> {
        let scope = actor.require(Permission::ReadSettings)?;
        let stored = self.database.read(scope, async |reader| repo::sms_account(reader, scope).await).await?;
        Ok(stored.map(|stored| stored.settings))
    }

    /// Has text messages sent by an account of the shop's.
    ///
    /// # Errors
    /// [`NotificationError::SmsSettings`]; [`NotificationError::SecretsOff`] where the platform has no key to seal the
    /// account's with.
    pub async fn set_sms_settings(
        &self,
        actor: &Actor,
        new: NewSmsSettings,
    ) -> Result<SmsSettings, NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let (settings, api_key) = new.check(self.clock.now())?;
        let sealed = match api_key {
            Some(key) => Some(self.vault()?.close(&Place::of_sms(scope), key.as_bytes())?),
            None => None,
        };
        self.database
            .write(scope, async move |tx: &mut Tx| {
                let same = repo::sms_account(tx, scope)
                    .await?
                    .filter(|stored| stored.settings.provider == settings.provider)
                    .map(|stored| stored.sealed_key);
                let Some(sealed_key) = sealed.clone().or(same) else {
                    let why = "the account's API key is missing".to_owned();
                    return Err(NotificationError::SmsSettings(why));
                };
                let stored = StoredAccount { settings: settings.clone(), sealed_key };
                repo::put_sms_account(tx, scope, &stored).await?;
                Ok(stored.settings)
            })
            .await
    }

    /// Has no text messages sent any more. Says whether some were.
    ///
    /// # Errors
    /// [`NotificationError::Forbidden`].
    pub async fn delete_sms_settings(&self, actor: &Actor) -> Result<bool, NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let write = async move |tx: &mut Tx| repo::delete_sms_account(tx, scope).await;
        Ok(self.database.write(scope, write).await?)
    }

    /// What the shop has sent this month, and may.
    ///
    /// # Errors
    /// [`NotificationError::Forbidden`].
    pub async fn sms_usage(&self, actor: &Actor) -> Result<SmsUsage, NotificationError> {
        let scope = actor.require(Permission::ReadSettings)?;
        let period_start = month_of(self.clock.now(), &actor.channel.time_zone);
        let read = async |reader: &mut soko_infra::Reader| repo::sms_usage(reader, scope, period_start).await;
        let (segments_used, segments_max) = self.database.read(scope, read).await?;
        Ok(SmsUsage { period_start, segments_used, segments_max })
    }

    /// Says how many segments a channel may send in a month: for the platform's operator. None is no bound.
    ///
    /// # Errors
    /// [`NotificationError::SmsQuota`], an unknown channel, [`NotificationError::Forbidden`].
    pub async fn set_channel_sms_quota(
        &self,
        actor: &Actor,
        channel: ChannelId,
        segments_max: Option<i64>,
    ) -> Result<SmsUsage, NotificationError> {
        actor.require(Permission::SuperAdmin)?;
        if segments_max.is_some_and(|most| !(0..=QUOTA_MAX).contains(&most)) {
            return Err(NotificationError::SmsQuota);
        }
        let hand = self
            .database
            .read(soko_infra::DataScope::Platform, async |reader| {
                Channels::hands_in(reader, &[channel]).await
            })
            .await?;
        let Some(hand) = hand.into_iter().next() else {
            return Err(NotificationError::ChannelNotFound(channel));
        };
        let (scope, now, user) = (hand.public_scope(), self.clock.now(), actor.user);
        let period_start = month_of(now, &hand.channel.time_zone);
        let detail = segments_max.map_or_else(|| "none".to_owned(), |most| most.to_string());
        self.database
            .write(scope, async move |tx: &mut Tx| {
                repo::put_sms_quota(tx, scope, segments_max, now).await?;
                Channels::note_in_tx(tx, channel, user, ("setChannelSmsQuota", &detail), now).await?;
                let (segments_used, segments_max) = repo::sms_usage(tx, scope, period_start).await?;
                Ok(SmsUsage { period_start, segments_used, segments_max })
            })
            .await
    }

    /// The shop's account as a provider is to be told of it.
    pub(super) fn opened(
        &self,
        scope: ChannelScope,
        stored: &StoredAccount,
    ) -> Result<SmsAccount, NotificationError> {
        let api_key = SecretBytes(self.vault()?.open(&Place::of_sms(scope), &stored.sealed_key)?);
        let SmsSettings { provider, username, sender_id, .. } = stored.settings.clone();
        Ok(SmsAccount { provider, username, sender_id, api_key })
    }

    /// Takes so many segments of this month's, and says in which month; none where there are not so many left.
    pub(super) async fn reserve_segments(
        &self,
        hand: &Actor,
        segments: i64,
    ) -> Result<Option<Timestamp>, NotificationError> {
        let scope = hand.public_scope();
        let month = month_of(self.clock.now(), &hand.channel.time_zone);
        let reserve = async move |tx: &mut Tx| repo::reserve_segments(tx, scope, month, segments).await;
        Ok(self.database.write_concurrently(scope, reserve).await?.then_some(month))
    }

    /// Gives back what was reserved for a message that was not sent.
    pub(super) async fn release_segments(
        &self,
        hand: &Actor,
        month: Timestamp,
        segments: i64,
    ) -> Result<(), NotificationError> {
        let scope = hand.public_scope();
        let release = async move |tx: &mut Tx| repo::release_segments(tx, scope, month, segments).await;
        Ok(self.database.write_concurrently(scope, release).await?)
    }

    pub(super) fn gateway(&self) -> Option<&dyn SmsGateway> {
        self.sms.as_deref()
    }
}

/// When the month began that this moment is in, by the clock of a time zone.
fn month_of(now: Timestamp, zone: &str) -> Timestamp {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let moment = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default();
    let first = moment.to_zoned(zone.clone()).date().first_of_month();
    first.to_zoned(zone).map_or(Timestamp(0), |start| Timestamp(start.timestamp().as_millisecond()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test")]
mod tests {
    use super::*;

    #[test]
    fn months_begin_by_the_clock_of_the_shop() {
        let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let month = |now: &str| month_of(at(now), "Africa/Nairobi");
        assert_eq!(month("2026-02-28T20:59:59Z"), at("2026-01-31T21:00:00Z"));
        assert_eq!(month("2026-02-28T21:00:00Z"), at("2026-02-28T21:00:00Z"));
    }
}
