//! Calls of payment handlers: a place, a sandbox, what is given to the guest, and the record of what it did.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use soko_extension::effect::{EffectfulCall, EffectfulRun, PaymentPlugins};
use soko_extension::payment::{
    Callback, CallbackRefusal, Notice, PaymentChange, PaymentOutcome, PaymentReference, PaymentRequest,
    RefundOutcome, RefundRequest,
};
use soko_extension::pricing::CallCost;
use soko_extension::{FailureKind, PluginFailure};

use super::{Answer, Question};
use crate::effects::Effects;
use crate::guest::Guest;
use crate::host::{Inner, PluginHost};
use crate::limits::CallLimits;
use crate::registry::Loaded;
use crate::sandbox::{host_failure, new_store, within};

/// Longest that a call waits for a place among the others.
const PLACE_WAIT: Duration = Duration::from_secs(3);

#[async_trait]
impl PaymentPlugins for PluginHost {
    async fn create(&self, call: EffectfulCall, request: PaymentRequest) -> EffectfulRun<PaymentOutcome> {
        self.inner().ask(call, Question::Create(request), as_outcome).await
    }

    async fn settle(&self, call: EffectfulCall, payment: PaymentReference) -> EffectfulRun<PaymentChange> {
        self.inner().ask(call, Question::Settle(payment), as_change).await
    }

    async fn cancel(&self, call: EffectfulCall, payment: PaymentReference) -> EffectfulRun<PaymentChange> {
        self.inner().ask(call, Question::Cancel(payment), as_change).await
    }

    async fn refund(&self, call: EffectfulCall, refund: RefundRequest) -> EffectfulRun<RefundOutcome> {
        let told = |answer| match answer {
            Answer::Refund(outcome) => Some(outcome),
            _ => None,
        };
        self.inner().ask(call, Question::Refund(refund), told).await
    }

    async fn query(&self, call: EffectfulCall, payment: PaymentReference) -> EffectfulRun<PaymentOutcome> {
        self.inner().ask(call, Question::Query(payment), as_outcome).await
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
        self.inner().ask(call, Question::Webhook(callback), told).await
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
    /// Asks a handler, and takes the answer that belongs to the question.
    async fn ask<T>(
        &self,
        call: EffectfulCall,
        question: Question,
        told: impl FnOnce(Answer) -> Option<T> + Send,
    ) -> EffectfulRun<T> {
        let ended =
            |run: &EffectfulRun<Answer>| (run.cost, run.outcome.as_ref().err().map(|failure| failure.kind));
        let run =
            self.watch((call.digest, &call.name, &call.version), self.try_ask(&call, question), ended).await;
        let EffectfulRun { cost, log, host_calls, reached_out, outcome } = run;
        let outcome = outcome.and_then(|answer| {
            let misplaced = || PluginFailure::new(FailureKind::Host, "the answer is to another question");
            told(answer).ok_or_else(misplaced)
        });
        EffectfulRun { cost, log, host_calls, reached_out, outcome }
    }

    async fn try_ask(&self, call: &EffectfulCall, question: Question) -> EffectfulRun<Answer> {
        let channel_id = call.caller.scope.channel_id().0;
        let whose = (channel_id, call.digest);
        let Some(permit) = self.breakers.enter(whose, tokio::time::Instant::now()) else {
            return EffectfulRun::not_called(PluginFailure::new(
                FailureKind::BreakerOpen,
                "failed too often lately and was not called; it will be tried again soon",
            ));
        };
        let loaded = match self.ready(call.digest).await {
            Ok(loaded) => loaded,
            Err(failure) => return EffectfulRun::not_called(failure),
        };
        let effects = Effects::new(self.given.clone(), call);
        let asked = (question, &*call.config);
        let run = self.run_handler(&loaded, &self.effect_call, Some(channel_id), effects, asked).await;
        self.judge(permit, whose, run.outcome.as_ref().err());
        run
    }

    /// One call of a handler in a fresh sandbox. What was asked of the host is known also of a call that was stopped.
    async fn run_handler(
        &self,
        loaded: &Loaded,
        limits: &CallLimits,
        caller: Option<i64>,
        effects: Effects,
        (question, config): (Question, &str),
    ) -> EffectfulRun<Answer> {
        let Guest::Payment(handler) = &loaded.guest else {
            let failure = PluginFailure::new(FailureKind::Host, "the component is no payment handler");
            return EffectfulRun::not_called(failure);
        };
        let waiting = tokio::time::timeout(PLACE_WAIT, self.effect_gate.enter(caller));
        let _place = match waiting.await {
            Ok(Ok(place)) => place,
            Ok(Err(failure)) => return EffectfulRun::not_called(failure),
            Err(_) => {
                let busy = "too many payments are being made at the moment";
                return EffectfulRun::not_called(PluginFailure::new(FailureKind::Host, busy));
            }
        };
        let _ticking = self.ticker.run();
        let started = Instant::now();
        let fuel = limits.fuel_base;
        let mut store = match new_store(&self.engine, self.limits.effectful.budgets(), limits, fuel) {
            Ok(store) => store,
            Err(failure) => return EffectfulRun::not_called(failure),
        };
        store.data_mut().give(effects);
        let asked = within(limits, handler.ask(&mut store, question, config)).await;
        let mut outcome = asked.unwrap_or_else(|overrun| Err(overrun.into_failure(limits)));
        let fuel_left = store.get_fuel().unwrap_or_else(|error| {
            outcome = Err(host_failure("read the fuel of a guest", &error));
            fuel
        });
        let log = store.data_mut().take_log();
        let record = store.data_mut().take_effects().map(|effects| effects.into_record());
        drop(store);
        let (host_calls, reached_out) = record.unwrap_or_default();
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let cost = CallCost { micros, fuel: fuel.saturating_sub(fuel_left) };
        EffectfulRun { cost, log, host_calls, reached_out, outcome }
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
    let asked = (Question::Webhook(callback), config);
    let run = host.run_handler(loaded, limits, None, nothing, asked).await;
    match run.outcome {
        Ok(Answer::Notice(Ok(Notice::Payment { .. } | Notice::Refund { .. }))) => {
            Err(PluginFailure::new(FailureKind::Output, "took a callback for genuine that nobody had signed"))
        }
        Ok(_) | Err(PluginFailure { kind: FailureKind::Guest, .. }) => Ok(()),
        Err(failure) => Err(failure),
    }
}
