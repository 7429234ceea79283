//! `soko backup` and `soko restore`.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use soko_kernel::Clock;

use super::FileArg;
use crate::backup;
use crate::config::Settings;

/// Copy a platform, database and pictures, into a new directory; it may go on serving meanwhile.
///
/// For platforms in a data directory. On PostgreSQL use `pg_dump` or the server's own means, and copy the data directory's
/// `blobs`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The directory to create.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    pub(super) file: FileArg,
}

/// Make a platform of a backup, in a data directory (`--data`) that has none. Checks every byte first.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup's directory.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    #[command(flatten)]
    pub(super) file: FileArg,
}

/// Makes a backup.
///
/// # Errors
/// [`backup::BackupError`]; a platform on a server.
pub async fn back_up(settings: &Settings, args: BackupArgs) -> anyhow::Result<()> {
    refuse_server(settings)?;
    let (data, to) = (settings.data.0.clone(), args.to.clone());
    let now = Clock::system().now();
    let made = tokio::task::spawn_blocking(move || backup::back_up(&data, &to, now, &mut say)).await?;
    let manifest = made.with_context(|| format!("no backup is made in {}", args.to.display()))?;
    println!(
        "{} holds {} rows and {} pictures, as of {}.",
        args.to.display(),
        manifest.database.rows,
        manifest.pictures.count,
        manifest.made_at
    );
    Ok(())
}

/// Restores a backup.
///
/// # Errors
/// [`backup::BackupError`]; a platform on a server.
pub async fn restore(settings: &Settings, args: RestoreArgs) -> anyhow::Result<()> {
    refuse_server(settings)?;
    let (data, from) = (settings.data.0.clone(), args.from.clone());
    let restored = tokio::task::spawn_blocking(move || backup::restore(&from, &data, &mut say)).await?;
    let manifest = restored.with_context(|| format!("{} is not restored", args.from.display()))?;
    println!(
        "The platform in {} is as it was at {}: {} rows, {} pictures.",
        settings.data.0.display(),
        manifest.made_at,
        manifest.database.rows,
        manifest.pictures.count
    );
    Ok(())
}

fn refuse_server(settings: &Settings) -> anyhow::Result<()> {
    if settings.database.url.reveal().is_some() {
        bail!(
            "this is for platforms in a data directory; the settings name a PostgreSQL server, which has means of its own"
        )
    }
    Ok(())
}

fn say(step: &str) {
    eprintln!("{step}");
}
