//! Buying on account: who may, up to how much, and what is owed and paid.
//!
//! What is owed is what the books say, order by order. A customer's deposit, which is what they paid ahead, counts by itself:
//! it is spent by its own way to pay and makes no credit.
//!
//! Invariants: no sale makes a customer owe more than their limit, under any concurrency, because each is decided under the
//! lock of the customer's account and in the transaction that books it; no more is taken from a deposit than is there; a
//! frozen account takes no credit, and payments always.
//!
//! The same holds of suppliers the other way round: they are customers in another role, with an account of their own.

mod charging;
mod entity;
mod error;
mod event;
mod reminders;
mod repaying;
mod repo;
mod suppliers;

use soko_infra::{Database, DatabaseError, Reader, Tx};
use soko_kernel::{
    Actor, ChannelScope, Clock, Currency, CustomerId, ListQuery, Permission, Timestamp, UserId,
};

use crate::customers::Customers;
use crate::ledger::templates::{Occasion, balance_adjustment};
use crate::ledger::{Ledger, OpenItem, Party, PartyStatement, Period};

pub use entity::{
    Charge, CreditAccount, CreditChanges, CreditSummary, DURATION_DAYS_DEFAULT, DURATION_DAYS_MAX, Excess,
    OnAccount,
};
pub use error::{CreditError, CreditRefusal};
pub use event::{CreditSaleRefused, CustomerBalanceChanged, CustomerCreditApproved};
pub use reminders::{CreditReminderDue, Rung};
pub use repaying::{Repayment, RepaymentInput, Tender};
pub use suppliers::{NewPurchase, PaidPurchase, Purchase, SupplierPayment, SupplierPaymentInput};

const REASON_LENGTH_MAX: usize = 500;

/// The use cases of credit.
#[derive(Debug, Clone)]
pub struct Credit {
    database: Database,
    clock: Clock,
}

/// Who does something on an account, when, and on which day of the channel's books.
#[derive(Debug, Clone, Copy)]
pub struct Act {
    user: Option<UserId>,
    now: Timestamp,
    occasion: Occasion,
}

impl Act {
    /// What this actor does now.
    ///
    /// # Errors
    /// A channel without a usable time zone.
    pub fn by(actor: &Actor, now: Timestamp) -> Result<Self, CreditError> {
        Ok(Self { user: actor.user, now, occasion: Ledger::occasion(actor, now)? })
    }

    fn currency(&self) -> Currency {
        self.occasion.currency
    }
}

impl Credit {
    /// The service over this store.
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock }
    }

    /// A party's account and what is on it; an empty one where nothing was ever bought or paid on account.
    ///
    /// # Errors
    /// An unknown customer.
    pub async fn summary(&self, actor: &Actor, party: Party) -> Result<CreditSummary, CreditError> {
        let scope = actor.require(Permission::ReadCustomer)?;
        let currency = actor.channel.currency;
        self.database.read(scope, async |reader| summary_in(reader, scope, party, currency).await).await
    }

    /// Whether a customer could buy for so much on account now. It is decided again when they do.
    ///
    /// # Errors
    /// [`CreditError::Refused`]; an amount that is nothing.
    pub async fn validate(
        &self,
        actor: &Actor,
        customer: CustomerId,
        amount: i64,
    ) -> Result<CreditSummary, CreditError> {
        if amount <= 0 {
            return Err(CreditError::InvalidAmount(amount));
        }
        let summary = self.summary(actor, Party::Customer(customer)).await?;
        summary.account.check(summary.balance.unpaid, amount)?;
        Ok(summary)
    }

    /// Approves credit or takes the approval back, with a limit and days to pay. What is owed stays owed.
    ///
    /// # Errors
    /// An unknown customer, a limit below zero, no days.
    pub async fn approve(
        &self,
        actor: &Actor,
        party: Party,
        approved: bool,
        (limit, duration_days): (Option<i64>, Option<i64>),
    ) -> Result<CreditSummary, CreditError> {
        let scope = actor.require(of_party(party, Permission::ApproveCustomerCredit))?;
        let changes = CreditChanges { approved: Some(approved), frozen: None, limit, duration_days };
        self.change(actor, scope, party, changes).await
    }

    /// Changes the limit, the days to pay, or both. A limit below what is owed gives no more until it is paid.
    ///
    /// # Errors
    /// As of [`Self::approve`].
    pub async fn set_terms(
        &self,
        actor: &Actor,
        party: Party,
        (limit, duration_days): (Option<i64>, Option<i64>),
    ) -> Result<CreditSummary, CreditError> {
        let scope = actor.require(of_party(party, Permission::ManageCustomerCreditLimit))?;
        let changes = CreditChanges { limit, duration_days, ..CreditChanges::default() };
        self.change(actor, scope, party, changes).await
    }

    /// Stops more credit for a while, or lets it go on. What is owed can be paid all the time.
    ///
    /// # Errors
    /// An unknown customer.
    pub async fn set_frozen(
        &self,
        actor: &Actor,
        party: Party,
        frozen: bool,
    ) -> Result<CreditSummary, CreditError> {
        let scope = actor.require(of_party(party, Permission::ManageCustomerCreditLimit))?;
        let changes = CreditChanges { frozen: Some(frozen), ..CreditChanges::default() };
        self.change(actor, scope, party, changes).await
    }

    async fn change(
        &self,
        actor: &Actor,
        scope: ChannelScope,
        party: Party,
        changes: CreditChanges,
    ) -> Result<CreditSummary, CreditError> {
        let (user, now, currency) = (actor.user, self.clock.now(), actor.channel.currency);
        self.database
            .write_concurrently(scope, async move |tx| {
                let mut account = locked(tx, scope, party, now).await?;
                let is_new = account.apply(changes, user)?;
                repo::update(tx, scope, &account, now).await?;
                if let (true, Party::Customer(customer_id)) = (is_new, party) {
                    let CreditAccount { limit, duration_days, .. } = account;
                    let approved = CustomerCreditApproved { customer_id, limit, duration_days };
                    tx.publish(scope, now, &approved)?;
                }
                summary_in(tx, scope, party, currency).await
            })
            .await
    }

    /// Corrects what a party owes or is owed by so much, minor units: above zero it becomes more. What becomes less is taken
    /// off the oldest that is unpaid, and what is left of it counts as paid ahead. It is booked, with the reason.
    ///
    /// # Errors
    /// No reason, a change of nothing, an unknown customer.
    pub async fn override_balance(
        &self,
        actor: &Actor,
        party: Party,
        change: i64,
        reason: String,
    ) -> Result<CreditSummary, CreditError> {
        let scope = actor.require(of_party(party, Permission::OverrideCustomerBalance))?;
        if reason.trim().is_empty() || reason.chars().count() > REASON_LENGTH_MAX {
            return Err(CreditError::InvalidReason);
        }
        if change == 0 || change == i64::MIN {
            return Err(CreditError::InvalidAmount(change));
        }
        let act = Act::by(actor, self.clock.now())?;
        self.database
            .write_concurrently(scope, async move |tx| {
                let mut account = locked(tx, scope, party, act.now).await?;
                account.corrections += 1;
                let id = format!("{}-{}-{}", party.kind(), party.id(), account.corrections);
                let changes = corrections(tx, scope, party, act.currency(), change).await?;
                let entry = balance_adjustment(act.occasion, id, party, &changes, reason.as_str())?;
                Ledger::post_in_tx(tx, scope, &entry, act.user, act.now).await?;
                if let Party::Supplier(supplier) = party
                    && change < 0
                {
                    suppliers::pay_off(tx, scope, supplier, -change, None, act.now).await?;
                }
                repo::update(tx, scope, &account, act.now).await?;
                changed_in_tx(tx, scope, party, act).await
            })
            .await
    }

    /// What happened between the shop and a party in a period.
    ///
    /// # Errors
    /// An unknown customer, a period that ends before it begins.
    pub async fn statement(
        &self,
        actor: &Actor,
        party: Party,
        period: Period,
        page: &ListQuery,
    ) -> Result<PartyStatement, CreditError> {
        let scope = actor.require(Permission::ReadCustomer)?;
        let currency = actor.channel.currency;
        self.database
            .read(scope, async |reader| {
                Customers::get_in(reader, scope, party.id()).await?;
                Ok(Ledger::party_statement_in(reader, scope, party, currency, period, page).await?)
            })
            .await
    }

    /// Days in which a customer is to pay each purchase.
    ///
    /// # Errors
    /// A failing store.
    pub async fn duration_days_in(
        reader: &mut Reader,
        scope: ChannelScope,
        customer: CustomerId,
    ) -> Result<i64, DatabaseError> {
        let account = repo::find(reader, scope, Party::Customer(customer)).await?;
        Ok(account.map_or(DURATION_DAYS_DEFAULT, |account| account.duration_days))
    }

    /// What a customer has not paid yet, order by order and oldest first; what no order takes up is not there.
    ///
    /// # Errors
    /// A failing store.
    pub async fn unpaid_in(
        reader: &mut Reader,
        scope: ChannelScope,
        customer: CustomerId,
        currency: Currency,
    ) -> Result<Vec<OpenItem>, DatabaseError> {
        let mut items = Ledger::open_items_in(reader, scope, Party::Customer(customer), currency).await?;
        items.retain(|item| item.order.is_some() && item.amount > 0);
        Ok(items)
    }
}

/// Suppliers' accounts are of one permission, customers' of several.
fn of_party(party: Party, of_customers: Permission) -> Permission {
    match party {
        Party::Customer(_) => of_customers,
        Party::Supplier(_) => Permission::ManageSupplierCreditPurchases,
    }
}

async fn summary_in(
    reader: &mut Reader,
    scope: ChannelScope,
    party: Party,
    currency: Currency,
) -> Result<CreditSummary, CreditError> {
    Customers::get_in(reader, scope, party.id()).await?;
    let account = repo::find(reader, scope, party).await?.unwrap_or(CreditAccount::none(party));
    let balance = Ledger::party_balance_in(reader, scope, party, currency).await?;
    Ok(CreditSummary { account, balance, currency })
}

/// The account of a party, opened where there is none, and locked until the transaction ends.
async fn locked(
    tx: &mut Tx,
    scope: ChannelScope,
    party: Party,
    now: Timestamp,
) -> Result<CreditAccount, CreditError> {
    Customers::get_in(tx, scope, party.id()).await?;
    repo::open(tx, scope, party, now).await?;
    repo::lock(tx, scope, party).await?;
    Ok(repo::find(tx, scope, party).await?.unwrap_or(CreditAccount::none(party)))
}

/// States the balance as it is after a change, and gives it.
async fn changed_in_tx(
    tx: &mut Tx,
    scope: ChannelScope,
    party: Party,
    act: Act,
) -> Result<CreditSummary, CreditError> {
    let summary = summary_in(tx, scope, party, act.currency()).await?;
    if summary.balance.unpaid == 0 {
        reminders::clear(tx, scope, party).await?;
    }
    if let Party::Customer(customer_id) = party {
        let (outstanding, deposit) = (summary.balance.unpaid, summary.balance.ahead);
        let changed = CustomerBalanceChanged { customer_id, outstanding, deposit };
        tx.publish(scope, act.now, &changed)?;
    }
    Ok(summary)
}

/// Which items a correction changes.
async fn corrections(
    tx: &mut Tx,
    scope: ChannelScope,
    party: Party,
    currency: Currency,
    change: i64,
) -> Result<Vec<(Option<soko_kernel::OrderId>, i64)>, CreditError> {
    if change > 0 {
        return Ok(vec![(None, change)]);
    }
    let items = Ledger::open_items_in(tx, scope, party, currency).await?;
    let shares = entity::share(-change, &items, None)?;
    let less = shares.parts.iter().map(|(order, part)| (*order, -part));
    let ahead = (shares.excess > 0).then_some((None, -shares.excess));
    Ok(less.chain(ahead).collect())
}
