//! Taxes, and the places they depend on: countries that a channel serves, zones of them, categories and rates.
//!
//! Invariants: rates are whole parts per million; a category without a rate in a zone is not taxed there; at most one
//! category is the default; what others name is not deleted. Everything is configuration: for shopping it is cached
//! whole per channel and revision, and administrators read it from the store.

mod entity;
mod error;
mod places;
mod rates;
mod repo;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use soko_infra::{Database, RevisionCache, Tx};
use soko_kernel::{Actor, CacheStats, ChannelScope, Clock, IDS_MAX, Timestamp};

use crate::channels::Channels;

pub use entity::{
    AppliedRate, Country, CountryChanges, CountryName, NewCountry, NewTaxRate, TaxCategory, TaxRate,
    TaxRateChanges, TaxSetup, Zone,
};
pub use error::TaxError;

const CACHED_CHANNELS_MAX: usize = 10_000;

/// The use cases of taxes and places.
#[derive(Debug, Clone)]
pub struct Tax {
    database: Database,
    clock: Clock,
    setups: Arc<RevisionCache<TaxSetup>>,
}

impl Tax {
    /// The service over this store.
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock, setups: Arc::new(RevisionCache::new(CACHED_CHANNELS_MAX)) }
    }

    /// How the cache of channels' configuration does.
    pub fn cache_stats(&self) -> CacheStats {
        self.setups.stats()
    }

    /// The channel's countries, zones, categories and rates.
    ///
    /// # Errors
    /// A failing store.
    pub async fn setup(&self, actor: &Actor) -> Result<Arc<TaxSetup>, TaxError> {
        let scope = actor.public_scope();
        let load = self.database.read(scope, async |reader| repo::setup(reader, scope).await);
        self.setups.get(actor.channel.id, actor.channel.revision, load).await
    }

    /// A change of configuration: it raises the channel's revision.
    async fn change<T, F>(&self, scope: ChannelScope, work: F) -> Result<T, TaxError>
    where
        F: AsyncFnOnce(&mut Tx, Timestamp) -> Result<T, TaxError>
            + for<'t> ChangeFn<'t, Result<T, TaxError>>
            + Clone
            + Send
            + 'static,
        T: Send + 'static,
    {
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx: &mut Tx| {
                let value = call(work, tx, now).await?;
                Channels::touch_in_tx(tx, scope, now).await?;
                Ok(value)
            })
            .await
    }
}

/// The closure of a change, with a future that may cross threads.
trait ChangeFn<'t, R>: FnOnce(&'t mut Tx, Timestamp) -> Self::Future {
    /// What the closure returns.
    type Future: Future<Output = R> + Send + 't;
}

impl<'t, R, F, Fut> ChangeFn<'t, R> for F
where
    F: FnOnce(&'t mut Tx, Timestamp) -> Fut,
    Fut: Future<Output = R> + Send + 't,
{
    type Future = Fut;
}

fn call<'t, R, F: ChangeFn<'t, R>>(work: F, tx: &'t mut Tx, now: Timestamp) -> F::Future {
    work(tx, now)
}

fn found(changed: bool, what: &'static str, id: impl std::fmt::Display) -> Result<(), TaxError> {
    if changed { Ok(()) } else { Err(not_found(what, id)) }
}

fn not_found(what: &'static str, id: impl std::fmt::Display) -> TaxError {
    TaxError::NotFound(what, id.to_string())
}

fn check_count<T>(ids: &[T]) -> Result<(), TaxError> {
    if ids.len() > IDS_MAX { Err(TaxError::TooMany) } else { Ok(()) }
}
