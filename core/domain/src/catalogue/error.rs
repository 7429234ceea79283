//! How the use cases of the catalogue are refused.

use std::fmt;

use soko_infra::DatabaseError;
use soko_infra::blobs::BlobError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{Currency, ErrorKind, Forbidden, Language};

use super::asset::PictureError;
use super::collection::InvalidFilter;
use super::search::InvalidSearch;
use super::text::InvalidText;

/// What a request named by an id that this channel does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the API's types")]
pub enum Thing {
    Product,
    ProductVariant,
    ProductOptionGroup,
    ProductOption,
    Facet,
    FacetValue,
    Collection,
    Asset,
    Tag,
    TaxCategory,
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why an operation on the catalogue failed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// This channel has no such thing, or it is deleted.
    #[error("no {what} with the id '{id}' could be found")]
    NotFound {
        /// What was named.
        what: Thing,
        /// The id that named it.
        id: i64,
    },
    /// A text that breaks a rule.
    #[error(transparent)]
    Text(#[from] InvalidText),
    /// A thing without a name in any language.
    #[error("at least one translation is needed")]
    NoTranslation,
    /// Two translations into one language.
    #[error("there are two translations into {0}")]
    DuplicateTranslation(Language),
    /// A price below zero, or above what the core can reckon with.
    #[error("a price is between 0 and {} minor units", super::variant::PRICE_MAX_MINOR)]
    InvalidPrice,
    /// A price in a currency that the channel does not sell in.
    #[error("there are no prices in {asked}: this channel sells in {sold_in}")]
    CurrencyNotSold {
        /// The currency of the price.
        asked: Currency,
        /// The channel's only currency.
        sold_in: Currency,
    },
    /// Two prices of a variant in one currency.
    #[error("there are two prices in {0}")]
    TwoPrices(Currency),
    /// The only price of a variant taken away.
    #[error("a variant keeps its price in {0}: disable or delete the variant instead")]
    PriceNeeded(Currency),
    /// A variant without a tax category in a channel that has no default.
    #[error("the variant needs a tax category: this channel has no default")]
    NoTaxCategory,
    /// A variant that does not name one option of each of its product's groups.
    #[error("a variant of this product must have exactly one option of each of the groups: {groups}")]
    OptionsIncomplete {
        /// The codes of the product's groups.
        groups: String,
    },
    /// Two variants of a product with the same options; without options a product has one variant.
    #[error("a variant with the same options already exists: {variant:?}")]
    OptionsTaken {
        /// The SKU of the other variant.
        variant: String,
    },
    /// A group that variants still have options of.
    #[error("the option group {code:?} is in use by {variants} variants and {products} products")]
    OptionGroupInUse {
        /// The group.
        code: String,
        /// Products that have it.
        products: i64,
        /// Variants with an option of it.
        variants: i64,
    },
    /// An option that variants still have.
    #[error("the option {code:?} is in use by {variants} variants")]
    OptionInUse {
        /// The option.
        code: String,
        /// Variants that have it.
        variants: i64,
    },
    /// The product has the group already.
    #[error("the product already has this option group")]
    OptionGroupAlreadyAdded,
    /// Another thing of the kind has the code.
    #[error("the code {0:?} is already in use")]
    CodeInUse(String),
    /// Another tag has the value.
    #[error("this tag exists already")]
    TagInUse,
    /// A collection moved below itself.
    #[error("a collection cannot be moved into itself or one of its descendants")]
    CollectionCycle,
    /// A collection too far below the root.
    #[error("the tree of collections has at most {0} levels")]
    CollectionTooDeep(usize),
    /// The root of the tree cannot be changed.
    #[error("the root collection cannot be changed")]
    RootCollection,
    /// A filter of a collection that cannot be understood.
    #[error(transparent)]
    Filter(#[from] InvalidFilter),
    /// An uploaded file that is no picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// A focal point outside the picture.
    #[error("a focal point lies between 0 and 1 in both directions")]
    InvalidFocalPoint,
    /// An asset that something still shows.
    #[error("the asset is in use by {products} products, {variants} variants and {collections} collections")]
    AssetInUse {
        /// Products that show it.
        products: i64,
        /// Variants that show it.
        variants: i64,
        /// Collections that show it.
        collections: i64,
    },
    /// Two changes of one thing in one request.
    #[error("the request changes the {what} with the id '{id}' twice")]
    NamedTwice {
        /// What was named.
        what: Thing,
        /// The id that named it.
        id: i64,
    },
    /// More things in one request than it may have.
    #[error("a request may name at most {0} of these")]
    TooMany(usize),
    /// A search that cannot be understood.
    #[error(transparent)]
    Search(#[from] InvalidSearch),
    /// A list that cannot be read as asked.
    #[error(transparent)]
    Query(#[from] InvalidListQuery),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The file store failed.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The store failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl CatalogueError {
    pub(super) fn not_found(what: Thing, id: impl Into<i64>) -> Self {
        Self::NotFound { what, id: id.into() }
    }

    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Text(_)
            | Self::NoTranslation
            | Self::DuplicateTranslation(_)
            | Self::InvalidPrice
            | Self::CurrencyNotSold { .. }
            | Self::TwoPrices(_)
            | Self::PriceNeeded(_)
            | Self::NoTaxCategory
            | Self::OptionsIncomplete { .. }
            | Self::CollectionCycle
            | Self::CollectionTooDeep(_)
            | Self::RootCollection
            | Self::Filter(_)
            | Self::Picture(_)
            | Self::InvalidFocalPoint
            | Self::NamedTwice { .. }
            | Self::TooMany(_)
            | Self::Search(_)
            | Self::Query(_) => ErrorKind::InvalidInput,
            Self::OptionsTaken { .. }
            | Self::OptionGroupInUse { .. }
            | Self::OptionInUse { .. }
            | Self::OptionGroupAlreadyAdded
            | Self::CodeInUse(_)
            | Self::TagInUse
            | Self::AssetInUse { .. } => ErrorKind::Conflict,
            Self::Forbidden(forbidden) => forbidden.kind(),
            Self::Blobs(_) => ErrorKind::Internal,
            Self::Database(error) => error.kind(),
        }
    }
}

impl From<ListError> for CatalogueError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => error.into(),
        }
    }
}
