//! An entry taken back.

use jiff::civil::Date;

use crate::ledger::entity::{AccountCode, Entry, Leg, NewEntry, Source, SourceKind, Tags};

/// The same amounts the other way round, on the day on which they are taken back.
pub fn reversal(
    entry: &Entry,
    legs: impl IntoIterator<Item = (AccountCode, AccountCode, i64, Tags)>,
    date: Date,
    reason: impl Into<String>,
) -> NewEntry {
    let source = Source::new(SourceKind::Reversal, entry.id);
    let reversed = legs.into_iter().map(|(debit, credit, amount, tags)| Leg {
        debit: credit,
        credit: debit,
        amount,
        tags,
    });
    NewEntry {
        reversal_of: Some(entry.id),
        legs: reversed.collect(),
        ..NewEntry::new(source, date, entry.currency, reason)
    }
}
