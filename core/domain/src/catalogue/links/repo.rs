//! SQL of the tables that tie things together.

use soko_infra::db::{Bound, MultiRowInsert};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{AssetId, ChannelScope, FacetValueId};

use super::distinct;
use crate::catalogue::batch;
use crate::catalogue::error::{CatalogueError, Thing};

/// A table with a channel, an owner and what it is tied to.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalogue) struct LinkTable {
    delete: &'static str,
    insert: MultiRowInsert,
}

macro_rules! link_table {
    ($table:literal, $owner:literal, $other:literal) => {
        LinkTable {
            delete: concat!("DELETE FROM ", $table, " WHERE channel_id = $1 AND ", $owner, " IN ({ids})"),
            insert: MultiRowInsert::new(
                concat!("INSERT INTO ", $table, " (channel_id, ", $owner, ", ", $other, ")"),
                3,
                "",
            ),
        }
    };
    ($table:literal, $owner:literal, $other:literal, ordered) => {
        LinkTable {
            delete: concat!("DELETE FROM ", $table, " WHERE channel_id = $1 AND ", $owner, " IN ({ids})"),
            insert: MultiRowInsert::new(
                concat!("INSERT INTO ", $table, " (channel_id, ", $owner, ", ", $other, ", position)"),
                4,
                "",
            ),
        }
    };
}

pub(in crate::catalogue) const PRODUCT_ASSETS: LinkTable =
    link_table!("product_asset", "product_id", "asset_id", ordered);
pub(in crate::catalogue) const VARIANT_ASSETS: LinkTable =
    link_table!("variant_asset", "variant_id", "asset_id", ordered);
pub(in crate::catalogue) const COLLECTION_ASSETS: LinkTable =
    link_table!("collection_asset", "collection_id", "asset_id", ordered);
pub(in crate::catalogue) const PRODUCT_FACET_VALUES: LinkTable =
    link_table!("product_facet_value", "product_id", "facet_value_id");
pub(in crate::catalogue) const VARIANT_FACET_VALUES: LinkTable =
    link_table!("variant_facet_value", "variant_id", "facet_value_id");
pub(in crate::catalogue) const ASSET_TAGS: LinkTable = link_table!("asset_tag", "asset_id", "tag_id");
pub(in crate::catalogue) const VARIANT_OPTIONS: LinkTable =
    link_table!("variant_option", "variant_id", "product_option_id");

/// Gives each owner exactly these.
pub(in crate::catalogue) async fn replace<I: Copy + Ord + Into<i64>>(
    tx: &mut Tx,
    scope: ChannelScope,
    table: LinkTable,
    links: &[(i64, Vec<I>)],
) -> Result<(), DatabaseError> {
    let owners = links.iter().map(|(owner, _)| *owner).collect();
    let rows = link_rows(scope, links, false);
    batch::execute(tx, table.delete, batch::of_channel(scope), owners).await?;
    table.insert.execute(tx, rows).await?;
    Ok(())
}

/// Gives each owner exactly these, in this order.
pub(in crate::catalogue) async fn replace_ordered<I: Copy + Ord + Into<i64>>(
    tx: &mut Tx,
    scope: ChannelScope,
    table: LinkTable,
    links: &[(i64, Vec<I>)],
) -> Result<(), DatabaseError> {
    let owners = links.iter().map(|(owner, _)| *owner).collect();
    let rows = link_rows(scope, links, true);
    batch::execute(tx, table.delete, batch::of_channel(scope), owners).await?;
    table.insert.execute(tx, rows).await?;
    Ok(())
}

fn link_rows<I: Copy + Ord + Into<i64>>(
    scope: ChannelScope,
    links: &[(i64, Vec<I>)],
    ordered: bool,
) -> Vec<Vec<Bound>> {
    let mut rows = Vec::new();
    for (owner, others) in links {
        for (other, position) in distinct(others).into_iter().zip(0_i64..) {
            let mut row: Vec<Bound> =
                vec![scope.channel_id().0.into(), (*owner).into(), Bound::from(other.into())];
            if ordered {
                row.push(position.into());
            }
            rows.push(row);
        }
    }
    rows
}

const EXISTING_ASSETS: &str = "SELECT id FROM asset WHERE channel_id = $1 AND id IN ({ids})";
const EXISTING_FACET_VALUES: &str = "SELECT id FROM facet_value WHERE channel_id = $1 AND id IN ({ids})";

/// Refuses pictures that the channel does not have.
pub(in crate::catalogue) async fn check_assets(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: Vec<AssetId>,
) -> Result<(), CatalogueError> {
    batch::check_exist(reader, scope, EXISTING_ASSETS, Thing::Asset, batch::raw(&ids)).await
}

/// Refuses facet values that the channel does not have.
pub(in crate::catalogue) async fn check_facet_values(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: Vec<FacetValueId>,
) -> Result<(), CatalogueError> {
    batch::check_exist(reader, scope, EXISTING_FACET_VALUES, Thing::FacetValue, batch::raw(&ids)).await
}
