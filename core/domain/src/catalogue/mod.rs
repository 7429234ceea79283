//! The catalogue: what a shop sells, how it is sorted, shown and found.
//!
//! Products have variants, which are what is bought; option groups say what the variants of a product differ in;
//! facet values classify products and variants; collections gather variants by filters; assets are the pictures.
//! Every shop has its own.
//!
//! Invariants: slugs are unique in a channel for a language; no two variants of a product have the same options; a
//! collection's members and the search index are those that its rules give, in the same transaction as the change; what
//! changes a product, a variant or a picture that is there raises the channel's revision, by which they are remembered;
//! deleted products and variants keep their rows, because orders name them.
//!
//! Reading: [`Catalogue::shop`] and [`Catalogue::admin`] give the same reads, of what customers may see and of all.
//! To add a field to a variant: its column, `variant::repo` (row, select, insert, update), `variant::entity`.

mod asset;
mod audience;
mod batch;
mod collection;
mod error;
mod facet;
pub mod import;
mod links;
mod option;
mod product;
mod search;
mod slug;
mod stock;
#[cfg(test)]
mod tests;
mod text;
mod translation;
mod variant;

use std::collections::BTreeSet;
use std::sync::Arc;

use soko_infra::{Blobs, Database, RevisionMap};
use soko_kernel::{Actor, ChannelScope, Clock, Timestamp};

pub use asset::{
    Asset, AssetChanges, AssetTags, DIMENSION_MAX, FILE_SIZE_MAX_BYTES, FILES_PER_REQUEST_MAX, FocalPoint,
    NewAsset, PICTURE_TYPES, PictureError, Tag,
};
pub use audience::CatalogueReads;
pub use collection::{
    Breadcrumb, COLLECTION_FILTERS, Collection, CollectionChanges, CollectionPreview, FILTERS_MAX,
    InvalidFilter, NewCollection, ROOT_COLLECTION_NAME,
};
pub use error::{CatalogueError, Thing};
pub use facet::{Facet, FacetChanges, FacetDeletion, FacetValue, FacetValueChanges, NewFacet, NewFacetValue};
pub use option::{NewOption, NewOptionGroup, OptionChanges, OptionGroup, ProductOption};
pub use product::{NewProduct, Product, ProductChanges};
pub use search::{
    EVERY_DOCUMENT, FacetValueFilter, INDEX_TABLES, InvalidSearch, PriceSpan, SEARCH_CONDITIONS_MAX,
    SEARCH_TAKE_DEFAULT, SearchHit, SearchInput, SearchParts, TERM_LENGTH_MAX, TERM_WORDS_MAX,
};
pub use slug::SlugOf;
pub use text::{DESCRIPTION_LENGTH_MAX, InvalidText, NAME_LENGTH_MAX, slug};
pub use translation::{Languages, SluggedInput, SluggedTranslation, Translation, TranslationInput};
pub use variant::{
    CodePairs, CurrencyPrice, FacetCodes, KnownVariants, NewVariant, PRICE_MAX_MINOR, PriceInput,
    TrackInventory, Variant, VariantChanges, VariantsOf, load_variants,
};

use audience::Audience;

/// Most products, variants, facet values or assets that one request may create or change.
pub const ITEMS_PER_REQUEST_MAX: usize = 1000;
/// Pictures that are remembered, of all channels together.
const KNOWN_ASSETS_MAX: usize = 20_000;

/// The use cases that change the catalogue, and the way to those that read it.
#[derive(Debug, Clone)]
pub struct Catalogue {
    database: Database,
    clock: Clock,
    blobs: Blobs,
    shop: CatalogueReads,
    admin: CatalogueReads,
}

/// In which channel, for readers of which languages and at which moment a change happens.
#[derive(Debug, Clone, Copy)]
pub struct Writing {
    /// The channel.
    pub scope: ChannelScope,
    /// The languages of the answer.
    pub languages: Languages,
    /// The moment.
    pub now: Timestamp,
}

impl Catalogue {
    /// The service over this store; pictures go to `blobs`.
    pub fn new(database: Database, clock: Clock, blobs: Blobs) -> Self {
        let reads = |audience| CatalogueReads {
            database: database.clone(),
            clock: clock.clone(),
            audience,
            known_assets: (audience == Audience::Shop).then(|| Arc::new(RevisionMap::new(KNOWN_ASSETS_MAX))),
        };
        let (shop, admin) = (reads(Audience::Shop), reads(Audience::Admin));
        Self { database, clock, blobs, shop, admin }
    }

    /// What customers may see: enabled products and variants, public facets and collections.
    pub fn shop(&self) -> &CatalogueReads {
        &self.shop
    }

    /// Everything that is not deleted, for administrators with permission to read it.
    pub fn admin(&self) -> &CatalogueReads {
        &self.admin
    }

    /// A change by this actor, now.
    pub fn writing(&self, actor: &Actor, scope: ChannelScope) -> Writing {
        Writing { scope, languages: Languages::of(actor), now: self.clock.now() }
    }
}

/// Refuses requests that name too many things.
fn check_count(count: usize) -> Result<(), CatalogueError> {
    if count > ITEMS_PER_REQUEST_MAX { Err(CatalogueError::TooMany(ITEMS_PER_REQUEST_MAX)) } else { Ok(()) }
}

/// Refuses requests that change more things than they may, or one of them twice: which of two changes would stand?
fn check_changes<I: Copy + Ord + Into<i64>>(what: Thing, ids: &[I]) -> Result<(), CatalogueError> {
    check_count(ids.len())?;
    let mut seen = BTreeSet::new();
    match ids.iter().find(|id| !seen.insert(**id)) {
        Some(id) => Err(CatalogueError::NamedTwice { what, id: (*id).into() }),
        None => Ok(()),
    }
}
