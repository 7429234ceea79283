//! A binding's configuration against the JSON Schema that the component brought along.
//!
//! The schema is a stranger's: it may try to keep the checker busy for ever. So it is bounded before it is used:
//! references are local and never circular, and the schema with every reference written out has a bounded size. No
//! check then takes more than [`CHECK_STEPS_MAX`] steps. Patterns run on an engine without backtracking.

use std::error::Error;

use jsonschema::{Draft, PatternOptions, Retrieve, Uri, Validator};
use serde_json::Value;

use super::error::{ConfigProblem, PluginError};

/// Bytes of a configuration.
pub const CONFIG_BYTES_MAX: usize = 256 << 10;
/// Problems that one refusal of a configuration lists.
pub const CONFIG_PROBLEMS_MAX: usize = 20;
/// Bytes of a schema.
const SCHEMA_BYTES_MAX: usize = 64 << 10;
/// Values in a schema with every reference written out.
const SCHEMA_PARTS_MAX: usize = 5_000;
/// Levels of a schema with every reference written out.
const SCHEMA_DEPTH_MAX: usize = 64;
/// Regular expressions in a schema, and bytes of each when compiled.
const PATTERNS_MAX: usize = 100;
const PATTERN_COMPILED_BYTES_MAX: usize = 256 << 10;
/// Keywords whose cost doubles with each level of nesting.
const UNEVALUATED_MAX: usize = 4;
/// Parts of the schema times values of the configuration.
const CHECK_STEPS_MAX: usize = 20_000_000;
/// Up to this many steps every problem is collected; above it the first is all there is.
const LISTING_STEPS_MAX: usize = 500_000;
/// Bytes of one problem's message.
const MESSAGE_BYTES_MAX: usize = 300;

/// Keywords that make a reference lead elsewhere than its text says.
const UNSUPPORTED_KEYWORDS: [&str; 5] =
    ["$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef", "$recursiveAnchor"];

/// A schema that is safe to check with.
pub(super) struct ConfigSchema {
    validator: Validator,
    parts: usize,
}

impl ConfigSchema {
    /// Reads a component's schema.
    ///
    /// # Errors
    /// One sentence saying why it is not acceptable.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        if text.len() > SCHEMA_BYTES_MAX {
            return Err(format!("the config schema has more than {SCHEMA_BYTES_MAX} bytes"));
        }
        let schema =
            serde_json::from_str(text).map_err(|error| format!("the config schema is no JSON: {error}"))?;
        let mut outline = Outline { root: &schema, parts: 0, patterns: 0, unevaluated: 0 };
        outline.walk(&schema, 0).map_err(|why| format!("the config schema {why}"))?;
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_retriever(Nowhere)
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_COMPILED_BYTES_MAX))
            .build(&schema)
            .map_err(|error| bounded(&format!("the config schema is not valid: {error}")))?;
        Ok(Self { validator, parts: outline.parts })
    }

    /// Checks a configuration and returns it in the canonical form: sorted keys, no spaces.
    ///
    /// # Errors
    /// No JSON, too large, or what in it breaks the schema.
    pub(super) fn check(&self, config: &str) -> Result<String, PluginError> {
        if config.len() > CONFIG_BYTES_MAX {
            return Err(PluginError::ConfigTooLarge { limit_bytes: CONFIG_BYTES_MAX });
        }
        let config: Value = serde_json::from_str(config)
            .map_err(|error| PluginError::ConfigNotJson(bounded(&error.to_string())))?;
        let steps = self.parts.saturating_mul(count(&config));
        if steps > CHECK_STEPS_MAX {
            return Err(PluginError::ConfigTooComplex);
        }
        if self.validator.is_valid(&config) {
            return Ok(canonical(&config));
        }
        let problem = |error: jsonschema::ValidationError<'_>| ConfigProblem {
            path: bounded(error.instance_path().as_str()),
            message: bounded(&error.to_string()),
        };
        Err(PluginError::InvalidConfig(if steps > LISTING_STEPS_MAX {
            self.validator.validate(&config).err().map(problem).into_iter().collect()
        } else {
            self.validator.iter_errors(&config).take(CONFIG_PROBLEMS_MAX).map(problem).collect()
        }))
    }
}

/// Schemas stand for themselves: nothing is fetched, whatever features other crates switch on.
struct Nowhere;

impl Retrieve for Nowhere {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        Err(format!("a config schema cannot refer to {uri}").into())
    }
}

/// Measures a schema with every reference written out.
struct Outline<'s> {
    root: &'s Value,
    parts: usize,
    patterns: usize,
    unevaluated: usize,
}

impl<'s> Outline<'s> {
    fn walk(&mut self, part: &'s Value, depth: usize) -> Result<(), String> {
        self.parts += 1;
        if self.parts > SCHEMA_PARTS_MAX {
            return Err(format!("has more than {SCHEMA_PARTS_MAX} parts with its references written out"));
        }
        if depth > SCHEMA_DEPTH_MAX {
            return Err(format!("is nested deeper than {SCHEMA_DEPTH_MAX} levels, or refers to itself"));
        }
        match part {
            Value::Array(items) => items.iter().try_for_each(|item| self.walk(item, depth + 1)),
            Value::Object(members) => {
                for (key, value) in members {
                    self.keyword(key, value, depth)?;
                    self.walk(value, depth + 1)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn keyword(&mut self, key: &str, value: &'s Value, depth: usize) -> Result<(), String> {
        match (key, value) {
            ("$ref", Value::String(reference)) => {
                let target = self.target(reference)?;
                self.walk(target, depth + 1)?;
            }
            ("$id", Value::String(_)) if depth > 0 => return Err("uses $id below its top".to_owned()),
            (key, Value::String(_) | Value::Bool(_)) if UNSUPPORTED_KEYWORDS.contains(&key) => {
                return Err(format!("uses {key}"));
            }
            ("pattern", Value::String(_)) => self.patterns += 1,
            ("patternProperties", Value::Object(patterns)) => self.patterns += patterns.len(),
            ("unevaluatedProperties" | "unevaluatedItems", _) => self.unevaluated += 1,
            _ => {}
        }
        if self.patterns > PATTERNS_MAX {
            return Err(format!("has more than {PATTERNS_MAX} patterns"));
        }
        if self.unevaluated > UNEVALUATED_MAX {
            return Err(format!(
                "has more than {UNEVALUATED_MAX} of unevaluatedProperties and unevaluatedItems"
            ));
        }
        Ok(())
    }

    /// What a reference names. Percent signs could make it mean something else to the checker than it does here.
    fn target(&self, reference: &str) -> Result<&'s Value, String> {
        let root = self.root;
        reference
            .strip_prefix('#')
            .filter(|pointer| pointer.starts_with('/') && !pointer.contains('%'))
            .and_then(|pointer| root.pointer(pointer))
            .ok_or_else(|| format!("refers to {:?}, which is no part of it", bounded(reference)))
    }
}

/// Values in a document.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// The one text that stands for this document: keys sorted by their bytes, no spaces.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(key, _)| key.as_str());
            let member = |(key, value): (&String, &Value)| {
                format!("{}:{}", Value::String(key.clone()), canonical(value))
            };
            format!("{{{}}}", members.into_iter().map(member).collect::<Vec<_>>().join(","))
        }
        scalar => scalar.to_string(),
    }
}

/// The text, cut at a character's border where it is too long for a message.
pub(super) fn bounded(text: &str) -> String {
    cut(text, MESSAGE_BYTES_MAX).to_owned()
}

/// The longest beginning of `text` with at most `bytes_max` bytes.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use std::time::Instant;

    use super::*;

    const TIERS: &str = r##"{
        "$id": "https://example.com/tiers",
        "type": "object",
        "required": ["tiers"],
        "additionalProperties": false,
        "properties": {"tiers": {"type": "array", "items": {"$ref": "#/$defs/tier"}}},
        "$defs": {"tier": {
            "type": "object",
            "required": ["from", "off"],
            "properties": {"from": {"type": "integer", "minimum": 2}, "off": {"type": "integer"}}
        }}
    }"##;

    fn refusal(schema: &str) -> String {
        ConfigSchema::compile(schema).err().unwrap_or_default()
    }

    #[test]
    fn keeps_one_text_for_equal_configurations() {
        let schema = ConfigSchema::compile(TIERS).unwrap();
        let spaced = schema.check(r#"{ "tiers": [ {"off": 5, "from": 12} ] }"#).unwrap();
        assert_eq!(spaced, r#"{"tiers":[{"from":12,"off":5}]}"#);
        assert_eq!(schema.check(&spaced).unwrap(), spaced);
        let quoted: Value = serde_json::from_str(r#"{"é\"\n": "\u0000é", "b": 1.50, "a": null}"#).unwrap();
        assert_eq!(canonical(&quoted), r#"{"a":null,"b":1.5,"é\"\n":"\u0000é"}"#);
    }

    #[test]
    fn lists_every_problem_of_a_configuration() {
        let schema = ConfigSchema::compile(TIERS).unwrap();
        let Err(PluginError::InvalidConfig(problems)) =
            schema.check(r#"{"tiers": [{"from": 1, "off": "five"}], "extra": 1}"#)
        else {
            panic!("the configuration was accepted");
        };
        let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        for path in ["/tiers/0/from", "/tiers/0/off", ""] {
            assert!(paths.contains(&path), "{path:?} in {problems:?}");
        }
        let many = format!(r#"{{"tiers": [{}]}}"#, vec!["1"; 1_000].join(","));
        let Err(PluginError::InvalidConfig(problems)) = schema.check(&many) else {
            panic!("the configuration was accepted");
        };
        assert_eq!(problems.len(), CONFIG_PROBLEMS_MAX);
        assert!(matches!(schema.check("{"), Err(PluginError::ConfigNotJson(_))));
        let large = " ".repeat(CONFIG_BYTES_MAX + 1);
        assert!(matches!(schema.check(&large), Err(PluginError::ConfigTooLarge { .. })));
    }

    #[test]
    fn refuses_schemas_that_could_keep_the_checker_busy() {
        for (schema, why) in [
            ("{", "no JSON"),
            (r#"{"type": 5}"#, "not valid"),
            (r##"{"$ref": "#"}"##, "no part of it"),
            (r#"{"$ref": "https://example.com/other"}"#, "no part of it"),
            (r#"{"$ref": "file:///etc/hostname"}"#, "no part of it"),
            (r##"{"$ref": "#/$defs/a%62", "$defs": {"a%62": {}, "ab": {}}}"##, "no part of it"),
            (r##"{"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}"##, "refers to itself"),
            (r#"{"properties": {"a": {"$id": "https://example.com/a"}}}"#, "$id"),
            (r#"{"$dynamicAnchor": "a", "items": {"$dynamicRef": "a"}}"#, "$dynamicAnchor"),
            (r#"{"pattern": "(?=a)"}"#, "not valid"),
            (r#"{"pattern": "\\w{1000}{1000}"}"#, "not valid"),
        ] {
            assert!(refusal(schema).contains(why), "{schema}: {}", refusal(schema));
        }
        let doubling: Vec<_> = (0..15)
            .map(|level| {
                let next = format!(r##"{{"$ref": "#/$defs/l{}"}}"##, level + 1);
                format!(r#""l{level}": {{"anyOf": [{next}, {next}]}}"#)
            })
            .collect();
        let doubling = format!(r#"{{"$defs": {{{}, "l15": {{}}}}}}"#, doubling.join(","));
        assert!(refusal(&doubling).contains("more than 5000 parts"), "{}", refusal(&doubling));
    }

    #[test]
    fn answers_soon_whatever_the_schema() {
        let begun = Instant::now();
        let nested = (0..20).fold(r#"{"type": "object"}"#.to_owned(), |inner, _| {
            format!(r#"{{"anyOf": [{inner}, {{"oneOf": [{{"type": "string"}}]}}]}}"#)
        });
        let schema = ConfigSchema::compile(&nested).unwrap();
        assert!(matches!(schema.check("5"), Err(PluginError::InvalidConfig(_))));
        let all: Vec<_> = (0..400).map(|limit| format!(r#"{{"items": {{"maximum": -{limit}}}}}"#)).collect();
        let schema = ConfigSchema::compile(&format!(r#"{{"allOf": [{}]}}"#, all.join(","))).unwrap();
        let many = format!("[{}]", vec!["1"; 10_000].join(","));
        let Err(PluginError::InvalidConfig(problems)) = schema.check(&many) else {
            panic!("the configuration was accepted");
        };
        assert_eq!(problems.len(), 1);
        let more = format!("[{}]", vec!["1"; 100_000].join(","));
        assert!(matches!(schema.check(&more), Err(PluginError::ConfigTooComplex)));
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    }
}
