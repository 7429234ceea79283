//! What is searched for, and what is found.

use std::collections::BTreeMap;
use std::sync::Arc;

use soko_kernel::query::{Direction, InvalidListQuery, PAGE_SIZE_MAX};
use soko_kernel::{CollectionId, FacetId, FacetValueId, Money, TaxCategoryId, VariantId};

use super::TERM_LENGTH_MAX;
use crate::catalogue::asset::Asset;
use crate::catalogue::variant::Variant;

/// Items on a page of search results when the client does not say.
pub const SEARCH_TAKE_DEFAULT: i64 = 25;
/// Most facet values, filters and collections that one search may name.
pub const SEARCH_CONDITIONS_MAX: usize = 200;

/// A search that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSearch {
    /// A term with too many characters.
    #[error("a search term may have at most {TERM_LENGTH_MAX} characters")]
    TermTooLong,
    /// A facet value filter that asks for both or neither of `and` and `or`.
    #[error("a facet value filter has either `and` or `or`")]
    AmbiguousFacetFilter,
    /// More facet values, filters or collections than a search may name.
    #[error("a search may name at most {SEARCH_CONDITIONS_MAX} facet values and collections")]
    TooManyConditions,
    /// A page that is no page.
    #[error(transparent)]
    Page(#[from] InvalidListQuery),
}

/// A condition on facet values: one that results must have, or several of which they must have one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FacetValueFilter {
    /// Results have this one.
    pub and: Option<FacetValueId>,
    /// Results have one of these.
    pub or: Option<Vec<FacetValueId>>,
}

/// What a client searches for. Conditions that are absent hold for everything; all others must hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchInput {
    /// Words, each of which must stand, or begin a word, in the texts of a result. Blank: no condition.
    pub term: Option<String>,
    /// Facet values that results have: all of them, or one where `facet_value_any` is set.
    pub facet_value_ids: Vec<FacetValueId>,
    /// Whether one of `facet_value_ids` is enough.
    pub facet_value_any: bool,
    /// Conditions on facet values, all of which must hold.
    pub facet_value_filters: Vec<FacetValueFilter>,
    /// The collection that results are in.
    pub collection_id: Option<CollectionId>,
    /// Collections of which results are in one; none: no condition.
    pub collection_ids: Vec<CollectionId>,
    /// The slug of the collection that results are in.
    pub collection_slug: Option<String>,
    /// Slugs of collections of which results are in one; none: no condition.
    pub collection_slugs: Vec<String>,
    /// Whether a product is one result, whatever number of its variants match.
    pub group_by_product: bool,
    /// Whether results, when grouped their product, can be bought.
    pub in_stock: Option<bool>,
    /// Sort by name, with the direction.
    pub sort_by_name: Option<Direction>,
    /// Sort by list price, the lowest of a group, with the direction; after the name where both are given.
    pub sort_by_price: Option<Direction>,
    /// Most results to return; [`SEARCH_TAKE_DEFAULT`] when absent.
    pub take: Option<i64>,
    /// Results to leave out at the start.
    pub skip: Option<i64>,
}

/// A search whose parts have been checked.
#[derive(Debug, Clone)]
pub(super) struct Search {
    /// Words to find, if there is a condition on them.
    pub(super) term: Option<String>,
    /// Lists of facet values; results have one of each.
    pub(super) facet_values: Vec<Vec<FacetValueId>>,
    /// Lists of collections; results are in one of each.
    pub(super) collections: Vec<Vec<CollectionId>>,
    /// Lists of slugs of collections; results are in one of each.
    pub(super) collection_slugs: Vec<Vec<String>>,
    pub(super) group_by_product: bool,
    pub(super) in_stock: Option<bool>,
    pub(super) sort_by_name: Option<Direction>,
    pub(super) sort_by_price: Option<Direction>,
    pub(super) take: i64,
    pub(super) skip: i64,
}

impl Search {
    pub(super) fn try_new(input: &SearchInput) -> Result<Self, InvalidSearch> {
        let (take, skip) = (input.take.unwrap_or(SEARCH_TAKE_DEFAULT), input.skip.unwrap_or(0));
        if take < 0 || skip < 0 {
            return Err(InvalidListQuery::NegativePage.into());
        }
        if take > PAGE_SIZE_MAX {
            return Err(InvalidListQuery::PageTooLarge.into());
        }
        let term = input.term.as_deref().map(str::trim).filter(|term| !term.is_empty());
        if term.is_some_and(|term| term.chars().count() > TERM_LENGTH_MAX) {
            return Err(InvalidSearch::TermTooLong);
        }
        let mut facet_values: Vec<Vec<FacetValueId>> = if input.facet_value_any {
            std::iter::once(input.facet_value_ids.clone()).filter(|ids| !ids.is_empty()).collect()
        } else {
            input.facet_value_ids.iter().map(|id| vec![*id]).collect()
        };
        for filter in &input.facet_value_filters {
            facet_values.push(match (filter.and, &filter.or) {
                (Some(id), None) => vec![id],
                (None, Some(ids)) => ids.clone(),
                _ => return Err(InvalidSearch::AmbiguousFacetFilter),
            });
        }
        let collections: Vec<Vec<CollectionId>> = input
            .collection_id
            .map(|id| vec![id])
            .into_iter()
            .chain(Some(input.collection_ids.clone()).filter(|ids| !ids.is_empty()))
            .collect();
        let collection_slugs: Vec<Vec<String>> = input
            .collection_slug
            .clone()
            .map(|slug| vec![slug])
            .into_iter()
            .chain(Some(input.collection_slugs.clone()).filter(|slugs| !slugs.is_empty()))
            .collect();
        let conditions = facet_values.len()
            + facet_values.iter().map(Vec::len).sum::<usize>()
            + collections.iter().map(Vec::len).sum::<usize>()
            + collection_slugs.iter().map(Vec::len).sum::<usize>();
        if conditions > SEARCH_CONDITIONS_MAX {
            return Err(InvalidSearch::TooManyConditions);
        }
        Ok(Self {
            term: term.map(str::to_owned),
            facet_values,
            collections,
            collection_slugs,
            group_by_product: input.group_by_product,
            in_stock: input.in_stock,
            sort_by_name: input.sort_by_name,
            sort_by_price: input.sort_by_price,
            take,
            skip,
        })
    }
}

/// Which parts of the results are wanted; what is not is left empty and costs no statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each statement that may be saved")]
pub struct SearchParts {
    /// The pictures.
    pub assets: bool,
    /// The ids of facets and facet values.
    pub facet_values: bool,
    /// The ids of collections.
    pub collections: bool,
    /// Whether results can be bought.
    pub stock: bool,
}

impl SearchParts {
    /// All of them.
    pub const ALL: Self = Self { assets: true, facet_values: true, collections: true, stock: true };
}

/// List prices of variants in one tax category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceSpan {
    /// The category.
    pub tax_category_id: TaxCategoryId,
    /// The lowest.
    pub min: Money,
    /// The highest.
    pub max: Money,
}

/// One result: a variant, or a product with the variant that matches best.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// The variant, with its product.
    pub variant: Variant,
    /// The list prices of what matches, by tax category: one span per category, since what tax adds differs between
    /// them. A result that is one variant has one span of one price. Never empty.
    pub prices: Vec<PriceSpan>,
    /// The product's picture.
    pub product_asset: Option<Arc<Asset>>,
    /// The variant's picture.
    pub variant_asset: Option<Arc<Asset>>,
    /// Facet values of the product and of the variants that match, with their facets; sorted.
    pub facet_values: Vec<(FacetValueId, FacetId)>,
    /// Collections that hold a variant that matches; sorted.
    pub collection_ids: Vec<CollectionId>,
    /// Whether a variant of the result can be bought: any of the product's where results are products.
    pub in_stock: bool,
    /// How well it matches the term, from 0; only to compare results of one search.
    pub score: f64,
}

/// A variant that matches.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Match {
    pub(super) product_id: soko_kernel::ProductId,
    pub(super) variant_id: VariantId,
    pub(super) tax_category_id: TaxCategoryId,
    pub(super) list_price: i64,
}

/// The spans of prices by tax category.
pub(super) fn price_spans<'m>(
    matches: impl IntoIterator<Item = &'m Match>,
    currency: soko_kernel::Currency,
) -> Vec<PriceSpan> {
    let mut spans: BTreeMap<TaxCategoryId, (i64, i64)> = BTreeMap::new();
    for found in matches {
        let price = found.list_price;
        let span = spans.entry(found.tax_category_id).or_insert((price, price));
        *span = (span.0.min(price), span.1.max(price));
    }
    let span = |(tax_category_id, (min, max))| PriceSpan {
        tax_category_id,
        min: Money::new(min, currency),
        max: Money::new(max, currency),
    };
    spans.into_iter().map(span).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use soko_kernel::{Currency, ProductId};

    use super::*;

    #[test]
    fn joins_every_form_of_facet_condition() {
        let ids = |ids: &[i64]| ids.iter().copied().map(FacetValueId).collect::<Vec<_>>();
        let input = SearchInput {
            facet_value_ids: ids(&[1, 2]),
            facet_value_filters: vec![
                FacetValueFilter { and: Some(FacetValueId(3)), or: None },
                FacetValueFilter { and: None, or: Some(ids(&[4, 5])) },
            ],
            ..SearchInput::default()
        };
        let all = Search::try_new(&input).unwrap();
        assert_eq!(all.facet_values, [ids(&[1]), ids(&[2]), ids(&[3]), ids(&[4, 5])]);
        let any = Search::try_new(&SearchInput { facet_value_any: true, ..input }).unwrap();
        assert_eq!(any.facet_values, [ids(&[1, 2]), ids(&[3]), ids(&[4, 5])]);
    }

    #[test]
    fn refuses_what_is_no_search() {
        let refused = |input: SearchInput| Search::try_new(&input).unwrap_err();
        let long = SearchInput { term: Some("x".repeat(TERM_LENGTH_MAX + 1)), ..SearchInput::default() };
        assert_eq!(refused(long), InvalidSearch::TermTooLong);
        let neither =
            SearchInput { facet_value_filters: vec![FacetValueFilter::default()], ..SearchInput::default() };
        assert_eq!(refused(neither), InvalidSearch::AmbiguousFacetFilter);
        let many = SearchInput { collection_ids: vec![CollectionId(1); 201], ..SearchInput::default() };
        assert_eq!(refused(many), InvalidSearch::TooManyConditions);
        let negative = SearchInput { skip: Some(-1), ..SearchInput::default() };
        assert_eq!(refused(negative), InvalidSearch::Page(InvalidListQuery::NegativePage));
        let large = SearchInput { take: Some(1001), ..SearchInput::default() };
        assert_eq!(refused(large), InvalidSearch::Page(InvalidListQuery::PageTooLarge));
    }

    #[test]
    fn spans_prices_per_tax_category() {
        let found = |category, list_price| Match {
            product_id: ProductId(1),
            variant_id: VariantId(1),
            tax_category_id: TaxCategoryId(category),
            list_price,
        };
        let spans = price_spans(&[found(1, 300), found(2, 50), found(1, 100)], Currency::KES);
        let seen: Vec<_> =
            spans.iter().map(|span| (span.tax_category_id.0, span.min.minor(), span.max.minor())).collect();
        assert_eq!(seen, [(1, 100, 300), (2, 50, 50)]);
    }
}
