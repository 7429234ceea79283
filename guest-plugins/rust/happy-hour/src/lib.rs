//! `happy-hour`: a discount in time windows, with a floor price below which it never goes.
//!
//! [`rule`] decides, [`window`] tells the time, [`config`] is what a shop sets, and this file is the whole of what
//! the sandbox adds.

pub mod config;
pub mod rule;
pub mod window;

use soko_pricing::{Adjustment, Context, Manifest, PricingRule, Refusal, manifest, parse_config};

/// The component.
#[derive(Debug)]
pub struct HappyHour;

impl PricingRule for HappyHour {
    fn describe() -> Manifest {
        manifest!(include_str!("../config-schema.json"))
    }

    fn price_order(context: Context, config: String) -> Result<Vec<Adjustment>, Refusal> {
        rule::price_order(&context, &parse_config(&config)?)
    }
}

#[cfg(target_arch = "wasm32")]
soko_pricing::export!(HappyHour);

#[cfg(test)]
mod tests;
