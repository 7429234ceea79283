//! What administrators book by hand.

use jiff::civil::Date;
use soko_infra::Tx;
use soko_kernel::{Actor, ChannelScope, JournalEntryId, LedgerAccountId, Permission, Timestamp};

use super::chart::CASH;
use super::entity::{AccountCode, Entry, NewEntry, check_text};
use super::error::LedgerError;
use super::posting::Accounts;
use super::{Ledger, repo, templates};

/// An expense to be booked.
#[derive(Debug, Clone)]
pub struct NewExpense {
    /// The client's own id of it: the same one again books nothing more.
    pub reference: String,
    /// Where the money was taken from: an account of cash.
    pub paid_from: LedgerAccountId,
    /// Minor units.
    pub amount: i64,
    /// What it was for.
    pub memo: String,
    /// The day to which it counts; today when absent.
    pub date: Option<Date>,
}

/// Money to be moved between the shop's own accounts.
#[derive(Debug, Clone)]
pub struct NewTransfer {
    /// The client's own id of it: the same one again books nothing more.
    pub reference: String,
    /// Where it leaves: an account of cash.
    pub from: LedgerAccountId,
    /// Where it goes: another account of cash.
    pub to: LedgerAccountId,
    /// Minor units.
    pub amount: i64,
    /// Why.
    pub memo: String,
    /// The day to which it counts; today when absent.
    pub date: Option<Date>,
}

impl Ledger {
    /// Books an expense.
    ///
    /// # Errors
    /// An account that is not one of cash, an amount that is not more than zero, a closed day, a reference that stands for
    /// another expense.
    pub async fn record_expense(&self, actor: &Actor, new: NewExpense) -> Result<Entry, LedgerError> {
        let scope = actor.require(Permission::UpdateLedger)?;
        let (now, user) = (self.clock.now(), actor.user);
        let occasion = by_hand(actor, (&new.memo, new.amount, new.date), now)?;
        self.database
            .write(scope, async move |tx| {
                let paid_from = cash_account(tx, scope, new.paid_from, now).await?;
                let entry =
                    templates::expense(occasion, &new.reference, paid_from, new.amount, new.memo.as_str())?;
                booked(tx, scope, &entry, user, now).await
            })
            .await
    }

    /// Moves money between two accounts of cash.
    ///
    /// # Errors
    /// As of [`Self::record_expense`].
    pub async fn transfer(&self, actor: &Actor, new: NewTransfer) -> Result<Entry, LedgerError> {
        let scope = actor.require(Permission::UpdateLedger)?;
        let (now, user) = (self.clock.now(), actor.user);
        let occasion = by_hand(actor, (&new.memo, new.amount, new.date), now)?;
        self.database
            .write(scope, async move |tx| {
                let from = cash_account(tx, scope, new.from, now).await?;
                let to = cash_account(tx, scope, new.to, now).await?;
                let entry =
                    templates::transfer(occasion, &new.reference, (from, to), new.amount, new.memo.as_str())?;
                booked(tx, scope, &entry, user, now).await
            })
            .await
    }

    /// Takes back an entry that was booked by hand.
    ///
    /// # Errors
    /// An unknown entry, one that is reversed already, one that is another domain's to take back.
    pub async fn reverse(
        &self,
        actor: &Actor,
        id: JournalEntryId,
        reason: String,
    ) -> Result<Entry, LedgerError> {
        let scope = actor.require(Permission::UpdateLedger)?;
        check_text(&reason)?;
        let (now, user) = (self.clock.now(), actor.user);
        let today = Self::occasion(actor, now)?.date;
        self.database
            .write(scope, async move |tx| {
                let entry = repo::entries::find(tx, scope, id).await?.ok_or(LedgerError::UnknownEntry(id))?;
                let kind = entry.source.kind;
                // Of a reversal the other refusal says more.
                if !kind.stands_alone() && entry.reversal_of.is_none() {
                    return Err(LedgerError::NotAlone(kind.as_str()));
                }
                Self::reverse_in_tx(tx, scope, id, today, &reason, (user, now)).await
            })
            .await
    }
}

/// The occasion of what is booked by hand: its reason, its amount, and the day, which is today where none is named.
fn by_hand(
    actor: &Actor,
    (memo, amount, date): (&str, i64, Option<Date>),
    now: Timestamp,
) -> Result<templates::Occasion, LedgerError> {
    check_text(memo)?;
    if amount <= 0 {
        return Err(LedgerError::NegativeAmount(amount));
    }
    let today = Ledger::occasion(actor, now)?;
    Ok(templates::Occasion { date: date.unwrap_or(today.date), ..today })
}

/// The code of an account below [`CASH`].
pub(super) async fn cash_account(
    tx: &mut Tx,
    scope: ChannelScope,
    id: LedgerAccountId,
    now: Timestamp,
) -> Result<AccountCode, LedgerError> {
    let accounts = Accounts::open(tx, scope, now).await?;
    let account = repo::accounts::find(tx, scope, id).await?.ok_or(LedgerError::UnknownAccount(id))?;
    let cash = accounts.find(CASH).map(|cash| cash.id);
    if cash.is_none() || account.parent_id != cash {
        return Err(LedgerError::NotCash);
    }
    Ok(account.code.into())
}

async fn booked(
    tx: &mut Tx,
    scope: ChannelScope,
    entry: &NewEntry,
    user: Option<soko_kernel::UserId>,
    now: Timestamp,
) -> Result<Entry, LedgerError> {
    let id = Ledger::post_in_tx(tx, scope, entry, user, now).await?;
    let id = id.ok_or(LedgerError::NegativeAmount(0))?;
    repo::entries::find(tx, scope, id).await?.ok_or(LedgerError::UnknownEntry(id))
}
