//! The books: accounts, entries, statements.

use async_graphql::{ComplexObject, Context, Enum, SimpleObject};
use soko_domain::ledger::{self, AccountType, Party};
use soko_kernel::{JournalEntryId, LedgerAccountId};

use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{Date, DateTime, Id, Money};

/// What an account counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "LedgerAccountType")]
pub enum LedgerAccountType {
    /// What the shop has or is owed.
    #[graphql(name = "ASSET")]
    Asset,
    /// What the shop owes.
    #[graphql(name = "LIABILITY")]
    Liability,
    /// What is the owners'.
    #[graphql(name = "EQUITY")]
    Equity,
    /// What came in.
    #[graphql(name = "INCOME")]
    Income,
    /// What it cost.
    #[graphql(name = "EXPENSE")]
    Expense,
}

impl From<AccountType> for LedgerAccountType {
    fn from(kind: AccountType) -> Self {
        match kind {
            AccountType::Asset => Self::Asset,
            AccountType::Liability => Self::Liability,
            AccountType::Equity => Self::Equity,
            AccountType::Income => Self::Income,
            AccountType::Expense => Self::Expense,
        }
    }
}

impl From<LedgerAccountType> for AccountType {
    fn from(kind: LedgerAccountType) -> Self {
        match kind {
            LedgerAccountType::Asset => Self::Asset,
            LedgerAccountType::Liability => Self::Liability,
            LedgerAccountType::Equity => Self::Equity,
            LedgerAccountType::Income => Self::Income,
            LedgerAccountType::Expense => Self::Expense,
        }
    }
}

/// An account of the channel's books.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "LedgerAccount", complex)]
pub struct LedgerAccount {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// What it is called in programs, unique in the channel.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// What it counts.
    #[graphql(name = "type")]
    pub kind: LedgerAccountType,
    /// Whether it gathers others; then it takes no postings.
    pub is_parent: bool,
    /// Whether it takes postings.
    pub enabled: bool,
    #[graphql(skip)]
    account: ledger::Account,
}

impl From<&ledger::Account> for LedgerAccount {
    fn from(account: &ledger::Account) -> Self {
        Self {
            id: account.id.into(),
            created_at: account.created_at.into(),
            updated_at: account.updated_at.into(),
            code: account.code.clone(),
            name: account.name.clone(),
            kind: account.kind.into(),
            is_parent: account.is_parent,
            enabled: account.enabled,
            account: account.clone(),
        }
    }
}

#[ComplexObject]
impl LedgerAccount {
    /// The account that gathers it.
    async fn parent(&self, context: &Context<'_>) -> ApiResult<Option<LedgerAccount>> {
        match self.account.parent_id {
            Some(id) => Self::load(context, id).await.map(Some),
            None => Ok(None),
        }
    }

    /// What is on it now in the channel's currency, positive on the side on which it grows; of a parent, what is on the
    /// accounts that it gathers.
    async fn balance(&self, context: &Context<'_>) -> ApiResult<Money> {
        let balance = context.request().balance_of_account(self.account.id).await?;
        Ok(Money(balance.map_or(0, |balance| *balance)))
    }
}

impl LedgerAccount {
    pub(super) async fn load(context: &Context<'_>, id: LedgerAccountId) -> ApiResult<Self> {
        let account = context.request().ledger_account(id).await?;
        let account = account.ok_or_else(|| ApiError::from(ledger::LedgerError::UnknownAccount(id)))?;
        Ok(Self::from(&*account))
    }
}

/// A page of accounts.
#[derive(SimpleObject)]
#[graphql(name = "LedgerAccountList")]
pub struct LedgerAccountList {
    /// This page.
    pub items: Vec<LedgerAccount>,
    /// Accounts in the whole list.
    pub total_items: i64,
}

/// One amount of an entry, from one account to another.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "JournalPosting", complex)]
pub struct JournalPosting {
    /// Its id.
    pub id: Id,
    /// How much.
    pub amount: Money,
    /// The customer who owes or is owed.
    pub customer_id: Option<Id>,
    /// The supplier who owes or is owed.
    pub supplier_id: Option<Id>,
    /// The order that it is about.
    pub order_id: Option<Id>,
    #[graphql(skip)]
    debit: LedgerAccountId,
    #[graphql(skip)]
    credit: LedgerAccountId,
}

impl From<&ledger::Posting> for JournalPosting {
    fn from(posting: &ledger::Posting) -> Self {
        let (customer_id, supplier_id) = parties(posting.tags.party);
        Self {
            id: posting.id.into(),
            amount: Money(posting.amount),
            customer_id,
            supplier_id,
            order_id: posting.tags.order.map(Into::into),
            debit: posting.debit,
            credit: posting.credit,
        }
    }
}

#[ComplexObject]
impl JournalPosting {
    /// The account that the amount goes to.
    async fn debit_account(&self, context: &Context<'_>) -> ApiResult<LedgerAccount> {
        LedgerAccount::load(context, self.debit).await
    }

    /// The account that the amount comes from.
    async fn credit_account(&self, context: &Context<'_>) -> ApiResult<LedgerAccount> {
        LedgerAccount::load(context, self.credit).await
    }
}

fn parties(party: Option<Party>) -> (Option<Id>, Option<Id>) {
    match party {
        Some(Party::Customer(id)) => (Some(id.into()), None),
        Some(Party::Supplier(id)) => (None, Some(id.into())),
        None => (None, None),
    }
}

/// What was booked for one occasion.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "JournalEntry", complex)]
pub struct JournalEntry {
    /// Its id.
    pub id: Id,
    /// The day to which it counts, in the channel's time zone.
    pub entry_date: Date,
    /// When it was booked.
    pub posted_at: DateTime,
    /// What kind of thing it is the record of.
    pub source_type: &'static str,
    /// That thing's id.
    pub source_id: String,
    /// Of every amount.
    pub currency_code: String,
    /// For people.
    pub memo: String,
    /// The entry that this one takes back.
    pub reversal_of: Option<Id>,
    /// The entry that takes this one back.
    pub reversed_by: Option<Id>,
    /// Who booked it; the platform itself when null.
    pub user_id: Option<Id>,
    #[graphql(skip)]
    entry: JournalEntryId,
}

impl From<&ledger::Entry> for JournalEntry {
    fn from(entry: &ledger::Entry) -> Self {
        Self {
            id: entry.id.into(),
            entry_date: Date(entry.date),
            posted_at: entry.posted_at.into(),
            source_type: entry.source.kind.as_str(),
            source_id: entry.source.id.clone(),
            currency_code: entry.currency.code().to_owned(),
            memo: entry.memo.clone(),
            reversal_of: entry.reversal_of.map(Into::into),
            reversed_by: entry.reversed_by.map(Into::into),
            user_id: entry.user.map(Into::into),
            entry: entry.id,
        }
    }
}

#[ComplexObject]
impl JournalEntry {
    /// What moved. Each posting balances by itself.
    async fn postings(&self, context: &Context<'_>) -> ApiResult<Vec<JournalPosting>> {
        let postings = context.request().postings_of_entry(self.entry).await?;
        Ok(crate::shared::loads::each(&postings))
    }
}

/// A page of entries.
#[derive(SimpleObject)]
#[graphql(name = "JournalEntryList")]
pub struct JournalEntryList {
    /// This page.
    pub items: Vec<JournalEntry>,
    /// Entries in the whole list.
    pub total_items: i64,
}

/// A line of an account's statement.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "LedgerStatementLine", complex)]
pub struct LedgerStatementLine {
    /// The day to which it counts.
    pub date: Date,
    /// The entry that it is of.
    pub entry_id: Id,
    /// What kind of thing the entry is the record of.
    pub source_type: &'static str,
    /// That thing's id.
    pub source_id: String,
    /// The entry's memo.
    pub memo: String,
    /// Positive when the account is debited.
    pub amount: Money,
    /// Debits less credits of the account up to here.
    pub balance: Money,
    /// The customer who owes or is owed.
    pub customer_id: Option<Id>,
    /// The supplier who owes or is owed.
    pub supplier_id: Option<Id>,
    /// The order that it is about.
    pub order_id: Option<Id>,
    #[graphql(skip)]
    other: LedgerAccountId,
}

impl From<&ledger::StatementLine> for LedgerStatementLine {
    fn from(line: &ledger::StatementLine) -> Self {
        let (customer_id, supplier_id) = parties(line.tags.party);
        Self {
            date: Date(line.date),
            entry_id: line.entry.into(),
            source_type: line.source.kind.as_str(),
            source_id: line.source.id.clone(),
            memo: line.memo.clone(),
            amount: Money(line.amount),
            balance: Money(line.balance),
            customer_id,
            supplier_id,
            order_id: line.tags.order.map(Into::into),
            other: line.other_account,
        }
    }
}

#[ComplexObject]
impl LedgerStatementLine {
    /// The account on the other side.
    async fn other_account(&self, context: &Context<'_>) -> ApiResult<LedgerAccount> {
        LedgerAccount::load(context, self.other).await
    }
}

/// What happened on an account in a period, by days.
#[derive(SimpleObject)]
#[graphql(name = "LedgerStatement")]
pub struct LedgerStatement {
    /// The account.
    pub account: LedgerAccount,
    /// Of every amount.
    pub currency_code: String,
    /// Debits less credits before the period.
    pub opening_balance: Money,
    /// Debits less credits at its end.
    pub closing_balance: Money,
    /// This page.
    pub items: Vec<LedgerStatementLine>,
    /// Lines in the whole period.
    pub total_items: i64,
}

impl From<&ledger::Statement> for LedgerStatement {
    fn from(statement: &ledger::Statement) -> Self {
        Self {
            account: LedgerAccount::from(&statement.account),
            currency_code: statement.currency.code().to_owned(),
            opening_balance: Money(statement.opening),
            closing_balance: Money(statement.closing),
            items: statement.lines.items.iter().map(LedgerStatementLine::from).collect(),
            total_items: statement.lines.total,
        }
    }
}

/// What was debited to an account and credited to it until the end of a day.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "TrialBalanceLine", complex)]
pub struct TrialBalanceLine {
    /// Of both sums.
    pub currency_code: String,
    /// Sum of all debits.
    pub debits: Money,
    /// Sum of all credits.
    pub credits: Money,
    #[graphql(skip)]
    account: LedgerAccountId,
}

impl From<&ledger::Balance> for TrialBalanceLine {
    fn from(balance: &ledger::Balance) -> Self {
        Self {
            currency_code: balance.currency.code().to_owned(),
            debits: Money(balance.debits),
            credits: Money(balance.credits),
            account: balance.account,
        }
    }
}

#[ComplexObject]
impl TrialBalanceLine {
    /// The account.
    async fn account(&self, context: &Context<'_>) -> ApiResult<LedgerAccount> {
        LedgerAccount::load(context, self.account).await
    }
}
