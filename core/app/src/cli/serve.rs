//! `soko serve`.

use std::io::Write as _;

use anyhow::{Context as _, bail};
use clap::Args;
use soko_domain::auth::{SUPERADMIN_IDENTIFIER, SuperadminSetup};

use super::FileArg;
use crate::config::Settings;
use crate::shutdown;
use crate::wiring::{App, Options, RunningApp};

/// Serve both APIs until asked to stop (Ctrl-C, SIGTERM).
///
/// The first start creates the data directory, the database and the platform's operator `superadmin`, whose password
/// is taken from `SOKO_SUPERADMIN_PASSWORD` or made up and shown once.
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[arg(
        long,
        value_name = "ADDR:PORT",
        help = "Address and port; port 0 lets the system choose [env: SOKO_LISTEN] [default: 127.0.0.1:3000]"
    )]
    pub(super) listen: Option<String>,
    #[arg(
        long,
        value_name = "ROLE",
        help = "What this node does: all, api (no jobs) or worker (jobs alone) [env: SOKO_SERVER_ROLE] [default: all]"
    )]
    pub(super) role: Option<String>,
    #[command(flatten)]
    pub(super) file: FileArg,
}

/// Serves until asked to stop.
///
/// # Errors
/// When the server cannot start, or does not end in good order.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    let app = App::start(settings, Options::for_this_program()?).await?;
    until_stopped(app).await
}

/// Says that the server is ready, and waits for the end.
///
/// # Errors
/// When the signals cannot be listened for.
pub async fn until_stopped(app: RunningApp) -> anyhow::Result<()> {
    if let SuperadminSetup::Created { generated_password: Some(password) } = app.superadmin() {
        eprintln!(
            "The platform's operator is {SUPERADMIN_IDENTIFIER} with the password {password}, shown only now."
        );
    }
    say_ready(&app);
    shutdown::asked().await.context("the signals to stop cannot be listened for")?;
    tracing::info!("stopping; a second signal stops at once");
    tokio::select! {
        cut = app.shutdown() => {
            if cut > 0 {
                tracing::warn!(cut, "connections were cut because their requests did not end in time");
            }
            Ok(())
        }
        again = shutdown::asked() => {
            again.context("the signals to stop cannot be listened for")?;
            bail!("stopped at once by a second signal; requests in hand were cut")
        }
    }
}

/// The line that scripts wait for. Nobody may be listening, which is no reason to stop.
fn say_ready(app: &RunningApp) {
    let mut stdout = std::io::stdout();
    let said = writeln!(stdout, "ready http://{}", app.address()).and_then(|()| stdout.flush());
    if let Err(error) = said {
        tracing::debug!(%error, "nobody reads the standard output");
    }
}
