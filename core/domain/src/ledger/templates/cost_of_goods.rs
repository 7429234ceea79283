//! What the goods of a sale cost.

use soko_kernel::OrderId;

use super::Occasion;
use crate::ledger::chart::{COGS, INVENTORY};
use crate::ledger::entity::{NewEntry, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// The goods leave the stock at what they cost.
///
/// # Errors
/// [`LedgerError`] when the amount makes no sense.
pub fn cost_of_goods(
    occasion: Occasion,
    id: impl ToString,
    order: OrderId,
    cost: i64,
) -> Result<NewEntry, LedgerError> {
    let tags = Tags { order: Some(order), ..Tags::default() };
    let source = Source::new(SourceKind::InventorySaleCogs, id);
    NewEntry::new(source, occasion.date, occasion.currency, "Cost of goods sold")
        .leg(COGS, INVENTORY, cost, tags)
}
