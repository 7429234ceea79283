//! Action handlers: guests of the `soko:action` contract, which tell people, or other systems, of what happened.
//!
//! One module per contract version that is hosted, each with its bindings. To host another version: its module, and one line
//! in [`CONTRACTS`], in [`Handler`] and in each match on it.

mod v0_1;

use std::sync::Arc;

use async_trait::async_trait;
use soko_extension::action::{
    ActionEvent, ActionOutcome, ActionPlugins, ActionRecipient, ActionRecipientKind, ActionRequest, Messenger,
};
use soko_extension::effect::{EffectfulCall, EffectfulRun};
use soko_extension::{FailureKind, PluginFailure};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::effects::{Answer, Ask, Effects};
use crate::error::LoadError;
use crate::guest::{self, Contract, RawManifest};
use crate::host::{Inner, PluginHost};
use crate::limits::CallLimits;
use crate::registry::Loaded;
use crate::sandbox::{State, one_line};
use crate::{effects, wasi};

/// The package that the contract's interfaces are named by.
const PACKAGE: &str = "soko:action/";
/// The versions of it that are hosted, newest first.
const CONTRACTS: [&str; 1] = [v0_1::VERSION];
/// What every component of the world exports.
pub(crate) const EXPORTS: [&str; 2] = ["describe", "handle"];
/// Bytes of what a handler says for the shop.
const MESSAGE_BYTES_MAX: usize = 500;

/// A loaded handler, ready to be instantiated: types checked, exports resolved.
pub(crate) enum Handler {
    V0_1(v0_1::Handler),
}

/// The imports of all handlers, linked once.
pub(crate) struct Linkers {
    v0_1: Linker<State>,
}

/// The contract that these imports name.
pub(crate) fn contract(imports: &[String]) -> Contract {
    Contract::of(imports, PACKAGE, &CONTRACTS)
}

/// The contracts hosted, as a sentence lists them.
pub(crate) fn hosted_contracts() -> String {
    CONTRACTS.map(|version| format!("soko:action@{version}")).join(", ")
}

/// Whether a handler built against this contract version may import this.
pub(crate) fn may_import(import: &str, version: &str) -> bool {
    let own = import
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.split_once('@'))
        .is_some_and(|(interface, of)| of == version && interface == "types");
    own || effects::may_import(import) || effects::may_import_messages(import) || wasi::is_allowed(import)
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
    pub(crate) fn link(&self, component: &Component) -> Result<Handler, LoadError> {
        v0_1::Handler::try_new(&self.v0_1, component)
            .map(Handler::V0_1)
            .map_err(|error| LoadError::World(format!("{error:#}")))
    }
}

impl Handler {
    /// Calls the handler in this store, in a fresh instance.
    pub(crate) async fn handle(
        &self,
        store: &mut Store<State>,
        request: ActionRequest,
        config: &str,
    ) -> Result<ActionOutcome, PluginFailure> {
        let outcome = match self {
            Self::V0_1(handler) => handler.handle(store, request, config).await,
        }?;
        let line = |text: String| one_line(&text, MESSAGE_BYTES_MAX);
        Ok(match outcome {
            ActionOutcome::Done => ActionOutcome::Done,
            ActionOutcome::Skipped(why) => ActionOutcome::Skipped(line(why)),
            ActionOutcome::Retry(why) => ActionOutcome::Retry(line(why)),
            ActionOutcome::Failed(why) => ActionOutcome::Failed(line(why)),
        })
    }

    /// Asks the handler what it is, in this store.
    pub(crate) async fn describe(&self, store: &mut Store<State>) -> Result<RawManifest, PluginFailure> {
        match self {
            Self::V0_1(handler) => handler.describe(store).await,
        }
    }

    /// The contract it was built against: `soko:action@0.1.0`.
    pub(crate) fn contract(&self) -> String {
        match self {
            Self::V0_1(_) => format!("soko:action@{}", v0_1::VERSION),
        }
    }
}

#[async_trait]
impl ActionPlugins for PluginHost {
    async fn handle(
        &self,
        call: EffectfulCall,
        request: ActionRequest,
        messenger: Arc<dyn Messenger>,
    ) -> EffectfulRun<ActionOutcome> {
        let inner = self.inner();
        let effects = Effects::new(inner.given.clone(), &call).with_messenger(messenger);
        let told = |answer| match answer {
            Answer::Action(outcome) => Some(outcome),
            Answer::Payment(_) => None,
        };
        inner.ask(&call, effects, Ask::Action(request), told).await
    }
}

/// One call after upload, about an event of nobody's and with nothing granted. Whatever it says passes, as long as it says
/// something.
///
/// # Errors
/// How the handler failed.
pub(crate) async fn trial_run(
    host: &Inner,
    loaded: &Loaded,
    config: &str,
    limits: &CallLimits,
) -> Result<(), PluginFailure> {
    let event = ActionEvent {
        id: "0".to_owned(),
        name: "trial".to_owned(),
        data: "{}".to_owned(),
        occurred_at_ms: 0,
        currency: "KES".to_owned(),
        title: "A trial".to_owned(),
        text: "Nothing has happened.".to_owned(),
    };
    let recipient = ActionRecipient {
        kind: ActionRecipientKind::Shop,
        id: "trial".to_owned(),
        name: None,
        language: "en".to_owned(),
        phone: None,
        email: None,
    };
    let request = ActionRequest { idempotency_key: "trial".to_owned(), event, recipient, action: None };
    let nothing = Effects::nothing(host.given.clone());
    let run = host.run_effectful(loaded, limits, None, nothing, (Ask::Action(request), config)).await;
    match run.outcome {
        Ok(_) | Err(PluginFailure { kind: FailureKind::Guest, .. }) => Ok(()),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_the_contract_the_host_its_messages_and_frozen_wasi_only() {
        for allowed in [
            "soko:action/types@0.1.0",
            "soko:host/http@0.1.0",
            "soko:host/sms@0.1.0",
            "soko:host/messages@0.1.0",
        ] {
            assert!(may_import(allowed, "0.1.0"), "{allowed}");
        }
        let forbidden = [
            "soko:action/types@0.2.0",
            "soko:host/sms@0.2.0",
            "soko:host/ledger@0.1.0",
            "soko:payment/types@0.1.0",
            "wasi:http/outgoing-handler@0.2.0",
        ];
        for import in forbidden {
            assert!(!may_import(import, "0.1.0"), "{import}");
        }
    }
}
