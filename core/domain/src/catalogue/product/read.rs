//! Reading products.

use std::collections::HashMap;

use soko_kernel::{Actor, ListQuery, Page, Permission, ProductId};

use super::entity::Product;
use super::repo;
use crate::catalogue::audience::CatalogueReads;
use crate::catalogue::error::CatalogueError;
use crate::catalogue::translation::repo::{PRODUCT_TEXTS, slugged_of};
use crate::catalogue::translation::{Languages, SluggedTranslation};

impl CatalogueReads {
    /// A page of products.
    ///
    /// # Errors
    /// A list that cannot be read as asked.
    pub async fn list_products(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<Product>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        self.database
            .read(scope, async |reader| repo::list(reader, scope, languages, self.audience, query).await)
            .await
    }

    /// A product by its id.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn find_product(
        &self,
        actor: &Actor,
        id: ProductId,
    ) -> Result<Option<Product>, CatalogueError> {
        Ok(self.products(actor, &[id]).await?.remove(&id))
    }

    /// A product by its slug in any language.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn find_product_by_slug(
        &self,
        actor: &Actor,
        slug: &str,
    ) -> Result<Option<Product>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
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

    /// Products by their ids.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn products(
        &self,
        actor: &Actor,
        ids: &[ProductId],
    ) -> Result<HashMap<ProductId, Product>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        let products = self
            .database
            .read(scope, async |reader| repo::find_many(reader, scope, languages, self.audience, ids).await)
            .await?;
        Ok(products.into_iter().map(|product| (product.id, product)).collect())
    }

    /// The texts of products in every language, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn translations_of_products(
        &self,
        actor: &Actor,
        ids: &[ProductId],
    ) -> Result<HashMap<ProductId, Vec<SluggedTranslation>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let owners = crate::catalogue::batch::raw(ids);
        let texts = self
            .database
            .read(scope, async |reader| slugged_of(reader, scope, PRODUCT_TEXTS, owners).await)
            .await?;
        Ok(texts.into_iter().map(|(id, texts)| (ProductId(id), texts)).collect())
    }
}
