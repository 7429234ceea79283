//! The part of WASI 0.2 that language runtimes import without asking, made deterministic: clocks stand still,
//! randomness is a fixed sequence, the environment is empty, there are no files, and output goes nowhere.
//!
//! A plugin should import none of it. Sockets and HTTP are not here and so are refused at upload.

use std::sync::OnceLock;
use std::time::Duration;

use wasmtime::component::Linker;
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::{self, bindings};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{
    Deterministic, HostMonotonicClock, HostWallClock, ResourceTable, WasiCtx, WasiCtxView, WasiView,
};

use crate::limits::{RANDOM_BYTES_MAX, RESOURCES_MAX};
use crate::sandbox::State;

/// The interfaces that a guest may import, without their version.
const INTERFACES: [&str; 20] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];
/// The only WASI versions hosted: all of 0.2.
const VERSION_PREFIX: &str = "0.2.";

/// Seconds since the Unix epoch that the frozen wall clock shows: none. A rule's time is its argument.
const WALL_CLOCK: Duration = Duration::ZERO;
/// Bytes after which the fixed sequence that stands in for randomness repeats.
const SEQUENCE_BYTES: usize = 4096;
/// Where that sequence starts; changing it would change what receipts replay to.
const SEED: u64 = 0x50_4F_4B_4F_53_45_45_44;

/// Whether a guest may import this interface, named with its version: `wasi:io/poll@0.2.3`.
pub(crate) fn is_allowed(import: &str) -> bool {
    import.split_once('@').is_some_and(|(interface, version)| {
        version.starts_with(VERSION_PREFIX) && INTERFACES.contains(&interface)
    })
}

/// Links the interfaces above and no others.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    // Covers wasi:io, both clocks, random, and the three standard streams.
    p2::add_to_linker_proxy_interfaces_async(linker)?;
    bindings::random::insecure::add_to_linker::<State, WasiRandom>(linker, |state| state.ctx().ctx.random())?;
    bindings::random::insecure_seed::add_to_linker::<State, WasiRandom>(linker, |state| {
        state.ctx().ctx.random()
    })?;
    bindings::cli::environment::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    bindings::cli::exit::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    bindings::cli::terminal_input::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    bindings::cli::terminal_output::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    bindings::cli::terminal_stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    bindings::cli::terminal_stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    bindings::cli::terminal_stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    bindings::filesystem::preopens::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;
    bindings::filesystem::types::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)
}

/// A guest's WASI context and the host resources that it holds.
pub(crate) struct FrozenWasi {
    context: WasiCtx,
    table: ResourceTable,
}

impl FrozenWasi {
    fn new() -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        let context = WasiCtx::builder()
            .wall_clock(Frozen)
            .monotonic_clock(Frozen)
            .secure_random(Deterministic::new(sequence().to_vec()))
            .insecure_random(Deterministic::new(sequence().to_vec()))
            .insecure_random_seed(u128::from(SEED))
            .max_random_size(RANDOM_BYTES_MAX)
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        Self { context, table }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi.get_or_insert_with(|| Box::new(FrozenWasi::new()));
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

struct Frozen;

impl HostWallClock for Frozen {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        WALL_CLOCK
    }
}

impl HostMonotonicClock for Frozen {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

/// The bytes that stand in for randomness: splitmix64 (Steele, Lea and Flood, 2014) from [`SEED`].
fn sequence() -> &'static [u8; SEQUENCE_BYTES] {
    static SEQUENCE: OnceLock<[u8; SEQUENCE_BYTES]> = OnceLock::new();
    SEQUENCE.get_or_init(|| {
        let mut bytes = [0; SEQUENCE_BYTES];
        let mut state = SEED;
        for chunk in bytes.chunks_exact_mut(8) {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut word = state;
            word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(word ^ (word >> 31)).to_le_bytes());
        }
        bytes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_the_listed_interfaces_of_wasi_0_2_only() {
        assert!(is_allowed("wasi:io/poll@0.2.0"));
        assert!(is_allowed("wasi:cli/exit@0.2.6"));
        assert!(!is_allowed("wasi:io/poll"));
        assert!(!is_allowed("wasi:io/poll@0.3.0"));
        assert!(!is_allowed("wasi:sockets/tcp@0.2.0"));
        assert!(!is_allowed("wasi:http/outgoing-handler@0.2.0"));
    }

    #[test]
    fn repeats_the_same_sequence() {
        assert_eq!(sequence()[..4], sequence()[..4]);
        assert_ne!(sequence()[..8], sequence()[8..16]);
    }
}
