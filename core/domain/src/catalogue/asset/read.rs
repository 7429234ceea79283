//! Reading assets and tags.

use std::collections::HashMap;

use soko_kernel::{Actor, AssetId, CollectionId, ListQuery, Page, Permission, ProductId, TagId, VariantId};

use super::entity::{Asset, Tag};
use super::repo::{self, AssetTags};
use crate::catalogue::audience::CatalogueReads;
use crate::catalogue::batch;
use crate::catalogue::check_count;
use crate::catalogue::error::CatalogueError;
use crate::catalogue::translation::repo::{ASSET_NAMES, names_of};
use crate::catalogue::translation::{Languages, Translation};

impl CatalogueReads {
    /// A page of assets, of those with certain tags where they are named.
    ///
    /// # Errors
    /// A list that cannot be read as asked, or too many tags.
    pub async fn list_assets(
        &self,
        actor: &Actor,
        tags: &AssetTags,
        query: &ListQuery,
    ) -> Result<Page<Asset>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadAsset)?;
        check_count(tags.tags.len())?;
        let languages = Languages::of(actor);
        self.database
            .read(scope, async |reader| repo::list(reader, scope, languages, tags, query).await)
            .await
    }

    /// Assets by their ids, as of the channel's revision that the actor knows or later. At most one statement.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn assets(
        &self,
        actor: &Actor,
        ids: &[AssetId],
    ) -> Result<HashMap<AssetId, Asset>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadAsset)?;
        let (channel, languages) = (&actor.channel, Languages::of(actor));
        let known =
            |id: &AssetId| self.known_assets.as_ref()?.get(channel.id, channel.revision, (*id, languages));
        if let Some(known) = ids.iter().map(|id| Some((*id, known(id)?))).collect() {
            return Ok(known);
        }
        let assets = self
            .database
            .read(scope, async |reader| repo::find_many(reader, scope, languages, ids).await)
            .await?;
        if let Some(remembered) = &self.known_assets {
            for asset in &assets {
                remembered.insert(channel.id, channel.revision, (asset.id, languages), asset.clone());
            }
        }
        Ok(assets.into_iter().map(|asset| (asset.id, asset)).collect())
    }

    /// The pictures of products, in each product's order.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn assets_of_products(
        &self,
        actor: &Actor,
        ids: &[ProductId],
    ) -> Result<HashMap<ProductId, Vec<Asset>>, CatalogueError> {
        let assets = self.assets_of_owners(actor, repo::OF_PRODUCTS, batch::raw(ids)).await?;
        Ok(batch::group(assets.into_iter().map(|(id, asset)| (ProductId(id), asset))))
    }

    /// The pictures of variants, in each variant's order.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn assets_of_variants(
        &self,
        actor: &Actor,
        ids: &[VariantId],
    ) -> Result<HashMap<VariantId, Vec<Asset>>, CatalogueError> {
        let assets = self.assets_of_owners(actor, repo::OF_VARIANTS, batch::raw(ids)).await?;
        Ok(batch::group(assets.into_iter().map(|(id, asset)| (VariantId(id), asset))))
    }

    /// The pictures of collections, in each collection's order.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn assets_of_collections(
        &self,
        actor: &Actor,
        ids: &[CollectionId],
    ) -> Result<HashMap<CollectionId, Vec<Asset>>, CatalogueError> {
        let assets = self.assets_of_owners(actor, repo::OF_COLLECTIONS, batch::raw(ids)).await?;
        Ok(batch::group(assets.into_iter().map(|(id, asset)| (CollectionId(id), asset))))
    }

    async fn assets_of_owners(
        &self,
        actor: &Actor,
        sql: &'static str,
        ids: Vec<i64>,
    ) -> Result<Vec<(i64, Asset)>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        self.database
            .read(scope, async |reader| Ok(repo::of_owners(reader, sql, scope, languages, ids).await?))
            .await
    }

    /// The names of assets in every language, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn translations_of_assets(
        &self,
        actor: &Actor,
        ids: &[AssetId],
    ) -> Result<HashMap<AssetId, Vec<Translation>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadAsset)?;
        let owners = batch::raw(ids);
        let names = self
            .database
            .read(scope, async |reader| names_of(reader, scope, ASSET_NAMES, owners).await)
            .await?;
        Ok(names.into_iter().map(|(id, names)| (AssetId(id), names)).collect())
    }

    /// The tags of assets, by their labels.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn tags_of_assets(
        &self,
        actor: &Actor,
        ids: &[AssetId],
    ) -> Result<HashMap<AssetId, Vec<Tag>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadAsset)?;
        let tags =
            self.database.read(scope, async |reader| repo::tags_of_assets(reader, scope, ids).await).await?;
        Ok(batch::group(tags))
    }

    /// A page of tags.
    ///
    /// # Errors
    /// A list that cannot be read as asked.
    pub async fn list_tags(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Tag>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadTag)?;
        self.database.read(scope, async |reader| repo::list_tags(reader, scope, query).await).await
    }

    /// A tag by its id.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn find_tag(&self, actor: &Actor, id: TagId) -> Result<Option<Tag>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadTag)?;
        self.database.read(scope, async |reader| Ok(repo::find_tag(reader, scope, id).await?)).await
    }
}
