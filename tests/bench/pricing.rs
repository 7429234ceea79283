//! A pricing call in a fresh sandbox, beside the same rule in native Rust.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use soko_extension::pricing::{LocalTime, PricingCall, PricingContext, PricingLine, PricingPlugins as _};
use soko_extension::{ComponentBytes, ComponentInspector as _, ComponentSource, Digest, PluginFailure};
use soko_host::{COMPONENT_BYTES_OPT_IN, HostConfig, PluginHost};
use soko_pricing::{Context, FacetValue, OrderLine};
use soko_tests::plugins::example;
use wholesale_tiers::rule;

use crate::measure::{Budget, ratio, target};

/// Longest that a call with ten lines may take.
const TEN_LINES_MAX: Duration = Duration::from_micros(60);
/// A break for every line, so that each is adjusted.
const CONFIG: &str = r#"{ "breaks": [{ "tiers": [
    { "minQuantity": 3, "offBasisPoints": 300 }, { "minQuantity": 12, "offBasisPoints": 800 } ] }] }"#;

struct One(ComponentBytes);

#[async_trait]
impl ComponentSource for One {
    async fn load(&self, _: Digest) -> Result<Option<ComponentBytes>, PluginFailure> {
        Ok(Some(self.0.clone()))
    }
}

/// Measures 1, 10 and 100 lines.
pub fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let component = ComponentBytes::from(example("wholesale-tiers"));
        let digest = Digest(Sha256::digest(&component).into());
        let source = Arc::new(One(component.clone()));
        let host = PluginHost::try_new(HostConfig::default(), source).expect("a plugin host");
        host.inspect(component, COMPONENT_BYTES_OPT_IN).await.expect("a component that passes inspection");
        println!("   wholesale-tiers, every line adjusted; a fresh instance per call");
        for lines in [1, 10, 100] {
            measure(&host, digest, lines).await;
        }
    });
}

async fn measure(host: &PluginHost, digest: Digest, lines: u32) {
    let (order, native_order) = (order(lines), native_order(lines));
    let native = Budget::SMALL.time(|| {
        let config = serde_json::from_str(CONFIG).expect("a configuration");
        rule::price_order(&native_order, &config).expect("adjustments")
    });
    let [guest] = Budget::SMALL
        .time_in_turns(async |_| {
            let call = PricingCall {
                name: "bench",
                version: "1.0.0",
                digest,
                channel_id: 1,
                config: CONFIG,
                context: &order,
            };
            let adjustments = host.price(call).await.outcome.expect("adjustments");
            assert_eq!(adjustments.len(), lines as usize, "every line is adjusted");
        })
        .await;
    let times = ratio(guest.median(), native.median());
    println!("   {lines:>3} lines: sandbox {guest}   native {native}   {times:.1} times native");
    if lines == 10 {
        target(guest.median() <= TEN_LINES_MAX, "a call with 10 lines takes at most 60 µs");
    }
}

/// What names a line.
const FACETS: [(&str, &str); 2] = [("brand", "kabras"), ("category", "flour")];

fn order(lines: u32) -> PricingContext {
    let line = |id| PricingLine {
        id,
        variant_id: id.to_string(),
        sku: format!("SKU-{id:06}"),
        product_slug: "maize-flour-2kg".to_owned(),
        quantity: 3,
        unit_list_price: 21_000,
        line_price: 63_000,
        facet_values: FACETS.map(|(facet, value)| (facet.to_owned(), value.to_owned())).into(),
    };
    PricingContext {
        channel: "duka-moja".to_owned(),
        currency: "KES".to_owned(),
        prices_include_tax: true,
        now: LocalTime {
            unix_ms: 1_780_304_400_000,
            date: "2026-06-01".to_owned(),
            weekday: 1,
            minute_of_day: 720,
        },
        customer: None,
        coupon_codes: Vec::new(),
        lines: (0..lines).map(line).collect(),
    }
}

/// The same order in the rule's own types.
fn native_order(lines: u32) -> Context {
    let order = order(lines);
    let line = |line: PricingLine| OrderLine {
        id: line.id,
        variant_id: line.variant_id,
        sku: line.sku,
        product_slug: line.product_slug,
        quantity: line.quantity,
        unit_list_price: line.unit_list_price,
        line_price: line.line_price,
        facet_values: FACETS
            .map(|(facet, value)| FacetValue { facet: facet.to_owned(), value: value.to_owned() })
            .into(),
    };
    Context {
        channel: order.channel,
        currency: order.currency,
        prices_include_tax: order.prices_include_tax,
        now: soko_pricing::LocalTime {
            unix_ms: order.now.unix_ms,
            date: order.now.date,
            weekday: order.now.weekday,
            minute_of_day: order.now.minute_of_day,
        },
        customer: None,
        coupon_codes: order.coupon_codes,
        lines: order.lines.into_iter().map(line).collect(),
    }
}
