//! `wholesale-tiers`: quantity breaks per variant and prices for trade customers.
//!
//! [`rule`] decides, [`config`] is what a shop sets, and this file is the whole of what the sandbox adds.

pub mod config;
pub mod rule;

use soko_pricing::{Adjustment, Context, Manifest, PricingRule, Refusal, manifest, parse_config};

/// The component.
#[derive(Debug)]
pub struct WholesaleTiers;

impl PricingRule for WholesaleTiers {
    fn describe() -> Manifest {
        manifest!(include_str!("../config-schema.json"))
    }

    fn price_order(context: Context, config: String) -> Result<Vec<Adjustment>, Refusal> {
        rule::price_order(&context, &parse_config(&config)?)
    }
}

#[cfg(target_arch = "wasm32")]
soko_pricing::export!(WholesaleTiers);

#[cfg(test)]
mod tests;
