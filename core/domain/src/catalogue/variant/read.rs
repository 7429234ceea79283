//! Reading variants.

use std::collections::HashMap;

use soko_kernel::{Actor, ListQuery, Page, Permission, ProductId, VariantId};

use super::entity::Variant;
use super::repo::{self, VariantsOf};
use crate::catalogue::audience::CatalogueReads;
use crate::catalogue::batch;
use crate::catalogue::error::CatalogueError;
use crate::catalogue::translation::repo::{VARIANT_NAMES, names_of};
use crate::catalogue::translation::{Languages, Translation};

impl CatalogueReads {
    /// A page of the variants of the channel, of a product or of a collection.
    ///
    /// # Errors
    /// A list that cannot be read as asked.
    pub async fn list_variants(
        &self,
        actor: &Actor,
        of: VariantsOf,
        query: &ListQuery,
    ) -> Result<Page<Variant>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let (languages, now) = (Languages::of(actor), self.clock.now());
        self.database
            .read(scope, async |reader| {
                repo::list(reader, scope, languages, (self.audience, now), of, query).await
            })
            .await
    }

    /// A variant by its id, if the audience may see it.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn find_variant(
        &self,
        actor: &Actor,
        id: VariantId,
    ) -> Result<Option<Variant>, CatalogueError> {
        Ok(self.variants(actor, &[id]).await?.remove(&id))
    }

    /// Variants by their ids, those that the audience may see.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn variants(
        &self,
        actor: &Actor,
        ids: &[VariantId],
    ) -> Result<HashMap<VariantId, Variant>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        let variants =
            self.database.read(scope, async |reader| repo::load(reader, scope, languages, ids).await).await?;
        let seen = |variant: &Variant| {
            variant.is_sold() || (self.audience.sees_hidden() && variant.deleted_at.is_none())
        };
        Ok(variants.into_iter().filter(seen).map(|variant| (variant.id, variant)).collect())
    }

    /// The variants of products, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn variants_of_products(
        &self,
        actor: &Actor,
        ids: &[ProductId],
    ) -> Result<HashMap<ProductId, Vec<Variant>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        let variants = self
            .database
            .read(scope, async |reader| repo::of_products(reader, scope, languages, self.audience, ids).await)
            .await?;
        Ok(batch::group(variants.into_iter().map(|variant| (variant.product.id, variant))))
    }

    /// The names of variants in every language, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn translations_of_variants(
        &self,
        actor: &Actor,
        ids: &[VariantId],
    ) -> Result<HashMap<VariantId, Vec<Translation>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let owners = batch::raw(ids);
        let names = self
            .database
            .read(scope, async |reader| names_of(reader, scope, VARIANT_NAMES, owners).await)
            .await?;
        Ok(names.into_iter().map(|(id, names)| (VariantId(id), names)).collect())
    }
}
