//! Pricing plugins: pure rules that adjust the price of an order. The data mirrors the newest `soko:pricing` contract.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::component::Digest;
use crate::failure::PluginFailure;

/// Everything a rule may look at. Amounts are minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricingContext {
    /// Code of the channel.
    pub channel: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Whether prices and adjustments are with tax.
    pub prices_include_tax: bool,
    /// The time of pricing in the channel's time zone.
    pub now: LocalTime,
    /// Absent for a guest.
    pub customer: Option<PricingCustomer>,
    /// Coupon codes on the order.
    pub coupon_codes: Vec<String>,
    /// In the order in which they were added; never empty.
    pub lines: Vec<PricingLine>,
}

/// A moment in the channel's time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalTime {
    /// Milliseconds since the Unix epoch.
    pub unix_ms: i64,
    /// Calendar date, `2026-05-31`.
    pub date: String,
    /// 1 is Monday, 7 is Sunday.
    pub weekday: u8,
    /// Minutes since local midnight.
    pub minute_of_day: u16,
}

/// Who buys, without name or address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricingCustomer {
    /// The customer's id as clients see it.
    pub id: String,
    /// Names of the customer groups, sorted.
    pub groups: Vec<String>,
}

/// One line of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricingLine {
    /// Names the line in this call: its place in the list, from 0.
    pub id: u32,
    /// The variant's id as clients see it.
    pub variant_id: String,
    /// Stock keeping unit.
    pub sku: String,
    /// Slug of the product.
    pub product_slug: String,
    /// Units, at least one.
    pub quantity: u32,
    /// Price of one unit from the price list.
    pub unit_list_price: i64,
    /// Price of the line before this rule: list price times quantity plus earlier adjustments.
    pub line_price: i64,
    /// Facet code and value code of each facet value of variant and product.
    pub facet_values: Vec<(String, String)>,
}

/// What an adjustment changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentTarget {
    /// The line with this id.
    Line(u32),
    /// The whole order; the core prorates.
    Order,
}

/// One change of the price, as a rule asks for it. The core has not checked it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceAdjustment {
    /// What it changes.
    pub target: AdjustmentTarget,
    /// Minor units, negative for a discount; for the whole line or order.
    pub amount: i64,
    /// Shown to the customer.
    pub reason: String,
}

/// What a finished call cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCost {
    /// Wall-clock time in microseconds, instantiation included.
    pub micros: u64,
    /// Fuel used, in the engine's units; comparable within one engine version only.
    pub fuel: u64,
}

/// One call of one rule, whatever its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricingRun {
    /// What it cost.
    pub cost: CallCost,
    /// Lines that the guest logged, capped in number and length.
    pub log: Vec<String>,
    /// The adjustments in the guest's order, or why there are none.
    pub outcome: Result<Vec<PriceAdjustment>, PluginFailure>,
}

/// Which rule to call, for whom.
#[derive(Debug, Clone, Copy)]
pub struct PricingCall<'a> {
    /// The plugin's name, for those who watch.
    pub name: &'a str,
    /// Its semantic version, for them too.
    pub version: &'a str,
    /// The component.
    pub digest: Digest,
    /// Names the caller for limits that hold per channel, such as the circuit breaker.
    pub channel_id: i64,
    /// The binding's configuration, a JSON text that meets the manifest's schema.
    pub config: &'a str,
    /// What to price.
    pub context: &'a PricingContext,
}

/// Runs pricing plugins.
#[async_trait]
pub trait PricingPlugins: Send + Sync {
    /// Calls the rule once, in a fresh sandbox, within its limits. Never panics, whatever the guest does.
    async fn price(&self, call: PricingCall<'_>) -> PricingRun;

    /// Version of the engine that runs the rules, for receipts: `wasmtime 48.0.8`.
    fn engine_version(&self) -> &str;
}
