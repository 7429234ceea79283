//! `soko plugin …`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use clap::{Args, Subcommand, ValueEnum};
use soko_domain::plugins::{
    BINDING_PRIORITY_DEFAULT, BindingChanges, FailurePolicy, NewBinding, PluginBinding, PluginRef, Plugins,
    Upload,
};
use soko_extension::effect::Capabilities;
use soko_extension::{
    ComponentBytes, ComponentInspector as _, ComponentSource, Digest, Inspection, PluginFailure,
};
use soko_host::PluginHost;
use soko_kernel::{Actor, ListQuery, PluginVersionId};

use super::operator;
use crate::config::Settings;
use crate::wiring::{Options, Platform, host_config};

/// Check, upload, bind and list plugins. A running server uses what changes with its next request.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Validate a component file and print what it is; stores nothing and needs no data directory.
    Check(CheckArgs),
    /// Store a component as a new version of the plugin that it names; puts nothing to use.
    Upload(UploadArgs),
    /// Put a plugin to use in its shop, or change the version, configuration or priority in use.
    Bind(BindArgs),
    /// List a shop's plugins in the order in which they are called, then those not in use.
    List(ListArgs),
    /// Bring back the version and configuration that were in use before.
    Rollback(RollbackArgs),
}

/// A component file.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The component.
    file: PathBuf,
}

/// A component file for a shop.
#[derive(Debug, Args)]
pub struct UploadArgs {
    /// The component.
    file: PathBuf,
    /// Code of the shop's channel.
    #[arg(long, value_name = "CODE")]
    channel: String,
}

/// What to put to use, and how.
#[derive(Debug, Args)]
pub struct BindArgs {
    /// Name of the plugin, as its manifest has it.
    name: String,
    /// Code of the shop's channel.
    #[arg(long, value_name = "CODE")]
    channel: String,
    /// The configuration: a JSON text, or a file that holds one [default: {} for a new binding].
    #[arg(long, value_name = "FILE|JSON")]
    config: Option<String>,
    /// The version to use [default: the latest].
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Lower numbers are called first [default: 100 for a new binding].
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    priority: Option<i64>,
    /// What happens to an order when the plugin fails [default: skip for a new binding].
    #[arg(long, value_enum, value_name = "POLICY")]
    on_failure: Option<OnFailure>,
}

/// What happens to an order when a plugin fails.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum OnFailure {
    /// The order is priced without the plugin, and its receipt says so.
    Skip,
    /// The change of the order is refused.
    FailClosed,
}

/// A shop.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Code of the shop's channel.
    #[arg(long, value_name = "CODE")]
    channel: String,
}

/// A plugin of a shop.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// Name of the plugin.
    name: String,
    /// Code of the shop's channel.
    #[arg(long, value_name = "CODE")]
    channel: String,
}

/// Runs one of the commands.
///
/// # Errors
/// Whatever the use case refuses.
pub async fn run(settings: &Settings, command: PluginCommand) -> anyhow::Result<()> {
    let channel = match &command {
        PluginCommand::Check(args) => return check(settings, &args.file).await,
        PluginCommand::Upload(args) => args.channel.clone(),
        PluginCommand::Bind(args) => args.channel.clone(),
        PluginCommand::List(args) => args.channel.clone(),
        PluginCommand::Rollback(args) => args.channel.clone(),
    };
    let platform = operator::open(settings).await?;
    let outcome = run_in_channel(&platform, &channel, command).await;
    platform.close().await;
    outcome
}

async fn run_in_channel(platform: &Platform, channel: &str, command: PluginCommand) -> anyhow::Result<()> {
    let actor = operator::in_channel(platform, channel).await?;
    let plugins = &platform.services.plugins;
    match command {
        PluginCommand::Check(_) => Ok(()),
        PluginCommand::Upload(args) => upload(plugins, &actor, &args.file).await,
        PluginCommand::Bind(args) => bind(plugins, &actor, args).await,
        PluginCommand::List(_) => list(plugins, &actor).await,
        PluginCommand::Rollback(args) => roll_back(plugins, &actor, &args.name).await,
    }
}

/// A host of one file needs no store of others.
struct NoComponents;

#[async_trait]
impl ComponentSource for NoComponents {
    async fn load(&self, _digest: Digest) -> Result<Option<ComponentBytes>, PluginFailure> {
        Ok(None)
    }
}

async fn check(settings: &Settings, file: &Path) -> anyhow::Result<()> {
    let bytes = read_component(file).await?;
    let config = host_config(settings, &Options::for_this_program()?, None);
    let host = PluginHost::try_new(config, Arc::new(NoComponents))?;
    let limit_bytes = settings.uploads.component_limit_bytes();
    let inspection =
        host.inspect(bytes, limit_bytes).await.with_context(|| format!("{} is refused", file.display()))?;
    print_inspection(&inspection);
    Ok(())
}

fn print_inspection(inspection: &Inspection) {
    let Inspection { digest, size_bytes, manifest, contract, imports, compile_ms } = inspection;
    println!("name         {}", manifest.name);
    println!("version      {}", manifest.version);
    println!("kind         {}", manifest.kind.as_str());
    println!("contract     {contract}");
    println!("description  {}", manifest.description);
    println!("size         {size_bytes} bytes");
    println!("sha256       {digest}");
    println!("compiled in  {compile_ms} ms");
    println!("imports      {}", or_none(imports));
    println!("config       {}", manifest.config_schema);
}

fn or_none(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

async fn read_component(file: &Path) -> anyhow::Result<ComponentBytes> {
    let bytes = tokio::fs::read(file).await.with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(bytes.into())
}

async fn upload(plugins: &Plugins, actor: &Actor, file: &Path) -> anyhow::Result<()> {
    let bytes = read_component(file).await?;
    let file_name = file.file_name().and_then(|name| name.to_str());
    let uploaded = plugins.upload(actor, bytes, file_name).await;
    let Upload { version, imports, created } =
        uploaded.with_context(|| format!("{} is not stored", file.display()))?;
    let what = if created { "stored" } else { "was stored before" };
    println!("{} {} {what} (sha256 {})", version.plugin_name, version.version, version.digest);
    if let Some(previous) = imports.previous_version {
        println!(
            "imports, compared with {previous}: added {}; removed {}",
            or_none(&imports.added),
            or_none(&imports.removed)
        );
    }
    Ok(())
}

async fn bind(plugins: &Plugins, actor: &Actor, args: BindArgs) -> anyhow::Result<()> {
    let config = args.config.as_deref().map(read_config).transpose()?;
    let failure_policy = args.on_failure.map(|policy| match policy {
        OnFailure::Skip => FailurePolicy::Skip,
        OnFailure::FailClosed => FailurePolicy::FailClosed,
    });
    let plugin = PluginRef::Name(args.name.clone());
    let version = match &args.version {
        Some(version) => Some(find_version(plugins, actor, &plugin, version).await?),
        None => None,
    };
    let binding = if let Some(bound) = find_binding(plugins, actor, &args.name).await? {
        let latest = plugins.find(actor, &plugin).await?.map(|plugin| plugin.latest.id);
        let changes = BindingChanges {
            version: version.or(latest),
            config,
            grants: None,
            priority: args.priority,
            failure_policy,
            enabled: Some(true),
        };
        plugins.update_binding(actor, bound.id, changes).await?
    } else {
        let new = NewBinding {
            plugin,
            version,
            config: config.unwrap_or_else(|| "{}".to_owned()),
            grants: Capabilities::default(),
            priority: args.priority.unwrap_or(BINDING_PRIORITY_DEFAULT),
            failure_policy: failure_policy.unwrap_or_default(),
            enabled: true,
        };
        plugins.bind(actor, new).await?
    };
    print_binding(&binding);
    Ok(())
}

/// A JSON text as it is; anything else names a file.
fn read_config(given: &str) -> anyhow::Result<String> {
    if given.trim_start().starts_with(['{', '[', '"'])
        || serde_json::from_str::<serde_json::Value>(given).is_ok()
    {
        return Ok(given.to_owned());
    }
    std::fs::read_to_string(given).with_context(|| format!("the configuration file {given} cannot be read"))
}

async fn find_version(
    plugins: &Plugins,
    actor: &Actor,
    plugin: &PluginRef,
    version: &str,
) -> anyhow::Result<PluginVersionId> {
    let Some(found) = plugins.find(actor, plugin).await? else {
        bail!("there is no plugin with the {plugin}")
    };
    // A plugin has fewer versions than a page has places.
    let versions = plugins.list_versions(actor, Some(found.id), &ListQuery::default()).await?;
    let wanted = versions.items.iter().find(|known| known.version == version);
    wanted
        .map(|known| known.id)
        .with_context(|| format!("the plugin {} has no version {version}", found.name))
}

async fn find_binding(plugins: &Plugins, actor: &Actor, name: &str) -> anyhow::Result<Option<PluginBinding>> {
    let bindings = plugins.list_bindings(actor, &ListQuery::default()).await?;
    Ok(bindings.items.into_iter().find(|binding| binding.plugin_name == name))
}

async fn roll_back(plugins: &Plugins, actor: &Actor, name: &str) -> anyhow::Result<()> {
    let binding = find_binding(plugins, actor, name).await?;
    let binding =
        binding.with_context(|| format!("no plugin named {name} is bound in {}", actor.channel.code))?;
    print_binding(&plugins.roll_back(actor, binding.id).await?);
    Ok(())
}

async fn list(plugins: &Plugins, actor: &Actor) -> anyhow::Result<()> {
    let bindings = plugins.list_bindings(actor, &ListQuery::default()).await?.items;
    bindings.iter().for_each(print_binding);
    let stored = plugins.list(actor, &ListQuery::default()).await?.items;
    for plugin in stored.iter().filter(|plugin| bindings.iter().all(|binding| binding.plugin_id != plugin.id))
    {
        println!("{} {} not in use", plugin.name, plugin.latest.version);
    }
    if stored.is_empty() {
        println!("{} has no plugins", actor.channel.code);
    }
    Ok(())
}

fn print_binding(binding: &PluginBinding) {
    let PluginBinding { plugin_name, current, previous, priority, failure_policy, enabled, .. } = binding;
    let policy = match failure_policy {
        FailurePolicy::Skip => "skip",
        FailurePolicy::FailClosed => "fail-closed",
    };
    let state = if *enabled { "in use" } else { "switched off" };
    let before =
        previous.as_ref().map(|setting| format!(", before {}", setting.version.version)).unwrap_or_default();
    println!(
        "{plugin_name} {} {state}, priority {priority}, on failure {policy}{before}",
        current.version.version
    );
    println!("    config {}", current.config);
}
