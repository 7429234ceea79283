//! `cargo xtask soak`: the randomised tests, for longer than a change should wait.

use std::hash::{BuildHasher as _, RandomState};

use super::test::Backend;
use super::{guests, test};
use crate::postgres::TestServer;
use crate::process::{announce, cargo, run as run_process, run_in_front};
use crate::workspace::Workspace;

/// Rounds unless the command line says otherwise.
const DEFAULT_ROUNDS: u32 = 200;

/// Run the randomised, crash and fault tests for many rounds, on SQLite and then on PostgreSQL.
///
/// The tests read `SOKO_SOAK=1`, `SOKO_SEED` and `SOKO_ROUNDS`. The seed is printed; the same seed gives the same sequence
/// of inputs again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the random sequences start; a new one each time when absent.
    #[arg(long)]
    seed: Option<u64>,
    /// How many rounds each randomised test makes.
    #[arg(long, default_value_t = DEFAULT_ROUNDS)]
    rounds: u32,
    /// Run only tests whose name contains this.
    filter: Option<String>,
}

/// Runs the tests of `soko-tests` with the soak settings.
///
/// # Errors
/// When a build or a test fails; the seed is printed before.
pub fn run(workspace: &Workspace, args: &Args) -> anyhow::Result<()> {
    let seed = args.seed.unwrap_or_else(|| RandomState::new().hash_one(0));
    guests::run(workspace, &guests::Args::default())?;
    run_process(cargo().args(["build", "--package", "soko", "--locked"]).current_dir(workspace.root()))?;
    announce(&format!(
        "soak: seed {seed}, {} rounds; repeat with --seed {seed} --rounds {}",
        args.rounds, args.rounds
    ));
    let server = TestServer::start()?;
    Backend::ALL.into_iter().try_for_each(|backend| {
        announce(&format!("soak: on {}", backend.name()));
        let mut command = cargo();
        if test::has_nextest() {
            command.args(["nextest", "run", "--profile", "soak"]);
        } else {
            command.arg("test");
        }
        command
            .args(["--package", "soko-tests", "--locked"])
            .args(&args.filter)
            .current_dir(workspace.root());
        command
            .env("SOKO_SOAK", "1")
            .env("SOKO_SEED", seed.to_string())
            .env("SOKO_ROUNDS", args.rounds.to_string());
        backend.tell(&mut command, &server);
        run_in_front(&mut command)
    })
}
