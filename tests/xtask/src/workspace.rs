//! Where things are in the repository and what the build leaves where.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The repository and its build folders.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The workspace that this program was built in, with cargo's target folder as `CARGO_TARGET_DIR` sets it.
    ///
    /// # Errors
    /// When the sources are no longer where they were at build time.
    pub fn locate() -> anyhow::Result<Self> {
        let manifest_dir =
            env::var_os("CARGO_MANIFEST_DIR").map_or(env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = manifest_dir
            .join("../..")
            .canonicalize()
            .with_context(|| format!("no workspace around {}", manifest_dir.display()))?;
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(target) => env::current_dir().context("no working directory")?.join(target),
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// The repository's top folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path under the top folder.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Where cargo puts what it builds of the main workspace.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Where the guests' compilers work: apart from the main workspace, one folder per compiler.
    pub fn guest_target(&self, compiler: &str) -> PathBuf {
        self.target.join("guests").join(compiler)
    }

    /// Where the finished components are, as `NAME.wasm`. Always in the repository, whatever `CARGO_TARGET_DIR`
    /// says, so that tests and people find them.
    pub fn components(&self) -> PathBuf {
        self.path("target/guests/components")
    }

    /// Where fingerprints of the finished components are kept.
    pub fn stamps(&self) -> PathBuf {
        self.path("target/guests/stamps")
    }
}
