//! PostgreSQL: one server, any number of programs.
//!
//! Transactions run at READ COMMITTED. What keeps a closure's decisions true until it commits are locks that are taken
//! in a fixed order: first one for the scope, which the closure holds alone (or together with others of its kind, see
//! [`Concurrency`]), then rows. Every transaction says whose data it may touch, which row-level security holds it to.

mod connections;
mod error;
mod lease;
mod listener;
mod pool;
mod session;
mod turns;
mod unique;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use tokio::task::AbortHandle;
use tracing::Instrument as _;

use super::counters::Counters;
use super::error::DatabaseError;
use super::notices::Notices;
use super::order::Order;
use super::reader::{Handle, Reader, WriteFn};
use super::{DataScope, PoolStats};
pub(super) use error::{is_conflict, is_invalid_value, is_stale, is_timeout};
pub(super) use lease::Lease;
use lease::Leases;
pub(super) use listener::NOTIFY;
use pool::Pool;
pub(super) use pool::options;
use session::Bounds;
pub(super) use session::Session;
use turns::Turns;
pub(super) use unique::UniqueConstraints;

/// Where the server is, and the bounds of what this program asks of it.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// `postgres://user:password@host:port/database`, with the parameters that libpq knows.
    pub url: String,
    /// Most connections that this program opens.
    pub connections: u32,
    /// Most callers that wait for a connection; more are refused as overload.
    pub queue_max: usize,
    /// Longest that a caller may wait for a connection.
    pub wait_limit: Duration,
    /// Longest that a closure that writes may run, and a statement of it.
    pub closure_limit: Duration,
    /// Longest that a statement of a reader may run.
    pub read_limit: Duration,
}

impl PostgresConfig {
    /// The defaults for the server at `url`.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections: 16,
            queue_max: 1024,
            wait_limit: Duration::from_secs(10),
            closure_limit: Duration::from_secs(5),
            read_limit: Duration::from_secs(5),
        }
    }
}

/// Beside whom a closure that writes may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Concurrency {
    /// Alone in its scope: what it reads stays true until it commits.
    Alone,
    /// Beside others of this kind: it locks the rows by which it decides, or checks their version as it writes.
    Together,
}

#[derive(Clone)]
pub(super) struct Postgres {
    config: Arc<PostgresConfig>,
    pool: Pool,
    leases: Arc<Leases>,
    turns: Arc<Turns>,
    wait_limit: Duration,
    statements: Arc<Counters>,
    closure_limit: Duration,
}

impl Postgres {
    pub(super) async fn open(
        config: PostgresConfig,
        migrations: &'static Migrator,
        statements: Arc<Counters>,
    ) -> Result<Self, DatabaseError> {
        let PostgresConfig { closure_limit, wait_limit, .. } = config;
        let pool = Pool::open(&config, migrations, statements.clone()).await?;
        Ok(Self {
            leases: Arc::new(Leases::new(config.clone())),
            config: Arc::new(config),
            pool,
            turns: Arc::default(),
            wait_limit,
            statements,
            closure_limit,
        })
    }

    /// A snapshot of the store, as soon as a connection is free.
    pub(super) async fn snapshot(&self, scope: DataScope) -> Result<Reader, DatabaseError> {
        let session = self.pool.begin(Bounds::Snapshot, scope).await?;
        Ok(Reader::new(Handle::Postgres(Box::new(session)), scope, self.statements.clone()))
    }

    /// A connection to look up rows of the platform, where some are kept for that.
    pub(super) async fn look_up(&self) -> Result<Option<Reader>, DatabaseError> {
        let session = self.pool.look_up().await?;
        let reader = |session| {
            Reader::new(Handle::Postgres(Box::new(session)), DataScope::Platform, self.statements.clone())
        };
        Ok(session.map(reader))
    }

    /// Runs a closure on a task of its own, so that a caller who goes away abandons nothing half done.
    pub(super) async fn write<T, E, F>(&self, order: Order<F>, concurrency: Concurrency) -> Result<T, E>
    where
        F: for<'t> WriteFn<'t, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let this = self.clone();
        let span = order.span.clone();
        let writing = async move { this.write_with_retries(order, concurrency).await };
        let written = tokio::spawn(writing.instrument(span));
        written.await.unwrap_or_else(|_| Err(DatabaseError::Closed.into()))
    }

    /// The right to do what one program at a time does, unless another has it.
    pub(super) async fn try_lead(&self, name: &str) -> Result<Option<Lease>, DatabaseError> {
        self.leases.try_take(name).await
    }

    /// Begins to listen to what other programs say.
    pub(super) fn listen(&self, notices: &Arc<Notices>) -> AbortHandle {
        let config = PostgresConfig::clone(&self.config);
        tokio::spawn(listener::listen(config, Arc::downgrade(notices))).abort_handle()
    }

    pub(super) fn load(&self) -> (usize, usize, Vec<PoolStats>) {
        self.pool.load()
    }

    pub(super) async fn close(&self) {
        self.leases.close().await;
        self.pool.close().await;
    }
}
