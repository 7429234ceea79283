//! Turns within this program: who waits for others of a scope waits here, and holds no connection meanwhile.
//!
//! The server's lock of a scope keeps programs apart. Were it the only one, a busy channel would fill the pool with
//! connections that wait, and keep every other channel from writing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use super::Concurrency;

/// Scopes that are remembered although nobody writes there.
const IDLE_MAX: usize = 1024;

/// The scopes in which somebody writes, by what the server's lock calls them.
#[derive(Debug, Default)]
pub(super) struct Turns {
    scopes: Mutex<HashMap<i64, Arc<RwLock<()>>>>,
}

/// The right to ask for the server's lock of a scope, until it is dropped.
#[derive(Debug)]
pub(super) enum Turn {
    /// Nobody else of this program writes in the scope.
    Alone { _held: OwnedRwLockWriteGuard<()> },
    /// Only others of this kind do.
    Together { _held: OwnedRwLockReadGuard<()> },
}

impl Turns {
    /// The next turn in a scope; whoever came first is first.
    pub(super) async fn take(&self, scope: i64, concurrency: Concurrency) -> Turn {
        let lock = self.lock_of(scope);
        match concurrency {
            Concurrency::Alone => Turn::Alone { _held: lock.write_owned().await },
            Concurrency::Together => Turn::Together { _held: lock.read_owned().await },
        }
    }

    fn lock_of(&self, scope: i64) -> Arc<RwLock<()>> {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        if scopes.len() > IDLE_MAX {
            scopes.retain(|_, lock| Arc::strong_count(lock) > 1);
        }
        Arc::clone(scopes.entry(scope).or_default())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn keeps_apart_within_a_scope_alone() {
        let turns = Turns::default();
        let first = turns.take(1, Concurrency::Together).await;
        let second = turns.take(1, Concurrency::Together).await;
        assert!(turns.take(1, Concurrency::Alone).now_or_never().is_none());
        let elsewhere = turns.take(2, Concurrency::Alone).await;
        drop((first, second));
        let alone = turns.take(1, Concurrency::Alone).await;
        assert!(turns.take(1, Concurrency::Together).now_or_never().is_none());
        drop((alone, elsewhere));
        assert!(turns.take(1, Concurrency::Together).now_or_never().is_some());
    }

    #[tokio::test]
    async fn forgets_scopes_where_nobody_writes() {
        let turns = Turns::default();
        let held = turns.take(0, Concurrency::Alone).await;
        for scope in 1..=2048 {
            turns.take(scope, Concurrency::Alone).await;
        }
        assert!(turns.scopes.lock().unwrap().len() <= IDLE_MAX + 1);
        assert!(turns.take(0, Concurrency::Alone).now_or_never().is_none(), "a turn that is held is kept");
        drop(held);
    }
}
