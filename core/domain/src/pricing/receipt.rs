//! Receipts: enough to price an order again, as documents that outlive code and people.

use soko_kernel::Timestamp;

use super::calculate::TaxedAmount;
use super::entity::{PricedOrder, Pricing, PricingInput, PricingStep, ROUNDING_VERSION};
use super::error::PricingError;

/// A receipt as stored: JSON documents and what made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptDocuments {
    /// The engine that ran the plugins.
    pub engine_version: String,
    /// The rules by which amounts were rounded.
    pub rounding_version: i64,
    /// A [`PricingInput`].
    pub input: String,
    /// A list of [`PricingStep`].
    pub steps: String,
    /// A [`PricedOrder`].
    pub output: String,
}

/// What pricing a receipt again came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The total on the receipt.
    pub total: TaxedAmount,
    /// The engine that priced it then.
    pub engine_version: String,
    /// One sentence each; none when everything is equal.
    pub differences: Vec<String>,
}

impl Replay {
    /// Whether everything came out as on the receipt.
    pub fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }
}

impl ReceiptDocuments {
    pub(super) fn of(pricing: &Pricing, engine_version: &str) -> Result<Self, PricingError> {
        Ok(Self {
            engine_version: engine_version.to_owned(),
            rounding_version: ROUNDING_VERSION,
            input: to_json(&pricing.input)?,
            steps: to_json(&pricing.steps)?,
            output: to_json(&pricing.output)?,
        })
    }

    pub(super) fn parse(&self) -> Result<(PricingInput, Vec<PricingStep>, PricedOrder), PricingError> {
        if self.rounding_version != ROUNDING_VERSION {
            let why =
                format!("it rounds by version {}, this program by {ROUNDING_VERSION}", self.rounding_version);
            return Err(PricingError::unreadable("receipt", why));
        }
        Ok((
            from_json("input", &self.input)?,
            from_json("steps", &self.steps)?,
            from_json("output", &self.output)?,
        ))
    }

    /// When the order was priced.
    ///
    /// # Errors
    /// An unreadable document.
    pub fn priced_at(&self) -> Result<Timestamp, PricingError> {
        let input: PricingInput = from_json("input", &self.input)?;
        Ok(Timestamp(input.now.unix_ms))
    }
}

/// Adds a sentence for each difference between what came out now and then.
pub(super) fn compare(now: &PricedOrder, then: &PricedOrder, differences: &mut Vec<String>) {
    if now.totals != then.totals {
        differences.push(format!(
            "the total is now {:?}, then {:?}",
            now.totals.total(),
            then.totals.total()
        ));
    }
    if now.shipping != then.shipping {
        differences.push(format!("shipping is now {:?}, then {:?}", now.shipping, then.shipping));
    }
    if now.lines.len() != then.lines.len() {
        differences.push(format!("there are now {} lines, then {}", now.lines.len(), then.lines.len()));
    }
    for (number, (now, then)) in now.lines.iter().zip(&then.lines).enumerate() {
        if now != then {
            let line = number + 1;
            differences.push(format!(
                "line {line} is now {:?}, then {:?}",
                now.prices.prorated, then.prices.prorated
            ));
        }
    }
}

fn to_json(document: &impl serde::Serialize) -> Result<String, PricingError> {
    serde_json::to_string(document).map_err(|error| PricingError::unreadable("receipt", error))
}

fn from_json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, PricingError> {
    serde_json::from_str(text).map_err(|error| PricingError::unreadable(what, error))
}
