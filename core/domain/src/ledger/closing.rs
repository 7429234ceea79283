//! Closing the books of days that are over.

use jiff::civil::Date;
use soko_kernel::{Actor, Permission};

use super::error::LedgerError;
use super::{Ledger, repo};

impl Ledger {
    /// The last day for which nothing more can be booked.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn closed_through(&self, actor: &Actor) -> Result<Option<Date>, LedgerError> {
        let scope = actor.require(Permission::ReadLedger)?;
        let read = async |reader: &mut soko_infra::Reader| {
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
                repo::balances::checkpoint(tx, scope, now).await?;
                Ok(through)
            })
            .await
    }
}
