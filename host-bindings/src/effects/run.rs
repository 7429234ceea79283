//! Calls of guests that talk to the world: a place, a sandbox, what is given to the guest, and the record of what it did.

use std::time::{Duration, Instant};

use soko_extension::action::{ActionOutcome, ActionRequest};
use soko_extension::effect::{EffectfulCall, EffectfulRun};
use soko_extension::pricing::CallCost;
use soko_extension::{FailureKind, PluginFailure};

use super::Effects;
use crate::guest::Guest;
use crate::host::Inner;
use crate::limits::CallLimits;
use crate::payment;
use crate::registry::Loaded;
use crate::sandbox::{host_failure, new_store, within};

/// Longest that a call waits for a place among the others.
const PLACE_WAIT: Duration = Duration::from_secs(3);

/// What a guest is asked.
pub(crate) enum Ask {
    Payment(payment::Question),
    Action(ActionRequest),
}

/// What it answers, each to what it was asked.
pub(crate) enum Answer {
    Payment(payment::Answer),
    Action(ActionOutcome),
}

impl Inner {
    /// Asks a guest, and takes the answer that belongs to what it was asked.
    pub(crate) async fn ask<T>(
        &self,
        call: &EffectfulCall,
        effects: Effects,
        ask: Ask,
        told: impl FnOnce(Answer) -> Option<T> + Send,
    ) -> EffectfulRun<T> {
        let ended =
            |run: &EffectfulRun<Answer>| (run.cost, run.outcome.as_ref().err().map(|failure| failure.kind));
        let asking = self.try_ask(call, effects, ask);
        let run = self.watch((call.digest, &call.name, &call.version), asking, ended).await;
        let EffectfulRun { cost, log, host_calls, reached_out, outcome } = run;
        let outcome = outcome.and_then(|answer| {
            let misplaced = || PluginFailure::new(FailureKind::Host, "the answer is to another question");
            told(answer).ok_or_else(misplaced)
        });
        EffectfulRun { cost, log, host_calls, reached_out, outcome }
    }

    async fn try_ask(&self, call: &EffectfulCall, effects: Effects, ask: Ask) -> EffectfulRun<Answer> {
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
        let asked = (ask, &*call.config);
        let run = self.run_effectful(&loaded, &self.effect_call, Some(channel_id), effects, asked).await;
        self.judge(permit, whose, run.outcome.as_ref().err());
        run
    }

    /// One call of a guest in a fresh sandbox. What was asked of the host is known also of a call that was stopped.
    pub(crate) async fn run_effectful(
        &self,
        loaded: &Loaded,
        limits: &CallLimits,
        caller: Option<i64>,
        effects: Effects,
        (ask, config): (Ask, &str),
    ) -> EffectfulRun<Answer> {
        let gate = match ask {
            Ask::Payment(_) => &self.effect_gate,
            Ask::Action(_) => &self.action_gate,
        };
        let _place = match tokio::time::timeout(PLACE_WAIT, gate.enter(caller)).await {
            Ok(Ok(place)) => place,
            Ok(Err(failure)) => return EffectfulRun::not_called(failure),
            Err(_) => {
                let busy = "too many plugins of this kind are at work at the moment";
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
        let asked = within(limits, async {
            match (&loaded.guest, ask) {
                (Guest::Payment(handler), Ask::Payment(question)) => {
                    handler.ask(&mut store, question, config).await.map(Answer::Payment)
                }
                (Guest::Action(handler), Ask::Action(request)) => {
                    handler.handle(&mut store, request, config).await.map(Answer::Action)
                }
                _ => Err(PluginFailure::new(FailureKind::Host, "the component is of another kind")),
            }
        });
        let mut outcome = asked.await.unwrap_or_else(|overrun| Err(overrun.into_failure(limits)));
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
