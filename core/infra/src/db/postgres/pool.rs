//! Connections, each lent to one transaction at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::PostgresConfig;
use super::connections::{Connections, Lent};
use super::error::{is_lock_timeout, is_stale, is_timeout};
use super::session::{Bounds, PLATFORM, SCOPE_SETTING, Session};
use super::unique::UniqueConstraints;
use crate::db::counters::Counters;
use crate::db::error::{DatabaseError, StatementFailure};
use crate::db::{DataScope, PoolStats};

/// The oldest server that the tests run on.
const SERVER_VERSION_MIN: i32 = 150_000;
/// Prepared statements that a connection keeps.
const STATEMENTS_KEPT: usize = 512;
/// Longest that a transaction may stand still, which only a program that is stopped or cut off lets it do.
const IDLE_TRANSACTION_MAX: Duration = Duration::from_secs(30);

/// Has a connection change nothing.
const READ_ONLY_SETTING: &str = "default_transaction_read_only";

/// Seconds after which the server asks whether a silent connection is still there, and after which it asks again.
const KEEPALIVE_S: u32 = 10;

#[derive(Clone)]
pub(super) struct Pool {
    /// Apart from each other, so that those who wait for one channel's lock keep nobody from reading.
    readers: Connections,
    writers: Connections,
    /// For statements by themselves that look up the platform's rows, and can do no more; none where there are few
    /// connections at all.
    lookups: Option<Connections>,
    unique: Arc<UniqueConstraints>,
    waiting: Arc<AtomicUsize>,
    queue_max: usize,
    wait_limit: Duration,
    counters: Arc<Counters>,
}

impl Pool {
    /// Brings the schema up to date, and connects.
    pub(super) async fn open(
        config: &PostgresConfig,
        migrations: &'static Migrator,
        counters: Arc<Counters>,
    ) -> Result<Self, DatabaseError> {
        let open = async || {
            migrate(config, migrations).await?;
            let (writing, looking_up) = (config.connections / 2, config.connections / 4);
            let options = options(config)?;
            let of_platform = [(SCOPE_SETTING, PLATFORM.to_string()), (READ_ONLY_SETTING, "on".to_owned())];
            let of_platform = options.clone().options(of_platform);
            let readers = Connections::try_new(options.clone(), config.connections - writing - looking_up)?;
            let writers = Connections::try_new(options, writing)?;
            let lookups = Connections::try_new(of_platform, looking_up)?;
            let first = tokio::time::timeout(config.wait_limit, readers.lend()).await;
            let mut first = first.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
            let unique = Arc::new(UniqueConstraints::load(&mut first).await?);
            drop(first);
            Ok::<_, sqlx::Error>(Self {
                readers,
                writers,
                lookups: (looking_up > 0).then_some(lookups),
                unique,
                waiting: Arc::default(),
                queue_max: config.queue_max,
                wait_limit: config.wait_limit,
                counters: counters.clone(),
            })
        };
        open().await.map_err(|error| DatabaseError::Open(reason(&error)))
    }

    /// A transaction, as soon as a connection is free. Connections that the server has closed meanwhile are replaced.
    pub(super) async fn begin(&self, bounds: Bounds, scope: DataScope) -> Result<Session, DatabaseError> {
        let connections = if bounds == Bounds::Snapshot { &self.readers } else { &self.writers };
        // As many as there are may be stale.
        let mut stale_left = connections.max();
        loop {
            let connection = self.connect(connections).await?;
            let unique = Arc::clone(&self.unique);
            let counters = Arc::clone(&self.counters);
            let error = match Session::begin(connection, unique, counters, bounds, scope).await {
                Ok(session) => return Ok(session),
                Err(error) => error,
            };
            if is_timeout(&error) || is_lock_timeout(&error) {
                // The lock of the scope was not free in time.
                return Err(self.counters.overloaded());
            }
            self.counters.failed(StatementFailure::of(&error));
            if !is_stale(&error) || stale_left == 0 {
                return Err(DatabaseError::of_statement(error, bounds == Bounds::Snapshot, None));
            }
            tracing::debug!(%error, "a connection was stale");
            stale_left -= 1;
        }
    }

    /// A connection whose statements see the platform's rows, each by itself; none where there are too few connections
    /// to keep some for that.
    pub(super) async fn look_up(&self) -> Result<Option<Session>, DatabaseError> {
        let Some(lookups) = &self.lookups else { return Ok(None) };
        let connection = self.connect(lookups).await?;
        Ok(Some(Session::without_transaction(
            connection,
            Arc::clone(&self.unique),
            Arc::clone(&self.counters),
        )))
    }

    /// A place among those who wait, until it is dropped.
    pub(super) fn enter_queue(&self) -> Result<Waiting<'_>, DatabaseError> {
        Waiting::enter(&self.waiting, self.queue_max).ok_or_else(|| self.counters.overloaded())
    }

    async fn connect(&self, connections: &Connections) -> Result<Lent, DatabaseError> {
        let connect = async {
            if let Some(lent) = connections.lend_at_once().await.map_err(|error| self.refused(error))? {
                return Ok(lent);
            }
            let _place = self.enter_queue()?;
            connections.lend().await.map_err(|error| self.refused(error))
        };
        let connected = tokio::time::timeout(self.wait_limit, connect).await;
        connected.unwrap_or_else(|_| Err(self.counters.overloaded()))
    }

    fn refused(&self, error: sqlx::Error) -> DatabaseError {
        self.counters.failed(StatementFailure::of(&error));
        match error {
            error if is_stale(&error) => DatabaseError::Unreachable(error.to_string()),
            error => DatabaseError::of_statement(error, false, None),
        }
    }

    /// How many wait, how many may, and the connections.
    pub(super) fn load(&self) -> (usize, usize, Vec<PoolStats>) {
        let mut pools = vec![self.readers.stats("readers"), self.writers.stats("writers")];
        pools.extend(self.lookups.as_ref().map(|lookups| lookups.stats("lookups")));
        (self.waiting.load(Ordering::Relaxed), self.queue_max, pools)
    }

    pub(super) async fn close(&self) {
        self.writers.close().await;
        self.readers.close().await;
        if let Some(lookups) = &self.lookups {
            lookups.close().await;
        }
    }
}

/// A place in the queue for a connection.
pub(super) struct Waiting<'p>(&'p AtomicUsize);

impl<'p> Waiting<'p> {
    fn enter(waiting: &'p AtomicUsize, queue_max: usize) -> Option<Self> {
        let place = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < queue_max).then_some(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the server said, without the place in its source where it said so.
fn reason(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |refusal| refusal.message().to_owned())
}

pub(in crate::db) fn options(config: &PostgresConfig) -> sqlx::Result<PgConnectOptions> {
    let millis = |time: Duration| time.as_millis().to_string();
    let options: PgConnectOptions = config.url.parse()?;
    Ok(options
        .application_name("soko")
        .statement_cache_capacity(STATEMENTS_KEPT)
        .options([
            ("statement_timeout", millis(config.read_limit.max(config.closure_limit))),
            ("lock_timeout", millis(config.closure_limit)),
            ("idle_in_transaction_session_timeout", millis(IDLE_TRANSACTION_MAX)),
            // A program whose machine is gone lets go of its locks soon. Of no meaning on a socket of the same machine.
            ("tcp_keepalives_idle", KEEPALIVE_S.to_string()),
            ("tcp_keepalives_interval", KEEPALIVE_S.to_string()),
            ("tcp_keepalives_count", "3".to_owned()),
            // What a migration need not do is no news.
            ("client_min_messages", "warning".to_owned()),
        ])
        .disable_statement_logging())
}

/// Brings the schema up to date: one program at a time, by the migrator's own advisory lock. On a connection that may wait
/// for others and touch every channel's rows.
async fn migrate(config: &PostgresConfig, migrations: &'static Migrator) -> sqlx::Result<()> {
    let unbound = [("statement_timeout", "0"), ("lock_timeout", "0"), ("soko.channel_id", "0")];
    let mut connection = options(config)?.options(unbound).connect().await?;
    check_server(&mut connection).await?;
    migrations.run_direct(None, &mut connection, false).await?;
    connection.close().await
}

/// Refuses a server that is too old, and warns of a user whom row-level security does not hold.
async fn check_server(connection: &mut PgConnection) -> sqlx::Result<()> {
    let (version, unbound): (i32, bool) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::INT, rolsuper OR rolbypassrls FROM pg_roles \
         WHERE rolname = current_user",
    )
    .fetch_one(connection)
    .await?;
    if version < SERVER_VERSION_MIN {
        let (wanted, found) = (SERVER_VERSION_MIN / 10_000, version / 10_000);
        let why = format!("the server is PostgreSQL {found}; at least {wanted} is needed");
        return Err(sqlx::Error::Configuration(why.into()));
    }
    if unbound {
        tracing::warn!(
            "the database user passes row-level security, which is the second wall between channels: use one that is \
             neither superuser nor has BYPASSRLS"
        );
    }
    Ok(())
}
