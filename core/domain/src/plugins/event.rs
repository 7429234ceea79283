//! Facts about plugins.

use serde::Serialize;
use soko_infra::outbox::Event;
use soko_kernel::{PluginBindingId, PluginId, PluginVersionId};

/// A version of a plugin was stored.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginUploaded {
    /// The plugin.
    pub plugin_id: PluginId,
    /// The new version.
    pub version_id: PluginVersionId,
    /// SHA-256 of the component, 64 hexadecimal digits.
    pub digest: String,
}

/// What is in force after a change of a binding. The configuration may hold what not every handler should see, and
/// is left out.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingState {
    /// The binding.
    pub binding_id: PluginBindingId,
    /// Its plugin.
    pub plugin_id: PluginId,
    /// The version in force.
    pub version_id: PluginVersionId,
    /// Whether it is called.
    pub enabled: bool,
}

/// A plugin was put to use.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PluginBound(pub BindingState);

/// A binding was changed.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PluginBindingUpdated(pub BindingState);

/// A binding went back to the version and configuration it had before.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PluginRolledBack(pub BindingState);

/// A plugin is no longer used. The state is that of before.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PluginUnbound(pub BindingState);

impl Event for PluginUploaded {
    fn name(&self) -> &'static str {
        "plugin.uploaded"
    }
}

impl Event for PluginBound {
    fn name(&self) -> &'static str {
        "plugin.bound"
    }
}

impl Event for PluginBindingUpdated {
    fn name(&self) -> &'static str {
        "plugin.binding_updated"
    }
}

impl Event for PluginRolledBack {
    fn name(&self) -> &'static str {
        "plugin.rolled_back"
    }
}

impl Event for PluginUnbound {
    fn name(&self) -> &'static str {
        "plugin.unbound"
    }
}
