//! The signals that ask the server to stop.

use std::io;

/// Completes when the process is asked to stop: SIGINT or SIGTERM, Ctrl-C elsewhere.
///
/// # Errors
/// When the system does not let us listen for them.
#[cfg(unix)]
pub async fn asked() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Completes when the process is asked to stop: Ctrl-C.
///
/// # Errors
/// When the system does not let us listen for it.
#[cfg(not(unix))]
pub async fn asked() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
