//! Channels, for those who run them.

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use soko_domain::channels::{self, ChannelChanges, NewChannel};
use soko_kernel::ErrorKind;

use super::lists::Channels;
use super::refusals::LanguageNotAvailableError;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::Id;
use crate::shared::channel::Channel;
use crate::shared::enums::{CurrencyCode, LanguageCode};
use crate::shared::list_options::ListOptions;

/// The time zone of a channel that names none.
const TIME_ZONE_DEFAULT: &str = "UTC";

/// A page of channels.
#[derive(SimpleObject)]
#[graphql(name = "ChannelList")]
pub struct ChannelList {
    /// This page.
    pub items: Vec<Channel>,
    /// Channels in the whole list.
    pub total_items: i64,
}

/// Whether a channel may serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(name = "ChannelStatus")]
pub enum ChannelStatus {
    /// Registered, not yet let in.
    #[graphql(name = "UNAPPROVED")]
    Unapproved,
    /// Serving.
    #[graphql(name = "APPROVED")]
    Approved,
    /// Closed for the time being.
    #[graphql(name = "DISABLED")]
    Disabled,
    /// Closed for good.
    #[graphql(name = "BANNED")]
    Banned,
}

impl From<ChannelStatus> for channels::ChannelStatus {
    fn from(status: ChannelStatus) -> Self {
        match status {
            ChannelStatus::Unapproved => Self::Unapproved,
            ChannelStatus::Approved => Self::Approved,
            ChannelStatus::Disabled => Self::Disabled,
            ChannelStatus::Banned => Self::Banned,
        }
    }
}

/// A channel to be created. Its zones are its own, and so are named once they exist.
#[derive(InputObject)]
#[graphql(name = "CreateChannelInput")]
pub struct CreateChannelInput {
    /// Its unique name.
    pub code: String,
    /// What requests name it by.
    pub token: String,
    /// The language of texts without a translation.
    pub default_language_code: LanguageCode,
    /// Languages that texts may have.
    pub available_language_codes: Option<Vec<LanguageCode>>,
    /// Whether list prices are with tax.
    pub prices_include_tax: bool,
    /// The currency of its prices.
    #[graphql(deprecation = "Use defaultCurrencyCode instead")]
    pub currency_code: Option<CurrencyCode>,
    /// The currency of its prices.
    pub default_currency_code: Option<CurrencyCode>,
    /// Whether variants that do not say otherwise track their stock; they do when absent.
    pub track_inventory: Option<bool>,
    /// Units that variants which do not say otherwise keep back; none when absent.
    pub out_of_stock_threshold: Option<i32>,
    /// Name of the legal party that is created with it; the channel's code when absent.
    pub seller_name: Option<String>,
    /// IANA name of its time zone; UTC when absent.
    pub time_zone: Option<String>,
}

impl CreateChannelInput {
    fn read(self) -> ApiResult<NewChannel> {
        let missing = || ApiError::new(ErrorKind::InvalidInput, "a channel needs a defaultCurrencyCode");
        let currency = self.default_currency_code.or(self.currency_code).ok_or_else(missing)?;
        let languages = self.available_language_codes.unwrap_or_default();
        Ok(NewChannel {
            seller_name: self.seller_name.unwrap_or_else(|| self.code.clone()),
            code: self.code,
            token: self.token,
            is_default: false,
            default_language: self.default_language_code.0,
            available_languages: languages.into_iter().map(|language| language.0).collect(),
            currency: currency.0,
            prices_include_tax: self.prices_include_tax,
            track_inventory: self.track_inventory.unwrap_or(true),
            out_of_stock_threshold: self.out_of_stock_threshold.map_or(0, i64::from),
            time_zone: self.time_zone.unwrap_or_else(|| TIME_ZONE_DEFAULT.to_owned()),
        })
    }
}

/// What changes of a channel; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateChannelInput")]
pub struct UpdateChannelInput {
    /// The channel.
    pub id: Id,
    /// Its unique name.
    pub code: Option<String>,
    /// What requests name it by.
    pub token: Option<String>,
    /// The language of texts without a translation.
    pub default_language_code: Option<LanguageCode>,
    /// Languages that texts may have.
    pub available_language_codes: Option<Vec<LanguageCode>>,
    /// Whether list prices are with tax.
    pub prices_include_tax: Option<bool>,
    /// The currency of its prices.
    #[graphql(deprecation = "Use defaultCurrencyCode instead")]
    pub currency_code: Option<CurrencyCode>,
    /// The currency of its prices.
    pub default_currency_code: Option<CurrencyCode>,
    /// Whether variants that do not say otherwise track their stock.
    pub track_inventory: Option<bool>,
    /// Units that variants which do not say otherwise keep back.
    pub out_of_stock_threshold: Option<i32>,
    /// Units at which those who run the shop are told that stock is low.
    pub low_stock_threshold: Option<i32>,
    /// The zone whose taxes are shown before an address is known.
    pub default_tax_zone_id: Option<Id>,
    /// The zone whose shipping is assumed before an address is known.
    pub default_shipping_zone_id: Option<Id>,
    /// The legal party behind it.
    pub seller_id: Option<Id>,
    /// Whether it may serve.
    pub status: Option<ChannelStatus>,
    /// IANA name of its time zone.
    pub time_zone: Option<String>,
}

impl From<UpdateChannelInput> for ChannelChanges {
    fn from(input: UpdateChannelInput) -> Self {
        let languages = |codes: Vec<LanguageCode>| codes.into_iter().map(|code| code.0).collect();
        Self {
            code: input.code,
            token: input.token,
            status: input.status.map(Into::into),
            seller_id: input.seller_id.map(Into::into),
            default_language: input.default_language_code.map(|code| code.0),
            available_languages: input.available_language_codes.map(languages),
            currency: input.default_currency_code.or(input.currency_code).map(|code| code.0),
            prices_include_tax: input.prices_include_tax,
            track_inventory: input.track_inventory,
            out_of_stock_threshold: input.out_of_stock_threshold.map(i64::from),
            low_stock_threshold: input.low_stock_threshold.map(i64::from),
            default_tax_zone_id: input.default_tax_zone_id.map(Into::into),
            default_shipping_zone_id: input.default_shipping_zone_id.map(Into::into),
            time_zone: input.time_zone,
        }
    }
}

/// The new channel.
#[derive(Union)]
#[graphql(name = "CreateChannelResult")]
pub enum CreateChannelResult {
    /// The new channel.
    Channel(Box<Channel>),
    /// The platform does not have the language; nothing answers with it yet.
    LanguageNotAvailableError(LanguageNotAvailableError),
}

/// The changed channel.
#[derive(Union)]
#[graphql(name = "UpdateChannelResult")]
pub enum UpdateChannelResult {
    /// The changed channel.
    Channel(Box<Channel>),
    /// The platform does not have the language; nothing answers with it yet.
    LanguageNotAvailableError(LanguageNotAvailableError),
}

/// Queries of channels.
#[derive(Default)]
pub struct ChannelQuery;

#[Object]
impl ChannelQuery {
    /// A page of all channels, for the platform's operators.
    async fn channels(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Channels>>,
    ) -> ApiResult<ChannelList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.channels.list_across_platform(&request.actor(), &query).await?;
        Ok(ChannelList { items: page.items.iter().map(Channel::from).collect(), total_items: page.total })
    }

    /// A channel.
    async fn channel(&self, context: &Context<'_>, id: Id) -> Nullable<Channel> {
        let request = context.request();
        let found = request.services.channels.find(&request.actor(), id.into()).await;
        found.map(|found| found.as_ref().map(Channel::from)).map_err(ApiError::from).transpose()
    }

    /// The channel that the request is for.
    async fn active_channel(&self, context: &Context<'_>) -> ApiResult<Channel> {
        let request = context.request();
        Ok(Channel::from(&request.services.channels.active(&request.actor()).await?))
    }
}

/// Changes of channels.
#[derive(Default)]
pub struct ChannelMutation;

#[Object]
impl ChannelMutation {
    /// Creates a channel with its seller, for the platform's operators.
    async fn create_channel(
        &self,
        context: &Context<'_>,
        input: CreateChannelInput,
    ) -> ApiResult<CreateChannelResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let created = request.services.channels.create_on_platform(&actor, input.read()?).await?;
        Ok(CreateChannelResult::Channel(Box::new(Channel::from(&created))))
    }

    /// Changes a channel. Code, token, seller and status are the operators' alone.
    async fn update_channel(
        &self,
        context: &Context<'_>,
        input: UpdateChannelInput,
    ) -> ApiResult<UpdateChannelResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let id = input.id.into();
        let changed = request.services.channels.update(&actor, id, input.into()).await?;
        request.configuration_changed();
        Ok(UpdateChannelResult::Channel(Box::new(Channel::from(&changed))))
    }
}
