//! The program `soko` itself, for tests of the command line and of what survives its end.

use std::path::PathBuf;

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
