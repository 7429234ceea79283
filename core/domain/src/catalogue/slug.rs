//! Which slug a product or a collection would get.

use std::collections::BTreeSet;

use soko_kernel::{Actor, CollectionId, Permission, ProductId};

use super::audience::CatalogueReads;
use super::error::CatalogueError;
use super::text;
use super::translation::repo::{COLLECTION_TEXTS, PRODUCT_TEXTS, taken_slugs};

/// What a slug is for: a thing that is there and may keep its own, or a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlugOf {
    /// A product.
    Product(Option<ProductId>),
    /// A collection.
    Collection(Option<CollectionId>),
}

impl CatalogueReads {
    /// The slug that a text would become in the actor's language, numbered where another thing has it. It is not
    /// kept for anybody.
    ///
    /// # Errors
    /// A text without letters and digits.
    pub async fn free_slug(&self, actor: &Actor, of: SlugOf, text: &str) -> Result<String, CatalogueError> {
        let (permission, table, owner) = match of {
            SlugOf::Product(id) => (Permission::ReadProduct, PRODUCT_TEXTS, id.map(i64::from)),
            SlugOf::Collection(id) => (Permission::ReadCollection, COLLECTION_TEXTS, id.map(i64::from)),
        };
        let scope = self.scope(actor, permission)?;
        let slug = text::slug(text)?;
        let asked = BTreeSet::from([slug.clone()]);
        let taken =
            self.database.read(scope, async |reader| taken_slugs(reader, scope, table, asked.clone()).await);
        let mut taken = taken.await?;
        Ok(taken.claim(owner, actor.language, &slug))
    }
}
