//! The engine: one configuration for all code, and the ticker that drives its epoch.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::HostError;
use crate::limits::{
    CORE_INSTANCES_MAX, EPOCH_TICK_MS, FIBER_STACK_BYTES, Limits, MEMORIES_MAX, TABLE_ELEMENTS_MAX,
    TABLES_MAX, WASM_STACK_BYTES,
};
use crate::spare;

/// Version of the engine as receipts name it. The engine does not tell; a test compares it with the lock file.
pub const ENGINE_VERSION: &str = "wasmtime 48.0.8";

/// Bytes at the start of each memory that a slot keeps and wipes itself when its guest is done, instead of giving them
/// back to the system: small guests then cause no page faults.
const MEMORY_KEPT_BYTES: usize = 256 << 10;
/// The same for tables.
const TABLE_KEPT_BYTES: usize = 16 << 10;
/// Longest pause between two ticks while guests come and go, each of whom is done long before it: such ticks are in
/// nobody's way but cost wake-ups. A guest that begins in such a pause may run on for as long before it first yields.
const QUIET_PAUSE_MAX: Duration = Duration::from_millis(8);
/// Pauses without a running guest after which the ticker sleeps until the next call.
const QUIET_PAUSES: u32 = 25;

/// What decides the code that is generated. The host and the compiler process must agree on it, so it depends on
/// nothing but this file; [`compatibility_hash`] tells when it changed.
fn code_config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Same input, same output, on every machine.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_gc(false)
        .wasm_function_references(false)
        .consume_fuel(true)
        .epoch_interruption(true)
        .memory_init_cow(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        // Failures are told by kind; frames would cost time on every trap.
        .wasm_backtrace_max_frames(None);
    config
}

/// The engine that runs guests: memories, tables and stacks come from a pool sized for `limits`.
pub(crate) fn running_engine(limits: &Limits) -> Result<Engine, HostError> {
    // Those that take payments and those that act on events have as many places each.
    let effectful = limits.effectful.concurrent_calls;
    let calls = [effectful, effectful, spare::PLACES];
    let calls = calls.into_iter().fold(limits.concurrent_calls, u32::saturating_add);
    let memory_bytes = [&limits.ordinary, &limits.large].map(|call| call.memory_bytes);
    let memory_bytes = memory_bytes.into_iter().fold(limits.effectful.memory_bytes, usize::max);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(CORE_INSTANCES_MAX))
        .total_memories(calls.saturating_mul(MEMORIES_MAX))
        .total_tables(calls.saturating_mul(TABLES_MAX))
        .total_stacks(calls)
        .total_gc_heaps(0)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_tables_per_module(TABLES_MAX)
        .max_memories_per_module(MEMORIES_MAX)
        .max_memory_size(memory_bytes)
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(MEMORY_KEPT_BYTES)
        .table_keep_resident(TABLE_KEPT_BYTES)
        .pagemap_scan(Enabled::Auto);
    let mut config = code_config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config).map_err(HostError::Engine)
}

/// The engine of the compiler process: the same code, without the pool, which would claim address space.
pub(crate) fn compiling_engine() -> Result<Engine, HostError> {
    Engine::new(&code_config()).map_err(HostError::Engine)
}

/// Names the code that this engine generates and loads: version, target, settings. 16 bytes.
pub(crate) fn compatibility_hash(engine: &Engine) -> [u8; 16] {
    struct Sha(Sha256);
    impl Hasher for Sha {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut sha = Sha(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut sha);
    let mut short = [0; 16];
    short.copy_from_slice(&sha.0.finalize()[..16]);
    short
}

/// Advances the engine's epoch every [`EPOCH_TICK_MS`] while a guest runs, and ever more slowly while none does, until it
/// sleeps.
pub(crate) struct Ticker {
    shared: Arc<TickerState>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct TickerState {
    running_guests: AtomicUsize,
    asleep: AtomicBool,
    stop: AtomicBool,
}

impl Ticker {
    /// Starts the thread; it ends when the ticker is dropped.
    pub(crate) fn try_new(engine: &Engine) -> Result<Self, HostError> {
        let shared = Arc::new(TickerState::default());
        let (state, engine) = (Arc::clone(&shared), engine.clone());
        let thread =
            std::thread::Builder::new().name("soko-epoch".to_owned()).spawn(move || state.tick(&engine))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Keeps the epoch advancing for as long as the result lives.
    pub(crate) fn run(&self) -> Ticking<'_> {
        // Sequentially consistent with the ticker's own check: one of the two sees the other.
        self.shared.running_guests.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst)
            && let Some(thread) = &self.thread
        {
            thread.thread().unpark();
        }
        Ticking(&self.shared)
    }
}

impl TickerState {
    fn tick(&self, engine: &Engine) {
        let tick = Duration::from_millis(EPOCH_TICK_MS);
        let (mut pause, mut quiet_pauses) = (tick, 0);
        while !self.stop.load(Ordering::SeqCst) {
            if self.running_guests.load(Ordering::SeqCst) > 0 {
                (pause, quiet_pauses) = (tick, 0);
            } else {
                (pause, quiet_pauses) = ((pause * 2).min(QUIET_PAUSE_MAX), quiet_pauses + 1);
            }
            if quiet_pauses >= QUIET_PAUSES {
                self.asleep.store(true, Ordering::SeqCst);
                if self.running_guests.load(Ordering::SeqCst) == 0 && !self.stop.load(Ordering::SeqCst) {
                    std::thread::park();
                }
                self.asleep.store(false, Ordering::SeqCst);
                (pause, quiet_pauses) = (tick, 0);
            }
            std::thread::sleep(pause);
            engine.increment_epoch();
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("the epoch ticker had panicked");
            }
        }
    }
}

/// A guest is running.
pub(crate) struct Ticking<'a>(&'a TickerState);

impl Drop for Ticking<'_> {
    fn drop(&mut self) {
        self.0.running_guests.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn names_the_engine_version_that_is_linked() {
        let lock = include_str!("../../Cargo.lock");
        let (_, after) = lock.split_once("name = \"wasmtime\"\nversion = \"").unwrap();
        assert_eq!(ENGINE_VERSION, format!("wasmtime {}", after.split('"').next().unwrap()));
    }

    #[test]
    fn generates_the_same_code_in_the_host_and_in_the_compiler() {
        let running = running_engine(&Limits::default()).unwrap();
        assert_eq!(compatibility_hash(&running), compatibility_hash(&compiling_engine().unwrap()));
    }

    #[test]
    fn wakes_a_sleeping_ticker_and_stops_it_with_the_host() {
        let ticker = Ticker::try_new(&compiling_engine().unwrap()).unwrap();
        let asleep = |ticker: &Ticker| ticker.shared.asleep.load(Ordering::SeqCst);
        while !asleep(&ticker) {
            std::thread::yield_now();
        }
        let running = ticker.run();
        while asleep(&ticker) {
            std::thread::yield_now();
        }
        drop(running);
        let state = Arc::downgrade(&ticker.shared);
        drop(ticker);
        assert!(state.upgrade().is_none(), "the thread has ended and let go of its state");
    }
}
