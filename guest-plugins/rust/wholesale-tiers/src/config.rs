//! The configuration of a binding, as `config-schema.json` describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use soko_pricing::money::{show_amount, show_percent, unit_price_after};
use soko_pricing::{FacetValue, OrderLine, Refusal};

/// The whole configuration. Amounts are minor units, shares are basis points.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// Quantity breaks, looked up from the most specific selector to the least.
    #[serde(default)]
    pub breaks: Vec<Break>,
    /// Prices for trade customers.
    pub trade: Option<Trade>,
}

/// Tiers for the lines that one selector covers: the SKUs, else the facet value, else every line.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Break {
    /// Covers the variants with these SKUs.
    pub skus: Option<Vec<String>>,
    /// Covers the variants with this facet value.
    pub facet: Option<FacetSelector>,
    /// In rising order of quantity.
    pub tiers: Vec<Tier>,
}

/// One value of one facet, by their codes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FacetSelector {
    /// The facet's code.
    pub facet: String,
    /// The value's code.
    pub value: String,
}

/// What a unit costs from a quantity on. Exactly one of the three prices is present.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tier {
    /// Units of the variant in the whole order.
    pub min_quantity: u32,
    /// Minor units off each unit.
    pub off_each: Option<i64>,
    /// Share of the list price off each unit.
    pub off_basis_points: Option<u32>,
    /// What each unit costs instead.
    pub unit_price: Option<i64>,
}

/// Prices for the customers of some groups.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trade {
    /// Names of the customer groups.
    pub groups: Vec<String>,
    /// SKU to the price of one unit.
    #[serde(default)]
    pub unit_prices: BTreeMap<String, i64>,
    /// Share off the list price for SKUs without a price of their own.
    pub off_basis_points: Option<u32>,
}

/// How a price is set, once the selector and the quantity are settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// Minor units off each unit.
    OffEach(i64),
    /// Basis points off each unit.
    Share(u32),
    /// The price of a unit.
    UnitPrice(i64),
}

impl Terms {
    /// The price of one unit under these terms, never below zero.
    pub fn unit_price(self, list_price: i64) -> i64 {
        match self {
            Self::OffEach(off) => list_price.saturating_sub(off).max(0),
            Self::Share(off) => unit_price_after(list_price, off),
            Self::UnitPrice(price) => price,
        }
    }

    /// The terms as customers read them: `KES 5.00 off each`.
    pub fn show(self, currency: &str) -> String {
        match self {
            Self::OffEach(off) => format!("{} off each", show_amount(off, currency)),
            Self::Share(off) => format!("{} off", show_percent(off)),
            Self::UnitPrice(price) => format!("{} each", show_amount(price, currency)),
        }
    }
}

impl Config {
    /// Checks what the schema cannot say.
    ///
    /// # Errors
    /// [`Refusal::InvalidConfig`] when a tier has not exactly one price, when tiers do not rise, or when an amount is
    /// negative.
    pub fn check(&self) -> Result<(), Refusal> {
        for entry in &self.breaks {
            let mut last = 0;
            for tier in &entry.tiers {
                if tier.min_quantity <= last {
                    return Err(invalid(format!(
                        "tiers must rise: minQuantity {} follows {last}",
                        tier.min_quantity
                    )));
                }
                last = tier.min_quantity;
                tier.terms()?;
            }
        }
        match &self.trade {
            Some(trade) if trade.unit_prices.values().any(|price| *price < 0) => {
                Err(invalid("a trade price is negative".into()))
            }
            _ => Ok(()),
        }
    }

    /// The tiers of the most specific entry for this line.
    pub fn find_tiers(&self, line: &OrderLine) -> Option<&[Tier]> {
        let names_sku = |entry: &&Break| entry.skus.as_ref().is_some_and(|skus| skus.contains(&line.sku));
        let names_facet = |entry: &&Break| {
            entry
                .facet
                .as_ref()
                .is_some_and(|facet| line.facet_values.iter().any(|value| facet.covers(value)))
        };
        let names_neither = |entry: &&Break| entry.skus.is_none() && entry.facet.is_none();
        self.breaks
            .iter()
            .find(names_sku)
            .or_else(|| self.breaks.iter().find(names_facet))
            .or_else(|| self.breaks.iter().find(names_neither))
            .map(|entry| entry.tiers.as_slice())
    }
}

impl Tier {
    /// The one price of the tier.
    ///
    /// # Errors
    /// [`Refusal::InvalidConfig`] when none or several are present, or an amount is negative.
    pub fn terms(&self) -> Result<Terms, Refusal> {
        match (self.off_each, self.off_basis_points, self.unit_price) {
            (Some(off), None, None) if off >= 0 => Ok(Terms::OffEach(off)),
            (None, Some(off), None) => Ok(Terms::Share(off)),
            (None, None, Some(price)) if price >= 0 => Ok(Terms::UnitPrice(price)),
            _ => Err(invalid(format!(
                "the tier from {} needs exactly one of offEach, offBasisPoints and unitPrice, not negative",
                self.min_quantity
            ))),
        }
    }
}

impl FacetSelector {
    fn covers(&self, value: &FacetValue) -> bool {
        self.facet == value.facet && self.value == value.value
    }
}

impl Trade {
    /// The trade terms of a SKU, if it has any.
    pub fn find_terms(&self, sku: &str) -> Option<Terms> {
        match self.unit_prices.get(sku) {
            Some(price) => Some(Terms::UnitPrice(*price)),
            None => self.off_basis_points.map(Terms::Share),
        }
    }
}

fn invalid(message: String) -> Refusal {
    Refusal::InvalidConfig(message)
}
