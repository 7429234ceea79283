//! Flags over environment over file over defaults, with a note of where each value came from.
//!
//! The defaults, written out as a table, are the list of all settings: a key that is not in it is refused, and the
//! default's kind says how a text from the environment or a flag is read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::error::{ConfigError, Origin};
use super::settings::Settings;

/// The file that is read when it is there and no other is named.
const DEFAULT_FILE: &str = "soko.toml";
/// What the names of Soko's environment variables begin with.
const VARIABLE_PREFIX: &str = "SOKO_";
/// Names the configuration file; the only variable that is not a setting.
pub const FILE_VARIABLE: &str = "SOKO_CONFIG";
/// Beginnings of variables with our prefix that are somebody else's: those of the build and the tests, which start
/// servers, and those that Kubernetes gives every container beside a service called `soko`.
const FOREIGN_VARIABLES: &[&str] = &[
    "SOKO_WASM_",
    "SOKO_WRITE_",
    "SOKO_TEST_",
    "SOKO_SOAK",
    "SOKO_SEED",
    "SOKO_ROUNDS",
    "SOKO_SERVICE_",
    "SOKO_PORT",
];

/// What the configuration is made from, beside the defaults.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `--config`: this file must exist.
    pub file: Option<PathBuf>,
    /// The environment, in any order.
    pub environment: Vec<(String, String)>,
    /// Flags that stand for a setting: the flag, the key, the value.
    pub flags: Vec<(&'static str, &'static str, String)>,
    /// `--set KEY=VALUE`, as given.
    pub assignments: Vec<String>,
}

/// A configuration and where each of its values came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings, valid each by itself and together.
    pub settings: Settings,
    /// Every setting by its key, in alphabetical order: its value as text, and its origin.
    pub entries: BTreeMap<String, Entry>,
}

/// One setting.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The value in force.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// Reads the process's own environment. Values that are no text come out with a replacement character, which no
/// setting accepts.
pub fn process_environment() -> Vec<(String, String)> {
    let readable = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (readable(name), readable(value))).collect()
}

/// Merges the sources and checks the result.
///
/// # Errors
/// The first [`ConfigError`] met.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut entries = defaults()?;
    let variable = |name: &str| sources.environment.iter().find(|(known, _)| known == name);
    let named = sources.file.clone().or_else(|| variable(FILE_VARIABLE).map(|(_, path)| PathBuf::from(path)));
    if let Some((path, table)) = read_file(named.as_deref())? {
        apply_table(&mut entries, "", table, &Origin::File(path))?;
    }
    apply_environment(&mut entries, &sources.environment)?;
    for assignment in &sources.assignments {
        let Some((key, text)) = assignment.split_once('=') else {
            return Err(ConfigError::NotAnAssignment(assignment.clone()));
        };
        apply_text(&mut entries, key.trim(), text, Origin::Flag("--set"))?;
    }
    for (flag, key, text) in &sources.flags {
        apply_text(&mut entries, key, text, Origin::Flag(flag))?;
    }
    let settings = assemble(&entries)?;
    settings.check().map_err(|broken| {
        let origin = origin_of(&entries, &broken.key);
        ConfigError::Invalid { key: broken.key, reason: broken.reason, origin }
    })?;
    Ok(Loaded { settings, entries })
}

/// The name of the environment variable for a setting: `http.cors_origins` is `SOKO_HTTP_CORS_ORIGINS`.
pub fn variable_of(key: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", key.replace('.', "_").to_uppercase())
}

fn defaults() -> Result<BTreeMap<String, Entry>, ConfigError> {
    // The defaults are ours, so that this fails only where a default cannot be written as TOML, which a test shows.
    let table = Table::try_from(Settings::default()).map_err(|error| ConfigError::Invalid {
        key: "defaults".to_owned(),
        reason: error.to_string(),
        origin: Origin::Default,
    })?;
    let mut entries = BTreeMap::new();
    flatten("", table, &mut entries);
    Ok(entries)
}

fn flatten(prefix: &str, table: Table, entries: &mut BTreeMap<String, Entry>) {
    for (name, value) in table {
        let key = join(prefix, &name);
        match value {
            Value::Table(table) => flatten(&key, table, entries),
            value => {
                entries.insert(key, Entry { value, origin: Origin::Default });
            }
        }
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

fn read_file(named: Option<&Path>) -> Result<Option<(PathBuf, Table)>, ConfigError> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => return Ok(None),
        Err(error) => {
            return Err(ConfigError::Unreadable { path: path.to_owned(), reason: error.to_string() });
        }
    };
    let table = text.parse().map_err(|error: toml::de::Error| {
        let line =
            error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        ConfigError::Malformed { path: path.to_owned(), reason: format!("line {line}: {}", error.message()) }
    })?;
    Ok(Some((path.to_owned(), table)))
}

fn apply_table(
    entries: &mut BTreeMap<String, Entry>,
    prefix: &str,
    table: Table,
    origin: &Origin,
) -> Result<(), ConfigError> {
    for (name, value) in table {
        let key = join(prefix, &name);
        match (value, entries.contains_key(&key)) {
            (Value::Table(table), false) if is_section(entries, &key) => {
                apply_table(entries, &key, table, origin)?;
            }
            (value, true) => apply_value(entries, &key, value, origin.clone())?,
            (_, false) if is_section(entries, &key) => {
                return Err(ConfigError::WrongKind { key, expected: "a section", origin: origin.clone() });
            }
            (_, false) => return Err(ConfigError::UnknownKey { key, origin: origin.clone() }),
        }
    }
    Ok(())
}

fn is_section(entries: &BTreeMap<String, Entry>, key: &str) -> bool {
    let prefix = format!("{key}.");
    entries.keys().any(|known| known.starts_with(&prefix))
}

fn apply_environment(
    entries: &mut BTreeMap<String, Entry>,
    environment: &[(String, String)],
) -> Result<(), ConfigError> {
    let keys: BTreeMap<String, String> = entries.keys().map(|key| (variable_of(key), key.clone())).collect();
    for (name, text) in environment {
        if !name.starts_with(VARIABLE_PREFIX) || name == FILE_VARIABLE {
            continue;
        }
        match keys.get(name) {
            Some(key) => apply_text(entries, key, text, Origin::Environment(name.clone()))?,
            None if FOREIGN_VARIABLES.iter().any(|foreign| name.starts_with(foreign)) => {}
            None => return Err(ConfigError::UnknownVariable(name.clone())),
        }
    }
    Ok(())
}

fn apply_text(
    entries: &mut BTreeMap<String, Entry>,
    key: &str,
    text: &str,
    origin: Origin,
) -> Result<(), ConfigError> {
    let Some(entry) = entries.get(key) else {
        return Err(ConfigError::UnknownKey { key: key.to_owned(), origin });
    };
    let value = match &entry.value {
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
        Value::Array(_) => Some(Value::Array(split_list(text))),
        _ => Some(Value::String(text.to_owned())),
    };
    let expected = kind_in_words(&entry.value);
    let value =
        value.ok_or(ConfigError::WrongKind { key: key.to_owned(), expected, origin: origin.clone() })?;
    apply_value(entries, key, value, origin)
}

fn split_list(text: &str) -> Vec<Value> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| Value::String(part.to_owned())).collect()
}

fn apply_value(
    entries: &mut BTreeMap<String, Entry>,
    key: &str,
    value: Value,
    origin: Origin,
) -> Result<(), ConfigError> {
    let Some(entry) = entries.get_mut(key) else {
        return Err(ConfigError::UnknownKey { key: key.to_owned(), origin });
    };
    let is_list_of_texts = |value: &Value| value.as_array().is_none_or(|list| list.iter().all(Value::is_str));
    if !entry.value.same_type(&value) || !is_list_of_texts(&value) {
        let expected = kind_in_words(&entry.value);
        return Err(ConfigError::WrongKind { key: key.to_owned(), expected, origin });
    }
    *entry = Entry { value, origin };
    Ok(())
}

fn kind_in_words(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list of texts",
        _ => "a text",
    }
}

fn assemble(entries: &BTreeMap<String, Entry>) -> Result<Settings, ConfigError> {
    let mut root = Table::new();
    for (key, entry) in entries {
        insert(&mut root, key, entry.value.clone());
    }
    serde_path_to_error::deserialize(Value::Table(root)).map_err(|error| {
        let key = error.path().to_string();
        let reason = format!("is not acceptable: {}", error.inner().message());
        ConfigError::Invalid { origin: origin_of(entries, &key), key, reason }
    })
}

fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(section) = section {
                insert(section, rest, value);
            }
        }
    }
}

/// Where a setting's value came from; for a section, where the first of its values that somebody set came from.
fn origin_of(entries: &BTreeMap<String, Entry>, key: &str) -> Origin {
    if let Some(entry) = entries.get(key) {
        return entry.origin.clone();
    }
    let prefix = format!("{key}.");
    let of_section = entries.iter().filter(|(known, _)| known.starts_with(&prefix));
    of_section
        .map(|(_, entry)| entry.origin.clone())
        .find(|origin| *origin != Origin::Default)
        .unwrap_or(Origin::Default)
}
