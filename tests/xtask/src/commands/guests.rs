//! `cargo xtask guests`: every plugin under `guest-plugins` as a component.

mod javascript;
mod rust;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::process::announce;
use crate::workspace::Workspace;

pub use javascript::{install_packages, list_projects as list_javascript_projects};
pub use rust::FOLDER as RUST_FOLDER;

/// The contracts that the guests are built against.
const CONTRACTS: &str = "wit";

/// Build the example plugins into target/guests/components.
///
/// Prepares what is missing: the wasm target with rustup (or with `SOKO_WASM_STD=debian` a standard library built from
/// Debian's packages, where rustup does not offer it), and the packages of the JavaScript plugins with npm. Does
/// nothing when neither sources nor components changed since the last time.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// Build even when nothing changed.
    #[arg(long)]
    pub force: bool,
    /// Leave the JavaScript plugins out, for machines without Node.js. Rust plugins are built as always.
    #[arg(long)]
    pub skip_javascript: bool,
}

/// Builds the guests and lists the components with their sizes.
///
/// # Errors
/// When a tool is missing or a build fails.
pub fn run(workspace: &Workspace, args: &Args) -> anyhow::Result<()> {
    fs::create_dir_all(workspace.components())
        .with_context(|| format!("cannot create {}", workspace.components().display()))?;
    let mut components = rust::build(workspace, args.force)?;
    if args.skip_javascript {
        announce("leaving the JavaScript plugins out, as asked");
    } else {
        components.extend(javascript::build(workspace, args.force)?);
    }
    for component in components {
        let bytes = fs::metadata(&component).with_context(|| format!("no {}", component.display()))?.len();
        eprintln!("    {:>8} KiB  {}", bytes.div_ceil(1024), component.display());
    }
    Ok(())
}

/// Where the component of a plugin goes.
fn component_path(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.components().join(format!("{name}.wasm"))
}

/// Copies a finished component to its place, so that readers see the old or the new one whole.
fn place_component(built: &Path, component: &Path) -> anyhow::Result<()> {
    let draft = component.with_extension(format!("draft-{}", std::process::id()));
    fs::copy(built, &draft).with_context(|| format!("cannot copy {}", built.display()))?;
    fs::rename(&draft, component).with_context(|| format!("cannot write {}", component.display()))
}
