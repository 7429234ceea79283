//! The use cases of tax categories and rates.

use soko_infra::Tx;
use soko_kernel::{
    Actor, ChannelScope, Deletion, ListQuery, Page, Permission, TaxCategoryId, TaxRateId, Timestamp,
};

use super::entity::{self, NewTaxRate, TaxCategory, TaxRate, TaxRateChanges};
use super::error::TaxError;
use super::places::deleted;
use super::{Tax, check_count, found, not_found, repo};

const READ_CATEGORIES: &[Permission] = &[Permission::ReadSettings, Permission::ReadTaxCategory];
const CREATE_CATEGORIES: &[Permission] = &[Permission::CreateSettings, Permission::CreateTaxCategory];
const UPDATE_CATEGORIES: &[Permission] = &[Permission::UpdateSettings, Permission::UpdateTaxCategory];
const DELETE_CATEGORIES: &[Permission] = &[Permission::DeleteSettings, Permission::DeleteTaxCategory];
const READ_RATES: &[Permission] = &[Permission::ReadSettings, Permission::ReadTaxRate];
const CREATE_RATES: &[Permission] = &[Permission::CreateSettings, Permission::CreateTaxRate];
const UPDATE_RATES: &[Permission] = &[Permission::UpdateSettings, Permission::UpdateTaxRate];
const DELETE_RATES: &[Permission] = &[Permission::DeleteSettings, Permission::DeleteTaxRate];

impl Tax {
    /// A page of the channel's tax categories.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn list_categories(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<TaxCategory>, TaxError> {
        let scope = actor.require_any(READ_CATEGORIES)?;
        self.database
            .read(scope, async |reader| repo::rates::list_categories(reader, scope, query).await)
            .await
    }

    /// A tax category of the channel.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn find_category(
        &self,
        actor: &Actor,
        id: TaxCategoryId,
    ) -> Result<Option<TaxCategory>, TaxError> {
        let scope = actor.require_any(READ_CATEGORIES)?;
        self.database
            .read(scope, async |reader| Ok(repo::rates::find_category(reader, scope, id).await?))
            .await
    }

    /// Creates a category. As the default it takes the place of the one before.
    ///
    /// # Errors
    /// A name in use or empty.
    pub async fn create_category(
        &self,
        actor: &Actor,
        name: String,
        is_default: bool,
    ) -> Result<TaxCategory, TaxError> {
        let scope = actor.require_any(CREATE_CATEGORIES)?;
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
    ) -> Result<TaxCategory, TaxError> {
        entity::check_name(name)?;
        if is_default {
            repo::rates::clear_default_category(tx, scope, now).await?;
        }
        repo::rates::insert_category(tx, scope, name, is_default, now).await
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
    ) -> Result<TaxCategory, TaxError> {
        let scope = actor.require_any(UPDATE_CATEGORIES)?;
        name.as_deref().map_or(Ok(()), entity::check_name)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            if is_default == Some(true) {
                repo::rates::clear_default_category(tx, scope, now).await?;
            }
            let name = name.as_deref();
            let changed = repo::rates::update_category(tx, scope, id, name, is_default, now).await?;
            changed.ok_or_else(|| not_found("tax category", id))
        })
        .await
    }

    /// Removes categories that neither a rate nor a variant names; variants that are deleted count, because orders
    /// show them. What became of each, in order of `ids`.
    ///
    /// # Errors
    /// An unknown category; then all of them stay.
    pub async fn delete_categories(
        &self,
        actor: &Actor,
        ids: Vec<TaxCategoryId>,
    ) -> Result<Vec<Deletion>, TaxError> {
        let scope = actor.require_any(DELETE_CATEGORIES)?;
        check_count(&ids)?;
        self.change(scope, async move |tx: &mut Tx, _: Timestamp| {
            let uses = repo::rates::category_uses(tx, scope, &ids).await?;
            let outcomes = ids.iter().map(|id| {
                let used = uses.iter().find(|used| used.id == *id);
                let used = used.ok_or_else(|| not_found("tax category", id))?;
                let users = [("tax rates", used.rates), ("product variants", used.variants)];
                Ok(Deletion::unless_used("tax category", &users))
            });
            let outcomes = outcomes.collect::<Result<Vec<_>, TaxError>>()?;
            repo::delete(tx, scope, repo::Row::Category, &deleted(&ids, &outcomes)).await?;
            Ok(outcomes)
        })
        .await
    }

    /// A page of the channel's tax rates.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn list_rates(&self, actor: &Actor, query: &ListQuery) -> Result<Page<TaxRate>, TaxError> {
        let scope = actor.require_any(READ_RATES)?;
        self.database.read(scope, async |reader| repo::rates::list_rates(reader, scope, query).await).await
    }

    /// A tax rate of the channel.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn find_rate(&self, actor: &Actor, id: TaxRateId) -> Result<Option<TaxRate>, TaxError> {
        let scope = actor.require_any(READ_RATES)?;
        self.database.read(scope, async |reader| Ok(repo::rates::find_rate(reader, scope, id).await?)).await
    }

    /// Creates a rate.
    ///
    /// # Errors
    /// An unknown category, zone or group, or an empty name.
    pub async fn create_rate(&self, actor: &Actor, new: NewTaxRate) -> Result<TaxRate, TaxError> {
        let scope = actor.require_any(CREATE_RATES)?;
        entity::check_name(&new.name)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            repo::rates::check_references(tx, scope, &new).await?;
            repo::rates::insert_rate(tx, scope, &new, now).await
        })
        .await
    }

    /// Changes a rate.
    ///
    /// # Errors
    /// An unknown rate, category, zone or group, or an empty name.
    pub async fn update_rate(
        &self,
        actor: &Actor,
        id: TaxRateId,
        changes: TaxRateChanges,
    ) -> Result<TaxRate, TaxError> {
        let scope = actor.require_any(UPDATE_RATES)?;
        changes.name.as_deref().map_or(Ok(()), entity::check_name)?;
        self.change(scope, async move |tx: &mut Tx, now: Timestamp| {
            let rate = repo::rates::find_rate(tx, scope, id).await?;
            let changed = rate.ok_or_else(|| not_found("tax rate", id))?.changed(changes);
            repo::rates::check_references(tx, scope, &changed).await?;
            repo::rates::update_rate(tx, scope, id, &changed, now).await
        })
        .await
    }

    /// Removes rates. Orders keep the rates that they were priced with.
    ///
    /// # Errors
    /// An unknown rate; then all of them stay.
    pub async fn delete_rates(&self, actor: &Actor, ids: Vec<TaxRateId>) -> Result<(), TaxError> {
        let scope = actor.require_any(DELETE_RATES)?;
        check_count(&ids)?;
        self.change(scope, async move |tx: &mut Tx, _: Timestamp| {
            let known = repo::rates::known_rates(tx, scope, &ids).await?;
            ids.iter().try_for_each(|id| found(known.contains(id), "tax rate", id))?;
            repo::delete(tx, scope, repo::Row::Rate, &known.iter().map(|id| id.0).collect::<Vec<_>>()).await
        })
        .await
    }
}
