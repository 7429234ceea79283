//! What filters would select, before a collection has them.

use soko_kernel::operation::OperationDefinition;
use soko_kernel::{Actor, CollectionId, ConfigurableOperation, ListQuery, Page, Permission};

use super::COLLECTION_FILTERS;
use super::filter::Filters;
use super::members::{Node, of_candidate};
use crate::catalogue::audience::CatalogueReads;
use crate::catalogue::error::CatalogueError;
use crate::catalogue::translation::Languages;
use crate::catalogue::variant::{Variant, repo as variants};

/// A collection that might be.
#[derive(Debug, Clone)]
pub struct CollectionPreview {
    /// What it would be below; the root when absent.
    pub parent_id: Option<CollectionId>,
    /// Whether its ancestors' filters would narrow what its own select.
    pub inherit_filters: bool,
    /// What would select its variants.
    pub filters: Vec<ConfigurableOperation>,
}

impl CatalogueReads {
    /// The filters that a collection may have.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub fn collection_filters(
        &self,
        actor: &Actor,
    ) -> Result<&'static [OperationDefinition], CatalogueError> {
        self.scope(actor, Permission::ReadCollection)?;
        Ok(COLLECTION_FILTERS)
    }

    /// A page of the variants that a collection would hold. Looks at every variant of the channel.
    ///
    /// # Errors
    /// Filters or a list that cannot be understood, or a parent that the channel does not have.
    pub async fn preview_collection(
        &self,
        actor: &Actor,
        preview: &CollectionPreview,
        query: &ListQuery,
    ) -> Result<Page<Variant>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadCollection)?;
        let (languages, now) = (Languages::of(actor), self.clock.now());
        let candidate = Node {
            parent: preview.parent_id,
            inherits: preview.inherit_filters,
            filters: Filters::parse(&preview.filters)?,
        };
        self.database
            .read(scope, async |reader| {
                let selected = of_candidate(reader, scope, candidate).await?;
                variants::list_among(reader, scope, languages, (self.audience, now), &selected, query).await
            })
            .await
    }
}
