//! The waterfall: from list prices down to what the order costs, one plugin after another.

use soko_extension::PluginFailure;
use soko_extension::pricing::{AdjustmentTarget, PriceAdjustment, PricingContext, PricingLine};
use soko_kernel::{Money, MoneyError};

use super::calculate::{LinePrices, OrderPrices, ShippingPrices, TaxBasis};
use super::entity::{AdjustmentKind, InputLine, LineAdjustment, PricedLine, PricedOrder, PricingInput};
use super::error::PricingError;
use super::output_failure;

/// The most that a line may cost, in minor units: far above any price list, and low enough that no sum overflows.
const LINE_PRICE_MAX: i64 = 100_000_000_000_000_000;

/// A pricing under way.
pub(super) struct Waterfall<'i> {
    input: &'i PricingInput,
    lines: Vec<RunningLine>,
}

#[derive(Clone)]
struct RunningLine {
    /// What the line costs so far, in the list price's basis.
    price: i64,
    adjustments: Vec<LineAdjustment>,
}

impl<'i> Waterfall<'i> {
    /// Starts with the list prices.
    pub(super) fn new(input: &'i PricingInput) -> Result<Self, PricingError> {
        let start = |line: &InputLine| {
            let price = line.unit_list_price.checked_mul(line.quantity).ok_or(MoneyError::Overflow)?;
            Ok(RunningLine { price, adjustments: Vec::new() })
        };
        let lines = input.lines.iter().map(start).collect::<Result<_, PricingError>>()?;
        Ok(Self { input, lines })
    }

    /// What the next plugin sees.
    pub(super) fn context(&self) -> PricingContext {
        let line = |(index, (line, running)): (usize, (&InputLine, &RunningLine))| PricingLine {
            id: u32::try_from(index).unwrap_or(u32::MAX),
            variant_id: line.variant_id.to_string(),
            sku: line.sku.clone(),
            product_slug: line.product_slug.clone(),
            quantity: u32::try_from(line.quantity).unwrap_or(u32::MAX),
            unit_list_price: line.unit_list_price,
            line_price: running.price,
            facet_values: line.facet_values.clone(),
        };
        PricingContext {
            channel: self.input.channel.clone(),
            currency: self.input.currency.code().to_owned(),
            prices_include_tax: self.input.prices_include_tax,
            now: self.input.now.clone(),
            customer: self.input.customer.clone(),
            coupon_codes: self.input.coupon_codes.clone(),
            lines: self.input.lines.iter().zip(&self.lines).enumerate().map(line).collect(),
        }
    }

    /// Applies a plugin's adjustments: all of them, or none and the reason.
    pub(super) fn apply(
        &mut self,
        source: &str,
        adjustments: &[PriceAdjustment],
    ) -> Result<(), PluginFailure> {
        let mut lines = self.lines.clone();
        for adjustment in adjustments {
            match adjustment.target {
                AdjustmentTarget::Line(id) => {
                    let line = usize::try_from(id).ok().and_then(|index| lines.get_mut(index));
                    let line = line
                        .ok_or_else(|| output_failure(format!("it names a line {id} that is not there")))?;
                    line.adjust(source, AdjustmentKind::Line, &adjustment.reason, adjustment.amount)?;
                }
                AdjustmentTarget::Order => self.distribute(&mut lines, source, adjustment)?,
            }
        }
        self.lines = lines;
        Ok(())
    }

    /// Prorates an adjustment of the whole order over the lines by what they cost so far.
    fn distribute(
        &self,
        lines: &mut [RunningLine],
        source: &str,
        adjustment: &PriceAdjustment,
    ) -> Result<(), PluginFailure> {
        let weights: Vec<i64> = lines.iter().map(|line| line.price).collect();
        let amount = Money::new(adjustment.amount, self.input.currency);
        let shares = amount.prorate(&weights).map_err(|error| output_failure(error.to_string()))?;
        for (line, share) in lines.iter_mut().zip(shares) {
            if share.minor() != 0 {
                line.adjust(source, AdjustmentKind::Distributed, &adjustment.reason, share.minor())?;
            }
        }
        Ok(())
    }

    /// Taxes and totals.
    pub(super) fn finish(self) -> Result<PricedOrder, PricingError> {
        let price = |(line, running): (&InputLine, RunningLine)| {
            let basis = TaxBasis { rate: line.tax.rate, includes_tax: self.input.prices_include_tax };
            let prices = LinePrices::of(line.unit_list_price, line.quantity, basis, &running.adjustments)?;
            Ok(PricedLine { adjustments: running.adjustments, prices })
        };
        let lines: Vec<PricedLine> =
            self.input.lines.iter().zip(self.lines).map(price).collect::<Result<_, PricingError>>()?;
        let shipping = self.input.shipping.as_ref().map(ShippingPrices::of).transpose()?;
        let quantities = self.input.lines.iter().map(|line| line.quantity);
        let totals = OrderPrices::of(quantities.zip(lines.iter().map(|line| &line.prices)), shipping)?;
        Ok(PricedOrder { lines, shipping, totals })
    }
}

impl RunningLine {
    fn adjust(
        &mut self,
        source: &str,
        kind: AdjustmentKind,
        reason: &str,
        amount: i64,
    ) -> Result<(), PluginFailure> {
        let price = self.price.checked_add(amount).ok_or_else(|| output_failure("an amount is too large"))?;
        if price < 0 {
            return Err(output_failure(format!(
                "it would make a line cost {price}: no price goes below zero"
            )));
        }
        if price > LINE_PRICE_MAX {
            return Err(output_failure(format!(
                "it would make a line cost {price}: at most {LINE_PRICE_MAX}"
            )));
        }
        self.price = price;
        let (source, description) = (source.to_owned(), reason.to_owned());
        self.adjustments.push(LineAdjustment { source, kind, description, amount });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use soko_extension::pricing::LocalTime;
    use soko_kernel::{Currency, TaxRatePpm, VariantId};

    use super::*;
    use crate::pricing::entity::AppliedTax;

    fn input(lines: &[(i64, i64)]) -> PricingInput {
        let tax = AppliedTax { rate: TaxRatePpm::try_new(160_000).unwrap(), description: "VAT".into() };
        let line = |(quantity, unit_list_price): &(i64, i64)| InputLine {
            variant_id: VariantId(1),
            sku: "SKU".into(),
            product_slug: "product".into(),
            quantity: *quantity,
            unit_list_price: *unit_list_price,
            facet_values: vec![],
            tax: tax.clone(),
        };
        PricingInput {
            channel: "duka".into(),
            currency: Currency::KES,
            prices_include_tax: true,
            now: LocalTime { unix_ms: 0, date: "1970-01-01".into(), weekday: 4, minute_of_day: 180 },
            customer: None,
            coupon_codes: vec![],
            lines: lines.iter().map(line).collect(),
            shipping: None,
        }
    }

    fn adjustment(target: AdjustmentTarget, amount: i64) -> PriceAdjustment {
        PriceAdjustment { target, amount, reason: "because".into() }
    }

    #[test]
    fn later_plugins_see_what_earlier_ones_did() {
        let input = input(&[(10, 100), (1, 500)]);
        let mut waterfall = Waterfall::new(&input).unwrap();
        waterfall.apply("plugin:a@1", &[adjustment(AdjustmentTarget::Line(0), -100)]).unwrap();
        assert_eq!(waterfall.context().lines[0].line_price, 900);
        waterfall.apply("plugin:b@1", &[adjustment(AdjustmentTarget::Order, -141)]).unwrap();
        let priced = waterfall.finish().unwrap();
        assert_eq!(priced.totals.total().gross, 1500 - 100 - 141);
        let shares: Vec<i64> =
            priced.lines.iter().map(|line| line.adjustments.last().unwrap().amount).collect();
        assert_eq!(shares, [-91, -50]);
    }

    #[test]
    fn applies_all_adjustments_of_a_plugin_or_none() {
        let input = input(&[(1, 100), (1, 100)]);
        let mut waterfall = Waterfall::new(&input).unwrap();
        for bad in [
            adjustment(AdjustmentTarget::Line(2), -1),
            adjustment(AdjustmentTarget::Line(1), -101),
            adjustment(AdjustmentTarget::Line(1), i64::MIN),
            adjustment(AdjustmentTarget::Line(1), i64::MAX),
            adjustment(AdjustmentTarget::Order, -201),
            adjustment(AdjustmentTarget::Order, i64::MAX),
        ] {
            let failure = waterfall.apply("plugin:a@1", &[adjustment(AdjustmentTarget::Line(0), -50), bad]);
            assert_eq!(failure.unwrap_err().kind, soko_extension::FailureKind::Output);
        }
        assert_eq!(waterfall.finish().unwrap().totals.total().gross, 200);
    }
}
