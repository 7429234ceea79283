//! Taxes, and the places they depend on: countries that a channel serves, zones of them, categories and rates.
//!
//! Invariants: rates are whole parts per million; a category without a rate in a zone is not taxed there; at most one
//! category is the default. Everything is configuration: it is cached whole per channel and revision.

mod entity;
mod error;
mod repo;

use std::sync::Arc;

use soko_infra::{Database, RevisionCache, Tx};
use soko_kernel::{
    Actor, ChannelScope, Clock, CountryId, Permission, TaxCategoryId, TaxRateId, Timestamp, ZoneId,
};

use crate::channels::Channels;

pub use entity::{
    AppliedRate, Country, CountryName, NewCountry, NewTaxRate, TaxCategory, TaxRate, TaxSetup, Zone,
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

    /// The channel's countries, zones, categories and rates.
    ///
    /// # Errors
    /// A failing store.
    pub async fn setup(&self, actor: &Actor) -> Result<Arc<TaxSetup>, TaxError> {
        let scope = actor.public_scope();
        let load = self.database.read(scope, async |reader| repo::setup(reader, scope).await);
        self.setups.get(actor.channel.id, actor.channel.revision, load).await
    }

    /// The same for administrators, who must be allowed to read settings.
    ///
    /// # Errors
    /// [`TaxError::Forbidden`].
    pub async fn setup_for_administrator(&self, actor: &Actor) -> Result<Arc<TaxSetup>, TaxError> {
        actor.require_any(&[
            Permission::ReadSettings,
            Permission::ReadTaxRate,
            Permission::ReadTaxCategory,
            Permission::ReadZone,
            Permission::ReadCountry,
        ])?;
        self.setup(actor).await
    }

    /// Adds countries that the channel serves.
    ///
    /// # Errors
    /// A code that is no ISO 3166-1 alpha-2 code, or that the channel has already.
    pub async fn create_countries(
        &self,
        actor: &Actor,
        new: Vec<NewCountry>,
    ) -> Result<Vec<CountryId>, TaxError> {
        let scope = actor.require_any(&[Permission::CreateSettings, Permission::CreateCountry])?;
        new.iter().try_for_each(NewCountry::check)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            repo::insert_countries(tx, scope, &new, now).await
        })
        .await
    }

    /// Says whether the channel serves a country.
    ///
    /// # Errors
    /// An unknown country.
    pub async fn set_country_enabled(
        &self,
        actor: &Actor,
        id: CountryId,
        enabled: bool,
    ) -> Result<(), TaxError> {
        let scope = actor.require_any(&[Permission::UpdateSettings, Permission::UpdateCountry])?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            found(repo::set_country_enabled(tx, scope, id, enabled, now).await?, "country", id)
        })
        .await
    }

    /// Removes a country.
    ///
    /// # Errors
    /// An unknown country.
    pub async fn delete_country(&self, actor: &Actor, id: CountryId) -> Result<(), TaxError> {
        let scope = actor.require_any(&[Permission::DeleteSettings, Permission::DeleteCountry])?;
        self.change(scope, async move |tx: &mut Tx, _: Timestamp| {
            found(repo::delete(tx, scope, repo::Row::Country, id.0).await?, "country", id)
        })
        .await
    }

    /// Creates a zone of these countries.
    ///
    /// # Errors
    /// A name in use or empty, an unknown country.
    pub async fn create_zone(
        &self,
        actor: &Actor,
        name: String,
        members: Vec<CountryId>,
    ) -> Result<ZoneId, TaxError> {
        let scope = actor.require_any(&[Permission::CreateSettings, Permission::CreateZone])?;
        entity::check_name(&name)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            let zone = repo::insert_zone(tx, scope, &name, now).await?;
            repo::add_members(tx, scope, zone, &members).await?;
            Ok(zone)
        })
        .await
    }

    /// Renames a zone, and makes these its members where they are given.
    ///
    /// # Errors
    /// An unknown zone or country, a name in use or empty.
    pub async fn update_zone(
        &self,
        actor: &Actor,
        id: ZoneId,
        name: Option<String>,
        members: Option<Vec<CountryId>>,
    ) -> Result<(), TaxError> {
        let scope = actor.require_any(&[Permission::UpdateSettings, Permission::UpdateZone])?;
        name.as_deref().map_or(Ok(()), entity::check_name)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            found(repo::rename_zone(tx, scope, id, name.as_deref(), now).await?, "zone", id)?;
            if let Some(members) = members {
                repo::clear_members(tx, scope, id).await?;
                repo::add_members(tx, scope, id, &members).await?;
            }
            Ok(())
        })
        .await
    }

    /// Removes a zone.
    ///
    /// # Errors
    /// An unknown zone, or one that a tax rate names.
    pub async fn delete_zone(&self, actor: &Actor, id: ZoneId) -> Result<(), TaxError> {
        let scope = actor.require_any(&[Permission::DeleteSettings, Permission::DeleteZone])?;
        self.change(scope, async move |tx: &mut Tx, _: Timestamp| {
            found(repo::delete(tx, scope, repo::Row::Zone, id.0).await?, "zone", id)
        })
        .await
    }

    /// Creates a category.
    ///
    /// # Errors
    /// A name in use or empty.
    pub async fn create_category(
        &self,
        actor: &Actor,
        name: String,
        is_default: bool,
    ) -> Result<TaxCategoryId, TaxError> {
        let scope = actor.require_any(&[Permission::CreateSettings, Permission::CreateTaxCategory])?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            Self::create_category_in_tx(tx, scope, &name, is_default, now).await
        })
        .await
    }

    /// Creates a category inside another's transaction: provisioning. The caller raises the channel's revision where
    /// the channel has been used before.
    ///
    /// # Errors
    /// A name in use or empty.
    pub async fn create_category_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        name: &str,
        is_default: bool,
        now: Timestamp,
    ) -> Result<TaxCategoryId, TaxError> {
        entity::check_name(name)?;
        if is_default {
            repo::clear_default_category(tx, scope).await?;
        }
        repo::insert_category(tx, scope, name, is_default, now).await
    }

    /// Changes a category; absent values stay.
    ///
    /// # Errors
    /// An unknown category, a name in use or empty.
    pub async fn update_category(
        &self,
        actor: &Actor,
        id: TaxCategoryId,
        name: Option<String>,
        is_default: Option<bool>,
    ) -> Result<(), TaxError> {
        let scope = actor.require_any(&[Permission::UpdateSettings, Permission::UpdateTaxCategory])?;
        name.as_deref().map_or(Ok(()), entity::check_name)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            if is_default == Some(true) {
                repo::clear_default_category(tx, scope).await?;
            }
            let updated = repo::update_category(tx, scope, id, name.as_deref(), is_default, now).await?;
            found(updated, "tax category", id)
        })
        .await
    }

    /// Removes a category.
    ///
    /// # Errors
    /// An unknown category, or one that rates name.
    pub async fn delete_category(&self, actor: &Actor, id: TaxCategoryId) -> Result<(), TaxError> {
        let scope = actor.require_any(&[Permission::DeleteSettings, Permission::DeleteTaxCategory])?;
        self.change(scope, async move |tx: &mut Tx, _: Timestamp| {
            found(repo::delete(tx, scope, repo::Row::Category, id.0).await?, "tax category", id)
        })
        .await
    }

    /// Creates a rate.
    ///
    /// # Errors
    /// An unknown category, zone or group, or an empty name.
    pub async fn create_rate(&self, actor: &Actor, new: NewTaxRate) -> Result<TaxRateId, TaxError> {
        let scope = actor.require_any(&[Permission::CreateSettings, Permission::CreateTaxRate])?;
        entity::check_name(&new.name)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            repo::check_references(tx, scope, &new).await?;
            repo::insert_rate(tx, scope, &new, now).await
        })
        .await
    }

    /// Replaces a rate's facts.
    ///
    /// # Errors
    /// An unknown rate, category, zone or group, or an empty name.
    pub async fn update_rate(&self, actor: &Actor, id: TaxRateId, rate: NewTaxRate) -> Result<(), TaxError> {
        let scope = actor.require_any(&[Permission::UpdateSettings, Permission::UpdateTaxRate])?;
        entity::check_name(&rate.name)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            repo::check_references(tx, scope, &rate).await?;
            found(repo::update_rate(tx, scope, id, &rate, now).await?, "tax rate", id)
        })
        .await
    }

    /// Removes a rate.
    ///
    /// # Errors
    /// An unknown rate.
    pub async fn delete_rate(&self, actor: &Actor, id: TaxRateId) -> Result<(), TaxError> {
        let scope = actor.require_any(&[Permission::DeleteSettings, Permission::DeleteTaxRate])?;
        self.change(scope, async move |tx: &mut Tx, _: Timestamp| {
            found(repo::delete(tx, scope, repo::Row::Rate, id.0).await?, "tax rate", id)
        })
        .await
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
    if changed { Ok(()) } else { Err(TaxError::NotFound(what, id.to_string())) }
}
