//! Variants as administrators send them: with prices by currency and stock by place.

use async_graphql::{InputObject, MaybeUndefined};
use soko_domain::catalogue::{CurrencyPrice, NewVariant, PriceInput, TrackInventory, VariantChanges};
use soko_domain::merchandise::{Counts, GoodsChanges, NewGoods};
use soko_kernel::Currency;

use super::translation_input::texts;
use super::variant::GlobalFlag;
use crate::error::ApiResult;
use crate::scalars::{Id, Money, NoCustomFields, each_id};
use crate::shared::enums::CurrencyCode;
use crate::shared::values::ProductVariantTranslationInput;

/// Units that a place has.
#[derive(InputObject)]
#[graphql(name = "StockLevelInput")]
pub struct StockLevelInput {
    /// The place.
    pub stock_location_id: Id,
    /// Units on the shelf.
    pub stock_on_hand: i32,
}

/// A new variant's price in a currency.
#[derive(InputObject)]
#[graphql(name = "CreateProductVariantPriceInput")]
pub struct CreateProductVariantPriceInput {
    /// The currency: the one that the channel sells in.
    pub currency_code: CurrencyCode,
    /// With tax where the channel's prices include it.
    pub price: Money,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// A variant's price in a currency.
#[derive(InputObject)]
#[graphql(name = "UpdateProductVariantPriceInput")]
pub struct UpdateProductVariantPriceInput {
    /// The currency: the one that the channel sells in.
    pub currency_code: CurrencyCode,
    /// With tax where the channel's prices include it.
    pub price: Money,
    /// Whether the price is taken away, which the only one cannot be.
    pub delete: Option<bool>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// A variant to be created.
#[derive(InputObject)]
#[graphql(name = "CreateProductVariantInput")]
pub struct CreateProductVariantInput {
    /// What it is a variant of.
    pub product_id: Id,
    /// Whether the shop sells it; it does when absent.
    pub enabled: Option<bool>,
    /// Its name, in at least one language.
    pub translations: Vec<ProductVariantTranslationInput>,
    /// What it is classified as.
    pub facet_value_ids: Option<Vec<Id>>,
    /// The shop's own number for it; need not be unique.
    pub sku: String,
    /// Its list price in the channel's currency; 0 when neither it nor `prices` is given.
    pub price: Option<Money>,
    /// Its list price by currency, in place of `price`.
    pub prices: Option<Vec<Option<CreateProductVariantPriceInput>>>,
    /// Which rates it is taxed by; the channel's default when absent.
    pub tax_category_id: Option<Id>,
    /// One option of each of its product's groups.
    pub option_ids: Option<Vec<Id>>,
    /// The picture that stands for it; the first of `assetIds` when absent.
    pub featured_asset_id: Option<Id>,
    /// Its pictures in order.
    pub asset_ids: Option<Vec<Id>>,
    /// Units at the channel's default location; 0 when nothing is counted.
    pub stock_on_hand: Option<i32>,
    /// Units by location, in place of `stockOnHand`.
    pub stock_levels: Option<Vec<StockLevelInput>>,
    /// Units that are kept back; negative allows back-orders.
    pub out_of_stock_threshold: Option<i32>,
    /// Whether the channel's threshold stands for its own; it does when absent.
    pub use_global_out_of_stock_threshold: Option<bool>,
    /// Whether its stock is counted; as the channel says when absent.
    pub track_inventory: Option<GlobalFlag>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl CreateProductVariantInput {
    /// The variant with its stock, at a price in the currency that the channel sells in.
    pub(super) fn read(self, currency: Currency) -> ApiResult<NewGoods> {
        let by_currency = self.prices.into_iter().flatten().flatten().map(Into::into).collect();
        let price = PriceInput { minor: self.price.map(|price| price.0), by_currency };
        let variant = NewVariant {
            product_id: self.product_id.into(),
            enabled: self.enabled.unwrap_or(true),
            translations: texts(self.translations),
            sku: self.sku,
            list_price_minor: price.in_currency(currency)?.unwrap_or_default(),
            tax_category_id: self.tax_category_id.map(Into::into),
            option_ids: each_id(self.option_ids).unwrap_or_default(),
            facet_value_ids: each_id(self.facet_value_ids).unwrap_or_default(),
            featured_asset_id: self.featured_asset_id.map(Into::into),
            asset_ids: each_id(self.asset_ids).unwrap_or_default(),
            track_inventory: self.track_inventory.map_or(TrackInventory::Inherit, Into::into),
            out_of_stock_threshold: self.out_of_stock_threshold.map_or(0, i64::from),
            use_global_out_of_stock_threshold: self.use_global_out_of_stock_threshold.unwrap_or(true),
        };
        Ok(NewGoods { variant, stock: counts(self.stock_on_hand, self.stock_levels) })
    }
}

/// What changes of a variant; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateProductVariantInput")]
pub struct UpdateProductVariantInput {
    /// The variant.
    pub id: Id,
    /// Whether the shop sells it.
    pub enabled: Option<bool>,
    /// Names that change.
    pub translations: Option<Vec<ProductVariantTranslationInput>>,
    /// What it is classified as.
    pub facet_value_ids: Option<Vec<Id>>,
    /// One option of each of its product's groups.
    pub option_ids: Option<Vec<Id>>,
    /// The shop's own number for it; need not be unique.
    pub sku: Option<String>,
    /// Which rates it is taxed by.
    pub tax_category_id: Option<Id>,
    /// Its list price in the channel's currency.
    pub price: Option<Money>,
    /// Its list price by currency, in place of `price`.
    pub prices: Option<Vec<UpdateProductVariantPriceInput>>,
    /// The picture that stands for it; `null` takes it away.
    pub featured_asset_id: MaybeUndefined<Id>,
    /// Its pictures in order.
    pub asset_ids: Option<Vec<Id>>,
    /// Units at the channel's default location.
    pub stock_on_hand: Option<i32>,
    /// Units by location, in place of `stockOnHand`; locations that are not named keep theirs.
    pub stock_levels: Option<Vec<StockLevelInput>>,
    /// Units that are kept back; negative allows back-orders.
    pub out_of_stock_threshold: Option<i32>,
    /// Whether the channel's threshold stands for its own.
    pub use_global_out_of_stock_threshold: Option<bool>,
    /// Whether its stock is counted.
    pub track_inventory: Option<GlobalFlag>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl UpdateProductVariantInput {
    /// What changes of the variant and its stock, at a price in the currency that the channel sells in.
    pub(super) fn read(self, currency: Currency) -> ApiResult<GoodsChanges> {
        let by_currency = self.prices.into_iter().flatten().map(Into::into).collect();
        let price = PriceInput { minor: self.price.map(|price| price.0), by_currency };
        let featured: Option<Option<Id>> = self.featured_asset_id.into();
        let variant = VariantChanges {
            id: self.id.into(),
            enabled: self.enabled,
            translations: texts(self.translations.into_iter().flatten()),
            sku: self.sku,
            list_price_minor: price.in_currency(currency)?,
            tax_category_id: self.tax_category_id.map(Into::into),
            option_ids: each_id(self.option_ids),
            facet_value_ids: each_id(self.facet_value_ids),
            featured_asset_id: featured.map(|id| id.map(Into::into)),
            asset_ids: each_id(self.asset_ids),
            track_inventory: self.track_inventory.map(Into::into),
            out_of_stock_threshold: self.out_of_stock_threshold.map(i64::from),
            use_global_out_of_stock_threshold: self.use_global_out_of_stock_threshold,
        };
        Ok(GoodsChanges { variant, stock: counts(self.stock_on_hand, self.stock_levels) })
    }
}

impl From<CreateProductVariantPriceInput> for CurrencyPrice {
    fn from(input: CreateProductVariantPriceInput) -> Self {
        Self { currency: input.currency_code.0, minor: input.price.0, delete: false }
    }
}

impl From<UpdateProductVariantPriceInput> for CurrencyPrice {
    fn from(input: UpdateProductVariantPriceInput) -> Self {
        let delete = input.delete.unwrap_or(false);
        Self { currency: input.currency_code.0, minor: input.price.0, delete }
    }
}

fn counts(on_hand: Option<i32>, levels: Option<Vec<StockLevelInput>>) -> Counts {
    let level = |level: StockLevelInput| (level.stock_location_id.into(), i64::from(level.stock_on_hand));
    Counts::new(on_hand.map(i64::from), levels.map(|levels| levels.into_iter().map(level).collect()))
}
