//! Option groups and options: creating, changing and deleting them, and giving groups to products.

mod entity;
mod read;
pub(super) mod repo;

use soko_infra::{DatabaseError, Tx};
use soko_kernel::{Actor, OptionGroupId, OptionId, Permission, ProductId};

pub use entity::{NewOption, NewOptionGroup, OptionChanges, OptionGroup, ProductOption};

use super::error::{CatalogueError, Thing};
use super::product::Product;
use super::translation::repo::{OPTION_GROUP_NAMES, OPTION_NAMES, names_of, put_names};
use super::translation::{changed_names, new_names, with_ids};
use super::{Catalogue, Writing, check_count, product, text};

impl Catalogue {
    /// Creates an option group with its options. No product has it yet.
    ///
    /// # Errors
    /// No name or code.
    pub async fn create_option_group(
        &self,
        actor: &Actor,
        new: NewOptionGroup,
    ) -> Result<OptionGroup, CatalogueError> {
        let scope = actor.require_any(&[Permission::CreateProduct, Permission::CreateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                let code = text::name("code", &new.code)?;
                let names = new_names(&new.translations)?;
                let ids = repo::insert_groups(tx, scope, &[code], writing.now).await?;
                let id = first(&ids)?;
                let names = with_ids(&ids, vec![names]);
                put_names(tx, scope, OPTION_GROUP_NAMES, names, writing.now).await?;
                create_options_in_tx(tx, writing, id, &new.options).await?;
                get_group(tx, writing, id).await
            })
            .await
    }

    /// Changes an option group.
    ///
    /// # Errors
    /// A group that the channel does not have, or an empty name or code.
    pub async fn update_option_group(
        &self,
        actor: &Actor,
        id: OptionGroupId,
        changes: OptionChanges,
    ) -> Result<OptionGroup, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateProduct, Permission::UpdateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                let code = changes.code.as_deref().map(|code| text::name("code", code)).transpose()?;
                if !repo::update_group(tx, scope, id, code, writing.now).await? {
                    return Err(CatalogueError::not_found(Thing::ProductOptionGroup, id));
                }
                let present = names_of(tx, scope, OPTION_GROUP_NAMES, vec![id.0]).await?;
                let present = present.get(&id.0).map(Vec::as_slice).unwrap_or_default();
                let names = changed_names(&changes.translations, present)?;
                put_names(tx, scope, OPTION_GROUP_NAMES, with_ids(&[id], vec![names]), writing.now).await?;
                get_group(tx, writing, id).await
            })
            .await
    }

    /// Deletes option groups with their options: those that nothing uses, and with `force` also those of products and
    /// variants, which then lose them. Answers for each group in the given order: `Err` with
    /// [`CatalogueError::OptionGroupInUse`] for one that stays.
    ///
    /// # Errors
    /// A group that the channel does not have; then all of them stay.
    pub async fn delete_option_groups(
        &self,
        actor: &Actor,
        ids: Vec<OptionGroupId>,
        force: bool,
    ) -> Result<Vec<Result<(), CatalogueError>>, CatalogueError> {
        let scope = actor.require_any(&[Permission::DeleteProduct, Permission::DeleteCatalog])?;
        check_count(ids.len())?;
        self.database
            .write(scope, async move |tx| {
                let uses = repo::uses_of_groups(tx, scope, &ids).await?;
                let (mut unused, mut outcomes) = (Vec::new(), Vec::with_capacity(ids.len()));
                for id in &ids {
                    let of = uses.get(id).ok_or(CatalogueError::not_found(Thing::ProductOptionGroup, *id))?;
                    let (products, variants) = (of.products, of.variants);
                    if force || (products == 0 && variants == 0) {
                        unused.push(*id);
                        outcomes.push(Ok(()));
                    } else {
                        let code = of.code.clone();
                        outcomes.push(Err(CatalogueError::OptionGroupInUse { code, products, variants }));
                    }
                }
                repo::delete_groups(tx, scope, &unused).await?;
                Ok(outcomes)
            })
            .await
    }

    /// Adds an option to a group.
    ///
    /// # Errors
    /// A group that the channel does not have, or no name or code.
    pub async fn create_option(
        &self,
        actor: &Actor,
        group: OptionGroupId,
        new: NewOption,
    ) -> Result<ProductOption, CatalogueError> {
        let scope = actor.require_any(&[Permission::CreateProduct, Permission::CreateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                get_group(tx, writing, group).await?;
                let ids = create_options_in_tx(tx, writing, group, std::slice::from_ref(&new)).await?;
                get_option(tx, writing, first(&ids)?).await
            })
            .await
    }

    /// Changes an option.
    ///
    /// # Errors
    /// An option that the channel does not have, or an empty name or code.
    pub async fn update_option(
        &self,
        actor: &Actor,
        id: OptionId,
        changes: OptionChanges,
    ) -> Result<ProductOption, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateProduct, Permission::UpdateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                let code = changes.code.as_deref().map(|code| text::name("code", code)).transpose()?;
                if !repo::update_option(tx, scope, id, code, writing.now).await? {
                    return Err(CatalogueError::not_found(Thing::ProductOption, id));
                }
                let present = names_of(tx, scope, OPTION_NAMES, vec![id.0]).await?;
                let present = present.get(&id.0).map(Vec::as_slice).unwrap_or_default();
                let names = changed_names(&changes.translations, present)?;
                put_names(tx, scope, OPTION_NAMES, with_ids(&[id], vec![names]), writing.now).await?;
                get_option(tx, writing, id).await
            })
            .await
    }

    /// Deletes an option that no variant has.
    ///
    /// # Errors
    /// [`CatalogueError::OptionInUse`], or an option that the channel does not have.
    pub async fn delete_option(&self, actor: &Actor, id: OptionId) -> Result<(), CatalogueError> {
        let scope = actor.require_any(&[Permission::DeleteProduct, Permission::DeleteCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                let option = get_option(tx, writing, id).await?;
                let variants = repo::option_use(tx, scope, id).await?;
                if variants > 0 {
                    return Err(CatalogueError::OptionInUse { code: option.code, variants });
                }
                repo::delete_option(tx, scope, id).await?;
                Ok(())
            })
            .await
    }

    /// Gives a product an option group, after those that it has. Variants made from then on need an option of it.
    /// Answers the product.
    ///
    /// # Errors
    /// A product or group that the channel does not have, or one that the product has already.
    pub async fn add_option_group_to_product(
        &self,
        actor: &Actor,
        product: ProductId,
        group: OptionGroupId,
    ) -> Result<Product, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateProduct, Permission::UpdateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                let found = product::get(tx, writing, product).await?;
                get_group(tx, writing, group).await?;
                let position = repo::next_position(tx, scope, product).await?;
                if repo::add_to_products(tx, scope, &[(product, group, position)]).await? == 0 {
                    return Err(CatalogueError::OptionGroupAlreadyAdded);
                }
                Ok(found)
            })
            .await
    }

    /// Takes an option group from a product. With `force` also where its variants have options of it, which then
    /// lose them. Answers the product.
    ///
    /// # Errors
    /// [`CatalogueError::OptionGroupInUse`], or a product that does not have the group.
    pub async fn remove_option_group_from_product(
        &self,
        actor: &Actor,
        product: ProductId,
        group: OptionGroupId,
        force: bool,
    ) -> Result<Product, CatalogueError> {
        let scope = actor.require_any(&[Permission::UpdateProduct, Permission::UpdateCatalog])?;
        let writing = self.writing(actor, scope);
        self.database
            .write(scope, async move |tx| {
                let found = product::get(tx, writing, product).await?;
                let code = get_group(tx, writing, group).await?.code;
                let variants = repo::variants_with_option_of(tx, scope, product, group).await?;
                if !force && variants > 0 {
                    return Err(CatalogueError::OptionGroupInUse { code, products: 1, variants });
                }
                if !repo::remove_from_product(tx, scope, product, group).await? {
                    return Err(CatalogueError::not_found(Thing::ProductOptionGroup, group));
                }
                Ok(found)
            })
            .await
    }
}

async fn create_options_in_tx(
    tx: &mut Tx,
    writing: Writing,
    group: OptionGroupId,
    new: &[NewOption],
) -> Result<Vec<OptionId>, CatalogueError> {
    check_count(new.len())?;
    let (mut options, mut names) = (Vec::with_capacity(new.len()), Vec::with_capacity(new.len()));
    for option in new {
        options.push((group, text::name("code", &option.code)?));
        names.push(new_names(&option.translations)?);
    }
    let ids = repo::insert_options(tx, writing.scope, &options, writing.now).await?;
    put_names(tx, writing.scope, OPTION_NAMES, with_ids(&ids, names), writing.now).await?;
    Ok(ids)
}

async fn get_group(tx: &mut Tx, writing: Writing, id: OptionGroupId) -> Result<OptionGroup, CatalogueError> {
    let found = repo::groups(tx, writing.scope, writing.languages, &[id]).await?;
    found.into_iter().next().ok_or(CatalogueError::not_found(Thing::ProductOptionGroup, id))
}

async fn get_option(tx: &mut Tx, writing: Writing, id: OptionId) -> Result<ProductOption, CatalogueError> {
    let found = repo::options(tx, writing.scope, writing.languages, &[id]).await?;
    found.into_iter().next().ok_or(CatalogueError::not_found(Thing::ProductOption, id))
}

fn first<I: Copy>(ids: &[I]) -> Result<I, DatabaseError> {
    ids.first().copied().ok_or_else(|| DatabaseError::corrupt("inserted row", "no id"))
}
