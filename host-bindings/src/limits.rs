//! Every bound that the host puts on guests, with its unit and its default.
//!
//! The operator's configuration deserialises into [`Limits`]; whatever it leaves out keeps its default, and a value
//! above the ceilings here is refused at start.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::effects::EgressPolicy;
use crate::error::HostError;

/// Milliseconds between two ticks of the epoch: how long a guest runs before it lets other tasks have the thread.
pub const EPOCH_TICK_MS: u64 = 1;
/// Bytes of one component that may be uploaded without an opt-in: 2 MiB.
pub const COMPONENT_BYTES_DEFAULT: u64 = 2 << 20;
/// Bytes of one component that the opt-in allows, for languages that bring their engine along: 20 MiB.
pub const COMPONENT_BYTES_OPT_IN: u64 = 20 << 20;
/// Bytes of an adjustment's reason.
pub const REASON_BYTES_MAX: usize = 200;
/// Bytes of a message that goes into a failure.
pub const MESSAGE_BYTES_MAX: usize = 300;
/// Elements in all tables of one guest.
pub const TABLE_ELEMENTS_MAX: usize = 65_536;
/// Core instances in one component; componentize-py links about thirty.
pub const CORE_INSTANCES_MAX: u32 = 64;
/// Linear memories in one component.
pub const MEMORIES_MAX: u32 = 4;
/// Tables in one component.
pub const TABLES_MAX: u32 = 16;
/// Bytes of stack that a guest's code may use: 1 MiB.
pub const WASM_STACK_BYTES: usize = 1 << 20;
/// Bytes of the stack that a guest and the host functions it calls run on: 2 MiB.
pub const FIBER_STACK_BYTES: usize = 2 << 20;
/// Host resources (WASI streams, pollables) that one guest may hold at once.
pub const RESOURCES_MAX: usize = 256;
/// Bytes of one answer of the seeded generator that stands in for randomness.
pub const RANDOM_BYTES_MAX: u64 = 64 << 10;

/// Highest memory cap that the operator may set: 256 MiB.
const MEMORY_BYTES_CEILING: usize = 256 << 20;
/// Highest number of calls that the operator may let run at once.
const CONCURRENT_CALLS_CEILING: u32 = 1_000;

/// What one call of a guest may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallLimits {
    /// Milliseconds after which a call is logged as slow.
    pub soft_ms: u64,
    /// Milliseconds of processor time after which a call is stopped. Waiting for a thread or a core does not count: on a
    /// busy server innocent guests must not fail.
    pub hard_ms: u64,
    /// Milliseconds after which a call is stopped even if it hardly ran: a guest that sleeps, a server that is stuck.
    pub wall_ms: u64,
    /// Fuel that every call gets; one unit is about one instruction.
    pub fuel_base: u64,
    /// Fuel added for each order line.
    pub fuel_per_line: u64,
    /// Bytes of all linear memories together.
    pub memory_bytes: usize,
}

impl CallLimits {
    /// For components compiled to plain WebAssembly: 16 MiB, 25 ms. A 10-line order gets 15 M fuel, which is 5 to 15 ms
    /// of running and hundreds of times what a sensible rule needs; so a loop ends by its fuel, at the same instruction
    /// on every machine.
    pub fn ordinary() -> Self {
        Self {
            soft_ms: 5,
            hard_ms: 25,
            wall_ms: 2_000,
            fuel_base: 10_000_000,
            fuel_per_line: 500_000,
            memory_bytes: 16 << 20,
        }
    }

    /// For components that carry a language engine: 64 MiB, and a deadline with room for starting it. JavaScript and
    /// Python need 1 to 4 ms for a call, several times that for the first one after loading.
    pub fn large() -> Self {
        Self {
            soft_ms: 25,
            hard_ms: 250,
            wall_ms: 5_000,
            fuel_base: 200_000_000,
            fuel_per_line: 5_000_000,
            memory_bytes: 64 << 20,
        }
    }

    /// [`CallLimits::hard_ms`] as a duration.
    pub fn hard(&self) -> Duration {
        Duration::from_millis(self.hard_ms)
    }

    /// [`CallLimits::wall_ms`] as a duration.
    pub fn wall(&self) -> Duration {
        Duration::from_millis(self.wall_ms)
    }

    /// Fuel for an order of so many lines.
    pub fn fuel(&self, lines: usize) -> u64 {
        self.fuel_base.saturating_add(self.fuel_per_line.saturating_mul(lines as u64))
    }

    fn check(&self, key: &'static str) -> Result<(), HostError> {
        let positive =
            self.hard_ms > 0 && self.wall_ms >= self.hard_ms && self.fuel_base > 0 && self.memory_bytes > 0;
        if !positive {
            return Err(HostError::Limit {
                key,
                reason: "every limit must be above zero, and wall_ms at least hard_ms",
            });
        }
        if self.memory_bytes > MEMORY_BYTES_CEILING {
            return Err(HostError::Limit { key, reason: "memory_bytes may be at most 268435456" });
        }
        Ok(())
    }
}

impl Default for CallLimits {
    fn default() -> Self {
        Self::ordinary()
    }
}

/// What compiling one component may use. The child process sets the last two on itself before it reads a byte of the
/// component; the parent ends it at the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompileLimits {
    /// Seconds until the compiler is stopped.
    pub wall_s: u64,
    /// Seconds of processor time, over all threads.
    pub cpu_s: u64,
    /// Bytes of memory.
    pub memory_bytes: u64,
}

impl Default for CompileLimits {
    fn default() -> Self {
        // A 12 MB JavaScript component takes 440 MiB, and 9 s on two idle cores.
        Self { wall_s: 180, cpu_s: 240, memory_bytes: 1 << 30 }
    }
}

/// What one call of a guest may hand to the host and get from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budgets {
    pub(crate) host_calls: u32,
    pub(crate) host_call_bytes: usize,
    pub(crate) log_lines: usize,
    pub(crate) log_bytes: usize,
    pub(crate) output_bytes: usize,
}

/// What one call of a plugin that talks to the world may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EffectLimits {
    /// Milliseconds until a call is stopped, whatever it waits for.
    pub wall_ms: u64,
    /// Milliseconds of processor time after which a call is stopped.
    pub hard_ms: u64,
    /// Fuel of a call.
    pub fuel: u64,
    /// Bytes of all linear memories together.
    pub memory_bytes: usize,
    /// Milliseconds that one HTTP call may take, redirects and the whole answer included.
    pub http_ms: u64,
    /// Bytes of the body of one HTTP answer.
    pub response_bytes: usize,
    /// Bytes of a guest's answer, and of any one value that it hands to the host.
    pub output_bytes: usize,
    /// Bytes of log that are kept per call; the rest is dropped.
    pub log_bytes: usize,
    /// Log lines that are kept per call; the rest is dropped.
    pub log_lines: usize,
    /// Calls of host functions in one call of a guest; one more ends it.
    pub host_calls: u32,
    /// Bytes handed to host functions and got from them in one call of a guest; one more ends it.
    pub host_call_bytes: usize,
    /// Such guests running at the same time, beside those of the pure kinds; further calls wait.
    pub concurrent_calls: u32,
    /// Such guests of one channel running at the same time; further calls of that channel wait.
    pub concurrent_calls_per_channel: u32,
}

impl Default for EffectLimits {
    fn default() -> Self {
        Self {
            wall_ms: 10_000,
            hard_ms: 1_000,
            fuel: 2_000_000_000,
            memory_bytes: 64 << 20,
            http_ms: 5_000,
            response_bytes: 1 << 20,
            output_bytes: 1 << 20,
            log_bytes: 64 << 10,
            log_lines: 256,
            host_calls: 1_000,
            host_call_bytes: 8 << 20,
            concurrent_calls: 32,
            concurrent_calls_per_channel: 8,
        }
    }
}

impl EffectLimits {
    /// As the sandbox takes them.
    pub(crate) fn call(&self) -> CallLimits {
        CallLimits {
            soft_ms: self.wall_ms,
            hard_ms: self.hard_ms,
            wall_ms: self.wall_ms,
            fuel_base: self.fuel,
            fuel_per_line: 0,
            memory_bytes: self.memory_bytes,
        }
    }

    pub(crate) fn budgets(&self) -> Budgets {
        Budgets {
            host_calls: self.host_calls,
            host_call_bytes: self.host_call_bytes,
            log_lines: self.log_lines,
            log_bytes: self.log_bytes,
            output_bytes: self.output_bytes,
        }
    }

    fn check(&self) -> Result<(), HostError> {
        self.call().check("effectful")?;
        let counts =
            [self.http_ms, self.output_bytes as u64, self.concurrent_calls_per_channel.into(), self.fuel];
        let reason = if counts.contains(&0) {
            "every limit must be above zero"
        } else if self.concurrent_calls == 0 || self.concurrent_calls > CONCURRENT_CALLS_CEILING {
            "concurrent_calls must be 1 to 1000"
        } else {
            return Ok(());
        };
        Err(HostError::Limit { key: "effectful", reason })
    }
}

/// All limits of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// For components of at most `large_component_bytes`.
    pub ordinary: CallLimits,
    /// For larger ones.
    #[serde(deserialize_with = "large_call_limits")]
    pub large: CallLimits,
    /// Bytes of a component above which it counts as large.
    pub large_component_bytes: u64,
    /// Bytes of a guest's answer, and of any one value that it hands to the host.
    pub output_bytes: usize,
    /// Adjustments in one answer.
    pub adjustments: usize,
    /// Bytes of log that are kept per call; the rest is dropped.
    pub log_bytes: usize,
    /// Log lines that are kept per call; the rest is dropped.
    pub log_lines: usize,
    /// Calls of host functions in one call of a guest; one more ends it.
    pub host_calls: u32,
    /// Bytes handed to host functions in one call of a guest; one more ends it.
    pub host_call_bytes: usize,
    /// Guests running at the same time; further calls wait.
    pub concurrent_calls: u32,
    /// Guests of one channel running at the same time; further calls of that channel wait.
    pub concurrent_calls_per_channel: u32,
    /// Bytes of native code of the components that are kept loaded; the least used are dropped.
    pub loaded_code_bytes: u64,
    /// Milliseconds that a call waits for its component to be loaded before it gives up; loading goes on.
    pub load_wait_ms: u64,
    /// Milliseconds for which a plugin that failed too often for a channel is not called there; then it is tried once.
    pub breaker_cool_down_ms: u64,
    /// What compiling may use.
    pub compile: CompileLimits,
    /// For plugins that talk to the world.
    pub effectful: EffectLimits,
    /// Whom such plugins may talk to.
    pub egress: EgressPolicy,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ordinary: CallLimits::ordinary(),
            large: CallLimits::large(),
            large_component_bytes: COMPONENT_BYTES_DEFAULT,
            output_bytes: 256 << 10,
            adjustments: 1_000,
            log_bytes: 16 << 10,
            log_lines: 64,
            host_calls: 1_000,
            host_call_bytes: 1 << 20,
            concurrent_calls: 32,
            concurrent_calls_per_channel: 4,
            loaded_code_bytes: 512 << 20,
            load_wait_ms: 5_000,
            breaker_cool_down_ms: 30_000,
            compile: CompileLimits::default(),
            effectful: EffectLimits::default(),
            egress: EgressPolicy::default(),
        }
    }
}

impl Limits {
    /// The limits of one call of a component of this size.
    pub fn for_component(&self, component_bytes: u64) -> &CallLimits {
        if component_bytes > self.large_component_bytes { &self.large } else { &self.ordinary }
    }

    pub(crate) fn budgets(&self) -> Budgets {
        Budgets {
            host_calls: self.host_calls,
            host_call_bytes: self.host_call_bytes,
            log_lines: self.log_lines,
            log_bytes: self.log_bytes,
            output_bytes: self.output_bytes,
        }
    }

    /// Refuses limits that are zero, contradictory or above what the sandbox is built for.
    ///
    /// # Errors
    /// [`HostError::Limit`] with the key at fault.
    pub fn check(&self) -> Result<(), HostError> {
        self.ordinary.check("ordinary")?;
        self.large.check("large")?;
        self.effectful.check()?;
        self.egress.check()?;
        if self.concurrent_calls == 0 || self.concurrent_calls > CONCURRENT_CALLS_CEILING {
            return Err(HostError::Limit { key: "concurrent_calls", reason: "must be 1 to 1000" });
        }
        let counts = [
            ("concurrent_calls_per_channel", u64::from(self.concurrent_calls_per_channel)),
            ("output_bytes", self.output_bytes as u64),
            ("adjustments", self.adjustments as u64),
            ("loaded_code_bytes", self.loaded_code_bytes),
            ("load_wait_ms", self.load_wait_ms),
            ("breaker_cool_down_ms", self.breaker_cool_down_ms),
            ("compile", self.compile.wall_s.min(self.compile.cpu_s).min(self.compile.memory_bytes)),
        ];
        for (key, value) in counts {
            if value == 0 {
                return Err(HostError::Limit { key, reason: "must be above zero" });
            }
        }
        Ok(())
    }
}

/// Reads `large` with its own defaults for what is left out.
fn large_call_limits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CallLimits, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Overrides {
        soft_ms: Option<u64>,
        hard_ms: Option<u64>,
        wall_ms: Option<u64>,
        fuel_base: Option<u64>,
        fuel_per_line: Option<u64>,
        memory_bytes: Option<usize>,
    }
    let overrides = Overrides::deserialize(deserializer)?;
    let default = CallLimits::large();
    Ok(CallLimits {
        soft_ms: overrides.soft_ms.unwrap_or(default.soft_ms),
        hard_ms: overrides.hard_ms.unwrap_or(default.hard_ms),
        wall_ms: overrides.wall_ms.unwrap_or(default.wall_ms),
        fuel_base: overrides.fuel_base.unwrap_or(default.fuel_base),
        fuel_per_line: overrides.fuel_per_line.unwrap_or(default.fuel_per_line),
        memory_bytes: overrides.memory_bytes.unwrap_or(default.memory_bytes),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_defaults_of_what_a_partial_configuration_leaves_out() {
        let limits: Limits = serde_json::from_str(r#"{"large": {"hard_ms": 100}, "log_lines": 3}"#).unwrap();
        assert_eq!(limits.large, CallLimits { hard_ms: 100, ..CallLimits::large() });
        assert_eq!(limits.ordinary, CallLimits::ordinary());
        assert_eq!(limits.log_lines, 3);
        limits.check().unwrap();
    }

    #[test]
    fn refuses_unknown_zero_and_excessive_limits() {
        assert!(serde_json::from_str::<Limits>(r#"{"fule": 3}"#).is_err());
        let zero =
            Limits { ordinary: CallLimits { hard_ms: 0, ..CallLimits::ordinary() }, ..Limits::default() };
        assert!(matches!(zero.check(), Err(HostError::Limit { key: "ordinary", .. })));
        let greedy = Limits {
            large: CallLimits { memory_bytes: 1 << 30, ..CallLimits::large() },
            ..Limits::default()
        };
        assert!(matches!(greedy.check(), Err(HostError::Limit { key: "large", .. })));
        let crowd = Limits { concurrent_calls: 5_000, ..Limits::default() };
        assert!(matches!(crowd.check(), Err(HostError::Limit { key: "concurrent_calls", .. })));
    }
}
