//! SQL of closed periods.

use jiff::civil::Date;
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, Timestamp, UserId};

use super::read_date;

/// The last closed day.
pub(in crate::ledger) async fn locked_through(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Option<Date>, DatabaseError> {
    let sql = "SELECT locked_through FROM ledger_period_lock WHERE channel_id = $1";
    let row: Option<(String,)> = reader.fetch_optional(sql, (scope.channel_id(),)).await?;
    row.map(|(day,)| read_date(&day)).transpose()
}

pub(in crate::ledger) async fn lock(
    tx: &mut Tx,
    scope: ChannelScope,
    through: Date,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO ledger_period_lock (channel_id, locked_through, locked_by, updated_at) \
               VALUES ($1, $2, $3, $4) ON CONFLICT (channel_id) DO UPDATE SET \
               locked_through = excluded.locked_through, locked_by = excluded.locked_by, \
               updated_at = excluded.updated_at";
    tx.execute(sql, (scope.channel_id(), through.to_string(), user, now)).await.map(|_| ())
}
