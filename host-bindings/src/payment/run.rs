//! Calls of payment handlers.

use async_trait::async_trait;
use soko_extension::effect::{EffectfulCall, EffectfulRun, PaymentPlugins};
use soko_extension::payment::{
    Callback, CallbackRefusal, Notice, PaymentChange, PaymentOutcome, PaymentReference, PaymentRequest,
    RefundOutcome, RefundRequest,
};
use soko_extension::{FailureKind, PluginFailure};

use super::{Answer, Question};
use crate::effects::{self, Ask, Effects};
use crate::host::{Inner, PluginHost};
use crate::limits::CallLimits;
use crate::registry::Loaded;

#[async_trait]
impl PaymentPlugins for PluginHost {
    async fn create(&self, call: EffectfulCall, request: PaymentRequest) -> EffectfulRun<PaymentOutcome> {
        self.inner().ask_payment(call, Question::Create(request), as_outcome).await
    }

    async fn settle(&self, call: EffectfulCall, payment: PaymentReference) -> EffectfulRun<PaymentChange> {
        self.inner().ask_payment(call, Question::Settle(payment), as_change).await
    }

    async fn cancel(&self, call: EffectfulCall, payment: PaymentReference) -> EffectfulRun<PaymentChange> {
        self.inner().ask_payment(call, Question::Cancel(payment), as_change).await
    }

    async fn refund(&self, call: EffectfulCall, refund: RefundRequest) -> EffectfulRun<RefundOutcome> {
        let told = |answer| match answer {
            Answer::Refund(outcome) => Some(outcome),
            _ => None,
        };
        self.inner().ask_payment(call, Question::Refund(refund), told).await
    }

    async fn query(&self, call: EffectfulCall, payment: PaymentReference) -> EffectfulRun<PaymentOutcome> {
        self.inner().ask_payment(call, Question::Query(payment), as_outcome).await
    }

    async fn webhook(
        &self,
        call: EffectfulCall,
        callback: Callback,
    ) -> EffectfulRun<Result<Notice, CallbackRefusal>> {
        let told = |answer| match answer {
            Answer::Notice(notice) => Some(notice),
            _ => None,
        };
        self.inner().ask_payment(call, Question::Webhook(callback), told).await
    }
}

fn as_outcome(answer: Answer) -> Option<PaymentOutcome> {
    match answer {
        Answer::Outcome(outcome) => Some(outcome),
        _ => None,
    }
}

fn as_change(answer: Answer) -> Option<PaymentChange> {
    match answer {
        Answer::Change(change) => Some(change),
        _ => None,
    }
}

impl Inner {
    async fn ask_payment<T>(
        &self,
        call: EffectfulCall,
        question: Question,
        told: impl FnOnce(Answer) -> Option<T> + Send,
    ) -> EffectfulRun<T> {
        let effects = Effects::new(self.given.clone(), &call);
        let of_payment = |answer| match answer {
            effects::Answer::Payment(answer) => told(answer),
            effects::Answer::Action(_) => None,
        };
        self.ask(&call, effects, Ask::Payment(question), of_payment).await
    }
}

/// One call after upload: a callback of nobody's, with nothing granted. A refusal passes, and a handler that took it for
/// genuine does not.
///
/// # Errors
/// How the handler failed.
pub(crate) async fn trial_run(
    host: &Inner,
    loaded: &Loaded,
    config: &str,
    limits: &CallLimits,
) -> Result<(), PluginFailure> {
    let callback = Callback { headers: Vec::new(), query: String::new(), body: b"{}".to_vec() };
    let nothing = Effects::nothing(host.given.clone());
    let asked = (Ask::Payment(Question::Webhook(callback)), config);
    let run = host.run_effectful(loaded, limits, None, nothing, asked).await;
    match run.outcome {
        Ok(effects::Answer::Payment(Answer::Notice(Ok(Notice::Payment { .. } | Notice::Refund { .. })))) => {
            Err(PluginFailure::new(FailureKind::Output, "took a callback for genuine that nobody had signed"))
        }
        Ok(_) | Err(PluginFailure { kind: FailureKind::Guest, .. }) => Ok(()),
        Err(failure) => Err(failure),
    }
}
