//! What an inspection says of a component, and how long one pricing call takes, fresh sandbox included:
//! `cargo run --release -p soko-host --features testing --example call_time -- [COMPONENT.wasm [CONFIG.json]]`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use soko_extension::pricing::{LocalTime, PricingCall, PricingContext, PricingLine, PricingPlugins as _};
use soko_extension::{ComponentBytes, ComponentInspector as _, ComponentSource, Digest, PluginFailure};
use soko_host::testing::{On, PricingGuest};
use soko_host::{COMPONENT_BYTES_OPT_IN, HostConfig, PluginHost};

/// Calls of each measurement, unless it takes too long.
const CALLS: usize = 20_000;
/// How long one measurement may take.
const PATIENCE: Duration = Duration::from_secs(5);

struct One(ComponentBytes);

#[async_trait]
impl ComponentSource for One {
    async fn load(&self, _: Digest) -> Result<Option<ComponentBytes>, PluginFailure> {
        Ok(Some(self.0.clone()))
    }
}

fn order(lines: u32) -> PricingContext {
    let line = |id| PricingLine {
        id,
        variant_id: format!("{id}"),
        sku: format!("SKU-{id:06}"),
        product_slug: "maize-flour-2kg".to_owned(),
        quantity: 3,
        unit_list_price: 21_000,
        line_price: 63_000,
        facet_values: vec![
            ("brand".to_owned(), "kabras".to_owned()),
            ("category".to_owned(), "flour".to_owned()),
        ],
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
        coupon_codes: vec!["SAVE5".to_owned()],
        lines: (0..lines).map(line).collect(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let component: ComponentBytes = match std::env::args().nth(1) {
        Some(path) => std::fs::read(path)?.into(),
        None => PricingGuest::new().adjust(&[(On::Line(0), -100, "one shilling off")]).build().into(),
    };
    let config = match std::env::args().nth(2) {
        Some(path) => std::fs::read_to_string(path)?,
        None => "{}".to_owned(),
    };
    let digest = Digest(Sha256::digest(&component).into());
    let host = PluginHost::try_new(HostConfig::default(), Arc::new(One(component.clone())))?;
    let started = Instant::now();
    println!("{:#?}", host.inspect(component, COMPONENT_BYTES_OPT_IN).await?);
    println!("inspected in {:?}", started.elapsed());
    for lines in [1, 10, 100] {
        measure(&host, digest, lines, &config).await?;
    }
    println!("{:?}", host.stats());
    Ok(())
}

async fn measure(
    host: &PluginHost,
    digest: Digest,
    lines: u32,
    config: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let context = order(lines);
    let (mut times, mut fuel) = (Vec::with_capacity(CALLS), 0);
    let begun = Instant::now();
    while times.len() < CALLS && begun.elapsed() < PATIENCE {
        let call = PricingCall {
            name: "example",
            version: "1.0.0",
            digest,
            channel_id: 1,
            config,
            context: &context,
        };
        let started = Instant::now();
        let run = host.price(call).await;
        times.push(started.elapsed());
        fuel = run.cost.fuel;
        if times.len() == 1 {
            println!("first: {:?} {run:?}", times[0]);
        }
        run.outcome?;
    }
    times.sort();
    let calls = times.len();
    let mean = times.iter().sum::<Duration>() / u32::try_from(calls)?;
    let (median, p99) = (times[calls / 2], times[calls * 99 / 100]);
    println!("{lines:>3} lines: median {median:?}, mean {mean:?}, p99 {p99:?}, fuel {fuel}");
    Ok(())
}
