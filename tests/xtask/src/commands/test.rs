//! `cargo xtask test`: everything that must hold, on a fresh machine too.

use std::path::Path;
use std::process::Command;

use super::guests;
use crate::postgres::TestServer;
use crate::process::{announce, cargo, run as run_process, run_in_front, succeeds};
use crate::toolchain::{GuestCompiler, TARGET};
use crate::workspace::Workspace;

/// The plugin of the walk-through, which must go on building as it is told there.
const EXAMPLE_PLUGIN: &str = "examples/plugin-from-zero";

/// The packages whose tests ask for a store, as cargo-nextest selects them.
const WITH_A_STORE: &str = "package(soko-domain) | package(soko-graphql) | package(soko-tests)";
/// By which tests find the server.
const SERVER_VARIABLE: &str = "SOKO_TEST_POSTGRES";
/// By which they know whether their stores are on it or in files.
const BACKEND_VARIABLE: &str = "SOKO_TEST_BACKEND";
/// By which they know where to write down the SQL that they run.
const STATEMENTS_VARIABLE: &str = "SOKO_TEST_STATEMENTS";
/// The tests that look at all of it, which nothing else runs.
const OF_STATEMENTS: &str = "statements::";

/// Run all checks and tests, with all the set-up that they need.
///
/// Builds the plugins, checks format and lints, runs the plugins' own tests, builds the server (some tests start and
/// kill it), and runs every test of the workspace: with cargo-nextest when it is installed, else with cargo test. Those
/// that use a store run twice: on SQLite, and on a PostgreSQL server that is started for them. Then every SQL statement that
/// they ran is looked at.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run only tests of the workspace whose name contains this, without the format, lint and plugin checks.
    filter: Option<String>,
}

/// Runs the checks in the order in which they are likely to fail.
///
/// # Errors
/// At the first check that fails, with its command line.
pub fn run(workspace: &Workspace, args: &Args) -> anyhow::Result<()> {
    if args.filter.is_none() {
        check_format(workspace)?;
    }
    guests::run(workspace, &guests::Args::default())?;
    if args.filter.is_none() {
        test_guests(workspace)?;
        announce("lints");
        run_process(
            cargo()
                .args(["clippy", "--workspace", "--all-targets", "--locked"])
                .current_dir(workspace.root()),
        )?;
    }
    announce("the server, for the tests that start it");
    // Of the whole workspace, so that it shares what it depends on with the tests.
    run_process(
        cargo().args(["build", "--workspace", "--bin", "soko", "--locked"]).current_dir(workspace.root()),
    )?;
    let server = TestServer::start()?;
    let statements = workspace.target().join("statements");
    if statements.exists() {
        std::fs::remove_dir_all(&statements)?;
    }
    let stores = Stores { server: &server, statements: &statements };
    let filter = args.filter.as_deref();
    Backend::ALL.into_iter().try_for_each(|backend| test_workspace(workspace, filter, &stores, backend))?;
    // Some of the tests run some of the statements only.
    if filter.is_none() { test_statements(workspace, &stores) } else { Ok(()) }
}

fn check_format(workspace: &Workspace) -> anyhow::Result<()> {
    announce("format");
    run_process(cargo().args(["fmt", "--all", "--check"]).current_dir(workspace.root()))?;
    run_process(cargo().args(["fmt", "--all", "--check"]).current_dir(workspace.path(guests::RUST_FOLDER)))
}

/// The plugins' rules, natively, and their lints; and that the walk-through's plugin builds.
fn test_guests(workspace: &Workspace) -> anyhow::Result<()> {
    let target = workspace.guest_target("native");
    for check in [["clippy", "--all-targets"].as_slice(), &["test"]] {
        announce(&format!("Rust plugins: cargo {}", check.join(" ")));
        let mut command = cargo();
        command.args(check).args(["--workspace", "--locked"]).env("CARGO_TARGET_DIR", &target);
        run_process(command.current_dir(workspace.path(guests::RUST_FOLDER)))?;
    }
    announce("the plugin of examples/plugin-from-zero");
    let compiler = GuestCompiler::prepare()?;
    let mut example = compiler.cargo();
    example.args(["build", "--release", "--locked", "--target", TARGET]);
    example.env("CARGO_TARGET_DIR", workspace.guest_target(compiler.name()));
    run_process(example.current_dir(workspace.path(EXAMPLE_PLUGIN)))?;
    for project in guests::list_javascript_projects(workspace)? {
        guests::install_packages(&project)?;
        announce(&format!("npm test in {}", project.display()));
        run_process(Command::new("npm").args(["test", "--silent"]).current_dir(&project))?;
    }
    Ok(())
}

/// What tests that ask for a store are told.
struct Stores<'a> {
    server: &'a TestServer,
    /// The directory of the statements that they run.
    statements: &'a Path,
}

impl Stores<'_> {
    fn tell(&self, command: &mut Command, backend: Backend) {
        command
            .env(SERVER_VARIABLE, self.server.url())
            .env(BACKEND_VARIABLE, backend.name())
            .env(STATEMENTS_VARIABLE, self.statements);
    }
}

/// What the tests' stores are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Backend {
    /// Files.
    Sqlite,
    /// Databases of a server.
    Postgres,
}

impl Backend {
    /// In the order in which tests run on them.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// Its name, for people and for the tests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// Has tests make their stores on it.
    pub fn tell(self, command: &mut Command, server: &TestServer) {
        command.env(SERVER_VARIABLE, server.url()).env(BACKEND_VARIABLE, self.name());
    }
}

/// Runs the tests with stores of this kind; the second time only those that ask for a store.
fn test_workspace(
    workspace: &Workspace,
    filter: Option<&str>,
    stores: &Stores<'_>,
    backend: Backend,
) -> anyhow::Result<()> {
    let mut command = cargo();
    command.current_dir(workspace.root());
    if has_nextest() {
        announce(&format!("cargo nextest run --workspace, on {}", backend.name()));
        command.args(["nextest", "run", "--workspace", "--locked"]);
        if backend == Backend::Postgres {
            // The same build as before: another selection of packages would have other features.
            command.args(["--filterset", WITH_A_STORE]);
        }
    } else {
        announce(&format!("cargo test --workspace, on {} (cargo-nextest is not installed)", backend.name()));
        command.args(["test", "--workspace", "--locked"]);
    }
    stores.tell(&mut command, backend);
    run_in_front(command.args(filter))
}

/// Looks at every statement that the tests have run.
fn test_statements(workspace: &Workspace, stores: &Stores<'_>) -> anyhow::Result<()> {
    announce("the SQL statements that were run");
    let mut command = cargo();
    command.current_dir(workspace.root());
    if has_nextest() {
        command.args(["nextest", "run", "--workspace", "--locked", "--run-ignored", "only", OF_STATEMENTS]);
    } else {
        command.args(["test", "--workspace", "--locked", OF_STATEMENTS, "--", "--ignored"]);
    }
    stores.tell(&mut command, Backend::Sqlite);
    run_in_front(&mut command)
}

/// Whether cargo-nextest is installed.
pub fn has_nextest() -> bool {
    succeeds(cargo().args(["nextest", "--version"]))
}
