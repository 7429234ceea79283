//! Price receipts: stored proofs of how an order was priced. What their documents say is the pricing domain's matter.

use soko_infra::{Reader, Tx};
use soko_kernel::{Actor, ChannelScope, ListQuery, OrderId, Page, Permission, PriceReceiptId, Timestamp};

use super::error::PluginError;
use super::{Plugins, repo};

/// A stored receipt. Its documents are canonical JSON and never change.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PriceReceipt {
    /// Its id; later receipts of an order have higher ones.
    pub id: PriceReceiptId,
    /// The order.
    pub order_id: OrderId,
    /// The order's version that was priced.
    pub order_version: i64,
    /// Version of the engine that ran the plugins.
    pub engine_version: String,
    /// Version of the core's rounding rules.
    pub rounding_version: i64,
    /// What was priced.
    pub input: String,
    /// Which plugins were called, with which configuration, and what they answered.
    pub steps: String,
    /// What the price came to.
    pub output: String,
    /// When it was priced.
    pub created_at: Timestamp,
}

/// A receipt to store.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of PriceReceipt")]
pub struct NewReceipt {
    pub order: OrderId,
    pub order_version: i64,
    pub engine_version: String,
    pub rounding_version: i64,
    pub input: String,
    pub steps: String,
    pub output: String,
}

impl Plugins {
    /// Stores a receipt in the transaction that changes the order.
    ///
    /// # Errors
    /// A failing store.
    pub async fn insert_receipt_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        receipt: &NewReceipt,
        now: Timestamp,
    ) -> Result<PriceReceiptId, PluginError> {
        Ok(repo::insert_receipt(tx, scope, receipt, now).await?)
    }

    /// The order's newest receipt.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_latest_receipt(
        reader: &mut Reader,
        scope: ChannelScope,
        order: OrderId,
    ) -> Result<Option<PriceReceipt>, PluginError> {
        Ok(repo::find_latest_receipt(reader, scope, order).await?)
    }

    /// A page of an order's receipts, newest first unless the query says otherwise.
    ///
    /// # Errors
    /// [`PluginError::Forbidden`] for actors that may read neither plugins nor orders.
    pub async fn list_receipts(
        &self,
        actor: &Actor,
        order: OrderId,
        query: &ListQuery,
    ) -> Result<Page<PriceReceipt>, PluginError> {
        let scope = actor.require_any(&[Permission::ReadPlugin, Permission::ReadOrder])?;
        self.database.read(scope, async |reader| repo::list_receipts(reader, scope, order, query).await).await
    }
}
