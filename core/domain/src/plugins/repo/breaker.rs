//! SQL of open circuit breakers.

use soko_infra::db::MultiRowInsert;
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelId, Timestamp};

use super::digest;
use crate::plugins::breaker::OpenBreaker;

/// One row each; none twice, in one order wherever rows are written.
pub(in crate::plugins) async fn open_breakers(
    tx: &mut Tx,
    opened: &[OpenBreaker],
) -> Result<(), DatabaseError> {
    const UPSERT: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO plugin_breaker (channel_id, digest, open_until)",
        3,
        "ON CONFLICT (channel_id, digest) DO UPDATE SET open_until = CASE \
         WHEN excluded.open_until > plugin_breaker.open_until THEN excluded.open_until \
         ELSE plugin_breaker.open_until END",
    );
    let rows = opened.iter().map(|breaker| {
        vec![breaker.channel.0.into(), breaker.digest.to_string().into(), breaker.until.into()]
    });
    UPSERT.execute(tx, rows.collect()).await.map(|_| ())
}

#[derive(sqlx::FromRow)]
struct BreakerRow {
    channel_id: ChannelId,
    digest: String,
    open_until: Timestamp,
}

pub(in crate::plugins) async fn breakers_open(
    reader: &mut Reader,
    now: Timestamp,
    most: i64,
) -> Result<Vec<OpenBreaker>, DatabaseError> {
    let sql = "SELECT channel_id, digest, open_until FROM plugin_breaker WHERE open_until > $1 \
               ORDER BY open_until DESC LIMIT $2";
    let rows: Vec<BreakerRow> = reader.fetch_all(sql, (now, most)).await?;
    let read = |row: BreakerRow| {
        Ok(OpenBreaker { channel: row.channel_id, digest: digest(&row.digest)?, until: row.open_until })
    };
    rows.into_iter().map(read).collect()
}

pub(in crate::plugins) const DELETE_EXPIRED_BREAKERS: &str = "DELETE FROM plugin_breaker \
     WHERE (channel_id, digest) IN (SELECT channel_id, digest FROM plugin_breaker WHERE open_until <= $1 \
     ORDER BY open_until LIMIT $2)";
