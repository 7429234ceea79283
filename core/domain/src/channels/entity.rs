//! A channel's facts and the rules they keep.

use soko_infra::DatabaseError;
use soko_kernel::{ActorChannel, ChannelId, Currency, Language, SellerId, Timestamp, ZoneId};

use super::error::ChannelError;

const CODE_LENGTH_MAX: usize = 64;
const TOKEN_LENGTH_MAX: usize = 128;

/// Whether a channel may serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelStatus {
    /// Registered, not yet let in.
    Unapproved,
    /// Serving.
    Approved,
    /// Closed for the time being.
    Disabled,
    /// Closed for good.
    Banned,
}

impl ChannelStatus {
    /// The name that the database and clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unapproved => "UNAPPROVED",
            Self::Approved => "APPROVED",
            Self::Disabled => "DISABLED",
            Self::Banned => "BANNED",
        }
    }

    /// The status with this name.
    ///
    /// # Errors
    /// A name that the database cannot hold.
    pub fn parse(name: &str) -> Result<Self, DatabaseError> {
        [Self::Unapproved, Self::Approved, Self::Disabled, Self::Banned]
            .into_iter()
            .find(|status| status.as_str() == name)
            .ok_or_else(|| DatabaseError::corrupt("channel status", name))
    }
}

/// A shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Its unique name.
    pub code: String,
    /// What requests name it by.
    pub token: String,
    /// Whether it serves requests that name no channel.
    pub is_default: bool,
    /// Whether it may serve.
    pub status: ChannelStatus,
    /// The legal party behind it.
    pub seller_id: Option<SellerId>,
    /// The language of texts without a translation.
    pub default_language: Language,
    /// Languages that texts may have.
    pub available_languages: Vec<Language>,
    /// The currency of the price list.
    pub currency: Currency,
    /// Whether list prices are with tax.
    pub prices_include_tax: bool,
    /// Whether variants that do not say otherwise track their stock.
    pub track_inventory: bool,
    /// Units that variants which do not say otherwise keep back; negative allows back-orders.
    pub out_of_stock_threshold: i64,
    /// At so many units that can be sold, or fewer, those who run the shop are told.
    pub low_stock_threshold: i64,
    /// The zone whose taxes are shown before an address is known.
    pub default_tax_zone_id: Option<ZoneId>,
    /// The zone whose shipping is assumed before an address is known.
    pub default_shipping_zone_id: Option<ZoneId>,
    /// IANA name of the shop's time zone.
    pub time_zone: String,
    /// Counts changes of the configuration.
    pub revision: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The legal party behind channels.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Seller {
    /// Its id.
    pub id: SellerId,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The zones that a channel assumes before an address is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, sqlx::FromRow)]
pub struct DefaultZones {
    /// Whose taxes are shown.
    #[sqlx(rename = "default_tax_zone_id")]
    pub tax: Option<ZoneId>,
    /// Whose shipping is assumed.
    #[sqlx(rename = "default_shipping_zone_id")]
    pub shipping: Option<ZoneId>,
}

/// What a new channel needs.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// Its unique name: lower-case letters, digits, dashes and underscores.
    pub code: String,
    /// What requests name it by.
    pub token: String,
    /// Whether it serves requests that name no channel; only one can.
    pub is_default: bool,
    /// Name of the seller that is created with it.
    pub seller_name: String,
    /// The language of texts without a translation.
    pub default_language: Language,
    /// Languages that texts may have; the default language is added.
    pub available_languages: Vec<Language>,
    /// The currency of the price list.
    pub currency: Currency,
    /// Whether list prices are with tax.
    pub prices_include_tax: bool,
    /// Whether variants that do not say otherwise track their stock.
    pub track_inventory: bool,
    /// Units that variants which do not say otherwise keep back.
    pub out_of_stock_threshold: i64,
    /// IANA name of the shop's time zone.
    pub time_zone: String,
}

impl NewChannel {
    pub(super) fn check(&self) -> Result<(), ChannelError> {
        check_code(&self.code)?;
        check_token(&self.token)?;
        check_time_zone(&self.time_zone)
    }
}

/// What may change; absent fields stay.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of Channel")]
pub struct ChannelChanges {
    pub code: Option<String>,
    pub token: Option<String>,
    pub status: Option<ChannelStatus>,
    pub seller_id: Option<SellerId>,
    pub default_language: Option<Language>,
    pub available_languages: Option<Vec<Language>>,
    pub currency: Option<Currency>,
    pub prices_include_tax: Option<bool>,
    pub track_inventory: Option<bool>,
    pub out_of_stock_threshold: Option<i64>,
    pub low_stock_threshold: Option<i64>,
    pub default_tax_zone_id: Option<ZoneId>,
    pub default_shipping_zone_id: Option<ZoneId>,
    pub time_zone: Option<String>,
}

impl ChannelChanges {
    /// Changes that would let a shop approve itself or take another's name.
    pub(super) fn needs_operator(&self) -> bool {
        self.status.is_some() || self.token.is_some() || self.code.is_some() || self.seller_id.is_some()
    }
}

impl Channel {
    /// The facts that requests carry, if the channel may serve.
    pub(super) fn serving(self) -> Result<ActorChannel, ChannelError> {
        if self.status != ChannelStatus::Approved {
            return Err(ChannelError::NotServing(self.status));
        }
        Ok(self.for_actor())
    }

    /// The facts that requests carry, whatever the channel's status.
    pub fn for_actor(&self) -> ActorChannel {
        ActorChannel {
            id: self.id,
            code: self.code.clone(),
            revision: self.revision,
            default_language: self.default_language,
            currency: self.currency,
            prices_include_tax: self.prices_include_tax,
            time_zone: self.time_zone.clone(),
        }
    }

    pub(super) fn apply(&mut self, changes: &ChannelChanges) -> Result<(), ChannelError> {
        if let Some(code) = &changes.code {
            check_code(code)?;
            self.code.clone_from(code);
        }
        if let Some(token) = &changes.token {
            check_token(token)?;
            self.token.clone_from(token);
        }
        if let Some(time_zone) = &changes.time_zone {
            check_time_zone(time_zone)?;
            self.time_zone.clone_from(time_zone);
        }
        self.status = changes.status.unwrap_or(self.status);
        self.seller_id = changes.seller_id.or(self.seller_id);
        self.default_language = changes.default_language.unwrap_or(self.default_language);
        if let Some(languages) = &changes.available_languages {
            self.available_languages.clone_from(languages);
        }
        if !self.available_languages.contains(&self.default_language) {
            self.available_languages.insert(0, self.default_language);
        }
        self.currency = changes.currency.unwrap_or(self.currency);
        self.prices_include_tax = changes.prices_include_tax.unwrap_or(self.prices_include_tax);
        self.track_inventory = changes.track_inventory.unwrap_or(self.track_inventory);
        self.out_of_stock_threshold = changes.out_of_stock_threshold.unwrap_or(self.out_of_stock_threshold);
        self.low_stock_threshold = changes.low_stock_threshold.unwrap_or(self.low_stock_threshold);
        self.default_tax_zone_id = changes.default_tax_zone_id.or(self.default_tax_zone_id);
        self.default_shipping_zone_id = changes.default_shipping_zone_id.or(self.default_shipping_zone_id);
        Ok(())
    }
}

fn check_code(code: &str) -> Result<(), ChannelError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if code.is_empty() || code.len() > CODE_LENGTH_MAX || !code.chars().all(allowed) {
        return Err(ChannelError::InvalidCode);
    }
    Ok(())
}

fn check_token(token: &str) -> Result<(), ChannelError> {
    if token.is_empty()
        || token.len() > TOKEN_LENGTH_MAX
        || !token.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(ChannelError::InvalidToken);
    }
    Ok(())
}

fn check_time_zone(name: &str) -> Result<(), ChannelError> {
    jiff::tz::TimeZone::get(name).map(|_| ()).map_err(|_| ChannelError::UnknownTimeZone(name.to_owned()))
}
