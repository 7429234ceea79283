//! What is priced, what comes out, and the documents of both that receipts keep.

use serde::{Deserialize, Serialize};
use soko_extension::pricing::{LocalTime, PriceAdjustment, PricingCustomer};
use soko_extension::{Digest, PluginFailure};
use soko_kernel::{Currency, TaxRatePpm, VariantId};

use soko_kernel::MoneyError;

use super::calculate::{LinePrices, OrderPrices, ShippingPrices};

/// The rules by which this version of the core rounds; receipts name it.
pub const ROUNDING_VERSION: i64 = 1;

/// An order as pricing sees it. Its JSON form is the receipt's input: no name, no address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricingInput {
    /// Code of the channel.
    pub channel: String,
    /// The currency of every amount.
    pub currency: Currency,
    /// Whether list prices and adjustments are with tax.
    pub prices_include_tax: bool,
    /// The time of pricing in the channel's time zone.
    pub now: LocalTime,
    /// Absent for a guest.
    pub customer: Option<PricingCustomer>,
    /// Coupon codes on the order.
    pub coupon_codes: Vec<String>,
    /// In the order in which they were added.
    pub lines: Vec<InputLine>,
    /// The chosen delivery.
    pub shipping: Option<InputShipping>,
}

/// A line before any adjustment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputLine {
    /// The variant.
    pub variant_id: VariantId,
    /// Stock keeping unit.
    pub sku: String,
    /// Slug of the product.
    pub product_slug: String,
    /// Units, at least one.
    pub quantity: i64,
    /// One unit, minor units.
    pub unit_list_price: i64,
    /// Facet code and value code of each facet value of variant and product.
    pub facet_values: Vec<(String, String)>,
    /// The tax that applies.
    pub tax: AppliedTax,
}

/// The chosen delivery, before tax is split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputShipping {
    /// Minor units.
    pub list_price: i64,
    /// Whether `list_price` is with tax.
    pub includes_tax: bool,
    /// The tax that applies.
    pub tax: AppliedTax,
}

/// A rate of tax and its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedTax {
    /// The rate.
    pub rate: TaxRatePpm,
    /// Shown to the customer: `VAT 16 %`.
    pub description: String,
}

/// One step of the waterfall on a line, as the core applied it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineAdjustment {
    /// Who asked for it: `plugin:wholesale-tiers@1.0.0`.
    pub source: String,
    /// Whether it was for this line, or is the line's share of one for the whole order.
    pub kind: AdjustmentKind,
    /// Shown to the customer.
    pub description: String,
    /// Minor units for the whole line, in the list price's basis: with tax where that is.
    pub amount: i64,
}

/// What an adjustment was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentKind {
    /// For one line.
    Line,
    /// The line's share of an adjustment of the whole order.
    Distributed,
}

/// A plugin's part in the waterfall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricingStep {
    /// Name of the plugin.
    pub plugin: String,
    /// Version of the plugin.
    pub version: String,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// The binding's configuration, the exact JSON text.
    pub config: String,
    /// Fuel used.
    pub fuel: u64,
    /// What came of the call.
    pub outcome: StepOutcome,
}

impl PricingStep {
    /// The component's digest.
    pub fn component(&self) -> Option<Digest> {
        Digest::parse(&self.digest)
    }

    /// How adjustments of this step name their source.
    pub fn source(&self) -> String {
        format!("plugin:{}@{}", self.plugin, self.version)
    }
}

/// What came of a plugin's call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// Its adjustments were applied, all of them.
    Applied(Vec<PriceAdjustment>),
    /// It failed and the binding says to go on without it.
    Skipped(PluginFailure),
}

/// A priced order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedOrder {
    /// In the input's order.
    pub lines: Vec<PricedLine>,
    /// The delivery.
    pub shipping: Option<ShippingPrices>,
    /// Sums of the above.
    pub totals: OrderPrices,
}

/// A priced line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedLine {
    /// The waterfall, in the order of application.
    pub adjustments: Vec<LineAdjustment>,
    /// The line's prices.
    pub prices: LinePrices,
}

/// How an order was priced: everything that a receipt keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pricing {
    /// What was priced.
    pub input: PricingInput,
    /// Each bound plugin's part, in the order of application.
    pub steps: Vec<PricingStep>,
    /// What came out.
    pub output: PricedOrder,
}

impl Pricing {
    /// The same pricing with a delivery: its cost depends on what the lines cost, so it is known only afterwards.
    ///
    /// # Errors
    /// Overflow.
    pub fn with_shipping(mut self, shipping: Option<InputShipping>) -> Result<Self, MoneyError> {
        let prices = shipping.as_ref().map(ShippingPrices::of).transpose()?;
        let quantities = self.input.lines.iter().map(|line| line.quantity);
        let lines = self.output.lines.iter().map(|line| &line.prices);
        self.output.totals = OrderPrices::of(quantities.zip(lines), prices)?;
        self.output.shipping = prices;
        self.input.shipping = shipping;
        Ok(self)
    }
}
