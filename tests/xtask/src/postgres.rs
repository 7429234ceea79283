//! A PostgreSQL server of the tests' own, from installed programs, on a temporary directory and a socket in it.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::process::{announce, read, run, succeeds};

/// Where Debian's packages put the server programs, a folder for each version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
/// Whom the server runs as when this program runs as root, which PostgreSQL refuses for itself.
const SERVER_USER: &str = "postgres";
/// Longest that the server may take to start.
const START_MAX: Duration = Duration::from_mins(1);
/// What the tests need, and what they need not: nothing has to survive the machine.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "max_locks_per_transaction=256",
];

/// A running server. It ends with this.
pub struct TestServer {
    programs: PathBuf,
    directory: tempfile::TempDir,
    owner: Option<Owner>,
    server: Child,
}

/// A user to run as.
#[derive(Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

impl TestServer {
    /// Starts one, and installs Debian's package first where there are no programs and root may.
    ///
    /// # Errors
    /// When there are none, or the server does not start.
    pub fn start() -> anyhow::Result<Self> {
        announce("PostgreSQL: a server for the tests");
        let programs = find_or_install()?;
        let owner = if is_root()? { Some(Owner::find(SERVER_USER)?) } else { None };
        let directory = tempfile::Builder::new().prefix("soko-pg").tempdir()?;
        if owner.is_some() {
            run(Command::new("chown").arg(SERVER_USER).arg(directory.path()))?;
        }
        let data = directory.path().join("data");
        let mut initdb = as_owner(&programs.join("initdb"), owner, directory.path());
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username=postgres"]);
        read(initdb.arg("--pgdata").arg(&data))?;
        let log_path = directory.path().join("log");
        let log = File::create(&log_path)?;
        let mut postgres = as_owner(&programs.join("postgres"), owner, directory.path());
        postgres.arg("-D").arg(&data).arg("-k").arg(directory.path());
        postgres.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        let server = postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut started = Self { programs, directory, owner, server };
        started.wait_until_ready(&log_path)?;
        let mut role = started.client("psql");
        read(role.args(["--dbname=postgres", "--quiet", "--command=CREATE ROLE soko LOGIN CREATEDB"]))?;
        Ok(started)
    }

    /// Its database `postgres`, for a user who may create databases.
    pub fn url(&self) -> String {
        format!("postgres://soko@localhost/postgres?host={}", self.directory.path().display())
    }

    fn client(&self, program: &str) -> Command {
        let mut client = Command::new(self.programs.join(program));
        client.arg("--username=postgres").arg("--host").arg(self.directory.path());
        client
    }

    fn wait_until_ready(&mut self, log: &Path) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !succeeds(&mut self.client("pg_isready")) {
            if self.server.try_wait()?.is_some() || begun.elapsed() > START_MAX {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                bail!("the PostgreSQL server for the tests does not start: {}", said.trim());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let mut stop = as_owner(&self.programs.join("pg_ctl"), self.owner, self.directory.path());
        stop.args(["stop", "--mode=immediate", "--silent", "--pgdata"])
            .arg(self.directory.path().join("data"));
        if !succeeds(&mut stop) {
            eprintln!("the PostgreSQL server for the tests did not stop in order");
        }
        // It has ended, or will with this program.
        let _ended = self.server.try_wait();
    }
}

impl Owner {
    fn find(name: &str) -> anyhow::Result<Self> {
        let id = |what| -> anyhow::Result<u32> { Ok(read(Command::new("id").args([what, name]))?.parse()?) };
        let found = || Ok::<_, anyhow::Error>(Self { user: id("-u")?, group: id("-g")? });
        found().with_context(|| format!("PostgreSQL does not run as root, and there is no user {name}"))
    }
}

/// A program that runs as the server's owner, from a folder that they may enter.
fn as_owner(program: &Path, owner: Option<Owner>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    if let Some(Owner { user, group }) = owner {
        command.uid(user).gid(group);
    }
    command
}

fn is_root() -> anyhow::Result<bool> {
    Ok(read(Command::new("id").arg("-u"))? == "0")
}

fn find_or_install() -> anyhow::Result<PathBuf> {
    if let Some(programs) = find() {
        return Ok(programs);
    }
    if is_root()? && succeeds(Command::new("apt-get").arg("--version")) {
        announce("apt-get install postgresql");
        run(Command::new("apt-get").args(["--quiet", "update"]))?;
        let install = ["--quiet", "--yes", "install", "--no-install-recommends", "postgresql"];
        run(Command::new("apt-get").args(install).env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    find().context(
        "the tests run on PostgreSQL too, and its server programs are not installed: `apt-get install postgresql`, or \
         put the folder that has `initdb` and `postgres` (version 15 or later) on the path",
    )
}

/// The folder of the newest server programs, on the path or where Debian puts them.
fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let complete = |folder: &PathBuf| {
        ["initdb", "postgres", "pg_ctl", "psql"].iter().all(|name| folder.join(name).exists())
    };
    std::env::split_paths(&path).find(complete).or_else(|| {
        let versions = std::fs::read_dir(DEBIAN_FOLDER).ok()?.flatten();
        let version = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
        let newest = versions.map(|entry| entry.path()).filter(|folder| version(folder).is_some());
        newest.max_by_key(version).map(|folder| folder.join("bin")).filter(complete)
    })
}
