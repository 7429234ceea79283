//! SQL of collections' members.

use std::collections::BTreeMap;

use soko_infra::db::MultiRowInsert;
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, CollectionId, FacetValueId, ProductId, VariantId};

use super::{Node, Tree};
use crate::catalogue::batch;
use crate::catalogue::collection::filter::{Filters, VariantFacts};
use crate::catalogue::collection::repo::operations;

#[derive(sqlx::FromRow)]
struct NodeRow {
    id: CollectionId,
    parent_id: Option<CollectionId>,
    inherit_filters: bool,
    filters: String,
}

pub(super) async fn tree(reader: &mut Reader, scope: ChannelScope) -> Result<Tree, DatabaseError> {
    let rows: Vec<NodeRow> = reader
        .fetch_all(
            "SELECT id, parent_id, inherit_filters, filters FROM collection WHERE channel_id = $1",
            (scope.channel_id(),),
        )
        .await?;
    let node = |row: NodeRow| {
        let filters = Filters::parse(&operations(&row.filters)?)
            .map_err(|error| DatabaseError::corrupt("collection filters", error))?;
        Ok((row.id, Node { parent: row.parent_id, inherits: row.inherit_filters, filters }))
    };
    rows.into_iter().map(node).collect::<Result<_, _>>().map(Tree)
}

macro_rules! names {
    ($more:literal) => {
        concat!(
            "SELECT v.id, v.product_id, t.name FROM product_variant v \
             LEFT JOIN product_variant_translation t ON t.channel_id = v.channel_id AND t.variant_id = v.id \
             WHERE v.channel_id = $1 AND v.deleted_at IS NULL",
            $more
        )
    };
}

macro_rules! facet_values {
    ($more:literal) => {
        concat!(
            "SELECT v.id, x.facet_value_id FROM product_variant v \
             JOIN variant_facet_value x ON x.channel_id = v.channel_id AND x.variant_id = v.id \
             WHERE v.channel_id = $1 AND v.deleted_at IS NULL",
            $more,
            " UNION ALL SELECT v.id, x.facet_value_id FROM product_variant v \
             JOIN product_facet_value x ON x.channel_id = v.channel_id AND x.product_id = v.product_id \
             WHERE v.channel_id = $1 AND v.deleted_at IS NULL",
            $more
        )
    };
}

type NameRow = (VariantId, ProductId, Option<String>);
type FacetValueRow = (VariantId, FacetValueId);

/// What filters look at of these variants; deleted ones are absent.
pub(super) async fn facts_of(
    reader: &mut Reader,
    scope: ChannelScope,
    variants: &[VariantId],
) -> Result<BTreeMap<VariantId, VariantFacts>, DatabaseError> {
    let (channel, ids) = (batch::of_channel(scope), batch::raw(variants));
    let names = batch::fetch(reader, names!(" AND v.id IN ({ids})"), channel.clone(), ids.clone()).await?;
    let values = batch::fetch(reader, facet_values!(" AND v.id IN ({ids})"), channel, ids).await?;
    Ok(facts(names, values))
}

/// What filters look at of every variant of the channel.
pub(super) async fn facts_of_channel(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<BTreeMap<VariantId, VariantFacts>, DatabaseError> {
    let names = reader.fetch_all(names!(""), (scope.channel_id(),)).await?;
    let values = reader.fetch_all(facet_values!(""), (scope.channel_id(),)).await?;
    Ok(facts(names, values))
}

fn facts(names: Vec<NameRow>, values: Vec<FacetValueRow>) -> BTreeMap<VariantId, VariantFacts> {
    let mut facts: BTreeMap<VariantId, VariantFacts> = BTreeMap::new();
    for (variant, product, name) in names {
        let of_variant = facts.entry(variant).or_default();
        of_variant.product_id = Some(product);
        of_variant.names.extend(name.map(|name| name.to_lowercase()));
    }
    for (variant, value) in values {
        facts.entry(variant).or_default().facet_values.insert(value);
    }
    facts
}

const CLEAR_VARIANTS: &str = "DELETE FROM collection_variant WHERE channel_id = $1 AND variant_id IN ({ids})";
const CLEAR_COLLECTIONS: &str =
    "DELETE FROM collection_variant WHERE channel_id = $1 AND collection_id IN ({ids})";

pub(super) async fn clear_variants(
    tx: &mut Tx,
    scope: ChannelScope,
    variants: &[VariantId],
) -> Result<(), DatabaseError> {
    batch::execute(tx, CLEAR_VARIANTS, batch::of_channel(scope), batch::raw(variants)).await?;
    Ok(())
}

pub(super) async fn clear_collections(
    tx: &mut Tx,
    scope: ChannelScope,
    collections: &[CollectionId],
) -> Result<(), DatabaseError> {
    batch::execute(tx, CLEAR_COLLECTIONS, batch::of_channel(scope), batch::raw(collections)).await?;
    Ok(())
}

const INSERT_MEMBERS: MultiRowInsert =
    MultiRowInsert::new("INSERT INTO collection_variant (channel_id, collection_id, variant_id)", 3, "");

pub(super) async fn insert_members(
    tx: &mut Tx,
    scope: ChannelScope,
    members: &[(CollectionId, VariantId)],
) -> Result<(), DatabaseError> {
    let channel = scope.channel_id().0;
    let row = |(collection, variant): &(CollectionId, VariantId)| {
        vec![channel.into(), collection.0.into(), variant.0.into()]
    };
    INSERT_MEMBERS.execute(tx, members.iter().map(row).collect()).await?;
    Ok(())
}
