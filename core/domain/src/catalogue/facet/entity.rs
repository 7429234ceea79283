//! Facets and their values.

use std::collections::BTreeSet;
use std::sync::Arc;

use soko_kernel::{FacetId, FacetValueId, Language, Timestamp};

use crate::catalogue::error::CatalogueError;
use crate::catalogue::text;
use crate::catalogue::translation::TranslationInput;

/// A way to classify, such as brand. Its name is in one language.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Facet {
    /// Its id.
    pub id: FacetId,
    /// Whether only administrators see it.
    pub is_private: bool,
    /// The language of the name.
    pub language: Language,
    /// Its code, unique in the channel.
    pub code: String,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One value of a facet. Its name is in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetValue {
    /// Its id.
    pub id: FacetValueId,
    /// What it is a value of.
    pub facet: Arc<Facet>,
    /// The language of the name.
    pub language: Language,
    /// Its code, unique in the facet.
    pub code: String,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a new facet needs.
#[derive(Debug, Clone)]
pub struct NewFacet {
    /// Its code, unique in the channel.
    pub code: String,
    /// Whether only administrators see it.
    pub is_private: bool,
    /// Its name, in at least one language.
    pub translations: Vec<TranslationInput>,
    /// Values that are created with it: code and names.
    pub values: Vec<(String, Vec<TranslationInput>)>,
}

/// What may change of a facet; absent fields stay.
#[derive(Debug, Clone, Default)]
pub struct FacetChanges {
    /// Its code.
    pub code: Option<String>,
    /// Whether only administrators see it.
    pub is_private: Option<bool>,
    /// Names that change.
    pub translations: Vec<TranslationInput>,
}

/// What a new facet value needs.
#[derive(Debug, Clone)]
pub struct NewFacetValue {
    /// What it is a value of.
    pub facet_id: FacetId,
    /// Its code, unique in the facet.
    pub code: String,
    /// Its name, in at least one language.
    pub translations: Vec<TranslationInput>,
}

/// What may change of a facet value; absent fields stay.
#[derive(Debug, Clone)]
pub struct FacetValueChanges {
    /// The value.
    pub id: FacetValueId,
    /// Its code.
    pub code: Option<String>,
    /// Names that change.
    pub translations: Vec<TranslationInput>,
}

/// The codes of facets' values, to keep them unique.
#[derive(Debug, Default)]
pub(super) struct ValueCodes(BTreeSet<(FacetId, String)>);

impl ValueCodes {
    /// The code without white space around it, if the facet has no value with it yet.
    pub(super) fn claim(&mut self, facet: FacetId, code: &str) -> Result<String, CatalogueError> {
        let code = text::name("code", code)?;
        if self.0.insert((facet, code.clone())) { Ok(code) } else { Err(CatalogueError::CodeInUse(code)) }
    }

    /// Frees a code, before its value gets another.
    pub(super) fn release(&mut self, facet: FacetId, code: &str) {
        self.0.remove(&(facet, code.to_owned()));
    }
}

impl FromIterator<(FacetId, String)> for ValueCodes {
    fn from_iter<I: IntoIterator<Item = (FacetId, String)>>(codes: I) -> Self {
        Self(codes.into_iter().collect())
    }
}
