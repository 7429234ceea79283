//! Pricing: list prices, then each bound plugin's adjustments, then taxes and totals.
//!
//! Invariants: amounts are integers; the parts of an order sum to its total; a plugin's adjustments are applied all
//! or none; no line and no order goes below zero; the same receipt prices to the same output for ever. Plugins run
//! before any transaction is opened, never inside one.

mod calculate;
mod entity;
mod error;
mod receipt;
mod waterfall;

use std::sync::Arc;

use soko_extension::pricing::{CallCost, PricingCall, PricingPlugins};
use soko_extension::{FailureKind, PluginFailure, PluginKind};
use soko_kernel::{Actor, OrderId, Timestamp};

use crate::plugins::{ActiveBinding, FailurePolicy, NewRun, Plugins};

pub use calculate::{LinePrices, OrderPrices, ShippingPrices, TaxBasis, TaxedAmount};
pub use entity::{
    AdjustmentKind, AppliedTax, InputLine, InputShipping, LineAdjustment, PricedLine, PricedOrder, Pricing,
    PricingInput, PricingStep, ROUNDING_VERSION, StepOutcome,
};
pub use error::PricingError;
pub use receipt::{ReceiptDocuments, Replay};
pub use soko_extension::pricing::{LocalTime, PricingCustomer};
use waterfall::Waterfall;

/// Prices orders.
#[derive(Clone)]
pub struct PricingEngine {
    sandbox: Arc<dyn PricingPlugins>,
    plugins: Plugins,
}

impl PricingEngine {
    /// An engine that runs plugins in this sandbox.
    pub fn new(sandbox: Arc<dyn PricingPlugins>, plugins: Plugins) -> Self {
        Self { sandbox, plugins }
    }

    /// The channel's bound pricing plugins, first to be applied first.
    ///
    /// # Errors
    /// A failing store.
    pub async fn bindings(&self, actor: &Actor) -> Result<Arc<Vec<ActiveBinding>>, PricingError> {
        Ok(self.plugins.bindings_for(actor).await?)
    }

    /// Prices the order with these bindings. Runs guest code: never call it inside a transaction.
    ///
    /// # Errors
    /// [`PricingError::PluginFailed`] when a plugin fails whose binding says that the order must not go on without
    /// it; overflow.
    pub async fn price(
        &self,
        actor: &Actor,
        order: Option<OrderId>,
        input: PricingInput,
        bindings: &[ActiveBinding],
    ) -> Result<Pricing, PricingError> {
        let mut waterfall = Waterfall::new(&input)?;
        let mut steps = Vec::with_capacity(bindings.len());
        if !input.lines.is_empty() {
            for binding in bindings.iter().filter(|binding| binding.kind == PluginKind::Pricing) {
                steps.push(self.run_step(actor, order, &mut waterfall, binding).await?);
            }
        }
        let output = waterfall.finish()?;
        Ok(Pricing { input, steps, output })
    }

    async fn run_step(
        &self,
        actor: &Actor,
        order: Option<OrderId>,
        waterfall: &mut Waterfall<'_>,
        binding: &ActiveBinding,
    ) -> Result<PricingStep, PricingError> {
        let context = waterfall.context();
        let call = PricingCall {
            name: &binding.name,
            version: &binding.version,
            digest: binding.digest,
            channel_id: actor.channel.id.0,
            config: &binding.config,
            context: &context,
        };
        let run = self.sandbox.price(call).await;
        let source = format!("plugin:{}@{}", binding.name, binding.version);
        let applied =
            run.outcome.and_then(|adjustments| waterfall.apply(&source, &adjustments).map(|()| adjustments));
        let at = Timestamp(context.now.unix_ms);
        self.record(actor, order, binding, (run.cost, run.log), applied.as_ref().err(), at);
        let outcome = match applied {
            Ok(adjustments) => StepOutcome::Applied(adjustments),
            Err(failure) if binding.failure_policy == FailurePolicy::Skip => StepOutcome::Skipped(failure),
            Err(failure) => {
                return Err(PricingError::PluginFailed { plugin: binding.name.to_string(), failure });
            }
        };
        Ok(PricingStep {
            plugin: binding.name.to_string(),
            version: binding.version.to_string(),
            digest: binding.digest.to_string(),
            config: binding.config.to_string(),
            fuel: run.cost.fuel,
            outcome,
        })
    }

    fn record(
        &self,
        actor: &Actor,
        order: Option<OrderId>,
        binding: &ActiveBinding,
        (cost, log): (CallCost, Vec<String>),
        failure: Option<&PluginFailure>,
        at: Timestamp,
    ) {
        self.plugins.recorder().record(NewRun {
            scope: actor.public_scope(),
            plugin: binding.plugin_id,
            version: binding.version_id,
            order,
            cost,
            log,
            host_calls: Vec::new(),
            failure: failure.cloned(),
            at,
        });
    }

    /// The receipt of a pricing, ready to be stored.
    ///
    /// # Errors
    /// Documents that have no JSON form.
    pub fn receipt(&self, pricing: &Pricing) -> Result<ReceiptDocuments, PricingError> {
        ReceiptDocuments::of(pricing, self.sandbox.engine_version())
    }

    /// Prices a receipt again from the stored components and compares.
    ///
    /// # Errors
    /// Documents that cannot be read, or a component that is gone.
    pub async fn replay(&self, actor: &Actor, receipt: &ReceiptDocuments) -> Result<Replay, PricingError> {
        let (input, steps, recorded) = receipt.parse()?;
        let mut waterfall = Waterfall::new(&input)?;
        let mut differences = Vec::new();
        for step in &steps {
            let StepOutcome::Applied(recorded_adjustments) = &step.outcome else { continue };
            let digest = step.component().ok_or_else(|| PricingError::unreadable("step", "no digest"))?;
            let context = waterfall.context();
            let channel_id = actor.channel.id.0;
            let run = self.sandbox.price(PricingCall {
                name: &step.plugin,
                version: &step.version,
                digest,
                channel_id,
                config: &step.config,
                context: &context,
            });
            let adjustments = run
                .await
                .outcome
                .map_err(|failure| PricingError::PluginFailed { plugin: step.plugin.clone(), failure })?;
            if adjustments != *recorded_adjustments {
                differences.push(format!(
                    "{} now answers {adjustments:?}, then {recorded_adjustments:?}",
                    step.source()
                ));
            }
            waterfall
                .apply(&step.source(), &adjustments)
                .map_err(|failure| PricingError::PluginFailed { plugin: step.plugin.clone(), failure })?;
        }
        receipt::compare(&waterfall.finish()?, &recorded, &mut differences);
        Ok(Replay {
            total: recorded.totals.total(),
            engine_version: receipt.engine_version.clone(),
            differences,
        })
    }
}

impl std::fmt::Debug for PricingEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PricingEngine").finish_non_exhaustive()
    }
}

/// An answer of a plugin that breaks a rule of pricing.
fn output_failure(message: impl Into<String>) -> PluginFailure {
    PluginFailure::new(FailureKind::Output, message)
}
