//! Texts of products, variants and options as clients send them.

use async_graphql::InputObject;
use soko_domain::catalogue::SluggedInput;

use crate::scalars::{Id, NoCustomFields};
use crate::shared::enums::LanguageCode;

/// A product's texts in a language; what is absent stays.
#[derive(InputObject)]
#[graphql(name = "ProductTranslationInput")]
pub struct ProductTranslationInput {
    /// Needless: a product has its texts once per language.
    pub id: Option<Id>,
    /// The language.
    pub language_code: LanguageCode,
    /// The name, which a new translation needs.
    pub name: Option<String>,
    /// The name in addresses; made of the name when absent, and numbered where another product has it.
    pub slug: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl From<ProductTranslationInput> for SluggedInput {
    fn from(input: ProductTranslationInput) -> Self {
        Self {
            language: input.language_code.0,
            name: input.name,
            slug: input.slug,
            description: input.description,
        }
    }
}

/// The texts as the catalogue takes them.
pub(super) fn texts<I: Into<T>, T>(inputs: impl IntoIterator<Item = I>) -> Vec<T> {
    inputs.into_iter().map(Into::into).collect()
}
