//! `soko:payment@0.1.0`: bindings, imports, and the calls in both directions.

use soko_extension::effect::{Capabilities, WantedSecret};
use soko_extension::payment::{
    Callback, CallbackRefusal, Notice, PaymentChange, PaymentOutcome, PaymentReference, PaymentRequest,
    RefundOutcome, RefundRequest, Subject,
};
use soko_extension::{PluginFailure, PluginKind};
use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker};

use super::convert::refusal;
use super::{Answer, Question};
use crate::guest::{RawManifest, Said};
use crate::sandbox::{State, guest_failure, start_failure};

/// The version of the contract that this module hosts.
pub(super) const VERSION: &str = "0.1.0";

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../wit/host-0.1.0", "../wit/payment-0.1.0"],
        world: "soko:payment/payment",
        with: { "soko:host": crate::effects::v0_1::bindings::soko::host },
        imports: { default: async | trappable },
        exports: { default: async },
    });
}

use bindings::soko::payment::types;

/// Links what the contract offers to handlers.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    bindings::Payment::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

impl types::Host for State {}

/// A handler of this contract version.
pub(crate) struct Handler(bindings::PaymentPre<State>);

impl Handler {
    pub(super) fn try_new(linker: &Linker<State>, component: &Component) -> wasmtime::Result<Self> {
        bindings::PaymentPre::new(linker.instantiate_pre(component)?).map(Self)
    }

    pub(super) async fn ask(
        &self,
        store: &mut Store<State>,
        question: Question,
        config: &str,
    ) -> Result<Answer, PluginFailure> {
        let guest = self.0.instantiate_async(&mut *store).await.map_err(|error| start_failure(&error))?;
        let failed = |error: wasmtime::Error| guest_failure(&error);
        match question {
            Question::Create(asked) => {
                let answer = guest.call_create(store, &request(asked), config).await.map_err(failed)?;
                answer.map(|said| Answer::Outcome(outcome(said))).map_err(refused)
            }
            Question::Query(asked) => {
                let answer = guest.call_query(store, &reference(asked), config).await.map_err(failed)?;
                answer.map(|said| Answer::Outcome(outcome(said))).map_err(refused)
            }
            Question::Settle(asked) => {
                let answer = guest.call_settle(store, &reference(asked), config).await.map_err(failed)?;
                answer.map(|said| Answer::Change(change(said))).map_err(refused)
            }
            Question::Cancel(asked) => {
                let answer = guest.call_cancel(store, &reference(asked), config).await.map_err(failed)?;
                answer.map(|said| Answer::Change(change(said))).map_err(refused)
            }
            Question::Refund(asked) => {
                let answer = guest.call_refund(store, &refund(asked), config).await.map_err(failed)?;
                answer.map(|said| Answer::Refund(refunded(said))).map_err(refused)
            }
            Question::Webhook(Callback { headers, query, body }) => {
                let callback = types::Callback { headers, query, body };
                let answer = guest.call_webhook(store, &callback, config).await.map_err(failed)?;
                Ok(Answer::Notice(answer.map(notice).map_err(untaken)))
            }
        }
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
        let capabilities = Capabilities {
            hosts: capabilities.hosts,
            secrets: capabilities.secrets.into_iter().map(secret).collect(),
            kv: capabilities.kv,
            ..Capabilities::default()
        };
        let said = Said { name, version, description, kind, config_schema };
        Ok(RawManifest::new(PluginKind::Payment, said, capabilities))
    }
}

fn request(asked: PaymentRequest) -> types::PaymentRequest {
    types::PaymentRequest {
        idempotency_key: asked.idempotency_key,
        order_code: asked.order_code,
        amount: asked.amount,
        currency: asked.currency,
        metadata: asked.metadata.to_string(),
    }
}

fn reference(asked: PaymentReference) -> types::PaymentReference {
    types::PaymentReference {
        idempotency_key: asked.idempotency_key,
        transaction_id: asked.transaction_id,
        amount: asked.amount,
        currency: asked.currency,
    }
}

fn refund(asked: RefundRequest) -> types::RefundRequest {
    types::RefundRequest {
        idempotency_key: asked.idempotency_key,
        payment: reference(asked.payment),
        amount: asked.amount,
        reason: asked.reason,
    }
}

fn outcome(said: types::PaymentOutcome) -> PaymentOutcome {
    match said {
        types::PaymentOutcome::Authorized(transaction_id) => PaymentOutcome::Authorized { transaction_id },
        types::PaymentOutcome::Settled(transaction_id) => PaymentOutcome::Settled { transaction_id },
        types::PaymentOutcome::Pending(types::Pending { transaction_id, message, url }) => {
            PaymentOutcome::Pending { transaction_id, message, url }
        }
        types::PaymentOutcome::Declined(message) => PaymentOutcome::Declined { message },
        types::PaymentOutcome::Failed(message) => PaymentOutcome::Failed { message },
        types::PaymentOutcome::InDoubt(message) => PaymentOutcome::InDoubt { message },
    }
}

fn change(said: types::Change) -> PaymentChange {
    match said {
        types::Change::Done => PaymentChange::Done,
        types::Change::Refused(message) => PaymentChange::Refused { message },
        types::Change::InDoubt(message) => PaymentChange::InDoubt { message },
    }
}

fn refunded(said: types::RefundOutcome) -> RefundOutcome {
    match said {
        types::RefundOutcome::Settled(transaction_id) => RefundOutcome::Settled { transaction_id },
        types::RefundOutcome::Pending(transaction_id) => RefundOutcome::Pending { transaction_id },
        types::RefundOutcome::Failed(message) => RefundOutcome::Failed { message },
        types::RefundOutcome::InDoubt(message) => RefundOutcome::InDoubt { message },
    }
}

fn subject(said: types::Subject) -> Subject {
    match said {
        types::Subject::Key(key) => Subject::Key(key),
        types::Subject::Transaction(transaction) => Subject::Transaction(transaction),
    }
}

fn notice(said: types::Notice) -> Notice {
    match said {
        types::Notice::Payment(types::PaymentNotice { payment, outcome: what, amount, currency }) => {
            Notice::Payment { payment: subject(payment), outcome: outcome(what), amount, currency }
        }
        types::Notice::Refund(types::RefundNotice { refund, outcome }) => {
            Notice::Refund { refund: subject(refund), outcome: refunded(outcome) }
        }
        types::Notice::Nothing(why) => Notice::Nothing(why),
    }
}

fn untaken(said: types::CallbackRefusal) -> CallbackRefusal {
    match said {
        types::CallbackRefusal::Unauthentic(why) => CallbackRefusal::Unauthentic(why),
        types::CallbackRefusal::Malformed(why) => CallbackRefusal::Malformed(why),
        types::CallbackRefusal::Unavailable(why) => CallbackRefusal::Unavailable(why),
    }
}

fn refused(said: types::Refusal) -> PluginFailure {
    match said {
        types::Refusal::InvalidConfig(why) => refusal("invalid-config", &why),
        types::Refusal::Unsupported(why) => refusal("unsupported", &why),
    }
}
