//! Goods bought.

use soko_kernel::CustomerId;

use super::Occasion;
use crate::ledger::chart::{ACCOUNTS_PAYABLE, INVENTORY, PURCHASES};
use crate::ledger::entity::{AccountCode, NewEntry, Party, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// What was bought of a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// Who sold it.
    pub supplier: CustomerId,
    /// What it cost in all, minor units.
    pub cost: i64,
    /// Whether it is counted as stock.
    pub stocked: bool,
    /// Where the money came from; absent when it is owed.
    pub paid_from: Option<AccountCode>,
}

/// The goods come in, and the money goes out or is owed.
///
/// # Errors
/// [`LedgerError`] when the amount makes no sense.
pub fn purchase(occasion: Occasion, id: impl ToString, bought: &Purchase) -> Result<NewEntry, LedgerError> {
    let goods = if bought.stocked { INVENTORY } else { PURCHASES };
    let from = bought.paid_from.clone().unwrap_or(ACCOUNTS_PAYABLE.into());
    let tags = Tags { party: Some(Party::Supplier(bought.supplier)), ..Tags::default() };
    let source = Source::new(SourceKind::InventoryPurchase, id);
    NewEntry::new(source, occasion.date, occasion.currency, "Purchase").leg(goods, from, bought.cost, tags)
}
