//! The books: accounts, journal entries, postings, balances.
//!
//! A posting takes one amount from one account (credit) to another (debit), as in a ledger of transfers: there is no entry
//! whose debits and credits differ, because there is no way to write one. A larger entry is a set of such legs.
//!
//! Invariants: what is booked is neither changed nor deleted, which triggers of the store hold too, but reversed, once; a
//! source (a payment, a refund) is booked once; nothing is booked for a closed day; no amount is zero or less; what each
//! party owes or is owed is kept with every posting and equals their sum.
//!
//! Other domains book what happens inside their own transactions by [`Ledger::post_in_tx`], with an entry that one of the
//! [`templates`] makes.

pub mod chart;
mod closing;
mod entity;
mod error;
mod manual;
mod parties;
mod posting;
mod read;
mod repo;
pub mod templates;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use soko_infra::Database;
use soko_kernel::{Actor, ActorChannel, Clock, Timestamp};

pub use entity::{
    Account, AccountCode, AccountType, Balance, Entry, Leg, NewAccount, NewEntry, OpenItem, Party, Period,
    Posting, Source, SourceKind, StatementLine, Tags,
};
pub use error::LedgerError;
pub use manual::{NewExpense, NewTransfer};
pub use parties::{PartyBalance, PartyStatement, UnpaidParty};
pub use read::Statement;
pub use repo::balances::EVERY_BALANCE;
pub use repo::parties::DRIFTED as DRIFTED_PARTY_BALANCES;

use templates::Occasion;

/// The use cases of the books.
#[derive(Debug, Clone)]
pub struct Ledger {
    database: Database,
    clock: Clock,
}

impl Ledger {
    /// The service over this store.
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock }
    }

    /// What happens now in the actor's channel: its day there, and its currency.
    ///
    /// # Errors
    /// [`LedgerError::TimeZone`].
    pub fn occasion(actor: &Actor, now: Timestamp) -> Result<Occasion, LedgerError> {
        let channel = &actor.channel;
        Ok(Occasion { date: day_in(channel, now)?, currency: channel.currency })
    }
}

/// The day in the channel's time zone.
fn day_in(channel: &ActorChannel, now: Timestamp) -> Result<Date, LedgerError> {
    let moment = jiff::Timestamp::from_millisecond(now.0).and_then(|moment| moment.in_tz(&channel.time_zone));
    moment.map(|moment| moment.date()).map_err(|error| LedgerError::TimeZone(error.to_string()))
}
