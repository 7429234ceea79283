//! Which variants are in which collections: rewritten in the transaction of every change that matters.
//!
//! A collection that inherits filters selects what its own filters and those of its ancestors select, up to the first
//! ancestor that does not inherit. A collection without any filter is empty.

mod repo;

use std::collections::BTreeMap;

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, CollectionId, VariantId};

use super::filter::{Filters, VariantFacts};
use crate::catalogue::error::{CatalogueError, Thing};

/// Deepest tree that is walked; a deeper one cannot be made.
pub(super) const DEPTH_MAX: usize = 32;

/// Stands for a collection that does not exist: no stored one has the id 0.
const CANDIDATE: CollectionId = CollectionId(0);

/// A collection, as far as its members depend on it.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) parent: Option<CollectionId>,
    pub(super) inherits: bool,
    pub(super) filters: Filters,
}

/// The channel's collections.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree(pub(super) BTreeMap<CollectionId, Node>);

impl Tree {
    /// The collection itself and its ancestors, nearest first.
    pub(super) fn line(&self, id: CollectionId) -> Vec<CollectionId> {
        let next = |id: &CollectionId| self.0.get(id).and_then(|node| node.parent);
        std::iter::successors(Some(id), next).take(DEPTH_MAX).collect()
    }

    /// Levels from a collection down to the deepest below it; 1 for one without children.
    pub(super) fn height(&self, id: CollectionId) -> usize {
        let depth_below =
            |below: &CollectionId| self.line(*below).iter().position(|ancestor| *ancestor == id);
        self.0.keys().filter_map(depth_below).max().map_or(1, |deepest| deepest + 1)
    }

    /// The collections themselves and everything below them.
    pub(super) fn with_descendants(&self, ids: &[CollectionId]) -> Vec<CollectionId> {
        let below = |id: &CollectionId| self.line(*id).iter().any(|ancestor| ids.contains(ancestor));
        self.0.keys().copied().filter(below).collect()
    }

    fn selects(&self, collection: CollectionId, variant: VariantId, facts: &VariantFacts) -> bool {
        let mut filtered = false;
        for id in self.line(collection) {
            let Some(node) = self.0.get(&id) else { return false };
            if !node.filters.is_empty() {
                filtered = true;
                if !node.filters.select(variant, facts) {
                    return false;
                }
            }
            if !node.inherits {
                break;
            }
        }
        filtered
    }

    fn members(
        &self,
        collections: impl Iterator<Item = CollectionId>,
        variants: &BTreeMap<VariantId, VariantFacts>,
    ) -> Vec<(CollectionId, VariantId)> {
        let of = |collection| {
            let selected = move |(variant, facts): &(&VariantId, &VariantFacts)| {
                self.selects(collection, **variant, facts)
            };
            variants.iter().filter(selected).map(move |(variant, _)| (collection, *variant))
        };
        collections.flat_map(of).collect()
    }
}

/// The channel's collections.
pub(super) async fn tree(reader: &mut Reader, scope: ChannelScope) -> Result<Tree, DatabaseError> {
    repo::tree(reader, scope).await
}

/// The variants that a collection which does not exist would hold, in no order.
///
/// # Errors
/// A parent that the channel does not have.
pub(super) async fn of_candidate(
    reader: &mut Reader,
    scope: ChannelScope,
    candidate: Node,
) -> Result<Vec<VariantId>, CatalogueError> {
    let mut tree = repo::tree(reader, scope).await?;
    if let Some(parent) = candidate.parent.filter(|parent| !tree.0.contains_key(parent)) {
        return Err(CatalogueError::not_found(Thing::Collection, parent));
    }
    tree.0.insert(CANDIDATE, candidate);
    let facts = repo::facts_of_channel(reader, scope).await?;
    let members = tree.members(std::iter::once(CANDIDATE), &facts);
    Ok(members.into_iter().map(|(_, variant)| variant).collect())
}

/// Puts variants into the collections that select them now, and takes them out of the others. Deleted variants are
/// in none. A fixed number of statements.
pub(in crate::catalogue) async fn refresh_variants_in_tx(
    tx: &mut Tx,
    scope: ChannelScope,
    variants: &[VariantId],
) -> Result<(), DatabaseError> {
    if variants.is_empty() {
        return Ok(());
    }
    repo::clear_variants(tx, scope, variants).await?;
    let tree = repo::tree(tx, scope).await?;
    if tree.0.values().all(|node| node.filters.is_empty()) {
        return Ok(());
    }
    let facts = repo::facts_of(tx, scope, variants).await?;
    let members = tree.members(tree.0.keys().copied(), &facts);
    repo::insert_members(tx, scope, &members).await
}

/// Fills collections and everything below them with the variants that they select now.
pub(super) async fn refresh_collections_in_tx(
    tx: &mut Tx,
    scope: ChannelScope,
    collections: &[CollectionId],
) -> Result<(), DatabaseError> {
    let tree = repo::tree(tx, scope).await?;
    let changed = tree.with_descendants(collections);
    repo::clear_collections(tx, scope, &changed).await?;
    let facts = repo::facts_of_channel(tx, scope).await?;
    let members = tree.members(changed.into_iter(), &facts);
    repo::insert_members(tx, scope, &members).await
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use soko_kernel::{ConfigurableOperation, FacetValueId};

    use super::*;

    fn node(parent: Option<i64>, inherits: bool, facet_value: Option<i64>) -> Node {
        let filter = |id: i64| {
            ConfigurableOperation::new("facet-value-filter", [("facetValueIds", format!("[{id}]").as_str())])
        };
        let operations: Vec<_> = facet_value.map(filter).into_iter().collect();
        Node { parent: parent.map(CollectionId), inherits, filters: Filters::parse(&operations).unwrap() }
    }

    fn tree() -> Tree {
        Tree(
            [
                (CollectionId(1), node(None, false, None)),
                (CollectionId(2), node(Some(1), true, Some(10))),
                (CollectionId(3), node(Some(2), true, Some(11))),
                (CollectionId(4), node(Some(2), false, Some(11))),
                (CollectionId(5), node(Some(2), true, None)),
                (CollectionId(6), node(Some(1), true, None)),
            ]
            .into(),
        )
    }

    #[test]
    fn inherits_its_ancestors_filters() {
        let eleven = VariantFacts { facet_values: [FacetValueId(11)].into(), ..VariantFacts::default() };
        let both =
            VariantFacts { facet_values: [FacetValueId(10), FacetValueId(11)].into(), ..eleven.clone() };
        let selecting = |facts: &VariantFacts| -> Vec<i64> {
            let tree = tree();
            let selects = |id: &CollectionId| tree.selects(*id, VariantId(1), facts);
            tree.0.keys().filter(|id| selects(id)).map(|id| id.0).collect()
        };
        assert_eq!(selecting(&eleven), [4]);
        assert_eq!(selecting(&both), [2, 3, 4, 5]);
    }

    #[test]
    fn finds_descendants_and_survives_a_loop() {
        let mut tree = tree();
        let below: Vec<i64> = tree.with_descendants(&[CollectionId(2)]).iter().map(|id| id.0).collect();
        assert_eq!(below, [2, 3, 4, 5]);
        assert_eq!((tree.height(CollectionId(1)), tree.height(CollectionId(3))), (3, 1));
        tree.0.insert(CollectionId(2), node(Some(3), true, None));
        assert_eq!(tree.line(CollectionId(3)).len(), DEPTH_MAX);
    }
}
