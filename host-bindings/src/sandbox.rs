//! What every kind of guest runs in: a fresh store with budgets, a stopwatch, and the one place where the engine's
//! errors become the failures that administrators see.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use soko_extension::{FailureKind, PluginFailure};
use wasmtime::{Engine, ResourceLimiter, Store, Trap};

use crate::effects::Effects;
use crate::limits::{Budgets, CallLimits, MESSAGE_BYTES_MAX, RESOURCES_MAX, TABLE_ELEMENTS_MAX};
use crate::wasi::FrozenWasi;

/// Host bytes that one lifted value may take beyond its own bytes in the guest; see [`new_store`].
const LIFT_SLACK_FACTOR: usize = 2;

/// What a guest's store holds: its budgets and what it said.
pub(crate) struct State {
    space: SpaceBudget,
    host_calls: HostCallBudget,
    log: Log,
    /// What a guest that talks to the world is given; none for the pure kinds.
    effects: Option<Box<Effects>>,
    /// Made at the first call of a WASI function: most guests never make one.
    pub(crate) wasi: Option<Box<FrozenWasi>>,
}

/// A bound that a guest ran into inside a host function or while growing; ends the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Breach {
    #[error("asked for {wanted_bytes} bytes of memory; {limit_bytes} are allowed")]
    Memory { wanted_bytes: usize, limit_bytes: usize },
    #[error("asked for tables of {wanted} elements; {limit} are allowed")]
    Table { wanted: usize, limit: usize },
    #[error("made more than {limit} calls to the host")]
    HostCalls { limit: u32 },
    #[error("handed more than {limit_bytes} bytes to the host")]
    HostCallBytes { limit_bytes: usize },
}

/// Caps the sum over all memories and tables of a guest. A growth beyond it ends the guest at once: a rule that goes
/// on with half of its memory would answer differently under another cap.
struct SpaceBudget {
    memory_bytes: usize,
    memory_limit_bytes: usize,
    table_elements: usize,
}

impl ResourceLimiter for SpaceBudget {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let wanted_bytes = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        if wanted_bytes > self.memory_limit_bytes {
            return Err(Breach::Memory { wanted_bytes, limit_bytes: self.memory_limit_bytes }.into());
        }
        self.memory_bytes = wanted_bytes;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.table_elements.saturating_add(desired.saturating_sub(current));
        if wanted > TABLE_ELEMENTS_MAX {
            return Err(Breach::Table { wanted, limit: TABLE_ELEMENTS_MAX }.into());
        }
        self.table_elements = wanted;
        Ok(true)
    }
}

struct HostCallBudget {
    calls_left: u32,
    bytes_left: usize,
    calls_limit: u32,
    bytes_limit: usize,
}

/// The log lines of one call, capped.
struct Log {
    lines: Vec<String>,
    lines_left: usize,
    bytes_left: usize,
}

impl State {
    fn new(budgets: Budgets, call: &CallLimits) -> Self {
        Self {
            space: SpaceBudget { memory_bytes: 0, memory_limit_bytes: call.memory_bytes, table_elements: 0 },
            host_calls: HostCallBudget {
                calls_left: budgets.host_calls,
                bytes_left: budgets.host_call_bytes,
                calls_limit: budgets.host_calls,
                bytes_limit: budgets.host_call_bytes,
            },
            log: Log { lines: Vec::new(), lines_left: budgets.log_lines, bytes_left: budgets.log_bytes },
            effects: None,
            wasi: None,
        }
    }

    /// Bytes of all the guest's memories.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.space.memory_bytes
    }

    /// Takes one host call with so many bytes of arguments from the budget.
    ///
    /// # Errors
    /// A [`Breach`] when the budget is used up; it ends the guest.
    pub(crate) fn spend_host_call(&mut self, bytes: usize) -> Result<(), Breach> {
        let budget = &mut self.host_calls;
        let calls_left =
            budget.calls_left.checked_sub(1).ok_or(Breach::HostCalls { limit: budget.calls_limit })?;
        self.spend_bytes(bytes)?;
        self.host_calls.calls_left = calls_left;
        Ok(())
    }

    /// Takes so many bytes that the host hands to the guest from the budget.
    ///
    /// # Errors
    /// A [`Breach`] when the budget is used up; it ends the guest.
    pub(crate) fn spend_bytes(&mut self, bytes: usize) -> Result<(), Breach> {
        let budget = &mut self.host_calls;
        let bytes_left = budget.bytes_left.checked_sub(bytes);
        budget.bytes_left = bytes_left.ok_or(Breach::HostCallBytes { limit_bytes: budget.bytes_limit })?;
        Ok(())
    }

    /// Gives the guest what it may ask of the host.
    pub(crate) fn give(&mut self, effects: Effects) {
        self.effects = Some(Box::new(effects));
    }

    /// What the guest may ask of the host.
    ///
    /// # Errors
    /// When the guest was given nothing, which ends it: a defect of the host.
    pub(crate) fn effects(&mut self) -> wasmtime::Result<&mut Effects> {
        self.effects.as_deref_mut().ok_or_else(|| wasmtime::Error::msg("nothing is given to this guest"))
    }

    /// What the guest was given, taken back.
    pub(crate) fn take_effects(&mut self) -> Option<Box<Effects>> {
        self.effects.take()
    }

    /// Keeps a log line, as far as the cap allows; what is over it is dropped without a word to the guest.
    pub(crate) fn keep_log(&mut self, message: &str) {
        let log = &mut self.log;
        if log.lines_left == 0 || log.bytes_left == 0 {
            return;
        }
        let line = one_line(message, log.bytes_left);
        log.lines_left -= 1;
        log.bytes_left -= line.len();
        log.lines.push(line);
    }

    /// The lines kept so far; leaves none.
    pub(crate) fn take_log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log.lines)
    }
}

/// A fresh store for one call, with its budgets in force.
///
/// # Errors
/// A failure of kind `Host` when the engine cannot meter, which would be a defect of its configuration.
pub(crate) fn new_store(
    engine: &Engine,
    budgets: Budgets,
    call: &CallLimits,
    fuel: u64,
) -> Result<Store<State>, PluginFailure> {
    let mut store = Store::new(engine, State::new(budgets, call));
    store.limiter(|state| &mut state.space);
    store.set_fuel(fuel).map_err(|error| host_failure("set the fuel of a guest", &error))?;
    // Counts what the host copies, in its own representation, which can be larger than the guest's: a record with two
    // strings is some 56 bytes here and 24 there. The exact bound is checked on the answer itself.
    store.set_hostcall_fuel(budgets.output_bytes.saturating_mul(LIFT_SLACK_FACTOR));
    // At every tick the guest lets other tasks run; `within` decides whether it may go on.
    store.epoch_deadline_async_yield_and_update(1);
    store.set_epoch_deadline(1);
    Ok(store)
}

/// Gives a guest its fuel and its first slice of time, from now on.
///
/// # Errors
/// As [`new_store`].
pub(crate) fn start_clock(store: &mut Store<State>, fuel: u64) -> Result<(), PluginFailure> {
    store.set_fuel(fuel).map_err(|error| host_failure("set the fuel of a guest", &error))?;
    store.set_epoch_deadline(1);
    Ok(())
}

/// The fuel that a guest has not used.
///
/// # Errors
/// As [`new_store`].
pub(crate) fn fuel_left(store: &Store<State>) -> Result<u64, PluginFailure> {
    store.get_fuel().map_err(|error| host_failure("read the fuel of a guest", &error))
}

/// The guest was stopped by its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overrun {
    /// It took more processor time than `hard_ms`.
    Running,
    /// It had not finished after `wall_ms`.
    Wall,
}

impl Overrun {
    /// The failure that it means.
    pub(crate) fn into_failure(self, limits: &CallLimits) -> PluginFailure {
        let message = match self {
            Self::Running => format!("still running after {} ms", limits.hard_ms),
            Self::Wall => format!("not finished after {} ms", limits.wall_ms),
        };
        PluginFailure::new(FailureKind::Deadline, message)
    }
}

/// Runs a guest's future within its deadlines. The guest yields at every epoch tick, so it is stopped at most a tick
/// after its time; being stopped drops the future, and with it the guest's stack.
///
/// # Errors
/// [`Overrun`] says which deadline passed.
pub(crate) async fn within<F: Future>(limits: &CallLimits, future: F) -> Result<F::Output, Overrun> {
    let hard = limits.hard();
    let mut running = Duration::ZERO;
    let mut future = pin!(future);
    let metered = poll_fn(|context| {
        let slice = thread_time();
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => {
                running += thread_time().saturating_sub(slice);
                if running >= hard { Poll::Ready(Err(Overrun::Running)) } else { Poll::Pending }
            }
        }
    });
    tokio::time::timeout(limits.wall(), metered).await.unwrap_or(Err(Overrun::Wall))
}

/// Processor time that this thread has used. A thread that the system set aside uses none.
#[cfg(unix)]
fn thread_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    // The clock never runs backwards and starts at zero, so the conversion cannot fail.
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Elsewhere the time on the wall stands in for it.
#[cfg(not(unix))]
fn thread_time() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

/// What an error out of a guest means, in words without host paths.
pub(crate) fn guest_failure(error: &wasmtime::Error) -> PluginFailure {
    if let Some(breach) = error.downcast_ref::<Breach>() {
        let kind = match breach {
            Breach::Memory { .. } | Breach::Table { .. } => FailureKind::Memory,
            Breach::HostCalls { .. } | Breach::HostCallBytes { .. } => FailureKind::Output,
        };
        return PluginFailure::new(kind, breach.to_string());
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        let kind = match trap {
            Trap::OutOfFuel => FailureKind::Fuel,
            Trap::Interrupt => FailureKind::Deadline,
            Trap::AllocationTooLarge => FailureKind::Memory,
            _ => FailureKind::Trap,
        };
        let text = trap.to_string();
        return PluginFailure::new(kind, text.strip_prefix("wasm trap: ").unwrap_or(&text));
    }
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        return PluginFailure::new(FailureKind::Trap, format!("exited with code {}", exit.0));
    }
    if error.downcast_ref::<wasmtime_wasi::ResourceTableError>().is_some() {
        return PluginFailure::new(
            FailureKind::Memory,
            format!("held more than {RESOURCES_MAX} host resources"),
        );
    }
    // What remains are values that the host could not read: too large, no UTF-8, outside the memory.
    PluginFailure::new(FailureKind::Output, one_line(&error.root_cause().to_string(), MESSAGE_BYTES_MAX))
}

/// What an error while a guest was started means: its start function may trap or its memory be too large; anything
/// else is the host's.
pub(crate) fn start_failure(error: &wasmtime::Error) -> PluginFailure {
    if error.downcast_ref::<Breach>().is_some() || error.downcast_ref::<Trap>().is_some() {
        guest_failure(error)
    } else {
        host_failure("start the guest", error)
    }
}

/// A failure of the host itself; the details go to the log only.
pub(crate) fn host_failure(what: &'static str, error: &wasmtime::Error) -> PluginFailure {
    tracing::error!(error = format!("{error:#}"), "could not {what}");
    PluginFailure::new(FailureKind::Host, format!("the host could not {what}"))
}

/// Text of a guest as one line of at most so many bytes, cut at a character, control characters as spaces.
pub(crate) fn one_line(text: &str, bytes_max: usize) -> String {
    let cut = &text[..text.floor_char_boundary(bytes_max)];
    cut.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn cuts_text_at_a_character_and_flattens_it() {
        assert_eq!(one_line("a\nb\tc", 10), "a b c");
        assert_eq!(one_line("aé", 2), "a");
        assert_eq!(one_line("\u{85}", 2).len(), 1);
    }

    #[test]
    fn keeps_log_lines_up_to_the_cap() {
        let limits = Limits { log_lines: 2, log_bytes: 5, ..Limits::default() };
        let mut state = State::new(limits.budgets(), &limits.ordinary);
        for line in ["abc", "defg", "h"] {
            state.keep_log(line);
        }
        assert_eq!(state.take_log(), ["abc", "de"]);
    }

    #[test]
    fn ends_a_guest_that_uses_up_its_host_calls() {
        let limits = Limits { host_calls: 2, host_call_bytes: 10, ..Limits::default() };
        let mut state = State::new(limits.budgets(), &limits.ordinary);
        assert_eq!(state.spend_host_call(11), Err(Breach::HostCallBytes { limit_bytes: 10 }));
        assert_eq!(state.spend_host_call(5), Ok(()));
        assert_eq!(state.spend_host_call(5), Ok(()));
        assert_eq!(state.spend_host_call(0), Err(Breach::HostCalls { limit: 2 }));
    }

    #[test]
    fn caps_the_sum_of_all_memories() {
        let mut space = SpaceBudget { memory_bytes: 0, memory_limit_bytes: 100, table_elements: 0 };
        assert!(space.memory_growing(0, 60, None).is_ok());
        assert!(space.memory_growing(0, 40, None).is_ok());
        let error = space.memory_growing(40, 50, None).map_err(|error| guest_failure(&error).kind);
        assert_eq!(error.err(), Some(FailureKind::Memory));
    }

    #[tokio::test]
    async fn stops_a_guest_that_sleeps() {
        let limits = CallLimits { hard_ms: 10, wall_ms: 20, ..CallLimits::ordinary() };
        let asleep = within(&limits, std::future::pending::<()>()).await;
        assert_eq!(asleep, Err(Overrun::Wall));
    }

    #[tokio::test]
    async fn stops_a_guest_that_keeps_running_but_not_one_that_is_set_aside() {
        let limits = CallLimits { hard_ms: 3, ..CallLimits::ordinary() };
        let busy = async {
            loop {
                std::hint::black_box(
                    (0..10_000_u32).fold(0_u32, |sum, n| std::hint::black_box(sum.wrapping_add(n))),
                );
                tokio::task::yield_now().await;
            }
        };
        assert_eq!(within(&limits, busy).await, Err::<(), _>(Overrun::Running));
        let set_aside = async {
            for _ in 0..5 {
                std::thread::sleep(Duration::from_millis(2));
                tokio::task::yield_now().await;
            }
        };
        assert_eq!(within(&limits, set_aside).await, Ok(()));
    }
}
