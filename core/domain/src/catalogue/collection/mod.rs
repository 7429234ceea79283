//! Collections: the tree of categories, filled by filters.

mod entity;
mod filter;
mod members;
mod preview;
mod read;
pub(super) mod repo;

use soko_infra::Tx;
use soko_kernel::{Actor, CollectionId, Permission};

pub use entity::{Breadcrumb, Collection, CollectionChanges, NewCollection, ROOT_COLLECTION_NAME};
pub use filter::{COLLECTION_FILTERS, FILTERS_MAX, InvalidFilter};
pub use preview::CollectionPreview;

pub(super) use members::refresh_variants_in_tx;

use self::entity::arranged;
use self::filter::Filters;
use self::members::{DEPTH_MAX, refresh_collections_in_tx};
use self::repo::OwnRow;
use super::audience::Audience;
use super::error::{CatalogueError, Thing};
use super::links::repo as links;
use super::translation::repo::{COLLECTION_TEXTS, put_slugged, slugged_of, taken_slugs};
use super::translation::{asked_slugs, changed_slugged, new_slugged, with_ids};
use super::{Catalogue, Writing};

impl Catalogue {
    /// Creates a collection, as the last of its parent's children, and fills it.
    ///
    /// # Errors
    /// No name, filters that cannot be understood, a parent or pictures that the channel does not have, or a place
    /// too deep in the tree.
    pub async fn create_collection(
        &self,
        actor: &Actor,
        new: NewCollection,
    ) -> Result<Collection, CatalogueError> {
        let scope = actor.require_any(&[Permission::CreateCollection, Permission::CreateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                let id = Self::create_collection_in_tx(tx, writing, &new).await?;
                get(tx, writing, id).await
            })
            .await
    }

    /// Creates a collection inside another's transaction.
    ///
    /// # Errors
    /// As [`Self::create_collection`].
    pub async fn create_collection_in_tx(
        tx: &mut Tx,
        writing: Writing,
        new: &NewCollection,
    ) -> Result<CollectionId, CatalogueError> {
        let Writing { scope, now, languages } = writing;
        Filters::parse(&new.filters)?;
        let root = repo::ensure_root(tx, scope, languages, now).await?;
        let parent = new.parent_id.unwrap_or(root);
        repo::get_own_rows(tx, scope, &[parent]).await?;
        check_depth(tx, writing, parent, None).await?;
        let siblings = repo::own_children(tx, scope, parent).await?;
        let mut taken = taken_slugs(tx, scope, COLLECTION_TEXTS, asked_slugs(&new.translations)).await?;
        let texts = new_slugged(&new.translations, &mut taken)?;
        let featured = new.featured_asset_id.or(new.asset_ids.first().copied());
        let assets = new.asset_ids.iter().copied().chain(featured).collect();
        links::check_assets(tx, scope, assets).await?;
        let row = OwnRow {
            id: CollectionId(0),
            parent_id: Some(parent),
            is_root: false,
            is_private: new.is_private,
            position: siblings.last().map_or(0, |last| last.position.saturating_add(1)),
            featured_asset_id: featured,
            inherit_filters: new.inherit_filters,
            filters: repo::operations_json(&new.filters)?,
            created_at: now,
        };
        let id = repo::insert(tx, scope, row, now).await?;
        put_slugged(tx, scope, COLLECTION_TEXTS, with_ids(&[id], vec![texts]), now).await?;
        links::replace_ordered(tx, scope, links::COLLECTION_ASSETS, &[(id.0, new.asset_ids.clone())]).await?;
        refresh_collections_in_tx(tx, scope, &[id]).await?;
        Ok(id)
    }

    /// Changes a collection, and fills it and those below it anew where what selects their variants has changed.
    ///
    /// # Errors
    /// As [`Self::create_collection`]; also a collection that the channel does not have, the root, and a parent that
    /// is below it.
    pub async fn update_collection(
        &self,
        actor: &Actor,
        id: CollectionId,
        changes: CollectionChanges,
    ) -> Result<Collection, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateCollection, Permission::UpdateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                update_row(tx, writing, id, &changes).await?;
                update_texts(tx, writing, id, &changes).await?;
                if let Some(assets) = &changes.asset_ids {
                    links::check_assets(tx, scope, assets.clone()).await?;
                    let assets = [(id.0, assets.clone())];
                    links::replace_ordered(tx, scope, links::COLLECTION_ASSETS, &assets).await?;
                }
                if let Some(parent) = changes.parent_id {
                    move_in_tx(tx, writing, id, parent, usize::MAX).await?;
                }
                refresh_collections_in_tx(tx, scope, &[id]).await?;
                get(tx, writing, id).await
            })
            .await
    }

    /// Puts a collection below a parent, at `index` among its children; at the end when that is past it.
    ///
    /// # Errors
    /// Collections that the channel does not have, the root, a parent that is the collection itself or below it, or a
    /// place too deep in the tree.
    pub async fn move_collection(
        &self,
        actor: &Actor,
        id: CollectionId,
        parent: CollectionId,
        index: usize,
    ) -> Result<Collection, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateCollection, Permission::UpdateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                move_in_tx(tx, writing, id, parent, index).await?;
                refresh_collections_in_tx(tx, scope, &[id]).await?;
                get(tx, writing, id).await
            })
            .await
    }

    /// Deletes collections and everything below them. Their variants stay.
    ///
    /// # Errors
    /// Collections that the channel does not have, or the root.
    pub async fn delete_collections(
        &self,
        actor: &Actor,
        ids: Vec<CollectionId>,
    ) -> Result<(), CatalogueError> {
        let scope = actor.require_any(&[Permission::DeleteCollection, Permission::DeleteCatalog])?;
        super::check_count(ids.len())?;
        self.database
            .write(scope, async move |tx| {
                let rows = repo::get_own_rows(tx, scope, &ids).await?;
                if rows.values().any(|row| row.is_root) {
                    return Err(CatalogueError::RootCollection);
                }
                let tree = members::tree(tx, scope).await?;
                repo::delete(tx, scope, &tree.with_descendants(&ids)).await?;
                Ok(())
            })
            .await
    }
}

async fn update_row(
    tx: &mut Tx,
    writing: Writing,
    id: CollectionId,
    changes: &CollectionChanges,
) -> Result<(), CatalogueError> {
    let mut row = own_row(tx, writing, id).await?;
    if let Some(filters) = &changes.filters {
        Filters::parse(filters)?;
        row.filters = repo::operations_json(filters)?;
    }
    if let Some(featured) = changes.featured_asset_id {
        links::check_assets(tx, writing.scope, featured.into_iter().collect()).await?;
        row.featured_asset_id = featured;
    }
    row.is_private = changes.is_private.unwrap_or(row.is_private);
    row.inherit_filters = changes.inherit_filters.unwrap_or(row.inherit_filters);
    repo::update(tx, writing.scope, vec![row], writing.now).await?;
    Ok(())
}

async fn update_texts(
    tx: &mut Tx,
    writing: Writing,
    id: CollectionId,
    changes: &CollectionChanges,
) -> Result<(), CatalogueError> {
    if changes.translations.is_empty() {
        return Ok(());
    }
    let scope = writing.scope;
    let present = slugged_of(tx, scope, COLLECTION_TEXTS, vec![id.0]).await?;
    let present = present.get(&id.0).map(Vec::as_slice).unwrap_or_default();
    let mut taken = taken_slugs(tx, scope, COLLECTION_TEXTS, asked_slugs(&changes.translations)).await?;
    let texts = changed_slugged(Some(id.0), &changes.translations, present, &mut taken)?;
    put_slugged(tx, scope, COLLECTION_TEXTS, with_ids(&[id], vec![texts]), writing.now).await?;
    Ok(())
}

async fn move_in_tx(
    tx: &mut Tx,
    writing: Writing,
    id: CollectionId,
    parent: CollectionId,
    index: usize,
) -> Result<(), CatalogueError> {
    let scope = writing.scope;
    let moved = own_row(tx, writing, id).await?;
    repo::get_own_rows(tx, scope, &[parent]).await?;
    check_depth(tx, writing, parent, Some(id)).await?;
    let mut rows = repo::own_children(tx, scope, parent).await?;
    let children: Vec<CollectionId> = rows.iter().map(|row| row.id).collect();
    let order = arranged(&children, id, index);
    if !children.contains(&id) {
        rows.push(OwnRow { parent_id: Some(parent), ..moved });
    }
    for row in &mut rows {
        let place = order.iter().position(|child| *child == row.id).unwrap_or_default();
        row.position = i64::try_from(place).unwrap_or(i64::MAX);
    }
    repo::update(tx, scope, rows, writing.now).await?;
    Ok(())
}

/// Refuses a place below the collection itself, or one where it, and what is below it, would stand too deep.
async fn check_depth(
    tx: &mut Tx,
    writing: Writing,
    parent: CollectionId,
    moved: Option<CollectionId>,
) -> Result<(), CatalogueError> {
    let tree = members::tree(tx, writing.scope).await?;
    let above = tree.line(parent);
    if moved.is_some_and(|moved| above.contains(&moved)) {
        return Err(CatalogueError::CollectionCycle);
    }
    let height = moved.map_or(1, |moved| tree.height(moved));
    if above.len() + height > DEPTH_MAX { Err(CatalogueError::CollectionTooDeep(DEPTH_MAX)) } else { Ok(()) }
}

async fn own_row(tx: &mut Tx, writing: Writing, id: CollectionId) -> Result<OwnRow, CatalogueError> {
    let row = repo::get_own_rows(tx, writing.scope, &[id]).await?.remove(&id);
    match row {
        Some(row) if row.is_root => Err(CatalogueError::RootCollection),
        Some(row) => Ok(row),
        None => Err(CatalogueError::not_found(Thing::Collection, id)),
    }
}

async fn get(tx: &mut Tx, writing: Writing, id: CollectionId) -> Result<Collection, CatalogueError> {
    let found = repo::find_many(tx, writing.scope, writing.languages, Audience::Admin, &[id]).await?;
    found.into_iter().next().ok_or(CatalogueError::not_found(Thing::Collection, id))
}
