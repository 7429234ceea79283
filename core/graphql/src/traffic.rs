//! What an endpoint's operations came to, each counted under the field at its root. The names are the schema's and not
//! the clients', so that their number is known from the start.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::{Name, Response, Value};
use soko_kernel::{DurationCounts, Durations, ErrorKind};

use crate::document::RECURSION_MAX;

/// Fields at the root that every schema has.
const OF_EVERY_SCHEMA: [&str; 3] = ["__typename", "__schema", "__type"];
/// What stands for a document that was refused before it was known what it asks.
const UNKNOWN: &str = "unknown";

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationOutcome {
    /// Well.
    Ok,
    /// With an error result, as far as the client asked for its `errorCode`.
    Refused,
    /// With an error that the client caused.
    Error,
    /// With a fault of the server, or as overload.
    Fault,
}

impl OperationOutcome {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Refused, Self::Error, Self::Fault];

    /// A stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Error => "error",
            Self::Fault => "fault",
        }
    }

    fn of(response: &Response) -> Self {
        if !response.errors.is_empty() {
            let faults = [ErrorKind::Internal.code(), ErrorKind::Overloaded.code()];
            let code = |error: &async_graphql::ServerError| {
                let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"))?;
                if let Value::String(code) = code { Some(faults.contains(&code.as_str())) } else { None }
            };
            let is_fault = response.errors.iter().any(|error| code(error) == Some(true));
            return if is_fault { Self::Fault } else { Self::Error };
        }
        let Value::Object(fields) = &response.data else { return Self::Ok };
        let is_refusal = |field: &Value| matches!(field, Value::Object(of) if of.contains_key("errorCode"));
        if fields.values().any(is_refusal) { Self::Refused } else { Self::Ok }
    }
}

/// The fields at the root of a schema, and what the operations that begin with them came to.
pub(crate) struct RootFields {
    names: Vec<Name>,
    queries: HashMap<Name, usize>,
    mutations: HashMap<Name, usize>,
    counters: Vec<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    outcomes: [AtomicU64; OperationOutcome::ALL.len()],
    durations: Durations,
}

/// What the operations that begin with one field came to.
#[derive(Debug, Clone)]
pub struct OperationTraffic {
    /// The field.
    pub operation: String,
    /// How they ended.
    pub outcomes: [(OperationOutcome, u64); OperationOutcome::ALL.len()],
    /// How long they took.
    pub durations: DurationCounts,
}

impl RootFields {
    /// Those of a schema.
    pub(crate) fn of(definitions: &[TypeSystemDefinition]) -> Self {
        let mut names = vec![Name::new(UNKNOWN)];
        let mut add = |of: &[Name]| -> HashMap<Name, usize> {
            let places = names.len()..;
            names.extend(of.iter().cloned());
            of.iter().cloned().zip(places).collect()
        };
        let mut queries = fields_of("Query", definitions);
        queries.extend(OF_EVERY_SCHEMA.map(Name::new));
        let (queries, mutations) = (add(&queries), add(&fields_of("Mutation", definitions)));
        let counters = names.iter().map(|_| Counters::default()).collect();
        Self { names, queries, mutations, counters }
    }

    /// The place of what stands for anything else.
    pub(crate) const UNKNOWN: usize = 0;

    /// The place of the first field of an operation; [`Self::UNKNOWN`] where the schema has none of that name.
    pub(crate) fn place_of(&self, document: &ExecutableDocument, operation: &OperationDefinition) -> usize {
        let first = first_field(document, &operation.selection_set.node, RECURSION_MAX);
        let places = match operation.ty {
            OperationType::Mutation => &self.mutations,
            _ => &self.queries,
        };
        let place = first.and_then(|name| places.get(name));
        place.copied().unwrap_or(Self::UNKNOWN)
    }

    /// The name of the field at a place.
    pub(crate) fn name(&self, place: usize) -> &str {
        self.names.get(place).map_or(UNKNOWN, Name::as_str)
    }

    /// An operation has been answered.
    pub(crate) fn answered(&self, place: usize, response: &Response, took: Duration) {
        let Some(counters) = self.counters.get(place) else { return };
        counters.outcomes[OperationOutcome::of(response) as usize].fetch_add(1, Ordering::Relaxed);
        counters.durations.add(took);
    }

    /// The traffic of those that were asked for.
    pub(crate) fn traffic(&self) -> Vec<OperationTraffic> {
        let shown = self.names.iter().zip(&self.counters).map(|(name, counters)| OperationTraffic {
            operation: name.to_string(),
            outcomes: OperationOutcome::ALL
                .map(|outcome| (outcome, counters.outcomes[outcome as usize].load(Ordering::Relaxed))),
            durations: counters.durations.read(),
        });
        shown.filter(|traffic| traffic.outcomes.iter().any(|(_, count)| *count > 0)).collect()
    }
}

fn fields_of(type_name: &str, definitions: &[TypeSystemDefinition]) -> Vec<Name> {
    let fields = definitions.iter().filter_map(|definition| {
        let TypeSystemDefinition::Type(definition) = definition else { return None };
        let TypeKind::Object(object) = &definition.node.kind else { return None };
        (definition.node.name.node.as_str() == type_name).then_some(&object.fields)
    });
    fields.flatten().map(|field| field.node.name.node.clone()).collect()
}

/// The first field of a selection, through so many levels of fragments at most.
fn first_field<'d>(
    document: &'d ExecutableDocument,
    set: &'d SelectionSet,
    levels: usize,
) -> Option<&'d Name> {
    if levels == 0 {
        return None;
    }
    set.items.iter().find_map(|selection| match &selection.node {
        Selection::Field(field) => Some(&field.node.name.node),
        Selection::InlineFragment(fragment) => {
            first_field(document, &fragment.node.selection_set.node, levels - 1)
        }
        Selection::FragmentSpread(spread) => {
            let fragment = document.fragments.get(&spread.node.fragment_name.node)?;
            first_field(document, &fragment.node.selection_set.node, levels - 1)
        }
    })
}
