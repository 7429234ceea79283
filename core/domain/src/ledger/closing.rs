//! Closing the books of days that are over, and keeping their sums, closed or not.

use std::time::Duration;

use jiff::civil::Date;
use soko_infra::{DataScope, DatabaseError, Reader, Tx};
use soko_kernel::{Actor, ChannelScope, Permission};

use super::error::LedgerError;
use super::{Ledger, repo};
use crate::channels::Channels;

/// Time between two times that a channel's sums are kept.
const SUMS_KEPT_EVERY: Duration = Duration::from_hours(24);
/// Channels whose sums are kept in one round; the next goes on.
const CHANNELS_PER_ROUND_MAX: i64 = 500;
/// Postings that one transaction adds up: nobody writes in the channel meanwhile.
const POSTINGS_PER_STEP_MAX: i64 = 10_000;
/// Steps of one channel in one round; the next goes on.
const STEPS_MAX: usize = 100;

impl Ledger {
    /// The last day for which nothing more can be booked.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn closed_through(&self, actor: &Actor) -> Result<Option<Date>, LedgerError> {
        let scope = actor.require(Permission::ReadLedger)?;
        let read = async |reader: &mut Reader| {
            repo::periods::locked_through(reader, scope).await.map_err(LedgerError::from)
        };
        self.database.read(scope, read).await
    }

    /// Closes the books through a day that is over, and keeps the sums of what is booked, so that balances stay quick to
    /// read. They are not opened again: what was wrong is reversed in the open period.
    ///
    /// # Errors
    /// [`LedgerError::InvalidClosing`] for today, a later day, or one that is closed already.
    pub async fn close_period(&self, actor: &Actor, through: Date) -> Result<Date, LedgerError> {
        let scope = actor.require(Permission::CloseAccountingPeriod)?;
        let now = self.clock.now();
        let (today, user) = (Self::occasion(actor, now)?.date, actor.user);
        self.database
            .write(scope, async move |tx| {
                let before = repo::periods::locked_through(tx, scope).await?;
                if through >= today || before.is_some_and(|before| through <= before) {
                    let closed = before.map_or("none".to_owned(), |before| before.to_string());
                    return Err(LedgerError::InvalidClosing(closed));
                }
                repo::periods::lock(tx, scope, through, user, now).await?;
                // Alone in the channel, as it needs to be.
                repo::balances::checkpoint(tx, scope, now, i64::MAX).await?;
                Ok(through)
            })
            .await
    }

    /// Keeps the sums of what is booked in the channels where they were last kept a day ago, so that balances stay quick to
    /// read where nobody closes the books. Says in how many. A job calls it now and then; no answer depends on it.
    ///
    /// # Errors
    /// A failing store.
    pub async fn keep_sums(&self) -> Result<u64, LedgerError> {
        let before = self.clock.now().before(SUMS_KEPT_EVERY);
        let due = async |reader: &mut Reader| {
            let ids = repo::balances::channels_due(reader, before, CHANNELS_PER_ROUND_MAX).await?;
            Channels::hands_in(reader, &ids).await
        };
        let hands: Vec<Actor> = self.database.read(DataScope::Platform, due).await?;
        let mut kept = 0;
        for hand in &hands {
            self.keep_sums_in(hand.public_scope()).await?;
            kept += 1;
        }
        Ok(kept)
    }

    async fn keep_sums_in(&self, scope: ChannelScope) -> Result<(), LedgerError> {
        let now = self.clock.now();
        for _ in 0..STEPS_MAX {
            let step = async move |tx: &mut Tx| {
                // Alone in the channel, as it needs to be.
                repo::balances::checkpoint(tx, scope, now, POSTINGS_PER_STEP_MAX).await
            };
            let is_last: Result<bool, DatabaseError> = self.database.write(scope, step).await;
            if is_last? {
                break;
            }
        }
        Ok(())
    }
}
