//! `cargo xtask`: the repository's own commands, so that nobody has to know which tools they drive.
//!
//! One file per command under `commands`; a new one is a file there, a variant of `Command` and an arm in `main`.
//! What several of them need stands beside this file: where things are (`workspace`), telling whether inputs changed
//! (`fingerprint`), a compiler for the guests (`toolchain`); and in `soko-tools` what the tests need too: running programs
//! (`process`) and a database server (`postgres`).

mod commands;
mod fingerprint;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use clap::Parser;
use soko_tools::{postgres, process};

use commands::{bench, demo, guests, soak, test};
use workspace::Workspace;

/// The commands of Soko's repository.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", version, about)]
enum Command {
    Guests(guests::Args),
    Demo(demo::Args),
    Test(test::Args),
    Soak(soak::Args),
    Bench(bench::Args),
}

fn main() -> ExitCode {
    match run(Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let workspace = Workspace::locate()?;
    match command {
        Command::Guests(args) => guests::run(&workspace, &args),
        Command::Demo(args) => demo::run(&workspace, &args),
        Command::Test(args) => test::run(&workspace, &args),
        Command::Soak(args) => soak::run(&workspace, &args),
        Command::Bench(args) => bench::run(&workspace, &args),
    }
}
