//! One snapshot for those reads of a request that are under way at the same time.
//!
//! What an answer is made of is loaded by many who do not know of each other: an order's customer, its payments, the
//! pictures of its lines. On a server each snapshot costs two round trips more than its statements and a connection of
//! its own; so reads of one scope that overlap within [`share_snapshots`] take turns on one. It ends when nobody of them is
//! left: what is read after a write sees the write.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::DataScope;
use super::error::DatabaseError;
use super::postgres::Postgres;
use super::reader::Reader;

tokio::task_local! {
    /// What the reads of this task share.
    static SHARED: Arc<Shared>;
    /// Whether this is a read's own closure, which must not wait for a turn on the snapshot that it holds.
    static IS_READING: ();
}

/// Runs work whose overlapping reads share snapshots.
pub async fn share_snapshots<F: Future>(work: F) -> F::Output {
    SHARED.scope(Arc::default(), work).await
}

/// A snapshot for as long as somebody reads on it.
#[derive(Default)]
pub(super) struct Shared {
    /// Those who read or wait for their turn.
    readers: AtomicUsize,
    /// Not there while somebody reads, who takes it along when they go away in the middle of a statement.
    snapshot: tokio::sync::Mutex<Option<Reader>>,
}

/// Somebody who reads.
struct Turn(Arc<Shared>);

impl Drop for Turn {
    fn drop(&mut self) {
        let was_last = self.0.readers.fetch_sub(1, Ordering::AcqRel) == 1;
        // Whoever holds the lock is counted, and ends the snapshot in their turn.
        if was_last
            && let Ok(mut place) = self.0.snapshot.try_lock()
            && let Some(reader) = place.take()
        {
            reader.end_in_order();
        }
    }
}

/// What the reads of this task share, unless this is one of them or there is no such task.
pub(super) fn current() -> Option<Arc<Shared>> {
    if IS_READING.try_with(|()| ()).is_ok() {
        return None;
    }
    SHARED.try_with(Arc::clone).ok()
}

/// A read on the shared snapshot, in its turn. One of another scope than the one before ends
/// that one's snapshot.
pub(super) async fn read<T, E, F>(
    shared: Arc<Shared>,
    postgres: &Postgres,
    scope: DataScope,
    work: F,
) -> Result<T, E>
where
    F: AsyncFnOnce(&mut Reader) -> Result<T, E>,
    E: From<DatabaseError>,
{
    shared.readers.fetch_add(1, Ordering::AcqRel);
    let turn = Turn(shared);
    let mut place = turn.0.snapshot.lock().await;
    let mut reader = match place.take() {
        Some(reader) if reader.scope() == scope => reader,
        other => {
            if let Some(reader) = other {
                reader.end_in_order();
            }
            Box::pin(postgres.snapshot(scope)).await?
        }
    };
    let outcome = IS_READING.scope((), work(&mut reader)).await;
    if reader.has_failed() {
        // The server answers nothing more in this transaction.
        reader.end().await;
    } else {
        *place = Some(reader);
    }
    drop(place);
    drop(turn);
    outcome
}
