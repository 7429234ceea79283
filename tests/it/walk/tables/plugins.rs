//! Plugins and what is bound.

pub const LINES: &[&str] = &[
    "plugin(id: $plugin)",
    "pluginVersions(pluginId: $plugin)",
    "pluginRuns(pluginId: $plugin)",
    "updatePluginBinding(input: { id: $binding, priority: 1 })",
    "updatePluginBinding(input: { id: $binding, versionId: $plugin_version })",
    "rollbackPlugin(bindingId: $binding)",
    "unbindPlugin(id: $binding)",
    "bindPlugin(input: { pluginId: $plugin, versionId: $plugin_version, config: {} })",
    "bindPlugin(input: { pluginId: $spare_plugin, config: {} })",
];
