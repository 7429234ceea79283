//! The compile step as a program by itself, for hosts that have no subcommand for it.

use std::process::ExitCode;

fn main() -> ExitCode {
    soko_host::compiler_main()
}
