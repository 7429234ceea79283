//! Time limits for statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::SqliteConnection;
use tokio::time::Instant;

use crate::db::error::DatabaseError;

/// Virtual-machine steps of SQLite between two looks at the deadline.
const STEPS_BETWEEN_DEADLINE_CHECKS: i32 = 10_000;
const NO_DEADLINE: u64 = u64::MAX;

/// Ends statements that run past their limit, inside SQLite: dropping their future would only wait for them.
pub(super) struct Deadline {
    epoch: Instant,
    micros: Arc<AtomicU64>,
}

impl Deadline {
    /// A deadline for the statements of this connection; none is set yet.
    pub(super) async fn install(connection: &mut SqliteConnection) -> Result<Self, DatabaseError> {
        let (epoch, micros) = (Instant::now(), Arc::new(AtomicU64::new(NO_DEADLINE)));
        let limit = micros.clone();
        let mut handle = connection.lock_handle().await?;
        handle.set_progress_handler(STEPS_BETWEEN_DEADLINE_CHECKS, move || {
            micros_of(epoch.elapsed()) < limit.load(Ordering::Relaxed)
        });
        drop(handle);
        Ok(Self { epoch, micros })
    }

    pub(super) fn set(&self, from_now: Duration) {
        self.micros.store(micros_of(self.epoch.elapsed() + from_now), Ordering::Relaxed);
    }

    pub(super) fn clear(&self) {
        self.micros.store(NO_DEADLINE, Ordering::Relaxed);
    }
}

impl Drop for Deadline {
    /// Nobody waits any more for what still runs.
    fn drop(&mut self) {
        self.micros.store(0, Ordering::Relaxed);
    }
}

fn micros_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(NO_DEADLINE)
}
