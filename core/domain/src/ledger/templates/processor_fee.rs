//! What a payment provider keeps.

use soko_kernel::{OrderId, PaymentId};

use super::Occasion;
use crate::ledger::chart::PROCESSOR_FEES;
use crate::ledger::entity::{AccountCode, NewEntry, Source, SourceKind, Tags};
use crate::ledger::error::LedgerError;

/// The fee is taken from where the provider's money is kept.
///
/// # Errors
/// [`LedgerError`] when the amount makes no sense.
pub fn processor_fee(
    occasion: Occasion,
    payment: PaymentId,
    order: OrderId,
    tender: AccountCode,
    fee: i64,
) -> Result<NewEntry, LedgerError> {
    let tags = Tags { order: Some(order), ..Tags::default() };
    let source = Source::new(SourceKind::ProcessorFee, payment);
    NewEntry::new(source, occasion.date, occasion.currency, "Processor fee").leg(
        PROCESSOR_FEES,
        tender,
        fee,
        tags,
    )
}
