//! The use cases of countries and zones.

use std::collections::BTreeSet;

use soko_infra::Tx;
use soko_kernel::{Actor, CountryId, Deletion, ListQuery, Page, Permission, Timestamp, ZoneId};

use super::entity::{self, Country, CountryChanges, NewCountry, Zone};
use super::error::TaxError;
use super::{Tax, check_count, found, not_found, repo};

const READ_COUNTRIES: &[Permission] = &[Permission::ReadSettings, Permission::ReadCountry];
const CREATE_COUNTRIES: &[Permission] = &[Permission::CreateSettings, Permission::CreateCountry];
const UPDATE_COUNTRIES: &[Permission] = &[Permission::UpdateSettings, Permission::UpdateCountry];
const DELETE_COUNTRIES: &[Permission] = &[Permission::DeleteSettings, Permission::DeleteCountry];
const READ_ZONES: &[Permission] = &[Permission::ReadSettings, Permission::ReadZone];
const CREATE_ZONES: &[Permission] = &[Permission::CreateSettings, Permission::CreateZone];
const UPDATE_ZONES: &[Permission] = &[Permission::UpdateSettings, Permission::UpdateZone];
const DELETE_ZONES: &[Permission] = &[Permission::DeleteSettings, Permission::DeleteZone];

impl Tax {
    /// A page of the channel's countries, those that are off included. Three statements.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn list_countries(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Country>, TaxError> {
        let scope = actor.require_any(READ_COUNTRIES)?;
        let language = actor.language;
        self.database
            .read(scope, async |reader| repo::places::list_countries(reader, scope, language, query).await)
            .await
    }

    /// A country of the channel.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn find_country(&self, actor: &Actor, id: CountryId) -> Result<Option<Country>, TaxError> {
        let scope = actor.require_any(READ_COUNTRIES)?;
        self.database
            .read(scope, async |reader| Ok(repo::places::find_country(reader, scope, id).await?))
            .await
    }

    /// Adds a country that the channel serves.
    ///
    /// # Errors
    /// As for [`Self::create_countries`].
    pub async fn create_country(&self, actor: &Actor, new: NewCountry) -> Result<Country, TaxError> {
        let scope = actor.require_any(CREATE_COUNTRIES)?;
        new.check()?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            let ids = repo::places::insert_countries(tx, scope, &[new], now).await?;
            let id = ids.first().copied().unwrap_or(CountryId(0));
            repo::places::find_country(tx, scope, id).await?.ok_or_else(|| not_found("country", id))
        })
        .await
    }

    /// Adds countries that the channel serves, in one transaction. Their ids, in order.
    ///
    /// # Errors
    /// A code that is no ISO 3166-1 alpha-2 code, or that the channel has already; no name, an empty one, or two in
    /// one language.
    pub async fn create_countries(
        &self,
        actor: &Actor,
        new: Vec<NewCountry>,
    ) -> Result<Vec<CountryId>, TaxError> {
        let scope = actor.require_any(CREATE_COUNTRIES)?;
        new.iter().try_for_each(NewCountry::check)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            repo::places::insert_countries(tx, scope, &new, now).await
        })
        .await
    }

    /// Changes a country: its names, its code, or whether orders may go there.
    ///
    /// # Errors
    /// As for [`Self::create_countries`]; also an unknown country, and [`TaxError::CodeReferenced`].
    pub async fn update_country(
        &self,
        actor: &Actor,
        id: CountryId,
        changes: CountryChanges,
    ) -> Result<Country, TaxError> {
        let scope = actor.require_any(UPDATE_COUNTRIES)?;
        changes.check()?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            let country = repo::places::find_country(tx, scope, id).await?;
            let country = country.ok_or_else(|| not_found("country", id))?;
            if changes.code.as_ref().is_some_and(|code| *code != country.code) {
                let addresses = repo::places::country_uses(tx, scope, &[id]).await?;
                // Addresses name their country by its code.
                if addresses.iter().any(|(_, count)| *count > 0) {
                    return Err(TaxError::CodeReferenced(country.code));
                }
            }
            repo::places::update_country(tx, scope, id, &changes, now).await?;
            repo::places::find_country(tx, scope, id).await?.ok_or_else(|| not_found("country", id))
        })
        .await
    }

    /// Removes countries that no address is in, also from their zones. What became of each, in order of `ids`.
    ///
    /// # Errors
    /// An unknown country; then all of them stay.
    pub async fn delete_countries(
        &self,
        actor: &Actor,
        ids: Vec<CountryId>,
    ) -> Result<Vec<Deletion>, TaxError> {
        let scope = actor.require_any(DELETE_COUNTRIES)?;
        check_count(&ids)?;
        self.change(scope, async move |tx: &mut Tx, _: Timestamp| {
            let uses = repo::places::country_uses(tx, scope, &ids).await?;
            let outcomes = ids.iter().map(|id| {
                let found = uses.iter().find(|(country, _)| country == id);
                let (_, addresses) = found.ok_or_else(|| not_found("country", id))?;
                Ok(Deletion::unless_used("country", &[("addresses", *addresses)]))
            });
            let outcomes = outcomes.collect::<Result<Vec<_>, TaxError>>()?;
            repo::delete(tx, scope, repo::Row::Country, &deleted(&ids, &outcomes)).await?;
            Ok(outcomes)
        })
        .await
    }

    /// A page of the channel's zones. Three statements.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn list_zones(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Zone>, TaxError> {
        let scope = actor.require_any(READ_ZONES)?;
        self.database.read(scope, async |reader| repo::places::list_zones(reader, scope, query).await).await
    }

    /// A zone of the channel.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn find_zone(&self, actor: &Actor, id: ZoneId) -> Result<Option<Zone>, TaxError> {
        let scope = actor.require_any(READ_ZONES)?;
        self.database.read(scope, async |reader| Ok(repo::places::find_zone(reader, scope, id).await?)).await
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
    ) -> Result<Zone, TaxError> {
        let scope = actor.require_any(CREATE_ZONES)?;
        entity::check_name(&name)?;
        check_count(&members)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            let zone = repo::places::insert_zone(tx, scope, &name, now).await?;
            repo::places::add_members(tx, scope, zone, &members).await?;
            repo::places::find_zone(tx, scope, zone).await?.ok_or_else(|| not_found("zone", zone))
        })
        .await
    }

    /// Renames a zone, where a name is given.
    ///
    /// # Errors
    /// An unknown zone, a name in use or empty.
    pub async fn update_zone(
        &self,
        actor: &Actor,
        id: ZoneId,
        name: Option<String>,
    ) -> Result<Zone, TaxError> {
        let scope = actor.require_any(UPDATE_ZONES)?;
        name.as_deref().map_or(Ok(()), entity::check_name)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            found(repo::places::touch_zone(tx, scope, id, name.as_deref(), now).await?, "zone", id)?;
            repo::places::find_zone(tx, scope, id).await?.ok_or_else(|| not_found("zone", id))
        })
        .await
    }

    /// Puts countries into a zone; those that are in it stay.
    ///
    /// # Errors
    /// An unknown zone or country.
    pub async fn add_to_zone(
        &self,
        actor: &Actor,
        id: ZoneId,
        members: Vec<CountryId>,
    ) -> Result<Zone, TaxError> {
        let scope = actor.require_any(UPDATE_ZONES)?;
        check_count(&members)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            found(repo::places::touch_zone(tx, scope, id, None, now).await?, "zone", id)?;
            repo::places::add_members(tx, scope, id, &members).await?;
            repo::places::find_zone(tx, scope, id).await?.ok_or_else(|| not_found("zone", id))
        })
        .await
    }

    /// Takes countries out of a zone; those that are not in it are left alone.
    ///
    /// # Errors
    /// An unknown zone.
    pub async fn remove_from_zone(
        &self,
        actor: &Actor,
        id: ZoneId,
        members: Vec<CountryId>,
    ) -> Result<Zone, TaxError> {
        let scope = actor.require_any(UPDATE_ZONES)?;
        check_count(&members)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            found(repo::places::touch_zone(tx, scope, id, None, now).await?, "zone", id)?;
            repo::places::remove_members(tx, scope, id, &members).await?;
            repo::places::find_zone(tx, scope, id).await?.ok_or_else(|| not_found("zone", id))
        })
        .await
    }

    /// Removes zones that neither a tax rate nor the channel itself names. What became of each, in order of `ids`.
    ///
    /// # Errors
    /// An unknown zone; then all of them stay.
    pub async fn delete_zones(&self, actor: &Actor, ids: Vec<ZoneId>) -> Result<Vec<Deletion>, TaxError> {
        let scope = actor.require_any(DELETE_ZONES)?;
        check_count(&ids)?;
        self.change(scope, async move |tx: &mut Tx, _: Timestamp| {
            let uses = repo::places::zone_uses(tx, scope, &ids).await?;
            let outcomes = ids.iter().map(|id| {
                let used = uses.iter().find(|used| used.id == *id).ok_or_else(|| not_found("zone", id))?;
                Ok(Deletion::unless_used("zone", &[("tax rates", used.rates), ("channels", used.channels)]))
            });
            let outcomes = outcomes.collect::<Result<Vec<_>, TaxError>>()?;
            repo::delete(tx, scope, repo::Row::Zone, &deleted(&ids, &outcomes)).await?;
            Ok(outcomes)
        })
        .await
    }
}

/// Those of the ids whose outcome is that they are deleted, each once.
pub(super) fn deleted<I: Copy + Into<i64>>(ids: &[I], outcomes: &[Deletion]) -> Vec<i64> {
    let decided = ids.iter().zip(outcomes).filter(|(_, outcome)| **outcome == Deletion::Deleted);
    let ids: BTreeSet<i64> = decided.map(|(id, _)| (*id).into()).collect();
    ids.into_iter().collect()
}
