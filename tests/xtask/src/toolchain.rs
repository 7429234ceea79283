//! A compiler that can build the guests: one with the standard library for `wasm32-unknown-unknown`.

#[cfg(unix)]
mod debian;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::process::{announce, cargo, read, run, succeeds};

/// The guests' target: no operating system, and so nothing to import from one.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Says where a missing standard library comes from; unset means rustup.
const SOURCE_VARIABLE: &str = "SOKO_WASM_STD";

/// A compiler for the guests.
#[derive(Debug)]
pub struct GuestCompiler {
    /// `None` for the compiler that cargo finds by itself.
    rustc: Option<PathBuf>,
    /// A short name, for a target folder of its own.
    name: &'static str,
    version: String,
}

impl GuestCompiler {
    /// Makes sure that there is one: the active compiler if it has the target; else the target is added by rustup, or
    /// with `SOKO_WASM_STD=debian` built from Debian's packages.
    ///
    /// # Errors
    /// When the variable has another value, or neither way works; the message says what to do.
    pub fn prepare() -> anyhow::Result<Self> {
        let source = env::var(SOURCE_VARIABLE).unwrap_or_default();
        if !matches!(source.as_str(), "" | "rustup" | "debian") {
            bail!("{SOURCE_VARIABLE}={source}: expected `rustup` or `debian`");
        }
        if !active_compiler_has_target() {
            if source == "debian" {
                let rustc = debian::prepare()?;
                return Self::new("debian", Some(rustc));
            }
            add_target_by_rustup()?;
        }
        Self::new("active", None)
    }

    fn new(name: &'static str, rustc: Option<PathBuf>) -> anyhow::Result<Self> {
        let version = match &rustc {
            Some(rustc) => read(Command::new(rustc).arg("-vV"))?,
            None => read(active_rustc().arg("-vV"))?,
        };
        Ok(Self { rustc, name, version })
    }

    /// A short name, for a target folder of its own.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What `rustc -vV` says.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Cargo with this compiler.
    pub fn cargo(&self) -> Command {
        let mut command = cargo();
        if let Some(rustc) = &self.rustc {
            command.env("RUSTC", rustc);
        }
        command
    }
}

/// The compiler that cargo finds by itself.
fn active_rustc() -> Command {
    Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

fn active_compiler_has_target() -> bool {
    let Ok(folder) = read(active_rustc().args(["--print", "target-libdir", "--target", TARGET])) else {
        return false;
    };
    let Ok(mut entries) = Path::new(&folder).read_dir() else { return false };
    entries.any(|entry| {
        entry.is_ok_and(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libstd-") && name.ends_with(".rlib")
        })
    })
}

fn add_target_by_rustup() -> anyhow::Result<()> {
    let advice = format!(
        "the guests need the standard library for {TARGET}: install it with rustup, or on Debian set \
         {SOURCE_VARIABLE}=debian to build it from Debian's packages"
    );
    if !succeeds(Command::new("rustup").arg("--version")) {
        bail!("there is no rustup here, and {advice}");
    }
    announce(&format!("rustup target add {TARGET}"));
    run(Command::new("rustup").args(["target", "add", TARGET])).context(advice)
}
