//! The kinds of guest that are hosted: how a component is told to be of one, and what each may import.

use soko_extension::effect::Capabilities;
use soko_extension::{Manifest, PluginFailure, PluginKind};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::error::LoadError;
use crate::sandbox::State;
use crate::{action, payment, pricing};

/// A loaded component of any kind, ready to be instantiated.
pub(crate) enum Guest {
    Pricing(pricing::Rule),
    Payment(payment::Handler),
    Action(action::Handler),
}

/// The imports of all kinds, linked once.
pub(crate) struct Linkers {
    pricing: pricing::Linkers,
    payment: payment::Linkers,
    action: action::Linkers,
}

/// Which contract a component's imports name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Contract {
    /// One that is hosted: its version.
    Hosted(&'static str),
    /// One that is not.
    Foreign(String),
}

impl Contract {
    /// The contract of this package that these imports name. A component that imports nothing of the package is held
    /// against the newest.
    pub(crate) fn of(imports: &[String], package: &str, hosted: &[&'static str]) -> Self {
        for import in imports {
            let Some(rest) = import.strip_prefix(package) else { continue };
            let version = rest.split_once('@').map_or("", |(_, version)| version);
            return match hosted.iter().find(|one| **one == version) {
                Some(version) => Self::Hosted(version),
                None => Self::Foreign(format!("{}@{version}", package.trim_end_matches('/'))),
            };
        }
        Self::Hosted(hosted.first().copied().unwrap_or_default())
    }
}

/// What is known of a kind before a component of it is loaded.
pub(crate) struct World {
    pub(crate) kind: PluginKind,
    /// What every component of the world exports.
    pub(crate) exports: &'static [&'static str],
    /// The contract that a component's imports name.
    pub(crate) contract: fn(&[String]) -> Contract,
    /// The contracts hosted, as a sentence lists them.
    pub(crate) hosted: fn() -> String,
    /// Whether a component of this contract version may import this.
    pub(crate) may_import: fn(&str, &str) -> bool,
}

/// Every kind; a component is of the first whose exports it has.
const WORLDS: [World; 3] = [
    World {
        kind: PluginKind::Payment,
        exports: &payment::EXPORTS,
        contract: payment::contract,
        hosted: payment::hosted_contracts,
        may_import: payment::may_import,
    },
    World {
        kind: PluginKind::Action,
        exports: &action::EXPORTS,
        contract: action::contract,
        hosted: action::hosted_contracts,
        may_import: action::may_import,
    },
    World {
        kind: PluginKind::Pricing,
        exports: &pricing::EXPORTS,
        contract: pricing::contract,
        hosted: pricing::hosted_contracts,
        may_import: pricing::may_import,
    },
];

/// The world of a component with these exports; of one that fits none, the one of which it has most.
pub(crate) fn world_of(exports: &[String]) -> &'static World {
    let fits = |world: &&World| world.exports.iter().all(|name| exports.iter().any(|export| export == name));
    // Every kind exports `describe`.
    let has =
        |world: &&World| world.exports.iter().filter(|name| exports.iter().any(|one| one == *name)).count();
    let [.., pricing] = &WORLDS;
    WORLDS.iter().find(fits).or_else(|| WORLDS.iter().max_by_key(has)).unwrap_or(pricing)
}

impl Linkers {
    pub(crate) fn try_new(engine: &Engine) -> wasmtime::Result<Self> {
        Ok(Self {
            pricing: pricing::Linkers::try_new(engine)?,
            payment: payment::Linkers::try_new(engine)?,
            action: action::Linkers::try_new(engine)?,
        })
    }

    /// Resolves a component's imports and exports.
    ///
    /// # Errors
    /// [`LoadError::World`] when they are not those of a kind's contract.
    pub(crate) fn link(&self, engine: &Engine, component: &Component) -> Result<Guest, LoadError> {
        let ty = component.component_type();
        let exports: Vec<String> = ty.exports(engine).map(|(name, _)| name.to_owned()).collect();
        match world_of(&exports).kind {
            PluginKind::Pricing => self.pricing.link(component).map(Guest::Pricing),
            PluginKind::Payment => self.payment.link(component).map(Guest::Payment),
            PluginKind::Action => self.action.link(component).map(Guest::Action),
        }
    }
}

impl Guest {
    /// The contract it was built against: `soko:pricing@0.1.0`.
    pub(crate) fn contract(&self) -> String {
        match self {
            Self::Pricing(rule) => rule.contract(),
            Self::Payment(handler) => handler.contract(),
            Self::Action(handler) => handler.contract(),
        }
    }

    /// Asks it what it is, in this store.
    pub(crate) async fn describe(&self, store: &mut Store<State>) -> Result<RawManifest, PluginFailure> {
        match self {
            Self::Pricing(rule) => rule.describe(store).await,
            Self::Payment(handler) => handler.describe(store).await,
            Self::Action(handler) => handler.describe(store).await,
        }
    }

    /// Whether it talks to the world.
    pub(crate) fn is_effectful(&self) -> bool {
        matches!(self, Self::Payment(_) | Self::Action(_))
    }
}

/// A linker with what every kind may import.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    crate::wasi::add_to_linker(&mut linker)?;
    Ok(linker)
}

/// A manifest as the guest gave it, not checked yet.
pub(crate) struct RawManifest {
    pub(crate) kind: String,
    pub(crate) manifest: Manifest,
}

/// The words of a manifest, as every contract has them.
pub(crate) struct Said {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) kind: String,
    pub(crate) config_schema: String,
}

impl RawManifest {
    /// What a component of this kind said.
    pub(crate) fn new(kind: PluginKind, said: Said, capabilities: Capabilities) -> Self {
        let Said { name, version, description, kind: called, config_schema } = said;
        let manifest = Manifest { name, version, description, kind, config_schema, capabilities };
        Self { kind: called, manifest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_kind_by_the_exports() {
        let of = |exports: &[&str]| {
            world_of(&exports.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).kind
        };
        assert_eq!(of(&["describe", "price-order"]), PluginKind::Pricing);
        assert_eq!(of(&payment::EXPORTS), PluginKind::Payment);
        assert_eq!(of(&["describe", "create", "settle"]), PluginKind::Payment);
        assert_eq!(of(&["describe", "handle"]), PluginKind::Action);
        assert_eq!(of(&["describe"]), PluginKind::Pricing);
        assert_eq!(of(&[]), PluginKind::Pricing);
    }
}
