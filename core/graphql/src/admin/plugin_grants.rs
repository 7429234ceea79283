//! What plugins may reach: what they want, what the channel grants, the secrets that are set for them, and what they asked
//! of the host.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use soko_domain::plugins;
use soko_extension::effect::{Capabilities, HostCall, WantedSecret};

use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id};
use crate::shared::values::Success;

/// What a plugin wants of the world, or what the channel grants it.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PluginCapabilities")]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the API")]
pub struct PluginCapabilities {
    /// Hosts that it talks to.
    pub hosts: Vec<String>,
    /// Secrets that it uses.
    pub secrets: Vec<PluginWantedSecret>,
    /// Whether values are kept for it between calls.
    pub kv: bool,
    /// Whether it sends the recipient text messages, by the shop's account and within its quota.
    pub sms: bool,
    /// Whether it sends the recipient mail.
    pub email: bool,
    /// Whether it tells the recipient in their browsers.
    pub push: bool,
    /// Whether it puts messages into the recipient's inbox.
    pub inbox: bool,
    /// Whether it is told the recipient's telephone number and address of mail.
    pub contact: bool,
}

/// A secret that a plugin uses.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PluginWantedSecret")]
pub struct PluginWantedSecret {
    /// Its name.
    pub name: String,
    /// What it is, as the plugin says.
    pub description: String,
    /// Whether the plugin reads it, where otherwise it is put into its requests without being seen.
    pub readable: bool,
}

impl From<&Capabilities> for PluginCapabilities {
    fn from(capabilities: &Capabilities) -> Self {
        let secret = |wanted: &WantedSecret| PluginWantedSecret {
            name: wanted.name.clone(),
            description: wanted.description.clone(),
            readable: wanted.readable,
        };
        Self {
            hosts: capabilities.hosts.clone(),
            secrets: capabilities.secrets.iter().map(secret).collect(),
            kv: capabilities.kv,
            sms: capabilities.sms,
            email: capabilities.email,
            push: capabilities.push,
            inbox: capabilities.inbox,
            contact: capabilities.contact,
        }
    }
}

/// What the channel grants of what a plugin wants.
#[derive(Debug, InputObject)]
#[graphql(name = "PluginGrantsInput")]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the API")]
pub struct PluginGrantsInput {
    /// Hosts that it may talk to.
    #[graphql(default)]
    pub hosts: Vec<String>,
    /// Secrets that may be put into its requests and compared with.
    #[graphql(default)]
    pub secrets: Vec<String>,
    /// Secrets that it may read.
    #[graphql(default)]
    pub readable_secrets: Vec<String>,
    /// Whether values are kept for it between calls.
    #[graphql(default)]
    pub kv: bool,
    /// Whether it may send the recipient text messages, by the shop's account and within its quota.
    #[graphql(default)]
    pub sms: bool,
    /// Whether it may send the recipient mail.
    #[graphql(default)]
    pub email: bool,
    /// Whether it may tell the recipient in their browsers.
    #[graphql(default)]
    pub push: bool,
    /// Whether it may put messages into the recipient's inbox.
    #[graphql(default)]
    pub inbox: bool,
    /// Whether it is told the recipient's telephone number and address of mail.
    #[graphql(default)]
    pub contact: bool,
}

impl From<PluginGrantsInput> for Capabilities {
    fn from(input: PluginGrantsInput) -> Self {
        let secret =
            |readable: bool| move |name: String| WantedSecret { name, description: String::new(), readable };
        let PluginGrantsInput { hosts, secrets, readable_secrets, kv, sms, email, push, inbox, contact } =
            input;
        let used = secrets.into_iter().map(secret(false));
        let secrets = used.chain(readable_secrets.into_iter().map(secret(true))).collect();
        Self { hosts, secrets, kv, sms, email, push, inbox, contact }
    }
}

/// A secret of a plugin; its value is never shown.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PluginSecret")]
pub struct PluginSecret {
    /// Its name.
    pub name: String,
    /// What it is, as the plugin says.
    pub description: String,
    /// Whether the plugin wants to read it itself.
    pub readable: bool,
    /// When it was set last; absent when it has no value.
    pub set_at: Option<DateTime>,
}

impl From<plugins::PluginSecret> for PluginSecret {
    fn from(secret: plugins::PluginSecret) -> Self {
        Self {
            name: secret.name,
            description: secret.description,
            readable: secret.readable,
            set_at: secret.set_at.map(DateTime::from),
        }
    }
}

/// What a plugin asked of the host.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PluginHostCall")]
pub struct PluginHostCall {
    /// Interface and function.
    pub function: String,
    /// The server, the key or the secret's name; never a value.
    pub target: String,
    /// The HTTP status.
    pub status: Option<i32>,
    /// Bytes that went out.
    pub bytes_out: i64,
    /// Bytes that came in.
    pub bytes_in: i64,
    /// Microseconds that it took.
    pub micros: i64,
    /// What went wrong, in a word or two.
    pub error: Option<String>,
}

impl From<HostCall> for PluginHostCall {
    fn from(call: HostCall) -> Self {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        Self {
            function: call.function,
            target: call.target,
            status: call.status.map(i32::from),
            bytes_out: number(call.bytes_out),
            bytes_in: number(call.bytes_in),
            micros: number(call.micros),
            error: call.error,
        }
    }
}

/// A secret to be set.
#[derive(InputObject)]
#[graphql(name = "SetPluginSecretInput")]
pub struct SetPluginSecretInput {
    /// The plugin.
    pub plugin_id: Id,
    /// Name of a secret that the plugin wants.
    pub name: String,
    /// The secret. It cannot be read again.
    pub value: String,
}

/// Queries of plugins' secrets.
#[derive(Default)]
pub struct PluginSecretQuery;

#[Object]
impl PluginSecretQuery {
    /// The secrets that a plugin wants, and whether they are set, by name.
    async fn plugin_secrets(&self, context: &Context<'_>, plugin_id: Id) -> ApiResult<Vec<PluginSecret>> {
        let request = context.request();
        let secrets = request.services.plugins.list_secrets(&request.actor(), plugin_id.into()).await?;
        Ok(secrets.into_iter().map(PluginSecret::from).collect())
    }
}

/// Changes of plugins' secrets.
#[derive(Default)]
pub struct PluginSecretMutation;

#[Object]
impl PluginSecretMutation {
    /// Sets a secret that a plugin wants, or puts another value in its place. In force with the next call.
    async fn set_plugin_secret(
        &self,
        context: &Context<'_>,
        input: SetPluginSecretInput,
    ) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let (plugin, value) = (input.plugin_id.into(), input.value.into_bytes());
        request.services.plugins.set_secret(&actor, plugin, &input.name, &value).await?;
        Ok(Success { success: true })
    }

    /// Removes a secret. No success when it had no value.
    async fn delete_plugin_secret(
        &self,
        context: &Context<'_>,
        plugin_id: Id,
        name: String,
    ) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let success = request.services.plugins.delete_secret(&actor, plugin_id.into(), &name).await?;
        Ok(Success { success })
    }
}
