//! A whole platform moved from a file to a server.

use std::path::Path;

use soko_infra::db::{MoveCheck, MoveError, MoveListener, MovePlan, Moved, move_store};
use soko_infra::{PostgresConfig, Tx};
use soko_kernel::{Actor, Timestamp};

use crate::catalogue::{Catalogue, EVERY_DOCUMENT, INDEX_TABLES};
use crate::channels::Channels;
use crate::inventory::EVERY_LEVEL;
use crate::ledger::EVERY_BALANCE;

/// The index of the full-text search is each backend's own, so that it is made anew.
const PLAN: MovePlan = MovePlan {
    left_out: &INDEX_TABLES,
    checks: &[
        MoveCheck { what: "balances of accounts", sql: EVERY_BALANCE },
        MoveCheck { what: "levels of stock", sql: EVERY_LEVEL },
        MoveCheck { what: "documents of the search", sql: EVERY_DOCUMENT },
    ],
};

/// Moves the platform in the file `from` to the server. Pictures are files elsewhere and stay where they are.
///
/// # Errors
/// [`MoveError`]; nothing has been moved then.
pub async fn move_platform(
    from: &Path,
    to: PostgresConfig,
    now: Timestamp,
    listener: MoveListener,
) -> Result<Moved, MoveError> {
    let after = async move |tx: &mut Tx| index(tx, now).await;
    move_store(from, to, &crate::MIGRATIONS, PLAN, after, listener).await
}

/// Makes every channel's index of the search anew.
async fn index(tx: &mut Tx, now: Timestamp) -> Result<(), MoveError> {
    let after = |error: Box<dyn std::error::Error + Send + Sync>| MoveError::After(error);
    let channels = Channels::all_across_platform_in(tx).await.map_err(|error| after(error.into()))?;
    for channel in channels {
        let actor = Actor::system(channel.for_actor());
        Catalogue::reindex_in_tx(tx, &actor, now).await.map_err(|error| after(error.into()))?;
    }
    Ok(())
}
