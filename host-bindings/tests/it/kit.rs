//! A host over a store in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use soko_extension::pricing::{
    LocalTime, PricingCall, PricingContext, PricingCustomer, PricingLine, PricingPlugins as _, PricingRun,
};
use soko_extension::{ComponentBytes, ComponentSource, Digest, FailureKind, PluginFailure};
use soko_host::testing::{On, PricingGuest};
use soko_host::{CallLimits, HostConfig, Limits, PluginHost};

/// Components by digest, and how often they were asked for.
#[derive(Default)]
pub struct Store {
    components: Mutex<HashMap<Digest, ComponentBytes>>,
    pub loads: AtomicUsize,
}

impl Store {
    pub fn put(&self, component: Vec<u8>) -> Digest {
        let digest = Digest(Sha256::digest(&component).into());
        self.components.lock().unwrap().insert(digest, component.into());
        digest
    }

    /// Puts other bytes under a component's digest.
    pub fn damage(&self, digest: Digest) {
        self.components.lock().unwrap().insert(digest, PricingGuest::new().build().into());
    }
}

#[async_trait]
impl ComponentSource for Store {
    async fn load(&self, digest: Digest) -> Result<Option<ComponentBytes>, PluginFailure> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        Ok(self.components.lock().unwrap().get(&digest).cloned())
    }
}

pub struct Kit {
    pub store: Arc<Store>,
    pub host: PluginHost,
}

impl Kit {
    pub fn new() -> Self {
        Self::with_limits(patient())
    }

    pub fn with_limits(limits: Limits) -> Self {
        Self::with(HostConfig { limits, ..HostConfig::default() })
    }

    pub fn with(config: HostConfig) -> Self {
        let store = Arc::new(Store::default());
        let source: Arc<dyn ComponentSource> = store.clone();
        Self { host: PluginHost::try_new(config, source).unwrap(), store }
    }

    pub async fn price(&self, channel_id: i64, digest: Digest) -> PricingRun {
        let context = order(3);
        self.host
            .price(PricingCall {
                name: "test",
                version: "1.0.0",
                digest,
                channel_id,
                config: "{}",
                context: &context,
            })
            .await
    }

    /// The failure of a call in channel 1.
    pub async fn failure(&self, guest: PricingGuest) -> PluginFailure {
        let digest = self.store.put(guest.build());
        self.price(1, digest).await.outcome.unwrap_err()
    }

    pub async fn failure_kind(&self, guest: PricingGuest) -> FailureKind {
        self.failure(guest).await.kind
    }
}

/// The default limits, except that no clock stops a guest: a test machine may be slow.
pub fn patient() -> Limits {
    let ordinary = CallLimits { hard_ms: 30_000, wall_ms: 60_000, ..CallLimits::ordinary() };
    Limits { ordinary, ..Limits::default() }
}

/// A guest that takes one shilling off the first line.
pub fn good_guest() -> PricingGuest {
    PricingGuest::new().adjust(&[(On::Line(0), -100, "one shilling off")])
}

/// An order of so many lines.
pub fn order(lines: u32) -> PricingContext {
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
        customer: Some(PricingCustomer { id: "5".to_owned(), groups: vec!["trade".to_owned()] }),
        coupon_codes: vec!["SAVE5".to_owned()],
        lines: (0..lines)
            .map(|id| PricingLine {
                id,
                variant_id: format!("{}", id + 10),
                sku: format!("SKU-{id}"),
                product_slug: "maize-flour".to_owned(),
                quantity: id + 1,
                unit_list_price: 21_000,
                line_price: 21_000 * i64::from(id + 1),
                facet_values: vec![("brand".to_owned(), "kabras".to_owned())],
            })
            .collect(),
    }
}
