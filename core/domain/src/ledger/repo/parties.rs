//! SQL of what parties owe and are owed: sums that are kept with each posting, and what they must equal.

use std::collections::BTreeMap;

use soko_infra::db::{Bound, MultiRowInsert};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, Currency, CustomerId, LedgerAccountId, OrderId, Page};

use super::entries::{StatementRow, statement_line};
use super::read_date;
use crate::ledger::chart::PARTY_ACCOUNTS;
use crate::ledger::entity::{NewEntry, OpenItem, Party, Period, Source, StatementLine};
use crate::ledger::error::LedgerError;
use crate::ledger::parties::UnpaidParty;

/// Stands for what no order takes up.
const NO_ORDER: OrderId = OrderId(0);
const KEEP: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO ledger_party_balance (channel_id, account_id, party_type, party_id, currency, order_id, amount, since)",
    8,
    "ON CONFLICT (channel_id, account_id, party_type, party_id, currency, order_id) DO UPDATE SET \
     amount = ledger_party_balance.amount + excluded.amount, since = CASE WHEN ledger_party_balance.amount = 0 \
     THEN excluded.since ELSE ledger_party_balance.since END",
);

/// Adds an entry's postings to what its parties owe and are owed; `account` finds the ids of accounts.
pub(in crate::ledger) async fn keep(
    tx: &mut Tx,
    scope: ChannelScope,
    entry: &NewEntry,
    account: impl Fn(&str) -> Result<LedgerAccountId, LedgerError>,
) -> Result<(), LedgerError> {
    let mut changes: BTreeMap<(i64, &str, i64, i64), i64> = BTreeMap::new();
    for leg in &entry.legs {
        let Some(party) = leg.tags.party else { continue };
        let order = leg.tags.order.unwrap_or(NO_ORDER);
        for (code, amount) in [(&leg.debit, leg.amount), (&leg.credit, -leg.amount)] {
            if PARTY_ACCOUNTS.contains(&&**code) {
                let key = (account(code)?.0, party.kind(), party.id().0, order.0);
                let sum = changes.entry(key).or_default();
                *sum = sum.checked_add(amount).ok_or(LedgerError::Overflow)?;
            }
        }
    }
    let row = |((account, kind, party, order), amount): ((i64, &str, i64, i64), i64)| {
        let row: Vec<Bound> = vec![
            scope.channel_id().0.into(),
            account.into(),
            kind.into(),
            party.into(),
            entry.currency.code().into(),
            order.into(),
            amount.into(),
            entry.date.to_string().into(),
        ];
        row
    };
    let rows: Vec<Vec<Bound>> = changes.into_iter().filter(|(_, amount)| *amount != 0).map(row).collect();
    if !rows.is_empty() {
        KEEP.execute(tx, rows).await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct OpenRow {
    order_id: OrderId,
    amount: i64,
    since: String,
}

impl TryFrom<OpenRow> for OpenItem {
    type Error = DatabaseError;

    fn try_from(row: OpenRow) -> Result<Self, DatabaseError> {
        let order = (row.order_id != NO_ORDER).then_some(row.order_id);
        Ok(Self { order, amount: row.amount, since: read_date(&row.since)? })
    }
}

/// What a party owes or is owed by an account, order by order and oldest first, without what is settled; last what no
/// order takes up.
pub(in crate::ledger) async fn open_items(
    reader: &mut Reader,
    scope: ChannelScope,
    (account, currency): (&str, Currency),
    party: Party,
) -> Result<Vec<OpenItem>, DatabaseError> {
    let sql = "SELECT b.order_id, b.amount, b.since FROM ledger_party_balance b \
               JOIN ledger_account a ON a.channel_id = b.channel_id AND a.id = b.account_id AND a.code = $2 \
               WHERE b.channel_id = $1 AND b.party_type = $3 AND b.party_id = $4 AND b.currency = $5 \
               AND b.amount <> 0 ORDER BY CASE WHEN b.order_id = 0 THEN 1 ELSE 0 END, b.order_id";
    let values = (scope.channel_id(), account, party.kind(), party.id(), currency);
    let rows: Vec<OpenRow> = reader.fetch_all(sql, values).await?;
    rows.into_iter().map(OpenItem::try_from).collect()
}

/// What a party owes or is owed by an account.
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub(in crate::ledger) struct PartySums {
    /// Of the items that are above zero.
    pub(in crate::ledger) debits: i64,
    /// Of those below, above zero.
    pub(in crate::ledger) credits: i64,
}

/// The sums of [`open_items`].
pub(in crate::ledger) async fn sums(
    reader: &mut Reader,
    scope: ChannelScope,
    (account, currency): (&str, Currency),
    party: Party,
) -> Result<PartySums, DatabaseError> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN b.amount > 0 THEN b.amount ELSE 0 END), 0) AS BIGINT) AS debits, \
               CAST(COALESCE(SUM(CASE WHEN b.amount < 0 THEN -b.amount ELSE 0 END), 0) AS BIGINT) AS credits \
               FROM ledger_party_balance b \
               JOIN ledger_account a ON a.channel_id = b.channel_id AND a.id = b.account_id AND a.code = $2 \
               WHERE b.channel_id = $1 AND b.party_type = $3 AND b.party_id = $4 AND b.currency = $5 \
               AND b.amount <> 0";
    reader.fetch_one(sql, (scope.channel_id(), account, party.kind(), party.id(), currency)).await
}

/// What of an account one party owes or is owed for one order.
pub(in crate::ledger) async fn of_order(
    reader: &mut Reader,
    scope: ChannelScope,
    (account, currency): (&str, Currency),
    party: Party,
    order: OrderId,
) -> Result<i64, DatabaseError> {
    let sql = "SELECT CAST(COALESCE(SUM(b.amount), 0) AS BIGINT) FROM ledger_party_balance b \
               JOIN ledger_account a ON a.channel_id = b.channel_id AND a.id = b.account_id AND a.code = $2 \
               WHERE b.channel_id = $1 AND b.party_type = $3 AND b.party_id = $4 AND b.currency = $5 \
               AND b.order_id = $6";
    let values = (scope.channel_id(), account, party.kind(), party.id(), currency, order);
    let (amount,): (i64,) = reader.fetch_one(sql, values).await?;
    Ok(amount)
}

/// Who has something unpaid by an account on which that counts with a sign, after a party of the same role.
pub(in crate::ledger) async fn unpaid(
    reader: &mut Reader,
    scope: ChannelScope,
    ((account, sign), currency): ((&str, i64), Currency),
    after: Party,
    parties_max: i64,
) -> Result<Vec<UnpaidParty>, DatabaseError> {
    let sql = "SELECT b.party_id, CAST(SUM(b.amount * $6) AS BIGINT), MIN(b.since) FROM ledger_party_balance b \
               JOIN ledger_account a ON a.channel_id = b.channel_id AND a.id = b.account_id AND a.code = $2 \
               WHERE b.channel_id = $1 AND b.party_type = $3 AND b.party_id > $4 AND b.currency = $5 \
               AND b.amount <> 0 AND b.amount * $6 > 0 GROUP BY b.party_id ORDER BY b.party_id LIMIT $7";
    let values = (scope.channel_id(), account, after.kind(), after.id(), currency, sign, parties_max);
    let rows: Vec<(CustomerId, i64, String)> = reader.fetch_all(sql, values).await?;
    let party = |(id, amount, since): (CustomerId, i64, String)| {
        Ok(UnpaidParty { party: after.with(id), amount, since: read_date(&since)? })
    };
    rows.into_iter().map(party).collect()
}

/// The party of what was booked for a source.
pub(in crate::ledger) async fn of_source(
    reader: &mut Reader,
    scope: ChannelScope,
    source: &Source,
) -> Result<Option<Party>, DatabaseError> {
    let sql = "SELECT p.party_type, p.party_id FROM journal_entry e JOIN journal_posting p \
               ON p.channel_id = e.channel_id AND p.entry_id = e.id AND p.party_id IS NOT NULL \
               WHERE e.channel_id = $1 AND e.source_type = $2 AND e.source_id = $3 ORDER BY p.id LIMIT 1";
    let values = (scope.channel_id(), source.kind.as_str(), source.id.as_str());
    let row: Option<(Option<String>, Option<CustomerId>)> = reader.fetch_optional(sql, values).await?;
    row.map_or(Ok(None), |(kind, id)| Party::parse(kind.as_deref(), id))
}

/// Kept sums that differ from those of the postings, in words. For tests and checks: it adds up everything.
pub const DRIFTED: &str = "SELECT 'party ' || x.party_type || ' ' || CAST(x.party_id AS TEXT) || ', order ' \
     || CAST(x.order_id AS TEXT) || ', account ' || CAST(x.account_id AS TEXT) || ': off by ' \
     || CAST(SUM(x.amount) AS TEXT) FROM ( \
       SELECT channel_id, account_id, party_type, party_id, currency, order_id, amount FROM ledger_party_balance \
       UNION ALL SELECT p.channel_id, a.id, p.party_type, p.party_id, p.currency, COALESCE(p.order_id, 0), \
       CASE WHEN p.debit_account_id = a.id THEN -p.amount ELSE p.amount END FROM journal_posting p \
       JOIN ledger_account a ON a.channel_id = p.channel_id AND a.id IN (p.debit_account_id, p.credit_account_id) \
       AND a.code IN ('ACCOUNTS_RECEIVABLE', 'ACCOUNTS_PAYABLE') WHERE p.party_id IS NOT NULL \
     ) x GROUP BY x.channel_id, x.account_id, x.party_type, x.party_id, x.currency, x.order_id \
     HAVING SUM(x.amount) <> 0";

/// The postings of a party by an account in one currency and period, by days and then as they were written, each with the
/// balance up to it.
const STATEMENT: &str = "WITH side AS ( \
     SELECT p.id, p.entry_id, p.entry_date, CASE WHEN p.debit_account_id = a.id THEN p.credit_account_id \
     ELSE p.debit_account_id END AS other_account_id, CASE WHEN p.debit_account_id = a.id THEN p.amount \
     ELSE -p.amount END AS amount, p.party_type, p.party_id, p.order_id, p.session_id FROM journal_posting p \
     JOIN ledger_account a ON a.channel_id = p.channel_id AND a.code = $2 \
     AND a.id IN (p.debit_account_id, p.credit_account_id) \
     WHERE p.channel_id = $1 AND p.party_type = $3 AND p.party_id = $4 AND p.currency = $5 \
     AND p.entry_date BETWEEN $6 AND $7), \
     line AS (SELECT side.*, CAST($8 + SUM(amount) OVER (ORDER BY entry_date, id) AS BIGINT) AS balance FROM side) \
     SELECT line.*, e.source_type, e.source_id, e.memo FROM line \
     JOIN journal_entry e ON e.channel_id = $1 AND e.id = line.entry_id \
     ORDER BY line.entry_date, line.id LIMIT $9 OFFSET $10";

/// What came before the period, what came in it, and how many postings those are.
const TOTALS: &str = "SELECT CAST(COALESCE(SUM(CASE WHEN s.entry_date < $6 THEN s.amount ELSE 0 END), 0) AS BIGINT), \
     CAST(COALESCE(SUM(CASE WHEN s.entry_date < $6 THEN 0 ELSE s.amount END), 0) AS BIGINT), \
     CAST(COALESCE(SUM(CASE WHEN s.entry_date < $6 THEN 0 ELSE 1 END), 0) AS BIGINT) FROM ( \
     SELECT p.entry_date, CASE WHEN p.debit_account_id = a.id THEN p.amount ELSE -p.amount END AS amount \
     FROM journal_posting p JOIN ledger_account a ON a.channel_id = p.channel_id AND a.code = $2 \
     AND a.id IN (p.debit_account_id, p.credit_account_id) \
     WHERE p.channel_id = $1 AND p.party_type = $3 AND p.party_id = $4 AND p.currency = $5 AND p.entry_date <= $7) s";

/// What a party's statement shows.
pub(in crate::ledger) struct PartyStatement {
    pub(in crate::ledger) opening: i64,
    pub(in crate::ledger) change: i64,
    pub(in crate::ledger) lines: Page<StatementLine>,
}

/// A page of what happened between the shop and a party.
pub(in crate::ledger) async fn statement(
    reader: &mut Reader,
    scope: ChannelScope,
    (account, currency): (&str, Currency),
    party: Party,
    period: Period,
    (take, skip): (i64, i64),
) -> Result<PartyStatement, DatabaseError> {
    let (from, to) = (period.from.to_string(), period.to.to_string());
    let (kind, id): (&str, CustomerId) = (party.kind(), party.id());
    let values = (scope.channel_id(), account, kind, id, currency, from.as_str(), to.as_str());
    let (opening, change, total): (i64, i64, i64) = reader.fetch_one(TOTALS, values).await?;
    let values =
        (scope.channel_id(), account, kind, id, currency, from.as_str(), to.as_str(), opening, take, skip);
    let rows: Vec<StatementRow> = reader.fetch_all(STATEMENT, values).await?;
    let items = rows.into_iter().map(statement_line).collect::<Result<_, _>>()?;
    Ok(PartyStatement { opening, change, lines: Page { items, total } })
}
