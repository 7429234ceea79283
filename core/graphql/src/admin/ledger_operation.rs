//! What administrators ask of the books and write into them.

use async_graphql::{Context, InputObject, Object};
use soko_domain::ledger::{NewAccount, NewExpense, NewTransfer, Period};
use soko_kernel::{Currency, ErrorKind, ListQuery};

use super::ledger::{
    JournalEntry, JournalEntryList, LedgerAccount, LedgerAccountList, LedgerAccountType, LedgerStatement,
    TrialBalanceLine,
};
use super::lists::{JournalEntries, LedgerAccounts};
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{Date, Id, Money};
use crate::shared::list_options::ListOptions;

/// An account to be added.
#[derive(InputObject)]
#[graphql(name = "CreateLedgerAccountInput")]
pub struct CreateLedgerAccountInput {
    /// Capital letters, digits, `_` and `-`; unique in the channel.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// What it counts.
    #[graphql(name = "type")]
    pub kind: LedgerAccountType,
    /// The account that gathers it.
    pub parent_id: Option<Id>,
}

/// What changes of an account; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateLedgerAccountInput")]
pub struct UpdateLedgerAccountInput {
    /// The account.
    pub id: Id,
    /// What it is called.
    pub name: Option<String>,
    /// Whether it takes postings.
    pub enabled: Option<bool>,
}

/// An expense that was paid.
#[derive(InputObject)]
#[graphql(name = "RecordExpenseInput")]
pub struct RecordExpenseInput {
    /// The client's own id of it: the same one again books nothing more.
    pub reference: String,
    /// The account of cash that it was paid from.
    pub paid_from_account_id: Id,
    /// How much.
    pub amount: Money,
    /// What it was for.
    pub memo: String,
    /// The day to which it counts; today when absent.
    pub date: Option<Date>,
}

/// Money to be moved between the shop's own accounts.
#[derive(InputObject)]
#[graphql(name = "InterAccountTransferInput")]
pub struct InterAccountTransferInput {
    /// The client's own id of it: the same one again books nothing more.
    pub reference: String,
    /// The account of cash that it leaves.
    pub from_account_id: Id,
    /// The account of cash that it goes to.
    pub to_account_id: Id,
    /// How much.
    pub amount: Money,
    /// Why.
    pub memo: String,
    /// The day to which it counts; today when absent.
    pub date: Option<Date>,
}

/// Queries of the books.
#[derive(Default)]
pub struct LedgerQuery;

#[Object]
impl LedgerQuery {
    /// A page of the channel's accounts.
    async fn ledger_accounts(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<LedgerAccounts>>,
    ) -> ApiResult<LedgerAccountList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.ledger.list_accounts(&request.actor(), &query).await?;
        let items = page.items.iter().map(LedgerAccount::from).collect();
        Ok(LedgerAccountList { items, total_items: page.total })
    }

    /// A page of the channel's journal.
    async fn journal_entries(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<JournalEntries>>,
    ) -> ApiResult<JournalEntryList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.ledger.list_entries(&request.actor(), &query).await?;
        let items = page.items.iter().map(JournalEntry::from).collect();
        Ok(JournalEntryList { items, total_items: page.total })
    }

    /// An entry of the channel's journal.
    async fn journal_entry(&self, context: &Context<'_>, id: Id) -> Nullable<JournalEntry> {
        let request = context.request();
        let found = request.services.ledger.find_entry(&request.actor(), id.into()).await;
        found.map(|found| found.as_ref().map(JournalEntry::from)).map_err(ApiError::from).transpose()
    }

    /// What happened on an account from one day to another, both counted, in the channel's currency or in another.
    #[expect(clippy::too_many_arguments, reason = "the field's arguments")]
    async fn ledger_account_statement(
        &self,
        context: &Context<'_>,
        account_id: Id,
        from: Date,
        to: Date,
        currency_code: Option<String>,
        skip: Option<i32>,
        take: Option<i32>,
    ) -> ApiResult<LedgerStatement> {
        let page = ListQuery::try_new(skip.map(i64::from), take.map(i64::from), Vec::new(), None)?;
        let unknown = || ApiError::new(ErrorKind::InvalidInput, "there is no such currency");
        let currency = currency_code.map(|code| Currency::parse(&code).ok_or_else(unknown)).transpose()?;
        let request = context.request();
        let period = Period { from: from.0, to: to.0 };
        let ledger = &request.services.ledger;
        let statement =
            ledger.statement(&request.actor(), account_id.into(), currency, period, &page).await?;
        Ok(LedgerStatement::from(&statement))
    }

    /// The sums of every account that was ever posted to, at the end of a day; today when absent.
    async fn trial_balance(
        &self,
        context: &Context<'_>,
        as_of: Option<Date>,
    ) -> ApiResult<Vec<TrialBalanceLine>> {
        let request = context.request();
        let day = as_of.map(|day| day.0);
        let balances = request.services.ledger.trial_balance(&request.actor(), day).await?;
        Ok(balances.iter().map(TrialBalanceLine::from).collect())
    }

    /// The last day for which nothing more can be booked.
    async fn accounting_closed_through(&self, context: &Context<'_>) -> Nullable<Date> {
        let request = context.request();
        let closed = request.services.ledger.closed_through(&request.actor()).await;
        closed.map(|day| day.map(Date)).map_err(ApiError::from).transpose()
    }
}

/// Changes of the books.
#[derive(Default)]
pub struct LedgerMutation;

#[Object]
impl LedgerMutation {
    /// Adds an account.
    async fn create_ledger_account(
        &self,
        context: &Context<'_>,
        input: CreateLedgerAccountInput,
    ) -> ApiResult<LedgerAccount> {
        let request = context.request();
        let new = NewAccount {
            code: input.code,
            name: input.name,
            kind: input.kind.into(),
            parent_id: input.parent_id.map(Into::into),
        };
        let created = request.services.ledger.create_account(&request.actor(), new).await?;
        Ok(LedgerAccount::from(&created))
    }

    /// Renames an account, or puts it in or out of use.
    async fn update_ledger_account(
        &self,
        context: &Context<'_>,
        input: UpdateLedgerAccountInput,
    ) -> ApiResult<LedgerAccount> {
        let request = context.request();
        let (id, ledger) = (input.id.into(), &request.services.ledger);
        let changed = ledger.update_account(&request.actor(), id, input.name, input.enabled).await?;
        Ok(LedgerAccount::from(&changed))
    }

    /// Books an expense that was paid from an account of cash.
    async fn record_expense(
        &self,
        context: &Context<'_>,
        input: RecordExpenseInput,
    ) -> ApiResult<JournalEntry> {
        let request = context.request();
        let new = NewExpense {
            reference: input.reference,
            paid_from: input.paid_from_account_id.into(),
            amount: input.amount.0,
            memo: input.memo,
            date: input.date.map(|day| day.0),
        };
        let entry = request.services.ledger.record_expense(&request.actor(), new).await?;
        Ok(JournalEntry::from(&entry))
    }

    /// Moves money between two of the shop's accounts of cash.
    async fn create_inter_account_transfer(
        &self,
        context: &Context<'_>,
        input: InterAccountTransferInput,
    ) -> ApiResult<JournalEntry> {
        let request = context.request();
        let new = NewTransfer {
            reference: input.reference,
            from: input.from_account_id.into(),
            to: input.to_account_id.into(),
            amount: input.amount.0,
            memo: input.memo,
            date: input.date.map(|day| day.0),
        };
        let entry = request.services.ledger.transfer(&request.actor(), new).await?;
        Ok(JournalEntry::from(&entry))
    }

    /// Takes back an entry that was booked by hand, by its opposite.
    async fn reverse_journal_entry(
        &self,
        context: &Context<'_>,
        id: Id,
        reason: String,
    ) -> ApiResult<JournalEntry> {
        let request = context.request();
        let entry = request.services.ledger.reverse(&request.actor(), id.into(), reason).await?;
        Ok(JournalEntry::from(&entry))
    }

    /// Closes the books through a day that is over. They are not opened again.
    async fn close_accounting_period(&self, context: &Context<'_>, through: Date) -> ApiResult<Date> {
        let request = context.request();
        request
            .services
            .ledger
            .close_period(&request.actor(), through.0)
            .await
            .map(Date)
            .map_err(ApiError::from)
    }
}
