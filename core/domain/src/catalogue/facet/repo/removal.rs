//! SQL of what uses facet values, and of deleting facets and values.

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, FacetId, FacetValueId, ProductId, VariantId};

use crate::catalogue::batch;
use crate::catalogue::facet::entity::FacetUse;

const USE: &str = "SELECT pf.facet_value_id, pf.product_id, NULL FROM product_facet_value pf \
       JOIN product p ON p.channel_id = pf.channel_id AND p.id = pf.product_id \
       WHERE pf.channel_id = $1 AND p.deleted_at IS NULL AND pf.facet_value_id IN ({ids}) \
     UNION ALL SELECT vf.facet_value_id, v.product_id, v.id FROM variant_facet_value vf \
       JOIN product_variant v ON v.channel_id = vf.channel_id AND v.id = vf.variant_id \
       WHERE vf.channel_id = $1 AND v.deleted_at IS NULL AND vf.facet_value_id IN ({ids})";

/// What uses the values.
pub(in crate::catalogue::facet) async fn usage(
    reader: &mut Reader,
    scope: ChannelScope,
    values: &[FacetValueId],
) -> Result<FacetUse, DatabaseError> {
    let rows: Vec<(FacetValueId, ProductId, Option<VariantId>)> =
        batch::fetch(reader, USE, batch::of_channel(scope), batch::raw(values)).await?;
    Ok(rows.into_iter().collect())
}

const DELETE_VALUES: &str = "DELETE FROM facet_value WHERE channel_id = $1 AND id IN ({ids})";
const DELETE_FACETS: &str = "DELETE FROM facet WHERE channel_id = $1 AND id IN ({ids})";

/// Deletes values; products and variants lose them.
pub(in crate::catalogue::facet) async fn delete_values(
    tx: &mut Tx,
    scope: ChannelScope,
    ids: &[FacetValueId],
) -> Result<(), DatabaseError> {
    batch::execute(tx, DELETE_VALUES, batch::of_channel(scope), batch::raw(ids)).await?;
    Ok(())
}

/// Deletes facets and their values.
pub(in crate::catalogue::facet) async fn delete_facets(
    tx: &mut Tx,
    scope: ChannelScope,
    ids: &[FacetId],
) -> Result<(), DatabaseError> {
    batch::execute(tx, DELETE_FACETS, batch::of_channel(scope), batch::raw(ids)).await?;
    Ok(())
}
