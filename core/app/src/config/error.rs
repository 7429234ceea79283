//! Why a configuration is refused: always with the setting's name and where its value came from.

use std::fmt;
use std::path::PathBuf;

/// Where a setting's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable, by its name.
    Environment(String),
    /// A flag of the command line, as it is written there.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("by default"),
            Self::File(path) => write!(f, "in {}", path.display()),
            Self::Environment(name) => write!(f, "in the environment variable {name}"),
            Self::Flag(flag) => write!(f, "by the flag {flag}"),
        }
    }
}

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file is not TOML.
    #[error("the configuration file {} is not valid TOML: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// Nobody knows this setting.
    #[error("there is no setting `{key}` (set {origin}); `soko config` lists all")]
    UnknownKey {
        /// The name that was used.
        key: String,
        /// Where.
        origin: Origin,
    },
    /// Nobody knows this environment variable.
    #[error("the environment variable {0} names no setting; `soko config` lists all")]
    UnknownVariable(String),
    /// `--set` without a name or a value.
    #[error("`--set {0}` is not KEY=VALUE")]
    NotAnAssignment(String),
    /// The value is of another kind.
    #[error("`{key}` must be {expected} (set {origin})")]
    WrongKind {
        /// The setting.
        key: String,
        /// What it must be.
        expected: &'static str,
        /// Where the value came from.
        origin: Origin,
    },
    /// The value breaks a rule.
    #[error("`{key}` {reason} (set {origin})")]
    Invalid {
        /// The setting.
        key: String,
        /// What is wrong with the value, as the end of a sentence.
        reason: String,
        /// Where the value came from.
        origin: Origin,
    },
}
