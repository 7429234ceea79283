//! Shipping: the ways to deliver that a shop offers, for which orders, at which price.
//!
//! Invariants: a method's checker and calculator are checked when it is saved, so that quoting cannot fail; a price is
//! an integer and never negative; deleted methods keep their rows, because orders name them.
//!
//! To add a calculator, checker or fulfillment handler: a variant in `rules.rs` with its arguments.

mod entity;
mod error;
mod repo;
mod rules;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use soko_infra::{Database, RevisionCache};
use soko_kernel::operation::OperationDefinition;
use soko_kernel::{Actor, CacheStats, Clock, IDS_MAX, ListQuery, Page, Permission, ShippingMethodId};

use crate::channels::Channels;

pub use entity::{
    NewShippingMethod, ShippableOrder, ShippingMethod, ShippingMethodChanges, ShippingMethodText,
    ShippingMethodTextChanges, ShippingMethodTranslation, ShippingPrice, ShippingQuote, ShippingSetup,
};
pub use error::ShippingError;
pub use rules::{CALCULATORS, CHECKERS, FULFILLMENT_HANDLERS, MANUAL_FULFILLMENT};

const CACHED_CHANNELS_MAX: usize = 10_000;
const READ: &[Permission] = &[Permission::ReadSettings, Permission::ReadShippingMethod];
const CREATE: &[Permission] = &[Permission::CreateSettings, Permission::CreateShippingMethod];
const UPDATE: &[Permission] = &[Permission::UpdateSettings, Permission::UpdateShippingMethod];
const DELETE: &[Permission] = &[Permission::DeleteSettings, Permission::DeleteShippingMethod];

/// The use cases of shipping.
#[derive(Debug, Clone)]
pub struct Shipping {
    database: Database,
    clock: Clock,
    setups: Arc<RevisionCache<ShippingSetup>>,
}

impl Shipping {
    /// The service over this store.
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock, setups: Arc::new(RevisionCache::new(CACHED_CHANNELS_MAX)) }
    }

    /// How the cache of channels' configuration does.
    pub fn cache_stats(&self) -> CacheStats {
        self.setups.stats()
    }

    /// The channel's methods, ready to quote.
    ///
    /// # Errors
    /// A failing store.
    pub async fn setup(&self, actor: &Actor) -> Result<Arc<ShippingSetup>, ShippingError> {
        let scope = actor.public_scope();
        let prices_include_tax = actor.channel.prices_include_tax;
        let load = self.database.read(scope, async |reader| {
            let methods = repo::methods(reader, scope).await?;
            ShippingSetup::try_new(methods, prices_include_tax)
        });
        self.setups.get(actor.channel.id, actor.channel.revision, load).await
    }

    /// The checkers that a method can have.
    ///
    /// # Errors
    /// [`ShippingError::Forbidden`].
    pub fn checkers(&self, actor: &Actor) -> Result<&'static [OperationDefinition], ShippingError> {
        actor.require_any(READ)?;
        Ok(CHECKERS)
    }

    /// The calculators that a method can have.
    ///
    /// # Errors
    /// [`ShippingError::Forbidden`].
    pub fn calculators(&self, actor: &Actor) -> Result<&'static [OperationDefinition], ShippingError> {
        actor.require_any(READ)?;
        Ok(CALCULATORS)
    }

    /// The fulfillment handlers that a method can name.
    ///
    /// # Errors
    /// [`ShippingError::Forbidden`].
    pub fn fulfillment_handlers(
        &self,
        actor: &Actor,
    ) -> Result<&'static [OperationDefinition], ShippingError> {
        actor.require_any(READ)?;
        Ok(FULFILLMENT_HANDLERS)
    }

    /// A page of the channel's methods.
    ///
    /// # Errors
    /// [`ShippingError`].
    pub async fn list(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<ShippingMethod>, ShippingError> {
        let scope = actor.require_any(READ)?;
        self.database.read(scope, async |reader| repo::list(reader, scope, query).await).await
    }

    /// A method of the channel.
    ///
    /// # Errors
    /// [`ShippingError`].
    pub async fn find(
        &self,
        actor: &Actor,
        id: ShippingMethodId,
    ) -> Result<Option<ShippingMethod>, ShippingError> {
        let scope = actor.require_any(READ)?;
        Ok(self.database.read(scope, async |reader| repo::find(reader, scope, id).await).await?)
    }

    /// Methods by id, deleted ones included, for orders that the caller has been shown. Two statements.
    ///
    /// # Errors
    /// A failing store.
    pub async fn by_ids(
        &self,
        actor: &Actor,
        ids: &[ShippingMethodId],
    ) -> Result<Vec<ShippingMethod>, ShippingError> {
        let scope = actor.public_scope();
        Ok(self.database.read(scope, async |reader| repo::by_ids(reader, scope, ids).await).await?)
    }

    /// Creates a method.
    ///
    /// # Errors
    /// A code in use or malformed, no name, an unknown checker, calculator or fulfillment handler, or arguments that it
    /// does not take.
    pub async fn create(
        &self,
        actor: &Actor,
        new: NewShippingMethod,
    ) -> Result<ShippingMethod, ShippingError> {
        let scope = actor.require_any(CREATE)?;
        new.check()?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let id = repo::insert(tx, scope, &new, now).await?;
                Channels::touch_in_tx(tx, scope, now).await?;
                repo::find(tx, scope, id).await?.ok_or(ShippingError::NotFound(id))
            })
            .await
    }

    /// Changes a method.
    ///
    /// # Errors
    /// As for [`Self::create`]; also an unknown id.
    pub async fn update(
        &self,
        actor: &Actor,
        id: ShippingMethodId,
        changes: ShippingMethodChanges,
    ) -> Result<ShippingMethod, ShippingError> {
        let scope = actor.require_any(UPDATE)?;
        changes.check()?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let mut method = repo::find(tx, scope, id).await?.ok_or(ShippingError::NotFound(id))?;
                let texts = method.apply(changes)?;
                repo::update(tx, scope, &method, &texts, now).await?;
                Channels::touch_in_tx(tx, scope, now).await?;
                repo::find(tx, scope, id).await?.ok_or(ShippingError::NotFound(id))
            })
            .await
    }

    /// Deletes methods, all or none. Orders that chose them keep them.
    ///
    /// # Errors
    /// An unknown id.
    pub async fn delete(&self, actor: &Actor, ids: Vec<ShippingMethodId>) -> Result<(), ShippingError> {
        let scope = actor.require_any(DELETE)?;
        if ids.len() > IDS_MAX {
            return Err(ShippingError::TooMany);
        }
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let deleted = repo::delete(tx, scope, &ids, now).await?;
                if let Some(unknown) = ids.iter().find(|id| !deleted.contains(id)) {
                    return Err(ShippingError::NotFound(*unknown));
                }
                Ok(Channels::touch_in_tx(tx, scope, now).await?)
            })
            .await
    }
}
