//! Channels and the parties behind them.

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::channels;
use soko_kernel::{SellerId, ZoneId};

use super::enums::{CurrencyCode, LanguageCode};
use super::region::Zone;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};

/// A shop.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Channel", complex)]
pub struct Channel {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Its unique name.
    pub code: String,
    /// What requests name it by.
    pub token: String,
    /// The language of texts without a translation.
    pub default_language_code: LanguageCode,
    /// Languages that texts may have.
    pub available_language_codes: Option<Vec<LanguageCode>>,
    /// The currency of its prices.
    #[graphql(deprecation = "Use defaultCurrencyCode instead")]
    pub currency_code: CurrencyCode,
    /// The currency of its prices.
    pub default_currency_code: CurrencyCode,
    /// Currencies that it sells in.
    pub available_currency_codes: Vec<CurrencyCode>,
    /// Whether variants that do not say otherwise track their stock.
    pub track_inventory: Option<bool>,
    /// Units that variants which do not say otherwise keep back.
    pub out_of_stock_threshold: Option<i64>,
    /// Units at which those who run the shop are told that stock is low.
    pub low_stock_threshold: i64,
    /// Whether list prices are with tax.
    pub prices_include_tax: bool,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    seller_id: Option<SellerId>,
    #[graphql(skip)]
    tax_zone_id: Option<ZoneId>,
    #[graphql(skip)]
    shipping_zone_id: Option<ZoneId>,
}

impl From<&channels::Channel> for Channel {
    fn from(channel: &channels::Channel) -> Self {
        let currency = || CurrencyCode(channel.currency);
        Self {
            id: channel.id.into(),
            created_at: channel.created_at.into(),
            updated_at: channel.updated_at.into(),
            code: channel.code.clone(),
            token: channel.token.clone(),
            default_language_code: LanguageCode(channel.default_language),
            available_language_codes: Some(
                channel.available_languages.iter().copied().map(LanguageCode).collect(),
            ),
            currency_code: currency(),
            default_currency_code: currency(),
            available_currency_codes: vec![currency()],
            track_inventory: Some(channel.track_inventory),
            out_of_stock_threshold: Some(channel.out_of_stock_threshold),
            low_stock_threshold: channel.low_stock_threshold,
            prices_include_tax: channel.prices_include_tax,
            custom_fields: NO_CUSTOM_FIELDS,
            seller_id: channel.seller_id,
            tax_zone_id: channel.default_tax_zone_id,
            shipping_zone_id: channel.default_shipping_zone_id,
        }
    }
}

impl Channel {
    /// The channels that a thing of the actor's channel is in: that one.
    pub(crate) async fn own(context: &Context<'_>) -> ApiResult<Vec<Self>> {
        let request = context.request();
        let own = request.own_channel(request.actor().channel.id).await?;
        Ok(own.as_deref().map(Self::from).into_iter().collect())
    }
}

#[ComplexObject]
impl Channel {
    /// The zone whose taxes are shown before an address is known.
    async fn default_tax_zone(&self, context: &Context<'_>) -> Nullable<Zone> {
        Zone::load(context, self.tax_zone_id?).await.transpose()
    }

    /// The zone whose shipping is assumed before an address is known.
    async fn default_shipping_zone(&self, context: &Context<'_>) -> Nullable<Zone> {
        Zone::load(context, self.shipping_zone_id?).await.transpose()
    }

    /// The legal party behind it.
    async fn seller(&self, context: &Context<'_>) -> Nullable<Seller> {
        let request = context.request();
        let seller = request.services.channels.find_seller(&request.actor(), self.seller_id?).await;
        seller.map(|seller| seller.as_ref().map(Seller::from)).map_err(ApiError::from).transpose()
    }
}

/// The legal party behind channels.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Seller")]
pub struct Seller {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Its name.
    pub name: String,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<&channels::Seller> for Seller {
    fn from(seller: &channels::Seller) -> Self {
        Self {
            id: seller.id.into(),
            created_at: seller.created_at.into(),
            updated_at: seller.updated_at.into(),
            name: seller.name.clone(),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}
