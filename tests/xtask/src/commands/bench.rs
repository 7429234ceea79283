//! `cargo xtask bench`: the numbers that a change must not make worse.

use super::guests;
use crate::process::{announce, cargo, run as run_process, run_in_front};
use crate::workspace::Workspace;

/// Build the plugins and the release server, and run the benchmarks.
///
/// The benchmarks are criterion's, in tests/bench; everything after `--` goes to them, for example
/// `cargo xtask bench -- pricing --save-baseline before`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Options for the benchmarks.
    #[arg(last = true, value_name = "ARGS")]
    bench_args: Vec<String>,
}

/// Builds and measures.
///
/// # Errors
/// When a build or a benchmark fails.
pub fn run(workspace: &Workspace, args: &Args) -> anyhow::Result<()> {
    guests::run(workspace, &guests::Args::default())?;
    announce("cargo build --release -p soko");
    run_process(
        cargo().args(["build", "--release", "--package", "soko", "--locked"]).current_dir(workspace.root()),
    )?;
    announce("benchmarks");
    let mut command = cargo();
    // Named by a pattern: otherwise cargo also starts the tests, which do not know criterion's options.
    command
        .args(["bench", "--locked", "--package", "soko-tests", "--bench", "*", "--"])
        .args(&args.bench_args);
    run_in_front(command.current_dir(workspace.root()))
}
