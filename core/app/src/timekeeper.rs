//! Keeps this machine's clock right by the one that all nodes of a platform share, the database server's: holds on stock,
//! sessions and deadlines are moments in shared rows, and a node whose clock is minutes off would end them early or late.

use std::time::Duration;

use anyhow::Context as _;
use soko_infra::{Database, DatabaseError};
use soko_kernel::Clock;
use tokio::task::JoinHandle;

/// Time between two looks at the shared clock.
const EVERY: Duration = Duration::from_mins(1);
/// Milliseconds that are worth telling an operator.
const WORTH_TELLING_MS: u64 = 1_000;

/// Sets the clock right now and then, until it is dropped.
#[derive(Debug)]
pub struct Timekeeper(JoinHandle<()>);

impl Timekeeper {
    /// Sets the clock right for the first time: before that nothing may be decided by it.
    ///
    /// # Errors
    /// A database that cannot be reached.
    pub async fn set_right(database: &Database, clock: &Clock) -> anyhow::Result<()> {
        look(database, clock).await.context("the database does not tell the time")
    }

    /// Goes on setting it right.
    pub fn start(database: Database, clock: Clock) -> Self {
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                if let Err(error) = look(&database, &clock).await {
                    tracing::warn!(%error, "the database does not tell the time; the clock goes on as it is");
                }
            }
        }))
    }
}

impl Drop for Timekeeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn look(database: &Database, clock: &Clock) -> Result<(), DatabaseError> {
    let asked = clock.now();
    if let Some(told) = database.shared_time().await? {
        let behind_ms = clock.set_by(asked, told, clock.now());
        if behind_ms.unsigned_abs() >= WORTH_TELLING_MS {
            tracing::warn!(
                behind_ms,
                "this machine's clock differs from the database's, which is used instead"
            );
        }
    }
    Ok(())
}
