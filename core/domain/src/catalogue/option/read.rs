//! Reading option groups and options.

use std::collections::HashMap;

use soko_kernel::{Actor, ListQuery, OptionGroupId, OptionId, Page, Permission, ProductId, VariantId};

use super::entity::{OptionGroup, ProductOption};
use super::repo;
use crate::catalogue::audience::CatalogueReads;
use crate::catalogue::batch;
use crate::catalogue::error::CatalogueError;
use crate::catalogue::translation::repo::{OPTION_GROUP_NAMES, OPTION_NAMES, names_of};
use crate::catalogue::translation::{Languages, Translation};

impl CatalogueReads {
    /// A page of the channel's option groups.
    ///
    /// # Errors
    /// A list that cannot be read as asked.
    pub async fn list_option_groups(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<OptionGroup>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        self.database
            .read(scope, async |reader| repo::list_groups(reader, scope, languages, query).await)
            .await
    }

    /// A page of options, of one group where it is named.
    ///
    /// # Errors
    /// A list that cannot be read as asked.
    pub async fn list_options(
        &self,
        actor: &Actor,
        group: Option<OptionGroupId>,
        query: &ListQuery,
    ) -> Result<Page<ProductOption>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        self.database
            .read(scope, async |reader| repo::list_options(reader, scope, languages, group, query).await)
            .await
    }

    /// Option groups by their ids.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn option_groups(
        &self,
        actor: &Actor,
        ids: &[OptionGroupId],
    ) -> Result<HashMap<OptionGroupId, OptionGroup>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        let groups = self
            .database
            .read(scope, async |reader| repo::groups(reader, scope, languages, ids).await)
            .await?;
        Ok(groups.into_iter().map(|group| (group.id, group)).collect())
    }

    /// The option groups of products, in each product's order.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn option_groups_of_products(
        &self,
        actor: &Actor,
        ids: &[ProductId],
    ) -> Result<HashMap<ProductId, Vec<OptionGroup>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        let groups = self
            .database
            .read(scope, async |reader| repo::groups_of_products(reader, scope, languages, ids).await)
            .await?;
        Ok(batch::group(groups))
    }

    /// Options by their ids.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn options(
        &self,
        actor: &Actor,
        ids: &[OptionId],
    ) -> Result<HashMap<OptionId, ProductOption>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        let options = self
            .database
            .read(scope, async |reader| repo::options(reader, scope, languages, ids).await)
            .await?;
        Ok(options.into_iter().map(|option| (option.id, option)).collect())
    }

    /// The options of groups, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn options_of_groups(
        &self,
        actor: &Actor,
        ids: &[OptionGroupId],
    ) -> Result<HashMap<OptionGroupId, Vec<ProductOption>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        let options = self
            .database
            .read(scope, async |reader| repo::options_of_groups(reader, scope, languages, ids).await)
            .await?;
        Ok(batch::group(options.into_iter().map(|option| (option.group_id, option))))
    }

    /// The options of variants, in the order of their groups' ids.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn options_of_variants(
        &self,
        actor: &Actor,
        ids: &[VariantId],
    ) -> Result<HashMap<VariantId, Vec<ProductOption>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let languages = Languages::of(actor);
        let options = self
            .database
            .read(scope, async |reader| repo::options_of_variants(reader, scope, languages, ids).await)
            .await?;
        Ok(batch::group(options))
    }

    /// The names of option groups in every language, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn translations_of_option_groups(
        &self,
        actor: &Actor,
        ids: &[OptionGroupId],
    ) -> Result<HashMap<OptionGroupId, Vec<Translation>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let owners = batch::raw(ids);
        let names = self
            .database
            .read(scope, async |reader| names_of(reader, scope, OPTION_GROUP_NAMES, owners).await)
            .await?;
        Ok(names.into_iter().map(|(id, names)| (OptionGroupId(id), names)).collect())
    }

    /// The names of options in every language, oldest first.
    ///
    /// # Errors
    /// [`CatalogueError::Forbidden`].
    pub async fn translations_of_options(
        &self,
        actor: &Actor,
        ids: &[OptionId],
    ) -> Result<HashMap<OptionId, Vec<Translation>>, CatalogueError> {
        let scope = self.scope(actor, Permission::ReadProduct)?;
        let owners = batch::raw(ids);
        let names = self
            .database
            .read(scope, async |reader| names_of(reader, scope, OPTION_NAMES, owners).await)
            .await?;
        Ok(names.into_iter().map(|(id, names)| (OptionId(id), names)).collect())
    }
}
