//! Configurable operations: the form in which the API names a piece of built-in logic and its settings.

/// A piece of built-in logic by its code, with its settings as texts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ConfigurableOperation {
    /// Which logic.
    pub code: String,
    /// Its settings, in the order in which they were given.
    pub args: Vec<ConfigArg>,
}

/// One setting. Lists are JSON lists, truth values `true` and `false`, numbers decimal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ConfigArg {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl ConfigurableOperation {
    /// An operation with these settings.
    pub fn new<const N: usize>(code: &str, args: [(&str, &str); N]) -> Self {
        let arg = |(name, value): (&str, &str)| ConfigArg { name: name.to_owned(), value: value.to_owned() };
        Self { code: code.to_owned(), args: args.map(arg).into() }
    }

    /// The value of a setting.
    pub fn arg(&self, name: &str) -> Option<&str> {
        self.args.iter().find(|arg| arg.name == name).map(|arg| arg.value.as_str())
    }

    /// Its settings as names and values.
    pub fn named_args(&self) -> Vec<(String, String)> {
        self.args.iter().map(|arg| (arg.name.clone(), arg.value.clone())).collect()
    }
}

/// What a client can choose: a code, what it does, and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationDefinition {
    /// Its code.
    pub code: &'static str,
    /// What it does, in one sentence.
    pub description: &'static str,
    /// Its settings.
    pub args: &'static [ArgDefinition],
}

/// One setting of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArgDefinition {
    /// Its name.
    pub name: &'static str,
    /// The API's word for its type: `int`, `float`, `string`, `boolean`, `ID`.
    pub kind: &'static str,
    /// Whether it is a list.
    pub list: bool,
    /// Whether it must be given.
    pub required: bool,
    /// Its value when it is not given, in the form of [`ConfigArg::value`].
    pub default: Option<&'static str>,
    /// What a form calls it.
    pub label: &'static str,
}
