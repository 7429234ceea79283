//! The Rust plugins: the crates of `guest-plugins/rust` whose library is a cdylib.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::{CONTRACTS, component_path, place_component};
use crate::fingerprint::{Fingerprint, Stamp};
use crate::process::{announce, cargo, read, run};
use crate::toolchain::{GuestCompiler, TARGET};
use crate::workspace::Workspace;

/// The workspace of the Rust plugins.
pub const FOLDER: &str = "guest-plugins/rust";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

/// Builds what changed and returns the components, in the order of their names.
///
/// # Errors
/// When there is no compiler for the target or the build fails.
pub fn build(workspace: &Workspace, force: bool) -> anyhow::Result<Vec<PathBuf>> {
    let folder = workspace.path(FOLDER);
    let plugins = list_plugins(&folder)?;
    let components: Vec<PathBuf> = plugins.iter().map(|plugin| component_path(workspace, plugin)).collect();
    let compiler = GuestCompiler::prepare()?;
    let mut inputs = Fingerprint::default();
    inputs.add_text(compiler.version());
    inputs.add_path(&folder)?;
    inputs.add_path(&workspace.path(CONTRACTS))?;
    let inputs = inputs.finish();
    let stamp = Stamp::new(&workspace.stamps(), "rust");
    if !force && stamp.holds(&inputs, &components)? {
        announce("Rust plugins: up to date");
        return Ok(components);
    }
    announce(&format!("Rust plugins: {}", plugins.join(", ")));
    let target = workspace.guest_target(compiler.name());
    let mut command = compiler.cargo();
    command.args(["build", "--release", "--locked", "--target", TARGET]).current_dir(&folder);
    command.env("CARGO_TARGET_DIR", &target);
    for plugin in &plugins {
        command.args(["--package", plugin]);
    }
    run(&mut command)?;
    for (plugin, component) in plugins.iter().zip(&components) {
        let built = target.join(TARGET).join("release").join(format!("{}.wasm", plugin.replace('-', "_")));
        place_component(&built, component)?;
    }
    stamp.write(&inputs, &components)?;
    Ok(components)
}

fn list_plugins(folder: &Path) -> anyhow::Result<Vec<String>> {
    let metadata =
        read(cargo().args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(folder))?;
    let metadata: Metadata =
        serde_json::from_str(&metadata).context("cargo metadata wrote something unknown")?;
    let is_plugin = |package: &Package| {
        package.targets.iter().any(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))
    };
    let mut plugins: Vec<String> =
        metadata.packages.into_iter().filter(is_plugin).map(|package| package.name).collect();
    ensure!(!plugins.is_empty(), "no cdylib crate in {}", folder.display());
    plugins.sort();
    Ok(plugins)
}
