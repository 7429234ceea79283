//! A file system of a few MiB that only programs which are started in it can see: what is full for them is full for
//! nobody else.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail, ensure};

use crate::process::Owner;

/// Mounts the file system in name spaces of its own and keeps them until its standard input ends.
const HOLD: &str = "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && echo mounted && exec cat >/dev/null";
/// The file that takes up what is free.
const BALLAST: &str = "ballast";
/// Bytes of the ballast's pieces, down to a page: files end anywhere.
const PIECES: [usize; 3] = [1 << 20, 1 << 16, 1 << 12];

/// A small file system, in memory. It ends with this, and with this program.
#[derive(Debug)]
pub struct SmallDisk {
    directory: tempfile::TempDir,
    owner: Option<Owner>,
    as_root: bool,
    holder: Child,
}

impl SmallDisk {
    /// An empty one of so many MiB, which belongs to `owner` or else to who runs this. Root mounts it in a mount name
    /// space; others do in a user name space.
    ///
    /// # Errors
    /// Where the system permits neither.
    pub fn create(size_mib: u32, owner: Option<Owner>) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("soko-disk").tempdir()?;
        let as_root = Owner::is_root()?;
        let mut options = format!("size={size_mib}m,mode=700");
        if let Some(Owner { user, group }) = owner {
            options.push_str(&format!(",uid={user},gid={group}"));
        }
        let mut holder = Command::new("unshare");
        holder.arg("--mount");
        if !as_root {
            holder.args(["--user", "--map-current-user", "--keep-caps"]);
        }
        holder.args(["sh", "-c", HOLD, "sh", &options]).arg(directory.path());
        let mut holder = holder
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("`unshare`, of util-linux, mounts small disks for the tests")?;
        let mut said = String::new();
        let stdout = holder.stdout.take().context("its output")?;
        BufReader::new(stdout).read_line(&mut said)?;
        let disk = Self { directory, owner, as_root, holder };
        ensure!(
            said.trim() == "mounted",
            "no small file system can be mounted: it takes root, or a system that lets its users make name spaces \
             (on Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0)"
        );
        Ok(disk)
    }

    /// Where the programs that are started in it see it.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where this program sees it. No path for a store: SQLite follows the links in it.
    pub fn seen(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.path().strip_prefix("/").unwrap_or(self.path()))
    }

    /// A program that sees it, run by its owner.
    pub fn enter(&self, program: &Path) -> Command {
        let spaces = format!("/proc/{}/ns", self.holder.id());
        let mut command = Command::new("nsenter");
        command.arg(format!("--mount={spaces}/mnt"));
        if !self.as_root {
            command.arg(format!("--user={spaces}/user")).arg("--preserve-credentials");
        }
        if let Some(Owner { user, group }) = self.owner {
            let (user, group) = (format!("--reuid={user}"), format!("--regid={group}"));
            command.args(["setpriv", &user, &group, "--clear-groups"]);
        }
        command.arg(program);
        command
    }

    /// A new folder in it, for its owner.
    ///
    /// # Errors
    /// A full disk.
    pub fn make_folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        std::fs::DirBuilder::new().mode(0o700).create(self.seen().join(name))?;
        Ok(self.path().join(name))
    }

    /// Leaves no room.
    ///
    /// # Errors
    /// A file that cannot be written for another reason.
    pub fn fill(&self) -> anyhow::Result<()> {
        let mut ballast = OpenOptions::new().create(true).append(true).open(self.seen().join(BALLAST))?;
        PIECES.into_iter().try_for_each(|bytes| fill_with(&mut ballast, &vec![0; bytes]))
    }

    /// Gives back what [`Self::fill`] took.
    ///
    /// # Errors
    /// When it was not filled.
    pub fn free(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.seen().join(BALLAST))?)
    }
}

fn fill_with(ballast: &mut File, piece: &[u8]) -> anyhow::Result<()> {
    loop {
        match ballast.write(piece) {
            Ok(written) if written == piece.len() => {}
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
            Err(error) => bail!("the small disk cannot be filled: {error}"),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // It has ended already where it could not mount.
        let _ended = self.holder.kill();
        let _ended = self.holder.wait();
    }
}
