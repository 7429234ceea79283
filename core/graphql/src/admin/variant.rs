//! Variants: what is bought.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::catalogue::{self, TrackInventory, VariantsOf};
use soko_domain::pricing::TaxedAmount;
use soko_kernel::{AssetId, TaxCategoryId};

use super::facet::FacetValue;
use super::lists::ProductVariants;
use super::option::ProductOption;
use super::product::Product;
use super::stock::StockLevel;
use super::tax::TaxRate;
use crate::context::OfRequest as _;
use crate::error::{ApiResult, Nullable};
use crate::scalars::{DateTime, Id, Json, Money, NO_CUSTOM_FIELDS};
use crate::shared::asset::Asset;
use crate::shared::channel::Channel;
use crate::shared::enums::{CurrencyCode, LanguageCode};
use crate::shared::list_options::ListOptions;
use crate::shared::loads::each;
use crate::shared::tax::TaxCategory;
use crate::shared::values::ProductVariantTranslation;

/// A switch that may leave the decision to the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(name = "GlobalFlag")]
pub enum GlobalFlag {
    /// On.
    #[graphql(name = "TRUE")]
    True,
    /// Off.
    #[graphql(name = "FALSE")]
    False,
    /// As the channel says.
    #[graphql(name = "INHERIT")]
    Inherit,
}

impl From<GlobalFlag> for TrackInventory {
    fn from(flag: GlobalFlag) -> Self {
        match flag {
            GlobalFlag::True => Self::True,
            GlobalFlag::False => Self::False,
            GlobalFlag::Inherit => Self::Inherit,
        }
    }
}

impl From<TrackInventory> for GlobalFlag {
    fn from(setting: TrackInventory) -> Self {
        match setting {
            TrackInventory::True => Self::True,
            TrackInventory::False => Self::False,
            TrackInventory::Inherit => Self::Inherit,
        }
    }
}

/// A price in a currency, as it stands in the list.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ProductVariantPrice")]
pub struct ProductVariantPrice {
    /// The currency.
    pub currency_code: CurrencyCode,
    /// With tax where the channel's prices include it.
    pub price: Money,
    /// None.
    pub custom_fields: Option<Json>,
}

/// What is sold and stocked.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ProductVariant", complex)]
pub struct ProductVariant {
    /// Its id.
    pub id: Id,
    /// What it is a variant of.
    pub product_id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The language of the texts.
    pub language_code: LanguageCode,
    /// The shop's own number for it.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// Whether it can be sold.
    pub enabled: bool,
    /// Whether its stock is counted.
    pub track_inventory: GlobalFlag,
    /// Units that are kept back; negative allows back-orders.
    pub out_of_stock_threshold: i64,
    /// Whether the channel's threshold stands for its own.
    pub use_global_out_of_stock_threshold: bool,
    /// The currency of its prices.
    pub currency_code: CurrencyCode,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    of: Arc<catalogue::Product>,
    #[graphql(skip)]
    featured_asset_id: Option<AssetId>,
    #[graphql(skip)]
    tax_category_id: TaxCategoryId,
    #[graphql(skip)]
    list_price: soko_kernel::Money,
}

impl From<&catalogue::Variant> for ProductVariant {
    fn from(variant: &catalogue::Variant) -> Self {
        Self {
            id: variant.id.into(),
            product_id: variant.product.id.into(),
            created_at: variant.created_at.into(),
            updated_at: variant.updated_at.into(),
            language_code: LanguageCode(variant.language),
            sku: variant.sku.clone(),
            name: variant.name.clone(),
            enabled: variant.enabled,
            track_inventory: variant.track_inventory.into(),
            out_of_stock_threshold: variant.out_of_stock_threshold,
            use_global_out_of_stock_threshold: variant.use_global_out_of_stock_threshold,
            currency_code: CurrencyCode(variant.list_price.currency()),
            custom_fields: NO_CUSTOM_FIELDS,
            of: Arc::clone(&variant.product),
            featured_asset_id: variant.featured_asset_id,
            tax_category_id: variant.tax_category_id,
            list_price: variant.list_price,
        }
    }
}

impl ProductVariant {
    /// The list price without and with the tax of the channel's default zone.
    async fn taxed(&self, context: &Context<'_>) -> ApiResult<TaxedAmount> {
        context.request().list_price(self.tax_category_id, self.list_price).await
    }
}

#[ComplexObject]
impl ProductVariant {
    /// The channel that it belongs to.
    async fn channels(&self, context: &Context<'_>) -> ApiResult<Vec<Channel>> {
        Channel::own(context).await
    }

    /// Its price in the currency that the channel sells in.
    async fn prices(&self) -> Vec<ProductVariantPrice> {
        vec![ProductVariantPrice {
            currency_code: self.currency_code.clone(),
            price: self.list_price.into(),
            custom_fields: NO_CUSTOM_FIELDS,
        }]
    }

    /// Its stock by place.
    async fn stock_levels(&self, context: &Context<'_>) -> ApiResult<Vec<StockLevel>> {
        Ok(each(&context.request().levels_of_variant(self.id.into()).await?))
    }

    /// Units on all shelves.
    #[graphql(deprecation = "use stockLevels")]
    async fn stock_on_hand(&self, context: &Context<'_>) -> ApiResult<i64> {
        let levels = context.request().levels_of_variant(self.id.into()).await?;
        Ok(levels.iter().flat_map(|levels| levels.iter()).map(|level| level.on_hand).sum())
    }

    /// Units that are sold and not yet handed over.
    #[graphql(deprecation = "use stockLevels")]
    async fn stock_allocated(&self, context: &Context<'_>) -> ApiResult<i64> {
        let levels = context.request().levels_of_variant(self.id.into()).await?;
        Ok(levels.iter().flat_map(|levels| levels.iter()).map(|level| level.allocated).sum())
    }

    /// What it is a variant of.
    async fn product(&self) -> Product {
        Product::from(&*self.of)
    }

    /// The picture that stands for it; absent where its product's stands for it as well.
    async fn featured_asset(&self, context: &Context<'_>) -> Nullable<Asset> {
        Asset::load(context, self.featured_asset_id).await.transpose()
    }

    /// Its pictures in order.
    async fn assets(&self, context: &Context<'_>) -> ApiResult<Vec<Asset>> {
        Ok(each(&context.request().assets_of_variant(self.id.into()).await?))
    }

    /// The list price without tax.
    async fn price(&self, context: &Context<'_>) -> ApiResult<Money> {
        Ok(Money(self.taxed(context).await?.net))
    }

    /// The list price with the tax of the channel's default zone.
    async fn price_with_tax(&self, context: &Context<'_>) -> ApiResult<Money> {
        Ok(Money(self.taxed(context).await?.gross))
    }

    /// `IN_STOCK`, `LOW_STOCK` or `OUT_OF_STOCK`.
    async fn stock_level(&self, context: &Context<'_>) -> ApiResult<&'static str> {
        let saleable = context.request().saleable_of_variant(self.id.into()).await?;
        Ok(saleable.map_or("OUT_OF_STOCK", |saleable| saleable.display()))
    }

    /// The rate of the channel's default zone.
    async fn tax_rate_applied(&self, context: &Context<'_>) -> ApiResult<TaxRate> {
        TaxRate::applied(context, self.tax_category_id).await
    }

    /// Which rates it is taxed by.
    async fn tax_category(&self, context: &Context<'_>) -> ApiResult<TaxCategory> {
        TaxCategory::load(context, self.tax_category_id).await
    }

    /// One option of each of its product's groups.
    async fn options(&self, context: &Context<'_>) -> ApiResult<Vec<ProductOption>> {
        Ok(each(&context.request().options_of_variant(self.id.into()).await?))
    }

    /// What it is classified as.
    async fn facet_values(&self, context: &Context<'_>) -> ApiResult<Vec<FacetValue>> {
        Ok(each(&context.request().facet_values_of_variant(self.id.into()).await?))
    }

    /// Its name in every language.
    async fn translations(&self, context: &Context<'_>) -> ApiResult<Vec<ProductVariantTranslation>> {
        Ok(each(&context.request().translations_of_variant(self.id.into()).await?))
    }
}

/// A page of variants.
#[derive(SimpleObject)]
#[graphql(name = "ProductVariantList")]
pub struct ProductVariantList {
    /// This page.
    pub items: Vec<ProductVariant>,
    /// Variants in the whole list.
    pub total_items: i64,
}

impl ProductVariantList {
    /// A page of the variants of something.
    pub(super) async fn load(
        context: &Context<'_>,
        of: VariantsOf,
        options: Option<ListOptions<ProductVariants>>,
    ) -> ApiResult<Self> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.catalogue().list_variants(&request.actor(), of, &query).await?;
        Ok(Self { items: page.items.iter().map(ProductVariant::from).collect(), total_items: page.total })
    }
}
