//! A line of the tables: an operation with `$kind` where an id of that kind of thing goes.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write as _;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::Selection;
use async_graphql::{Name, Value as Literal};
use serde_json::{Value, json};
use soko_tests::{Answer, Client};

use super::schema::{Root, Schema};

/// Ids by the kind of thing that they name.
pub type Ids = HashMap<String, String>;

/// A line of a table, as it can be sent.
pub struct Operation {
    /// The line itself, for messages.
    pub line: &'static str,
    /// Every place that takes an id: its path, and the kind of thing that it names.
    pub places: Vec<(String, String)>,
    document: String,
}

impl Operation {
    /// Reads a line: a field with its arguments. What it asks of the answer is chosen unless the line says it.
    pub fn read(schema: &Schema, line: &'static str) -> Self {
        let name = line.split(['(', ' ']).next().expect("the operation's name");
        let (root, field) = schema.find(name).unwrap_or_else(|| panic!("there is no operation {name}"));
        let root_name = if root == Root::Query { "query" } else { "mutation" };
        let mut document = format!("{root_name} {{ {line} }}");
        let parsed = parse_query(&document).unwrap_or_else(|error| panic!("{line}: {error}"));
        let (_, operation) = parsed.operations.iter().next().expect("an operation");
        let Selection::Field(written) = &operation.node.selection_set.node.items[0].node else {
            panic!("{line} is no field");
        };
        if written.node.selection_set.node.items.is_empty() {
            document = format!("{root_name} {{ {line} {} }}", schema.selection(root, &field["type"]));
        }
        let mut places = Vec::new();
        for (argument, value) in &written.node.arguments {
            let value = value
                .node
                .clone()
                .into_const_with(|kind| Ok::<_, Infallible>(Literal::Enum(Name::new(format!("${kind}")))));
            let value = value.unwrap_or_else(|never| match never {});
            find_places(format!("{name}.{}", argument.node), &value, &mut places);
        }
        assert!(!places.is_empty(), "{line} names nothing");
        Self { line, places, document }
    }

    /// What it is answered with these ids, without what differs between any two answers.
    pub async fn send(&self, client: &Client, ids: &Ids) -> Value {
        comparable(&client.send(&filled(&self.document, ids), json!({})).await)
    }
}

/// A document with ids in place of its `$kind`s.
pub fn filled(document: &str, ids: &Ids) -> String {
    let mut parts = document.split('$');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|sign: char| !sign.is_ascii_lowercase() && sign != '_').unwrap_or(part.len());
        let (kind, rest) = part.split_at(end);
        let id = ids.get(kind).unwrap_or_else(|| panic!("{document}: the shops have no {kind}"));
        // A `String` takes every write.
        let _ = write!(filled, "\"{id}\"{rest}");
    }
    filled
}

/// Whether an operation did not do what it was asked for.
pub fn is_refusal(answer: &Value) -> bool {
    match answer {
        Value::Array(items) => items.iter().any(is_refusal),
        Value::Object(fields) => fields.iter().any(|(name, field)| match name.as_str() {
            "errors" | "errorCode" => !field.is_null(),
            "result" => field == "NOT_DELETED",
            _ => is_refusal(field),
        }),
        _ => false,
    }
}

fn find_places(path: String, value: &Literal, places: &mut Vec<(String, String)>) {
    match value {
        Literal::Enum(name) => {
            // Variables are shown as such names by `Operation::read`.
            if let Some(kind) = name.strip_prefix('$') {
                places.push((path, kind.to_owned()));
            }
        }
        Literal::List(items) => {
            for item in items {
                find_places(path.clone(), item, places);
            }
        }
        Literal::Object(fields) => {
            for (name, field) in fields {
                find_places(format!("{path}.{name}"), field, places);
            }
        }
        _ => (),
    }
}

/// Data and errors, with every number in a message left out: it may be the id that was asked for.
fn comparable(answer: &Answer) -> Value {
    let mut seen = json!({ "data": answer.body["data"], "errors": answer.body["errors"] });
    mask_messages(&mut seen);
    seen
}

fn mask_messages(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask_messages),
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "message" => {
                        *text = text.split(|sign: char| sign.is_ascii_digit()).collect();
                    }
                    field => mask_messages(field),
                }
            }
        }
        _ => (),
    }
}
