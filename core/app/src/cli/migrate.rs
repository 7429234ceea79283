//! `soko migrate`.

use clap::Args;

use super::FileArg;
use crate::config::Settings;
use crate::wiring;

/// Create the database where there is none, or bring its schema up to date. `serve` does so too.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    pub(super) file: FileArg,
}

/// Brings the schema up to date.
///
/// # Errors
/// When the store cannot be opened.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let database = wiring::open_database(settings, None, wiring::DataDirectory::Create).await?;
    database.close().await;
    match settings.database.url.reveal() {
        Some(_) => println!("The database on the server is up to date."),
        None => println!("The database in {} is up to date.", settings.data.0.display()),
    }
    Ok(())
}
