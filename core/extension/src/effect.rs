//! Plugins that talk to the world: what they may reach, what is kept for them, and what a call of one was.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use soko_kernel::{ChannelScope, PluginId};

use crate::component::Digest;
use crate::failure::PluginFailure;
use crate::payment::{
    Callback, CallbackRefusal, Notice, PaymentChange, PaymentOutcome, PaymentReference, PaymentRequest,
    RefundOutcome, RefundRequest,
};
use crate::pricing::CallCost;

/// What a plugin wants of the world, or what a channel grants it. What it gets is what is in both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is granted by itself")]
pub struct Capabilities {
    /// `api.example.com`, `*.example.com`, with `:port` where it is not that of HTTPS.
    pub hosts: Vec<String>,
    /// Secrets that it uses.
    pub secrets: Vec<WantedSecret>,
    /// Whether values are kept for it between calls.
    pub kv: bool,
    /// Whether it sends the recipient text messages.
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

/// A secret by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantedSecret {
    /// Its name.
    pub name: String,
    /// One sentence for the shop's administrator.
    #[serde(default)]
    pub description: String,
    /// Whether the plugin reads it itself, where otherwise the host puts it into requests.
    #[serde(default)]
    pub readable: bool,
}

impl Capabilities {
    /// Whether nothing is wanted or granted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the secret may be put into requests and compared with.
    pub fn uses_secret(&self, name: &str) -> bool {
        self.secrets.iter().any(|secret| secret.name == name)
    }

    /// Whether the plugin may read the secret.
    pub fn reads_secret(&self, name: &str) -> bool {
        self.secrets.iter().any(|secret| secret.name == name && secret.readable)
    }
}

/// Whose secrets and kept values a call gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PluginCaller {
    /// The channel.
    pub scope: ChannelScope,
    /// The channel's plugin.
    pub plugin: PluginId,
}

/// A secret's bytes, which no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(pub Vec<u8>);

impl std::fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretBytes")
    }
}

/// Why a value is not kept for a plugin, or a secret not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// Too large, too many.
    #[error("{0}")]
    Refused(String),
    /// The store fails, or has no key to read secrets with.
    #[error("the store cannot be used at the moment")]
    Unavailable,
}

/// What is kept for plugins: secrets that administrators set, and values that a plugin sets itself.
#[async_trait]
pub trait PluginStore: Send + Sync {
    /// The secret with this name; none when nobody has set it.
    ///
    /// # Errors
    /// [`KeepError::Unavailable`].
    async fn secret(&self, caller: PluginCaller, name: &str) -> Result<Option<SecretBytes>, KeepError>;

    /// The value under this key that has not expired.
    ///
    /// # Errors
    /// [`KeepError`].
    async fn get(&self, caller: PluginCaller, key: &str) -> Result<Option<Vec<u8>>, KeepError>;

    /// Keeps a value, for so many milliseconds where that is given.
    ///
    /// # Errors
    /// [`KeepError`].
    async fn set(
        &self,
        caller: PluginCaller,
        key: &str,
        value: Vec<u8>,
        lives_ms: Option<u64>,
    ) -> Result<(), KeepError>;

    /// Forgets a value.
    ///
    /// # Errors
    /// [`KeepError`].
    async fn delete(&self, caller: PluginCaller, key: &str) -> Result<(), KeepError>;
}

/// Which plugin to call, for whom, with what.
#[derive(Debug, Clone)]
pub struct EffectfulCall {
    /// The plugin's name, for whoever watches.
    pub name: std::sync::Arc<str>,
    /// Its version, for the same.
    pub version: std::sync::Arc<str>,
    /// The component.
    pub digest: Digest,
    /// For whom.
    pub caller: PluginCaller,
    /// The binding's configuration, a JSON text that meets the manifest's schema.
    pub config: std::sync::Arc<str>,
    /// What the manifest wants.
    pub wanted: std::sync::Arc<Capabilities>,
    /// What the channel grants.
    pub granted: std::sync::Arc<Capabilities>,
}

/// A call of the host by a plugin, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCall {
    /// Interface and function: `http.send`.
    pub function: String,
    /// The server's name, the key or the secret's name; never a value.
    pub target: String,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Bytes that went out.
    pub bytes_out: u64,
    /// Bytes that came in.
    pub bytes_in: u64,
    /// Microseconds that it took.
    pub micros: u64,
    /// What went wrong, in a word or two.
    pub error: Option<String>,
}

/// One call of a plugin, whatever its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectfulRun<T> {
    /// What it cost.
    pub cost: CallCost,
    /// Lines that the guest logged, capped in number and length.
    pub log: Vec<String>,
    /// What it asked of the host, capped in number.
    pub host_calls: Vec<HostCall>,
    /// Whether something may have changed outside: a request that is not a mere question may have reached a server.
    pub reached_out: bool,
    /// The guest's answer, or why there is none.
    pub outcome: Result<T, PluginFailure>,
}

impl<T> EffectfulRun<T> {
    /// A run in which the guest was not called.
    pub fn not_called(failure: PluginFailure) -> Self {
        let (log, host_calls) = (Vec::new(), Vec::new());
        Self { cost: CallCost::default(), log, host_calls, reached_out: false, outcome: Err(failure) }
    }

    /// The same run with its outcome left out.
    pub fn split(self) -> (EffectfulRun<()>, Result<T, PluginFailure>) {
        let Self { cost, log, host_calls, reached_out, outcome } = self;
        let kept = match &outcome {
            Ok(_) => Ok(()),
            Err(failure) => Err(failure.clone()),
        };
        (EffectfulRun { cost, log, host_calls, reached_out, outcome: kept }, outcome)
    }
}

/// Runs payment plugins: each call once, in a fresh sandbox, within its limits. None panics, whatever the guest does.
#[async_trait]
pub trait PaymentPlugins: Send + Sync {
    /// Tries to pay.
    async fn create(&self, call: EffectfulCall, request: PaymentRequest) -> EffectfulRun<PaymentOutcome>;

    /// Takes money that was authorised.
    async fn settle(&self, call: EffectfulCall, payment: PaymentReference) -> EffectfulRun<PaymentChange>;

    /// Gives up a payment that was authorised and not settled.
    async fn cancel(&self, call: EffectfulCall, payment: PaymentReference) -> EffectfulRun<PaymentChange>;

    /// Gives money back.
    async fn refund(&self, call: EffectfulCall, refund: RefundRequest) -> EffectfulRun<RefundOutcome>;

    /// What has become of an attempt.
    async fn query(&self, call: EffectfulCall, payment: PaymentReference) -> EffectfulRun<PaymentOutcome>;

    /// Reads what the provider sent.
    async fn webhook(
        &self,
        call: EffectfulCall,
        callback: Callback,
    ) -> EffectfulRun<Result<Notice, CallbackRefusal>>;
}
