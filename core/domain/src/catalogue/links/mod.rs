//! What products, variants and collections are tied to: pictures in order, facet values, options.

pub(super) mod repo;

use std::collections::BTreeSet;

/// The first of each id, in order.
pub(super) fn distinct<I: Copy + Ord>(ids: &[I]) -> Vec<I> {
    let mut seen = BTreeSet::new();
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}
