//! Configurable operations: how administrators choose the core's built-in rules, and which there are to choose from.

use async_graphql::{InputObject, SimpleObject};
use soko_kernel::operation;

use crate::scalars::Json;

/// A setting of an operation.
#[derive(InputObject)]
#[graphql(name = "ConfigArgInput")]
pub struct ConfigArgInput {
    /// Its name.
    pub name: String,
    /// Its value, as JSON.
    pub value: String,
}

/// A piece of built-in logic and its settings.
#[derive(InputObject)]
#[graphql(name = "ConfigurableOperationInput")]
pub struct ConfigurableOperationInput {
    /// Which logic.
    pub code: String,
    /// Its settings.
    pub arguments: Vec<ConfigArgInput>,
}

impl From<ConfigurableOperationInput> for operation::ConfigurableOperation {
    fn from(input: ConfigurableOperationInput) -> Self {
        let arg = |arg: ConfigArgInput| operation::ConfigArg { name: arg.name, value: arg.value };
        Self { code: input.code, args: input.arguments.into_iter().map(arg).collect() }
    }
}

/// A setting that a piece of built-in logic has.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ConfigArgDefinition")]
pub struct ConfigArgDefinition {
    /// Its name.
    pub name: String,
    /// What it holds: `int`, `float`, `string`, `boolean`, `ID`.
    #[graphql(name = "type")]
    pub kind: String,
    /// Whether it is a list.
    pub list: bool,
    /// Whether it must be given.
    pub required: bool,
    /// Its value when it is not given.
    pub default_value: Option<Json>,
    /// What a form calls it.
    pub label: Option<String>,
    /// What it does, where its label does not say so.
    pub description: Option<String>,
    /// How a form shows it: as it shows any of its kind.
    pub ui: Option<Json>,
}

impl From<&operation::ArgDefinition> for ConfigArgDefinition {
    fn from(definition: &operation::ArgDefinition) -> Self {
        let default = |text: &str| match definition.kind {
            "string" | "ID" if !definition.list => serde_json::Value::from(text),
            _ => serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::from(text)),
        };
        Self {
            name: definition.name.to_owned(),
            kind: definition.kind.to_owned(),
            list: definition.list,
            required: definition.required,
            default_value: definition.default.map(default).map(Json),
            label: Some(definition.label.to_owned()),
            description: None,
            ui: None,
        }
    }
}

/// A piece of built-in logic that can be chosen.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ConfigurableOperationDefinition")]
pub struct ConfigurableOperationDefinition {
    /// Its code.
    pub code: String,
    /// Its settings.
    pub args: Vec<ConfigArgDefinition>,
    /// What it does.
    pub description: String,
}

impl ConfigurableOperationDefinition {
    /// The definition with these settings.
    pub(super) fn new(code: &str, description: &str, args: &[operation::ArgDefinition]) -> Self {
        Self {
            code: code.to_owned(),
            args: args.iter().map(ConfigArgDefinition::from).collect(),
            description: description.to_owned(),
        }
    }

    /// All of a list.
    pub(super) fn all(definitions: &[operation::OperationDefinition]) -> Vec<Self> {
        definitions.iter().map(|one| Self::new(one.code, one.description, one.args)).collect()
    }
}
