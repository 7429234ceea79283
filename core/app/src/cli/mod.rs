//! The command line: one file per command. A command parses, calls one use case, and prints what it answers.
//!
//! Results go to standard output, everything else to standard error. A failure is one sentence there and exit status
//! 1; a command line or configuration that makes no sense is status 2.

mod backup;
mod compile_component;
mod config;
mod demo;
mod import;
mod migrate;
mod move_platform;
mod operator;
mod plugin;
mod receipts;
mod serve;
mod version;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

pub use compile_component::NAME as COMPILE_COMPONENT;

use crate::config::{ConfigError, Loaded, Origin, Sources, load, process_environment};
use crate::telemetry;

/// Exit status for a command line or a configuration that makes no sense.
const STATUS_USAGE: u8 = 2;
/// Bytes of stack of the threads that run requests: deeply nested documents recurse.
const THREAD_STACK_BYTES: usize = 4 << 20;

/// A commerce server for platforms that host many shops, each with its own sandboxed plugins.
#[derive(Debug, Parser)]
#[command(name = "soko", version, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    settings: SettingArgs,
    #[command(subcommand)]
    command: Command,
}

/// Before the command, and after those commands that have no `--config` of another meaning.
#[derive(Debug, Clone, Default, Args)]
pub struct FileArg {
    #[arg(
        help = "Configuration file [env: SOKO_CONFIG] [default: ./soko.toml where it is present]",
        id = "settings_file",
        long = "config",
        value_name = "FILE",
        help_heading = "Settings"
    )]
    file: Option<PathBuf>,
}

/// Options that stand for settings. Each wins over the environment, and that over the file.
#[derive(Debug, Args)]
struct SettingArgs {
    #[arg(
        help = "Data directory: database, files, caches [env: SOKO_DATA] [default: ./soko-data]",
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Settings"
    )]
    data: Option<PathBuf>,
    #[arg(
        help = "PostgreSQL server to use instead of a file in the data directory [env: SOKO_DATABASE_URL]",
        long,
        global = true,
        value_name = "postgres://…",
        help_heading = "Settings"
    )]
    database: Option<String>,
    #[arg(
        help = "What to log: a level, or directives [env: SOKO_LOG_LEVEL] [default: info]",
        long,
        global = true,
        value_name = "LEVEL",
        help_heading = "Settings"
    )]
    log_level: Option<String>,
    #[arg(
        help = "How log lines look: pretty or json [env: SOKO_LOG_FORMAT] [default: pretty]",
        long,
        global = true,
        value_name = "FORMAT",
        help_heading = "Settings"
    )]
    log_format: Option<String>,
    /// Any other setting, as often as needed; `soko config` lists them all.
    #[arg(long, global = true, value_name = "KEY=VALUE", help_heading = "Settings")]
    set: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Demo(demo::DemoArgs),
    Migrate(migrate::MigrateArgs),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Move(move_platform::MoveArgs),
    #[command(subcommand)]
    Import(import::ImportCommand),
    #[command(subcommand)]
    Plugin(plugin::PluginCommand),
    #[command(subcommand)]
    Receipts(receipts::ReceiptsCommand),
    Config(config::ConfigArgs),
    Version(version::VersionArgs),
    #[command(hide = true)]
    CompileComponent(compile_component::CompileComponentArgs),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let Cli { file, settings, command } = Cli::parse();
    match command {
        Command::CompileComponent(_) => return compile_component::run(),
        Command::Version(_) => {
            version::run();
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let loaded = match load(&settings.into_sources(file, &command)) {
        Ok(loaded) => loaded,
        Err(error) => return refuse_configuration(&error),
    };
    match run(command, loaded) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soko: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn refuse_configuration(error: &ConfigError) -> ExitCode {
    eprintln!("soko: {error}");
    ExitCode::from(STATUS_USAGE)
}

fn run(command: Command, mut loaded: Loaded) -> anyhow::Result<()> {
    let is_server = matches!(command, Command::Serve(_) | Command::Demo(_));
    if !is_server && loaded.entries.get("log.level").is_some_and(|entry| entry.origin == Origin::Default) {
        // A command that ends by itself says in its answer what it did.
        "warn".clone_into(&mut loaded.settings.log.level);
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if loaded.settings.server.worker_threads > 0 {
        runtime.worker_threads(loaded.settings.server.worker_threads);
    }
    let runtime = runtime.enable_all().thread_stack_size(THREAD_STACK_BYTES).build();
    let runtime = runtime.context("the threads for requests cannot be started")?;
    let telemetry = telemetry::start(&loaded.settings, runtime.handle())?;
    let ended = runtime.block_on(async {
        if is_server {
            tokio::spawn(keep_a_timer_near());
        }
        carry_out(command, loaded).await
    });
    // Whoever asked twice does not want to wait.
    if ended.is_ok() {
        telemetry.stop();
    }
    ended
}

async fn carry_out(command: Command, loaded: Loaded) -> anyhow::Result<()> {
    match command {
        Command::Serve(_) => serve::run(loaded.settings).await,
        Command::Demo(args) => demo::run(loaded, args).await,
        Command::Migrate(_) => migrate::run(&loaded.settings).await,
        Command::Backup(args) => backup::back_up(&loaded.settings, args).await,
        Command::Restore(args) => backup::restore(&loaded.settings, args).await,
        Command::Move(args) => move_platform::run(&loaded.settings, args).await,
        Command::Import(command) => import::run(&loaded.settings, command).await,
        Command::Plugin(command) => plugin::run(&loaded.settings, command).await,
        Command::Receipts(command) => receipts::run(&loaded.settings, command).await,
        Command::Config(_) => {
            config::run(&loaded);
            Ok(())
        }
        Command::Version(_) | Command::CompileComponent(_) => Ok(()),
    }
}

/// Sets a timer every second, for ever. Setting a deadline wakes the thread that waits for the next timer when the
/// deadline is nearer than that timer: every request sets some, of many seconds each, so that this one spares them all.
async fn keep_a_timer_near() {
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    loop {
        seconds.tick().await;
    }
}

impl SettingArgs {
    fn into_sources(self, file: FileArg, command: &Command) -> Sources {
        let serving = match command {
            Command::Serve(args) => Some(args),
            Command::Demo(args) => Some(&args.serve),
            _ => None,
        };
        let own_file = match command {
            Command::Serve(args) => args.file.clone(),
            Command::Demo(args) => args.serve.file.clone(),
            Command::Migrate(args) => args.file.clone(),
            Command::Backup(args) => args.file.clone(),
            Command::Restore(args) => args.file.clone(),
            Command::Move(args) => args.file.clone(),
            Command::Config(args) => args.file.clone(),
            Command::Import(command) => command.settings_file(),
            Command::Receipts(command) => command.settings_file(),
            _ => FileArg::default(),
        };
        let data = self.data.map(|path| path.to_string_lossy().into_owned());
        let flags = [
            ("--listen", "listen", serving.and_then(|args| args.listen.clone())),
            ("--role", "server.role", serving.and_then(|args| args.role.clone())),
            ("--data", "data", data),
            ("--database", "database.url", self.database),
            ("--log-level", "log.level", self.log_level),
            ("--log-format", "log.format", self.log_format),
        ];
        let given = |(flag, key, value): (&'static str, &'static str, Option<String>)| {
            value.map(|value| (flag, key, value))
        };
        Sources {
            file: own_file.file.or(file.file),
            environment: process_environment(),
            flags: flags.into_iter().filter_map(given).collect(),
            assignments: self.set,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
