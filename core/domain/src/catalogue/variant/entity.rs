//! A variant's facts, and which options it may have.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use soko_infra::DatabaseError;
use soko_kernel::{
    AssetId, FacetValueId, Language, Money, OptionGroupId, OptionId, ProductId, TaxCategoryId, Timestamp,
    VariantId,
};

use crate::catalogue::error::CatalogueError;
use crate::catalogue::product::Product;
use crate::catalogue::translation::TranslationInput;

/// The highest price, in minor units: sums of any order stay far below what 64 bits hold.
pub const PRICE_MAX_MINOR: i64 = 100_000_000_000_000;

/// Whether a variant's stock is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackInventory {
    /// It is.
    True,
    /// It is not: the variant is always in stock.
    False,
    /// As the channel's setting says.
    Inherit,
}

impl TrackInventory {
    /// The name that the database and clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "TRUE",
            Self::False => "FALSE",
            Self::Inherit => "INHERIT",
        }
    }

    /// The setting with this name.
    ///
    /// # Errors
    /// A name that the database cannot hold.
    pub fn parse(name: &str) -> Result<Self, DatabaseError> {
        [Self::True, Self::False, Self::Inherit]
            .into_iter()
            .find(|setting| setting.as_str() == name)
            .ok_or_else(|| DatabaseError::corrupt("track inventory setting", name))
    }
}

/// What is sold and stocked. Its name and its product's texts are in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its id.
    pub id: VariantId,
    /// What it is a variant of.
    pub product: Arc<Product>,
    /// Whether the shop sells it.
    pub enabled: bool,
    /// The language of the name.
    pub language: Language,
    /// Its name.
    pub name: String,
    /// The shop's own number for it; need not be unique.
    pub sku: String,
    /// The price in the list, with tax where the channel's prices include it.
    pub list_price: Money,
    /// Which rates it is taxed by.
    pub tax_category_id: TaxCategoryId,
    /// The picture that stands for it.
    pub featured_asset_id: Option<AssetId>,
    /// Whether its stock is counted.
    pub track_inventory: TrackInventory,
    /// Units kept back; negative allows back-orders. Counts where the next field is false.
    pub out_of_stock_threshold: i64,
    /// Whether the channel's threshold counts in its place.
    pub use_global_out_of_stock_threshold: bool,
    /// When it was deleted. Only orders still show deleted variants.
    pub deleted_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Variant {
    /// Whether a customer may buy it: it and its product are enabled and not deleted.
    pub fn is_sold(&self) -> bool {
        self.enabled && self.deleted_at.is_none() && self.product.enabled && self.product.deleted_at.is_none()
    }
}

/// What a new variant needs. Its stock is the inventory's matter.
#[derive(Debug, Clone)]
pub struct NewVariant {
    /// What it is a variant of.
    pub product_id: ProductId,
    /// Whether the shop sells it.
    pub enabled: bool,
    /// Its name, in at least one language.
    pub translations: Vec<TranslationInput>,
    /// The shop's own number for it.
    pub sku: String,
    /// The price in the list, in minor units.
    pub list_price_minor: i64,
    /// Which rates it is taxed by; the channel's default when absent.
    pub tax_category_id: Option<TaxCategoryId>,
    /// One option of each of the product's groups.
    pub option_ids: Vec<OptionId>,
    /// Its facet values.
    pub facet_value_ids: Vec<FacetValueId>,
    /// The picture that stands for it; the first of `asset_ids` when absent.
    pub featured_asset_id: Option<AssetId>,
    /// Its pictures in order.
    pub asset_ids: Vec<AssetId>,
    /// Whether its stock is counted.
    pub track_inventory: TrackInventory,
    /// Units kept back.
    pub out_of_stock_threshold: i64,
    /// Whether the channel's threshold counts in its place.
    pub use_global_out_of_stock_threshold: bool,
}

impl NewVariant {
    /// An enabled variant with a name, a SKU and a price, and the channel's defaults.
    pub fn named(
        product_id: ProductId,
        language: Language,
        name: impl Into<String>,
        sku: impl Into<String>,
        list_price_minor: i64,
    ) -> Self {
        Self {
            product_id,
            enabled: true,
            translations: vec![TranslationInput::new(language, name)],
            sku: sku.into(),
            list_price_minor,
            tax_category_id: None,
            option_ids: Vec::new(),
            facet_value_ids: Vec::new(),
            featured_asset_id: None,
            asset_ids: Vec::new(),
            track_inventory: TrackInventory::Inherit,
            out_of_stock_threshold: 0,
            use_global_out_of_stock_threshold: true,
        }
    }
}

/// What may change of a variant; absent fields stay.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of NewVariant")]
pub struct VariantChanges {
    /// The variant.
    pub id: VariantId,
    pub enabled: Option<bool>,
    pub translations: Vec<TranslationInput>,
    pub sku: Option<String>,
    pub list_price_minor: Option<i64>,
    pub tax_category_id: Option<TaxCategoryId>,
    pub option_ids: Option<Vec<OptionId>>,
    pub facet_value_ids: Option<Vec<FacetValueId>>,
    /// The picture that stands for it; `Some(None)` takes it away.
    pub featured_asset_id: Option<Option<AssetId>>,
    pub asset_ids: Option<Vec<AssetId>>,
    pub track_inventory: Option<TrackInventory>,
    pub out_of_stock_threshold: Option<i64>,
    pub use_global_out_of_stock_threshold: Option<bool>,
}

impl VariantChanges {
    /// No change of this variant yet.
    pub fn of(id: VariantId) -> Self {
        Self {
            id,
            enabled: None,
            translations: Vec::new(),
            sku: None,
            list_price_minor: None,
            tax_category_id: None,
            option_ids: None,
            facet_value_ids: None,
            featured_asset_id: None,
            asset_ids: None,
            track_inventory: None,
            out_of_stock_threshold: None,
            use_global_out_of_stock_threshold: None,
        }
    }
}

pub(super) fn check_price(minor: i64) -> Result<i64, CatalogueError> {
    if (0..=PRICE_MAX_MINOR).contains(&minor) { Ok(minor) } else { Err(CatalogueError::InvalidPrice) }
}

/// A product's option groups with their options.
#[derive(Debug, Default)]
pub(super) struct ProductOptions {
    /// Groups with their codes.
    pub(super) groups: BTreeMap<OptionGroupId, String>,
    /// Which group an option belongs to.
    pub(super) options: HashMap<OptionId, OptionGroupId>,
    /// The options of the product's variants, with names to tell them by. Several have the same ones only after a
    /// group was taken from them.
    pub(super) taken: HashMap<BTreeSet<OptionId>, Vec<String>>,
}

impl ProductOptions {
    /// Gives a variant its options: exactly one of each group, in a combination that no other variant has.
    pub(super) fn claim(&mut self, options: &[OptionId], variant: &str) -> Result<(), CatalogueError> {
        let chosen: BTreeSet<OptionId> = options.iter().copied().collect();
        let groups: BTreeSet<OptionGroupId> =
            chosen.iter().filter_map(|option| self.options.get(option)).copied().collect();
        if chosen.len() != self.groups.len()
            || groups.len() != self.groups.len()
            || options.len() != chosen.len()
        {
            let groups = self.groups.values().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(CatalogueError::OptionsIncomplete { groups });
        }
        let holders = self.taken.entry(chosen).or_default();
        if let Some(other) = holders.first() {
            return Err(CatalogueError::OptionsTaken { variant: other.clone() });
        }
        holders.push(variant.to_owned());
        Ok(())
    }

    /// Takes a variant's combination away, before it gets another.
    pub(super) fn release(&mut self, options: &BTreeSet<OptionId>, variant: &str) {
        if let Some(holders) = self.taken.get_mut(options)
            && let Some(at) = holders.iter().position(|holder| holder == variant)
        {
            holders.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes_and_colours() -> ProductOptions {
        let (size, colour) = (OptionGroupId(1), OptionGroupId(2));
        ProductOptions {
            groups: [(size, "size".to_owned()), (colour, "colour".to_owned())].into(),
            options: [(OptionId(1), size), (OptionId(2), size), (OptionId(3), colour)].into(),
            taken: HashMap::new(),
        }
    }

    #[test]
    fn wants_one_option_of_each_group() {
        let mut product = sizes_and_colours();
        for wrong in [&[][..], &[1], &[1, 2], &[1, 2, 3], &[1, 9], &[1, 3, 3]] {
            let options: Vec<OptionId> = wrong.iter().copied().map(OptionId).collect();
            assert!(
                matches!(product.claim(&options, "v"), Err(CatalogueError::OptionsIncomplete { .. })),
                "{wrong:?}"
            );
        }
        assert!(product.claim(&[OptionId(3), OptionId(1)], "v").is_ok());
    }

    #[test]
    fn refuses_a_combination_twice() {
        let mut product = sizes_and_colours();
        assert!(product.claim(&[OptionId(1), OptionId(3)], "first").is_ok());
        assert!(matches!(
            product.claim(&[OptionId(3), OptionId(1)], "second"),
            Err(CatalogueError::OptionsTaken { variant }) if variant == "first"
        ));
        product.release(&BTreeSet::from([OptionId(1), OptionId(3)]), "first");
        assert!(product.claim(&[OptionId(3), OptionId(1)], "second").is_ok());
        let mut plain = ProductOptions::default();
        assert!(plain.claim(&[], "only").is_ok());
        assert!(matches!(plain.claim(&[], "another"), Err(CatalogueError::OptionsTaken { .. })));
    }

    #[test]
    fn refuses_prices_out_of_range() {
        assert!(matches!(check_price(-1), Err(CatalogueError::InvalidPrice)));
        assert!(matches!(check_price(PRICE_MAX_MINOR + 1), Err(CatalogueError::InvalidPrice)));
        assert!(check_price(0).is_ok());
    }
}
