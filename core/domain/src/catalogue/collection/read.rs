//! Reading collections.

use std::collections::HashMap;

use soko_kernel::{Actor, CollectionId, ListQuery, Page, Permission, ProductId};

use super::entity::{Breadcrumb, Collection};
use super::repo;
use crate::catalogue::audience::CatalogueReads;
use crate::catalogue::batch;
use crate::catalogue::error::CatalogueError;
use crate::catalogue::translation::repo::{COLLECTION_TEXTS, slugged_of};
use crate::catalogue::translation::{Languages, SluggedTranslation};

impl CatalogueReads {
    /// A page of collections without the root, of those right below it where `top_level_only` is set. By position
    /// where the query does not sort.
    ///
    /// # Errors
    /// A list that cannot be read as asked.
    pub async fn list_collections(
        &self,
        actor: &Actor,
        top_level_only: bool,
        query: &ListQuery,
    ) -> Result<Page<Collection>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadCollection)?;
        let languages = Languages::of(actor);
        self.database
            .read(scope, async |reader| {
                repo::list(reader, scope, languages, self.audience, (top_level_only, query)).await
            })
            .await
    }

    /// A collection by its id.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn find_collection(
        &self,
        actor: &Actor,
        id: CollectionId,
    ) -> Result<Option<Collection>, CatalogueError> {
        Ok(self.collections(actor, &[id]).await?.remove(&id))
    }

    /// A collection by its slug in any language.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn find_collection_by_slug(
        &self,
        actor: &Actor,
        slug: &str,
    ) -> Result<Option<Collection>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadCollection)?;
        let languages = Languages::of(actor);
        self.database
            .read(scope, async |reader| {
                let Some(id) = repo::find_id_by_slug(reader, scope, languages, slug).await? else {
                    return Ok(None);
                };
                Ok(repo::find_many(reader, scope, languages, self.audience, &[id]).await?.pop())
            })
            .await
    }

    /// Collections by their ids; parents are found this way, the root too.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn collections(
        &self,
        actor: &Actor,
        ids: &[CollectionId],
    ) -> Result<HashMap<CollectionId, Collection>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadCollection)?;
        let languages = Languages::of(actor);
        let collections = self
            .database
            .read(scope, async |reader| repo::find_many(reader, scope, languages, self.audience, ids).await)
            .await?;
        Ok(collections.into_iter().map(|collection| (collection.id, collection)).collect())
    }

    /// The children of collections, in their order.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn children_of_collections(
        &self,
        actor: &Actor,
        ids: &[CollectionId],
    ) -> Result<HashMap<CollectionId, Vec<Collection>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadCollection)?;
        let languages = Languages::of(actor);
        let children = self
            .database
            .read(scope, async |reader| repo::children(reader, scope, languages, self.audience, ids).await)
            .await?;
        Ok(batch::group(children.into_iter().filter_map(|child| Some((child.parent_id?, child)))))
    }

    /// The way from the root to each collection, both included.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn breadcrumbs_of_collections(
        &self,
        actor: &Actor,
        ids: &[CollectionId],
    ) -> Result<HashMap<CollectionId, Vec<Breadcrumb>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadCollection)?;
        let languages = Languages::of(actor);
        let breadcrumbs = self
            .database
            .read(scope, async |reader| repo::breadcrumbs(reader, scope, languages, self.audience, ids).await)
            .await?;
        Ok(batch::group(breadcrumbs))
    }

    /// The collections that hold variants of products, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn collections_of_products(
        &self,
        actor: &Actor,
        ids: &[ProductId],
    ) -> Result<HashMap<ProductId, Vec<Collection>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        let collections = self
            .database
            .read(scope, async |reader| repo::of_products(reader, scope, languages, self.audience, ids).await)
            .await?;
        Ok(batch::group(collections))
    }

    /// How many variants the audience sees in each collection.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn variant_counts_of_collections(
        &self,
        actor: &Actor,
        ids: &[CollectionId],
    ) -> Result<HashMap<CollectionId, i64>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadCollection)?;
        let languages = Languages::of(actor);
        let counts = self
            .database
            .read(scope, async |reader| {
                repo::variant_counts(reader, scope, languages, self.audience, ids).await
            })
            .await?;
        Ok(counts.into_iter().collect())
    }

    /// The texts of collections in every language, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn translations_of_collections(
        &self,
        actor: &Actor,
        ids: &[CollectionId],
    ) -> Result<HashMap<CollectionId, Vec<SluggedTranslation>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadCollection)?;
        let owners = batch::raw(ids);
        let texts = self
            .database
            .read(scope, async |reader| slugged_of(reader, scope, COLLECTION_TEXTS, owners).await)
            .await?;
        Ok(texts.into_iter().map(|(id, texts)| (CollectionId(id), texts)).collect())
    }
}
