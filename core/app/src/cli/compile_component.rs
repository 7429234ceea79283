//! `soko compile-component`: the server runs itself by this name to compile a component away from its own memory.

use std::process::ExitCode;

use clap::Args;

/// Read a component on standard input and write its native code to standard output, under limits.
#[derive(Debug, Args)]
pub struct CompileComponentArgs {}

/// The name by which the plugin host calls this command.
pub const NAME: &str = "compile-component";

/// The whole work of a compiler process.
pub fn run() -> ExitCode {
    soko_host::compiler_main()
}
