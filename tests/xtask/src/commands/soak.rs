//! `cargo xtask soak`: the randomised tests, for longer than a change should wait.

use std::hash::{BuildHasher as _, RandomState};

use super::test::Backend;
use super::{guests, test};
use crate::postgres::TestServer;
use crate::process::{announce, cargo, run as run_process, run_in_front};
use crate::workspace::Workspace;

/// The packages whose tests make rounds, as cargo-nextest selects them.
const WITH_ROUNDS: &str = "package(soko-domain) | package(soko-tests)";

/// Run the randomised, crash and fault tests for many rounds, on SQLite and then on PostgreSQL.
///
/// How long each goes on stands beside it; a part of a test's name selects it. `crash`: 200 kills of random nodes while
/// customers check out. `dropped`: 10,000 requests whose clients go away. `ten_refunds`: 1,000 payments, each with ten
/// refunds at once. `takes_effect_once`: 1,000 idempotency keys, each sent five times at once.
/// `between_effect_and_answer`: 200 kills while keys are sent. `payment_crash`: 100 kills while payers pay by M-Pesa.
/// `delivery_crash`: 100 kills while people are told what happens. `two_tills`: 1,000 rounds of two tills against one
/// credit limit. `tests::model`: 100,000 operations on orders, payments and accounts. `workers_that_are_killed`:
/// 100,000 events. `faults`: a store that is full, slow, cut off, locked or restarted.
///
/// The tests read `SOKO_SOAK=1`, `SOKO_SEED` and `SOKO_ROUNDS`. The seed is printed; the same seed gives the same sequence
/// of inputs again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the random sequences start; a new one each time when absent.
    #[arg(long)]
    seed: Option<u64>,
    /// How many rounds each test makes, instead of as many as it has for a soak.
    #[arg(long)]
    rounds: Option<u32>,
    /// The only backend to run on.
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Run only tests whose name contains this.
    filter: Option<String>,
}

/// Runs the tests with the soak settings.
///
/// # Errors
/// When a build or a test fails; the seed is printed before.
pub fn run(workspace: &Workspace, args: &Args) -> anyhow::Result<()> {
    let seed = args.seed.unwrap_or_else(|| RandomState::new().hash_one(0));
    guests::run(workspace, &guests::Args::default())?;
    run_process(
        cargo().args(["build", "--workspace", "--bin", "soko", "--locked"]).current_dir(workspace.root()),
    )?;
    let again = args.rounds.map(|rounds| format!(" --rounds {rounds}")).unwrap_or_default();
    announce(&format!("soak: seed {seed}; repeat with --seed {seed}{again}"));
    let server = TestServer::start()?;
    let backends = Backend::ALL.into_iter().filter(|one| args.backend.is_none_or(|only| only == *one));
    backends.into_iter().try_for_each(|backend| {
        announce(&format!("soak: on {}", backend.name()));
        let mut command = cargo();
        if test::has_nextest() {
            // The same build as of `cargo xtask test`: another selection of packages would have other features.
            command.args(["nextest", "run", "--profile", "soak", "--workspace", "--locked"]);
            command.args(["--filterset", WITH_ROUNDS]);
        } else {
            command.args(["test", "--package", "soko-domain", "--package", "soko-tests", "--locked"]);
        }
        command.args(&args.filter).current_dir(workspace.root());
        command.env("SOKO_SOAK", "1").env("SOKO_SEED", seed.to_string());
        if let Some(rounds) = args.rounds {
            command.env("SOKO_ROUNDS", rounds.to_string());
        }
        backend.tell(&mut command, &server);
        run_in_front(&mut command)
    })
}
