//! What a pricing rule for Soko in Rust builds on: the contract's types, the configuration parser, and exact
//! arithmetic on prices.
//!
//! A rule is a type that implements [`PricingRule`], made a component by one line at the end:
//!
//! ```
//! use soko_pricing::{Adjustment, Context, Manifest, PricingRule, Refusal, adjust_line, manifest};
//!
//! struct TenOff;
//!
//! impl PricingRule for TenOff {
//!     fn describe() -> Manifest {
//!         manifest!(r#"{"type": "object", "additionalProperties": false}"#)
//!     }
//!
//!     fn price_order(context: Context, _config: String) -> Result<Vec<Adjustment>, Refusal> {
//!         Ok(context.lines.iter().map(|line| adjust_line(line, -line.line_price / 10, "10% off".into())).collect())
//!     }
//! }
//!
//! soko_pricing::export!(TenOff);
//! ```
//!
//! Amounts are whole minor units (cents of KES) everywhere; there is no float and no division that drops a remainder
//! in silence. Keep the decision in a function of plain values (`fn price(&Context, &Config)`), so that it is tested
//! natively; only the implementation of [`PricingRule`] belongs to the sandbox.

#[cfg(feature = "arena")]
mod arena;
pub mod bindings;
pub mod money;

pub use bindings::Guest as PricingRule;
pub use bindings::export;
pub use bindings::soko::pricing::log::info as log_info;
pub use bindings::soko::pricing::types::{
    Adjustment, Context, Customer, FacetValue, LocalTime, Manifest, OrderLine, Refusal, Target,
};

/// The longest reason that the contract allows, in bytes of UTF-8.
pub const REASON_MAX_BYTES: usize = 200;

/// The kind that a pricing component's manifest states.
pub const KIND: &str = "pricing";

/// The manifest of the crate that calls it: name, version and description from its `Cargo.toml`, and the configuration's
/// JSON Schema as given.
#[macro_export]
macro_rules! manifest {
    ($config_schema:expr) => {
        $crate::Manifest {
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: env!("CARGO_PKG_DESCRIPTION").into(),
            kind: $crate::KIND.into(),
            config_schema: $config_schema.into(),
        }
    };
}

/// Reads a binding's configuration.
///
/// # Errors
/// [`Refusal::InvalidConfig`] with the parser's message when the text is no JSON or lacks what the rule needs.
pub fn parse_config<'a, T: serde::Deserialize<'a>>(config: &'a str) -> Result<T, Refusal> {
    serde_json::from_str(config).map_err(|error| Refusal::InvalidConfig(error.to_string()))
}

/// A change of one line's price by `amount` minor units, negative for a discount. A `reason` beyond
/// [`REASON_MAX_BYTES`] is cut at a character's end.
pub fn adjust_line(line: &OrderLine, amount: i64, mut reason: String) -> Adjustment {
    let mut end = reason.len().min(REASON_MAX_BYTES);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.truncate(end);
    Adjustment { target: Target::Line(line.id), amount, reason }
}

/// The refusal for a line whose numbers leave the range of an amount.
pub fn out_of_range(line: &OrderLine) -> Refusal {
    Refusal::Unsupported(format!("line {}: the amount is out of range", line.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> OrderLine {
        OrderLine {
            id: 3,
            variant_id: "1".into(),
            sku: "A".into(),
            product_slug: "a".into(),
            quantity: 1,
            unit_list_price: 100,
            line_price: 100,
            facet_values: Vec::new(),
        }
    }

    #[test]
    fn cuts_a_long_reason_at_a_characters_end() {
        let adjustment = adjust_line(&line(), -1, format!("a{}", "é".repeat(150)));
        assert_eq!(adjustment.reason.len(), REASON_MAX_BYTES - 1);
        assert_eq!(adjustment.target, Target::Line(3));
        assert_eq!(adjust_line(&line(), -1, "short".into()).reason, "short");
    }

    #[test]
    fn refuses_a_configuration_that_is_no_json() {
        assert!(matches!(parse_config::<u32>("{"), Err(Refusal::InvalidConfig(_))));
        assert_eq!(parse_config::<u32>("7"), Ok(7));
    }
}
