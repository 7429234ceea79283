//! Reading facets and facet values.

use std::collections::HashMap;

use soko_kernel::{Actor, FacetId, FacetValueId, ListQuery, Page, Permission, ProductId, VariantId};

use super::entity::{Facet, FacetValue};
use super::repo;
use crate::catalogue::audience::CatalogueReads;
use crate::catalogue::batch;
use crate::catalogue::error::CatalogueError;
use crate::catalogue::translation::repo::{FACET_NAMES, FACET_VALUE_NAMES, names_of};
use crate::catalogue::translation::{Languages, Translation};

impl CatalogueReads {
    /// A page of facets.
    ///
    /// # Errors
    /// A list that cannot be read as asked.
    pub async fn list_facets(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Facet>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadFacet)?;
        let languages = Languages::of(actor);
        self.database
            .read(scope, async |reader| {
                repo::list_facets(reader, scope, languages, self.audience, query).await
            })
            .await
    }

    /// A facet by its id.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn find_facet(&self, actor: &Actor, id: FacetId) -> Result<Option<Facet>, CatalogueError> {
        Ok(self.facets(actor, &[id]).await?.remove(&id))
    }

    /// Facets by their ids.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn facets(
        &self,
        actor: &Actor,
        ids: &[FacetId],
    ) -> Result<HashMap<FacetId, Facet>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadFacet)?;
        let languages = Languages::of(actor);
        let facets = self
            .database
            .read(scope, async |reader| repo::facets(reader, scope, languages, self.audience, ids).await)
            .await?;
        Ok(facets.into_iter().map(|facet| (facet.id, facet)).collect())
    }

    /// A page of facet values, of one facet where it is named.
    ///
    /// # Errors
    /// A list that cannot be read as asked.
    pub async fn list_facet_values(
        &self,
        actor: &Actor,
        facet: Option<FacetId>,
        query: &ListQuery,
    ) -> Result<Page<FacetValue>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadFacet)?;
        let languages = Languages::of(actor);
        self.database
            .read(scope, async |reader| {
                repo::list_values(reader, scope, languages, self.audience, facet, query).await
            })
            .await
    }

    /// Facet values by their ids.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn facet_values(
        &self,
        actor: &Actor,
        ids: &[FacetValueId],
    ) -> Result<HashMap<FacetValueId, FacetValue>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadFacet)?;
        let languages = Languages::of(actor);
        let values = self
            .database
            .read(scope, async |reader| {
                repo::facet_values(reader, scope, languages, self.audience, ids).await
            })
            .await?;
        Ok(values.into_iter().map(|value| (value.id, value)).collect())
    }

    /// A facet value by its id.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn find_facet_value(
        &self,
        actor: &Actor,
        id: FacetValueId,
    ) -> Result<Option<FacetValue>, CatalogueError> {
        Ok(self.facet_values(actor, &[id]).await?.remove(&id))
    }

    /// The values of facets, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn values_of_facets(
        &self,
        actor: &Actor,
        ids: &[FacetId],
    ) -> Result<HashMap<FacetId, Vec<FacetValue>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadFacet)?;
        let languages = Languages::of(actor);
        let values = self
            .database
            .read(scope, async |reader| {
                repo::values_of_facets(reader, scope, languages, self.audience, ids).await
            })
            .await?;
        Ok(batch::group(values.into_iter().map(|value| (value.facet.id, value))))
    }

    /// The facet values of products, not of their variants, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn facet_values_of_products(
        &self,
        actor: &Actor,
        ids: &[ProductId],
    ) -> Result<HashMap<ProductId, Vec<FacetValue>>, CatalogueError> {
        let values = self.values_of_owners(actor, repo::OF_PRODUCTS, batch::raw(ids)).await?;
        Ok(batch::group(values.into_iter().map(|(id, value)| (ProductId(id), value))))
    }

    /// The facet values of variants, not of their products, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn facet_values_of_variants(
        &self,
        actor: &Actor,
        ids: &[VariantId],
    ) -> Result<HashMap<VariantId, Vec<FacetValue>>, CatalogueError> {
        let values = self.values_of_owners(actor, repo::OF_VARIANTS, batch::raw(ids)).await?;
        Ok(batch::group(values.into_iter().map(|(id, value)| (VariantId(id), value))))
    }

    async fn values_of_owners(
        &self,
        actor: &Actor,
        sql: &'static str,
        ids: Vec<i64>,
    ) -> Result<Vec<(i64, FacetValue)>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        self.database
            .read(scope, async |reader| {
                Ok(repo::values_of_owners(reader, sql, scope, languages, self.audience, ids).await?)
            })
            .await
    }

    /// The names of facets in every language, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn translations_of_facets(
        &self,
        actor: &Actor,
        ids: &[FacetId],
    ) -> Result<HashMap<FacetId, Vec<Translation>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadFacet)?;
        let owners = batch::raw(ids);
        let names = self
            .database
            .read(scope, async |reader| names_of(reader, scope, FACET_NAMES, owners).await)
            .await?;
        Ok(names.into_iter().map(|(id, names)| (FacetId(id), names)).collect())
    }

    /// The names of facet values in every language, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn translations_of_facet_values(
        &self,
        actor: &Actor,
        ids: &[FacetValueId],
    ) -> Result<HashMap<FacetValueId, Vec<Translation>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadFacet)?;
        let owners = batch::raw(ids);
        let names = self
            .database
            .read(scope, async |reader| names_of(reader, scope, FACET_VALUE_NAMES, owners).await)
            .await?;
        Ok(names.into_iter().map(|(id, names)| (FacetValueId(id), names)).collect())
    }
}
