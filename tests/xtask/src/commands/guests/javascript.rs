//! The JavaScript plugins: the folders of `guest-plugins/javascript` with a `package.json`, each built by its own
//! `npm run build -- OUTPUT`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::{CONTRACTS, component_path, place_component};
use crate::fingerprint::{Fingerprint, Stamp};
use crate::process::{announce, read, run};
use crate::workspace::Workspace;

const FOLDER: &str = "guest-plugins/javascript";

/// Beside the installed packages: the fingerprint of the lock file that they came from.
const INSTALLED_MARK: &str = "node_modules/.soko-installed";

/// Builds what changed and returns the components, in the order of their names.
///
/// # Errors
/// When Node.js or npm is missing, or a build fails.
pub fn build(workspace: &Workspace, force: bool) -> anyhow::Result<Vec<PathBuf>> {
    let node = read(Command::new("node").arg("--version"))
        .context("the JavaScript plugins need Node.js 20 or later; --skip-javascript leaves them out")?;
    let mut components = Vec::new();
    for project in list_projects(workspace)? {
        components.push(build_project(workspace, &project, &node, force)?);
    }
    Ok(components)
}

/// The folders of the JavaScript plugins, in the order of their names.
///
/// # Errors
/// When the folder cannot be listed or holds no plugin.
pub fn list_projects(workspace: &Workspace) -> anyhow::Result<Vec<PathBuf>> {
    let folder = workspace.path(FOLDER);
    let entries = folder.read_dir().with_context(|| format!("cannot list {}", folder.display()))?;
    let mut projects = Vec::new();
    for entry in entries {
        let project = entry?.path();
        if project.join("package.json").is_file() {
            projects.push(project);
        }
    }
    ensure!(!projects.is_empty(), "no package.json in a folder of {}", folder.display());
    projects.sort();
    Ok(projects)
}

/// Installs a plugin's packages as its lock file says, unless they are there already.
///
/// # Errors
/// When npm is missing or fails.
pub fn install_packages(project: &Path) -> anyhow::Result<()> {
    let mut lock = Fingerprint::default();
    lock.add_path(&project.join("package-lock.json"))?;
    let lock = lock.finish();
    let mark = project.join(INSTALLED_MARK);
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    announce(&format!("npm ci in {}", project.display()));
    run(Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(project))?;
    fs::write(&mark, lock).with_context(|| format!("cannot write {}", mark.display()))
}

fn build_project(workspace: &Workspace, project: &Path, node: &str, force: bool) -> anyhow::Result<PathBuf> {
    let name = project.file_name().context("a plugin's folder has no name")?.to_string_lossy().into_owned();
    let component = component_path(workspace, &name);
    let mut inputs = Fingerprint::default();
    inputs.add_text(node);
    inputs.add_path(project)?;
    inputs.add_path(&workspace.path(CONTRACTS))?;
    let inputs = inputs.finish();
    let stamp = Stamp::new(&workspace.stamps(), &name);
    let outputs = [component.clone()];
    if !force && stamp.holds(&inputs, &outputs)? {
        announce(&format!("JavaScript plugin {name}: up to date"));
        return Ok(component);
    }
    install_packages(project)?;
    announce(&format!("JavaScript plugin: {name}"));
    let folder = workspace.guest_target("javascript");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let built = folder.join(format!("{name}.wasm"));
    run(Command::new("npm").args(["run", "--silent", "build", "--"]).arg(&built).current_dir(project))?;
    place_component(&built, &component)?;
    stamp.write(&inputs, &outputs)?;
    Ok(component)
}
