//! Which slug a thing would get.

use async_graphql::{Context, InputObject, Object};
use soko_domain::catalogue::SlugOf;
use soko_kernel::ErrorKind;

use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult};
use crate::scalars::Id;

/// What a slug is wanted for.
#[derive(InputObject)]
#[graphql(name = "SlugForEntityInput")]
pub struct SlugForEntityInput {
    /// `Product` or `Collection`.
    pub entity_name: String,
    /// `slug`.
    pub field_name: String,
    /// The text that becomes a slug, such as a name.
    pub input_value: String,
    /// The thing itself, which may keep its slug; a new one when absent.
    pub entity_id: Option<Id>,
}

impl SlugForEntityInput {
    fn of(&self) -> ApiResult<SlugOf> {
        match (self.entity_name.as_str(), self.field_name.as_str()) {
            ("Product", "slug") => Ok(SlugOf::Product(self.entity_id.map(Into::into))),
            ("Collection", "slug") => Ok(SlugOf::Collection(self.entity_id.map(Into::into))),
            _ => Err(ApiError::new(ErrorKind::InvalidInput, "products and collections have a slug")),
        }
    }
}

/// Queries of slugs.
#[derive(Default)]
pub struct SlugQuery;

#[Object]
impl SlugQuery {
    /// The slug that a text would become, numbered where another thing has it.
    async fn slug_for_entity(&self, context: &Context<'_>, input: SlugForEntityInput) -> ApiResult<String> {
        let request = context.request();
        Ok(request.catalogue().free_slug(&request.actor(), input.of()?, &input.input_value).await?)
    }
}
