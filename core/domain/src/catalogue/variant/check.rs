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

/// The options of a variant, and what to tell it by.
#[derive(Debug)]
struct Combination {
    product: ProductId,
    sku: String,
    options: BTreeSet<OptionId>,
}

/// The option groups of products, and which combinations their variants have.
#[derive(Debug, Default)]
pub(super) struct OptionChecks {
    products: HashMap<ProductId, ProductOptions>,
    of_variants: HashMap<VariantId, Combination>,
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
        for row in repo::variant_options(reader, scope, products).await? {
            let combination = checks.of_variants.entry(row.variant_id).or_insert_with(|| Combination {
                product: row.product_id,
                sku: row.sku,
                options: BTreeSet::new(),
            });
            combination.options.extend(row.option_id);
        }
        for held in checks.of_variants.values() {
            let product = checks.products.entry(held.product).or_default();
            product.taken.entry(held.options.clone()).or_default().push(held.sku.clone());
        }
        Ok(checks)
    }

    /// Gives a variant its options.
    pub(super) fn claim(
        &mut self,
        product: ProductId,
        options: &[OptionId],
        sku: &str,
    ) -> Result<(), CatalogueError> {
        self.products.entry(product).or_default().claim(options, sku)
    }

    /// Takes a variant's options away, before it gets others.
    pub(super) fn release(&mut self, variant: VariantId) {
        if let Some(held) = self.of_variants.remove(&variant) {
            self.products.entry(held.product).or_default().release(&held.options, &held.sku);
        }
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
