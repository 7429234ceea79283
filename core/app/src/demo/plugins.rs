//! Puts each shop's plugin to use, by the same upload that its administrator would make.

use std::path::Path;

use anyhow::Context as _;
use soko_domain::Services;
use soko_domain::plugins::{BindingChanges, FailurePolicy, NewBinding, PluginRef};
use soko_extension::effect::Capabilities;

use super::shop::DemoShop;

/// A shop's plugin.
struct Installation {
    shop: &'static str,
    /// The component's file without `.wasm`, which is the plugin's name too.
    plugin: &'static str,
    /// The configuration that it begins with: what a rollback brings back.
    first_config: &'static str,
    /// The configuration in force.
    config: &'static str,
}

const INSTALLATIONS: &[Installation] = &[
    Installation {
        shop: "duka-moja",
        plugin: "wholesale-tiers",
        first_config: r#"{ "breaks": [{ "tiers": [{ "minQuantity": 12, "offBasisPoints": 300 }] }] }"#,
        config: include_str!("wholesale-tiers.json"),
    },
    // In the demo the hour lasts all day, so that everybody sees it.
    Installation {
        shop: "duka-mbili",
        plugin: "happy-hour",
        first_config: r#"{
            "windows": [{ "days": ["friday"], "start": "17:00", "end": "19:00" }],
            "offBasisPoints": 1000,
            "floor": { "listBasisPoints": 9000 }
        }"#,
        config: include_str!("happy-hour.json"),
    },
];

/// Uploads and binds the shop's plugin, if it has one.
///
/// # Errors
/// A component that cannot be read or is refused.
pub async fn install(
    services: &Services,
    shop: &mut DemoShop,
    folder: &Path,
    progress: &mut dyn FnMut(&str),
) -> anyhow::Result<()> {
    for installation in INSTALLATIONS.iter().filter(|one| one.shop == shop.plan.code) {
        let name = installation.plugin;
        progress(&format!("the plugin {name} in {}: upload, inspection, binding", shop.plan.code));
        let file = folder.join(format!("{name}.wasm"));
        let bytes = tokio::fs::read(&file).await.with_context(|| {
            format!("{} cannot be read; `cargo xtask guests` builds the plugins", file.display())
        })?;
        let plugins = &services.plugins;
        let upload = plugins.upload(&shop.actor, bytes.into(), Some(&format!("{name}.wasm"))).await;
        let upload = upload.with_context(|| format!("the plugin {name}"))?;
        let new = NewBinding {
            plugin: PluginRef::Id(upload.version.plugin_id),
            version: Some(upload.version.id),
            config: installation.first_config.to_owned(),
            grants: Capabilities::default(),
            priority: 10,
            failure_policy: FailurePolicy::Skip,
            enabled: true,
        };
        let binding =
            plugins.bind(&shop.actor, new).await.with_context(|| format!("the binding of {name}"))?;
        let changes =
            BindingChanges { config: Some(installation.config.to_owned()), ..BindingChanges::default() };
        plugins.update_binding(&shop.actor, binding.id, changes).await?;
        shop.binding = Some(binding.id);
    }
    Ok(())
}
