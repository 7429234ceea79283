//! `soko move`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use soko_domain::moving::move_platform;
use soko_infra::PostgresConfig;
use soko_infra::db::MoveProgress;
use soko_kernel::Clock;

use super::FileArg;
use crate::config::Settings;
use crate::wiring::{BLOBS_FOLDER, DATABASE_FILE};

/// What stands before the path of a store in a file.
const FILE_SCHEME: &str = "sqlite:";

/// Move a whole platform from its data directory to a PostgreSQL server, whose database has no rows.
///
/// Nobody may serve the platform meanwhile. All rows arrive in one transaction, which ends by comparing them, the balances
/// and the stock with what was sent: a move that fails leaves nothing on the server. The file stays as it was, and so do
/// the pictures, which the server's nodes go on reading from the data directory.
#[derive(Debug, Args)]
pub struct MoveArgs {
    /// The data directory, or the database file in it: `sqlite:PATH`.
    #[arg(long, value_name = "sqlite:PATH")]
    from: String,
    /// The server [default: the one of the settings].
    #[arg(long, value_name = "postgres://…")]
    to: Option<String>,
    #[command(flatten)]
    pub(super) file: FileArg,
}

/// Moves a platform.
///
/// # Errors
/// [`soko_infra::db::MoveError`]; a source or a target of another kind.
pub async fn run(settings: &Settings, args: MoveArgs) -> anyhow::Result<()> {
    let Some(path) = args.from.strip_prefix(FILE_SCHEME) else {
        bail!("a platform is moved from `sqlite:PATH`, not from `{}`", args.from);
    };
    let path = PathBuf::from(path);
    let path = if path.is_dir() { path.join(DATABASE_FILE) } else { path };
    let to = args.to.as_deref().or_else(|| settings.database.url.reveal());
    let to = to.context("where to? `--to postgres://…`, or a server in the settings")?;
    if !to.starts_with("postgres://") && !to.starts_with("postgresql://") {
        bail!("a platform is moved to `postgres://…`");
    }
    let listener = Arc::new(|progress: MoveProgress<'_>| match progress {
        MoveProgress::Step(step) => eprintln!("{step}"),
        MoveProgress::Rows { table, done, total } => eprintln!("{table}: {done} of {total} rows"),
    });
    let moved = move_platform(&path, PostgresConfig::at(to), Clock::system().now(), listener).await;
    let moved = moved.context("nothing has been moved")?;
    println!("{} rows of {} tables are on the server as they were.", moved.rows, moved.tables);
    for (what, lines) in moved.checked {
        println!("{lines} {what} are the same.");
    }
    let pictures = path.with_file_name(BLOBS_FOLDER);
    println!("Pictures stay in {}: serve with this data directory, or a copy of it.", pictures.display());
    Ok(())
}
