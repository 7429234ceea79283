//! An order and its parts, and the decisions that need nothing but them.

use serde::{Deserialize, Serialize};
use soko_kernel::{
    Currency, CustomerId, MoneyError, OrderId, OrderLineId, ShippingLineId, ShippingMethodId, Timestamp,
    VariantId,
};

use super::state::OrderState;
use crate::pricing::{
    AppliedTax, InputShipping, LineAdjustment, LinePrices, OrderPrices, ShippingPrices, TaxBasis, TaxedAmount,
};

/// An order without its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// What customers call it.
    pub code: String,
    /// Where it stands.
    pub state: OrderState,
    /// Whether it is still a cart.
    pub active: bool,
    /// Who buys.
    pub customer_id: Option<CustomerId>,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// Where it goes.
    pub shipping_address: Option<OrderAddress>,
    /// Who is billed.
    pub billing_address: Option<OrderAddress>,
    /// Coupon codes, in the order in which they were given.
    pub coupon_codes: Vec<String>,
    /// Sums of its lines and delivery.
    pub totals: OrderPrices,
    /// When it was placed: when its payment was authorised or settled.
    pub placed_at: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A copy of an address, as it was when it was given. The country is named as well, so that it stands by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "an address, as clients know it")]
pub struct OrderAddress {
    pub full_name: Option<String>,
    pub company: Option<String>,
    pub street_line1: Option<String>,
    pub street_line2: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
    pub country_code: Option<String>,
    pub phone_number: Option<String>,
}

/// Some units of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// Its id; absent until it is stored.
    pub id: Option<OrderLineId>,
    /// What is bought.
    pub variant_id: VariantId,
    /// Units.
    pub quantity: i64,
    /// Units when the order was placed.
    pub placed_quantity: i64,
    /// One unit by the price list, minor units.
    pub unit_list_price: i64,
    /// One unit by the price list when the line was added.
    pub initial_unit_list_price: i64,
    /// Whether the price list is with tax.
    pub list_price_includes_tax: bool,
    /// The tax that applies.
    pub tax: AppliedTax,
    /// The waterfall, in the order of application.
    pub adjustments: Vec<LineAdjustment>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl OrderLine {
    /// A line that is new to the order; its price and tax are found when the order is priced.
    pub(super) fn new(variant_id: VariantId, quantity: i64, unit_list_price: i64, now: Timestamp) -> Self {
        Self {
            id: None,
            variant_id,
            quantity,
            placed_quantity: 0,
            unit_list_price,
            initial_unit_list_price: unit_list_price,
            list_price_includes_tax: false,
            tax: AppliedTax { rate: soko_kernel::TaxRatePpm::ZERO, description: String::new() },
            adjustments: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    /// The line's prices, from what is stored.
    ///
    /// # Errors
    /// Overflow.
    pub fn prices(&self) -> Result<LinePrices, MoneyError> {
        LinePrices::of(self.unit_list_price, self.quantity, self.basis(), &self.adjustments)
    }

    /// By how much one unit's list price changed since the line was added.
    ///
    /// # Errors
    /// Overflow.
    pub fn unit_price_change(&self) -> Result<TaxedAmount, MoneyError> {
        let basis = self.basis();
        basis.split(self.unit_list_price)?.minus(basis.split(self.initial_unit_list_price)?)
    }

    fn basis(&self) -> TaxBasis {
        TaxBasis { rate: self.tax.rate, includes_tax: self.list_price_includes_tax }
    }
}

/// The chosen delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingLine {
    /// Its id; absent until it is stored.
    pub id: Option<ShippingLineId>,
    /// The method.
    pub shipping_method_id: ShippingMethodId,
    /// What it costs, before tax is split.
    pub cost: InputShipping,
}

impl ShippingLine {
    /// What it costs, without and with tax.
    ///
    /// # Errors
    /// Overflow.
    pub fn prices(&self) -> Result<ShippingPrices, MoneyError> {
        ShippingPrices::of(&self.cost)
    }
}

/// The tax of an order at one rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxSummary {
    /// The tax.
    pub tax: AppliedTax,
    /// What is taxed.
    pub base: i64,
    /// The tax on it.
    pub total: i64,
}

/// An adjustment's source over all lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// Who asked for it.
    pub source: String,
    /// What it was for.
    pub kind: crate::pricing::AdjustmentKind,
    /// Shown to the customer.
    pub description: String,
    /// Without and with tax; negative for a discount.
    pub amount: TaxedAmount,
}
