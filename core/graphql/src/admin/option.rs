//! What the variants of a product differ in.

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::catalogue;
use soko_kernel::ErrorKind;

use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};
use crate::shared::channel::Channel;
use crate::shared::enums::LanguageCode;
use crate::shared::loads::each;
use crate::shared::values::{ProductOptionGroupTranslation, ProductOptionTranslation};

/// Something that the variants of a product differ in, such as size.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ProductOptionGroup", complex)]
pub struct ProductOptionGroup {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The language of its name.
    pub language_code: LanguageCode,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Products that have it.
    pub product_count: i64,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<&catalogue::OptionGroup> for ProductOptionGroup {
    fn from(group: &catalogue::OptionGroup) -> Self {
        Self {
            id: group.id.into(),
            created_at: group.created_at.into(),
            updated_at: group.updated_at.into(),
            language_code: LanguageCode(group.language),
            code: group.code.clone(),
            name: group.name.clone(),
            product_count: group.product_count,
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

#[ComplexObject]
impl ProductOptionGroup {
    /// The channel that it belongs to.
    async fn channels(&self, context: &Context<'_>) -> ApiResult<Vec<Channel>> {
        Channel::own(context).await
    }

    /// Its values in order.
    async fn options(&self, context: &Context<'_>) -> ApiResult<Vec<ProductOption>> {
        Ok(each(&context.request().options_of_group(self.id.into()).await?))
    }

    /// Its name in every language.
    async fn translations(&self, context: &Context<'_>) -> ApiResult<Vec<ProductOptionGroupTranslation>> {
        Ok(each(&context.request().translations_of_option_group(self.id.into()).await?))
    }
}

/// One value of an option group.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ProductOption", complex)]
pub struct ProductOption {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The language of its name.
    pub language_code: LanguageCode,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The group that it is a value of.
    pub group_id: Id,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<&catalogue::ProductOption> for ProductOption {
    fn from(option: &catalogue::ProductOption) -> Self {
        Self {
            id: option.id.into(),
            created_at: option.created_at.into(),
            updated_at: option.updated_at.into(),
            language_code: LanguageCode(option.language),
            code: option.code.clone(),
            name: option.name.clone(),
            group_id: option.group_id.into(),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

#[ComplexObject]
impl ProductOption {
    /// The group that it is a value of.
    async fn group(&self, context: &Context<'_>) -> ApiResult<ProductOptionGroup> {
        let group = context.request().option_group(self.group_id.into()).await?;
        let gone = || ApiError::new(ErrorKind::NotFound, "the group of this option is gone");
        group.as_deref().map(ProductOptionGroup::from).ok_or_else(gone)
    }

    /// Its name in every language.
    async fn translations(&self, context: &Context<'_>) -> ApiResult<Vec<ProductOptionTranslation>> {
        Ok(each(&context.request().translations_of_option(self.id.into()).await?))
    }
}

/// A page of option groups.
#[derive(SimpleObject)]
#[graphql(name = "ProductOptionGroupList")]
pub struct ProductOptionGroupList {
    /// This page.
    pub items: Vec<ProductOptionGroup>,
    /// Groups in the whole list.
    pub total_items: i64,
}

/// A page of options.
#[derive(SimpleObject)]
#[graphql(name = "ProductOptionList")]
pub struct ProductOptionList {
    /// This page.
    pub items: Vec<ProductOption>,
    /// Options in the whole list.
    pub total_items: i64,
}
