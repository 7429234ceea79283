//! What administrators ask of option groups and options, and do with them.

use async_graphql::{Context, InputObject, Object, Union};
use soko_domain::catalogue::{CatalogueError, NewOption, NewOptionGroup, OptionChanges};
use soko_kernel::OptionId;

use super::lists::{ProductOptionGroups, ProductOptions};
use super::option::{ProductOption, ProductOptionGroup, ProductOptionGroupList, ProductOptionList};
use super::product::Product;
use super::refusals::ProductOptionInUseError;
use super::translation_input::texts;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{Id, NoCustomFields};
use crate::shared::deletion::DeletionResponse;
use crate::shared::list_options::ListOptions;
use crate::shared::values::ProductOptionGroupTranslationInput;

/// An option to be created with its group.
#[derive(InputObject)]
#[graphql(name = "CreateGroupOptionInput")]
pub struct CreateGroupOptionInput {
    /// Its code.
    pub code: String,
    /// Its name, in at least one language.
    pub translations: Vec<ProductOptionGroupTranslationInput>,
}

/// An option group to be created with its options.
#[derive(InputObject)]
#[graphql(name = "CreateProductOptionGroupInput")]
pub struct CreateProductOptionGroupInput {
    /// Its code.
    pub code: String,
    /// Its name, in at least one language.
    pub translations: Vec<ProductOptionGroupTranslationInput>,
    /// Its options; more can be added later.
    pub options: Option<Vec<CreateGroupOptionInput>>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl From<CreateProductOptionGroupInput> for NewOptionGroup {
    fn from(input: CreateProductOptionGroupInput) -> Self {
        let option = |option: CreateGroupOptionInput| NewOption {
            code: option.code,
            translations: texts(option.translations),
        };
        Self {
            code: input.code,
            translations: texts(input.translations),
            options: input.options.into_iter().flatten().map(option).collect(),
        }
    }
}

/// What changes of an option group; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateProductOptionGroupInput")]
pub struct UpdateProductOptionGroupInput {
    /// The group.
    pub id: Id,
    /// Its code.
    pub code: Option<String>,
    /// Names that change.
    pub translations: Option<Vec<ProductOptionGroupTranslationInput>>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// An option to be added to a group.
#[derive(InputObject)]
#[graphql(name = "CreateProductOptionInput")]
pub struct CreateProductOptionInput {
    /// The group.
    pub product_option_group_id: Id,
    /// Its code.
    pub code: String,
    /// Its name, in at least one language.
    pub translations: Vec<ProductOptionGroupTranslationInput>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// What changes of an option; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateProductOptionInput")]
pub struct UpdateProductOptionInput {
    /// The option.
    pub id: Id,
    /// Its code.
    pub code: Option<String>,
    /// Names that change.
    pub translations: Option<Vec<ProductOptionGroupTranslationInput>>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// The product without the group.
#[derive(Union)]
#[graphql(name = "RemoveOptionGroupFromProductResult")]
pub enum RemoveOptionGroupFromProductResult {
    Product(Box<Product>),
    ProductOptionInUseError(ProductOptionInUseError),
}

/// Queries of option groups and options.
#[derive(Default)]
pub struct OptionQuery;

#[Object]
impl OptionQuery {
    /// A page of the channel's option groups.
    async fn product_option_groups(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<ProductOptionGroups>>,
    ) -> ApiResult<ProductOptionGroupList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.catalogue().list_option_groups(&request.actor(), &query).await?;
        let items = page.items.iter().map(ProductOptionGroup::from).collect();
        Ok(ProductOptionGroupList { items, total_items: page.total })
    }

    /// An option group.
    async fn product_option_group(&self, context: &Context<'_>, id: Id) -> Nullable<ProductOptionGroup> {
        let group = context.request().option_group(id.into()).await;
        group.map(|group| group.as_deref().map(ProductOptionGroup::from)).transpose()
    }

    /// A page of the options of one group or of all.
    async fn product_options(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<ProductOptions>>,
        group_id: Option<Id>,
    ) -> ApiResult<ProductOptionList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let group = group_id.map(Into::into);
        let page = request.catalogue().list_options(&request.actor(), group, &query).await?;
        let items = page.items.iter().map(ProductOption::from).collect();
        Ok(ProductOptionList { items, total_items: page.total })
    }

    /// An option.
    async fn product_option(&self, context: &Context<'_>, id: Id) -> Nullable<ProductOption> {
        let request = context.request();
        let id = OptionId::from(id);
        let found = request.catalogue().options(&request.actor(), &[id]).await;
        found.map(|found| found.get(&id).map(ProductOption::from)).map_err(ApiError::from).transpose()
    }
}

/// Changes of option groups and options.
#[derive(Default)]
pub struct OptionMutation;

#[Object]
impl OptionMutation {
    /// Creates an option group with its options. No product has it yet.
    async fn create_product_option_group(
        &self,
        context: &Context<'_>,
        input: CreateProductOptionGroupInput,
    ) -> ApiResult<ProductOptionGroup> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let created = request.services.catalogue.create_option_group(&actor, input.into()).await?;
        Ok(ProductOptionGroup::from(&created))
    }

    /// Changes an option group.
    async fn update_product_option_group(
        &self,
        context: &Context<'_>,
        input: UpdateProductOptionGroupInput,
    ) -> ApiResult<ProductOptionGroup> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let translations = texts(input.translations.into_iter().flatten());
        let changes = OptionChanges { code: input.code, translations };
        let changed =
            request.services.catalogue.update_option_group(&actor, input.id.into(), changes).await?;
        Ok(ProductOptionGroup::from(&changed))
    }

    /// Deletes an option group with its options; with `force` also where products and variants have it.
    async fn delete_product_option_group(
        &self,
        context: &Context<'_>,
        id: Id,
        force: Option<bool>,
    ) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let force = force.unwrap_or(false);
        let outcomes =
            request.services.catalogue.delete_option_groups(&actor, vec![id.into()], force).await?;
        DeletionResponse::of(outcomes.into_iter().collect::<Result<(), CatalogueError>>())
    }

    /// Deletes option groups with their options: those that nothing uses, with `force` the others as well. None where
    /// one of them is not there.
    async fn delete_product_option_groups(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
        force: Option<bool>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let (ids, force) = (ids.into_iter().map(Into::into).collect(), force.unwrap_or(false));
        let outcomes = request.services.catalogue.delete_option_groups(&actor, ids, force).await?;
        outcomes.into_iter().map(DeletionResponse::of).collect()
    }

    /// Adds an option to a group.
    async fn create_product_option(
        &self,
        context: &Context<'_>,
        input: CreateProductOptionInput,
    ) -> ApiResult<ProductOption> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let group = input.product_option_group_id.into();
        let new = NewOption { code: input.code, translations: texts(input.translations) };
        Ok(ProductOption::from(&request.services.catalogue.create_option(&actor, group, new).await?))
    }

    /// Changes an option.
    async fn update_product_option(
        &self,
        context: &Context<'_>,
        input: UpdateProductOptionInput,
    ) -> ApiResult<ProductOption> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let translations = texts(input.translations.into_iter().flatten());
        let changes = OptionChanges { code: input.code, translations };
        let changed = request.services.catalogue.update_option(&actor, input.id.into(), changes).await?;
        Ok(ProductOption::from(&changed))
    }

    /// Deletes an option that no variant has.
    async fn delete_product_option(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        DeletionResponse::of(request.services.catalogue.delete_option(&actor, id.into()).await)
    }

    /// Takes an option group from a product; with `force` also where its variants have options of it.
    async fn remove_option_group_from_product(
        &self,
        context: &Context<'_>,
        product_id: Id,
        option_group_id: Id,
        force: Option<bool>,
    ) -> ApiResult<RemoveOptionGroupFromProductResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let (product, group) = (product_id.into(), option_group_id.into());
        let catalogue = &request.services.catalogue;
        let removed =
            catalogue.remove_option_group_from_product(&actor, product, group, force.unwrap_or(false)).await;
        match removed {
            Ok(product) => Ok(RemoveOptionGroupFromProductResult::Product(Box::new(Product::from(&product)))),
            Err(CatalogueError::OptionGroupInUse { code, variants, .. }) => {
                let refusal = ProductOptionInUseError::new(code, variants);
                Ok(RemoveOptionGroupFromProductResult::ProductOptionInUseError(refusal))
            }
            Err(error) => Err(error.into()),
        }
    }
}
