//! The arithmetic of prices: integers, checked, rounded at named places.
//!
//! - A unit price in the other basis (net of a list price with tax, or gross of one without) is rounded half up to
//!   the minor unit, then multiplied by the quantity. Clients of this API expect it so.
//! - After each adjustment the line's price in the other basis is scaled in proportion and rounded half up. A line
//!   that is discounted to nothing therefore has no tax, and the parts of a line always sum to the whole.
//! - Totals are sums of lines and shipping; nothing is rounded twice.

use serde::{Deserialize, Serialize};
use soko_kernel::rate::round_half_up;
use soko_kernel::{MoneyError, TaxRatePpm};

use super::entity::{AdjustmentKind, InputShipping, LineAdjustment};

/// An amount without and with tax, minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaxedAmount {
    /// Without tax.
    pub net: i64,
    /// With tax.
    pub gross: i64,
}

impl TaxedAmount {
    /// The sum.
    ///
    /// # Errors
    /// Overflow.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            net: checked(self.net.checked_add(other.net))?,
            gross: checked(self.gross.checked_add(other.gross))?,
        })
    }

    /// The difference.
    ///
    /// # Errors
    /// Overflow.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            net: checked(self.net.checked_sub(other.net))?,
            gross: checked(self.gross.checked_sub(other.gross))?,
        })
    }

    /// The amount a whole number of times.
    ///
    /// # Errors
    /// Overflow.
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        Ok(Self {
            net: checked(self.net.checked_mul(count))?,
            gross: checked(self.gross.checked_mul(count))?,
        })
    }

    /// The part of one unit, rounded half up; nothing for no units.
    #[must_use]
    pub fn per_unit(self, quantity: i64) -> Self {
        if quantity <= 0 {
            return Self::default();
        }
        let part = |amount: i64| {
            i64::try_from(round_half_up(i128::from(amount), i128::from(quantity))).unwrap_or(i64::MAX)
        };
        Self { net: part(self.net), gross: part(self.gross) }
    }

    /// The tax in it.
    pub fn tax(self) -> i64 {
        self.gross.saturating_sub(self.net)
    }
}

/// How a list price relates to tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxBasis {
    /// The rate that applies.
    pub rate: TaxRatePpm,
    /// Whether the list price is with tax.
    pub includes_tax: bool,
}

impl TaxBasis {
    /// A price in this basis, without and with tax; the other side is rounded half up.
    ///
    /// # Errors
    /// Overflow.
    pub fn split(self, price: i64) -> Result<TaxedAmount, MoneyError> {
        Ok(if self.includes_tax {
            TaxedAmount { net: self.rate.net_of(price)?, gross: price }
        } else {
            TaxedAmount { net: price, gross: self.rate.gross_of(price)? }
        })
    }

    fn own_side(self, amount: TaxedAmount) -> i64 {
        if self.includes_tax { amount.gross } else { amount.net }
    }

    /// The base price with its own side changed to `own`: the other side follows in proportion.
    fn rescale(self, base: TaxedAmount, own: i64) -> Result<TaxedAmount, MoneyError> {
        let (base_own, base_other) =
            if self.includes_tax { (base.gross, base.net) } else { (base.net, base.gross) };
        if base_own == 0 {
            return self.split(own);
        }
        let scaled = round_half_up(i128::from(base_other) * i128::from(own), i128::from(base_own));
        let other = i64::try_from(scaled).map_err(|_| MoneyError::Overflow)?;
        Ok(if self.includes_tax {
            TaxedAmount { net: other, gross: own }
        } else {
            TaxedAmount { net: own, gross: other }
        })
    }
}

/// Every price of a line. Each stage is the one before and the adjustments of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePrices {
    /// One unit at list price.
    pub unit: TaxedAmount,
    /// All units at list price.
    pub line: TaxedAmount,
    /// With adjustments for this line.
    pub discounted: TaxedAmount,
    /// With shares of adjustments for the whole order as well: what the line costs.
    pub prorated: TaxedAmount,
    /// Each adjustment without and with tax, in the order of application.
    pub adjustments: Vec<TaxedAmount>,
}

impl LinePrices {
    /// The prices of a line with these adjustments.
    ///
    /// # Errors
    /// Overflow.
    pub fn of(
        unit_list_price: i64,
        quantity: i64,
        basis: TaxBasis,
        adjustments: &[LineAdjustment],
    ) -> Result<Self, MoneyError> {
        let unit = basis.split(unit_list_price)?;
        let line = unit.times(quantity)?;
        let mut running = line;
        let mut discounted = line;
        let mut amounts = Vec::with_capacity(adjustments.len());
        for adjustment in adjustments {
            let own = checked(basis.own_side(running).checked_add(adjustment.amount))?;
            let next = basis.rescale(line, own)?;
            let amount = next.minus(running)?;
            if adjustment.kind == AdjustmentKind::Line {
                discounted = discounted.plus(amount)?;
            }
            amounts.push(amount);
            running = next;
        }
        Ok(Self { unit, line, discounted, prorated: running, adjustments: amounts })
    }
}

/// The prices of the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingPrices {
    /// What it costs.
    pub price: TaxedAmount,
}

impl ShippingPrices {
    /// The prices of this delivery.
    ///
    /// # Errors
    /// Overflow.
    pub fn of(shipping: &InputShipping) -> Result<Self, MoneyError> {
        let basis = TaxBasis { rate: shipping.tax.rate, includes_tax: shipping.includes_tax };
        Ok(Self { price: basis.split(shipping.list_price)? })
    }
}

/// The sums of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OrderPrices {
    /// Units.
    pub quantity: i64,
    /// All lines.
    pub sub_total: TaxedAmount,
    /// The delivery.
    pub shipping: TaxedAmount,
}

impl OrderPrices {
    /// The sums of these lines and this delivery.
    ///
    /// # Errors
    /// Overflow.
    pub fn of<'l>(
        lines: impl IntoIterator<Item = (i64, &'l LinePrices)>,
        shipping: Option<ShippingPrices>,
    ) -> Result<Self, MoneyError> {
        let shipping = shipping.map(|shipping| shipping.price).unwrap_or_default();
        let mut sums = Self { quantity: 0, sub_total: TaxedAmount::default(), shipping };
        for (quantity, prices) in lines {
            sums.quantity = checked(sums.quantity.checked_add(quantity))?;
            sums.sub_total = sums.sub_total.plus(prices.prorated)?;
        }
        sums.sub_total.plus(sums.shipping)?;
        Ok(sums)
    }

    /// What the order costs. It was checked for overflow when the sums were made.
    pub fn total(self) -> TaxedAmount {
        TaxedAmount {
            net: self.sub_total.net.saturating_add(self.shipping.net),
            gross: self.sub_total.gross.saturating_add(self.shipping.gross),
        }
    }
}

fn checked(amount: Option<i64>) -> Result<i64, MoneyError> {
    amount.ok_or(MoneyError::Overflow)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use proptest::prelude::*;

    use super::*;

    fn vat(includes_tax: bool) -> TaxBasis {
        TaxBasis { rate: TaxRatePpm::try_new(160_000).unwrap(), includes_tax }
    }

    fn adjustment(kind: AdjustmentKind, amount: i64) -> LineAdjustment {
        LineAdjustment { source: "plugin:x@1.0.0".into(), kind, description: "x".into(), amount }
    }

    #[test]
    fn rounds_the_unit_price_then_multiplies() {
        let prices = LinePrices::of(100, 3, vat(true), &[]).unwrap();
        assert_eq!(prices.unit, TaxedAmount { net: 86, gross: 100 });
        assert_eq!(prices.line, TaxedAmount { net: 258, gross: 300 });
        assert_eq!(prices.prorated, prices.line);
    }

    #[test]
    fn a_line_discounted_to_nothing_has_no_tax() {
        let free = LinePrices::of(100, 3, vat(true), &[adjustment(AdjustmentKind::Line, -300)]).unwrap();
        assert_eq!(free.prorated, TaxedAmount::default());
        let free = LinePrices::of(99, 7, vat(false), &[adjustment(AdjustmentKind::Line, -693)]).unwrap();
        assert_eq!(free.prorated, TaxedAmount::default());
    }

    #[test]
    fn keeps_kinds_of_adjustments_apart() {
        let adjustments =
            [adjustment(AdjustmentKind::Line, -1000), adjustment(AdjustmentKind::Distributed, -500)];
        let prices = LinePrices::of(1160, 10, vat(true), &adjustments).unwrap();
        assert_eq!(prices.line, TaxedAmount { net: 10_000, gross: 11_600 });
        assert_eq!(prices.discounted.gross, 10_600);
        assert_eq!(prices.prorated.gross, 10_100);
    }

    #[test]
    fn refuses_overflow() {
        assert_eq!(LinePrices::of(i64::MAX, 2, vat(true), &[]), Err(MoneyError::Overflow));
        assert_eq!(LinePrices::of(i64::MAX, 1, vat(false), &[]), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(
            unit in 0_i64..10_000_000,
            quantity in 1_i64..1000,
            ppm in 0_i64..=400_000,
            includes_tax: bool,
            cuts in prop::collection::vec((0_i64..100, any::<bool>()), 0..5),
        ) {
            let basis = TaxBasis { rate: TaxRatePpm::try_new(ppm).unwrap(), includes_tax };
            let mut left = unit * quantity;
            let adjustments: Vec<_> = cuts.iter().map(|(percent, line)| {
                let cut = left * percent / 100;
                left -= cut;
                adjustment(if *line { AdjustmentKind::Line } else { AdjustmentKind::Distributed }, -cut)
            }).collect();
            let prices = LinePrices::of(unit, quantity, basis, &adjustments).unwrap();
            let sum = prices.adjustments.iter().try_fold(prices.line, |sum, part| sum.plus(*part)).unwrap();
            prop_assert_eq!(sum, prices.prorated);
            prop_assert_eq!(basis.own_side(prices.prorated), left);
            prop_assert!(prices.prorated.net >= 0 && prices.prorated.gross >= prices.prorated.net);
        }
    }
}
