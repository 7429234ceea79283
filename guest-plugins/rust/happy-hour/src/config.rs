//! The configuration of a binding, as `config-schema.json` describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use soko_pricing::money::unit_share_rounded_up;
use soko_pricing::{OrderLine, Refusal};

/// The whole configuration. Amounts are minor units per unit, shares are basis points.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// What customers read before the discount.
    pub label: Option<String>,
    /// When the discount holds.
    pub windows: Vec<WindowText>,
    /// Share of the list price off each unit.
    pub off_basis_points: u32,
    /// What no unit gets cheaper than.
    pub floor: Floor,
    /// What the discount is for; everything when absent.
    pub only: Option<Filter>,
}

/// A window as it is written: days by name, `start` and `end` as `17:00`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowText {
    /// The days on which the window starts.
    pub days: Vec<Day>,
    /// The first minute.
    pub start: String,
    /// The first minute after it.
    pub end: String,
}

/// A day of the week. The number is the contract's: 1 is Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Day {
    Monday = 1,
    Tuesday = 2,
    Wednesday = 3,
    Thursday = 4,
    Friday = 5,
    Saturday = 6,
    Sunday = 7,
}

/// The price of a unit below which the discount never goes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Floor {
    /// The same for all.
    pub unit_price: Option<i64>,
    /// A share of the list price, rounded up.
    pub list_basis_points: Option<u32>,
    /// SKU to its own floor, which counts instead of the others.
    #[serde(default)]
    pub unit_prices: BTreeMap<String, i64>,
}

/// Names what the discount is for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// SKUs of variants.
    #[serde(default)]
    pub skus: Vec<String>,
    /// Slugs of products.
    #[serde(default)]
    pub products: Vec<String>,
    /// Facet values.
    #[serde(default)]
    pub facets: Vec<FacetSelector>,
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

impl Floor {
    /// The lowest price of one unit of the line, in minor units.
    ///
    /// # Errors
    /// [`Refusal::InvalidConfig`] for a negative floor or none that fits the line.
    pub fn get_unit_price(&self, line: &OrderLine) -> Result<i64, Refusal> {
        let share = self.list_basis_points.map(|share| unit_share_rounded_up(line.unit_list_price, share));
        let floor = self.unit_prices.get(&line.sku).copied().or(self.unit_price.max(share));
        match floor {
            Some(floor) if floor >= 0 => Ok(floor),
            Some(_) => Err(Refusal::InvalidConfig("a floor is negative".into())),
            None => Err(Refusal::InvalidConfig(format!(
                "no floor for {}: set unitPrice or listBasisPoints besides unitPrices, or name the SKUs in only",
                line.sku
            ))),
        }
    }
}

impl Filter {
    /// Whether the discount is for this line.
    pub fn covers(&self, line: &OrderLine) -> bool {
        let has_facet = |selector: &FacetSelector| {
            line.facet_values
                .iter()
                .any(|value| value.facet == selector.facet && value.value == selector.value)
        };
        self.skus.contains(&line.sku)
            || self.products.contains(&line.product_slug)
            || self.facets.iter().any(has_facet)
    }
}
