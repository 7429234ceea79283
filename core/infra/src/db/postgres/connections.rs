//! Connections, kept open between those who use them. The one that was given back last is lent first: its server process
//! has at hand what the next statement needs, and a program that has little to do keeps few of them busy.

use std::time::Duration;

use deadpool::Status;
use deadpool::managed::{self, Metrics, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};

use crate::db::PoolStats;

/// Longest that a connection is used: a server process remembers what it was ever asked.
const LIFETIME_MAX: Duration = Duration::from_mins(30);
/// Pause before a server that was not ready is asked again; it doubles with each further one.
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How often those who still have a connection are looked for when all are to be closed.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Nobody waits for a connection that somebody else has.
const AT_ONCE: Timeouts = Timeouts { wait: Some(Duration::ZERO), create: None, recycle: None };

/// A connection that goes back when it is dropped.
pub(super) type Lent = managed::Object<Opener>;

/// Opens connections.
#[derive(Debug)]
pub(super) struct Opener(PgConnectOptions);

impl managed::Manager for Opener {
    type Type = PgConnection;
    type Error = sqlx::Error;

    /// Asks a server that is starting, or has no room, until it has: whoever waits says how long.
    async fn create(&self) -> sqlx::Result<PgConnection> {
        let mut pause = PAUSE_MIN;
        loop {
            match self.0.connect().await {
                Err(error) if will_pass(&error) => tracing::debug!(%error, "the server is not ready"),
                outcome => return outcome,
            }
            tokio::time::sleep(pause).await;
            pause = PAUSE_MAX.min(pause * 2);
        }
    }

    /// Asks the server nothing: a connection that has ended meanwhile is found out by the beginning of a transaction.
    async fn recycle(&self, _: &mut PgConnection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() < LIFETIME_MAX { Ok(()) } else { Err(RecycleError::message("of age")) }
    }
}

fn will_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

/// Up to so many connections of one kind.
#[derive(Debug, Clone)]
pub(super) struct Connections(managed::Pool<Opener>);

impl Connections {
    /// None is opened before it is asked for.
    pub(super) fn try_new(options: PgConnectOptions, max: u32) -> sqlx::Result<Self> {
        let max_size = usize::try_from(max.max(1)).unwrap_or(usize::MAX);
        let pool = managed::Pool::builder(Opener(options)).max_size(max_size).queue_mode(QueueMode::Lifo);
        pool.build().map(Self).map_err(|error| sqlx::Error::Configuration(error.into()))
    }

    /// A connection; none when all are lent.
    pub(super) async fn lend_at_once(&self) -> Result<Option<Lent>, sqlx::Error> {
        match self.0.timeout_get(&AT_ONCE).await {
            Err(PoolError::Timeout(_)) => Ok(None),
            lent => lent.map(Some).map_err(reason),
        }
    }

    /// A connection, as soon as one is given back.
    pub(super) async fn lend(&self) -> Result<Lent, sqlx::Error> {
        self.0.get().await.map_err(reason)
    }

    /// Most connections at a time.
    pub(super) fn max(&self) -> usize {
        self.0.status().max_size
    }

    /// How many are lent, open and allowed.
    pub(super) fn stats(&self, name: &'static str) -> PoolStats {
        let Status { max_size, size, available, .. } = self.0.status();
        PoolStats { name, used: size.saturating_sub(available), open: size, max: max_size }
    }

    /// Lends no more, and ends as soon as all have been given back and are closed.
    pub(super) async fn close(&self) {
        self.0.close();
        while self.0.status().size > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn reason(error: PoolError<sqlx::Error>) -> sqlx::Error {
    match error {
        PoolError::Backend(error) => error,
        PoolError::Closed => sqlx::Error::PoolClosed,
        PoolError::Timeout(_) => sqlx::Error::PoolTimedOut,
        error => sqlx::Error::Configuration(error.to_string().into()),
    }
}
