//! `soko:pricing@0.1.0`: bindings, imports, and the calls in both directions.

use soko_extension::effect::Capabilities;
use soko_extension::pricing::{AdjustmentTarget, PriceAdjustment, PricingContext, PricingLine};
use soko_extension::{PluginFailure, PluginKind};
use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker};

use super::convert::{Checked, refusal};
use crate::guest::{RawManifest, Said};
use crate::limits::Limits;
use crate::sandbox::{State, guest_failure, start_failure};

/// The version of the contract that this module hosts.
pub(super) const VERSION: &str = "0.1.0";

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/pricing-0.1.0",
        world: "pricing",
        imports: { default: trappable },
        exports: { default: async },
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

use bindings::soko::pricing::{log, types};

/// Links what the contract offers to rules.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    bindings::Pricing::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

impl types::Host for State {}

impl log::Host for State {
    fn info(&mut self, message: String) -> wasmtime::Result<()> {
        self.spend_host_call(message.len())?;
        self.keep_log(&message);
        Ok(())
    }
}

/// A rule of this contract version.
pub(crate) struct Rule(bindings::PricingPre<State>);

/// An instance of it.
pub(crate) struct Started(bindings::Pricing);

impl Rule {
    pub(super) fn try_new(linker: &Linker<State>, component: &Component) -> wasmtime::Result<Self> {
        bindings::PricingPre::new(linker.instantiate_pre(component)?).map(Self)
    }

    pub(super) async fn describe(&self, store: &mut Store<State>) -> Result<RawManifest, PluginFailure> {
        let Started(guest) = self.start(store).await?;
        let said = guest.call_describe(store).await.map_err(|error| guest_failure(&error))?;
        let types::Manifest { name, version, description, kind, config_schema } = said;
        let said = Said { name, version, description, kind, config_schema };
        Ok(RawManifest::new(PluginKind::Pricing, said, Capabilities::default()))
    }

    pub(super) async fn start(&self, store: &mut Store<State>) -> Result<Started, PluginFailure> {
        let guest = self.0.instantiate_async(store).await;
        guest.map(Started).map_err(|error| start_failure(&error))
    }
}

impl Started {
    pub(super) async fn price(
        &self,
        store: &mut Store<State>,
        context: &PricingContext,
        config: &str,
        limits: &Limits,
    ) -> Result<Vec<PriceAdjustment>, PluginFailure> {
        let facet_values = facet_values(context);
        let lines = order_lines(context, &facet_values);
        let coupon_codes = strs(&context.coupon_codes);
        let groups = context.customer.as_ref().map(|customer| strs(&customer.groups)).unwrap_or_default();
        let order = types::Context {
            channel: &context.channel,
            currency: &context.currency,
            prices_include_tax: context.prices_include_tax,
            now: types::LocalTime {
                unix_ms: context.now.unix_ms,
                date: &context.now.date,
                weekday: context.now.weekday,
                minute_of_day: context.now.minute_of_day,
            },
            customer: context
                .customer
                .as_ref()
                .map(|customer| types::Customer { id: &customer.id, groups: &groups }),
            coupon_codes: &coupon_codes,
            lines: &lines,
        };
        let answer = self.call(store, order, config).await?;
        let adjustments = answer.map_err(|refused| match refused {
            types::Refusal::InvalidConfig(why) => refusal("invalid-config", &why),
            types::Refusal::Unsupported(why) => refusal("unsupported", &why),
        })?;
        let mut checked = Checked::new(&context.lines, limits);
        for adjustment in adjustments {
            let target = match adjustment.target {
                types::Target::Line(id) => AdjustmentTarget::Line(id),
                types::Target::Order => AdjustmentTarget::Order,
            };
            checked.push(PriceAdjustment { target, amount: adjustment.amount, reason: adjustment.reason })?;
        }
        Ok(checked.into_adjustments())
    }

    async fn call(
        &self,
        store: &mut Store<State>,
        order: types::Context<'_>,
        config: &str,
    ) -> Result<Result<Vec<types::Adjustment>, types::Refusal>, PluginFailure> {
        self.0.call_price_order(store, order, config).await.map_err(|error| guest_failure(&error))
    }
}

/// The facet values of all lines, one line's after the other's.
fn facet_values(context: &PricingContext) -> Vec<types::FacetValue<'_>> {
    let pairs = context.lines.iter().flat_map(|line| &line.facet_values);
    pairs.map(|(facet, value)| types::FacetValue { facet, value }).collect()
}

/// The lines as the guest gets them, borrowing every text; `facet_values` as [`facet_values`] makes them.
fn order_lines<'a>(
    context: &'a PricingContext,
    facet_values: &'a [types::FacetValue<'a>],
) -> Vec<types::OrderLine<'a>> {
    let mut rest = facet_values;
    let with_its_facets = |line: &'a PricingLine| {
        let (own, others) = rest.split_at(line.facet_values.len());
        rest = others;
        types::OrderLine {
            id: line.id,
            variant_id: &line.variant_id,
            sku: &line.sku,
            product_slug: &line.product_slug,
            quantity: line.quantity,
            unit_list_price: line.unit_list_price,
            line_price: line.line_price,
            facet_values: own,
        }
    };
    context.lines.iter().map(with_its_facets).collect()
}

fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
