//! The readers: a fixed number of connections that see the last commit, lent out one at a time for a limited time.
//!
//! A connection comes back when its borrower hands it back with no statement running. One that is dropped instead,
//! because a request was given up, is not used again: its statement is ended, and another connection takes its place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::DatabaseConfig;
use super::deadline::Deadline;
use crate::db::error::DatabaseError;

#[derive(Clone)]
pub(super) struct Readers(Arc<Pool>);

struct Pool {
    options: SqliteConnectOptions,
    idle: Mutex<Vec<Opened>>,
    /// One for each connection that may be open.
    places: Arc<Semaphore>,
    places_max: u32,
    closing: AtomicBool,
    wait_limit: Duration,
    read_limit: Duration,
}

/// In this order: the deadline ends what the connection is doing before that is closed.
struct Opened {
    deadline: Deadline,
    connection: SqliteConnection,
}

/// A connection on loan.
pub(in crate::db) struct Lent {
    opened: Opened,
    _place: OwnedSemaphorePermit,
}

impl Lent {
    pub(in crate::db) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.opened.connection
    }
}

impl Readers {
    /// Opens the first connection, so that a store that cannot be read is found out; the others follow on demand.
    pub(super) async fn open(
        options: SqliteConnectOptions,
        config: &DatabaseConfig,
    ) -> Result<Self, DatabaseError> {
        let places_max = config.readers.max(1);
        let first = open(&options).await?;
        Ok(Self(Arc::new(Pool {
            options,
            idle: Mutex::new(vec![first]),
            places: Arc::new(Semaphore::new(places_max as usize)),
            places_max,
            closing: AtomicBool::new(false),
            wait_limit: config.wait_limit,
            read_limit: config.read_limit,
        })))
    }

    /// Lends a connection, whose statements end when the limit for reads has passed from now.
    pub(super) async fn lend(&self) -> Result<Lent, DatabaseError> {
        let Self(pool) = self;
        if pool.closing.load(Ordering::Acquire) {
            return Err(DatabaseError::Closed);
        }
        let place = tokio::time::timeout(pool.wait_limit, Arc::clone(&pool.places).acquire_owned()).await;
        let place = place.map_err(|_| DatabaseError::Overloaded)?.map_err(|_| DatabaseError::Closed)?;
        let idle = pool.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let opened = match idle {
            Some(opened) => opened,
            None => open(&pool.options).await?,
        };
        opened.deadline.set(pool.read_limit);
        Ok(Lent { opened, _place: place })
    }

    /// Takes a connection back on which no statement runs.
    pub(super) fn take_back(&self, lent: Lent) {
        lent.opened.deadline.clear();
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push(lent.opened);
    }

    /// Lends nothing more, waits for what is on loan, and closes the connections.
    pub(super) async fn close(&self) {
        let Self(pool) = self;
        pool.closing.store(true, Ordering::Release);
        // An error means that another call has closed everything already.
        let Ok(_all) = pool.places.acquire_many(pool.places_max).await else { return };
        pool.places.close();
        let idle = std::mem::take(&mut *pool.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for opened in idle {
            if let Err(error) = opened.connection.close().await {
                tracing::warn!(%error, "a reader of the database was not closed in order");
            }
        }
    }
}

async fn open(options: &SqliteConnectOptions) -> Result<Opened, DatabaseError> {
    let mut connection = options.connect().await?;
    let deadline = Deadline::install(&mut connection).await?;
    Ok(Opened { deadline, connection })
}
