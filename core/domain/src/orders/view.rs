//! An order as clients see it.

use std::collections::BTreeMap;

use soko_kernel::MoneyError;

use super::cart::Cart;
use super::entity::{Discount, Order, OrderLine, ShippingLine, TaxSummary};
use super::error::OrderError;
use crate::catalogue::Variant;
use crate::pricing::{AppliedTax, LinePrices, ShippingPrices, TaxedAmount};

/// An order with its lines and prices.
#[derive(Debug, Clone)]
pub struct OrderView {
    /// The order.
    pub order: Order,
    /// Its lines, in the order in which they were added.
    pub lines: Vec<LineView>,
    /// The chosen delivery and what it costs.
    pub shipping: Option<(ShippingLine, ShippingPrices)>,
    /// Whether certainly nobody has tried to pay for it yet.
    pub is_untried: bool,
}

/// A line with its prices and what is bought.
#[derive(Debug, Clone)]
pub struct LineView {
    /// The line.
    pub line: OrderLine,
    /// Its prices.
    pub prices: LinePrices,
    /// What is bought.
    pub variant: Variant,
}

impl OrderView {
    pub(super) fn of(cart: Cart) -> Result<Self, OrderError> {
        let mut variants = cart.variants;
        let line = |line: OrderLine| {
            let prices = line.prices()?;
            let variant = variants.remove(&line.variant_id);
            let variant = variant.ok_or_else(|| OrderError::VariantNotFound(line.variant_id.to_string()))?;
            Ok::<_, OrderError>(LineView { line, prices, variant })
        };
        let lines = cart.lines.into_iter().map(line).collect::<Result<_, _>>()?;
        let shipping =
            cart.shipping.map(|shipping| shipping.prices().map(|prices| (shipping, prices))).transpose()?;
        Ok(Self { order: cart.order, lines, shipping, is_untried: cart.is_untried })
    }

    /// What the order costs.
    pub fn total(&self) -> TaxedAmount {
        self.order.totals.total()
    }

    /// Every adjustment of the order, those of one source and reason together, in the order of application.
    ///
    /// # Errors
    /// Overflow.
    pub fn discounts(&self) -> Result<Vec<Discount>, MoneyError> {
        let mut discounts: Vec<Discount> = Vec::new();
        for discount in self.lines.iter().flat_map(LineView::discounts) {
            let same = |known: &&mut Discount| {
                (&known.source, known.kind, &known.description)
                    == (&discount.source, discount.kind, &discount.description)
            };
            match discounts.iter_mut().find(same) {
                Some(known) => known.amount = known.amount.plus(discount.amount)?,
                None => discounts.push(discount),
            }
        }
        Ok(discounts)
    }

    /// The order's tax by rate, lowest rate first.
    ///
    /// # Errors
    /// Overflow.
    pub fn tax_summary(&self) -> Result<Vec<TaxSummary>, MoneyError> {
        let mut rates: BTreeMap<(i64, String), TaxedAmount> = BTreeMap::new();
        let mut add = |tax: &AppliedTax, amount: TaxedAmount| {
            let sum = rates.entry((tax.rate.ppm(), tax.description.clone())).or_default();
            *sum = sum.plus(amount)?;
            Ok::<_, MoneyError>(())
        };
        for line in &self.lines {
            add(&line.line.tax, line.prices.prorated)?;
        }
        if let Some((shipping, prices)) = &self.shipping {
            add(&shipping.cost.tax, prices.price)?;
        }
        let summary = |((ppm, description), amount): ((i64, String), TaxedAmount)| TaxSummary {
            tax: AppliedTax {
                rate: soko_kernel::TaxRatePpm::try_new(ppm).unwrap_or(soko_kernel::TaxRatePpm::ZERO),
                description,
            },
            base: amount.net,
            total: amount.tax(),
        };
        Ok(rates.into_iter().map(summary).collect())
    }
}

impl LineView {
    /// The line's adjustments, in the order of application.
    pub fn discounts(&self) -> impl Iterator<Item = Discount> {
        self.line.adjustments.iter().zip(&self.prices.adjustments).map(|(adjustment, amount)| Discount {
            source: adjustment.source.clone(),
            kind: adjustment.kind,
            description: adjustment.description.clone(),
            amount: *amount,
        })
    }
}
