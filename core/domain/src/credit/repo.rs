//! SQL of accounts and what was paid on them.

use std::collections::HashMap;

use soko_infra::db::{Bound, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, CreditPaymentId, CustomerId, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use super::entity::CreditAccount;
use crate::ledger::Party;

#[derive(sqlx::FromRow)]
struct AccountRow {
    party_id: CustomerId,
    approved: bool,
    frozen: bool,
    credit_limit: i64,
    duration_days: i64,
    approved_by: Option<UserId>,
    last_payment_at: Option<Timestamp>,
    last_payment_amount: Option<i64>,
    refused_at: Option<Timestamp>,
    corrections: i64,
}

impl AccountRow {
    fn of(self, party: Party) -> CreditAccount {
        CreditAccount {
            party,
            approved: self.approved,
            frozen: self.frozen,
            limit: self.credit_limit,
            duration_days: self.duration_days,
            approved_by: self.approved_by,
            last_payment_at: self.last_payment_at,
            last_payment_amount: self.last_payment_amount,
            refused_at: self.refused_at,
            corrections: self.corrections,
        }
    }
}

pub(super) async fn find(
    reader: &mut Reader,
    scope: ChannelScope,
    party: Party,
) -> Result<Option<CreditAccount>, DatabaseError> {
    let sql = "SELECT party_id, approved, frozen, credit_limit, duration_days, approved_by, last_payment_at, \
               last_payment_amount, refused_at, corrections FROM credit_account \
               WHERE channel_id = $1 AND party_id = $2 AND party_type = $3";
    let values = (scope.channel_id(), party.id(), party.kind());
    let row: Option<AccountRow> = reader.fetch_optional(sql, values).await?;
    Ok(row.map(|row| row.of(party)))
}

/// The accounts of these customers in one role.
pub(super) async fn of_parties(
    reader: &mut Reader,
    scope: ChannelScope,
    role: Party,
    parties: &[CustomerId],
) -> Result<HashMap<CustomerId, CreditAccount>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0), role.kind().into()];
    let listed = in_list(&mut values, parties.iter().copied());
    let sql = format!(
        "SELECT party_id, approved, frozen, credit_limit, duration_days, approved_by, last_payment_at, \
         last_payment_amount, refused_at, corrections FROM credit_account \
         WHERE channel_id = $1 AND party_type = $2 AND party_id IN ({listed})"
    );
    let rows: Vec<AccountRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let account = |row: AccountRow| {
        let id = row.party_id;
        (id, row.of(role.with(id)))
    };
    Ok(rows.into_iter().map(account).collect())
}

/// Opens the account of a party that has none.
pub(super) async fn open(
    tx: &mut Tx,
    scope: ChannelScope,
    party: Party,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let CreditAccount { approved, frozen, limit, duration_days, .. } = CreditAccount::none(party);
    let sql = "INSERT INTO credit_account (channel_id, party_id, party_type, approved, frozen, credit_limit, \
               duration_days, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) \
               ON CONFLICT (channel_id, party_id, party_type) DO NOTHING";
    let (id, kind) = (party.id(), party.kind());
    let values = (scope.channel_id(), id, kind, approved, frozen, limit, duration_days, now);
    tx.execute(sql, values).await.map(|_| ())
}

/// Nobody else changes what the party owes or is owed until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, scope: ChannelScope, party: Party) -> Result<(), DatabaseError> {
    let sql =
        "SELECT party_id FROM credit_account WHERE channel_id = $1 AND party_id = $2 AND party_type = $3";
    let values = vec![scope.channel_id().0.into(), party.id().0.into(), party.kind().into()];
    tx.lock_rows(sql, values).await
}

pub(super) async fn update(
    tx: &mut Tx,
    scope: ChannelScope,
    account: &CreditAccount,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE credit_account SET approved = $1, frozen = $2, credit_limit = $3, duration_days = $4, \
               approved_by = $5, last_payment_at = $6, last_payment_amount = $7, refused_at = $8, corrections = $9, \
               updated_at = $10 WHERE channel_id = $11 AND party_id = $12 AND party_type = $13";
    let values: Vec<Bound> = vec![
        account.approved.into(),
        account.frozen.into(),
        account.limit.into(),
        account.duration_days.into(),
        account.approved_by.map(|user| user.0).into(),
        account.last_payment_at.map(|at| at.0).into(),
        account.last_payment_amount.into(),
        account.refused_at.map(|at| at.0).into(),
        account.corrections.into(),
        now.into(),
        scope.channel_id().0.into(),
        account.party.id().0.into(),
        account.party.kind().into(),
    ];
    tx.execute_one(sql, values).await
}

pub(super) async fn insert_payment(
    tx: &mut Tx,
    scope: ChannelScope,
    party: Party,
    amount: i64,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<CreditPaymentId, DatabaseError> {
    let sql = "INSERT INTO credit_payment (channel_id, party_id, party_type, amount, user_id, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
    let values = (scope.channel_id(), party.id(), party.kind(), amount, user, now);
    let (id,): (CreditPaymentId,) = tx.fetch_one(sql, values).await?;
    Ok(id)
}
