//! Payment handlers: guests of the `soko:payment` contract, which talk to whoever moves the money.
//!
//! One module per contract version that is hosted, each with its bindings; `run` makes the calls. To host another
//! version: its module, and one line in [`CONTRACTS`], in [`Handler`] and in each match on it.

mod convert;
mod run;
mod v0_1;

use soko_extension::PluginFailure;
use soko_extension::payment::{
    Callback, CallbackRefusal, Notice, PaymentChange, PaymentOutcome, PaymentReference, PaymentRequest,
    RefundOutcome, RefundRequest,
};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

pub(crate) use run::trial_run;

use crate::error::LoadError;
use crate::guest::{self, Contract, RawManifest};
use crate::sandbox::State;
use crate::{effects, wasi};

/// The package that the contract's interfaces are named by.
const PACKAGE: &str = "soko:payment/";
/// The versions of it that are hosted, newest first.
const CONTRACTS: [&str; 1] = [v0_1::VERSION];
/// What every component of the world exports.
pub(crate) const EXPORTS: [&str; 7] =
    ["describe", "create", "settle", "cancel", "refund", "query", "webhook"];

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
    CONTRACTS.map(|version| format!("soko:payment@{version}")).join(", ")
}

/// Whether a handler built against this contract version may import this.
pub(crate) fn may_import(import: &str, version: &str) -> bool {
    let own = import
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.split_once('@'))
        .is_some_and(|(interface, of)| of == version && interface == "types");
    own || effects::may_import(import) || wasi::is_allowed(import)
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

/// What a handler is asked.
pub(crate) enum Question {
    Create(PaymentRequest),
    Settle(PaymentReference),
    Cancel(PaymentReference),
    Refund(RefundRequest),
    Query(PaymentReference),
    Webhook(Callback),
}

/// What it answers, each to its question.
pub(crate) enum Answer {
    Outcome(PaymentOutcome),
    Change(PaymentChange),
    Refund(RefundOutcome),
    Notice(Result<Notice, CallbackRefusal>),
}

impl Handler {
    /// Asks the handler in this store, in a fresh instance.
    pub(crate) async fn ask(
        &self,
        store: &mut Store<State>,
        question: Question,
        config: &str,
    ) -> Result<Answer, PluginFailure> {
        let answer = match self {
            Self::V0_1(handler) => handler.ask(store, question, config).await,
        }?;
        convert::check(answer)
    }

    /// Asks the handler what it is, in this store.
    pub(crate) async fn describe(&self, store: &mut Store<State>) -> Result<RawManifest, PluginFailure> {
        match self {
            Self::V0_1(handler) => handler.describe(store).await,
        }
    }

    /// The contract it was built against: `soko:payment@0.1.0`.
    pub(crate) fn contract(&self) -> String {
        match self {
            Self::V0_1(_) => format!("soko:payment@{}", v0_1::VERSION),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_the_contract_the_host_and_frozen_wasi_only() {
        for allowed in
            ["soko:payment/types@0.1.0", "soko:host/http@0.1.0", "soko:host/kv@0.1.0", "wasi:io/poll@0.2.0"]
        {
            assert!(may_import(allowed, "0.1.0"), "{allowed}");
        }
        let forbidden = [
            "soko:payment/types@0.2.0",
            "soko:payment/ledger@0.1.0",
            "soko:host/http@0.2.0",
            "soko:host/sms@0.1.0",
            "soko:pricing/types@0.1.0",
            "wasi:http/outgoing-handler@0.2.0",
            "wasi:sockets/tcp@0.2.0",
            "env",
        ];
        for import in forbidden {
            assert!(!may_import(import, "0.1.0"), "{import}");
        }
    }
}
