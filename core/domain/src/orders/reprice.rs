//! What an order costs now: prices, taxes, plugins, delivery. Everything here happens outside transactions.

use std::collections::HashMap;

use soko_infra::Reader;
use soko_kernel::{Actor, ChannelScope, CustomerGroupId, CustomerId, Timestamp, UserId, VariantId, ZoneId};

use super::Orders;
use super::cart::Cart;
use super::entity::ShippingLine;
use super::error::OrderError;
use crate::catalogue::{CodePairs, FacetCodes, Variant};
use crate::customers::{Customers, ShoppingCustomer};
use crate::pricing::{
    AppliedTax, InputLine, InputShipping, LocalTime, Pricing, PricingCustomer, PricingInput,
};
use crate::shipping::{ShippableOrder, ShippingQuote};
use crate::tax::TaxSetup;

/// What the reading side found out about who buys and what.
pub(super) struct Circumstances {
    pub(super) customer: Option<ShoppingCustomer>,
    pub(super) facet_codes: HashMap<VariantId, CodePairs>,
}

/// By what a customer is found.
#[derive(Clone, Copy)]
enum Buyer {
    User(UserId),
    Customer(CustomerId),
}

/// What has to be read of the circumstances. Nothing for guests of a channel without plugins.
#[derive(Clone)]
pub(super) struct Unknowns {
    buyer: Option<Buyer>,
    /// Where plugins may ask for facets: who knows them, and the channel's revision.
    facets: Option<(FacetCodes, i64)>,
}

impl Unknowns {
    /// What is known of it without a statement, for an order of these variants; `None` where something has to be read.
    pub(super) fn recall(
        &self,
        actor: &Actor,
        variants: &HashMap<VariantId, Variant>,
    ) -> Option<Circumstances> {
        let facet_codes = match (&self.facets, self.buyer) {
            (_, Some(_)) => return None,
            (Some((codes, revision)), None) => codes.recall(actor.channel.id, *revision, variants.keys())?,
            (None, None) => HashMap::new(),
        };
        Some(Circumstances { customer: None, facet_codes })
    }

    /// Reads it, for an order of these variants. At most two statements.
    pub(super) async fn read(
        &self,
        reader: &mut Reader,
        scope: ChannelScope,
        variants: &[VariantId],
    ) -> Result<Circumstances, OrderError> {
        let customer = match self.buyer {
            Some(Buyer::User(user)) => Customers::find_of_user(reader, scope, user).await?,
            Some(Buyer::Customer(id)) => Customers::find_shopping(reader, scope, id).await?,
            None => None,
        };
        let facet_codes = match &self.facets {
            Some((codes, revision)) => codes.load(reader, scope, *revision, variants).await?,
            None => HashMap::new(),
        };
        Ok(Circumstances { customer, facet_codes })
    }
}

impl Orders {
    /// Who buys, and the facets that plugins may ask for.
    pub(super) async fn circumstances(
        &self,
        actor: &Actor,
        cart: &Cart,
    ) -> Result<Circumstances, OrderError> {
        let unknowns = self.unknowns(actor).await?;
        self.read_circumstances(actor, cart, unknowns).await
    }

    /// The same for an administrator who acts for the customer that the order names.
    pub(super) async fn circumstances_of_order(
        &self,
        actor: &Actor,
        cart: &Cart,
    ) -> Result<Circumstances, OrderError> {
        let buyer = cart.order.customer_id.map(Buyer::Customer);
        let unknowns = Unknowns { buyer, ..self.unknowns(actor).await? };
        self.read_circumstances(actor, cart, unknowns).await
    }

    /// What has to be read when whoever acts shops.
    pub(super) async fn unknowns(&self, actor: &Actor) -> Result<Unknowns, OrderError> {
        let has_plugins = !self.pricing.bindings(actor).await?.is_empty();
        let facets = has_plugins.then(|| (self.facet_codes.clone(), actor.channel.revision));
        Ok(Unknowns { buyer: actor.user.map(Buyer::User), facets })
    }

    async fn read_circumstances(
        &self,
        actor: &Actor,
        cart: &Cart,
        unknowns: Unknowns,
    ) -> Result<Circumstances, OrderError> {
        if let Some(known) = unknowns.recall(actor, &cart.variants) {
            return Ok(known);
        }
        let scope = actor.public_scope();
        let variants: Vec<VariantId> = cart.lines.iter().map(|line| line.variant_id).collect();
        self.database.read(scope, async |reader| unknowns.read(reader, scope, &variants).await).await
    }

    /// Prices the cart anew: list prices, taxes, plugins, then the delivery. A delivery that is no longer for this
    /// order is taken off it.
    pub(super) async fn reprice(
        &self,
        actor: &Actor,
        cart: &mut Cart,
        circumstances: &Circumstances,
        now: Timestamp,
    ) -> Result<Pricing, OrderError> {
        let input = self.pricing_input(actor, cart, circumstances, now).await?;
        let bindings = self.pricing.bindings(actor).await?;
        let order = (!cart.is_new()).then_some(cart.order.id);
        let pricing = self.pricing.price(actor, order, input, &bindings).await?;
        for (line, priced) in cart.lines.iter_mut().zip(&pricing.output.lines) {
            line.adjustments.clone_from(&priced.adjustments);
        }
        cart.order.totals = pricing.output.totals;
        if let Some(chosen) = cart.shipping.take() {
            let quotes = self.quotes(actor, cart).await?;
            let quote = quotes.iter().find(|quote| quote.method.id == chosen.shipping_method_id);
            cart.shipping = quote.map(|quote| shipping_line(Some(&chosen), quote));
        }
        let pricing = pricing.with_shipping(cart.shipping.as_ref().map(|shipping| shipping.cost.clone()))?;
        cart.order.totals = pricing.output.totals;
        Ok(pricing)
    }

    /// The deliveries that this order can have, and what they cost.
    pub(super) async fn quotes(&self, actor: &Actor, cart: &Cart) -> Result<Vec<ShippingQuote>, OrderError> {
        Ok(self.shipping.setup(actor).await?.quotes(&shippable(cart)))
    }

    /// The zone whose taxes the order has.
    pub(super) async fn tax_zone(&self, actor: &Actor, cart: &Cart) -> Result<Option<ZoneId>, OrderError> {
        Ok(tax_zone(&*self.tax.setup(actor).await?, cart))
    }

    /// Whether the chosen delivery, if there is one, is still for this order and costs the same.
    pub(super) async fn delivers_as_chosen(&self, actor: &Actor, cart: &Cart) -> Result<bool, OrderError> {
        let Some(chosen) = &cart.shipping else { return Ok(true) };
        let quotes = self.quotes(actor, cart).await?;
        Ok(quotes.iter().any(|quote| shipping_line(Some(chosen), quote) == *chosen))
    }

    async fn pricing_input(
        &self,
        actor: &Actor,
        cart: &mut Cart,
        circumstances: &Circumstances,
        now: Timestamp,
    ) -> Result<PricingInput, OrderError> {
        let taxes = self.tax.setup(actor).await?;
        let zone = tax_zone(&taxes, cart);
        // List prices are in the channel's currency, which may have changed since the cart was begun.
        cart.order.currency = actor.channel.currency;
        let groups: &[CustomerGroupId] =
            circumstances.customer.as_ref().map_or(&[], |customer| customer.group_ids.as_slice());
        let mut lines = Vec::with_capacity(cart.lines.len());
        for line in &mut cart.lines {
            let variant = cart.variants.get(&line.variant_id);
            let variant = variant.ok_or_else(|| OrderError::VariantNotFound(line.variant_id.to_string()))?;
            let rate = taxes.rate_for(variant.tax_category_id, zone, groups);
            line.tax = AppliedTax { rate: rate.rate, description: rate.name.clone() };
            line.unit_list_price = variant.list_price.minor();
            line.list_price_includes_tax = actor.channel.prices_include_tax;
            lines.push(InputLine {
                variant_id: line.variant_id,
                sku: variant.sku.clone(),
                product_slug: variant.product.slug.clone(),
                quantity: line.quantity,
                unit_list_price: line.unit_list_price,
                facet_values: circumstances
                    .facet_codes
                    .get(&line.variant_id)
                    .map_or_else(Vec::new, |codes| codes.to_vec()),
                tax: line.tax.clone(),
            });
        }
        Ok(PricingInput {
            channel: actor.channel.code.clone(),
            currency: cart.order.currency,
            prices_include_tax: actor.channel.prices_include_tax,
            now: local_time(now, &actor.channel.time_zone)?,
            customer: circumstances.customer.as_ref().map(|customer| PricingCustomer {
                id: customer.id.to_string(),
                groups: customer.group_names.clone(),
            }),
            coupon_codes: cart.order.coupon_codes.clone(),
            lines,
            shipping: None,
        })
    }
}

fn tax_zone(taxes: &TaxSetup, cart: &Cart) -> Option<ZoneId> {
    let country = cart.order.shipping_address.as_ref().and_then(|address| address.country_code.as_deref());
    country.and_then(|code| taxes.zone_for_country(code)).or(taxes.default_zone())
}

/// What of a priced cart decides about its delivery.
pub(super) fn shippable(cart: &Cart) -> ShippableOrder {
    let address = cart.order.shipping_address.as_ref();
    ShippableOrder {
        sub_total: cart.order.totals.sub_total.net,
        sub_total_with_tax: cart.order.totals.sub_total.gross,
        country_code: address.and_then(|address| address.country_code.clone()),
        currency: cart.order.currency,
        total_quantity: cart.order.totals.quantity,
    }
}

/// The delivery that a quote stands for.
pub(super) fn shipping_line(before: Option<&ShippingLine>, quote: &ShippingQuote) -> ShippingLine {
    ShippingLine {
        id: before.and_then(|shipping| shipping.id),
        shipping_method_id: quote.method.id,
        cost: InputShipping {
            list_price: quote.list_price,
            includes_tax: quote.includes_tax,
            tax: AppliedTax { rate: quote.tax_rate, description: quote.tax_name.clone() },
        },
    }
}

fn local_time(now: Timestamp, time_zone: &str) -> Result<LocalTime, OrderError> {
    let unreadable =
        |error: jiff::Error| OrderError::InvalidInput(format!("the channel's time zone: {error}"));
    let moment = jiff::Timestamp::from_millisecond(now.0).map_err(unreadable)?;
    let local = moment.in_tz(time_zone).map_err(unreadable)?;
    let minute_of_day =
        u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
    Ok(LocalTime {
        unix_ms: now.0,
        date: local.date().to_string(),
        weekday: local.weekday().to_monday_one_offset().unsigned_abs(),
        minute_of_day,
    })
}
