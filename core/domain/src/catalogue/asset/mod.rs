//! Assets: the pictures of products, variants and collections, and their tags.
//!
//! A file is stored under its content's digest before its row is written; the row of a refused request leaves a file
//! that nothing names, which is harmless and is stored once.

mod entity;
mod picture;
mod read;
pub(super) mod repo;

use std::collections::{BTreeSet, HashMap};

use soko_infra::{Blobs, DatabaseError, Tx};
use soko_kernel::{Actor, AssetId, Permission, TagId};

pub use entity::{Asset, AssetChanges, FocalPoint, NewAsset, Tag};
pub use picture::{DIMENSION_MAX, FILE_SIZE_MAX_BYTES, PICTURE_TYPES, PictureError};
pub use repo::AssetTags;

use self::repo::StoredFile;
use super::error::{CatalogueError, Thing};
use super::links::repo as links;
use super::translation::repo::{ASSET_NAMES, names_of, put_names};
use super::translation::{Name, TranslationInput, changed_names, new_names, with_ids};
use super::{Catalogue, Writing, check_count, text};
use crate::channels::Channels;

/// A file that is in the blob store, and what goes with it.
#[derive(Clone)]
struct Stored {
    file: StoredFile,
    names: Vec<Name>,
    tags: BTreeSet<String>,
}

/// Most files of one request.
pub const FILES_PER_REQUEST_MAX: usize = 100;

impl Catalogue {
    /// Stores a picture. Its kind and size are told from its bytes.
    ///
    /// # Errors
    /// A file that is no picture of a known kind, or too large.
    pub async fn create_asset(&self, actor: &Actor, new: NewAsset) -> Result<Asset, CatalogueError> {
        let file = std::future::ready(Ok::<_, CatalogueError>(new));
        let stored = self.create_assets(actor, vec![file]).await?;
        let only = stored.into_iter().next();
        Ok(only.ok_or_else(|| DatabaseError::corrupt("inserted asset", "no row"))??)
    }

    /// Stores those of the files that are pictures. Their kind and size are told from their bytes. Answers what came of
    /// each, in the given order.
    ///
    /// The files are read one after another, so that a request never has more than one of them in memory, and none
    /// before the actor is known to have the permission.
    ///
    /// # Errors
    /// More files than [`FILES_PER_REQUEST_MAX`], a name or label that breaks a rule, or whatever reading a file failed
    /// with; then no asset is created.
    pub async fn create_assets<F, E>(
        &self,
        actor: &Actor,
        files: Vec<F>,
    ) -> Result<Vec<Result<Asset, PictureError>>, E>
    where
        F: Future<Output = Result<NewAsset, E>>,
        E: From<CatalogueError>,
    {
        let permissions = [Permission::CreateAsset, Permission::CreateCatalog];
        let scope = actor.require_any(&permissions).map_err(CatalogueError::from)?;
        if files.len() > FILES_PER_REQUEST_MAX {
            return Err(CatalogueError::TooMany(FILES_PER_REQUEST_MAX).into());
        }
        let writing = self.writing(actor, scope);
        let (mut outcome, mut stored) = (Vec::with_capacity(files.len()), Vec::with_capacity(files.len()));
        for file in files {
            match self.store(writing, file.await?).await {
                Ok(file) => {
                    stored.push(file);
                    outcome.push(Ok(()));
                }
                Err(CatalogueError::Picture(refusal)) if refusal.is_of_one_file() => {
                    outcome.push(Err(refusal));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let mut assets = self.insert(writing, stored).await?.into_iter();
        let missing = || CatalogueError::from(DatabaseError::corrupt("inserted asset", "no row"));
        let asset = |stored: Result<(), PictureError>| match stored {
            Ok(()) => assets.next().map(Ok).ok_or_else(|| missing().into()),
            Err(refusal) => Ok(Err(refusal)),
        };
        outcome.into_iter().map(asset).collect()
    }

    /// Looks at a file and at what goes with it, and puts it into the blob store.
    async fn store(&self, writing: Writing, new: NewAsset) -> Result<Stored, CatalogueError> {
        let tags = labels(&new.tags)?;
        let names = match new.translations.as_slice() {
            [] => new_names(&[TranslationInput::new(writing.languages.fallback, &*new.file_name)])?,
            translations => new_names(translations)?,
        };
        Ok(Stored { file: store_file(&self.blobs, &new.file_name, new.bytes).await?, names, tags })
    }

    /// Writes the rows of stored files.
    async fn insert(&self, writing: Writing, stored: Vec<Stored>) -> Result<Vec<Asset>, CatalogueError> {
        if stored.is_empty() {
            return Ok(Vec::new());
        }
        let Writing { scope, now, .. } = writing;
        self.database
            .write(scope, async move |tx| {
                let files: Vec<StoredFile> = stored.iter().map(|stored| stored.file.clone()).collect();
                let ids = repo::insert(tx, scope, &files, now).await?;
                let (names, tags): (Vec<_>, Vec<_>) =
                    stored.into_iter().map(|stored| (stored.names, stored.tags)).unzip();
                put_names(tx, scope, ASSET_NAMES, with_ids(&ids, names), now).await?;
                let tags: Vec<(AssetId, BTreeSet<String>)> = ids.iter().copied().zip(tags).collect();
                put_tags(tx, writing, &tags).await?;
                get_many(tx, writing, &ids).await
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
        let focal_point = match changes.focal_point {
            Some(Some(point)) => Some(Some(point.check()?)),
            other => other,
        };
        let tags = changes.tags.as_deref().map(labels).transpose()?;
        let names = changes.names(writing.languages.wanted);
        self.database
            .write(scope, async move |tx| {
                if !repo::touch(tx, scope, id, writing.now).await? {
                    return Err(CatalogueError::not_found(Thing::Asset, id));
                }
                if let Some(point) = focal_point {
                    repo::set_focal_point(tx, scope, id, point).await?;
                }
                let present = names_of(tx, scope, ASSET_NAMES, vec![id.0]).await?;
                let present = present.get(&id.0).map(Vec::as_slice).unwrap_or_default();
                Channels::touch_in_tx(tx, scope, writing.now).await?;
                let names = changed_names(&names, present)?;
                put_names(tx, scope, ASSET_NAMES, with_ids(&[id], vec![names]), writing.now).await?;
                if let Some(tags) = tags {
                    put_tags(tx, writing, &[(id, tags)]).await?;
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
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                links::check_assets(tx, scope, ids.clone()).await?;
                let (products, variants, collections) = repo::usage(tx, scope, &ids).await?;
                if !force && (products > 0 || variants > 0 || collections > 0) {
                    return Err(CatalogueError::AssetInUse { products, variants, collections });
                }
                repo::delete(tx, scope, &ids).await?;
                Ok(Channels::touch_in_tx(tx, scope, now).await?)
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

    /// Renames a tag; without a label it stays as it is.
    ///
    /// # Errors
    /// A tag that the channel does not have, an empty label, or one that is taken.
    pub async fn update_tag(
        &self,
        actor: &Actor,
        id: TagId,
        value: Option<&str>,
    ) -> Result<Tag, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateTag, Permission::UpdateCatalog])?;
        let value = value.map(|value| text::name("value", value)).transpose()?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                if let Some(value) = &value {
                    repo::update_tag(tx, scope, id, value, now).await?;
                }
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

/// Gives each asset exactly these labels.
async fn put_tags(
    tx: &mut Tx,
    writing: Writing,
    wanted: &[(AssetId, BTreeSet<String>)],
) -> Result<(), CatalogueError> {
    let all: BTreeSet<String> = wanted.iter().flat_map(|(_, labels)| labels.iter().cloned()).collect();
    let tags = repo::put_tags(tx, writing.scope, &all, writing.now).await?;
    let tags: HashMap<String, TagId> = tags.into_iter().map(|(id, label)| (label, id)).collect();
    let of = |labels: &BTreeSet<String>| labels.iter().filter_map(|label| tags.get(label).copied()).collect();
    let links: Vec<(i64, Vec<TagId>)> = wanted.iter().map(|(id, labels)| (id.0, of(labels))).collect();
    links::replace(tx, writing.scope, links::ASSET_TAGS, &links).await?;
    Ok(())
}

async fn get(tx: &mut Tx, writing: Writing, id: AssetId) -> Result<Asset, CatalogueError> {
    let found = repo::find_many(tx, writing.scope, writing.languages, &[id]).await?;
    found.into_iter().next().ok_or(CatalogueError::not_found(Thing::Asset, id))
}

/// The assets in the given order.
async fn get_many(tx: &mut Tx, writing: Writing, ids: &[AssetId]) -> Result<Vec<Asset>, CatalogueError> {
    let found = repo::find_many(tx, writing.scope, writing.languages, ids).await?;
    let found: HashMap<AssetId, Asset> = found.into_iter().map(|asset| (asset.id, asset)).collect();
    let get = |id: &AssetId| found.get(id).cloned().ok_or(CatalogueError::not_found(Thing::Asset, *id));
    ids.iter().map(get).collect()
}
