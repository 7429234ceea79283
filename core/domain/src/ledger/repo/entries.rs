//! SQL of entries and their postings.

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{
    ChannelScope, Currency, CustomerId, JournalEntryId, JournalPostingId, LedgerAccountId, ListQuery,
    OrderId, Page, Timestamp, UserId,
};
use sqlx::AssertSqlSafe;

use super::read_date;
use crate::ledger::entity::{
    Entry, NewEntry, Party, Period, Posting, Source, SourceKind, StatementLine, Tags,
};
use crate::ledger::error::LedgerError;

const ENTRY: &str = "e.id, e.entry_date, e.source_type, e.source_id, e.reversal_of, e.currency, e.memo, e.user_id, \
                     e.posted_at, (SELECT r.id FROM journal_entry r \
                     WHERE r.channel_id = e.channel_id AND r.reversal_of = e.id) AS reversed_by";
const INSERT_POSTINGS: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO journal_posting (channel_id, entry_id, debit_account_id, credit_account_id, amount, currency, \
     entry_date, party_type, party_id, order_id, session_id)",
    11,
    "",
);

#[derive(sqlx::FromRow)]
struct EntryRow {
    id: JournalEntryId,
    entry_date: String,
    source_type: String,
    source_id: String,
    reversal_of: Option<JournalEntryId>,
    reversed_by: Option<JournalEntryId>,
    currency: Currency,
    memo: String,
    user_id: Option<UserId>,
    posted_at: Timestamp,
}

impl TryFrom<EntryRow> for Entry {
    type Error = DatabaseError;

    fn try_from(row: EntryRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.id,
            source: Source { kind: SourceKind::parse(&row.source_type)?, id: row.source_id },
            date: read_date(&row.entry_date)?,
            currency: row.currency,
            memo: row.memo,
            reversal_of: row.reversal_of,
            reversed_by: row.reversed_by,
            user: row.user_id,
            posted_at: row.posted_at,
        })
    }
}

#[derive(sqlx::FromRow)]
struct PostingRow {
    id: JournalPostingId,
    entry_id: JournalEntryId,
    debit_account_id: LedgerAccountId,
    credit_account_id: LedgerAccountId,
    amount: i64,
    party_type: Option<String>,
    party_id: Option<CustomerId>,
    order_id: Option<OrderId>,
    session_id: Option<i64>,
}

impl PostingRow {
    fn into_posting(self) -> Result<(JournalEntryId, Posting), DatabaseError> {
        let party = Party::parse(self.party_type.as_deref(), self.party_id)?;
        let tags = Tags { party, order: self.order_id, session: self.session_id };
        let (debit, credit) = (self.debit_account_id, self.credit_account_id);
        Ok((self.entry_id, Posting { id: self.id, debit, credit, amount: self.amount, tags }))
    }
}

/// Writes the head of an entry; `None` when its source, or the entry that it reverses, was booked before.
pub(in crate::ledger) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    entry: &NewEntry,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<Option<JournalEntryId>, DatabaseError> {
    let sql = "INSERT INTO journal_entry (channel_id, entry_date, source_type, source_id, reversal_of, currency, \
               memo, user_id, posted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
               ON CONFLICT DO NOTHING RETURNING id";
    let values = (
        scope.channel_id(),
        entry.date.to_string(),
        entry.source.kind.as_str(),
        entry.source.id.as_str(),
        entry.reversal_of,
        entry.currency,
        entry.memo.as_str(),
        user,
        now,
    );
    let row: Option<(JournalEntryId,)> = tx.fetch_optional(sql, values).await?;
    Ok(row.map(|(id,)| id))
}

/// Writes an entry's postings; `account` finds the ids of their accounts.
pub(in crate::ledger) async fn insert_postings(
    tx: &mut Tx,
    scope: ChannelScope,
    id: JournalEntryId,
    entry: &NewEntry,
    account: impl Fn(&str) -> Result<LedgerAccountId, LedgerError>,
) -> Result<(), LedgerError> {
    let mut rows = Vec::with_capacity(entry.legs.len());
    for leg in &entry.legs {
        let row: Vec<Bound> = vec![
            scope.channel_id().0.into(),
            id.0.into(),
            account(&leg.debit)?.0.into(),
            account(&leg.credit)?.0.into(),
            leg.amount.into(),
            entry.currency.code().into(),
            entry.date.to_string().into(),
            leg.tags.party.map(Party::kind).into(),
            leg.tags.party.map(|party| party.id().0).into(),
            leg.tags.order.map(|order| order.0).into(),
            leg.tags.session.into(),
        ];
        rows.push(row);
    }
    INSERT_POSTINGS.execute(tx, rows).await?;
    Ok(())
}

pub(in crate::ledger) async fn list(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<Entry>, LedgerError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "e.id"),
        Column::text("entryDate", "e.entry_date"),
        Column::text("sourceType", "e.source_type"),
        Column::text("sourceId", "e.source_id"),
        Column::text("memo", "e.memo"),
        Column::time("postedAt", "e.posted_at"),
        Column::integer("accountId", "a.id").of_related(
            "FROM journal_posting p JOIN ledger_account a ON a.channel_id = p.channel_id \
             AND a.id IN (p.debit_account_id, p.credit_account_id) \
             WHERE p.channel_id = e.channel_id AND p.entry_id = e.id",
        ),
        Column::integer("orderId", "o.order_id")
            .of_related(
            "FROM journal_posting o WHERE o.channel_id = e.channel_id AND o.entry_id = e.id AND o.order_id IS NOT NULL",
        ),
        Column::integer("partyId", "c.party_id")
            .of_related(
            "FROM journal_posting c WHERE c.channel_id = e.channel_id AND c.entry_id = e.id AND c.party_id IS NOT NULL",
        ),
    ];
    let list = ListSql {
        select: ENTRY,
        from: "FROM journal_entry e",
        condition: "e.channel_id = $1".to_owned(),
        values: vec![scope.channel_id().0.into()],
        columns: COLUMNS,
        tie_break: "e.id",
    };
    let page = list.fetch::<EntryRow>(reader, query).await?;
    let items = page.items.into_iter().map(Entry::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, total: page.total })
}

pub(in crate::ledger) async fn find(
    reader: &mut Reader,
    scope: ChannelScope,
    id: JournalEntryId,
) -> Result<Option<Entry>, DatabaseError> {
    let sql = format!("SELECT {ENTRY} FROM journal_entry e WHERE e.id = $1 AND e.channel_id = $2");
    let row: Option<EntryRow> = reader.fetch_optional(AssertSqlSafe(sql), (id, scope.channel_id())).await?;
    row.map(Entry::try_from).transpose()
}

pub(in crate::ledger) async fn find_by_source(
    reader: &mut Reader,
    scope: ChannelScope,
    source: &Source,
) -> Result<Option<Entry>, DatabaseError> {
    let sql = format!(
        "SELECT {ENTRY} FROM journal_entry e WHERE e.channel_id = $1 AND e.source_type = $2 AND e.source_id = $3"
    );
    let values = (scope.channel_id(), source.kind.as_str(), source.id.as_str());
    let row: Option<EntryRow> = reader.fetch_optional(AssertSqlSafe(sql), values).await?;
    row.map(Entry::try_from).transpose()
}

/// The postings of these entries, each with its entry, in the order in which they were written.
pub(in crate::ledger) async fn postings_of(
    reader: &mut Reader,
    scope: ChannelScope,
    entries: impl IntoIterator<Item = JournalEntryId>,
) -> Result<Vec<(JournalEntryId, Posting)>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let list = in_list(&mut values, entries);
    let sql = format!(
        "SELECT id, entry_id, debit_account_id, credit_account_id, amount, party_type, party_id, order_id, session_id \
         FROM journal_posting WHERE channel_id = $1 AND entry_id IN ({list}) ORDER BY id"
    );
    let rows: Vec<PostingRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    rows.into_iter().map(PostingRow::into_posting).collect()
}

#[derive(sqlx::FromRow)]
pub(super) struct StatementRow {
    id: JournalPostingId,
    entry_id: JournalEntryId,
    entry_date: String,
    source_type: String,
    source_id: String,
    memo: String,
    other_account_id: LedgerAccountId,
    amount: i64,
    balance: i64,
    party_type: Option<String>,
    party_id: Option<CustomerId>,
    order_id: Option<OrderId>,
    session_id: Option<i64>,
}

/// The postings of an account in one currency and period, by days and then as they were written, each with the balance up
/// to it.
const STATEMENT: &str = "WITH side AS (\
     SELECT id, entry_id, entry_date, credit_account_id AS other_account_id, amount, party_type, party_id, order_id, \
     session_id FROM journal_posting \
     WHERE channel_id = $1 AND debit_account_id = $2 AND currency = $3 AND entry_date BETWEEN $4 AND $5 \
     UNION ALL \
     SELECT id, entry_id, entry_date, debit_account_id, -amount, party_type, party_id, order_id, session_id \
     FROM journal_posting \
     WHERE channel_id = $1 AND credit_account_id = $2 AND currency = $3 AND entry_date BETWEEN $4 AND $5), \
     line AS (SELECT side.*, CAST($6 + SUM(amount) OVER (ORDER BY entry_date, id) AS BIGINT) AS balance FROM side) \
     SELECT line.*, e.source_type, e.source_id, e.memo FROM line \
     JOIN journal_entry e ON e.channel_id = $1 AND e.id = line.entry_id \
     ORDER BY line.entry_date, line.id LIMIT $7 OFFSET $8";

/// A page of what happened on an account after it had `opening` on it.
pub(in crate::ledger) async fn statement(
    reader: &mut Reader,
    scope: ChannelScope,
    (account, currency): (LedgerAccountId, Currency),
    period: Period,
    opening: i64,
    (take, skip): (i64, i64),
) -> Result<Page<StatementLine>, DatabaseError> {
    let (from, to) = (period.from.to_string(), period.to.to_string());
    let counted = "SELECT COUNT(*) FROM journal_posting WHERE channel_id = $1 AND \
                   (debit_account_id = $2 OR credit_account_id = $2) AND currency = $3 AND entry_date BETWEEN $4 AND $5";
    let values = (scope.channel_id(), account, currency, from.as_str(), to.as_str());
    let (total,): (i64,) = reader.fetch_one(counted, values).await?;
    let values = (scope.channel_id(), account, currency, from.as_str(), to.as_str(), opening, take, skip);
    let rows: Vec<StatementRow> = reader.fetch_all(STATEMENT, values).await?;
    let items = rows.into_iter().map(statement_line).collect::<Result<_, _>>()?;
    Ok(Page { items, total })
}

pub(super) fn statement_line(row: StatementRow) -> Result<StatementLine, DatabaseError> {
    let party = Party::parse(row.party_type.as_deref(), row.party_id)?;
    Ok(StatementLine {
        posting: row.id,
        entry: row.entry_id,
        date: read_date(&row.entry_date)?,
        source: Source { kind: SourceKind::parse(&row.source_type)?, id: row.source_id },
        memo: row.memo,
        other_account: row.other_account_id,
        amount: row.amount,
        balance: row.balance,
        tags: Tags { party, order: row.order_id, session: row.session_id },
    })
}

/// Debits less credits of an account in one currency: what came before the period, and what came in it.
pub(in crate::ledger) async fn opening_and_change(
    reader: &mut Reader,
    scope: ChannelScope,
    (account, currency): (LedgerAccountId, Currency),
    period: Period,
) -> Result<(i64, i64), DatabaseError> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN entry_date < $4 THEN signed ELSE 0 END), 0) AS BIGINT), \
               CAST(COALESCE(SUM(CASE WHEN entry_date < $4 THEN 0 ELSE signed END), 0) AS BIGINT) FROM ( \
               SELECT entry_date, CASE WHEN debit_account_id = $2 THEN amount ELSE -amount END AS signed \
               FROM journal_posting WHERE channel_id = $1 AND (debit_account_id = $2 OR credit_account_id = $2) \
               AND currency = $3 AND entry_date <= $5) side";
    let values = (scope.channel_id(), account, currency, period.from.to_string(), period.to.to_string());
    reader.fetch_one(sql, values).await
}
