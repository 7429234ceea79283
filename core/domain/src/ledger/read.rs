//! Looking into the books.

use std::collections::HashMap;

use jiff::civil::Date;
use soko_infra::DatabaseError;
use soko_kernel::{
    Actor, ChannelScope, Currency, JournalEntryId, LedgerAccountId, ListQuery, Page, Permission,
};

use super::entity::{Account, Balance, Entry, NewAccount, Period, Posting, StatementLine, check_text};
use super::error::LedgerError;
use super::posting::Accounts;
use super::{Ledger, repo};

/// What happened on an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The account.
    pub account: Account,
    /// Of all amounts.
    pub currency: Currency,
    /// Debits less credits before the period, minor units.
    pub opening: i64,
    /// Debits less credits at its end, minor units.
    pub closing: i64,
    /// A page of what happened, by days.
    pub lines: Page<StatementLine>,
}

impl Ledger {
    /// A page of the channel's accounts.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn list_accounts(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<Account>, LedgerError> {
        let scope = actor.require(Permission::ReadLedger)?;
        self.see_to_accounts(scope).await?;
        self.database.read(scope, async |reader| repo::accounts::list(reader, scope, query).await).await
    }

    /// Accounts of the channel by their ids; unknown ones are absent.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn accounts(
        &self,
        actor: &Actor,
        ids: &[LedgerAccountId],
    ) -> Result<HashMap<LedgerAccountId, Account>, LedgerError> {
        let scope = actor.require(Permission::ReadLedger)?;
        let all = self.database.read(scope, async |reader| repo::accounts::all(reader, scope).await).await?;
        Ok(all.into_iter().filter(|account| ids.contains(&account.id)).map(|one| (one.id, one)).collect())
    }

    /// Adds an account.
    ///
    /// # Errors
    /// A malformed code or one in use, a parent that gathers no others or is of another type.
    pub async fn create_account(&self, actor: &Actor, new: NewAccount) -> Result<Account, LedgerError> {
        let scope = actor.require(Permission::UpdateLedger)?;
        new.check()?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                Accounts::open(tx, scope, now).await?;
                if let Some(id) = new.parent_id {
                    let parent = repo::accounts::find(tx, scope, id).await?;
                    let parent = parent.ok_or(LedgerError::UnknownAccount(id))?;
                    if !parent.is_parent {
                        return Err(LedgerError::NoParent(id));
                    }
                    if parent.kind != new.kind {
                        return Err(LedgerError::TypeDiffers);
                    }
                }
                repo::accounts::insert(tx, scope, &new, now).await
            })
            .await
    }

    /// Renames an account, or puts it in or out of use; absent values stay. Those that the templates name can be put out
    /// of use too: then what they are for is refused.
    ///
    /// # Errors
    /// An unknown account, an empty name.
    pub async fn update_account(
        &self,
        actor: &Actor,
        id: LedgerAccountId,
        name: Option<String>,
        enabled: Option<bool>,
    ) -> Result<Account, LedgerError> {
        let scope = actor.require(Permission::UpdateLedger)?;
        name.as_deref().map_or(Ok(()), check_text)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let changed = repo::accounts::update(tx, scope, id, (name.as_deref(), enabled), now).await?;
                changed.ok_or(LedgerError::UnknownAccount(id))
            })
            .await
    }

    /// A page of the channel's entries.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn list_entries(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Entry>, LedgerError> {
        let scope = actor.require(Permission::ReadLedger)?;
        self.database.read(scope, async |reader| repo::entries::list(reader, scope, query).await).await
    }

    /// An entry of the channel.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn find_entry(&self, actor: &Actor, id: JournalEntryId) -> Result<Option<Entry>, LedgerError> {
        let scope = actor.require(Permission::ReadLedger)?;
        Ok(self.database.read(scope, async |reader| repo::entries::find(reader, scope, id).await).await?)
    }

    /// The postings of entries, in the order in which they were written.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn postings_of(
        &self,
        actor: &Actor,
        entries: &[JournalEntryId],
    ) -> Result<HashMap<JournalEntryId, Vec<Posting>>, LedgerError> {
        let scope = actor.require(Permission::ReadLedger)?;
        let ids = entries.iter().copied();
        let rows =
            self.database.read(scope, async |reader| repo::entries::postings_of(reader, scope, ids).await);
        let mut postings: HashMap<JournalEntryId, Vec<Posting>> = HashMap::new();
        for (entry, posting) in rows.await? {
            postings.entry(entry).or_default().push(posting);
        }
        Ok(postings)
    }

    /// The balance of every account that was ever posted to, in each currency.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn balances(&self, actor: &Actor) -> Result<Vec<Balance>, LedgerError> {
        let scope = actor.require(Permission::ReadLedger)?;
        Ok(self.database.read(scope, async |reader| repo::balances::current(reader, scope).await).await?)
    }

    /// What is on each of these accounts in the channel's currency, on the side on which it grows; on a parent, what is on
    /// the accounts that it gathers. Unknown ones are absent.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn balances_of(
        &self,
        actor: &Actor,
        ids: &[LedgerAccountId],
    ) -> Result<HashMap<LedgerAccountId, i64>, LedgerError> {
        let scope = actor.require(Permission::ReadLedger)?;
        let (accounts, balances) = self
            .database
            .read(scope, async |reader| {
                let accounts = repo::accounts::all(reader, scope).await?;
                Ok::<_, DatabaseError>((accounts, repo::balances::current(reader, scope).await?))
            })
            .await?;
        let currency = actor.channel.currency;
        let own = |account: &Account| {
            let balance = balances.iter().find(|one| one.account == account.id && one.currency == currency);
            balance.map_or(Ok(0), |balance| balance.amount(account.kind))
        };
        let wanted = accounts.iter().filter(|account| ids.contains(&account.id));
        wanted
            .map(|account| {
                let gathered = accounts.iter().filter(|one| one.parent_id == Some(account.id));
                let sum = gathered.map(own).try_fold(own(account)?, |sum, balance| {
                    sum.checked_add(balance?).ok_or(LedgerError::Overflow)
                })?;
                Ok((account.id, sum))
            })
            .collect()
    }

    /// As [`Self::balances`], added up from the postings alone: what it must equal.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn replayed_balances(&self, actor: &Actor) -> Result<Vec<Balance>, LedgerError> {
        let scope = actor.require(Permission::ReadLedger)?;
        Ok(self.database.read(scope, async |reader| repo::balances::replayed(reader, scope).await).await?)
    }

    /// The balance of every account at the end of a day; today when absent.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn trial_balance(&self, actor: &Actor, day: Option<Date>) -> Result<Vec<Balance>, LedgerError> {
        let scope = actor.require(Permission::ReadLedger)?;
        let today = Self::occasion(actor, self.clock.now())?.date;
        let day = day.unwrap_or(today);
        Ok(self.database.read(scope, async |reader| repo::balances::as_of(reader, scope, day).await).await?)
    }

    /// What happened on an account in a period, in one currency; the channel's when absent.
    ///
    /// # Errors
    /// An unknown account, a period that ends before it begins.
    pub async fn statement(
        &self,
        actor: &Actor,
        account: LedgerAccountId,
        currency: Option<Currency>,
        period: Period,
        page: &ListQuery,
    ) -> Result<Statement, LedgerError> {
        let scope = actor.require(Permission::ReadLedger)?;
        if period.to < period.from {
            return Err(LedgerError::InvalidPeriod);
        }
        let currency = currency.unwrap_or(actor.channel.currency);
        let of = (account, currency);
        let bounds = (page.take(), page.skip());
        self.database
            .read(scope, async |reader| {
                let found = repo::accounts::find(reader, scope, account).await?;
                let found = found.ok_or(LedgerError::UnknownAccount(account))?;
                let (opening, change) = repo::entries::opening_and_change(reader, scope, of, period).await?;
                let closing = opening.checked_add(change).ok_or(LedgerError::Overflow)?;
                let lines = repo::entries::statement(reader, scope, of, period, opening, bounds).await?;
                Ok(Statement { account: found, currency, opening, closing, lines })
            })
            .await
    }

    /// Gives a channel that has no accounts yet those that every channel begins with.
    async fn see_to_accounts(&self, scope: ChannelScope) -> Result<(), LedgerError> {
        let all = self.database.read(scope, async |reader| repo::accounts::all(reader, scope).await).await?;
        if !all.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        self.database.write(scope, async move |tx| Accounts::open(tx, scope, now).await.map(|_| ())).await
    }
}
