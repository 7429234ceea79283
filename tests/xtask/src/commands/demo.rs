//! `cargo xtask demo`: from a clone to a running shop.

use std::process::Command;

use anyhow::Context as _;

use super::guests;
use crate::process::{announce, cargo, run as run_process, show};
use crate::workspace::Workspace;

/// Build the plugins and the server, and serve the demo: two shops with their own pricing plugins.
///
/// Everything after `--` goes to `soko demo`, for example `cargo xtask demo -- --listen 127.0.0.1:4000`. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Options for `soko demo`.
    #[arg(last = true, value_name = "ARGS")]
    demo_args: Vec<String>,
}

/// Builds, then becomes the server.
///
/// # Errors
/// When a build fails or the server cannot start.
pub fn run(workspace: &Workspace, args: &Args) -> anyhow::Result<()> {
    guests::run(workspace, &guests::Args::default())?;
    announce(
        "cargo build --release -p soko (the first time takes a quarter of an hour or more on two cores)",
    );
    run_process(cargo().args(["build", "--release", "--package", "soko"]).current_dir(workspace.root()))?;
    let server = workspace.target().join("release").join(format!("soko{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(server);
    command.arg("demo").arg("--plugins").arg(workspace.components()).args(&args.demo_args);
    announce(&show(&command));
    become_process(&mut command)
}

/// The server takes this process's place, so that signals and the exit status are its own.
#[cfg(unix)]
fn become_process(command: &mut Command) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start {}", show(command)))
}

#[cfg(not(unix))]
fn become_process(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", show(command)))?;
    std::process::exit(status.code().unwrap_or(1));
}
