//! The program itself, as a process that can be killed.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::platform::PASSWORD;
use crate::program::program;

/// A running `soko serve`. Dropping it kills it at once, as a power cut would.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it serves: `http://127.0.0.1:PORT`.
    pub url: String,
}

impl Process {
    /// Serves a data directory, and returns when it does.
    ///
    /// # Panics
    /// When the program has not been built, or does not get as far.
    pub fn serve(data: &Path) -> Self {
        Self::start("serve", data, &[])
    }

    /// Runs a command that serves a data directory, with more arguments, and returns when it does.
    ///
    /// # Panics
    /// When the program has not been built, or does not get as far.
    pub fn start(command: &str, data: &Path, arguments: &[&str]) -> Self {
        let data = data.to_str().expect("a path in UTF-8");
        let mut command = program(&[command, "--data", data]);
        command.args(arguments);
        Self::run(command)
    }

    /// Serves a data directory with more arguments, and writes its log to a file.
    ///
    /// # Panics
    /// When the program cannot be started, or does not get as far.
    pub fn serve_logged(data: &Path, level: &str, arguments: &[&str], log: &Path) -> Self {
        let mut command = program(&["serve", "--data", data.to_str().expect("a path in UTF-8")]);
        let file = std::fs::File::create(log).expect("a file for the log");
        command.args(arguments).args(["--log-format", "json", "--log-level", level]).stderr(file);
        Self::run_logging(command)
    }

    /// Runs a command line of the program that serves, and returns when it does.
    ///
    /// # Panics
    /// When the program cannot be started, or does not get as far.
    pub fn run(mut command: Command) -> Self {
        command.args(["--log-level", "warn"]);
        Self::run_logging(command)
    }

    fn run_logging(mut command: Command) -> Self {
        let mut child = command
            .args(["--listen", "127.0.0.1:0"])
            .args(["--set", "argon2.memory_kib=8", "--set", "argon2.iterations=1"])
            .env("SOKO_SUPERADMIN_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let stdout = child.stdout.take().expect("its standard output");
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let ready = lines.find_map(|line| line.strip_prefix("ready ").map(str::to_owned));
        let Some(url) = ready else {
            let status = child.wait();
            panic!("the program ended before it was ready: {status:?}");
        };
        Self { child, url }
    }

    /// Memory that it has in use, in MiB.
    ///
    /// # Panics
    /// On systems without `/proc`, and when the program is gone.
    pub fn resident_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the process's status");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = resident.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
        kib.expect("a size in KiB") / 1024
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Panics
    /// When it cannot be asked.
    pub fn stop(mut self) -> ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)
            .expect("a process that can be asked");
        self.child.wait().expect("a process that ends")
    }

    /// Kills it as hard as the system can, and waits until it is gone.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(mut self) {
        self.child.kill().expect("a process that can be killed");
        self.child.wait().expect("a process that ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It is gone already where `kill` was called.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}
