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
    "pluginSecrets(pluginId: $payment_plugin)",
    r#"setPluginSecret(input: { pluginId: $payment_plugin, name: "key", value: "s3cret" })"#,
    r#"deletePluginSecret(pluginId: $payment_plugin, name: "key")"#,
];
