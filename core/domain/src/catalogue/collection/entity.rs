//! A collection's facts, and where it may stand in the tree.

use soko_kernel::{AssetId, CollectionId, ConfigurableOperation, Language, Timestamp};

use crate::catalogue::translation::SluggedInput;

/// Name and slug of every channel's root collection, as clients of this API know it.
pub const ROOT_COLLECTION_NAME: &str = "__root_collection__";

/// A node in the tree of categories. Its texts are in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its id.
    pub id: CollectionId,
    /// What it is below: the root for those at the top. Only the root has none.
    pub parent_id: Option<CollectionId>,
    /// Whether it is the root, which lists leave out.
    pub is_root: bool,
    /// Whether only administrators see it.
    pub is_private: bool,
    /// Its place among its siblings, from 0.
    pub position: i64,
    /// The language of the texts.
    pub language: Language,
    /// Its name.
    pub name: String,
    /// Its name in addresses, unique in the channel for the language.
    pub slug: String,
    /// Its description, in the shop's own mark-up.
    pub description: String,
    /// The picture that stands for it.
    pub featured_asset_id: Option<AssetId>,
    /// Whether its ancestors' filters narrow what its own select.
    pub inherit_filters: bool,
    /// What selects its variants.
    pub filters: Vec<ConfigurableOperation>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A collection on the way from the root to another.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Breadcrumb {
    /// Its id.
    pub id: CollectionId,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
}

/// What a new collection needs.
#[derive(Debug, Clone)]
pub struct NewCollection {
    /// What it is below; the root when absent.
    pub parent_id: Option<CollectionId>,
    /// Whether only administrators see it.
    pub is_private: bool,
    /// Whether its ancestors' filters narrow what its own select.
    pub inherit_filters: bool,
    /// What selects its variants.
    pub filters: Vec<ConfigurableOperation>,
    /// The picture that stands for it; the first of `asset_ids` when absent.
    pub featured_asset_id: Option<AssetId>,
    /// Its pictures in order.
    pub asset_ids: Vec<AssetId>,
    /// Its texts, in at least one language.
    pub translations: Vec<SluggedInput>,
}

impl NewCollection {
    /// A public collection at the top with a name and filters.
    pub fn named(language: Language, name: impl Into<String>, filters: Vec<ConfigurableOperation>) -> Self {
        Self {
            parent_id: None,
            is_private: false,
            inherit_filters: true,
            filters,
            featured_asset_id: None,
            asset_ids: Vec::new(),
            translations: vec![SluggedInput::new(language, name)],
        }
    }
}

/// What may change of a collection; absent fields stay.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of NewCollection")]
pub struct CollectionChanges {
    /// Another parent moves it to the end of that one's children.
    pub parent_id: Option<CollectionId>,
    pub is_private: Option<bool>,
    pub inherit_filters: Option<bool>,
    pub filters: Option<Vec<ConfigurableOperation>>,
    /// The picture that stands for it; `Some(None)` takes it away.
    pub featured_asset_id: Option<Option<AssetId>>,
    pub asset_ids: Option<Vec<AssetId>>,
    pub translations: Vec<SluggedInput>,
}

/// The children in their order after one of them has come to stand at `index`, or at the end when that is past it.
pub(super) fn arranged(children: &[CollectionId], moved: CollectionId, index: usize) -> Vec<CollectionId> {
    let mut order: Vec<CollectionId> = children.iter().copied().filter(|child| *child != moved).collect();
    order.insert(index.min(order.len()), moved);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arranges_children() {
        let ids = |ids: &[i64]| ids.iter().copied().map(CollectionId).collect::<Vec<_>>();
        assert_eq!(arranged(&ids(&[1, 2, 3]), CollectionId(3), 0), ids(&[3, 1, 2]));
        assert_eq!(arranged(&ids(&[1, 2, 3]), CollectionId(1), 9), ids(&[2, 3, 1]));
        assert_eq!(arranged(&ids(&[1, 2]), CollectionId(7), 1), ids(&[1, 7, 2]));
        assert_eq!(arranged(&[], CollectionId(7), 0), ids(&[7]));
    }
}
