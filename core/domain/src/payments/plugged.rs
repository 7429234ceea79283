//! Payment handlers that a shop brings along: a binding of the channel, called through the plugin host.
//!
//! What a call that failed means depends on how far it came: nothing happened when no request can have reached a
//! provider, and nobody knows otherwise.

use std::sync::Arc;

use async_trait::async_trait;
use soko_extension::PluginFailure;
use soko_extension::effect::{EffectfulCall, EffectfulRun, PaymentPlugins, PluginCaller};
use soko_extension::payment::{
    Callback, CallbackRefusal, Notice, PaymentChange, PaymentHandler, PaymentOutcome, PaymentReference,
    PaymentRequest, RefundOutcome, RefundRequest,
};
use soko_kernel::{Actor, ChannelScope, Clock};

use crate::plugins::{ActiveBinding, NewRun, Plugins};

/// How payment methods name a plugin as their handler: this and the plugin's name.
pub const PLUGIN_PREFIX: &str = "plugin:";
/// What a payer is told of an attempt that came to nothing before anybody was asked.
const NOT_STARTED: &str = "the payment could not be started, and nothing was charged";

/// Who calls payment plugins.
#[derive(Clone)]
pub(super) struct Plugged {
    pub(super) plugins: Plugins,
    pub(super) runner: Arc<dyn PaymentPlugins>,
}

impl std::fmt::Debug for Plugged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugged").finish_non_exhaustive()
    }
}

impl Plugged {
    /// The handler of a binding of the actor's channel.
    pub(super) fn handler(&self, actor: &Actor, binding: ActiveBinding, clock: Clock) -> PluginHandler {
        let code = format!("{PLUGIN_PREFIX}{}", binding.name);
        let description = format!("The plugin {} {}", binding.name, binding.version);
        let scope = actor.public_scope();
        PluginHandler { code, description, scope, binding, clock, plugged: self.clone() }
    }
}

/// A plugin that is bound in a channel, as a payment handler.
pub(super) struct PluginHandler {
    code: String,
    description: String,
    scope: ChannelScope,
    binding: ActiveBinding,
    clock: Clock,
    plugged: Plugged,
}

impl PluginHandler {
    fn call(&self) -> EffectfulCall {
        EffectfulCall {
            name: Arc::clone(&self.binding.name),
            version: Arc::clone(&self.binding.version),
            digest: self.binding.digest,
            caller: PluginCaller { scope: self.scope, plugin: self.binding.plugin_id },
            config: Arc::clone(&self.binding.config),
            wanted: Arc::clone(&self.binding.wanted),
            granted: Arc::clone(&self.binding.granted),
        }
    }

    /// Records the call, and returns its outcome and whether something may have changed outside.
    fn record<T>(&self, run: EffectfulRun<T>) -> (Result<T, PluginFailure>, bool) {
        let (record, outcome) = run.split();
        self.plugged.plugins.record_runs([NewRun {
            scope: self.scope,
            plugin: self.binding.plugin_id,
            version: self.binding.version_id,
            order: None,
            cost: record.cost,
            log: record.log,
            host_calls: record.host_calls,
            failure: record.outcome.err(),
            at: self.clock.now(),
        }]);
        (outcome, record.reached_out)
    }

    fn changed(&self, run: EffectfulRun<PaymentChange>) -> PaymentChange {
        match self.record(run) {
            (Ok(change), _) => change,
            (Err(failure), true) => PaymentChange::InDoubt { message: failure.to_string() },
            (Err(failure), false) => PaymentChange::Refused { message: failure.to_string() },
        }
    }
}

#[async_trait]
impl PaymentHandler for PluginHandler {
    fn code(&self) -> &str {
        &self.code
    }

    fn description(&self) -> &str {
        &self.description
    }

    async fn create(&self, request: PaymentRequest) -> PaymentOutcome {
        match self.record(self.plugged.runner.create(self.call(), request).await) {
            (Ok(outcome), _) => outcome,
            (Err(failure), true) => PaymentOutcome::InDoubt { message: failure.to_string() },
            // The reason is with the plugin's runs: it is not for the payer.
            (Err(_), false) => PaymentOutcome::Failed { message: NOT_STARTED.to_owned() },
        }
    }

    async fn settle(&self, payment: PaymentReference) -> PaymentChange {
        self.changed(self.plugged.runner.settle(self.call(), payment).await)
    }

    async fn cancel(&self, payment: PaymentReference) -> PaymentChange {
        self.changed(self.plugged.runner.cancel(self.call(), payment).await)
    }

    async fn refund(&self, refund: RefundRequest) -> RefundOutcome {
        match self.record(self.plugged.runner.refund(self.call(), refund).await) {
            (Ok(outcome), _) => outcome,
            (Err(failure), true) => RefundOutcome::InDoubt { message: failure.to_string() },
            (Err(failure), false) => RefundOutcome::Failed { message: failure.to_string() },
        }
    }

    async fn query(&self, payment: PaymentReference) -> PaymentOutcome {
        let (outcome, _) = self.record(self.plugged.runner.query(self.call(), payment).await);
        outcome.unwrap_or_else(|failure| PaymentOutcome::InDoubt { message: failure.to_string() })
    }

    async fn webhook(&self, callback: Callback) -> Result<Notice, CallbackRefusal> {
        let (outcome, _) = self.record(self.plugged.runner.webhook(self.call(), callback).await);
        outcome.unwrap_or_else(|failure| Err(CallbackRefusal::Unavailable(failure.to_string())))
    }
}
