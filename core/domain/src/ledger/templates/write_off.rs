//! Goods lost.

use super::Occasion;
use crate::ledger::chart::{EXPIRY_LOSS, INVENTORY, INVENTORY_WRITE_OFF};
use crate::ledger::entity::{NewEntry, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// Why goods were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// They were past their date.
    Expired,
    /// They broke, were stolen, or are not to be found.
    Other,
}

/// The goods leave the stock at what they cost, and nothing comes in for them.
///
/// # Errors
/// [`LedgerError`] when the amount makes no sense.
pub fn write_off(
    occasion: Occasion,
    id: impl ToString,
    loss: Loss,
    cost: i64,
) -> Result<NewEntry, LedgerError> {
    let account = match loss {
        Loss::Expired => EXPIRY_LOSS,
        Loss::Other => INVENTORY_WRITE_OFF,
    };
    let source = Source::new(SourceKind::InventoryWriteOff, id);
    NewEntry::new(source, occasion.date, occasion.currency, "Write-off").leg(
        account,
        INVENTORY,
        cost,
        Tags::default(),
    )
}
