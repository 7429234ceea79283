//! Products: creating, changing and deleting them.

mod entity;
mod read;
pub(super) mod repo;

use soko_infra::Tx;
use soko_kernel::{Actor, AssetId, FacetValueId, Permission, ProductId};

pub use entity::{NewProduct, Product, ProductChanges};

use super::audience::Audience;
use super::error::{CatalogueError, Thing};
use super::links::repo as links;
use super::translation::repo::{PRODUCT_TEXTS, put_slugged, slugged_of, taken_slugs};
use super::translation::{asked_slugs, changed_slugged, new_slugged};
use super::{Catalogue, Writing, batch, check_changes, check_count, collection, search};
use crate::channels::Channels;

impl Catalogue {
    /// Creates a product without variants.
    ///
    /// # Errors
    /// No name, or pictures and facet values that the channel does not have.
    pub async fn create_product(&self, actor: &Actor, new: NewProduct) -> Result<Product, CatalogueError> {
        let scope = actor.require_any(&[Permission::CreateProduct, Permission::CreateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                let id = Self::create_product_in_tx(tx, writing, &new).await?;
                get(tx, writing, id).await
            })
            .await
    }

    /// Creates a product inside another's transaction.
    ///
    /// # Errors
    /// No name, or pictures and facet values that the channel does not have.
    pub async fn create_product_in_tx(
        tx: &mut Tx,
        writing: Writing,
        new: &NewProduct,
    ) -> Result<ProductId, CatalogueError> {
        let Writing { scope, now, .. } = writing;
        let mut taken = taken_slugs(tx, scope, PRODUCT_TEXTS, asked_slugs(&new.translations)).await?;
        let texts = new_slugged(&new.translations, &mut taken)?;
        let mut assets = new.asset_ids.clone();
        assets.extend(new.featured_asset_id);
        links::check_assets(tx, scope, assets).await?;
        links::check_facet_values(tx, scope, new.facet_value_ids.clone()).await?;
        let featured = new.featured_asset_id.or(new.asset_ids.first().copied());
        let ids = repo::insert(tx, scope, &[(new.enabled, featured)], now).await?;
        let id = *ids.first().ok_or_else(|| soko_infra::DatabaseError::corrupt("new product", "no id"))?;
        put_slugged(tx, scope, PRODUCT_TEXTS, texts.into_iter().map(|text| (id.0, text)).collect(), now)
            .await?;
        links::replace_ordered(tx, scope, links::PRODUCT_ASSETS, &[(id.0, new.asset_ids.clone())]).await?;
        links::replace(tx, scope, links::PRODUCT_FACET_VALUES, &[(id.0, new.facet_value_ids.clone())])
            .await?;
        Ok(id)
    }

    /// Changes products, all or none. Answers them in the given order.
    ///
    /// # Errors
    /// Products, pictures and facet values that the channel does not have, products that are changed twice, and empty
    /// names.
    pub async fn update_products(
        &self,
        actor: &Actor,
        changes: Vec<ProductChanges>,
    ) -> Result<Vec<Product>, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateProduct, Permission::UpdateCatalog])?;
        let writing = self.writing(actor, scope);
        let ids: Vec<ProductId> = changes.iter().map(|change| change.id).collect();
        check_changes(Thing::Product, &ids)?;
        self.database
            .write(scope, async move |tx| {
                update_rows(tx, writing, &ids, &changes).await?;
                update_texts(tx, writing, &ids, &changes).await?;
                update_links(tx, writing, &changes).await?;
                Channels::touch_in_tx(tx, scope, writing.now).await?;
                let variants = repo::variant_ids(tx, scope, &ids).await?;
                collection::refresh_variants_in_tx(tx, scope, &variants).await?;
                search::index_products_in_tx(tx, writing, &ids).await?;
                get_many(tx, writing, &ids).await
            })
            .await
    }

    /// Changes a product.
    ///
    /// # Errors
    /// As [`Self::update_products`].
    pub async fn update_product(
        &self,
        actor: &Actor,
        changes: ProductChanges,
    ) -> Result<Product, CatalogueError> {
        let id = changes.id;
        let updated = self.update_products(actor, vec![changes]).await?;
        updated.into_iter().next().ok_or(CatalogueError::not_found(Thing::Product, id))
    }

    /// Deletes products with their variants. Orders keep showing them; their slugs become free.
    ///
    /// # Errors
    /// Products that the channel does not have.
    pub async fn delete_products(&self, actor: &Actor, ids: Vec<ProductId>) -> Result<(), CatalogueError> {
        let scope = actor.require_any(&[Permission::DeleteProduct, Permission::DeleteCatalog])?;
        let writing = self.writing(actor, scope);
        check_count(ids.len())?;
        self.database
            .write(scope, async move |tx| {
                repo::check_exist(tx, scope, &ids).await?;
                let variants = repo::variant_ids(tx, scope, &ids).await?;
                repo::delete(tx, scope, &ids, writing.now).await?;
                Channels::touch_in_tx(tx, scope, writing.now).await?;
                collection::refresh_variants_in_tx(tx, scope, &variants).await?;
                search::index_products_in_tx(tx, writing, &ids).await
            })
            .await
    }
}

async fn update_rows(
    tx: &mut Tx,
    writing: Writing,
    ids: &[ProductId],
    changes: &[ProductChanges],
) -> Result<(), CatalogueError> {
    let mut rows = repo::get_own_rows(tx, writing.scope, ids).await?;
    for change in changes {
        if let Some(row) = rows.get_mut(&change.id) {
            row.enabled = change.enabled.unwrap_or(row.enabled);
            row.featured_asset_id = change.featured_asset_id.unwrap_or(row.featured_asset_id);
        }
    }
    let featured = changes.iter().filter_map(|change| change.featured_asset_id.flatten()).collect();
    links::check_assets(tx, writing.scope, featured).await?;
    repo::update(tx, writing.scope, rows.into_values().collect(), writing.now).await?;
    Ok(())
}

async fn update_texts(
    tx: &mut Tx,
    writing: Writing,
    ids: &[ProductId],
    changes: &[ProductChanges],
) -> Result<(), CatalogueError> {
    let inputs = changes.iter().flat_map(|change| &change.translations);
    let bases = asked_slugs(inputs.clone());
    if inputs.count() == 0 {
        return Ok(());
    }
    let present = slugged_of(tx, writing.scope, PRODUCT_TEXTS, batch::raw(ids)).await?;
    let mut taken = taken_slugs(tx, writing.scope, PRODUCT_TEXTS, bases).await?;
    let mut texts = Vec::new();
    for change in changes {
        let id = change.id.0;
        let present = present.get(&id).map(Vec::as_slice).unwrap_or_default();
        let changed = changed_slugged(Some(id), &change.translations, present, &mut taken)?;
        texts.extend(changed.into_iter().map(|text| (id, text)));
    }
    put_slugged(tx, writing.scope, PRODUCT_TEXTS, texts, writing.now).await?;
    Ok(())
}

async fn update_links(
    tx: &mut Tx,
    writing: Writing,
    changes: &[ProductChanges],
) -> Result<(), CatalogueError> {
    let scope = writing.scope;
    let assets: Vec<(i64, Vec<AssetId>)> =
        changes.iter().filter_map(|change| Some((change.id.0, change.asset_ids.clone()?))).collect();
    let values: Vec<(i64, Vec<FacetValueId>)> =
        changes.iter().filter_map(|change| Some((change.id.0, change.facet_value_ids.clone()?))).collect();
    links::check_assets(tx, scope, assets.iter().flat_map(|(_, ids)| ids).copied().collect()).await?;
    links::check_facet_values(tx, scope, values.iter().flat_map(|(_, ids)| ids).copied().collect()).await?;
    links::replace_ordered(tx, scope, links::PRODUCT_ASSETS, &assets).await?;
    links::replace(tx, scope, links::PRODUCT_FACET_VALUES, &values).await?;
    Ok(())
}

/// The product, whether the shop shows it or not.
pub(super) async fn get(tx: &mut Tx, writing: Writing, id: ProductId) -> Result<Product, CatalogueError> {
    let found = repo::find_many(tx, writing.scope, writing.languages, Audience::Admin, &[id]).await?;
    found.into_iter().next().ok_or(CatalogueError::not_found(Thing::Product, id))
}

async fn get_many(tx: &mut Tx, writing: Writing, ids: &[ProductId]) -> Result<Vec<Product>, CatalogueError> {
    let found = repo::find_many(tx, writing.scope, writing.languages, Audience::Admin, ids).await?;
    ids.iter()
        .map(|id| {
            let product = found.iter().find(|product| product.id == *id).cloned();
            product.ok_or(CatalogueError::not_found(Thing::Product, *id))
        })
        .collect()
}
