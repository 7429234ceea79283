//! Plugins, their versions, bindings and runs, and the receipts of how orders were priced.

use async_graphql::{Enum, SimpleObject};
use soko_domain::plugins;

use super::plugin_grants::{PluginCapabilities, PluginHostCall};
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, Id, Json};

/// A plugin of the channel, across its versions.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Plugin")]
pub struct Plugin {
    /// Its id.
    pub id: Id,
    /// When its first version was uploaded.
    pub created_at: DateTime,
    /// When its latest version was uploaded.
    pub updated_at: DateTime,
    /// Its name, unique in the channel.
    pub name: String,
    /// What it does.
    pub kind: &'static str,
    /// The version that was uploaded last.
    pub latest_version: PluginVersionSummary,
}

impl From<&plugins::Plugin> for Plugin {
    fn from(plugin: &plugins::Plugin) -> Self {
        Self {
            id: plugin.id.into(),
            created_at: plugin.created_at.into(),
            updated_at: plugin.updated_at.into(),
            name: plugin.name.clone(),
            kind: plugin.kind.as_str(),
            latest_version: PluginVersionSummary::from(&plugin.latest),
        }
    }
}

/// A version in few words.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PluginVersionSummary")]
pub struct PluginVersionSummary {
    /// The version's id.
    pub id: Id,
    /// Semantic version.
    pub version: String,
    /// SHA-256 of the component, in hexadecimal digits.
    pub digest: String,
}

impl From<&plugins::VersionRef> for PluginVersionSummary {
    fn from(version: &plugins::VersionRef) -> Self {
        Self { id: version.id.into(), version: version.version.clone(), digest: version.digest.to_string() }
    }
}

/// One uploaded version of a plugin. Never changes and is never deleted: receipts name it.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PluginVersion")]
pub struct PluginVersion {
    /// Its id.
    pub id: Id,
    /// When it was uploaded.
    pub created_at: DateTime,
    /// The plugin.
    pub plugin_id: Id,
    /// The plugin's name.
    pub plugin_name: String,
    /// Semantic version, as the component's manifest has it.
    pub version: String,
    /// SHA-256 of the component, in hexadecimal digits.
    pub digest: String,
    /// The contract it was built against.
    pub contract: String,
    /// One sentence from the manifest.
    pub description: String,
    /// JSON Schema of configurations.
    pub config_schema: Json,
    /// Interfaces that it imports, sorted.
    pub imports: Vec<String>,
    /// What it wants of the world.
    pub capabilities: PluginCapabilities,
    /// Size of the component in bytes.
    pub size_bytes: i64,
    /// Milliseconds that compiling it took.
    pub compile_ms: i64,
    /// What the file was called where it came from.
    pub file_name: Option<String>,
    /// The user who uploaded it.
    pub uploaded_by_id: Option<Id>,
}

impl TryFrom<plugins::PluginVersion> for PluginVersion {
    type Error = ApiError;

    fn try_from(version: plugins::PluginVersion) -> ApiResult<Self> {
        Ok(Self {
            id: version.id.into(),
            created_at: version.created_at.into(),
            plugin_id: version.plugin_id.into(),
            plugin_name: version.plugin_name,
            version: version.version,
            digest: version.digest.to_string(),
            contract: version.contract,
            description: version.description,
            config_schema: stored(&version.config_schema)?,
            capabilities: PluginCapabilities::from(&version.capabilities),
            imports: version.imports,
            size_bytes: version.size_bytes,
            compile_ms: version.compile_ms,
            file_name: version.file_name,
            uploaded_by_id: version.uploaded_by.map(Id::from),
        })
    }
}

/// What an upload came to.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PluginUpload")]
pub struct PluginUpload {
    /// The stored version.
    pub version: PluginVersion,
    /// False when the same bytes had been uploaded before.
    pub created: bool,
    /// How its imports differ from those of the version before it.
    pub imports: PluginImportsDifference,
}

impl TryFrom<plugins::Upload> for PluginUpload {
    type Error = ApiError;

    fn try_from(upload: plugins::Upload) -> ApiResult<Self> {
        let plugins::ImportsDifference { previous_version, added, removed } = upload.imports;
        let imports = PluginImportsDifference { previous_version, added, removed };
        Ok(Self { version: upload.version.try_into()?, created: upload.created, imports })
    }
}

/// How a version's imports differ from those of the version uploaded before it.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PluginImportsDifference")]
pub struct PluginImportsDifference {
    /// The version before; absent for a plugin's first.
    pub previous_version: Option<String>,
    /// Imported now and not before, sorted.
    pub added: Vec<String>,
    /// Imported before and not now, sorted.
    pub removed: Vec<String>,
}

/// What happens to an order when the plugin fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "PluginFailurePolicy")]
pub enum PluginFailurePolicy {
    /// The change of the order is refused.
    #[graphql(name = "FAIL_CLOSED")]
    FailClosed,
    /// The order is priced without the plugin, and its receipt says so.
    #[graphql(name = "SKIP")]
    Skip,
}

impl From<plugins::FailurePolicy> for PluginFailurePolicy {
    fn from(policy: plugins::FailurePolicy) -> Self {
        match policy {
            plugins::FailurePolicy::FailClosed => Self::FailClosed,
            plugins::FailurePolicy::Skip => Self::Skip,
        }
    }
}

impl From<PluginFailurePolicy> for plugins::FailurePolicy {
    fn from(policy: PluginFailurePolicy) -> Self {
        match policy {
            PluginFailurePolicy::FailClosed => Self::FailClosed,
            PluginFailurePolicy::Skip => Self::Skip,
        }
    }
}

/// A version with its configuration.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PluginSetting")]
pub struct PluginSetting {
    /// The version.
    pub version: PluginVersionSummary,
    /// Its configuration.
    pub config: Json,
}

impl PluginSetting {
    fn of(setting: &plugins::Setting) -> ApiResult<Self> {
        Ok(Self { version: PluginVersionSummary::from(&setting.version), config: stored(&setting.config)? })
    }
}

/// A plugin put to use in its channel.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PluginBinding")]
pub struct PluginBinding {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The plugin.
    pub plugin_id: Id,
    /// The plugin's name.
    pub plugin_name: String,
    /// What is in force.
    pub current: PluginSetting,
    /// What a rollback would bring back.
    pub previous: Option<PluginSetting>,
    /// What the channel grants of what the version wants.
    pub grants: PluginCapabilities,
    /// Lower numbers are called first.
    pub priority: i64,
    /// What happens when it fails.
    pub failure_policy: PluginFailurePolicy,
    /// Whether it is called.
    pub enabled: bool,
}

impl TryFrom<plugins::PluginBinding> for PluginBinding {
    type Error = ApiError;

    fn try_from(binding: plugins::PluginBinding) -> ApiResult<Self> {
        Ok(Self {
            id: binding.id.into(),
            created_at: binding.created_at.into(),
            updated_at: binding.updated_at.into(),
            plugin_id: binding.plugin_id.into(),
            plugin_name: binding.plugin_name,
            current: PluginSetting::of(&binding.current)?,
            previous: binding.previous.as_ref().map(PluginSetting::of).transpose()?,
            grants: PluginCapabilities::from(&binding.grants),
            priority: binding.priority,
            failure_policy: binding.failure_policy.into(),
            enabled: binding.enabled,
        })
    }
}

/// A recorded call of a plugin.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PluginRun")]
pub struct PluginRun {
    /// Its id; later runs have higher ones.
    pub id: Id,
    /// When it ran.
    pub created_at: DateTime,
    /// The plugin.
    pub plugin_id: Id,
    /// The plugin's name.
    pub plugin_name: String,
    /// The version that ran.
    pub version_id: Id,
    /// Semantic version.
    pub version: String,
    /// The order it ran for.
    pub order_id: Option<Id>,
    /// `ok`, or the kind of failure.
    pub outcome: String,
    /// Why it failed.
    pub message: Option<String>,
    /// What the plugin logged, as far as it is kept.
    pub log: Vec<String>,
    /// What the plugin asked of the host, as far as it is kept.
    pub host_calls: Vec<PluginHostCall>,
    /// Microseconds that it took.
    pub micros: i64,
    /// Fuel that it used.
    pub fuel: i64,
}

impl From<plugins::PluginRun> for PluginRun {
    fn from(run: plugins::PluginRun) -> Self {
        Self {
            id: run.id.into(),
            created_at: run.created_at.into(),
            plugin_id: run.plugin_id.into(),
            plugin_name: run.plugin_name,
            version_id: run.version_id.into(),
            version: run.version,
            order_id: run.order_id.map(Id::from),
            outcome: run.outcome,
            message: run.message,
            log: run.log,
            host_calls: run.host_calls.into_iter().map(PluginHostCall::from).collect(),
            micros: run.micros,
            fuel: run.fuel,
        }
    }
}

/// A stored proof of how an order was priced.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PriceReceipt")]
pub struct PriceReceipt {
    /// Its id; later receipts of an order have higher ones.
    pub id: Id,
    /// When the order was priced.
    pub created_at: DateTime,
    /// The order.
    pub order_id: Id,
    /// The order's version that was priced.
    pub order_version: i64,
    /// Version of the engine that ran the plugins.
    pub engine_version: String,
    /// Version of the core's rounding rules.
    pub rounding_version: i64,
    /// What was priced.
    pub input: Json,
    /// Which plugins were called, with which configuration, and what they answered.
    pub steps: Json,
    /// What the price came to.
    pub output: Json,
}

impl TryFrom<plugins::PriceReceipt> for PriceReceipt {
    type Error = ApiError;

    fn try_from(receipt: plugins::PriceReceipt) -> ApiResult<Self> {
        Ok(Self {
            id: receipt.id.into(),
            created_at: receipt.created_at.into(),
            order_id: receipt.order_id.into(),
            order_version: receipt.order_version,
            engine_version: receipt.engine_version,
            rounding_version: receipt.rounding_version,
            input: stored(&receipt.input)?,
            steps: stored(&receipt.steps)?,
            output: stored(&receipt.output)?,
        })
    }
}

/// A stored document. Only JSON is stored, so that anything else is the server's fault.
fn stored(document: &str) -> ApiResult<Json> {
    serde_json::from_str(document).map(Json).map_err(|error| ApiError::internal(&error))
}

/// Pages of plugins and what belongs to them.
macro_rules! pages {
    ($($(#[$doc:meta])* $name:ident of $item:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, SimpleObject)]
        #[graphql(name_type)]
        pub struct $name {
            /// This page.
            pub items: Vec<$item>,
            /// Items in the whole list.
            pub total_items: i64,
        }

        impl async_graphql::TypeName for $name {
            fn type_name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

pages! {
    /// A page of plugins.
    PluginList of Plugin;
    /// A page of versions.
    PluginVersionList of PluginVersion;
    /// A page of bindings.
    PluginBindingList of PluginBinding;
    /// A page of runs.
    PluginRunList of PluginRun;
    /// A page of price receipts.
    PriceReceiptList of PriceReceipt;
}
