//! A product's facts, and what may change of them.

use soko_kernel::{AssetId, FacetValueId, Language, ProductId, Timestamp};

use crate::catalogue::translation::SluggedInput;

/// A product: what variants are variants of. Its texts are in one language.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Whether the shop shows it.
    pub enabled: bool,
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
    /// When it was deleted. Only orders still show deleted products.
    pub deleted_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a new product needs.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// Whether the shop shows it.
    pub enabled: bool,
    /// The picture that stands for it; the first of `asset_ids` when absent.
    pub featured_asset_id: Option<AssetId>,
    /// Its pictures in order.
    pub asset_ids: Vec<AssetId>,
    /// Its facet values.
    pub facet_value_ids: Vec<FacetValueId>,
    /// Its texts, in at least one language.
    pub translations: Vec<SluggedInput>,
}

impl NewProduct {
    /// An enabled product with a name and nothing else.
    pub fn named(language: Language, name: impl Into<String>) -> Self {
        Self {
            enabled: true,
            featured_asset_id: None,
            asset_ids: Vec::new(),
            facet_value_ids: Vec::new(),
            translations: vec![SluggedInput::new(language, name)],
        }
    }
}

/// What may change of a product; absent fields stay.
#[derive(Debug, Clone)]
pub struct ProductChanges {
    /// The product.
    pub id: ProductId,
    /// Whether the shop shows it.
    pub enabled: Option<bool>,
    /// The picture that stands for it; `Some(None)` takes it away.
    pub featured_asset_id: Option<Option<AssetId>>,
    /// Its pictures in order.
    pub asset_ids: Option<Vec<AssetId>>,
    /// Its facet values.
    pub facet_value_ids: Option<Vec<FacetValueId>>,
    /// Texts that change.
    pub translations: Vec<SluggedInput>,
}

impl ProductChanges {
    /// No change of this product yet.
    pub fn of(id: ProductId) -> Self {
        Self {
            id,
            enabled: None,
            featured_asset_id: None,
            asset_ids: None,
            facet_value_ids: None,
            translations: Vec::new(),
        }
    }
}
