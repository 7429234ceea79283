//! The filters of collections: which variants each selects.
//!
//! A collection has a sequence of filters. Each narrows what those before it selected, unless its argument
//! `combineWithAnd` is `false`: then what it and those after it select comes on top.

use std::collections::BTreeSet;

use soko_kernel::operation::{ArgDefinition, OperationDefinition};
use soko_kernel::{ConfigurableOperation, FacetValueId, ProductId, VariantId};

/// Most filters of one collection.
pub const FILTERS_MAX: usize = 50;

const COMBINE: ArgDefinition = ArgDefinition {
    name: "combineWithAnd",
    kind: "boolean",
    list: false,
    required: false,
    default: Some("true"),
    label: "Narrow what the filters before it select",
};

const fn ids(name: &'static str, label: &'static str) -> ArgDefinition {
    ArgDefinition { name, kind: "ID", list: true, required: true, default: None, label }
}

/// The filters that a collection may have.
pub const COLLECTION_FILTERS: &[OperationDefinition] = &[
    OperationDefinition {
        code: "facet-value-filter",
        description: "Selects variants that have, themselves or by their product, these facet values",
        args: &[
            ids("facetValueIds", "Facet values"),
            ArgDefinition {
                name: "containsAny",
                kind: "boolean",
                list: false,
                required: false,
                default: Some("false"),
                label: "One of them is enough",
            },
            COMBINE,
        ],
    },
    OperationDefinition {
        code: "variant-name-filter",
        description: "Selects variants by their name in any language, without regard to case",
        args: &[
            ArgDefinition {
                name: "operator",
                kind: "string",
                list: false,
                required: true,
                default: None,
                label: "startsWith, endsWith, contains or doesNotContain",
            },
            ArgDefinition {
                name: "term",
                kind: "string",
                list: false,
                required: true,
                default: None,
                label: "Part of the name",
            },
            COMBINE,
        ],
    },
    OperationDefinition {
        code: "variant-id-filter",
        description: "Selects these variants",
        args: &[ids("variantIds", "Variants"), COMBINE],
    },
    OperationDefinition {
        code: "product-id-filter",
        description: "Selects the variants of these products",
        args: &[ids("productIds", "Products"), COMBINE],
    },
];

/// A filter that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFilter {
    /// A code that names no filter.
    #[error("there is no collection filter with the code {0:?}")]
    UnknownCode(String),
    /// An argument that is missing or has another form.
    #[error("the filter {code:?} needs the argument {arg:?} as {form}")]
    Argument {
        /// The filter.
        code: &'static str,
        /// The argument.
        arg: &'static str,
        /// What it must look like.
        form: &'static str,
    },
    /// More filters than a collection may have.
    #[error("a collection may have at most {FILTERS_MAX} filters")]
    TooMany,
}

/// What a filter looks at of a variant.
#[derive(Debug, Clone, Default)]
pub(super) struct VariantFacts {
    pub(super) product_id: Option<ProductId>,
    /// Its names in lower case.
    pub(super) names: Vec<String>,
    /// Its facet values and its product's.
    pub(super) facet_values: BTreeSet<FacetValueId>,
}

/// The filters of one collection, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Filters(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    filter: Filter,
    narrows: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Filter {
    FacetValues { ids: BTreeSet<FacetValueId>, any: bool },
    Name { operator: NameOperator, term: String },
    Variants(BTreeSet<VariantId>),
    Products(BTreeSet<ProductId>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameOperator {
    StartsWith,
    EndsWith,
    Contains,
    DoesNotContain,
}

impl Filters {
    pub(super) fn parse(operations: &[ConfigurableOperation]) -> Result<Self, InvalidFilter> {
        if operations.len() > FILTERS_MAX {
            return Err(InvalidFilter::TooMany);
        }
        operations.iter().map(Step::parse).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the filters select the variant; none select none.
    pub(super) fn select(&self, variant: VariantId, facts: &VariantFacts) -> bool {
        let mut selected = false;
        let mut group = !self.0.is_empty();
        for (index, step) in self.0.iter().enumerate() {
            if index > 0 && !step.narrows {
                selected |= group;
                group = true;
            }
            group &= step.filter.matches(variant, facts);
        }
        selected | group
    }
}

impl Step {
    fn parse(operation: &ConfigurableOperation) -> Result<Self, InvalidFilter> {
        let known = COLLECTION_FILTERS.iter().find(|definition| definition.code == operation.code);
        let code = known.ok_or_else(|| InvalidFilter::UnknownCode(operation.code.clone()))?.code;
        let filter = match code {
            "facet-value-filter" => Filter::FacetValues {
                ids: id_list(code, operation, "facetValueIds")?.into_iter().map(FacetValueId).collect(),
                any: truth(code, operation, "containsAny", false)?,
            },
            "variant-name-filter" => Filter::Name {
                operator: name_operator(code, operation)?,
                term: text(code, operation, "term")?.to_lowercase(),
            },
            "variant-id-filter" => {
                Filter::Variants(id_list(code, operation, "variantIds")?.into_iter().map(VariantId).collect())
            }
            _ => {
                Filter::Products(id_list(code, operation, "productIds")?.into_iter().map(ProductId).collect())
            }
        };
        Ok(Self { filter, narrows: truth(code, operation, "combineWithAnd", true)? })
    }
}

impl Filter {
    fn matches(&self, variant: VariantId, facts: &VariantFacts) -> bool {
        match self {
            Self::FacetValues { ids, any: true } => !ids.is_disjoint(&facts.facet_values),
            Self::FacetValues { ids, any: false } => !ids.is_empty() && ids.is_subset(&facts.facet_values),
            Self::Name { operator, term } => operator.matches(&facts.names, term),
            Self::Variants(ids) => ids.contains(&variant),
            Self::Products(ids) => facts.product_id.is_some_and(|product| ids.contains(&product)),
        }
    }
}

impl NameOperator {
    fn matches(self, names: &[String], term: &str) -> bool {
        match self {
            Self::StartsWith => names.iter().any(|name| name.starts_with(term)),
            Self::EndsWith => names.iter().any(|name| name.ends_with(term)),
            Self::Contains => names.iter().any(|name| name.contains(term)),
            Self::DoesNotContain => !names.iter().any(|name| name.contains(term)),
        }
    }
}

fn name_operator(
    code: &'static str,
    operation: &ConfigurableOperation,
) -> Result<NameOperator, InvalidFilter> {
    match text(code, operation, "operator")? {
        "startsWith" => Ok(NameOperator::StartsWith),
        "endsWith" => Ok(NameOperator::EndsWith),
        "contains" => Ok(NameOperator::Contains),
        "doesNotContain" => Ok(NameOperator::DoesNotContain),
        _ => Err(InvalidFilter::Argument {
            code,
            arg: "operator",
            form: "startsWith, endsWith, contains or doesNotContain",
        }),
    }
}

fn text<'o>(
    code: &'static str,
    operation: &'o ConfigurableOperation,
    arg: &'static str,
) -> Result<&'o str, InvalidFilter> {
    let value = operation.arg(arg).filter(|value| !value.is_empty());
    value.ok_or(InvalidFilter::Argument { code, arg, form: "a text" })
}

fn truth(
    code: &'static str,
    operation: &ConfigurableOperation,
    arg: &'static str,
    default: bool,
) -> Result<bool, InvalidFilter> {
    match operation.arg(arg) {
        None | Some("") => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(InvalidFilter::Argument { code, arg, form: "true or false" }),
    }
}

/// A JSON list of ids, as numbers or as texts.
fn id_list(
    code: &'static str,
    operation: &ConfigurableOperation,
    arg: &'static str,
) -> Result<Vec<i64>, InvalidFilter> {
    let refusal = || InvalidFilter::Argument { code, arg, form: "a JSON list of ids" };
    let values: Vec<serde_json::Value> =
        operation.arg(arg).and_then(|value| serde_json::from_str(value).ok()).ok_or_else(refusal)?;
    let id = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.parse::<ProductId>().ok().map(|id| id.0),
        value => value.as_i64().filter(|id| *id > 0),
    };
    values.iter().map(id).collect::<Option<_>>().ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    fn facts() -> VariantFacts {
        VariantFacts {
            product_id: Some(ProductId(5)),
            names: vec!["green tea 500g".to_owned(), "chai ya kijani".to_owned()],
            facet_values: [FacetValueId(1), FacetValueId(2)].into(),
        }
    }

    fn selects(operations: &[ConfigurableOperation]) -> bool {
        Filters::parse(operations).unwrap().select(VariantId(9), &facts())
    }

    fn facet_filter(ids: &str, any: &str) -> ConfigurableOperation {
        ConfigurableOperation::new("facet-value-filter", [("facetValueIds", ids), ("containsAny", any)])
    }

    fn name_filter(operator: &str, term: &str) -> ConfigurableOperation {
        ConfigurableOperation::new("variant-name-filter", [("operator", operator), ("term", term)])
    }

    #[test]
    fn selects_by_facet_values() {
        for (ids, any, expected) in [
            (r#"["1","2"]"#, "false", true),
            ("[1]", "false", true),
            (r#"["1","3"]"#, "false", false),
            (r#"["1","3"]"#, "true", true),
            ("[3]", "true", false),
            ("[]", "false", false),
            ("[]", "true", false),
        ] {
            assert_eq!(selects(&[facet_filter(ids, any)]), expected, "{ids} {any}");
        }
    }

    #[test]
    fn selects_by_name_and_id() {
        for (operator, term, expected) in [
            ("startsWith", "Green", true),
            ("startsWith", "tea", false),
            ("endsWith", "kijani", true),
            ("contains", "TEA", true),
            ("doesNotContain", "coffee", true),
            ("doesNotContain", "chai", false),
        ] {
            assert_eq!(selects(&[name_filter(operator, term)]), expected, "{operator} {term}");
        }
        assert!(selects(&[ConfigurableOperation::new("variant-id-filter", [("variantIds", "[9]")])]));
        assert!(selects(&[ConfigurableOperation::new("product-id-filter", [("productIds", "[\"5\"]")])]));
        assert!(!selects(&[ConfigurableOperation::new("product-id-filter", [("productIds", "[9]")])]));
    }

    #[test]
    fn narrows_or_adds() {
        assert!(!selects(&[]));
        assert!(!selects(&[facet_filter("[1]", "false"), name_filter("contains", "coffee")]));
        let mut added = name_filter("contains", "tea");
        added.args.extend(ConfigurableOperation::new("", [("combineWithAnd", "false")]).args);
        assert!(selects(&[facet_filter("[7]", "false"), added]));
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        let parse = |operation| Filters::parse(&[operation]);
        assert!(matches!(parse(ConfigurableOperation::new("x", [])), Err(InvalidFilter::UnknownCode(_))));
        for wrong in [
            facet_filter("1,2", "false"),
            facet_filter("[\"0\"]", "false"),
            facet_filter("[1.5]", "false"),
            facet_filter("[1]", "maybe"),
            name_filter("matches", "tea"),
            name_filter("contains", ""),
        ] {
            assert!(matches!(parse(wrong), Err(InvalidFilter::Argument { .. })));
        }
        let many = vec![facet_filter("[1]", "true"); FILTERS_MAX + 1];
        assert_eq!(Filters::parse(&many), Err(InvalidFilter::TooMany));
    }
}
