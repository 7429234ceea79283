//! The rule: what each line of an order costs under a configuration.
//!
//! - Quantities count per variant over the whole order, so splitting a variant over two lines changes nothing.
//! - Terms start from the list price. A share leaves a unit price that is rounded half up to the minor unit, and the
//!   line pays that times its quantity: nobody pays a fraction.
//! - Break and trade price never add up: the line gets the lower unit price of the two, the break's at a tie.
//! - No terms raise a price, and no line ends below zero, whatever earlier adjustments took off it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use soko_pricing::money::for_all_units;
use soko_pricing::{Adjustment, Context, OrderLine, Refusal, adjust_line, out_of_range};

use crate::config::{Config, Terms, Tier, Trade};

/// The adjustments for an order: at most one per line, in the order of the lines.
///
/// # Errors
/// [`Refusal::InvalidConfig`] as [`Config::check`] says; [`Refusal::Unsupported`] for a negative list price or an
/// amount out of range.
pub fn price_order(context: &Context, config: &Config) -> Result<Vec<Adjustment>, Refusal> {
    config.check()?;
    let trade = config.trade.as_ref().filter(|trade| buys_at_trade_prices(context, trade));
    let quantities = count_variants(&context.lines);
    let mut adjustments = Vec::new();
    for line in &context.lines {
        if line.unit_list_price < 0 {
            return Err(Refusal::Unsupported(format!("line {}: the list price is negative", line.id)));
        }
        let ordered = quantities.get(line.variant_id.as_str()).copied().unwrap_or_default();
        let Some(offer) = find_best_offer(config, trade, line, ordered)? else { continue };
        // Both are at least zero, so this cannot overflow.
        let each = offer.terms.unit_price(line.unit_list_price) - line.unit_list_price;
        let amount = for_all_units(line, each).ok_or_else(|| out_of_range(line))?;
        let amount = amount.max(line.line_price.saturating_neg());
        if amount < 0 {
            adjustments.push(adjust_line(line, amount, offer.reason(&context.currency)));
        }
    }
    Ok(adjustments)
}

/// Terms that the line may have, and where they come from.
struct Offer {
    terms: Terms,
    source: Source,
}

enum Source {
    /// A break from this quantity on.
    Quantity(u32),
    Trade,
}

impl Offer {
    fn reason(&self, currency: &str) -> String {
        let terms = self.terms.show(currency);
        match self.source {
            Source::Quantity(from) => format!("{from} or more: {terms}"),
            Source::Trade => format!("Trade price: {terms}"),
        }
    }
}

/// The terms with the lowest unit price for a line of whose variant `ordered` units are in the order.
fn find_best_offer(
    config: &Config,
    trade: Option<&Trade>,
    line: &OrderLine,
    ordered: u64,
) -> Result<Option<Offer>, Refusal> {
    let tier = config.find_tiers(line).and_then(|tiers| find_tier(tiers, ordered));
    let by_quantity = match tier {
        Some(tier) => Some(Offer { terms: tier.terms()?, source: Source::Quantity(tier.min_quantity) }),
        None => None,
    };
    let by_trade = trade
        .and_then(|trade| trade.find_terms(&line.sku))
        .map(|terms| Offer { terms, source: Source::Trade });
    let offers = [by_quantity, by_trade].into_iter().flatten();
    // The first of equals, so the break at a tie.
    Ok(offers.min_by_key(|offer| offer.terms.unit_price(line.unit_list_price)))
}

/// The last tier that the quantity reaches.
fn find_tier(tiers: &[Tier], ordered: u64) -> Option<&Tier> {
    tiers.iter().take_while(|tier| u64::from(tier.min_quantity) <= ordered).last()
}

fn buys_at_trade_prices(context: &Context, trade: &Trade) -> bool {
    context
        .customer
        .as_ref()
        .is_some_and(|customer| customer.groups.iter().any(|group| trade.groups.contains(group)))
}

/// Units of each variant over all lines; the sum of all `u32` quantities fits. The hasher has fixed keys: a sandbox has
/// no randomness.
fn count_variants(lines: &[OrderLine]) -> HashMap<&str, u64, BuildHasherDefault<DefaultHasher>> {
    let mut quantities = HashMap::with_capacity_and_hasher(lines.len(), BuildHasherDefault::default());
    for line in lines {
        *quantities.entry(line.variant_id.as_str()).or_default() += u64::from(line.quantity);
    }
    quantities
}
