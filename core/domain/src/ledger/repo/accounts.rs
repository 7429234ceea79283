//! SQL of accounts.

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, LedgerAccountId, ListQuery, Page, Timestamp};

use crate::ledger::chart::ChartAccount;
use crate::ledger::entity::{Account, AccountType, NewAccount};
use crate::ledger::error::LedgerError;

const INSERT: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO ledger_account (channel_id, code, name, type, parent_id, is_parent, enabled, created_at, updated_at)",
    9,
    "ON CONFLICT (channel_id, code) DO NOTHING",
);

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: LedgerAccountId,
    code: String,
    name: String,
    r#type: String,
    parent_id: Option<LedgerAccountId>,
    is_parent: bool,
    enabled: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<AccountRow> for Account {
    type Error = DatabaseError;

    fn try_from(row: AccountRow) -> Result<Self, DatabaseError> {
        let kind = AccountType::parse(&row.r#type)?;
        let AccountRow { id, code, name, parent_id, is_parent, enabled, created_at, updated_at, .. } = row;
        Ok(Self { id, code, name, kind, parent_id, is_parent, enabled, created_at, updated_at })
    }
}

pub(in crate::ledger) async fn list(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<Account>, LedgerError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "id"),
        Column::text("code", "code"),
        Column::text("name", "name"),
        Column::boolean("isParent", "is_parent"),
        Column::boolean("enabled", "enabled"),
        Column::time("createdAt", "created_at"),
        Column::time("updatedAt", "updated_at"),
    ];
    let list = ListSql {
        select: "*",
        from: "FROM ledger_account",
        condition: "channel_id = $1".to_owned(),
        values: vec![scope.channel_id().0.into()],
        columns: COLUMNS,
        tie_break: "id",
    };
    let page = list.fetch::<AccountRow>(reader, query).await?;
    let items = page.items.into_iter().map(Account::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, total: page.total })
}

/// Every account of the channel, in the order of their ids.
pub(in crate::ledger) async fn all(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<Account>, DatabaseError> {
    let sql = "SELECT * FROM ledger_account WHERE channel_id = $1 ORDER BY id";
    let rows: Vec<AccountRow> = reader.fetch_all(sql, (scope.channel_id(),)).await?;
    rows.into_iter().map(Account::try_from).collect()
}

pub(in crate::ledger) async fn find(
    reader: &mut Reader,
    scope: ChannelScope,
    id: LedgerAccountId,
) -> Result<Option<Account>, DatabaseError> {
    let sql = "SELECT * FROM ledger_account WHERE id = $1 AND channel_id = $2";
    let row: Option<AccountRow> = reader.fetch_optional(sql, (id, scope.channel_id())).await?;
    row.map(Account::try_from).transpose()
}

/// Adds those of these accounts that the channel does not have. `parent` finds the ids of parents, which must be there.
pub(in crate::ledger) async fn insert_chart(
    tx: &mut Tx,
    scope: ChannelScope,
    accounts: impl Iterator<Item = &ChartAccount>,
    parent: impl Fn(&str) -> Option<LedgerAccountId>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let row = |account: &ChartAccount| -> Vec<Bound> {
        vec![
            scope.channel_id().0.into(),
            account.code.into(),
            account.name.into(),
            account.kind.as_str().into(),
            account.parent.and_then(&parent).map(|id| id.0).into(),
            account.is_parent.into(),
            true.into(),
            now.into(),
            now.into(),
        ]
    };
    INSERT.execute(tx, accounts.map(row).collect()).await.map(|_| ())
}

pub(in crate::ledger) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    new: &NewAccount,
    now: Timestamp,
) -> Result<Account, LedgerError> {
    let sql = "INSERT INTO ledger_account (channel_id, code, name, type, parent_id, is_parent, enabled, created_at, \
               updated_at) VALUES ($1, $2, $3, $4, $5, FALSE, TRUE, $6, $6) RETURNING *";
    let values =
        (scope.channel_id(), new.code.as_str(), new.name.as_str(), new.kind.as_str(), new.parent_id, now);
    let row: AccountRow = tx.fetch_one(sql, values).await?;
    Ok(row.try_into()?)
}

/// Renames an account, or puts it in or out of use; absent values stay.
pub(in crate::ledger) async fn update(
    tx: &mut Tx,
    scope: ChannelScope,
    id: LedgerAccountId,
    (name, enabled): (Option<&str>, Option<bool>),
    now: Timestamp,
) -> Result<Option<Account>, DatabaseError> {
    let sql = "UPDATE ledger_account SET name = COALESCE($1, name), enabled = COALESCE($2, enabled), \
               updated_at = $3 WHERE id = $4 AND channel_id = $5 RETURNING *";
    let row: Option<AccountRow> =
        tx.fetch_optional(sql, (name, enabled, now, id, scope.channel_id())).await?;
    row.map(Account::try_from).transpose()
}
