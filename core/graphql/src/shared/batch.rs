//! Batched loads: fields of many siblings answered by one call of a service.
//!
//! Siblings are resolved by one task, so every sibling that needs a key asks for it before anybody who gives way is
//! polled again. The first to ask leads: it gives way, takes all keys that have gathered, loads them at once and
//! hands out the values. No timer and no spawned task is involved, so that the number of loads does not depend on
//! scheduling. Nothing is kept after a load: the next mutation of the same request must see its own effects.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio::sync::oneshot;

use crate::error::ApiResult;

/// Most keys of one load; more are loaded in turns.
pub(crate) const BATCH_KEYS_MAX: usize = 1000;
/// How often in a row nobody must have joined before a leader loads: once for its siblings, once for theirs in lists of
/// lists.
const QUIET_TURNS: usize = 2;
/// How often a leader gives way at the most.
const TURNS_MAX: usize = 32;

type Answer<V> = oneshot::Sender<ApiResult<Option<V>>>;

/// Gathers keys of one kind of load within a request.
pub(crate) struct Batch<K, V> {
    waiting: Mutex<HashMap<K, Vec<Answer<V>>>>,
}

impl<K, V> Default for Batch<K, V> {
    fn default() -> Self {
        Self { waiting: Mutex::default() }
    }
}

impl<K: Eq + Hash + Copy + Send, V: Clone + Send> Batch<K, V> {
    /// The value of a key; `None` when the load has none for it. `load` is called by the leader, with each key once.
    ///
    /// # Errors
    /// Whatever the load failed with, for every key of it.
    pub(crate) async fn load<F>(&self, key: K, load: impl Fn(Vec<K>) -> F + Sync) -> ApiResult<Option<V>>
    where
        F: Future<Output = ApiResult<HashMap<K, V>>> + Send,
    {
        loop {
            let (sender, mut receiver) = oneshot::channel();
            if self.enter(key, sender) {
                self.lead(&load).await;
            }
            // A leader that was dropped takes the senders with it; then somebody else leads.
            if let Ok(answer) = (&mut receiver).await {
                return answer;
            }
        }
    }

    /// Asks for a key; whether the caller has to lead.
    fn enter(&self, key: K, sender: Answer<V>) -> bool {
        let mut waiting = self.lock();
        let leads = waiting.is_empty();
        waiting.entry(key).or_default().push(sender);
        leads
    }

    async fn lead<F>(&self, load: &(impl Fn(Vec<K>) -> F + Sync))
    where
        F: Future<Output = ApiResult<HashMap<K, V>>> + Send,
    {
        let resign = Resign(self);
        self.await_quiet().await;
        let mut gathered = std::mem::take(&mut *self.lock());
        std::mem::forget(resign);
        while !gathered.is_empty() {
            let keys: Vec<K> = gathered.keys().copied().take(BATCH_KEYS_MAX).collect();
            let answer = load(keys.clone()).await;
            for key in keys {
                let Some(senders) = gathered.remove(&key) else { continue };
                let value = match &answer {
                    Ok(values) => Ok(values.get(&key).cloned()),
                    Err(error) => Err(error.clone()),
                };
                for sender in senders {
                    // Whoever asked may be gone.
                    drop(sender.send(value.clone()));
                }
            }
        }
    }

    /// Gives way until nobody joins any more. Siblings whose parents were answered one turn later come one turn later,
    /// and so with every level of the document.
    async fn await_quiet(&self) {
        let (mut gathered, mut quiet) = (0, 0);
        for _ in 0..TURNS_MAX {
            let now = self.lock().values().map(Vec::len).sum::<usize>();
            quiet = if now == gathered { quiet + 1 } else { 0 };
            if quiet == QUIET_TURNS {
                return;
            }
            gathered = now;
            give_way().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Vec<Answer<V>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets somebody else lead when the leader is dropped before it has taken the keys.
struct Resign<'b, K, V>(&'b Batch<K, V>);

impl<K, V> Drop for Resign<'_, K, V> {
    fn drop(&mut self) {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Lets the siblings in the same task be polled. Unlike the runtime's own, it does not wait for other tasks.
async fn give_way() {
    let mut given = false;
    std::future::poll_fn(|context| {
        if given {
            return Poll::Ready(());
        }
        given = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::{join_all, select};
    use soko_kernel::ErrorKind;

    use super::*;
    use crate::error::ApiError;

    #[tokio::test]
    async fn loads_the_keys_of_all_siblings_at_once() {
        let (batch, loads) = (Batch::<i64, i64>::default(), AtomicUsize::new(0));
        let load = |keys: Vec<i64>| {
            loads.fetch_add(1, Ordering::Relaxed);
            async move { Ok(keys.into_iter().filter(|key| *key != 7).map(|key| (key, key * 10)).collect()) }
        };
        let nested = (0..40).map(|outer| {
            let (batch, load) = (&batch, &load);
            async move { join_all((0..3).map(|inner| batch.load(outer * 2 + inner, load))).await }
        });
        let answers = join_all(nested).await;
        assert_eq!(answers[3], [Ok(Some(60)), Ok(None), Ok(Some(80))]);
        assert_eq!(loads.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn survives_a_leader_that_is_dropped_and_tells_everybody_of_a_failure() {
        let batch = Batch::<i64, i64>::default();
        let failing = |_| async { Err(ApiError::new(ErrorKind::Conflict, "no")) };
        let leader = Box::pin(batch.load(1, failing));
        let follower = Box::pin(async { batch.load(2, failing).await });
        let first = select(leader, Box::pin(std::future::ready(()))).await;
        drop(first);
        assert_eq!(follower.await, Err(ApiError::new(ErrorKind::Conflict, "no")));
    }
}
