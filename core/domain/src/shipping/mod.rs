//! Shipping: the ways to deliver that a shop offers, for which orders, at which price.
//!
//! Invariants: a method's checker and calculator are checked when it is saved, so that quoting cannot fail; a price is
//! an integer and never negative; deleted methods keep their rows, because orders name them.
//!
//! To add a calculator or checker: a variant in `rules.rs` with its arguments.

mod entity;
mod error;
mod repo;
mod rules;

use std::sync::Arc;

use soko_infra::{Database, RevisionCache};
use soko_kernel::{Actor, Clock, ListQuery, Page, Permission, ShippingMethodId};

use crate::channels::Channels;

pub use entity::{
    NewShippingMethod, ShippableOrder, ShippingMethod, ShippingMethodChanges, ShippingMethodText,
    ShippingMethodTranslation, ShippingQuote, ShippingSetup,
};
pub use error::ShippingError;
pub use rules::{CALCULATORS, CHECKERS};

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
    /// A code in use or malformed, no name, an unknown checker or calculator, or arguments that it does not take.
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
                let texts = method.apply(changes);
                repo::update(tx, scope, &method, &texts, now).await?;
                Channels::touch_in_tx(tx, scope, now).await?;
                repo::find(tx, scope, id).await?.ok_or(ShippingError::NotFound(id))
            })
            .await
    }

    /// Deletes a method. Orders that chose it keep it.
    ///
    /// # Errors
    /// An unknown id.
    pub async fn delete(&self, actor: &Actor, id: ShippingMethodId) -> Result<(), ShippingError> {
        let scope = actor.require_any(DELETE)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                if !repo::delete(tx, scope, id, now).await? {
                    return Err(ShippingError::NotFound(id));
                }
                Ok(Channels::touch_in_tx(tx, scope, now).await?)
            })
            .await
    }
}
