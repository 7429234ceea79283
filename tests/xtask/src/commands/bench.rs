//! `cargo xtask bench`: the numbers that a change must not make worse.

use super::guests;
use crate::process::{announce, cargo, run as run_process, run_in_front};
use crate::workspace::Workspace;

/// Build the plugins and the release server, and run the benchmarks.
///
/// They are in tests/bench. Without a name all of them run; `cargo xtask bench pricing commits` runs two. `nodes` starts a
/// PostgreSQL server of its own, and compares with pgbench on it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Parts to run: pricing, cart, commits, ledger, events, server, nodes.
    #[arg(value_name = "PART")]
    parts: Vec<String>,
    /// How long each load of `commits`, `ledger`, `events`, `server` and `nodes` lasts.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
}

/// Builds and measures.
///
/// # Errors
/// When a build or a benchmark fails.
pub fn run(workspace: &Workspace, args: &Args) -> anyhow::Result<()> {
    guests::run(workspace, &guests::Args::default())?;
    announce("cargo build --release -p soko -p soko-tests");
    // In one build, so that both share what they depend on.
    let packages = ["--package", "soko", "--package", "soko-tests", "--bin", "soko", "--bench", "soko"];
    run_process(
        cargo().args(["build", "--release", "--locked"]).args(packages).current_dir(workspace.root()),
    )?;
    announce("benchmarks");
    let mut command = cargo();
    command.args(["bench", "--locked", "--package", "soko-tests", "--bench", "soko", "--"]).args(&args.parts);
    command.args(args.seconds.map(|seconds| format!("--seconds={seconds}")));
    run_in_front(command.current_dir(workspace.root()))
}
