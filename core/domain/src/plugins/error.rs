//! How the use cases of plugins are refused.

use std::fmt;

use soko_extension::Rejection;
use soko_infra::DatabaseError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{ErrorKind, Forbidden, PluginBindingId, PluginVersionId};

use super::entity::PluginRef;

/// One place where a configuration breaks its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// JSON pointer to the offending value; empty for the whole document.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "/" } else { &self.path };
        write!(f, "{path}: {}", self.message)
    }
}

/// Why an operation on plugins failed.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// The component cannot be stored.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A plugin of this name is of another kind.
    #[error("the plugin {name} is of the kind {existing}; this component is of the kind {uploaded}")]
    KindDiffers {
        /// The plugin's name.
        name: String,
        /// Kind of the stored plugin.
        existing: &'static str,
        /// Kind of the upload.
        uploaded: &'static str,
    },
    /// Other bytes are stored under this version.
    #[error(
        "other bytes are stored as version {version} of {name}: raise the version in the component's manifest"
    )]
    VersionInUse {
        /// The plugin's name.
        name: String,
        /// The version that is taken.
        version: String,
    },
    /// The channel has as many plugins as it may.
    #[error("the channel has {0} plugins, which is the most it may have")]
    TooManyPlugins(i64),
    /// The plugin has as many versions as it may.
    #[error("the plugin has {0} versions, which is the most it may have")]
    TooManyVersions(i64),
    /// The channel has as many bindings in force as it may.
    #[error("the channel has {0} enabled bindings, which is the most it may have")]
    TooManyBindings(i64),
    /// The channel has no such plugin.
    #[error("there is no plugin with the {0}")]
    UnknownPlugin(PluginRef),
    /// The plugin has no such version.
    #[error("the plugin has no version with the id {0}")]
    UnknownVersion(PluginVersionId),
    /// The channel has no such binding.
    #[error("there is no binding with the id {0}")]
    UnknownBinding(PluginBindingId),
    /// A grant of what the version does not want.
    #[error("the plugin does not want {0}, which therefore cannot be granted")]
    NotWanted(String),
    /// No version in question of the plugin wants the secret.
    #[error("the plugin wants no secret {0:?}")]
    UnknownSecret(String),
    /// A secret of nothing, or of too much.
    #[error("a secret has 1 to {} bytes", super::SECRET_BYTES_MAX)]
    SecretTooLarge,
    /// The platform has no key to seal secrets with.
    #[error("this platform keeps no secrets: its operator has to set `secrets.key`")]
    SecretsOff,
    /// The plugin is bound already.
    #[error("the plugin is bound already; change its binding instead")]
    AlreadyBound,
    /// The binding has had one version and configuration only.
    #[error("the binding has no previous version to roll back to")]
    NothingToRollBack,
    /// Somebody else changed it since it was read.
    #[error("the plugin or its binding was changed at the same time; look at it again and retry")]
    ChangedMeanwhile,
    /// A configuration that is too large.
    #[error("the configuration has more than {limit_bytes} bytes")]
    ConfigTooLarge {
        /// The limit in force.
        limit_bytes: usize,
    },
    /// A configuration whose check would take too long.
    #[error("the configuration has too many values to be checked against its schema")]
    ConfigTooComplex,
    /// A configuration that cannot be read.
    #[error("the configuration is no JSON: {0}")]
    ConfigNotJson(String),
    /// A configuration that breaks its schema.
    #[error("the configuration breaks its schema: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    InvalidConfig(Vec<ConfigProblem>),
    /// The check itself failed.
    #[error("the configuration could not be checked: {0}")]
    CheckFailed(String),
    /// A list that cannot be read as asked.
    #[error(transparent)]
    Query(#[from] InvalidListQuery),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Database(DatabaseError),
}

impl PluginError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Rejected(Rejection::Host(_)) | Self::CheckFailed(_) => ErrorKind::Internal,
            Self::Rejected(_)
            | Self::ConfigTooLarge { .. }
            | Self::ConfigTooComplex
            | Self::ConfigNotJson(_)
            | Self::InvalidConfig(_)
            | Self::NotWanted(_)
            | Self::UnknownSecret(_)
            | Self::SecretTooLarge
            | Self::Query(_) => ErrorKind::InvalidInput,
            Self::UnknownPlugin(_) | Self::UnknownVersion(_) | Self::UnknownBinding(_) => ErrorKind::NotFound,
            Self::KindDiffers { .. }
            | Self::VersionInUse { .. }
            | Self::TooManyPlugins(_)
            | Self::TooManyVersions(_)
            | Self::TooManyBindings(_)
            | Self::AlreadyBound
            | Self::NothingToRollBack
            | Self::SecretsOff
            | Self::ChangedMeanwhile => ErrorKind::Conflict,
            Self::Forbidden(forbidden) => forbidden.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}

impl From<DatabaseError> for PluginError {
    fn from(error: DatabaseError) -> Self {
        if error.is_unique_violation("plugin_binding", &["channel_id", "plugin_id"]) {
            Self::AlreadyBound
        } else if error.is_unique_violation("plugin", &["channel_id", "name"])
            || error.is_unique_violation("plugin_version", &["channel_id", "plugin_id", "version"])
            || error.is_unique_violation("plugin_version", &["channel_id", "plugin_id", "digest"])
        {
            Self::ChangedMeanwhile
        } else {
            Self::Database(error)
        }
    }
}

impl From<ListError> for PluginError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => error.into(),
        }
    }
}
