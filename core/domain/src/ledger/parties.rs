//! What each customer owes and each supplier is owed. Whoever decides by it holds the party's lock.

use jiff::civil::Date;
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, Currency, LedgerAccountId, ListQuery, OrderId, Page, Timestamp};

use super::chart::{ACCOUNTS_PAYABLE, ACCOUNTS_RECEIVABLE};
use super::entity::{AccountCode, OpenItem, Party, Period, Source, StatementLine};
use super::error::LedgerError;
use super::{Ledger, manual, repo};

/// What a party owes or is owed, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PartyBalance {
    /// What is unpaid: what a customer owes, or is owed to a supplier.
    pub unpaid: i64,
    /// What was paid ahead, and no order takes up.
    pub ahead: i64,
}

/// Somebody who has something unpaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnpaidParty {
    /// Who.
    pub party: Party,
    /// Minor units, more than zero.
    pub amount: i64,
    /// The day since which the oldest of it is open.
    pub since: Date,
}

/// What happened between the shop and a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyStatement {
    /// Of all amounts.
    pub currency: Currency,
    /// What was unpaid before the period, less what was paid ahead, minor units.
    pub opening: i64,
    /// The same at its end.
    pub closing: i64,
    /// A page of what happened, by days.
    pub lines: Page<StatementLine>,
}

impl Party {
    /// The account of what it owes or is owed, and the sign with which that counts there.
    fn account(self) -> (&'static str, i64) {
        match self {
            Self::Customer(_) => (ACCOUNTS_RECEIVABLE, 1),
            Self::Supplier(_) => (ACCOUNTS_PAYABLE, -1),
        }
    }
}

impl Ledger {
    /// What a party owes or is owed.
    ///
    /// # Errors
    /// A failing store.
    pub async fn party_balance_in(
        reader: &mut Reader,
        scope: ChannelScope,
        party: Party,
        currency: Currency,
    ) -> Result<PartyBalance, DatabaseError> {
        let (account, sign) = party.account();
        let sums = repo::parties::sums(reader, scope, (account, currency), party).await?;
        Ok(if sign > 0 {
            PartyBalance { unpaid: sums.debits, ahead: sums.credits }
        } else {
            PartyBalance { unpaid: sums.credits, ahead: sums.debits }
        })
    }

    /// The same, order by order and oldest first, without what is settled; last what no order takes up. Above zero is
    /// unpaid, below zero was paid ahead.
    ///
    /// # Errors
    /// A failing store.
    pub async fn open_items_in(
        reader: &mut Reader,
        scope: ChannelScope,
        party: Party,
        currency: Currency,
    ) -> Result<Vec<OpenItem>, DatabaseError> {
        let (account, sign) = party.account();
        let mut items = repo::parties::open_items(reader, scope, (account, currency), party).await?;
        for item in &mut items {
            item.amount *= sign;
        }
        Ok(items)
    }

    /// Who has something unpaid, in the role of a party and after it, by their ids.
    ///
    /// # Errors
    /// A failing store.
    pub async fn unpaid_parties_in(
        reader: &mut Reader,
        scope: ChannelScope,
        after: Party,
        currency: Currency,
        parties_max: i64,
    ) -> Result<Vec<UnpaidParty>, DatabaseError> {
        let account = (after.account(), currency);
        repo::parties::unpaid(reader, scope, account, after, parties_max).await
    }

    /// What is unpaid of one order.
    ///
    /// # Errors
    /// A failing store.
    pub async fn unpaid_of_order_in(
        reader: &mut Reader,
        scope: ChannelScope,
        party: Party,
        currency: Currency,
        order: OrderId,
    ) -> Result<i64, DatabaseError> {
        let (account, sign) = party.account();
        let amount = repo::parties::of_order(reader, scope, (account, currency), party, order).await?;
        Ok((amount * sign).max(0))
    }

    /// The party of what was booked for a source, if there is one.
    ///
    /// # Errors
    /// A failing store.
    pub async fn party_of_in(
        reader: &mut Reader,
        scope: ChannelScope,
        source: &Source,
    ) -> Result<Option<Party>, DatabaseError> {
        repo::parties::of_source(reader, scope, source).await
    }

    /// What happened between the shop and a party in a period.
    ///
    /// # Errors
    /// A period that ends before it begins.
    pub async fn party_statement_in(
        reader: &mut Reader,
        scope: ChannelScope,
        party: Party,
        currency: Currency,
        period: Period,
        page: &ListQuery,
    ) -> Result<PartyStatement, LedgerError> {
        if period.to < period.from {
            return Err(LedgerError::InvalidPeriod);
        }
        let ((account, sign), bounds) = (party.account(), (page.take(), page.skip()));
        let found =
            repo::parties::statement(reader, scope, (account, currency), party, period, bounds).await?;
        let closing = found.opening.checked_add(found.change).ok_or(LedgerError::Overflow)?;
        let mut lines = found.lines;
        for line in &mut lines.items {
            line.amount *= sign;
            line.balance *= sign;
        }
        Ok(PartyStatement { currency, opening: found.opening * sign, closing: closing * sign, lines })
    }

    /// The code of an account of cash, from which or to which money is paid.
    ///
    /// # Errors
    /// [`LedgerError::UnknownAccount`], [`LedgerError::NotCash`].
    pub async fn cash_account_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: LedgerAccountId,
        now: Timestamp,
    ) -> Result<AccountCode, LedgerError> {
        manual::cash_account(tx, scope, id, now).await
    }
}
