//! Puts each shop's plugin to use, by the same upload that its administrator would make.

use std::path::Path;

use anyhow::Context as _;
use soko_domain::Services;
use soko_domain::payments::{MethodText, NewPaymentMethod};
use soko_domain::plugins::{
    BINDING_PRIORITY_DEFAULT, BindingChanges, FailurePolicy, NewBinding, PluginRef, PluginVersion,
};
use soko_extension::effect::{Capabilities, WantedSecret};
use soko_kernel::{Actor, ConfigurableOperation, Language};

use super::daraja::{CONSUMER, DARAJA_HOST, PASSKEY};
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
        let (name, plugins) = (installation.plugin, &services.plugins);
        let version = upload(services, shop, folder, name, progress).await?;
        let new = NewBinding {
            plugin: PluginRef::Id(version.plugin_id),
            version: Some(version.id),
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

/// The shop that is paid by M-Pesa too.
const PAID_BY_MPESA: &str = "duka-moja";

/// Puts the plugin for M-Pesa to use, and adds a payment method for it, if the shop is to be paid by it.
///
/// # Errors
/// As for [`install`].
pub async fn install_mpesa(
    services: &Services,
    shop: &DemoShop,
    folder: &Path,
    server: &str,
    progress: &mut dyn FnMut(&str),
) -> anyhow::Result<()> {
    if shop.plan.code != PAID_BY_MPESA {
        return Ok(());
    }
    let (plugins, actor) = (&services.plugins, &shop.actor);
    let version = upload(services, shop, folder, "mpesa-stk", progress).await?;
    // What the stand-in for Daraja knows the shop by.
    let secrets = [
        ("consumer-key", CONSUMER.0, false),
        ("consumer-secret", CONSUMER.1, false),
        ("passkey", PASSKEY, true),
        ("callback-token", "demo0callback0token0demo", true),
        ("security-credential", "demo", true),
    ];
    for (name, value, _) in secrets {
        plugins.set_secret(actor, version.plugin_id, name, value.as_bytes()).await?;
    }
    let secret = |(name, _, readable): (&str, &str, bool)| WantedSecret {
        name: name.to_owned(),
        description: String::new(),
        readable,
    };
    let config = serde_json::json!({
        "baseUrl": format!("https://{DARAJA_HOST}"),
        "shortCode": "174379",
        "callbackUrl": format!("{server}/webhooks/{PAID_BY_MPESA}/mpesa"),
        "initiator": "demo",
    });
    let new = NewBinding {
        plugin: PluginRef::Id(version.plugin_id),
        version: Some(version.id),
        config: config.to_string(),
        grants: Capabilities {
            hosts: vec![DARAJA_HOST.to_owned()],
            secrets: secrets.map(secret).to_vec(),
            kv: true,
            ..Capabilities::default()
        },
        priority: BINDING_PRIORITY_DEFAULT,
        failure_policy: FailurePolicy::FailClosed,
        enabled: true,
    };
    plugins.bind(actor, new).await.context("the binding of mpesa-stk")?;
    // The binding has changed the channel, and with it what the plugins of the channel are.
    let channel = services.channels.get_by_code_for_command(shop.plan.code).await?;
    let actor = Actor::system(channel.for_actor());
    let text = |language, description: &str| MethodText {
        language,
        name: "M-Pesa".to_owned(),
        description: description.to_owned(),
    };
    let method = NewPaymentMethod {
        code: "mpesa".to_owned(),
        enabled: true,
        handler: ConfigurableOperation::new("plugin:mpesa-stk", []),
        checker: None,
        texts: vec![text(Language::EN, "Pay on your phone."), text(Language::SW, "Lipa kwa simu yako.")],
    };
    services.payments.create_method(&actor, method).await.context("the payment method for M-Pesa")?;
    Ok(())
}

async fn upload(
    services: &Services,
    shop: &DemoShop,
    folder: &Path,
    name: &str,
    progress: &mut dyn FnMut(&str),
) -> anyhow::Result<PluginVersion> {
    progress(&format!("the plugin {name} in {}: upload, inspection, binding", shop.plan.code));
    let file = folder.join(format!("{name}.wasm"));
    let bytes = tokio::fs::read(&file).await.with_context(|| {
        format!("{} cannot be read; `cargo xtask guests` builds the plugins", file.display())
    })?;
    let uploaded = services.plugins.upload(&shop.actor, bytes.into(), Some(&format!("{name}.wasm"))).await;
    Ok(uploaded.with_context(|| format!("the plugin {name}"))?.version)
}
