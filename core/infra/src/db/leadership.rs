//! Who of a platform's programs does what only one at a time does, such as one of its periodic jobs.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::DatabaseError;
use super::notices::{Notices, Topic};
use super::postgres::Lease;
use super::{Backend, Database};

/// Said when somebody has given a lead back: another may have it at once.
pub const LEADS: Topic = Topic::new("leads");

/// The right to do something, by the name of what it is. To be given back; dropped, it is free a little later.
///
/// On PostgreSQL a lock of a connection stands for it: should the connection end, so does the right, and
/// [`Self::is_held`] says so. Work that goes on a little longer than the right must do no harm: leadership spares work,
/// while locks and unique keys keep it correct. On SQLite only those of one program keep each other out.
#[derive(Debug)]
pub struct Leadership {
    lease: Option<Lease>,
    // After the lease: the place is free when the lock is.
    _place: Place,
    notices: Arc<Notices>,
}

/// What this program leads.
#[derive(Debug, Clone, Default)]
pub(super) struct Leads(Arc<Mutex<HashSet<&'static str>>>);

/// A name among what this program leads, until it is dropped.
#[derive(Debug)]
struct Place {
    leads: Leads,
    name: &'static str,
}

impl Leads {
    fn take(&self, name: &'static str) -> Option<Place> {
        let is_free = self.names().insert(name);
        is_free.then(|| Place { leads: self.clone(), name })
    }

    fn names(&self) -> MutexGuard<'_, HashSet<&'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leads.names().remove(self.name);
    }
}

impl Database {
    /// The right to do what one program of the platform at a time does, unless another has it, or another part of this
    /// one.
    ///
    /// # Errors
    /// A server that cannot be reached.
    pub async fn try_lead(&self, name: &'static str) -> Result<Option<Leadership>, DatabaseError> {
        let Some(place) = self.leads.take(name) else { return Ok(None) };
        let lease = match &self.backend {
            Backend::Sqlite(_) => None,
            Backend::Postgres(postgres) => match postgres.try_lead(name).await? {
                Some(lease) => Some(lease),
                None => return Ok(None),
            },
        };
        Ok(Some(Leadership { lease, _place: place, notices: Arc::clone(&self.notices) }))
    }
}

impl Leadership {
    /// Whether it is still held.
    pub async fn is_held(&mut self) -> bool {
        match &mut self.lease {
            None => true,
            Some(lease) => lease.is_held().await,
        }
    }

    /// Gives it back and says so, so that another program can have it at once.
    pub async fn give_back(self) {
        let Self { lease, _place: place, notices } = self;
        match lease {
            Some(lease) => {
                lease.give_back(LEADS).await;
                drop(place);
            }
            None => {
                drop(place);
                notices.tell(LEADS.name());
            }
        }
    }
}
