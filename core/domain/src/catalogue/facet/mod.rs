//! Facets and facet values: creating, changing and deleting them.

mod entity;
mod read;
pub(super) mod repo;

use std::collections::HashMap;

use soko_infra::{DatabaseError, Tx};
use soko_kernel::{Actor, FacetId, FacetValueId, Permission, ProductId, VariantId};

pub use entity::{
    Facet, FacetChanges, FacetDeletion, FacetValue, FacetValueChanges, NewFacet, NewFacetValue,
};

use self::entity::FacetUse;
use self::repo::removal;
use super::audience::Audience;
use super::error::{CatalogueError, Thing};
use super::translation::repo::{FACET_NAMES, FACET_VALUE_NAMES, names_of, put_names};
use super::translation::{changed_names, new_names, with_ids};
use super::{Catalogue, Writing, batch, check_count, collection, product, search, text};
use crate::channels::Channels;

impl Catalogue {
    /// Creates a facet with its values.
    ///
    /// # Errors
    /// No name, or a code that is taken.
    pub async fn create_facet(&self, actor: &Actor, new: NewFacet) -> Result<Facet, CatalogueError> {
        let scope = actor.require_any(&[Permission::CreateFacet, Permission::CreateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                let code = text::name("code", &new.code)?;
                let names = new_names(&new.translations)?;
                let ids = repo::insert_facets(tx, scope, &[(code, new.is_private)], writing.now).await?;
                let id = *ids.first().ok_or_else(|| DatabaseError::corrupt("inserted facet", "no id"))?;
                put_names(tx, scope, FACET_NAMES, with_ids(&ids, vec![names]), writing.now).await?;
                let value = |(code, translations)| NewFacetValue { facet_id: id, code, translations };
                let values: Vec<NewFacetValue> = new.values.into_iter().map(value).collect();
                create_values_in_tx(tx, writing, &values).await?;
                get_facet(tx, writing, id).await
            })
            .await
    }

    /// Changes a facet.
    ///
    /// # Errors
    /// A facet that the channel does not have, an empty name, or a code that is taken.
    pub async fn update_facet(
        &self,
        actor: &Actor,
        id: FacetId,
        changes: FacetChanges,
    ) -> Result<Facet, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateFacet, Permission::UpdateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                let code = changes.code.as_deref().map(|code| text::name("code", code)).transpose()?;
                let before = get_facet(tx, writing, id).await?;
                let row = (code, changes.is_private);
                if !repo::update_facet(tx, scope, id, row, writing.now).await? {
                    return Err(CatalogueError::not_found(Thing::Facet, id));
                }
                Channels::touch_in_tx(tx, scope, writing.now).await?;
                let present = names_of(tx, scope, FACET_NAMES, vec![id.0]).await?;
                let present = present.get(&id.0).map(Vec::as_slice).unwrap_or_default();
                let names = changed_names(&changes.translations, present)?;
                put_names(tx, scope, FACET_NAMES, with_ids(&[id], vec![names]), writing.now).await?;
                let facet = get_facet(tx, writing, id).await?;
                if facet.is_private != before.is_private {
                    let values = values_of(tx, writing, &[id]).await?;
                    let values: Vec<FacetValueId> = values.into_values().flatten().collect();
                    let users = removal::usage(tx, scope, &values).await?.of(&values);
                    search::index_products_in_tx(tx, writing, &users.all_products()).await?;
                }
                Ok(facet)
            })
            .await
    }

    /// Deletes facets with their values. Those of which products or variants have values stay, unless `force` is set:
    /// then these lose them. Answers what came of each, in the given order.
    ///
    /// # Errors
    /// A facet that the channel does not have; then none is deleted.
    pub async fn delete_facets(
        &self,
        actor: &Actor,
        ids: Vec<FacetId>,
        force: bool,
    ) -> Result<Vec<FacetDeletion>, CatalogueError> {
        let scope = actor.require_any(&[Permission::DeleteFacet, Permission::DeleteCatalog])?;
        let writing = self.writing(actor, scope);
        check_count(ids.len())?;
        self.database
            .write(scope, async move |tx| {
                let facets = get_facets(tx, writing, &ids).await?;
                let values = values_of(tx, writing, &ids).await?;
                let all: Vec<FacetValueId> = values.values().flatten().copied().collect();
                let usage = removal::usage(tx, scope, &all).await?;
                let decide = |facet: &Facet| {
                    let users = usage.of(values.get(&facet.id).into_iter().flatten());
                    FacetDeletion::decide(facet.code.clone(), &users, force)
                };
                let outcome: Vec<FacetDeletion> = facets.iter().map(decide).collect();
                let gone = deleted(&ids, &outcome);
                let gone_values: Vec<FacetValueId> =
                    gone.iter().filter_map(|id| values.get(id)).flatten().copied().collect();
                delete_values_in_tx(tx, writing, &gone_values, &usage).await?;
                removal::delete_facets(tx, scope, &gone).await?;
                Ok(outcome)
            })
            .await
    }

    /// Creates facet values, all or none. Answers them in the given order.
    ///
    /// # Errors
    /// A facet that the channel does not have, no name, or a code that is taken.
    pub async fn create_facet_values(
        &self,
        actor: &Actor,
        new: Vec<NewFacetValue>,
    ) -> Result<Vec<FacetValue>, CatalogueError> {
        let scope = actor.require_any(&[Permission::CreateFacet, Permission::CreateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                let ids = create_values_in_tx(tx, writing, &new).await?;
                get_values(tx, writing, &ids).await
            })
            .await
    }

    /// Changes facet values, all or none. Answers them in the given order.
    ///
    /// # Errors
    /// A value that the channel does not have, an empty name, or a code that is taken.
    pub async fn update_facet_values(
        &self,
        actor: &Actor,
        changes: Vec<FacetValueChanges>,
    ) -> Result<Vec<FacetValue>, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateFacet, Permission::UpdateCatalog])?;
        let writing = self.writing(actor, scope);
        check_count(changes.len())?;
        self.database
            .write(scope, async move |tx| {
                let ids: Vec<FacetValueId> = changes.iter().map(|change| change.id).collect();
                update_values(tx, writing, &ids, &changes).await?;
                let users = removal::usage(tx, scope, &ids).await?.of(&ids);
                search::index_products_in_tx(tx, writing, &users.all_products()).await?;
                get_values(tx, writing, &ids).await
            })
            .await
    }

    /// Deletes facet values. Those that products or variants have stay, unless `force` is set: then these lose them.
    /// Answers what came of each, in the given order.
    ///
    /// # Errors
    /// A value that the channel does not have; then none is deleted.
    pub async fn delete_facet_values(
        &self,
        actor: &Actor,
        ids: Vec<FacetValueId>,
        force: bool,
    ) -> Result<Vec<FacetDeletion>, CatalogueError> {
        let scope = actor.require_any(&[Permission::DeleteFacet, Permission::DeleteCatalog])?;
        let writing = self.writing(actor, scope);
        check_count(ids.len())?;
        self.database
            .write(scope, async move |tx| {
                let rows = repo::get_own_rows(tx, scope, &ids).await?;
                let usage = removal::usage(tx, scope, &ids).await?;
                let decide = |id: &FacetValueId| {
                    let row = rows.get(id)?;
                    Some(FacetDeletion::decide(row.code.clone(), &usage.of([id]), force))
                };
                let outcome: Vec<FacetDeletion> = ids.iter().filter_map(decide).collect();
                delete_values_in_tx(tx, writing, &deleted(&ids, &outcome), &usage).await?;
                Ok(outcome)
            })
            .await
    }
}

async fn create_values_in_tx(
    tx: &mut Tx,
    writing: Writing,
    new: &[NewFacetValue],
) -> Result<Vec<FacetValueId>, CatalogueError> {
    let scope = writing.scope;
    check_count(new.len())?;
    let facets: Vec<FacetId> = new.iter().map(|value| value.facet_id).collect();
    let found = repo::facets(tx, scope, writing.languages, Audience::Admin, &facets).await?;
    if let Some(id) = facets.iter().find(|id| !found.iter().any(|facet| facet.id == **id)) {
        return Err(CatalogueError::not_found(Thing::Facet, *id));
    }
    let mut codes = repo::value_codes(tx, scope, batch::raw(&facets)).await?;
    let (mut rows, mut names) = (Vec::with_capacity(new.len()), Vec::with_capacity(new.len()));
    for value in new {
        rows.push((value.facet_id, codes.claim(value.facet_id, &value.code)?));
        names.push(new_names(&value.translations)?);
    }
    let ids = repo::insert_values(tx, scope, &rows, writing.now).await?;
    put_names(tx, scope, FACET_VALUE_NAMES, with_ids(&ids, names), writing.now).await?;
    Ok(ids)
}

async fn update_values(
    tx: &mut Tx,
    writing: Writing,
    ids: &[FacetValueId],
    changes: &[FacetValueChanges],
) -> Result<(), CatalogueError> {
    let scope = writing.scope;
    let mut rows = repo::get_own_rows(tx, scope, ids).await?;
    let facets: Vec<i64> = rows.values().map(|row| row.facet_id.0).collect();
    let mut codes = repo::value_codes(tx, scope, facets).await?;
    let present = names_of(tx, scope, FACET_VALUE_NAMES, batch::raw(ids)).await?;
    let mut names = Vec::with_capacity(changes.len());
    for change in changes {
        let known = present.get(&change.id.0).map(Vec::as_slice).unwrap_or_default();
        names.push(changed_names(&change.translations, known)?);
        if let (Some(row), Some(code)) = (rows.get_mut(&change.id), &change.code) {
            codes.release(row.facet_id, &row.code);
            row.code = codes.claim(row.facet_id, code)?;
        }
    }
    // In their order: a code that passes from one value to another is free before it is taken.
    let rows = changes.iter().filter_map(|change| rows.remove(&change.id)).collect();
    repo::update_values(tx, scope, rows, writing.now).await?;
    Channels::touch_in_tx(tx, scope, writing.now).await?;
    put_names(tx, scope, FACET_VALUE_NAMES, with_ids(ids, names), writing.now).await?;
    Ok(())
}

/// Those that go, of things beside what came of each.
fn deleted<I: Copy>(ids: &[I], outcome: &[FacetDeletion]) -> Vec<I> {
    ids.iter().zip(outcome).filter(|(_, deletion)| deletion.is_deleted).map(|(id, _)| *id).collect()
}

/// Deletes values; collections and the index follow.
async fn delete_values_in_tx(
    tx: &mut Tx,
    writing: Writing,
    values: &[FacetValueId],
    usage: &FacetUse,
) -> Result<(), CatalogueError> {
    let scope = writing.scope;
    let users = usage.of(values);
    removal::delete_values(tx, scope, values).await?;
    Channels::touch_in_tx(tx, scope, writing.now).await?;
    let products: Vec<ProductId> = users.products.iter().copied().collect();
    let mut changed: Vec<VariantId> = product::repo::variant_ids(tx, scope, &products).await?;
    changed.extend(users.variants.keys());
    collection::refresh_variants_in_tx(tx, scope, &changed).await?;
    search::index_products_in_tx(tx, writing, &users.all_products()).await
}

async fn get_facet(tx: &mut Tx, writing: Writing, id: FacetId) -> Result<Facet, CatalogueError> {
    let found = repo::facets(tx, writing.scope, writing.languages, Audience::Admin, &[id]).await?;
    found.into_iter().next().ok_or(CatalogueError::not_found(Thing::Facet, id))
}

/// The facets in the given order.
async fn get_facets(tx: &mut Tx, writing: Writing, ids: &[FacetId]) -> Result<Vec<Facet>, CatalogueError> {
    let found = repo::facets(tx, writing.scope, writing.languages, Audience::Admin, ids).await?;
    let found: HashMap<FacetId, Facet> = found.into_iter().map(|facet| (facet.id, facet)).collect();
    let get = |id: &FacetId| found.get(id).cloned().ok_or(CatalogueError::not_found(Thing::Facet, *id));
    ids.iter().map(get).collect()
}

/// The ids of the facets' values.
async fn values_of(
    tx: &mut Tx,
    writing: Writing,
    facets: &[FacetId],
) -> Result<HashMap<FacetId, Vec<FacetValueId>>, CatalogueError> {
    let Writing { scope, languages, .. } = writing;
    let values = repo::values_of_facets(tx, scope, languages, Audience::Admin, facets).await?;
    Ok(batch::group(values.into_iter().map(|value| (value.facet.id, value.id))))
}

async fn get_values(
    tx: &mut Tx,
    writing: Writing,
    ids: &[FacetValueId],
) -> Result<Vec<FacetValue>, CatalogueError> {
    let found = repo::facet_values(tx, writing.scope, writing.languages, Audience::Admin, ids).await?;
    ids.iter()
        .map(|id| {
            let value = found.iter().find(|value| value.id == *id).cloned();
            value.ok_or(CatalogueError::not_found(Thing::FacetValue, *id))
        })
        .collect()
}
