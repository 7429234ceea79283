//! What is searched: the texts of a variant in one language.

use std::collections::{BTreeSet, HashMap};

use soko_kernel::{FacetId, FacetValueId, Language, ProductId, VariantId};

use crate::catalogue::translation::{SluggedTranslation, Translation};

/// The texts of a variant in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) product_id: ProductId,
    pub(super) variant_id: VariantId,
    pub(super) language: Language,
    pub(super) product_name: String,
    pub(super) variant_name: String,
    pub(super) sku: String,
    pub(super) facet_values: String,
    pub(super) description: String,
}

/// A variant that is to be found.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Indexed {
    pub(super) variant_id: VariantId,
    pub(super) product_id: ProductId,
    pub(super) sku: String,
}

/// The texts of which documents are made, by the ids of what they belong to.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub(super) products: HashMap<i64, Vec<SluggedTranslation>>,
    pub(super) variants: HashMap<i64, Vec<Translation>>,
    pub(super) facet_values: HashMap<i64, Vec<Translation>>,
    /// The public facet values of each variant and its product.
    pub(super) values_of_variants: HashMap<VariantId, Vec<(FacetValueId, FacetId)>>,
}

impl Texts {
    /// One document for each language that the variant's or its product's name is translated into. What a language
    /// lacks stands in `fallback`, or else in the language that was written first.
    pub(super) fn documents(&self, variant: &Indexed, fallback: Language) -> Vec<Document> {
        let of_product = self.products.get(&variant.product_id.0).map(Vec::as_slice).unwrap_or_default();
        let of_variant = self.variants.get(&variant.variant_id.0).map(Vec::as_slice).unwrap_or_default();
        let values = self.values_of_variants.get(&variant.variant_id).map(Vec::as_slice).unwrap_or_default();
        let languages: BTreeSet<Language> = of_product
            .iter()
            .map(|text| text.language)
            .chain(of_variant.iter().map(|text| text.language))
            .collect();
        let document = |language: Language| {
            let product = shown(of_product, language, fallback, |text| text.language);
            let name = shown(of_variant, language, fallback, |text| text.language);
            let value_name = |(value, _): &(FacetValueId, FacetId)| {
                let names = self.facet_values.get(&value.0)?;
                shown(names, language, fallback, |text| text.language).map(|text| text.name.as_str())
            };
            Document {
                product_id: variant.product_id,
                variant_id: variant.variant_id,
                language,
                product_name: product.map(|text| text.name.clone()).unwrap_or_default(),
                variant_name: name.map(|text| text.name.clone()).unwrap_or_default(),
                sku: variant.sku.clone(),
                facet_values: values.iter().filter_map(value_name).collect::<Vec<_>>().join(" "),
                description: product.map(|text| plain_text(&text.description)).unwrap_or_default(),
            }
        };
        languages.into_iter().map(document).collect()
    }
}

fn shown<T>(
    texts: &[T],
    wanted: Language,
    fallback: Language,
    language: impl Fn(&T) -> Language,
) -> Option<&T> {
    let in_language = |wanted: Language| texts.iter().find(|text| language(text) == wanted);
    in_language(wanted).or_else(|| in_language(fallback)).or(texts.first())
}

/// The text without mark-up: what stands between `<` and `>` is no word that anybody looks for.
fn plain_text(description: &str) -> String {
    let mut text = String::with_capacity(description.len());
    let mut rest = description;
    while let Some(start) = rest.find('<') {
        let Some(length) = rest[start..].find('>') else { break };
        text.push_str(&rest[..start]);
        text.push(' ');
        rest = &rest[start + length + 1..];
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use soko_kernel::Timestamp;

    use super::*;

    fn name(language: Language, name: &str) -> Translation {
        let moment = Timestamp(0);
        Translation { id: 1, language, name: name.to_owned(), created_at: moment, updated_at: moment }
    }

    #[test]
    fn leaves_mark_up_out() {
        assert_eq!(plain_text("<p class=\"x\">Green <b>tea</b></p>"), " Green  tea  ");
        assert_eq!(plain_text("1 < 2 kg"), "1 < 2 kg");
    }

    #[test]
    fn makes_a_document_per_language() {
        let texts = Texts {
            variants: [(1, vec![name(Language::EN, "Tea"), name(Language::SW, "Chai")])].into(),
            facet_values: [(7, vec![name(Language::EN, "Drinks")])].into(),
            values_of_variants: [(VariantId(1), vec![(FacetValueId(7), FacetId(1))])].into(),
            ..Texts::default()
        };
        let variant = Indexed { variant_id: VariantId(1), product_id: ProductId(2), sku: "TEA-1".to_owned() };
        let documents = texts.documents(&variant, Language::EN);
        let seen: Vec<_> = documents
            .iter()
            .map(|document| {
                (document.language, document.variant_name.as_str(), document.facet_values.as_str())
            })
            .collect();
        assert_eq!(seen, [(Language::EN, "Tea", "Drinks"), (Language::SW, "Chai", "Drinks")]);
    }
}
