//! Who of a platform's programs does what only one at a time does, such as its periodic jobs.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::postgres::Lease;

/// The right to do it, given back when this is dropped.
///
/// On PostgreSQL a lock of a connection stands for it: should the connection end, so does the right, and
/// [`Self::is_held`] says so. Work that goes on a little longer than the right must do no harm: leadership spares work,
/// while locks and unique keys keep it correct. On SQLite only those of one program keep each other out.
#[derive(Debug)]
pub struct Leadership(Held);

#[derive(Debug)]
enum Held {
    Embedded { _guard: OwnedMutexGuard<()> },
    Postgres(Box<Lease>),
}

impl Leadership {
    pub(super) fn embedded(place: &Arc<Mutex<()>>) -> Option<Self> {
        let guard = Arc::clone(place).try_lock_owned().ok()?;
        Some(Self(Held::Embedded { _guard: guard }))
    }

    pub(super) fn postgres(lease: Lease) -> Self {
        Self(Held::Postgres(Box::new(lease)))
    }

    /// Whether it is still held.
    pub async fn is_held(&mut self) -> bool {
        match &mut self.0 {
            Held::Embedded { .. } => true,
            Held::Postgres(lease) => lease.is_held().await,
        }
    }

    /// Gives it back, so that another program can have it at once.
    pub async fn give_back(self) {
        match self.0 {
            Held::Embedded { .. } => {}
            Held::Postgres(lease) => lease.give_back().await,
        }
    }
}
