//! Parsed documents: measured once, refused when too large, and kept by their text.
//!
//! Parsing and validating are the larger part of a small operation, so documents that clients send again and again are
//! parsed and validated once. Everything that can grow is measured on the document before anything walks it: selections
//! are counted with their fragments expanded, and counting stops at the limit, so that a small text cannot stand for a
//! large query.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet, Type,
};
use async_graphql::{Name, Positioned, ServerError};
use quick_cache::sync::Cache;
use soko_kernel::CacheStats;

use crate::traffic::RootFields;

/// Longest document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;
/// Most fields that an operation selects, fragments expanded.
pub const COMPLEXITY_MAX: usize = 2_000;
/// Deepest nesting of fields.
pub const DEPTH_MAX: usize = 16;
/// Deepest nesting of selection sets, counting fragments; a debug build's stack of 2 MiB ends at about 22.
pub const RECURSION_MAX: usize = 18;
/// Most aliases of a document, fragments expanded.
pub const ALIASES_MAX: usize = 100;
/// Most directives on one field or fragment.
pub const DIRECTIVES_MAX: usize = 10;
/// Most fields at the root of an operation: each is a use case of its own.
pub const ROOT_FIELDS_MAX: usize = 30;
/// Documents that are kept.
const KEPT_DOCUMENTS_MAX: usize = 1_000;
/// Text of the documents that are kept, in bytes; a parsed document takes about twenty times its text.
const KEPT_BYTES_MAX: u64 = 1024 * 1024;

/// A document and what running it costs.
#[derive(Debug)]
pub(crate) struct Document {
    /// The parsed text.
    pub(crate) parsed: ExecutableDocument,
    operations: Vec<Operation>,
    /// Whether the schema's validation has passed it.
    valid: AtomicBool,
}

/// What is known of an operation before it runs.
#[derive(Debug)]
pub(crate) struct Operation {
    name: Option<String>,
    /// Query, mutation or subscription.
    pub(crate) kind: OperationType,
    /// The place of its first field among the schema's.
    pub(crate) root: usize,
    /// What it costs.
    pub(crate) cost: Cost,
    /// Variables that must have a value.
    pub(crate) required: Vec<Name>,
    /// Every variable with its type.
    pub(crate) variables: Vec<(Name, Type)>,
}

/// What an operation costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cost {
    /// Fields selected, fragments expanded.
    pub(crate) complexity: usize,
    /// Deepest nesting of fields.
    pub(crate) depth: usize,
}

impl Document {
    /// Remembers that the schema's validation has passed it.
    pub(crate) fn mark_valid(&self) {
        self.valid.store(true, Ordering::Relaxed);
    }

    /// Whether the schema's validation has passed it.
    pub(crate) fn is_valid(&self) -> bool {
        self.valid.load(Ordering::Relaxed)
    }

    /// The named operation, or the only one.
    pub(crate) fn operation(&self, wanted: Option<&str>) -> Option<&Operation> {
        match (wanted, self.operations.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(_), all) => all.iter().find(|operation| operation.name.as_deref() == wanted),
        }
    }
}

/// Why a document was refused.
#[derive(Debug)]
pub(crate) enum DocumentError {
    /// It is no GraphQL.
    Syntax(ServerError),
    /// It is beyond a limit.
    Limit { what: &'static str, most: usize },
}

/// Documents by their text.
pub(crate) struct Documents {
    kept: Cache<Arc<str>, Arc<Document>, TextWeight>,
}

#[derive(Clone)]
struct TextWeight;

impl quick_cache::Weighter<Arc<str>, Arc<Document>> for TextWeight {
    fn weight(&self, text: &Arc<str>, _: &Arc<Document>) -> u64 {
        u64::try_from(text.len()).unwrap_or(u64::MAX).max(1)
    }
}

impl Documents {
    pub(crate) fn new() -> Self {
        Self { kept: Cache::with_weighter(KEPT_DOCUMENTS_MAX, KEPT_BYTES_MAX, TextWeight) }
    }

    /// The parsed document of a text.
    pub(crate) fn get(&self, text: &str, roots: &RootFields) -> Result<Arc<Document>, DocumentError> {
        if let Some(document) = self.kept.get(text) {
            return Ok(document);
        }
        let document = Arc::new(parse(text, roots)?);
        self.kept.insert(Arc::from(text), Arc::clone(&document));
        Ok(document)
    }

    /// How the cache does.
    pub(crate) fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.kept.hits(),
            misses: self.kept.misses(),
            entries: u64::try_from(self.kept.len()).unwrap_or(u64::MAX),
        }
    }
}

fn parse(text: &str, roots: &RootFields) -> Result<Document, DocumentError> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(DocumentError::Limit { what: "bytes", most: DOCUMENT_BYTES_MAX });
    }
    let parsed = async_graphql::parser::parse_query(text)
        .map_err(|error| DocumentError::Syntax(ServerError::from(error)))?;
    let mut aliases = 0;
    let mut known = |name: Option<&Name>, operation: &OperationDefinition| {
        let cost = measure(&parsed, &operation.selection_set, &mut aliases)?;
        let required = operation.variable_definitions.iter().filter(|variable| {
            !variable.node.var_type.node.nullable && variable.node.default_value.is_none()
        });
        let required = required.map(|variable| variable.node.name.node.clone()).collect();
        let variables = operation.variable_definitions.iter();
        let variables = variables
            .map(|variable| (variable.node.name.node.clone(), variable.node.var_type.node.clone()))
            .collect();
        let root = roots.place_of(&parsed, operation);
        Ok(Operation { name: name.map(Name::to_string), kind: operation.ty, root, cost, required, variables })
    };
    let operations = match &parsed.operations {
        DocumentOperations::Single(operation) => vec![known(None, &operation.node)?],
        DocumentOperations::Multiple(all) => all
            .iter()
            .map(|(name, operation)| known(Some(name), &operation.node))
            .collect::<Result<_, _>>()?,
    };
    Ok(Document { parsed, operations, valid: AtomicBool::new(false) })
}

fn measure(
    document: &ExecutableDocument,
    root: &Positioned<SelectionSet>,
    aliases: &mut usize,
) -> Result<Cost, DocumentError> {
    let mut measure = Measure { document, cost: Cost::default(), aliases, selections: 0, root_fields: 0 };
    measure.walk(&root.node, 1, 0)?;
    Ok(measure.cost)
}

struct Measure<'d> {
    document: &'d ExecutableDocument,
    cost: Cost,
    aliases: &'d mut usize,
    selections: usize,
    root_fields: usize,
}

impl<'d> Measure<'d> {
    fn walk(&mut self, set: &'d SelectionSet, depth: usize, recursion: usize) -> Result<(), DocumentError> {
        at_most("levels of selections", recursion, RECURSION_MAX)?;
        for selection in &set.items {
            self.selections += 1;
            at_most("selections", self.selections, COMPLEXITY_MAX * 2)?;
            at_most("directives on one field", selection.node.directives().len(), DIRECTIVES_MAX)?;
            match &selection.node {
                Selection::Field(field) => {
                    self.cost.complexity += 1;
                    self.cost.depth = self.cost.depth.max(depth);
                    *self.aliases += usize::from(field.node.alias.is_some());
                    self.root_fields += usize::from(depth == 1);
                    at_most("fields", self.cost.complexity, COMPLEXITY_MAX)?;
                    at_most("levels of fields", depth, DEPTH_MAX)?;
                    at_most("aliases", *self.aliases, ALIASES_MAX)?;
                    at_most("fields at the root", self.root_fields, ROOT_FIELDS_MAX)?;
                    self.walk(&field.node.selection_set.node, depth + 1, recursion + 1)?;
                }
                Selection::InlineFragment(fragment) => {
                    self.walk(&fragment.node.selection_set.node, depth, recursion + 1)?;
                }
                Selection::FragmentSpread(spread) => {
                    // An unknown fragment is the validation's to report.
                    let document = self.document;
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.walk(&fragment.node.selection_set.node, depth, recursion + 1)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), DocumentError> {
    if count > most { Err(DocumentError::Limit { what, most }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    fn parse(text: &str) -> Result<Document, DocumentError> {
        super::parse(text, &RootFields::of(&[]))
    }

    fn refusal(text: &str) -> &'static str {
        match parse(text) {
            Err(DocumentError::Limit { what, .. }) => what,
            Err(DocumentError::Syntax(_)) => "syntax",
            Ok(_) => "accepted",
        }
    }

    #[test]
    fn measures_each_operation_with_its_fragments() {
        let text = "query A { a { ...F } } query B { b } fragment F on T { c d { e } }";
        let document = parse(text).unwrap();
        let cost = |name| document.operation(name).map(|operation| operation.cost);
        assert_eq!(cost(Some("A")), Some(Cost { complexity: 4, depth: 3 }));
        assert_eq!(cost(Some("B")), Some(Cost { complexity: 1, depth: 1 }));
        assert_eq!(cost(None), None);
        let only = parse("query($a: Int!, $b: Int, $c: Int! = 1) { a b }").unwrap();
        let only = only.operation(None).unwrap();
        assert_eq!(
            (only.cost, only.required.as_slice()),
            (Cost { complexity: 2, depth: 1 }, &[Name::new("a")][..])
        );
    }

    #[test]
    fn refuses_documents_beyond_the_limits() {
        let nested = |levels: usize| format!("{}{}{}", "{a".repeat(levels), "", "}".repeat(levels));
        assert_eq!(refusal(&nested(DEPTH_MAX)), "accepted");
        assert_eq!(refusal(&nested(DEPTH_MAX + 1)), "levels of fields");
        let inline = |levels: usize| format!("{{{}a{}}}", "...{".repeat(levels), "}".repeat(levels));
        assert_eq!(refusal(&inline(RECURSION_MAX)), "levels of selections");
        let aliases: String = (0..=ALIASES_MAX).map(|number| format!("a{number}: a ")).collect();
        assert_eq!(refusal(&format!("{{ t {{ {aliases} }} }}")), "aliases");
        assert_eq!(refusal(&format!("{{ t {{ {} }} }}", "a ".repeat(COMPLEXITY_MAX))), "fields");
        assert_eq!(refusal(&format!("{{ {} }}", "a ".repeat(ROOT_FIELDS_MAX + 1))), "fields at the root");
        assert_eq!(
            refusal(&format!("{{ a {} }}", "@x ".repeat(DIRECTIVES_MAX + 1))),
            "directives on one field"
        );
        assert_eq!(refusal(&"#".repeat(DOCUMENT_BYTES_MAX + 1)), "bytes");
        assert_eq!(refusal("{ a "), "syntax");
        assert_eq!(refusal("{ ...F } fragment F on T { ...F }"), "levels of selections");
    }

    #[test]
    fn refuses_fragments_that_multiply() {
        let mut text = String::from("{ t { ...F0 } }");
        for level in 0..RECURSION_MAX {
            let next = level + 1;
            text.push_str(&format!(
                " fragment F{level} on T {{ ...F{next} ...F{next} ...F{next} ...F{next} }}"
            ));
        }
        text.push_str(&format!(" fragment F{RECURSION_MAX} on T {{ a }}"));
        assert_eq!(refusal(&text), "levels of selections");
        let wide = text.replacen("{ ...F0 }", "{ ...F9 }", 1);
        assert_eq!(refusal(&wide), "selections");
    }

    #[test]
    fn parses_a_text_once() {
        let (documents, roots) = (Documents::new(), RootFields::of(&[]));
        let first = documents.get("{ a }", &roots).unwrap();
        assert!(Arc::ptr_eq(&first, &documents.get("{ a }", &roots).unwrap()));
    }
}
