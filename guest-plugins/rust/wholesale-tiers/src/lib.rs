//! `wholesale-tiers`: quantity breaks per variant and prices for trade customers.
//!
//! [`rule`] decides, [`config`] is what a shop sets, and this file is the whole of what the sandbox adds.

pub mod config;
pub mod rule;

use soko_pricing::{Adjustment, Context, KIND, Manifest, PricingRule, Refusal, parse_config};

/// The component.
#[derive(Debug)]
pub struct WholesaleTiers;

impl PricingRule for WholesaleTiers {
    fn describe() -> Manifest {
        Manifest {
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: env!("CARGO_PKG_DESCRIPTION").into(),
            kind: KIND.into(),
            config_schema: include_str!("../config-schema.json").into(),
        }
    }

    fn price_order(context: Context, config: String) -> Result<Vec<Adjustment>, Refusal> {
        rule::price_order(&context, &parse_config(&config)?)
    }
}

#[cfg(target_arch = "wasm32")]
soko_pricing::export!(WholesaleTiers with_types_in soko_pricing::bindings);

#[cfg(test)]
mod tests;
