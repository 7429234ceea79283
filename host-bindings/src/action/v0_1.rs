//! `soko:action@0.1.0`: bindings, imports, and the call.

use soko_extension::action::{ActionOutcome, ActionRecipientKind, ActionRequest};
use soko_extension::effect::{Capabilities, WantedSecret};
use soko_extension::{PluginFailure, PluginKind};
use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::guest::{RawManifest, Said};
use crate::sandbox::{State, guest_failure, start_failure};

/// The version of the contract that this module hosts.
pub(super) const VERSION: &str = "0.1.0";

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../wit/host-0.1.0", "../wit/action-0.1.0"],
        world: "soko:action/action",
        with: { "soko:host": crate::effects::v0_1::bindings::soko::host },
        imports: { default: async | trappable },
        exports: { default: async },
    });
}

use bindings::soko::action::types;

/// Links what the contract offers to handlers.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    bindings::Action::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

impl types::Host for State {}

/// A handler of this contract version.
pub(crate) struct Handler(bindings::ActionPre<State>);

impl Handler {
    pub(super) fn try_new(linker: &Linker<State>, component: &Component) -> wasmtime::Result<Self> {
        bindings::ActionPre::new(linker.instantiate_pre(component)?).map(Self)
    }

    pub(super) async fn handle(
        &self,
        store: &mut Store<State>,
        request: ActionRequest,
        config: &str,
    ) -> Result<ActionOutcome, PluginFailure> {
        let guest = self.0.instantiate_async(&mut *store).await.map_err(|error| start_failure(&error))?;
        let (event, recipient) = asked(request);
        let said = guest.call_handle(store, &event, &recipient, config).await;
        Ok(match said.map_err(|error| guest_failure(&error))? {
            types::Outcome::Done => ActionOutcome::Done,
            types::Outcome::Skipped(why) => ActionOutcome::Skipped(why),
            types::Outcome::Retry(why) => ActionOutcome::Retry(why),
            types::Outcome::Failed(why) => ActionOutcome::Failed(why),
        })
    }

    pub(super) async fn describe(&self, store: &mut Store<State>) -> Result<RawManifest, PluginFailure> {
        let guest = self.0.instantiate_async(&mut *store).await.map_err(|error| start_failure(&error))?;
        let said = guest.call_describe(store).await.map_err(|error| guest_failure(&error))?;
        let types::Manifest { name, version, description, kind, config_schema, capabilities } = said;
        let secret = |wanted: types::WantedSecret| WantedSecret {
            name: wanted.name,
            description: wanted.description,
            readable: wanted.readable,
        };
        let types::Capabilities { hosts, secrets, kv, sms, email, push, inbox, contact } = capabilities;
        let secrets = secrets.into_iter().map(secret).collect();
        let capabilities = Capabilities { hosts, secrets, kv, sms, email, push, inbox, contact };
        let said = Said { name, version, description, kind, config_schema };
        Ok(RawManifest::new(PluginKind::Action, said, capabilities))
    }
}

fn asked(request: ActionRequest) -> (types::Event, types::Recipient) {
    let ActionRequest { idempotency_key, event, recipient, action } = request;
    let event = types::Event {
        id: event.id,
        name: event.name,
        data: event.data,
        occurred_at_ms: event.occurred_at_ms,
        currency: event.currency,
        title: event.title,
        text: event.text,
        idempotency_key,
        action,
    };
    let kind = match recipient.kind {
        ActionRecipientKind::Customer => types::RecipientKind::Customer,
        ActionRecipientKind::Administrator => types::RecipientKind::Administrator,
        ActionRecipientKind::Shop => types::RecipientKind::Shop,
    };
    let recipient = types::Recipient {
        kind,
        id: recipient.id,
        name: recipient.name,
        language: recipient.language,
        phone: recipient.phone,
        email: recipient.email,
    };
    (event, recipient)
}
