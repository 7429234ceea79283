//! Running other programs: their output goes straight to the terminal, and a failure names the whole command line.

use std::io::{IsTerminal as _, stderr};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// Says what comes next, on stderr, so that stdout stays the program's own.
pub fn announce(step: &str) {
    if stderr().is_terminal() {
        eprintln!("\x1b[1m==> {step}\x1b[0m");
    } else {
        eprintln!("==> {step}");
    }
}

/// Cargo: the one that runs this program, else the one on the path.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a program to its end as a step on the way: what it writes to stdout goes to stderr too.
///
/// # Errors
/// When it cannot start or ends with anything but success.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    run_in_front(command.stdout(stderr()))
}

/// Runs a program to its end whose output is what the user asked for.
///
/// # Errors
/// When it cannot start or ends with anything but success.
pub fn run_in_front(command: &mut Command) -> anyhow::Result<()> {
    let status =
        command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {}", show(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", show(command));
    }
    Ok(())
}

/// Runs a program to its end and returns what it wrote to stdout, without the white space around it.
///
/// # Errors
/// As [`run`]; what the program wrote to stderr is part of the error.
pub fn read(command: &mut Command) -> anyhow::Result<String> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", show(command)))?;
    if !output.status.success() {
        bail!(
            "{} ended with {}: {}",
            show(command),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let text =
        String::from_utf8(output.stdout).with_context(|| format!("{} wrote no UTF-8", show(command)))?;
    Ok(text.trim().to_owned())
}

/// Whether a program starts and succeeds; nothing is printed.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command line as one would type it.
pub fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// A user to run programs as.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    /// Their number.
    pub user: u32,
    /// Their group's.
    pub group: u32,
}

impl Owner {
    /// The user of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(name: &str) -> anyhow::Result<Self> {
        let id = |what| -> anyhow::Result<u32> { Ok(read(Command::new("id").args([what, name]))?.parse()?) };
        let found = || Ok::<_, anyhow::Error>(Self { user: id("-u")?, group: id("-g")? });
        found().with_context(|| format!("there is no user {name}"))
    }

    /// Whether this program runs as root.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn is_root() -> anyhow::Result<bool> {
        Ok(read(Command::new("id").arg("-u"))? == "0")
    }
}
