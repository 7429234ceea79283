//! How many guests run at once: over all channels, so that the pool never runs dry, and per channel, so that one
//! channel's slow guests do not make the others wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use soko_extension::{FailureKind, PluginFailure};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// Who calls: a channel, or `None` for an inspection at upload.
pub(crate) type Caller = Option<i64>;

pub(crate) struct Gate {
    all: Semaphore,
    /// Those that run or wait now; a caller is forgotten with its last call.
    callers: Mutex<HashMap<Caller, Own>>,
    per_caller: usize,
}

/// The places of one caller.
struct Own {
    semaphore: Arc<Semaphore>,
    /// Calls that run or wait.
    calls: usize,
}

/// A place to run in, given back when dropped.
pub(crate) struct Place<'a> {
    _any: SemaphorePermit<'a>,
    _own: OwnPlace<'a>,
}

/// A place within the caller's own number, or in the queue for one.
struct OwnPlace<'a> {
    gate: &'a Gate,
    caller: Caller,
    permit: Option<OwnedSemaphorePermit>,
}

impl Gate {
    pub(crate) fn new(all: u32, per_caller: u32) -> Self {
        Self {
            all: Semaphore::new(all as usize),
            callers: Mutex::default(),
            per_caller: per_caller.min(all) as usize,
        }
    }

    /// Waits for a place, first among the caller's own and then among all.
    ///
    /// # Errors
    /// A failure of kind `Host` when the host shuts down.
    pub(crate) async fn enter(&self, caller: Caller) -> Result<Place<'_>, PluginFailure> {
        let closed = |_| PluginFailure::new(FailureKind::Host, "the host is shutting down");
        let semaphore = self.join(caller);
        // From here on the caller is counted; dropping this, also while waiting, takes it back.
        let mut own = OwnPlace { gate: self, caller, permit: None };
        own.permit = Some(semaphore.acquire_owned().await.map_err(closed)?);
        let any = self.all.acquire().await.map_err(closed)?;
        Ok(Place { _any: any, _own: own })
    }

    fn join(&self, caller: Caller) -> Arc<Semaphore> {
        let mut callers = self.lock();
        let own = callers
            .entry(caller)
            .or_insert_with(|| Own { semaphore: Arc::new(Semaphore::new(self.per_caller)), calls: 0 });
        own.calls += 1;
        Arc::clone(&own.semaphore)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Caller, Own>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OwnPlace<'_> {
    fn drop(&mut self) {
        self.permit = None;
        let mut callers = self.gate.lock();
        if let Some(own) = callers.get_mut(&self.caller) {
            own.calls -= 1;
            if own.calls == 0 {
                callers.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn lets_other_channels_in_while_one_has_its_fill() {
        let gate = Gate::new(3, 2);
        let held = [gate.enter(Some(1)).await.unwrap(), gate.enter(Some(1)).await.unwrap()];
        let wait = Duration::from_millis(20);
        assert!(tokio::time::timeout(wait, gate.enter(Some(1))).await.is_err());
        let other = tokio::time::timeout(wait, gate.enter(Some(2))).await.unwrap().unwrap();
        assert!(tokio::time::timeout(wait, gate.enter(None)).await.is_err(), "all places are taken");
        drop((held, other));
        assert!(gate.lock().is_empty(), "nobody is remembered");
        assert_eq!(gate.all.available_permits(), 3);
    }
}
