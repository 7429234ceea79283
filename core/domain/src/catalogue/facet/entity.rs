//! Facets and their values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use soko_kernel::{FacetId, FacetValueId, Language, ProductId, Timestamp, VariantId};

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

/// What came of deleting a facet or a facet value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetDeletion {
    /// Its code.
    pub code: String,
    /// Products that have it, or had it until now.
    pub products: usize,
    /// Variants that have it, or had it until now.
    pub variants: usize,
    /// Whether it is gone: nothing had it, or that was to make no difference.
    pub is_deleted: bool,
}

impl FacetDeletion {
    /// Whether a facet or value with this use goes.
    pub(super) fn decide(code: String, users: &Users, force: bool) -> Self {
        let (products, variants) = (users.products.len(), users.variants.len());
        Self { code, products, variants, is_deleted: force || (products == 0 && variants == 0) }
    }

    /// Whether products or variants have it, or had it until now.
    pub fn is_used(&self) -> bool {
        self.products > 0 || self.variants > 0
    }
}

/// Who has some facet values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Users {
    /// Products that have one themselves.
    pub(super) products: BTreeSet<ProductId>,
    /// Variants that have one themselves, and what they are variants of.
    pub(super) variants: BTreeMap<VariantId, ProductId>,
}

impl Users {
    /// Every product that is concerned, itself or by its variants.
    pub(super) fn all_products(&self) -> Vec<ProductId> {
        self.products.iter().chain(self.variants.values()).copied().collect()
    }
}

/// Who has each of some facet values.
#[derive(Debug, Default)]
pub(super) struct FacetUse(BTreeMap<FacetValueId, Users>);

impl FacetUse {
    /// Who has at least one of these values.
    pub(super) fn of<'v>(&self, values: impl IntoIterator<Item = &'v FacetValueId>) -> Users {
        let mut all = Users::default();
        for users in values.into_iter().filter_map(|value| self.0.get(value)) {
            all.products.extend(&users.products);
            all.variants.extend(&users.variants);
        }
        all
    }
}

impl FromIterator<(FacetValueId, ProductId, Option<VariantId>)> for FacetUse {
    fn from_iter<I: IntoIterator<Item = (FacetValueId, ProductId, Option<VariantId>)>>(rows: I) -> Self {
        let mut by_value: BTreeMap<FacetValueId, Users> = BTreeMap::new();
        for (value, product, variant) in rows {
            let users = by_value.entry(value).or_default();
            match variant {
                Some(variant) => {
                    users.variants.insert(variant, product);
                }
                None => {
                    users.products.insert(product);
                }
            }
        }
        Self(by_value)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_users_once_and_keeps_what_is_used() {
        let rows = [
            (FacetValueId(1), ProductId(5), None),
            (FacetValueId(2), ProductId(5), None),
            (FacetValueId(2), ProductId(6), Some(VariantId(60))),
        ];
        let usage: FacetUse = rows.into_iter().collect();
        let decide = |values: &[i64], force| {
            let values: Vec<FacetValueId> = values.iter().copied().map(FacetValueId).collect();
            let decided = FacetDeletion::decide("colour".to_owned(), &usage.of(&values), force);
            (decided.products, decided.variants, decided.is_deleted)
        };
        assert_eq!(decide(&[1, 2], false), (1, 1, false));
        assert_eq!(decide(&[1, 2], true), (1, 1, true));
        assert_eq!(decide(&[1], false), (1, 0, false));
        assert_eq!(decide(&[3], false), (0, 0, true));
        assert_eq!(usage.of(&[FacetValueId(2)]).all_products(), [ProductId(5), ProductId(6)]);
    }
}
