//! Built-in rules: which there are, and which of them a client chooses.

use async_graphql::{InputObject, SimpleObject};
use soko_kernel::operation::{self, ArgDefinition, OperationDefinition};

use crate::scalars::Json;

/// A setting of a built-in rule.
#[derive(Debug, Clone, InputObject)]
#[graphql(name = "ConfigArgInput")]
pub struct ConfigArgInput {
    /// Its name.
    pub name: String,
    /// Its value as text.
    pub value: String,
}

/// A built-in rule and its settings.
#[derive(Debug, Clone, InputObject)]
#[graphql(name = "ConfigurableOperationInput")]
pub struct ConfigurableOperationInput {
    /// The rule.
    pub code: String,
    /// What it is given.
    pub arguments: Vec<ConfigArgInput>,
}

impl From<ConfigurableOperationInput> for operation::ConfigurableOperation {
    fn from(input: ConfigurableOperationInput) -> Self {
        let arg = |arg: ConfigArgInput| operation::ConfigArg { name: arg.name, value: arg.value };
        Self { code: input.code, args: input.arguments.into_iter().map(arg).collect() }
    }
}

/// A setting that a built-in rule has.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ConfigArgDefinition")]
pub struct ConfigArgDefinition {
    /// Its name.
    pub name: String,
    /// `int`, `float`, `string`, `boolean` or `ID`.
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
    /// What it means, where its label does not say so.
    pub description: Option<String>,
    /// Hints for forms: none.
    pub ui: Option<Json>,
}

impl From<&ArgDefinition> for ConfigArgDefinition {
    fn from(arg: &ArgDefinition) -> Self {
        Self {
            name: arg.name.to_owned(),
            kind: arg.kind.to_owned(),
            list: arg.list,
            required: arg.required,
            default_value: arg.default.map(|text| Json(default_value(arg, text))),
            label: Some(arg.label.to_owned()),
            description: None,
            ui: None,
        }
    }
}

/// The value behind its text: texts stand for themselves, everything else is written as in JSON.
fn default_value(arg: &ArgDefinition, text: &str) -> serde_json::Value {
    let as_text = || serde_json::Value::from(text);
    if arg.kind == "string" && !arg.list {
        return as_text();
    }
    serde_json::from_str(text).unwrap_or_else(|_| as_text())
}

/// A built-in rule that can be chosen.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ConfigurableOperationDefinition")]
pub struct ConfigurableOperationDefinition {
    /// The rule.
    pub code: String,
    /// Its settings.
    pub args: Vec<ConfigArgDefinition>,
    /// What it does.
    pub description: String,
}

impl From<&OperationDefinition> for ConfigurableOperationDefinition {
    fn from(definition: &OperationDefinition) -> Self {
        Self {
            code: definition.code.to_owned(),
            args: definition.args.iter().map(ConfigArgDefinition::from).collect(),
            description: definition.description.to_owned(),
        }
    }
}
