//! Plugins, their versions and bindings, and the rules they keep.

use std::fmt;
use std::sync::Arc;

use soko_extension::effect::Capabilities;
use soko_extension::{Digest, PluginKind};
use soko_infra::DatabaseError;
use soko_kernel::{PluginBindingId, PluginId, PluginVersionId, Timestamp, UserId};

use super::error::PluginError;

/// What a shop may store and put to use. The platform's operator sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PluginLimits {
    /// Bytes of a component.
    pub component_bytes_max: u64,
    /// Bytes of a component where `allow_large` is set, for languages that bring their runtime along.
    pub large_component_bytes_max: u64,
    /// Whether large components may be uploaded.
    pub allow_large: bool,
    /// Plugins of a channel.
    pub plugins_max: i64,
    /// Versions of a plugin.
    pub versions_max: i64,
    /// Enabled bindings of a channel: each is called for every change of every order.
    pub enabled_bindings_max: i64,
}

impl Default for PluginLimits {
    fn default() -> Self {
        Self {
            component_bytes_max: 2 << 20,
            large_component_bytes_max: 20 << 20,
            allow_large: false,
            plugins_max: 100,
            versions_max: 200,
            enabled_bindings_max: 16,
        }
    }
}

impl PluginLimits {
    /// Most bytes that an upload may have.
    pub fn upload_bytes_max(&self) -> u64 {
        if self.allow_large { self.large_component_bytes_max } else { self.component_bytes_max }
    }
}

/// How a caller names a plugin of its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PluginRef {
    /// By its id.
    Id(PluginId),
    /// By its name.
    Name(String),
}

impl fmt::Display for PluginRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "id {id}"),
            Self::Name(name) => write!(f, "name {name:?}"),
        }
    }
}

/// A plugin of a channel, across its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// Its id.
    pub id: PluginId,
    /// Its name, unique in the channel.
    pub name: String,
    /// What it does.
    pub kind: PluginKind,
    /// The version that was uploaded last.
    pub latest: VersionRef,
    /// When its first version was uploaded.
    pub created_at: Timestamp,
    /// When its latest version was uploaded.
    pub updated_at: Timestamp,
}

/// One uploaded version of a plugin. Never changes and is never deleted: receipts name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginVersion {
    /// Its id.
    pub id: PluginVersionId,
    /// The plugin.
    pub plugin_id: PluginId,
    /// The plugin's name.
    pub plugin_name: String,
    /// Semantic version, as the component's manifest has it.
    pub version: String,
    /// SHA-256 of the component.
    pub digest: Digest,
    /// The contract it was built against: `soko:pricing@0.1.0`.
    pub contract: String,
    /// One sentence from the manifest.
    pub description: String,
    /// JSON Schema of configurations.
    pub config_schema: String,
    /// Interfaces that it imports, sorted.
    pub imports: Vec<String>,
    /// What it wants of the world.
    pub capabilities: Capabilities,
    /// Size of the component in bytes.
    pub size_bytes: i64,
    /// Milliseconds that compiling it took.
    pub compile_ms: i64,
    /// What the file was called where it came from.
    pub file_name: Option<String>,
    /// Who uploaded it.
    pub uploaded_by: Option<UserId>,
    /// When it was uploaded.
    pub created_at: Timestamp,
}

/// A version in few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRef {
    /// Its id.
    pub id: PluginVersionId,
    /// Semantic version.
    pub version: String,
    /// SHA-256 of the component.
    pub digest: Digest,
}

impl PluginVersion {
    pub(super) fn in_brief(&self) -> VersionRef {
        VersionRef { id: self.id, version: self.version.clone(), digest: self.digest }
    }
}

/// How a version's imports differ from those of the version uploaded before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportsDifference {
    /// The version before; absent for a plugin's first.
    pub previous_version: Option<String>,
    /// Imported now and not before, sorted.
    pub added: Vec<String>,
    /// Imported before and not now, sorted.
    pub removed: Vec<String>,
}

impl ImportsDifference {
    pub(super) fn between(previous: Option<&PluginVersion>, current: &PluginVersion) -> Self {
        let before = previous.map(|version| version.imports.as_slice()).unwrap_or_default();
        let missing_in = |one: &[String], other: &[String]| {
            one.iter().filter(|import| !other.contains(import)).cloned().collect()
        };
        Self {
            previous_version: previous.map(|version| version.version.clone()),
            added: missing_in(&current.imports, before),
            removed: missing_in(before, &current.imports),
        }
    }
}

/// What an upload came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The stored version.
    pub version: PluginVersion,
    /// How its imports differ from those of the version before it.
    pub imports: ImportsDifference,
    /// False when the same bytes had been uploaded before.
    pub created: bool,
}

/// What happens to an order when the plugin fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FailurePolicy {
    /// The change of the order is refused.
    FailClosed,
    /// The order is priced without the plugin, and its receipt says so: the default, for a shop goes on selling.
    #[default]
    Skip,
}

impl FailurePolicy {
    /// The name that the database and clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FailClosed => "FAIL_CLOSED",
            Self::Skip => "SKIP",
        }
    }

    pub(super) fn parse(name: &str) -> Result<Self, DatabaseError> {
        [Self::FailClosed, Self::Skip]
            .into_iter()
            .find(|policy| policy.as_str() == name)
            .ok_or_else(|| DatabaseError::corrupt("failure policy", name))
    }
}

/// A version with its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The version.
    pub version: VersionRef,
    /// Its configuration as canonical JSON; meets the version's schema.
    pub config: String,
}

/// A plugin put to use in its channel. A plugin has one binding at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginBinding {
    /// Its id.
    pub id: PluginBindingId,
    /// The plugin.
    pub plugin_id: PluginId,
    /// The plugin's name.
    pub plugin_name: String,
    /// What is in force.
    pub current: Setting,
    /// What a rollback would bring back.
    pub previous: Option<Setting>,
    /// What the channel grants of what the version wants.
    pub grants: Capabilities,
    /// Lower numbers are called first.
    pub priority: i64,
    /// What happens when it fails.
    pub failure_policy: FailurePolicy,
    /// Whether it is called.
    pub enabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl PluginBinding {
    /// Puts another setting in force and keeps the one of before for a rollback.
    pub(super) fn put(&mut self, next: Setting) {
        if next != self.current {
            self.previous = Some(std::mem::replace(&mut self.current, next));
        }
    }

    /// Swaps current and previous: a second rollback undoes the first.
    pub(super) fn roll_back(&mut self) -> Result<(), PluginError> {
        let previous = self.previous.take().ok_or(PluginError::NothingToRollBack)?;
        self.put(previous);
        Ok(())
    }
}

/// The priority of a binding for which nobody chose one: others find room before and after it.
pub const BINDING_PRIORITY_DEFAULT: i64 = 100;

/// What a new binding needs.
#[derive(Debug, Clone)]
pub struct NewBinding {
    /// The plugin.
    pub plugin: PluginRef,
    /// The version; the latest when absent.
    pub version: Option<PluginVersionId>,
    /// The configuration as a JSON text.
    pub config: String,
    /// What is granted of what the version wants.
    pub grants: Capabilities,
    /// Lower numbers are called first.
    pub priority: i64,
    /// What happens when it fails.
    pub failure_policy: FailurePolicy,
    /// Whether it is called from now on.
    pub enabled: bool,
}

/// What may change; absent fields stay.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of NewBinding")]
pub struct BindingChanges {
    pub version: Option<PluginVersionId>,
    pub config: Option<String>,
    pub grants: Option<Capabilities>,
    pub priority: Option<i64>,
    pub failure_policy: Option<FailurePolicy>,
    pub enabled: Option<bool>,
}

/// An enabled binding as whoever calls plugins needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveBinding {
    /// The binding.
    pub id: PluginBindingId,
    /// The plugin.
    pub plugin_id: PluginId,
    /// The version in force.
    pub version_id: PluginVersionId,
    /// What the plugin does.
    pub kind: PluginKind,
    /// The plugin's name.
    pub name: Arc<str>,
    /// Semantic version.
    pub version: Arc<str>,
    /// The contract that the component was built against.
    pub contract: Arc<str>,
    /// SHA-256 of the component.
    pub digest: Digest,
    /// The configuration as canonical JSON.
    pub config: Arc<str>,
    /// SHA-256 of the configuration's text.
    pub config_digest: Digest,
    /// What the version wants of the world.
    pub wanted: Arc<Capabilities>,
    /// What the channel grants of it.
    pub granted: Arc<Capabilities>,
    /// Lower numbers are called first.
    pub priority: i64,
    /// What happens when it fails.
    pub failure_policy: FailurePolicy,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    fn setting(id: i64, config: &str) -> Setting {
        let version =
            VersionRef { id: PluginVersionId(id), version: "1.0.0".into(), digest: Digest([0; 32]) };
        Setting { version, config: config.to_owned() }
    }

    #[test]
    fn rolls_back_version_and_configuration_together() {
        let mut binding = PluginBinding {
            id: PluginBindingId(1),
            plugin_id: PluginId(1),
            plugin_name: "tiers".to_owned(),
            current: setting(1, "{}"),
            previous: None,
            grants: Capabilities::default(),
            priority: 0,
            failure_policy: FailurePolicy::Skip,
            enabled: true,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        };
        assert!(matches!(binding.roll_back(), Err(PluginError::NothingToRollBack)));
        binding.put(setting(1, "{}"));
        assert_eq!(binding.previous, None, "nothing changed");
        binding.put(setting(2, "[]"));
        binding.roll_back().unwrap();
        assert_eq!(
            (binding.current.clone(), binding.previous.clone()),
            (setting(1, "{}"), Some(setting(2, "[]")))
        );
        binding.roll_back().unwrap();
        assert_eq!((binding.current, binding.previous), (setting(2, "[]"), Some(setting(1, "{}"))));
    }
}
