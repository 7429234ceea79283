//! Connections, each lent to one transaction at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::PostgresConfig;
use super::error::{is_lock_timeout, is_stale, is_timeout};
use super::session::{Bounds, Session};
use super::unique::UniqueConstraints;
use crate::db::DataScope;
use crate::db::error::DatabaseError;

/// The oldest server that the tests run on.
const SERVER_VERSION_MIN: i32 = 150_000;
/// Prepared statements that a connection keeps.
const STATEMENTS_KEPT: usize = 512;
/// Longest that a transaction may stand still, which only a program that is stopped or cut off lets it do.
const IDLE_TRANSACTION_MAX: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(super) struct Pool {
    connections: PgPool,
    unique: Arc<UniqueConstraints>,
    waiting: Arc<AtomicUsize>,
    queue_max: usize,
}

impl Pool {
    /// Connects, and brings the schema up to date: one program at a time, by the migrator's own advisory lock.
    pub(super) async fn open(
        config: &PostgresConfig,
        migrations: &'static Migrator,
    ) -> Result<Self, DatabaseError> {
        let open = async || {
            let pool = PgPoolOptions::new()
                .max_connections(config.connections.max(1))
                .acquire_timeout(config.wait_limit)
                .test_before_acquire(false);
            let connections = pool.connect_with(options(config)?).await?;
            check_server(&connections).await?;
            migrations.run(&connections).await?;
            let unique = Arc::new(UniqueConstraints::load(&connections).await?);
            Ok::<_, sqlx::Error>(Self {
                connections,
                unique,
                waiting: Arc::default(),
                queue_max: config.queue_max,
            })
        };
        open().await.map_err(|error| DatabaseError::Open(error.to_string()))
    }

    /// A transaction, as soon as a connection is free. A connection that the server has closed meanwhile is replaced.
    pub(super) async fn begin(&self, bounds: Bounds, scope: DataScope) -> Result<Session, DatabaseError> {
        loop {
            let connection = self.connect().await?;
            match Session::begin(connection, Arc::clone(&self.unique), bounds, scope).await {
                // Each try closes one, so that this ends.
                Err(error) if is_stale(&error) => tracing::debug!(%error, "a connection was stale"),
                // The lock of the scope was not free in time.
                Err(error) if is_timeout(&error) || is_lock_timeout(&error) => {
                    return Err(DatabaseError::Overloaded);
                }
                begun => return begun.map_err(|error| DatabaseError::of_statement(error, false, None)),
            }
        }
    }

    async fn connect(&self) -> Result<PoolConnection<sqlx::Postgres>, DatabaseError> {
        if let Some(connection) = self.connections.try_acquire() {
            return Ok(connection);
        }
        let _place = Waiting::enter(&self.waiting, self.queue_max)?;
        self.connections.acquire().await.map_err(|error| match error {
            sqlx::Error::PoolTimedOut => DatabaseError::Overloaded,
            error if is_stale(&error) => DatabaseError::Unreachable(error.to_string()),
            error => DatabaseError::of_statement(error, false, None),
        })
    }

    pub(super) async fn close(&self) {
        self.connections.close().await;
    }
}

/// A place in the queue for a connection.
struct Waiting<'p>(&'p AtomicUsize);

impl<'p> Waiting<'p> {
    fn enter(waiting: &'p AtomicUsize, queue_max: usize) -> Result<Self, DatabaseError> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) < queue_max {
            Ok(place)
        } else {
            Err(DatabaseError::Overloaded)
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn options(config: &PostgresConfig) -> sqlx::Result<PgConnectOptions> {
    let millis = |time: Duration| time.as_millis().to_string();
    let options: PgConnectOptions = config.url.parse()?;
    Ok(options
        .application_name("soko")
        .statement_cache_capacity(STATEMENTS_KEPT)
        .options([
            ("statement_timeout", millis(config.read_limit.max(config.closure_limit))),
            ("lock_timeout", millis(config.closure_limit)),
            ("idle_in_transaction_session_timeout", millis(IDLE_TRANSACTION_MAX)),
        ])
        .disable_statement_logging())
}

/// Refuses a server that is too old, and warns of a user whom row-level security does not hold.
async fn check_server(connections: &PgPool) -> sqlx::Result<()> {
    let (version, unbound): (i32, bool) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::INT, rolsuper OR rolbypassrls FROM pg_roles \
         WHERE rolname = current_user",
    )
    .fetch_one(connections)
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
