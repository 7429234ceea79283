//! SQL of what was said.

use std::collections::HashSet;

use soko_infra::db::{Bound, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelId, ChannelScope, CustomerId, Timestamp};
use sqlx::AssertSqlSafe;

use super::CreditReminderDue;
use crate::ledger::Party;

const NOTE: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO credit_reminder (channel_id, party_id, party_type, rung, created_at)",
    5,
    "ON CONFLICT (channel_id, party_id, party_type, rung) DO UPDATE SET created_at = excluded.created_at",
);

/// Channels where somebody has an account, and nobody was reminded since a moment.
pub(super) async fn channels_due(
    reader: &mut Reader,
    due: Timestamp,
    channels_max: i64,
) -> Result<Vec<ChannelId>, DatabaseError> {
    let sql = "SELECT c.id FROM channel c LEFT JOIN credit_reminded r ON r.channel_id = c.id \
               WHERE COALESCE(r.reminded_at, 0) < $1 AND EXISTS (SELECT 1 FROM credit_account a \
               WHERE a.channel_id = c.id) ORDER BY c.id LIMIT $2";
    let rows: Vec<(ChannelId,)> = reader.fetch_all(sql, (due, channels_max)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(super) async fn note_done(tx: &mut Tx, scope: ChannelScope, now: Timestamp) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO credit_reminded (channel_id, reminded_at) VALUES ($1, $2) \
               ON CONFLICT (channel_id) DO UPDATE SET reminded_at = excluded.reminded_at";
    tx.execute_one(sql, (scope.channel_id(), now)).await
}

/// What was said to these parties since a moment.
pub(super) async fn said(
    reader: &mut Reader,
    scope: ChannelScope,
    party_type: &str,
    parties: &[CustomerId],
    since: Timestamp,
) -> Result<HashSet<(CustomerId, String)>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0), party_type.into(), since.into()];
    let listed = in_list(&mut values, parties.iter().copied());
    let sql = format!(
        "SELECT party_id, rung FROM credit_reminder WHERE channel_id = $1 AND party_type = $2 AND created_at > $3 \
         AND party_id IN ({listed})"
    );
    let rows: Vec<(CustomerId, String)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn note_said(
    tx: &mut Tx,
    scope: ChannelScope,
    said: &[CreditReminderDue],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let row = |reminder: &CreditReminderDue| {
        vec![
            Bound::from(scope.channel_id().0),
            reminder.party_id.0.into(),
            reminder.party_type.into(),
            reminder.rung.into(),
            now.into(),
        ]
    };
    NOTE.execute(tx, said.iter().map(row).collect()).await.map(|_| ())
}

/// Forgets what was said to a party: the next time is the first again.
pub(in crate::credit) async fn clear(
    tx: &mut Tx,
    scope: ChannelScope,
    party: Party,
) -> Result<(), DatabaseError> {
    let sql = "DELETE FROM credit_reminder WHERE channel_id = $1 AND party_id = $2 AND party_type = $3";
    tx.execute(sql, (scope.channel_id(), party.id(), party.kind())).await.map(|_| ())
}
