//! What delivery would cost for orders that nobody has placed: administrators try their shipping methods.

use std::collections::HashMap;

use soko_kernel::{Actor, ConfigurableOperation, Permission, VariantId};

use super::Orders;
use super::cart::{Cart, ORDER_ITEMS_MAX};
use super::entity::{OrderAddress, OrderLine};
use super::error::OrderError;
use super::reprice::shippable;
use crate::catalogue::{Languages, Variant, load_variants};
use crate::shipping::{ShippableOrder, ShippingPrice, ShippingQuote};

const READ: &[Permission] = &[Permission::ReadSettings, Permission::ReadShippingMethod];

/// An order as a guest might have it.
#[derive(Debug, Clone)]
pub struct TrialOrder {
    /// Where it would go.
    pub shipping_address: OrderAddress,
    /// Variants and units; what is in stock does not matter.
    pub lines: Vec<(VariantId, i64)>,
}

impl Orders {
    /// What a shipping method with this checker and this calculator would ask for the order; `None` when it would
    /// not deliver it. The order is priced as a guest's would be, by the channel's plugins too.
    ///
    /// # Errors
    /// [`OrderError`]: an unknown checker or calculator, arguments that it does not take, an unknown variant, a
    /// quantity below one, a country that the channel does not serve.
    pub async fn try_shipping(
        &self,
        actor: &Actor,
        checker: &ConfigurableOperation,
        calculator: &ConfigurableOperation,
        trial: TrialOrder,
    ) -> Result<Option<ShippingPrice>, OrderError> {
        let order = self.price_trial(actor, trial).await?;
        let prices_include_tax = actor.channel.prices_include_tax;
        Ok(ShippingPrice::of_rules(checker, calculator, prices_include_tax, &order)?)
    }

    /// What the channel's shipping methods would offer the order, cheapest first.
    ///
    /// # Errors
    /// As for [`Self::try_shipping`].
    pub async fn try_eligible_shipping(
        &self,
        actor: &Actor,
        trial: TrialOrder,
    ) -> Result<Vec<ShippingQuote>, OrderError> {
        let order = self.price_trial(actor, trial).await?;
        Ok(self.shipping.setup(actor).await?.quotes(&order))
    }

    async fn price_trial(&self, actor: &Actor, trial: TrialOrder) -> Result<ShippableOrder, OrderError> {
        let scope = actor.require_any(READ)?;
        check_lines(&trial.lines)?;
        let wanted: Vec<VariantId> = trial.lines.iter().map(|(variant, _)| *variant).collect();
        let languages = Languages::of(actor);
        let variants = self
            .database
            .read(scope, async |reader| load_variants(reader, scope, languages, &wanted).await)
            .await?;
        let sold = variants.into_iter().filter(Variant::is_sold);
        let now = self.clock.now();
        let mut cart = Cart::empty(actor.channel.currency, String::new(), now);
        cart.variants = sold.map(|variant| (variant.id, variant)).collect();
        cart.order.shipping_address = self.with_country(actor, Some(trial.shipping_address)).await?;
        // An order has one line for each variant.
        let mut units: HashMap<VariantId, i64> = HashMap::new();
        trial.lines.iter().for_each(|(variant, quantity)| *units.entry(*variant).or_default() += quantity);
        for variant in wanted {
            if let Some(quantity) = units.remove(&variant) {
                cart.lines.push(OrderLine::new(variant, quantity, 0, now));
            }
        }
        let circumstances = self.circumstances(actor, &cart).await?;
        self.reprice(actor, &mut cart, &circumstances, now).await?;
        Ok(shippable(&cart))
    }
}

/// As many units as an order may have, so that no sum of them overflows.
fn check_lines(lines: &[(VariantId, i64)]) -> Result<(), OrderError> {
    if lines.iter().any(|(_, quantity)| *quantity < 1) {
        return Err(OrderError::InvalidInput("a line has at least one unit".to_owned()));
    }
    let units = lines.iter().fold(0_i64, |sum, (_, quantity)| sum.saturating_add(*quantity));
    if units > ORDER_ITEMS_MAX { Err(OrderError::Limit { max_items: ORDER_ITEMS_MAX }) } else { Ok(()) }
}
