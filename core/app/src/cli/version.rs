//! `soko version`.

use clap::Args;

/// Print the versions of soko and of what it is built on.
#[derive(Debug, Args)]
pub struct VersionArgs {}

/// Prints the versions.
pub fn run() {
    println!("soko {}", env!("CARGO_PKG_VERSION"));
    println!("{}", soko_host::ENGINE_VERSION);
    println!("SQLite {}", soko_infra::db::sqlite_version());
}
