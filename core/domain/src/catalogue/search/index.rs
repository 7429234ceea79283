//! Keeping the index: in the transaction of every change of what can be found.

use soko_infra::Tx;
use soko_kernel::ProductId;

use super::document::Texts;
use super::{fulltext, repo};
use crate::catalogue::Writing;
use crate::catalogue::audience::Audience;
use crate::catalogue::batch;
use crate::catalogue::error::CatalogueError;
use crate::catalogue::translation::repo::{
    FACET_VALUE_NAMES, PRODUCT_TEXTS, VARIANT_NAMES, names_of, slugged_of,
};

/// Products whose texts are in memory at a time.
const PRODUCTS_AT_ONCE: usize = 1_000;

/// Indexes the products' variants anew. Deleted products and variants are not found any more. A fixed number of
/// statements.
pub(in crate::catalogue) async fn index_products_in_tx(
    tx: &mut Tx,
    writing: Writing,
    products: &[ProductId],
) -> Result<(), CatalogueError> {
    if products.is_empty() {
        return Ok(());
    }
    let scope = writing.scope;
    fulltext::remove(tx, scope, products).await?;
    let variants = repo::live_variants(tx, scope, products).await?;
    let ids: Vec<i64> = variants.iter().map(|variant| variant.variant_id.0).collect();
    // What customers must not see, they must not find either.
    let values_of_variants = repo::facet_values(tx, scope, Audience::Shop, ids.clone()).await?;
    let values = values_of_variants.values().flatten().map(|(value, _)| value.0).collect();
    let texts = Texts {
        products: slugged_of(tx, scope, PRODUCT_TEXTS, batch::raw(products)).await?,
        variants: names_of(tx, scope, VARIANT_NAMES, ids).await?,
        facet_values: names_of(tx, scope, FACET_VALUE_NAMES, values).await?,
        values_of_variants,
    };
    let fallback = writing.languages.fallback;
    let documents = variants.iter().flat_map(|variant| texts.documents(variant, fallback)).collect();
    fulltext::add(tx, scope, documents).await?;
    Ok(())
}

/// Indexes the whole channel anew.
pub(super) async fn index_channel_in_tx(tx: &mut Tx, writing: Writing) -> Result<(), CatalogueError> {
    let products = repo::product_ids(tx, writing.scope).await?;
    for products in products.chunks(PRODUCTS_AT_ONCE) {
        index_products_in_tx(tx, writing, products).await?;
    }
    Ok(())
}
