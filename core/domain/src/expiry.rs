//! Removing rows whose time is over.

use soko_infra::{DataScope, Database, DatabaseError};
use soko_kernel::Timestamp;

/// Most rows that one transaction removes.
pub(crate) const ROWS_MAX: i64 = 500;
/// Most transactions of one sweep.
const TRANSACTIONS_MAX: usize = 20;

/// Runs a DELETE of at most `$2` rows that have expired at `$1` until none is left, in transactions of a bounded size,
/// and says how many rows went. One sweep is bounded too: the next goes on.
pub(crate) async fn sweep(
    database: &Database,
    delete: &'static str,
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    let mut removed = 0;
    for _ in 0..TRANSACTIONS_MAX {
        let batch = database
            .write(DataScope::Platform, async move |tx| tx.execute(delete, (now, ROWS_MAX)).await)
            .await?;
        removed += batch;
        if batch < ROWS_MAX.unsigned_abs() {
            break;
        }
    }
    Ok(removed)
}
