//! A PostgreSQL server of the tests' own, from installed programs, on a temporary directory and a socket in it.

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::disk::SmallDisk;
use crate::process::{Owner, announce, read, run, succeeds};

/// Where Debian's packages put the server programs, a folder for each version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
/// Whom the server runs as when this program runs as root, which PostgreSQL refuses for itself.
const SERVER_USER: &str = "postgres";
/// Longest that the server may take to start.
const START_MAX: Duration = Duration::from_mins(1);
/// What all tests need.
const SETTINGS: &[&str] = &["max_connections=300", "max_locks_per_transaction=256"];
/// What has to survive nothing need not do, nor listen to anything but its socket.
const QUICK: &[&str] = &["fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses="];
/// The database of a server that is tested itself.
const DATABASE: &str = "soko";

/// A server. It ends with this.
#[derive(Debug)]
pub struct TestServer {
    programs: PathBuf,
    directory: tempfile::TempDir,
    disk: Option<SmallDisk>,
    owner: Option<Owner>,
    settings: Vec<String>,
    port: u16,
    server: Option<Child>,
}

/// How a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// In order: what is not committed is rolled back.
    Fast,
    /// As by a power cut, with its recovery at the next start.
    Immediate,
}

impl TestServer {
    /// Starts one for stores that nothing has to survive, and installs Debian's package first where there are no
    /// programs and root may.
    ///
    /// # Errors
    /// When there are none, or the server does not start.
    pub fn start() -> anyhow::Result<Self> {
        announce("PostgreSQL: a server for the tests");
        let quick = QUICK.iter().map(|setting| (*setting).to_owned()).collect();
        Self::start_on(None, quick)
    }

    /// Starts one that keeps what it has acknowledged, with an empty database. Where a size is given, its data stand on
    /// a disk of so many MiB.
    ///
    /// # Errors
    /// As [`Self::start`], and when there can be no such disk.
    pub fn start_durable(disk_mib: Option<u32>) -> anyhow::Result<Self> {
        let mut settings = Vec::new();
        if disk_mib.is_some() {
            settings.extend(["min_wal_size=32MB".to_owned(), "max_wal_size=48MB".to_owned()]);
        }
        let server = Self::start_on(disk_mib, settings)?;
        server.create_database(DATABASE)?;
        Ok(server)
    }

    fn start_on(disk_mib: Option<u32>, settings: Vec<String>) -> anyhow::Result<Self> {
        let programs = find_or_install()?;
        let find_owner = || {
            Owner::find(SERVER_USER)
                .context("PostgreSQL does not run as root, and there is nobody to run it as")
        };
        let owner = if Owner::is_root()? { Some(find_owner()?) } else { None };
        let directory = tempfile::Builder::new().prefix("soko-pg").tempdir()?;
        if owner.is_some() {
            run(Command::new("chown").arg(SERVER_USER).arg(directory.path()))?;
        }
        let disk = disk_mib.map(|size| SmallDisk::create(size, owner)).transpose()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut server = Self { programs, directory, disk, owner, settings, port, server: None };
        let mut initdb = server.program("initdb");
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username=postgres"]);
        if server.disk.is_some() {
            initdb.arg("--wal-segsize=1");
        }
        read(initdb.arg("--pgdata").arg(server.data()))?;
        server.run()?;
        server.query("CREATE ROLE soko LOGIN CREATEDB")?;
        Ok(server)
    }

    /// Its database `postgres`, for a user who may create databases.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The empty database of [`Self::start_durable`].
    pub fn own_url(&self) -> String {
        self.url_of(DATABASE)
    }

    fn url_of(&self, database: &str) -> String {
        let Self { port, directory, .. } = self;
        format!("postgres://soko@localhost:{port}/{database}?host={}", directory.path().display())
    }

    /// [`Self::own_url`] at another port of this machine, where something passes connections on.
    pub fn own_url_through(&self, port: u16) -> String {
        format!("postgres://soko@127.0.0.1:{port}/{DATABASE}")
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The disk on which its data stand, where it has one of its own.
    pub fn disk(&self) -> Option<&SmallDisk> {
        self.disk.as_ref()
    }

    /// Starts it again.
    ///
    /// # Errors
    /// When it does not start.
    pub fn run(&mut self) -> anyhow::Result<()> {
        let log_path = self.directory.path().join("log");
        let log = OpenOptions::new().create(true).append(true).open(&log_path)?;
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.data()).arg("-k").arg(self.directory.path());
        postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", &format!("port={}", self.port)]);
        let settings = SETTINGS.iter().copied().chain(self.settings.iter().map(String::as_str));
        postgres.args(settings.flat_map(|setting| ["-c", setting]));
        self.server = Some(postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?);
        self.wait_until_ready(&log_path)
    }

    /// Stops it, and returns when it has ended.
    ///
    /// # Errors
    /// When it does not run, or does not end in time.
    pub fn stop(&mut self, how: Stop) -> anyhow::Result<()> {
        let mut server = self.server.take().context("the server does not run")?;
        let signal = if how == Stop::Fast { Signal::INT } else { Signal::QUIT };
        kill_process(Pid::from_child(&server), signal)?;
        let begun = Instant::now();
        while server.try_wait()?.is_none() {
            if begun.elapsed() > START_MAX {
                server.kill()?;
                bail!("the PostgreSQL server does not stop");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Whether it runs. One that could not recover has ended by itself.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn is_running(&mut self) -> anyhow::Result<bool> {
        let Some(server) = &mut self.server else { return Ok(false) };
        Ok(server.try_wait()?.is_none())
    }

    /// What a superuser's statement answers, in [`Self::url`]'s database.
    ///
    /// # Errors
    /// When it is refused.
    pub fn query(&self, sql: &str) -> anyhow::Result<String> {
        self.query_in("postgres", sql)
    }

    /// [`Self::query`] in another database; [`Self::own_url`]'s is `soko`.
    ///
    /// # Errors
    /// When it is refused.
    pub fn query_in(&self, database: &str, sql: &str) -> anyhow::Result<String> {
        let mut psql = self.client("psql");
        psql.args(["--dbname", database, "--quiet", "--no-align", "--tuples-only", "--command", sql]);
        read(&mut psql)
    }

    /// Makes another empty database.
    ///
    /// # Errors
    /// When there is one of this name.
    pub fn create_database(&self, name: &str) -> anyhow::Result<()> {
        self.query(&format!("CREATE DATABASE {name} OWNER soko")).map(|_| ())
    }

    /// Runs a file of statements in a database.
    ///
    /// # Errors
    /// When one is refused.
    pub fn run_file(&self, database: &str, file: &Path) -> anyhow::Result<()> {
        let mut psql = self.client("psql");
        psql.args(["--dbname", database, "--quiet", "--set=ON_ERROR_STOP=1", "--file"]).arg(file);
        read(&mut psql).map(|_| ())
    }

    /// What pgbench says of clients who run a script again and again, in a database that is as it is, by statements that
    /// are prepared once.
    ///
    /// # Errors
    /// When it is not installed, or the script fails.
    pub fn pgbench(
        &self,
        database: &str,
        script: &Path,
        clients: usize,
        seconds: u64,
    ) -> anyhow::Result<String> {
        let threads = std::thread::available_parallelism()?.get().min(clients);
        let mut pgbench = self.client("pgbench");
        pgbench.args(["--no-vacuum", "--protocol=prepared", "--file"]).arg(script);
        pgbench.args([
            format!("--client={clients}"),
            format!("--jobs={threads}"),
            format!("--time={seconds}"),
        ]);
        read(pgbench.arg(database))
    }

    fn data(&self) -> PathBuf {
        self.disk.as_ref().map_or(self.directory.path(), SmallDisk::path).join("data")
    }

    /// A program of the server's, run by its owner where its data are.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        match &self.disk {
            Some(disk) => disk.enter(&program),
            None => as_owner(&program, self.owner, self.directory.path()),
        }
    }

    fn client(&self, program: &str) -> Command {
        let mut client = Command::new(self.programs.join(program));
        client.arg("--username=postgres").arg("--host").arg(self.directory.path());
        client.arg(format!("--port={}", self.port));
        client
    }

    fn wait_until_ready(&mut self, log: &Path) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !succeeds(&mut self.client("pg_isready")) {
            if !self.is_running()? || begun.elapsed() > START_MAX {
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
        if self.server.is_some()
            && let Err(error) = self.stop(Stop::Immediate)
        {
            eprintln!("the PostgreSQL server for the tests did not stop in order: {error:#}");
        }
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

fn find_or_install() -> anyhow::Result<PathBuf> {
    if let Some(programs) = find() {
        return Ok(programs);
    }
    if Owner::is_root()? && succeeds(Command::new("apt-get").arg("--version")) {
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
