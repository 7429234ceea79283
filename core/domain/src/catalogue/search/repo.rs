//! SQL of search that every dialect understands.

use std::collections::HashMap;

use soko_infra::{DatabaseError, Reader};
use soko_kernel::{ChannelScope, FacetValueId, ProductId, VariantId};

use super::document::Indexed;
use crate::catalogue::batch;

const LIVE_VARIANTS: &str = "SELECT v.id AS variant_id, v.product_id, v.sku FROM product_variant v \
     JOIN product p ON p.id = v.product_id WHERE v.channel_id = $1 AND v.deleted_at IS NULL \
     AND p.deleted_at IS NULL AND v.product_id IN ({ids}) ORDER BY v.id";

pub(super) async fn live_variants(
    reader: &mut Reader,
    scope: ChannelScope,
    products: &[ProductId],
) -> Result<Vec<Indexed>, DatabaseError> {
    batch::fetch(reader, LIVE_VARIANTS, batch::of_channel(scope), batch::raw(products)).await
}

const PUBLIC_FACET_VALUES: &str = "SELECT x.variant_id, x.facet_value_id FROM ( \
       SELECT variant_id, facet_value_id FROM variant_facet_value WHERE channel_id = $1 AND variant_id IN ({ids}) \
       UNION SELECT v.id, pf.facet_value_id FROM product_variant v \
       JOIN product_facet_value pf ON pf.product_id = v.product_id WHERE v.channel_id = $1 AND v.id IN ({ids}) \
     ) x JOIN facet_value fv ON fv.id = x.facet_value_id JOIN facet f ON f.id = fv.facet_id \
     WHERE NOT f.is_private ORDER BY x.variant_id, x.facet_value_id";

pub(super) async fn public_facet_values(
    reader: &mut Reader,
    scope: ChannelScope,
    variants: &[i64],
) -> Result<HashMap<VariantId, Vec<FacetValueId>>, DatabaseError> {
    let rows: Vec<(VariantId, FacetValueId)> =
        batch::fetch(reader, PUBLIC_FACET_VALUES, batch::of_channel(scope), variants.to_vec()).await?;
    Ok(batch::group(rows))
}
