//! Search: full-text terms, facets, collections, prices and stock.

mod document;
mod fulltext;
mod index;
mod repo;

pub use fulltext::{TERM_LENGTH_MAX, TERM_WORDS_MAX};

pub(super) use index::index_products_in_tx;

/// A search that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSearch {
    /// A term with too many characters.
    #[error("a search term may have at most {TERM_LENGTH_MAX} characters")]
    TermTooLong,
    /// A facet value filter that asks for both or neither of `and` and `or`.
    #[error("a facet value filter has either `and` or `or`")]
    AmbiguousFacetFilter,
    /// More facet values, filters or collections than a search may name.
    #[error("a search may name at most {0} facet values and collections")]
    TooManyConditions(usize),
}
