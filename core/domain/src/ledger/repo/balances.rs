//! SQL of balances: sums of postings, from the beginning or from the last checkpoint.

use jiff::civil::Date;
use soko_infra::db::MultiRowInsert;
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, Currency, LedgerAccountId, OrderId, Timestamp};
use sqlx::AssertSqlSafe;

use crate::ledger::entity::{Balance, Party};

/// A line for each account and currency of every channel: what its postings come to.
pub const EVERY_BALANCE: &str = "SELECT 'account ' || account_id || ': ' || CAST(SUM(debits) AS BIGINT) || ' debited, ' || \
     CAST(SUM(credits) AS BIGINT) || ' credited, ' || currency FROM ( \
       SELECT debit_account_id AS account_id, currency, amount AS debits, 0 AS credits FROM journal_posting \
       UNION ALL SELECT credit_account_id, currency, 0, amount FROM journal_posting \
     ) side GROUP BY account_id, currency ORDER BY account_id, currency";

#[derive(sqlx::FromRow)]
struct BalanceRow {
    account_id: LedgerAccountId,
    currency: Currency,
    debits: i64,
    credits: i64,
}

impl From<BalanceRow> for Balance {
    fn from(row: BalanceRow) -> Self {
        let BalanceRow { account_id, currency, debits, credits } = row;
        Self { account: account_id, currency, debits, credits }
    }
}

/// Sums by account and currency of the rows `account_id, currency, debits, credits` that `rows` gives.
fn sums_of(rows: &str) -> String {
    format!(
        "SELECT account_id, currency, CAST(SUM(debits) AS BIGINT) AS debits, CAST(SUM(credits) AS BIGINT) AS credits \
         FROM ({rows}) side GROUP BY account_id, currency ORDER BY account_id, currency"
    )
}

/// Both sides of the postings that meet a condition.
fn sides_of(condition: &str) -> String {
    format!(
        "SELECT debit_account_id AS account_id, currency, amount AS debits, 0 AS credits FROM journal_posting \
         WHERE channel_id = $1 AND {condition} \
         UNION ALL SELECT credit_account_id, currency, 0, amount FROM journal_posting \
         WHERE channel_id = $1 AND {condition}"
    )
}

/// Every account that was ever posted to: the sums at the last checkpoint and of what came after.
pub(in crate::ledger) async fn current(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<Balance>, DatabaseError> {
    let later = "id > COALESCE((SELECT through_posting_id FROM ledger_checkpoint WHERE channel_id = $1), 0)";
    let rows = format!(
        "SELECT account_id, currency, debits, credits FROM ledger_checkpoint_balance WHERE channel_id = $1 \
         UNION ALL {}",
        sides_of(later)
    );
    let rows: Vec<BalanceRow> =
        reader.fetch_all(AssertSqlSafe(sums_of(&rows)), (scope.channel_id(),)).await?;
    Ok(rows.into_iter().map(Balance::from).collect())
}

/// The same from nothing but the postings.
pub(in crate::ledger) async fn replayed(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<Balance>, DatabaseError> {
    let sql = sums_of(&sides_of("TRUE"));
    let rows: Vec<BalanceRow> = reader.fetch_all(AssertSqlSafe(sql), (scope.channel_id(),)).await?;
    Ok(rows.into_iter().map(Balance::from).collect())
}

/// Balances at the end of a day.
pub(in crate::ledger) async fn as_of(
    reader: &mut Reader,
    scope: ChannelScope,
    day: Date,
) -> Result<Vec<Balance>, DatabaseError> {
    let sql = sums_of(&sides_of("entry_date <= $2"));
    let rows: Vec<BalanceRow> =
        reader.fetch_all(AssertSqlSafe(sql), (scope.channel_id(), day.to_string())).await?;
    Ok(rows.into_iter().map(Balance::from).collect())
}

/// Debits less credits of an account for one party, in one currency.
pub(in crate::ledger) async fn of_party(
    reader: &mut Reader,
    scope: ChannelScope,
    (account, currency): (&str, Currency),
    party: Party,
) -> Result<i64, DatabaseError> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN p.debit_account_id = a.id THEN p.amount ELSE -p.amount END), 0) \
               AS BIGINT) FROM journal_posting p JOIN ledger_account a ON a.channel_id = p.channel_id AND \
               a.code = $2 AND a.id IN (p.debit_account_id, p.credit_account_id) \
               WHERE p.channel_id = $1 AND p.party_type = $3 AND p.party_id = $4 AND p.currency = $5";
    let values = (scope.channel_id(), account, party.kind(), party.id(), currency);
    let (balance,): (i64,) = reader.fetch_one(sql, values).await?;
    Ok(balance)
}

#[derive(sqlx::FromRow)]
struct OrderBalanceRow {
    order_id: Option<OrderId>,
    balance: i64,
}

/// Debits less credits of an account for one party, order by order, without those that are settled.
pub(in crate::ledger) async fn of_party_by_order(
    reader: &mut Reader,
    scope: ChannelScope,
    (account, currency): (&str, Currency),
    party: Party,
) -> Result<Vec<(Option<OrderId>, i64)>, DatabaseError> {
    let sum = "CAST(SUM(CASE WHEN p.debit_account_id = a.id THEN p.amount ELSE -p.amount END) AS BIGINT)";
    let sql = format!(
        "SELECT p.order_id, {sum} AS balance FROM journal_posting p \
         JOIN ledger_account a ON a.channel_id = p.channel_id AND a.code = $2 AND \
         a.id IN (p.debit_account_id, p.credit_account_id) \
         WHERE p.channel_id = $1 AND p.party_type = $3 AND p.party_id = $4 AND p.currency = $5 \
         GROUP BY p.order_id HAVING {sum} <> 0 ORDER BY MIN(p.id)"
    );
    let values = (scope.channel_id(), account, party.kind(), party.id(), currency);
    let rows: Vec<OrderBalanceRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(rows.into_iter().map(|row| (row.order_id, row.balance)).collect())
}

/// Makes the current balances the checkpoint. Nobody may be writing in the channel: a posting with a lower id that
/// commits later would be left out for ever.
pub(in crate::ledger) async fn checkpoint(
    tx: &mut Tx,
    scope: ChannelScope,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let balances = current(tx, scope).await?;
    let last = "SELECT MAX(id) FROM journal_posting WHERE channel_id = $1";
    let (through,): (Option<i64>,) = tx.fetch_one(last, (scope.channel_id(),)).await?;
    let Some(through) = through else { return Ok(()) };
    let rows = balances.into_iter().map(|balance| {
        vec![
            scope.channel_id().0.into(),
            balance.account.0.into(),
            balance.currency.code().into(),
            balance.debits.into(),
            balance.credits.into(),
        ]
    });
    let upsert = MultiRowInsert::new(
        "INSERT INTO ledger_checkpoint_balance (channel_id, account_id, currency, debits, credits)",
        5,
        "ON CONFLICT (channel_id, account_id, currency) DO UPDATE SET debits = excluded.debits, \
         credits = excluded.credits",
    );
    upsert.execute(tx, rows.collect()).await?;
    let sql = "INSERT INTO ledger_checkpoint (channel_id, through_posting_id, created_at) VALUES ($1, $2, $3) \
               ON CONFLICT (channel_id) DO UPDATE SET through_posting_id = excluded.through_posting_id, \
               created_at = excluded.created_at";
    tx.execute(sql, (scope.channel_id(), through, now)).await.map(|_| ())
}
