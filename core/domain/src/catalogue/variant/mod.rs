//! Variants: creating, changing and deleting them.

mod check;
mod entity;
mod facet_codes;
mod known;
mod price;
mod read;
pub(super) mod repo;

use std::collections::HashMap;

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{Actor, AssetId, ChannelScope, FacetValueId, OptionId, Permission, ProductId, VariantId};

pub use entity::{NewVariant, PRICE_MAX_MINOR, TrackInventory, Variant, VariantChanges};
pub use facet_codes::{CodePairs, FacetCodes};
pub use known::KnownVariants;
pub use price::{CurrencyPrice, PriceInput};
pub use repo::VariantsOf;

use self::check::OptionChecks;
use self::entity::check_price;
use self::repo::OwnRow;
use super::error::{CatalogueError, Thing};
use super::links::repo as links;
use super::translation::repo::{VARIANT_NAMES, names_of, put_names};
use super::translation::{Languages, changed_names, new_names};
use super::{Catalogue, Writing, batch, check_changes, check_count, collection, product, search, text};
use crate::channels::Channels;

/// Variants of the channel with their products, whatever their state: also disabled and deleted ones, which orders
/// still name ([`Variant::is_sold`] tells). In the order of `ids`; unknown ids are left out. One statement.
///
/// # Errors
/// A failing store.
pub async fn load_variants(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    ids: &[VariantId],
) -> Result<Vec<Variant>, DatabaseError> {
    repo::load(reader, scope, languages, ids).await
}

impl Catalogue {
    /// Creates variants, all or none. Answers them in the given order. The stock of new variants is zero: setting it
    /// is the inventory's.
    ///
    /// # Errors
    /// Products, options, tax categories, facet values and pictures that the channel does not have; no name or SKU; a
    /// price out of range; options that are incomplete or taken.
    pub async fn create_variants(
        &self,
        actor: &Actor,
        new: Vec<NewVariant>,
    ) -> Result<Vec<Variant>, CatalogueError> {
        let scope = actor.require_any(&[Permission::CreateProduct, Permission::CreateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                let ids = Self::create_variants_in_tx(tx, writing, &new).await?;
                Ok(load_variants(tx, scope, writing.languages, &ids).await?)
            })
            .await
    }

    /// Creates variants inside another's transaction. Returns their ids in the given order.
    ///
    /// # Errors
    /// As [`Self::create_variants`].
    pub async fn create_variants_in_tx(
        tx: &mut Tx,
        writing: Writing,
        new: &[NewVariant],
    ) -> Result<Vec<VariantId>, CatalogueError> {
        check_count(new.len())?;
        insert_variants_in_tx(tx, writing, new).await
    }

    /// Changes variants, all or none. Answers them in the given order.
    ///
    /// # Errors
    /// As [`Self::create_variants`]; also variants that the channel does not have, or that are changed twice.
    pub async fn update_variants(
        &self,
        actor: &Actor,
        changes: Vec<VariantChanges>,
    ) -> Result<Vec<Variant>, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateProduct, Permission::UpdateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                Self::update_variants_in_tx(tx, writing, &changes).await?;
                let ids: Vec<VariantId> = changes.iter().map(|change| change.id).collect();
                Ok(load_variants(tx, scope, writing.languages, &ids).await?)
            })
            .await
    }

    /// Changes variants inside another's transaction.
    ///
    /// # Errors
    /// As [`Self::update_variants`].
    pub async fn update_variants_in_tx(
        tx: &mut Tx,
        writing: Writing,
        changes: &[VariantChanges],
    ) -> Result<(), CatalogueError> {
        let scope = writing.scope;
        let ids: Vec<VariantId> = changes.iter().map(|change| change.id).collect();
        check_changes(Thing::ProductVariant, &ids)?;
        let mut rows = repo::get_own_rows(tx, scope, &ids).await?;
        let products: Vec<ProductId> = rows.values().map(|row| row.product_id).collect();
        apply_changes(tx, scope, &products, &mut rows, changes).await?;
        repo::update(tx, scope, rows.into_values().collect(), writing.now).await?;
        update_names(tx, writing, &ids, changes).await?;
        let links = Links {
            options: changes
                .iter()
                .filter_map(|change| Some((change.id.0, change.option_ids.clone()?)))
                .collect(),
            assets: changes
                .iter()
                .filter_map(|change| Some((change.id.0, change.asset_ids.clone()?)))
                .collect(),
            facet_values: changes
                .iter()
                .filter_map(|change| Some((change.id.0, change.facet_value_ids.clone()?)))
                .collect(),
        };
        links.store(tx, scope).await?;
        Channels::touch_in_tx(tx, scope, writing.now).await?;
        collection::refresh_variants_in_tx(tx, scope, &ids).await?;
        search::index_products_in_tx(tx, writing, &products).await
    }

    /// Deletes variants. Orders keep showing them.
    ///
    /// # Errors
    /// Variants that the channel does not have.
    pub async fn delete_variants(&self, actor: &Actor, ids: Vec<VariantId>) -> Result<(), CatalogueError> {
        let scope = actor.require_any(&[Permission::DeleteProduct, Permission::DeleteCatalog])?;
        let writing = self.writing(actor, scope);
        check_count(ids.len())?;
        self.database
            .write(scope, async move |tx| {
                let rows = repo::get_own_rows(tx, scope, &ids).await?;
                let products: Vec<ProductId> = rows.values().map(|row| row.product_id).collect();
                repo::delete(tx, scope, &ids, writing.now).await?;
                Channels::touch_in_tx(tx, scope, writing.now).await?;
                collection::refresh_variants_in_tx(tx, scope, &ids).await?;
                search::index_products_in_tx(tx, writing, &products).await
            })
            .await
    }
}

/// Creates any number of variants. Returns their ids in the given order.
pub(super) async fn insert_variants_in_tx(
    tx: &mut Tx,
    writing: Writing,
    new: &[NewVariant],
) -> Result<Vec<VariantId>, CatalogueError> {
    let Writing { scope, now, .. } = writing;
    let products: Vec<ProductId> = new.iter().map(|variant| variant.product_id).collect();
    product::repo::check_exist(tx, scope, &products).await?;
    let taxes = repo::tax_categories(tx, scope).await?;
    let mut options = OptionChecks::load(tx, scope, &products).await?;
    let (mut rows, mut names) = (Vec::with_capacity(new.len()), Vec::with_capacity(new.len()));
    for variant in new {
        let (sku, list_price) = (text::name("sku", &variant.sku)?, check_price(variant.list_price_minor)?);
        names.push(new_names(&variant.translations)?);
        options.claim(variant.product_id, &variant.option_ids, &sku)?;
        rows.push(OwnRow {
            id: VariantId(0),
            product_id: variant.product_id,
            enabled: variant.enabled,
            sku,
            list_price,
            tax_category_id: taxes.get(variant.tax_category_id)?,
            featured_asset_id: variant.featured_asset_id.or(variant.asset_ids.first().copied()),
            track_inventory: variant.track_inventory.as_str().to_owned(),
            out_of_stock_threshold: variant.out_of_stock_threshold,
            use_global_out_of_stock_threshold: variant.use_global_out_of_stock_threshold,
            created_at: now,
        });
    }
    let featured =
        new.iter().filter_map(|variant| variant.featured_asset_id.or(variant.asset_ids.first().copied()));
    links::check_assets(tx, scope, featured.collect()).await?;
    let ids = repo::insert(tx, scope, rows, now).await?;
    let names = ids.iter().zip(names).flat_map(|(id, names)| names.into_iter().map(|name| (id.0, name)));
    put_names(tx, scope, VARIANT_NAMES, names.collect(), now).await?;
    let links = Links {
        options: ids.iter().zip(new).map(|(id, variant)| (id.0, variant.option_ids.clone())).collect(),
        assets: ids.iter().zip(new).map(|(id, variant)| (id.0, variant.asset_ids.clone())).collect(),
        facet_values: ids
            .iter()
            .zip(new)
            .map(|(id, variant)| (id.0, variant.facet_value_ids.clone()))
            .collect(),
    };
    links.store(tx, scope).await?;
    collection::refresh_variants_in_tx(tx, scope, &ids).await?;
    search::index_products_in_tx(tx, writing, &products).await?;
    Ok(ids)
}

/// What variants get tied to, each to exactly these.
struct Links {
    options: Vec<(i64, Vec<OptionId>)>,
    assets: Vec<(i64, Vec<AssetId>)>,
    facet_values: Vec<(i64, Vec<FacetValueId>)>,
}

impl Links {
    async fn store(self, tx: &mut Tx, scope: ChannelScope) -> Result<(), CatalogueError> {
        let assets = self.assets.iter().flat_map(|(_, ids)| ids).copied().collect();
        links::check_assets(tx, scope, assets).await?;
        let values = self.facet_values.iter().flat_map(|(_, ids)| ids).copied().collect();
        links::check_facet_values(tx, scope, values).await?;
        links::replace(tx, scope, links::VARIANT_OPTIONS, &self.options).await?;
        links::replace_ordered(tx, scope, links::VARIANT_ASSETS, &self.assets).await?;
        links::replace(tx, scope, links::VARIANT_FACET_VALUES, &self.facet_values).await?;
        Ok(())
    }
}

async fn apply_changes(
    tx: &mut Tx,
    scope: ChannelScope,
    products: &[ProductId],
    rows: &mut HashMap<VariantId, OwnRow>,
    changes: &[VariantChanges],
) -> Result<(), CatalogueError> {
    let taxes = repo::tax_categories(tx, scope).await?;
    let mut options = OptionChecks::load(tx, scope, products).await?;
    let featured = changes.iter().filter_map(|change| change.featured_asset_id.flatten()).collect();
    links::check_assets(tx, scope, featured).await?;
    // All let go of their options before any gets others, so that variants can exchange them.
    for change in changes.iter().filter(|change| change.option_ids.is_some()) {
        options.release(change.id);
    }
    for change in changes {
        let Some(row) = rows.get_mut(&change.id) else { continue };
        if let Some(sku) = &change.sku {
            row.sku = text::name("sku", sku)?;
        }
        if let Some(minor) = change.list_price_minor {
            row.list_price = check_price(minor)?;
        }
        if change.tax_category_id.is_some() {
            row.tax_category_id = taxes.get(change.tax_category_id)?;
        }
        if let Some(wanted) = &change.option_ids {
            options.claim(row.product_id, wanted, &row.sku)?;
        }
        row.enabled = change.enabled.unwrap_or(row.enabled);
        row.featured_asset_id = change.featured_asset_id.unwrap_or(row.featured_asset_id);
        if let Some(setting) = change.track_inventory {
            setting.as_str().clone_into(&mut row.track_inventory);
        }
        row.out_of_stock_threshold = change.out_of_stock_threshold.unwrap_or(row.out_of_stock_threshold);
        row.use_global_out_of_stock_threshold =
            change.use_global_out_of_stock_threshold.unwrap_or(row.use_global_out_of_stock_threshold);
    }
    Ok(())
}

async fn update_names(
    tx: &mut Tx,
    writing: Writing,
    ids: &[VariantId],
    changes: &[VariantChanges],
) -> Result<(), CatalogueError> {
    if changes.iter().all(|change| change.translations.is_empty()) {
        return Ok(());
    }
    let present = names_of(tx, writing.scope, VARIANT_NAMES, batch::raw(ids)).await?;
    let mut names = Vec::new();
    for change in changes {
        let id = change.id.0;
        let present = present.get(&id).map(Vec::as_slice).unwrap_or_default();
        let changed = changed_names(&change.translations, present)?;
        names.extend(changed.into_iter().map(|name| (id, name)));
    }
    put_names(tx, writing.scope, VARIANT_NAMES, names, writing.now).await?;
    Ok(())
}
