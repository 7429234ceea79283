//! The connection that listens to what other programs say.

use std::sync::Weak;
use std::time::Duration;

use sqlx::Executor as _;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::Instant;

use super::PostgresConfig;
use super::pool::options;
use crate::db::notices::Notices;

/// Says a topic's name to every program that listens, when the transaction commits.
pub(in crate::db) const NOTIFY: &str = "SELECT pg_notify('soko', $1)";
/// The server's name for where all topics are said.
const CHANNEL: &str = "soko";
/// Longest that the server may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long nothing may be said until the server is asked whether it is still there.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// Pause before the connection is opened again; it doubles with each failure, up to the longest.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Listens for as long as anybody could be told.
pub(super) async fn listen(config: PostgresConfig, notices: Weak<Notices>) {
    let mut pause = PAUSE_MIN;
    loop {
        let began = Instant::now();
        match listen_once(&config, &notices).await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(%error, "nobody listens to what other nodes say; it is looked for now and then");
            }
        }
        // A connection that held for a while is no failure after a failure.
        pause = if began.elapsed() > PAUSE_MAX { PAUSE_MIN } else { (pause * 2).min(PAUSE_MAX) };
        tokio::time::sleep(pause).await;
    }
}

/// Listens until the connection ends, or nobody is left to be told.
async fn listen_once(config: &PostgresConfig, notices: &Weak<Notices>) -> sqlx::Result<()> {
    // A pool of one, since the driver listens by no other connection.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(ANSWER_MAX)
        .connect_lazy_with(options(config)?);
    let mut listener = PgListener::connect_with(&pool).await?;
    // It would not say that words may have been missed.
    listener.eager_reconnect(false);
    in_time(listener.listen(CHANNEL)).await?;
    tell(notices, None);
    loop {
        match tokio::time::timeout(SILENCE_MAX, listener.try_recv()).await {
            Ok(Ok(Some(said))) => {
                if !tell(notices, Some(said.payload())) {
                    return Ok(());
                }
            }
            Ok(Ok(None)) => return Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()),
            Ok(Err(error)) => return Err(error),
            Err(_) => in_time((&mut listener).execute("SELECT 1")).await.map(|_| ())?,
        }
    }
}

/// Tells who subscribed to a topic, everybody without one. False when there is nobody left.
fn tell(notices: &Weak<Notices>, topic: Option<&str>) -> bool {
    let Some(notices) = notices.upgrade() else { return false };
    match topic {
        Some(topic) => notices.tell(topic),
        None => notices.tell_all(),
    }
    true
}

async fn in_time<T>(work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    tokio::time::timeout(ANSWER_MAX, work).await.map_err(late)?
}
