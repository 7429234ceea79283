//! Collections: the tree of categories, filled by filters.

mod filter;
mod membership;
mod repo;

pub use filter::{COLLECTION_FILTERS, FILTERS_MAX, InvalidFilter};

pub(super) use membership::refresh_variants_in_tx;
