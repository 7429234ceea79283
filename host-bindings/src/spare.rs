//! Sandboxes made ahead: after a call, the next one's is prepared in the background, so that a customer waits for the
//! rule alone.
//!
//! A spare has been in no call and is used for one: it is as fresh as one that is made for its call, and what making it
//! took of fuel and time counts for that call. One whose making fails is thrown away; the call then makes its own and
//! tells why that fails.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use soko_extension::Digest;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::Store;

use crate::pricing::Started;
use crate::sandbox::State;

/// Spares of all components together.
const SPARES_MAX: u8 = 64;
/// What the guests' memories of all spares may come to: starting one may take as much as a call may.
const SPARES_BYTES_MAX: usize = 128 << 20;
/// What the memory of one spare may come to, so that a few hungry guests do not displace everybody else's.
const SPARE_BYTES_MAX: usize = 32 << 20;
/// Spares of one component.
const SPARES_PER_COMPONENT: usize = 2;
/// Spares that are being made.
const MAKING_MAX: u8 = 8;
/// Places of the engine's pool that spares may take: those that wait, and for each that is being made itself and what it
/// displaces.
pub(crate) const PLACES: u32 = SPARES_MAX as u32 + 2 * MAKING_MAX as u32;

/// A guest that was started and not called.
pub(crate) struct Prepared {
    pub(crate) store: Store<State>,
    pub(crate) guest: Started,
    /// Fuel that starting it took.
    pub(crate) fuel: u64,
    /// Microseconds that making it took.
    pub(crate) micros: u64,
}

/// The spares, oldest first.
pub(crate) struct Spares {
    waiting: Mutex<VecDeque<(Digest, Prepared)>>,
    making: Arc<Semaphore>,
}

/// Leave to make a spare.
pub(crate) struct Making(#[expect(dead_code, reason = "given back when dropped")] OwnedSemaphorePermit);

impl Spares {
    pub(crate) fn new() -> Self {
        Self { waiting: Mutex::default(), making: Arc::new(Semaphore::new(MAKING_MAX.into())) }
    }

    /// A spare of the component, if one waits.
    pub(crate) fn take(&self, digest: Digest) -> Option<Prepared> {
        let mut waiting = self.lock();
        // The newest: what it needs may still be in the processor's caches.
        let at = waiting.iter().rposition(|(of, _)| *of == digest)?;
        waiting.remove(at).map(|(_, spare)| spare)
    }

    /// Leave to make a spare of the component; none while there are enough, or enough are being made.
    pub(crate) fn begin(&self, digest: Digest) -> Option<Making> {
        let waiting = self.lock().iter().filter(|(of, _)| *of == digest).count();
        if waiting >= SPARES_PER_COMPONENT {
            return None;
        }
        Arc::clone(&self.making).try_acquire_owned().ok().map(Making)
    }

    /// Keeps a spare, if it is no larger than one may be. The oldest of all make room for it.
    pub(crate) fn put(&self, digest: Digest, spare: Prepared, _making: &Making) {
        if spare.store.data().memory_bytes() > SPARE_BYTES_MAX {
            return;
        }
        let mut waiting = self.lock();
        waiting.push_back((digest, spare));
        let mut bytes: usize = waiting.iter().map(|(_, spare)| spare.store.data().memory_bytes()).sum();
        let mut displaced = Vec::new();
        while waiting.len() > usize::from(SPARES_MAX) || bytes > SPARES_BYTES_MAX {
            let Some(oldest) = waiting.pop_front() else { break };
            bytes -= oldest.1.store.data().memory_bytes();
            displaced.push(oldest);
        }
        // A sandbox takes a while to be given back: not while others wait for the list.
        drop(waiting);
        drop(displaced);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Digest, Prepared)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
