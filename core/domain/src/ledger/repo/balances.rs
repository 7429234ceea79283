//! SQL of balances: sums of postings, from the beginning or from the last checkpoint.

use jiff::civil::Date;
use soko_infra::db::MultiRowInsert;
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelId, ChannelScope, Currency, LedgerAccountId, Timestamp};
use sqlx::AssertSqlSafe;

use crate::ledger::entity::Balance;

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

/// Holds for postings that came after the last checkpoint.
const LATER: &str =
    "id > COALESCE((SELECT through_posting_id FROM ledger_checkpoint WHERE channel_id = $1), 0)";

/// The sums at the last checkpoint, and both sides of the postings that meet a condition.
fn with_kept(condition: &str) -> String {
    format!(
        "SELECT account_id, currency, debits, credits FROM ledger_checkpoint_balance WHERE channel_id = $1 \
         UNION ALL {}",
        sides_of(condition)
    )
}

/// Every account that was ever posted to: the sums at the last checkpoint and of what came after.
pub(in crate::ledger) async fn current(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<Balance>, DatabaseError> {
    let rows = with_kept(LATER);
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

/// Moves the checkpoint on by so many postings at most; false when there are more. It goes by the order in which they were
/// written, so that one for a day long past counts like any other. Nobody may be writing in the channel: a posting with a
/// lower id that commits later would be left out for ever.
pub(in crate::ledger) async fn checkpoint(
    tx: &mut Tx,
    scope: ChannelScope,
    now: Timestamp,
    postings_max: i64,
) -> Result<bool, DatabaseError> {
    let next = format!(
        "SELECT MAX(id), COUNT(*) FROM (SELECT id FROM journal_posting WHERE channel_id = $1 AND {LATER} \
         ORDER BY id LIMIT $2) step"
    );
    let step = tx.fetch_one(AssertSqlSafe(next), (scope.channel_id(), postings_max));
    let (through, count): (Option<i64>, i64) = step.await?;
    let Some(through) = through else { return Ok(true) };
    let is_last = count < postings_max;
    keep_sums(tx, scope, through).await?;
    // When all was added up, which is what the next time is counted from.
    let created_at = is_last.then_some(now);
    let sql = "INSERT INTO ledger_checkpoint (channel_id, through_posting_id, created_at) \
               VALUES ($1, $2, COALESCE($3, 0)) ON CONFLICT (channel_id) DO UPDATE SET \
               through_posting_id = excluded.through_posting_id, \
               created_at = COALESCE($3, ledger_checkpoint.created_at)";
    tx.execute_one(sql, (scope.channel_id(), through, created_at)).await?;
    Ok(is_last)
}

/// Adds the postings up to one to the sums that are kept.
async fn keep_sums(tx: &mut Tx, scope: ChannelScope, through: i64) -> Result<(), DatabaseError> {
    let sql = sums_of(&with_kept(&format!("{LATER} AND id <= $2")));
    let balances: Vec<BalanceRow> = tx.fetch_all(AssertSqlSafe(sql), (scope.channel_id(), through)).await?;
    let rows = balances.into_iter().map(|balance| {
        vec![
            scope.channel_id().0.into(),
            balance.account_id.0.into(),
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
    upsert.execute(tx, rows.collect()).await.map(|_| ())
}

/// Channels where something was booked since their last checkpoint, which is from before a moment or not there.
pub(in crate::ledger) async fn channels_due(
    reader: &mut Reader,
    before: Timestamp,
    channels_max: i64,
) -> Result<Vec<ChannelId>, DatabaseError> {
    let sql = "SELECT c.id FROM channel c LEFT JOIN ledger_checkpoint k ON k.channel_id = c.id \
               WHERE COALESCE(k.created_at, 0) <= $1 AND EXISTS (SELECT 1 FROM journal_posting p \
               WHERE p.channel_id = c.id AND p.id > COALESCE(k.through_posting_id, 0)) ORDER BY c.id LIMIT $2";
    let rows: Vec<(ChannelId,)> = reader.fetch_all(sql, (before, channels_max)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
