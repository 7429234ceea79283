//! What variants are checked against, read in a few statements for any number of them.

use std::collections::{BTreeSet, HashMap};

use soko_infra::{DatabaseError, Reader};
use soko_kernel::{ChannelScope, OptionGroupId, OptionId, ProductId, TaxCategoryId, VariantId};

use super::entity::ProductOptions;
use super::repo::{self, TaxCategories};
use crate::catalogue::error::{CatalogueError, Thing};

impl TaxCategories {
    /// The category itself if the channel has it, or the channel's default.
    pub(super) fn get(&self, id: Option<TaxCategoryId>) -> Result<TaxCategoryId, CatalogueError> {
        match id {
            Some(id) if self.ids.contains(&id) => Ok(id),
            Some(id) => Err(CatalogueError::not_found(Thing::TaxCategory, id)),
            None => self.default.ok_or(CatalogueError::NoTaxCategory),
        }
    }
}

/// The option groups of products, and which combinations their variants have.
#[derive(Debug, Default)]
pub(super) struct OptionChecks {
    products: HashMap<ProductId, ProductOptions>,
    of_variants: HashMap<VariantId, Vec<OptionId>>,
}

impl OptionChecks {
    pub(super) async fn load(
        reader: &mut Reader,
        scope: ChannelScope,
        products: &[ProductId],
    ) -> Result<Self, DatabaseError> {
        let mut checks = Self::default();
        for row in repo::group_options(reader, scope, products).await? {
            let product = checks.products.entry(row.product_id).or_default();
            product.groups.insert(row.group_id, row.code);
            product.options.extend(row.option_id.map(|option| (option, row.group_id)));
        }
        let mut combinations: HashMap<VariantId, (ProductId, String, BTreeSet<OptionId>)> = HashMap::new();
        for row in repo::variant_options(reader, scope, products).await? {
            let (_, _, options) = combinations
                .entry(row.variant_id)
                .or_insert_with(|| (row.product_id, row.sku, BTreeSet::new()));
            options.extend(row.option_id);
        }
        for (variant, (product, sku, options)) in combinations {
            checks.of_variants.insert(variant, options.iter().copied().collect());
            checks.products.entry(product).or_default().taken.insert(options, sku);
        }
        Ok(checks)
    }

    /// Gives a new variant its options.
    pub(super) fn claim(
        &mut self,
        product: ProductId,
        options: &[OptionId],
        sku: &str,
    ) -> Result<(), CatalogueError> {
        self.products.entry(product).or_default().claim(options, sku)
    }

    /// Gives a variant other options than it has.
    pub(super) fn exchange(
        &mut self,
        (product, variant): (ProductId, VariantId),
        options: &[OptionId],
        sku: &str,
    ) -> Result<(), CatalogueError> {
        let product = self.products.entry(product).or_default();
        if let Some(before) = self.of_variants.get(&variant) {
            product.release(before);
        }
        product.claim(options, sku)
    }
}

/// A row of a product's option groups; a group without options has one row without.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct GroupOptionRow {
    pub(super) product_id: ProductId,
    pub(super) group_id: OptionGroupId,
    pub(super) code: String,
    pub(super) option_id: Option<OptionId>,
}

/// A row of a variant's options; a variant without options has one row without.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct VariantOptionRow {
    pub(super) product_id: ProductId,
    pub(super) variant_id: VariantId,
    pub(super) sku: String,
    pub(super) option_id: Option<OptionId>,
}
