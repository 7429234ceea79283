//! Assets: the pictures of products, variants and collections, and their tags.
//!
//! A file is stored under its content's digest before its row is written; the row of a refused request leaves a file
//! that nothing names, which is harmless and is stored once.

mod entity;
mod picture;
mod read;
pub(super) mod repo;

use std::collections::BTreeSet;

use soko_infra::{Blobs, Tx};
use soko_kernel::{Actor, AssetId, Permission, TagId};

pub use entity::{Asset, AssetChanges, FocalPoint, NewAsset, Tag};
pub use picture::{DIMENSION_MAX, FILE_SIZE_MAX_BYTES, PictureError};
pub use repo::AssetTags;

use self::repo::StoredFile;
use super::error::{CatalogueError, Thing};
use super::links::repo as links;
use super::{Catalogue, Writing, check_count, text};

impl Catalogue {
    /// Stores a picture. Its kind and size are told from its bytes.
    ///
    /// # Errors
    /// A file that is no picture of a known kind, or too large.
    pub async fn create_asset(&self, actor: &Actor, new: NewAsset) -> Result<Asset, CatalogueError> {
        let scope = actor.require_any(&[Permission::CreateAsset, Permission::CreateCatalog])?;
        let writing = self.writing(actor, scope);
        let tags = labels(&new.tags)?;
        let file = store_file(&self.blobs, &new.file_name, new.bytes).await?;
        self.database
            .write(scope, async move |tx| {
                let ids = repo::insert(tx, scope, std::slice::from_ref(&file), writing.now).await?;
                let id = *ids
                    .first()
                    .ok_or_else(|| soko_infra::DatabaseError::corrupt("inserted asset", "no id"))?;
                put_tags(tx, writing, id, &tags).await?;
                get(tx, writing, id).await
            })
            .await
    }

    /// Changes an asset.
    ///
    /// # Errors
    /// An asset that the channel does not have, an empty name, or a focal point outside the picture.
    pub async fn update_asset(
        &self,
        actor: &Actor,
        id: AssetId,
        changes: AssetChanges,
    ) -> Result<Asset, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateAsset, Permission::UpdateCatalog])?;
        let writing = self.writing(actor, scope);
        let name = changes.name.as_deref().map(|name| text::name("name", name)).transpose()?;
        let focal_point = match changes.focal_point {
            Some(Some(point)) => Some(Some(point.check()?)),
            other => other,
        };
        let tags = changes.tags.as_deref().map(labels).transpose()?;
        self.database
            .write(scope, async move |tx| {
                if !repo::update(tx, scope, id, (name, focal_point), writing.now).await? {
                    return Err(CatalogueError::not_found(Thing::Asset, id));
                }
                if let Some(tags) = &tags {
                    put_tags(tx, writing, id, tags).await?;
                }
                get(tx, writing, id).await
            })
            .await
    }

    /// Deletes assets. With `force` also where something shows them, which then shows them no more. Their files stay:
    /// the same content may have other names.
    ///
    /// # Errors
    /// [`CatalogueError::AssetInUse`], or an asset that the channel does not have.
    pub async fn delete_assets(
        &self,
        actor: &Actor,
        ids: Vec<AssetId>,
        force: bool,
    ) -> Result<(), CatalogueError> {
        let scope = actor.require_any(&[Permission::DeleteAsset, Permission::DeleteCatalog])?;
        check_count(ids.len())?;
        self.database
            .write(scope, async move |tx| {
                links::check_assets(tx, scope, ids.clone()).await?;
                let (products, variants, collections) = repo::usage(tx, scope, &ids).await?;
                if !force && (products > 0 || variants > 0 || collections > 0) {
                    return Err(CatalogueError::AssetInUse { products, variants, collections });
                }
                repo::delete(tx, scope, &ids).await?;
                Ok(())
            })
            .await
    }

    /// Creates a tag, or finds the one with this label.
    ///
    /// # Errors
    /// An empty label.
    pub async fn create_tag(&self, actor: &Actor, value: &str) -> Result<Tag, CatalogueError> {
        let scope = actor.require_any(&[Permission::CreateTag, Permission::CreateCatalog])?;
        let (values, now) = (labels(&[value.to_owned()])?, self.clock.now());
        self.database
            .write(scope, async move |tx| {
                let tags = repo::put_tags(tx, scope, &values, now).await?;
                let id = tags.first().map_or(TagId(0), |(id, _)| *id);
                repo::find_tag(tx, scope, id).await?.ok_or(CatalogueError::not_found(Thing::Tag, id))
            })
            .await
    }

    /// Renames a tag.
    ///
    /// # Errors
    /// A tag that the channel does not have, an empty label, or one that is taken.
    pub async fn update_tag(&self, actor: &Actor, id: TagId, value: &str) -> Result<Tag, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateTag, Permission::UpdateCatalog])?;
        let (value, now) = (text::name("value", value)?, self.clock.now());
        self.database
            .write(scope, async move |tx| {
                repo::update_tag(tx, scope, id, &value, now).await?;
                repo::find_tag(tx, scope, id).await?.ok_or(CatalogueError::not_found(Thing::Tag, id))
            })
            .await
    }

    /// Deletes a tag; assets lose it.
    ///
    /// # Errors
    /// A tag that the channel does not have.
    pub async fn delete_tag(&self, actor: &Actor, id: TagId) -> Result<(), CatalogueError> {
        let scope = actor.require_any(&[Permission::DeleteTag, Permission::DeleteCatalog])?;
        self.database
            .write(scope, async move |tx| {
                if repo::delete_tag(tx, scope, id).await? {
                    Ok(())
                } else {
                    Err(CatalogueError::not_found(Thing::Tag, id))
                }
            })
            .await
    }
}

/// Looks at a file and puts it into the blob store.
pub(super) async fn store_file(
    blobs: &Blobs,
    file_name: &str,
    bytes: bytes::Bytes,
) -> Result<StoredFile, CatalogueError> {
    let inspected = inspect_file(file_name, &bytes)?;
    let source = blobs.store(bytes, inspected.picture.extension).await?;
    Ok(StoredFile { source, ..inspected })
}

/// What a file would be stored as, without storing it.
pub(super) fn inspect_file(file_name: &str, bytes: &bytes::Bytes) -> Result<StoredFile, CatalogueError> {
    let name = text::name("name", file_name)?;
    let picture = picture::inspect(&name, bytes)?;
    let file_size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let source = Blobs::name_of(bytes, picture.extension);
    Ok(StoredFile { name, picture, file_size, source })
}

fn labels(tags: &[String]) -> Result<BTreeSet<String>, CatalogueError> {
    check_count(tags.len())?;
    Ok(tags.iter().map(|tag| text::name("value", tag)).collect::<Result<_, _>>()?)
}

async fn put_tags(
    tx: &mut Tx,
    writing: Writing,
    asset: AssetId,
    tags: &BTreeSet<String>,
) -> Result<(), CatalogueError> {
    let tags = repo::put_tags(tx, writing.scope, tags, writing.now).await?;
    let ids: Vec<TagId> = tags.into_iter().map(|(id, _)| id).collect();
    links::replace(tx, writing.scope, links::ASSET_TAGS, &[(asset.0, ids)]).await?;
    Ok(())
}

async fn get(tx: &mut Tx, writing: Writing, id: AssetId) -> Result<Asset, CatalogueError> {
    let found = repo::find_many(tx, writing.scope, &[id]).await?;
    found.into_iter().next().ok_or(CatalogueError::not_found(Thing::Asset, id))
}
