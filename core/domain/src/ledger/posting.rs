//! Booking and taking back, inside the transaction of what is booked.

use std::collections::HashMap;

use jiff::civil::Date;
use soko_infra::Tx;
use soko_kernel::{ChannelScope, JournalEntryId, LedgerAccountId, Timestamp, UserId};

use super::chart::CHART;
use super::entity::{Account, AccountCode, Entry, Leg, NewEntry};
use super::error::LedgerError;
use super::{Ledger, repo, templates};

/// The accounts of a channel as a transaction sees them.
pub(super) struct Accounts(Vec<Account>);

impl Accounts {
    /// Reads them; a channel that has none yet gets those that every channel begins with.
    pub(super) async fn open(tx: &mut Tx, scope: ChannelScope, now: Timestamp) -> Result<Self, LedgerError> {
        let accounts = repo::accounts::all(tx, scope).await?;
        if !accounts.is_empty() {
            return Ok(Self(accounts));
        }
        let (parents, children): (Vec<_>, Vec<_>) =
            CHART.iter().partition(|account| account.parent.is_none());
        repo::accounts::insert_chart(tx, scope, parents.into_iter(), |_| None, now).await?;
        let known = Self(repo::accounts::all(tx, scope).await?);
        let parent = |code: &str| known.find(code).map(|account| account.id);
        repo::accounts::insert_chart(tx, scope, children.into_iter(), parent, now).await?;
        Ok(Self(repo::accounts::all(tx, scope).await?))
    }

    pub(super) fn find(&self, code: &str) -> Option<&Account> {
        self.0.iter().find(|account| account.code == code)
    }

    /// The account that is to be posted to.
    pub(super) fn postable(&self, code: &str) -> Result<LedgerAccountId, LedgerError> {
        let account = self.find(code).ok_or_else(|| LedgerError::UnknownAccountCode(code.to_owned()))?;
        if account.is_parent || !account.enabled {
            return Err(LedgerError::AccountTakesNone(account.code.clone()));
        }
        Ok(account.id)
    }

    fn codes(&self) -> HashMap<LedgerAccountId, AccountCode> {
        self.0.iter().map(|account| (account.id, AccountCode::from(account.code.clone()))).collect()
    }
}

impl Ledger {
    /// Books an entry. The same source again, with the same amounts, gives the entry that is there. An entry without
    /// amounts is none.
    ///
    /// # Errors
    /// [`LedgerError::PeriodClosed`], [`LedgerError::BookedOtherwise`], an account that is not there or takes no
    /// postings, an entry that makes no sense.
    pub async fn post_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        entry: &NewEntry,
        user: Option<UserId>,
        now: Timestamp,
    ) -> Result<Option<JournalEntryId>, LedgerError> {
        if entry.legs.is_empty() {
            return Ok(None);
        }
        entry.check()?;
        let accounts = Accounts::open(tx, scope, now).await?;
        if let Some(through) = repo::periods::locked_through(tx, scope).await?
            && entry.date <= through
        {
            return Err(LedgerError::PeriodClosed { date: entry.date, through });
        }
        match repo::entries::insert(tx, scope, entry, user, now).await? {
            Some(id) => {
                let account = |code: &str| accounts.postable(code);
                repo::entries::insert_postings(tx, scope, id, entry, account).await?;
                repo::parties::keep(tx, scope, entry, account).await?;
                Ok(Some(id))
            }
            None => booked_before(tx, scope, entry, &accounts).await.map(Some),
        }
    }

    /// Takes an entry back by its opposite, which counts to `date`.
    ///
    /// # Errors
    /// [`LedgerError::UnknownEntry`], [`LedgerError::AlreadyReversed`], [`LedgerError::PeriodClosed`].
    pub async fn reverse_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: JournalEntryId,
        date: Date,
        reason: &str,
        by: (Option<UserId>, Timestamp),
    ) -> Result<Entry, LedgerError> {
        let entry = repo::entries::find(tx, scope, id).await?.ok_or(LedgerError::UnknownEntry(id))?;
        if entry.reversal_of.is_some() || entry.reversed_by.is_some() {
            return Err(LedgerError::AlreadyReversed(id));
        }
        let codes = Accounts::open(tx, scope, by.1).await?.codes();
        let mut legs = Vec::new();
        for (_, posting) in repo::entries::postings_of(tx, scope, [id]).await? {
            let code = |account| codes.get(&account).cloned().ok_or(LedgerError::UnknownAccount(account));
            legs.push((code(posting.debit)?, code(posting.credit)?, posting.amount, posting.tags));
        }
        let reversal = templates::reversal(&entry, legs, date, reason);
        let booked = Self::post_in_tx(tx, scope, &reversal, by.0, by.1).await?;
        let booked = booked.ok_or(LedgerError::UnknownEntry(id))?;
        repo::entries::find(tx, scope, booked).await?.ok_or(LedgerError::UnknownEntry(booked))
    }
}

/// The entry of the same source, if it says the same.
async fn booked_before(
    tx: &mut Tx,
    scope: ChannelScope,
    entry: &NewEntry,
    accounts: &Accounts,
) -> Result<JournalEntryId, LedgerError> {
    let source = &entry.source;
    let otherwise = || LedgerError::BookedOtherwise { kind: source.kind.as_str(), id: source.id.clone() };
    let before = repo::entries::find_by_source(tx, scope, source).await?.ok_or_else(otherwise)?;
    let codes = accounts.codes();
    let postings = repo::entries::postings_of(tx, scope, [before.id]).await?;
    let code = |account| codes.get(&account).cloned().unwrap_or_default();
    let legs = postings.into_iter().map(|(_, posting)| Leg {
        debit: code(posting.debit),
        credit: code(posting.credit),
        amount: posting.amount,
        tags: posting.tags,
    });
    let same = before.currency == entry.currency
        && before.reversal_of == entry.reversal_of
        && legs.collect::<Vec<_>>() == entry.legs;
    if same { Ok(before.id) } else { Err(otherwise()) }
}
