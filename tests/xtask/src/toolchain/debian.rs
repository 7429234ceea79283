//! The way for machines whose rustup does not offer the target: Debian's `rustc-web` and its sources are unpacked,
//! not installed, and the standard library is built from those sources with that compiler.
//!
//! Compiler and sources must be of one version, which is why the active compiler cannot take foreign sources. The
//! active toolchain lends cargo, `rust-lld` and `wasm-component-ld`. The result is kept in `~/.cache/soko`, about
//! 1.2 GB, and is complete or absent: it is built beside its place and renamed into it.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::{TARGET, active_rustc};
use crate::fingerprint::Fingerprint;
use crate::process::{announce, cargo, read, run};

/// The packages to unpack; apt reads the last one as a regular expression, since its name holds the version. What
/// they depend on and the machine lacks (LLVM) comes with them.
const PACKAGES: [&str; 4] = ["rustc-web", "rust-web-src", "libstd-rust-web-dev", "^libstd-rust-web-[0-9.]+$"];

/// Where apt keeps the lists of packages; empty on a fresh image.
const APT_LISTS: &str = "/var/lib/apt/lists";

/// Makes sure that the compiler is in the cache.
///
/// # Errors
/// When apt offers no such compiler, a download or the build fails, or the home folder is unknown.
pub fn prepare() -> anyhow::Result<PathBuf> {
    let host = Host::ask()?;
    update_lists_when_absent()?;
    let version = find_version()?;
    let cache = cache_folder()?.join(host.cache_key(&version));
    let rustc = cache.join("bin/rustc");
    if rustc.is_file() {
        return Ok(rustc);
    }
    announce(&format!(
        "preparing Debian's rustc {version} with a standard library for {TARGET} (once, a minute or two)"
    ));
    let draft = cache.with_extension(format!("draft-{}", std::process::id()));
    let built = build(&draft, &host).and_then(|()| place(&draft, &cache));
    if built.is_err() && draft.exists() {
        fs::remove_dir_all(&draft).with_context(|| format!("cannot remove {}", draft.display()))?;
    }
    built?;
    Ok(rustc)
}

/// The active toolchain.
struct Host {
    triple: String,
    sysroot: PathBuf,
    version: String,
}

impl Host {
    fn ask() -> anyhow::Result<Self> {
        let version = read(active_rustc().arg("-vV"))?;
        let triple = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .context("rustc -vV names no host")?;
        let sysroot = read(active_rustc().args(["--print", "sysroot"]))?;
        Ok(Self { triple: triple.to_owned(), sysroot: sysroot.into(), version })
    }

    /// A folder name that changes with either toolchain.
    fn cache_key(&self, debian_version: &str) -> String {
        let mut fingerprint = Fingerprint::default();
        fingerprint.add_text(debian_version);
        fingerprint.add_text(&self.version);
        let digest = fingerprint.finish();
        format!("rustc-web-{}", digest.get(..16).unwrap_or(&digest))
    }

    /// The host's triple as Debian writes it in library folders: `x86_64-linux-gnu`.
    fn multiarch(&self) -> String {
        self.triple.replace("-unknown-", "-")
    }

    fn tools(&self, sysroot: &Path) -> PathBuf {
        sysroot.join("lib/rustlib").join(&self.triple).join("bin")
    }
}

fn cache_folder() -> anyhow::Result<PathBuf> {
    let home = env::var_os("HOME").filter(|home| !home.is_empty()).context("HOME is not set")?;
    Ok(PathBuf::from(home).join(".cache/soko/wasm-std"))
}

fn update_lists_when_absent() -> anyhow::Result<()> {
    let listed = fs::read_dir(APT_LISTS)
        .with_context(|| format!("cannot list {APT_LISTS}: SOKO_WASM_STD=debian needs Debian's apt"))?
        .filter_map(Result::ok)
        .any(|entry| entry.file_name().to_string_lossy().contains("_Packages"));
    if !listed {
        announce("apt-get update");
        run(Command::new("apt-get").args(["--quiet", "update"]))?;
    }
    Ok(())
}

/// The version of `rustc-web` that apt would install.
fn find_version() -> anyhow::Result<String> {
    let policy = read(Command::new("apt-cache").args(["policy", "rustc-web"]).env("LC_ALL", "C"))?;
    let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
    match candidate {
        Some(version) if version != "(none)" => Ok(version.to_owned()),
        _ => bail!("apt offers no rustc-web here: run `apt-get update`, or install {TARGET} with rustup"),
    }
}

/// Fills a folder with the compiler, its library for the guests, and a `bin/rustc` to call.
fn build(folder: &Path, host: &Host) -> anyhow::Result<()> {
    let root = folder.join("root");
    unpack(&folder.join("packages"), &root)?;
    lend_tools(host, &root)?;
    let rustc = write_launcher(folder, host)?;
    build_std(&folder.join("seed"), &rustc, &root)
}

fn unpack(packages: &Path, root: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(packages.join("partial"))
        .with_context(|| format!("cannot create {}", packages.display()))?;
    let mut download = Command::new("apt-get");
    download.args(["--quiet", "--yes", "--download-only", "--reinstall", "--no-install-recommends"]);
    download.args(["-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User=root"]);
    download.arg("-o").arg(format!("Dir::Cache::archives={}", packages.display()));
    run(download.arg("install").args(PACKAGES))?;
    fs::create_dir_all(root).with_context(|| format!("cannot create {}", root.display()))?;
    for entry in packages.read_dir().with_context(|| format!("cannot list {}", packages.display()))? {
        let package = entry?.path();
        if package.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(root))?;
        }
    }
    fs::remove_dir_all(packages).with_context(|| format!("cannot remove {}", packages.display()))
}

/// Copies the linkers, which Debian's compiler does not have, into its sysroot.
fn lend_tools(host: &Host, root: &Path) -> anyhow::Result<()> {
    let from = host.tools(&host.sysroot);
    if !from.join("wasm-component-ld").is_file() {
        bail!(
            "the active toolchain has no wasm-component-ld in {}: install Rust with rustup",
            from.display()
        );
    }
    let to = host.tools(&root.join("usr"));
    fs::create_dir_all(&to).with_context(|| format!("cannot create {}", to.display()))?;
    run(Command::new("cp").args(["--recursive", "--dereference"]).arg(from.join(".")).arg(&to))
}

/// A `rustc` that finds its shared libraries where they were unpacked, wherever the folder is by then.
fn write_launcher(folder: &Path, host: &Host) -> anyhow::Result<PathBuf> {
    let launcher = folder.join("bin/rustc");
    fs::create_dir_all(folder.join("bin"))?;
    let script = format!(
        "#!/bin/sh\nroot=$(dirname \"$(dirname \"$(readlink -f \"$0\")\")\")/root\n\
         LD_LIBRARY_PATH=\"$root/usr/lib/{}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\" exec \"$root/usr/bin/rustc\" \"$@\"\n",
        host.multiarch()
    );
    fs::write(&launcher, script).with_context(|| format!("cannot write {}", launcher.display()))?;
    fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755))?;
    Ok(launcher)
}

/// Builds the standard library as a dependency of an empty crate and puts it into the compiler's sysroot.
fn build_std(seed: &Path, rustc: &Path, root: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(seed.join("src"))?;
    fs::write(seed.join("src/lib.rs"), "")?;
    fs::write(
        seed.join("Cargo.toml"),
        "[package]\nname = \"seed\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[profile.release]\nopt-level = \"s\"\n[workspace]\n",
    )?;
    let target = seed.join("target");
    let mut build = cargo();
    build.args(["build", "--release", "--target", TARGET, "-Zbuild-std=std,panic_abort"]).current_dir(seed);
    build.env("RUSTC", rustc).env("CARGO_TARGET_DIR", &target).env_remove("RUSTC_WRAPPER");
    // Unstable options on a stable compiler, and bitcode so that guests can be optimised across crates.
    build.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Cembed-bitcode=yes");
    run(&mut build)?;
    let library = root.join("usr/lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&library)?;
    let libraries = target.join(TARGET).join("release/deps");
    for entry in libraries.read_dir().with_context(|| format!("cannot list {}", libraries.display()))? {
        let file = entry?.path();
        let Some(name) = file.file_name() else { continue };
        let is_library = file.extension().is_some_and(|extension| extension == "rlib");
        if is_library && !name.to_string_lossy().starts_with("libseed") {
            fs::copy(&file, library.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
        }
    }
    fs::remove_dir_all(seed).with_context(|| format!("cannot remove {}", seed.display()))
}

/// Moves the finished folder to its place; one that another run put there meanwhile is as good.
fn place(draft: &Path, cache: &Path) -> anyhow::Result<()> {
    match fs::rename(draft, cache) {
        Err(_) if cache.join("bin/rustc").is_file() => {
            fs::remove_dir_all(draft).with_context(|| format!("cannot remove {}", draft.display()))
        }
        renamed => renamed.with_context(|| format!("cannot move {} into place", draft.display())),
    }
}
