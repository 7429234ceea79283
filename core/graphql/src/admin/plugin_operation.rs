//! What administrators ask of plugins and do with them.

use async_graphql::{Context, InputObject, Object};
use soko_domain::plugins::{BINDING_PRIORITY_DEFAULT, BindingChanges, NewBinding, PluginRef};

use super::lists::{PluginBindings, PluginRuns, PluginVersions, Plugins, PriceReceipts};
use super::plugin::{
    Plugin, PluginBinding, PluginBindingList, PluginFailurePolicy, PluginList, PluginRun, PluginRunList,
    PluginVersion, PluginVersionList, PriceReceipt, PriceReceiptList,
};
use super::plugin_grants::PluginGrantsInput;
use super::plugin_result::{
    BindPluginResult, RollbackPluginResult, UpdatePluginBindingResult, UploadPluginResult,
};
use super::upload::UploadedFile;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{Id, Json, Upload};
use crate::shared::list_options::ListOptions;

/// A plugin to be put to use.
#[derive(InputObject)]
#[graphql(name = "BindPluginInput")]
pub struct BindPluginInput {
    /// The plugin.
    pub plugin_id: Id,
    /// The version; the latest when absent.
    pub version_id: Option<Id>,
    /// The configuration, which the version's schema describes.
    pub config: Json,
    /// What is granted of what the version wants; nothing when absent.
    pub grants: Option<PluginGrantsInput>,
    /// Lower numbers are called first; 100 when absent.
    pub priority: Option<i32>,
    /// What happens when it fails; the order is priced without it when absent.
    pub failure_policy: Option<PluginFailurePolicy>,
    /// Whether it is called from now on.
    #[graphql(default = true)]
    pub enabled: bool,
}

impl From<BindPluginInput> for NewBinding {
    fn from(input: BindPluginInput) -> Self {
        Self {
            plugin: PluginRef::Id(input.plugin_id.into()),
            version: input.version_id.map(Into::into),
            config: input.config.0.to_string(),
            grants: input.grants.map(Into::into).unwrap_or_default(),
            priority: input.priority.map_or(BINDING_PRIORITY_DEFAULT, i64::from),
            failure_policy: input.failure_policy.map(Into::into).unwrap_or_default(),
            enabled: input.enabled,
        }
    }
}

/// What changes of a binding; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdatePluginBindingInput")]
pub struct UpdatePluginBindingInput {
    /// The binding.
    pub id: Id,
    /// The version.
    pub version_id: Option<Id>,
    /// The configuration, which the version's schema describes.
    pub config: Option<Json>,
    /// What is granted of what the version wants.
    pub grants: Option<PluginGrantsInput>,
    /// Lower numbers are called first.
    pub priority: Option<i32>,
    /// What happens when it fails.
    pub failure_policy: Option<PluginFailurePolicy>,
    /// Whether it is called.
    pub enabled: Option<bool>,
}

impl From<UpdatePluginBindingInput> for BindingChanges {
    fn from(input: UpdatePluginBindingInput) -> Self {
        Self {
            version: input.version_id.map(Into::into),
            config: input.config.map(|config| config.0.to_string()),
            grants: input.grants.map(Into::into),
            priority: input.priority.map(i64::from),
            failure_policy: input.failure_policy.map(Into::into),
            enabled: input.enabled,
        }
    }
}

/// Queries of plugins.
#[derive(Default)]
pub struct PluginQuery;

#[Object]
impl PluginQuery {
    /// A page of the channel's plugins.
    async fn plugins(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Plugins>>,
    ) -> ApiResult<PluginList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.plugins.list(&request.actor(), &query).await?;
        Ok(PluginList { items: page.items.iter().map(Plugin::from).collect(), total_items: page.total })
    }

    /// A plugin.
    async fn plugin(&self, context: &Context<'_>, id: Id) -> Nullable<Plugin> {
        let request = context.request();
        let found = request.services.plugins.find(&request.actor(), &PluginRef::Id(id.into())).await;
        found.map(|found| found.as_ref().map(Plugin::from)).map_err(ApiError::from).transpose()
    }

    /// A page of the versions of one plugin or of all, newest first.
    async fn plugin_versions(
        &self,
        context: &Context<'_>,
        plugin_id: Option<Id>,
        options: Option<ListOptions<PluginVersions>>,
    ) -> ApiResult<PluginVersionList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let plugin = plugin_id.map(Into::into);
        let page = request.services.plugins.list_versions(&request.actor(), plugin, &query).await?;
        let items = page.items.into_iter().map(PluginVersion::try_from).collect::<ApiResult<_>>()?;
        Ok(PluginVersionList { items, total_items: page.total })
    }

    /// A page of the channel's bindings, in the order in which they are called.
    async fn plugin_bindings(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<PluginBindings>>,
    ) -> ApiResult<PluginBindingList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.plugins.list_bindings(&request.actor(), &query).await?;
        let items = page.items.into_iter().map(PluginBinding::try_from).collect::<ApiResult<_>>()?;
        Ok(PluginBindingList { items, total_items: page.total })
    }

    /// A page of the recorded calls of one plugin or of all, newest first.
    async fn plugin_runs(
        &self,
        context: &Context<'_>,
        plugin_id: Option<Id>,
        options: Option<ListOptions<PluginRuns>>,
    ) -> ApiResult<PluginRunList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let plugin = plugin_id.map(Into::into);
        let page = request.services.plugins.list_runs(&request.actor(), plugin, &query).await?;
        Ok(PluginRunList {
            items: page.items.into_iter().map(PluginRun::from).collect(),
            total_items: page.total,
        })
    }

    /// A page of an order's price receipts, newest first.
    async fn price_receipts(
        &self,
        context: &Context<'_>,
        order_id: Id,
        options: Option<ListOptions<PriceReceipts>>,
    ) -> ApiResult<PriceReceiptList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.plugins.list_receipts(&request.actor(), order_id.into(), &query).await?;
        let items = page.items.into_iter().map(PriceReceipt::try_from).collect::<ApiResult<_>>()?;
        Ok(PriceReceiptList { items, total_items: page.total })
    }
}

/// Changes of plugins.
#[derive(Default)]
pub struct PluginMutation;

#[Object]
impl PluginMutation {
    /// Stores a component as a version of the plugin that its manifest names. Nothing is put to use.
    async fn upload_plugin(&self, context: &Context<'_>, file: Upload) -> ApiResult<UploadPluginResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let plugins = &request.services.plugins;
        let file = UploadedFile::open(context, file)?;
        let name = file.name.clone();
        let bytes = file.read(plugins.limits().upload_bytes_max()).await?;
        UploadPluginResult::of(plugins.upload(&actor, bytes.into(), Some(&name)).await)
    }

    /// Puts a version of a plugin to use, from the next request on.
    async fn bind_plugin(
        &self,
        context: &Context<'_>,
        input: BindPluginInput,
    ) -> ApiResult<BindPluginResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        BindPluginResult::of(request.services.plugins.bind(&actor, input.into()).await)
    }

    /// Changes a binding, from the next request on.
    async fn update_plugin_binding(
        &self,
        context: &Context<'_>,
        input: UpdatePluginBindingInput,
    ) -> ApiResult<UpdatePluginBindingResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let id = input.id.into();
        UpdatePluginBindingResult::of(request.services.plugins.update_binding(&actor, id, input.into()).await)
    }

    /// Ends the use of a plugin, from the next request on. Returns the binding as it was.
    async fn unbind_plugin(&self, context: &Context<'_>, id: Id) -> ApiResult<PluginBinding> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.plugins.unbind(&actor, id.into()).await?.try_into()
    }

    /// Brings back the version and configuration that were in force before. A second rollback undoes the first.
    async fn rollback_plugin(
        &self,
        context: &Context<'_>,
        binding_id: Id,
    ) -> ApiResult<RollbackPluginResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        RollbackPluginResult::of(request.services.plugins.roll_back(&actor, binding_id.into()).await)
    }
}
