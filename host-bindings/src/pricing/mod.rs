//! Pricing rules: pure guests of the `soko:pricing` contract.
//!
//! One module per contract version that is hosted, each with its bindings; `convert` holds what they share. To host
//! another version: its module, and one line in [`CONTRACTS`], in [`Rule`] and in each match on it.

mod convert;
mod v0_1;

use soko_extension::PluginFailure;
use soko_extension::pricing::{LocalTime, PriceAdjustment, PricingContext, PricingLine};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::error::LoadError;
use crate::guest::{self, Contract, RawManifest};
use crate::limits::Limits;
use crate::sandbox::State;
use crate::wasi;

/// The package that the contract's interfaces are named by.
const PACKAGE: &str = "soko:pricing/";
/// The versions of it that are hosted, newest first.
const CONTRACTS: [&str; 1] = [v0_1::VERSION];
/// What every component of the world exports.
pub(crate) const EXPORTS: [&str; 2] = ["describe", "price-order"];

/// A loaded rule, ready to be instantiated: types checked, exports resolved.
pub(crate) enum Rule {
    V0_1(v0_1::Rule),
}

/// A rule in an instance of its own, to be called once.
pub(crate) enum Started {
    V0_1(v0_1::Started),
}

/// The imports of all rules, linked once.
pub(crate) struct Linkers {
    v0_1: Linker<State>,
}

/// The contract that these imports name.
pub(crate) fn contract(imports: &[String]) -> Contract {
    Contract::of(imports, PACKAGE, &CONTRACTS)
}

/// The contracts hosted, as a sentence lists them.
pub(crate) fn hosted_contracts() -> String {
    CONTRACTS.map(|version| format!("soko:pricing@{version}")).join(", ")
}

/// Whether a rule built against this contract version may import this.
pub(crate) fn may_import(import: &str, version: &str) -> bool {
    let own = import
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.split_once('@'))
        .is_some_and(|(interface, of)| of == version && ["types", "log"].contains(&interface));
    own || wasi::is_allowed(import)
}

impl Linkers {
    pub(crate) fn try_new(engine: &Engine) -> wasmtime::Result<Self> {
        let mut v0_1 = guest::linker(engine)?;
        v0_1::add_to_linker(&mut v0_1)?;
        Ok(Self { v0_1 })
    }

    /// Resolves a component's imports and exports.
    ///
    /// # Errors
    /// [`LoadError::World`] when they are not those of the contract.
    pub(crate) fn link(&self, component: &Component) -> Result<Rule, LoadError> {
        v0_1::Rule::try_new(&self.v0_1, component)
            .map(Rule::V0_1)
            .map_err(|error| LoadError::World(format!("{error:#}")))
    }
}

impl Rule {
    /// A fresh instance in this store.
    pub(crate) async fn start(&self, store: &mut Store<State>) -> Result<Started, PluginFailure> {
        match self {
            Self::V0_1(rule) => rule.start(store).await.map(Started::V0_1),
        }
    }

    /// Asks the rule what it is, in this store.
    pub(crate) async fn describe(&self, store: &mut Store<State>) -> Result<RawManifest, PluginFailure> {
        match self {
            Self::V0_1(rule) => rule.describe(store).await,
        }
    }

    /// The contract it was built against: `soko:pricing@0.1.0`.
    pub(crate) fn contract(&self) -> String {
        match self {
            Self::V0_1(_) => format!("soko:pricing@{}", v0_1::VERSION),
        }
    }
}

impl Started {
    /// Prices an order; the store is that of the start.
    pub(crate) async fn price(
        &self,
        store: &mut Store<State>,
        context: &PricingContext,
        config: &str,
        limits: &Limits,
    ) -> Result<Vec<PriceAdjustment>, PluginFailure> {
        match self {
            Self::V0_1(guest) => guest.price(store, context, config, limits).await,
        }
    }
}

/// The order of the trial run after upload: a guest, two lines, a Monday at noon.
pub(crate) fn trial_order() -> PricingContext {
    let line = |id, quantity: u32, unit_list_price: i64| PricingLine {
        id,
        variant_id: format!("{}", id + 1),
        sku: format!("TRIAL-{id}"),
        product_slug: "trial-product".to_owned(),
        quantity,
        unit_list_price,
        line_price: unit_list_price * i64::from(quantity),
        facet_values: vec![("category".to_owned(), "trial".to_owned())],
    };
    PricingContext {
        channel: "trial".to_owned(),
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
        lines: vec![line(0, 1, 15_000), line(1, 24, 4_500)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_hosted_contracts_from_others() {
        let of = |import: &str| contract(&[import.to_owned()]);
        assert_eq!(of("soko:pricing/types@0.1.0"), Contract::Hosted("0.1.0"));
        assert_eq!(of("wasi:io/poll@0.2.0"), Contract::Hosted("0.1.0"));
        assert_eq!(of("soko:pricing/log@0.2.0"), Contract::Foreign("soko:pricing@0.2.0".to_owned()));
    }

    #[test]
    fn allows_the_contract_and_frozen_wasi_only() {
        assert!(may_import("soko:pricing/log@0.1.0", "0.1.0"));
        assert!(may_import("wasi:io/poll@0.2.0", "0.1.0"));
        assert!(!may_import("soko:pricing/log@0.2.0", "0.1.0"));
        assert!(!may_import("soko:pricing/network@0.1.0", "0.1.0"));
        assert!(!may_import("wasi:sockets/tcp@0.2.0", "0.1.0"));
        assert!(!may_import("env", "0.1.0"));
    }
}
