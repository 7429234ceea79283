//! The program `soko` itself, for tests of the command line and of what survives its end.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::home::database_url;

/// Where `cargo build -p soko` has put the program: beside the folder of this test's own binary.
///
/// # Panics
/// When it is not there.
pub fn built_program() -> PathBuf {
    let own = std::env::current_exe().expect("the test's own path");
    let profile = own.parent().and_then(|deps| deps.parent()).expect("a target directory");
    let program = profile.join("soko").with_extension(std::env::consts::EXE_EXTENSION);
    assert!(program.exists(), "{} is missing: `cargo build -p soko` builds it", program.display());
    program
}

/// The program with these arguments. Where one of them names a data directory, it uses the database that belongs to it.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(built_program());
    command.args(arguments);
    let data = arguments.iter().position(|argument| *argument == "--data");
    let data = data.and_then(|place| arguments.get(place + 1));
    if let Some(url) = data.and_then(|data| database_url(Path::new(data))) {
        command.env("SOKO_DATABASE_URL", url);
    }
    command
}
