//! The host itself: engine, components, breakers and counters, and one call from begin to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cap_std::fs::Dir;
use soko_extension::effect::PluginStore;
use soko_extension::pricing::{CallCost, PricingCall, PricingContext, PricingPlugins, PricingRun};
use soko_extension::{
    ComponentBytes, ComponentInspector, ComponentSource, Digest, FailureKind, Inspection, PluginFailure,
    Rejection,
};
use soko_kernel::Clock;
use tokio::sync::broadcast;
use tokio::time::Instant;
use tracing::{Instrument as _, field};
use wasmtime::{Engine, Store};

use crate::breaker::{self, BreakerOpening, BreakerState, Breakers, Permit};
use crate::cache::ArtefactCache;
use crate::compiler::{Compiler, CompilerCommand};
use crate::effects::{Effects, Egress, Given};
use crate::engine::{ENGINE_VERSION, Ticker, compatibility_hash, running_engine};
use crate::error::HostError;
use crate::gate::{Gate, Place};
use crate::guest::{Guest, Linkers, RawManifest};
use crate::inspect;
use crate::limits::{CallLimits, Limits};
use crate::registry::{Loaded, Parts, Registry};
use crate::sandbox::{State, fuel_left, new_store, start_clock, within};
use crate::spare::{Making, Prepared, Spares};
use crate::stats::{HostStats, Stats};

/// Seconds between two warnings about slow calls; the counter counts all.
const SLOW_WARNING_INTERVAL_S: u64 = 10;

/// How the host is set up.
pub struct HostConfig {
    /// Bounds on guests and on the host.
    pub limits: Limits,
    /// Folder for compiled components; without it every start compiles anew.
    pub cache_dir: Option<Dir>,
    /// The program that compiles; without it the host compiles in its own process, uncapped, which is for tests and
    /// tools that handle trusted files.
    pub compiler: Option<CompilerCommand>,
    /// What is kept for plugins that talk to the world; without it they have neither secrets nor values.
    pub store: Option<Arc<dyn PluginStore>>,
    /// The time that such plugins are told.
    pub clock: Clock,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            cache_dir: None,
            compiler: None,
            store: None,
            clock: Clock::system(),
        }
    }
}

impl std::fmt::Debug for HostConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { limits, cache_dir, compiler, store: _, clock: _ } = self;
        f.debug_struct("HostConfig")
            .field("limits", limits)
            .field("cache_dir", cache_dir)
            .field("compiler", compiler)
            .finish_non_exhaustive()
    }
}

/// A sandbox after its call, with the place that it has until it is given back.
pub(crate) struct Used<'a> {
    store: Store<State>,
    place: Place<'a>,
}

/// Runs and inspects plugins. A clone is the same host; the last one to be dropped stops it.
#[derive(Clone)]
pub struct PluginHost {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) limits: Limits,
    pub(crate) registry: Arc<Registry>,
    pub(crate) engine: Engine,
    pub(crate) ticker: Ticker,
    pub(crate) breakers: Breakers,
    gate: Gate,
    spares: Spares,
    /// For guests that talk to the world, which wait for others: they take no place of those that only compute.
    pub(crate) effect_gate: Gate,
    /// The same for those that act on events: they take no place of those that take payments.
    pub(crate) action_gate: Gate,
    /// The limits of a call of such a guest.
    pub(crate) effect_call: CallLimits,
    pub(crate) given: Given,
    pub(crate) stats: Arc<Stats>,
    created: Instant,
    /// Seconds after `created` of the last warning about slow calls, plus one; 0 before the first.
    last_slow_warning_s: AtomicU64,
}

impl PluginHost {
    /// Starts the engine and opens the cache.
    ///
    /// # Errors
    /// [`HostError`] when a limit makes no sense, the engine does not start or the cache cannot be used.
    pub fn try_new(config: HostConfig, source: Arc<dyn ComponentSource>) -> Result<Self, HostError> {
        let HostConfig { limits, cache_dir, compiler, store, clock } = config;
        limits.check()?;
        let engine = running_engine(&limits)?;
        let artefacts =
            cache_dir.map(|dir| ArtefactCache::try_new(dir, compatibility_hash(&engine))).transpose()?;
        let stats = Arc::new(Stats::default());
        let registry = Registry::new(Parts {
            engine: engine.clone(),
            linkers: Linkers::try_new(&engine).map_err(HostError::Engine)?,
            artefacts,
            compiler: Compiler::new(compiler, limits.compile.clone(), engine.clone()),
            source,
            stats: Arc::clone(&stats),
            loaded_code_bytes: limits.loaded_code_bytes,
        });
        let inner = Inner {
            registry: Arc::new(registry),
            ticker: Ticker::try_new(&engine)?,
            breakers: Breakers::new(Duration::from_millis(limits.breaker_cool_down_ms)),
            gate: Gate::new(limits.concurrent_calls, limits.concurrent_calls_per_channel),
            spares: Spares::new(),
            effect_gate: Gate::new(
                limits.effectful.concurrent_calls,
                limits.effectful.concurrent_calls_per_channel,
            ),
            action_gate: Gate::new(
                limits.effectful.concurrent_calls,
                limits.effectful.concurrent_calls_per_channel,
            ),
            effect_call: limits.effectful.call(),
            given: Given {
                egress: Arc::new(Egress::try_new(limits.egress.clone(), &limits.effectful)?),
                store,
                clock,
            },
            created: Instant::now(),
            last_slow_warning_s: AtomicU64::new(0),
            limits,
            engine,
            stats,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Loads a component before its first call, however long that takes: at start, and when a version is bound.
    ///
    /// # Errors
    /// A failure of kind `Host` when it is not stored or does not load.
    pub async fn prepare(&self, digest: Digest) -> Result<(), PluginFailure> {
        match self.inner.registry.find(digest) {
            Some(_) => Ok(()),
            None => self.inner.registry.get(digest, Duration::MAX).await.map(|_| ()),
        }
    }

    /// The breakers that open here from now on, to be told to other hosts.
    pub fn breaker_openings(&self) -> broadcast::Receiver<BreakerOpening> {
        self.inner.breakers.openings()
    }

    /// Opens a breaker because another host's opened: until then the component is not called for the channel.
    pub fn open_breaker(&self, opening: BreakerOpening) {
        self.inner.breakers.open(opening, Instant::now());
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// What the host did since it started.
    pub fn stats(&self) -> HostStats {
        HostStats { loads: self.inner.registry.stats(), ..self.inner.stats.snapshot() }
    }

    /// The breakers that know of failures lately, in no order.
    pub fn breakers(&self) -> Vec<BreakerState> {
        self.inner.breakers.states(Instant::now())
    }
}

#[async_trait]
impl PricingPlugins for PluginHost {
    async fn price(&self, call: PricingCall<'_>) -> PricingRun {
        Inner::price(&self.inner, call).await
    }

    fn engine_version(&self) -> &str {
        ENGINE_VERSION
    }
}

#[async_trait]
impl ComponentInspector for PluginHost {
    async fn inspect(&self, bytes: ComponentBytes, size_limit_bytes: u64) -> Result<Inspection, Rejection> {
        inspect::inspect(&self.inner, bytes, size_limit_bytes).await
    }
}

impl Inner {
    async fn price(self: &Arc<Self>, call: PricingCall<'_>) -> PricingRun {
        let ended = |run: &PricingRun| (run.cost, run.outcome.as_ref().err().map(|failure| failure.kind));
        self.watch((call.digest, call.name, call.version), self.try_price(call), ended).await
    }

    /// A call of a plugin, as traces and counters see it; `ended` tells what it took and how it failed.
    pub(crate) async fn watch<R>(
        &self,
        (digest, name, version): (Digest, &str, &str),
        call: impl Future<Output = R>,
        ended: impl Fn(&R) -> (CallCost, Option<FailureKind>),
    ) -> R {
        let span = tracing::info_span!(
            "plugin",
            plugin = name,
            plugin_version = version,
            digest = %digest.short(),
            outcome = field::Empty,
            micros = field::Empty,
            fuel = field::Empty
        );
        let run = call.instrument(span.clone()).await;
        let (cost, failure) = ended(&run);
        let outcome = failure.map_or("ok", FailureKind::as_str);
        tracing::record_all!(span, outcome, micros = cost.micros, fuel = cost.fuel);
        tracing::debug!(parent: &span, "plugin called");
        self.stats.called((digest, name, version), cost, failure);
        run
    }

    async fn try_price(self: &Arc<Self>, call: PricingCall<'_>) -> PricingRun {
        match self.breakers.enter((call.channel_id, call.digest), Instant::now()) {
            None => failed_run(PluginFailure::new(
                FailureKind::BreakerOpen,
                "failed too often lately and was not called; it will be tried again soon",
            )),
            Some(permit) => match self.ready(call.digest).await {
                Err(failure) => failed_run(failure),
                Ok(loaded) => self.call_rule(&loaded, call, permit).await,
            },
        }
    }

    pub(crate) async fn ready(&self, digest: Digest) -> Result<Arc<Loaded>, PluginFailure> {
        match self.registry.find(digest) {
            Some(loaded) => Ok(loaded),
            None => self.registry.get(digest, Duration::from_millis(self.limits.load_wait_ms)).await,
        }
    }

    async fn call_rule(
        self: &Arc<Self>,
        loaded: &Arc<Loaded>,
        call: PricingCall<'_>,
        permit: Permit<'_>,
    ) -> PricingRun {
        let limits = self.limits.for_component(loaded.facts.component_bytes);
        let spare = self.spares.take(call.digest);
        self.stats.spares_used.add(u64::from(spare.is_some()));
        let (run, used) =
            self.run_rule(loaded, limits, (call.context, call.config), Some(call.channel_id), spare).await;
        if let (Ok(_), Some(used)) = (&run.outcome, used) {
            self.prepare_next(call.digest, loaded, used);
        }
        if run.cost.micros > limits.soft_ms.saturating_mul(1_000) {
            self.report_slow(&call, run.cost);
        }
        self.judge(permit, (call.channel_id, call.digest), run.outcome.as_ref().err());
        run
    }

    /// Tells the breaker how a call ended.
    pub(crate) fn judge(
        &self,
        permit: Permit<'_>,
        (channel_id, digest): (i64, Digest),
        failure: Option<&PluginFailure>,
    ) {
        match failure {
            Some(failure) if breaker::counts(failure.kind) => {
                if permit.fail(Instant::now()) {
                    self.stats.breakers_opened.add(1);
                    let kind = failure.kind.as_str();
                    tracing::warn!(channel_id, %digest, kind, "circuit breaker opened");
                }
            }
            Some(failure) if failure.kind == FailureKind::Host => drop(permit),
            _ => permit.succeed(),
        }
    }

    /// One call of a rule in a sandbox of its own, which is `spare` or made now; `caller` is the channel, or `None` for an
    /// inspection. Answers the used sandbox as well: to give it back takes time that nobody has to wait for.
    pub(crate) async fn run_rule(
        &self,
        loaded: &Loaded,
        limits: &CallLimits,
        (context, config): (&PricingContext, &str),
        caller: Option<i64>,
        spare: Option<Prepared>,
    ) -> (PricingRun, Option<Used<'_>>) {
        let place = match self.gate.enter(caller).await {
            Ok(place) => place,
            Err(failure) => return (failed_run(failure), None),
        };
        let _ticking = self.ticker.run();
        let fuel = limits.fuel(context.lines.len());
        let prepared = match spare {
            Some(spare) => Ok(spare),
            None => self.prepare(loaded, limits, fuel).await,
        };
        let mut prepared = match prepared {
            Ok(prepared) => prepared,
            Err(run) => return (*run, None),
        };
        let started = std::time::Instant::now();
        let store = &mut prepared.store;
        if let Err(failure) = start_clock(store, fuel.saturating_sub(prepared.fuel)) {
            return (failed_run(failure), None);
        }
        let priced = within(limits, prepared.guest.price(store, context, config, &self.limits)).await;
        let outcome = priced.unwrap_or_else(|overrun| Err(overrun.into_failure(limits)));
        let left = match fuel_left(store) {
            Ok(left) => left,
            Err(failure) => return (failed_run(failure), None),
        };
        let log = store.data_mut().take_log();
        let micros = prepared.micros.saturating_add(micros_since(started));
        let cost = CallCost { micros, fuel: fuel.saturating_sub(left) };
        (PricingRun { cost, log, outcome }, Some(Used { store: prepared.store, place }))
    }

    /// A sandbox in which the rule was started, with so much fuel for that. A rule that does not start is a run that failed.
    async fn prepare(
        &self,
        loaded: &Loaded,
        limits: &CallLimits,
        fuel: u64,
    ) -> Result<Prepared, Box<PricingRun>> {
        let failed = |failure| Box::new(failed_run(failure));
        let Guest::Pricing(rule) = &loaded.guest else {
            return Err(failed(PluginFailure::new(FailureKind::Host, "the component is no pricing rule")));
        };
        let started = std::time::Instant::now();
        let mut store = new_store(&self.engine, self.limits.budgets(), limits, fuel).map_err(failed)?;
        let guest = within(limits, rule.start(&mut store)).await;
        let guest = guest.unwrap_or_else(|overrun| Err(overrun.into_failure(limits)));
        let used = fuel.saturating_sub(fuel_left(&store).map_err(failed)?);
        let micros = micros_since(started);
        match guest {
            Ok(guest) => Ok(Prepared { store, guest, fuel: used, micros }),
            Err(failure) => {
                let (cost, log) = (CallCost { micros, fuel: used }, store.data_mut().take_log());
                Err(Box::new(PricingRun { cost, log, outcome: Err(failure) }))
            }
        }
    }

    /// Gives a used sandbox back and makes one ahead for the component's next call, in the background.
    fn prepare_next(self: &Arc<Self>, digest: Digest, loaded: &Arc<Loaded>, used: Used<'_>) {
        let Some(making) = self.spares.begin(digest) else { return };
        let Used { store, place } = used;
        let (inner, loaded) = (Arc::clone(self), Arc::clone(loaded));
        tokio::spawn(async move {
            drop(store);
            inner.make_spare(digest, &loaded, making).await;
        });
        // From here on it is the spare's place that the sandbox has.
        drop(place);
    }

    async fn make_spare(&self, digest: Digest, loaded: &Loaded, making: Making) {
        let limits = self.limits.for_component(loaded.facts.component_bytes);
        let _ticking = self.ticker.run();
        // The call that needs it makes its own where this fails, and says why.
        if let Ok(spare) = self.prepare(loaded, limits, limits.fuel_base).await {
            self.spares.put(digest, spare, &making);
        }
    }

    /// Asks a component what it is, in a fresh sandbox.
    pub(crate) async fn describe(
        &self,
        loaded: &Loaded,
        limits: &CallLimits,
    ) -> Result<RawManifest, PluginFailure> {
        let _place = self.gate.enter(None).await?;
        let _ticking = self.ticker.run();
        let mut store = new_store(&self.engine, self.limits.budgets(), limits, limits.fuel_base)?;
        if loaded.guest.is_effectful() {
            store.data_mut().give(Effects::nothing(self.given.clone()));
        }
        within(limits, loaded.guest.describe(&mut store))
            .await
            .unwrap_or_else(|overrun| Err(overrun.into_failure(limits)))
    }

    /// Warns of slow calls, but not of every one: a busy shop with a slow rule would flood the log.
    fn report_slow(&self, call: &PricingCall<'_>, cost: CallCost) {
        self.stats.slow_calls.add(1);
        let now_s = self.created.elapsed().as_secs() + 1;
        let last_s = self.last_slow_warning_s.load(Ordering::Relaxed);
        let is_due = last_s == 0 || now_s.saturating_sub(last_s) >= SLOW_WARNING_INTERVAL_S;
        let ours = is_due
            && self
                .last_slow_warning_s
                .compare_exchange(last_s, now_s, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if ours {
            let CallCost { micros, fuel } = cost;
            tracing::warn!(channel_id = call.channel_id, digest = %call.digest, micros, fuel, "slow pricing rule");
        }
    }
}

fn micros_since(moment: std::time::Instant) -> u64 {
    u64::try_from(moment.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// A run that never came to call the guest.
fn failed_run(failure: PluginFailure) -> PricingRun {
    PricingRun { cost: CallCost::default(), log: Vec::new(), outcome: Err(failure) }
}
