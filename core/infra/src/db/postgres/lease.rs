//! Locks that live as long as a connection: one of the program, which holds all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::PostgresConfig;
use super::listener::NOTIFY;
use super::pool::options;
use crate::db::error::DatabaseError;
use crate::db::notices::Topic;

/// The class of our locks with two keys; those of scopes have one key, and never meet them.
const CLASS: i32 = i32::from_be_bytes(*b"soko");
/// Longest that the server may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// The same for a lock that is given back, when the program may be about to end.
const GIVE_BACK_MAX: Duration = Duration::from_secs(2);

/// The connection of a program that holds its locks; opened with the first of them.
#[derive(Debug)]
pub(super) struct Leases {
    config: PostgresConfig,
    /// Not there while it is used: whoever goes away in the middle of a statement takes it along, and all locks with it.
    connection: tokio::sync::Mutex<Option<Held>>,
    /// Locks that were dropped rather than given back: the server process that held each, and its key.
    forsaken: Mutex<Vec<(i32, i32)>>,
}

#[derive(Debug)]
struct Held {
    connection: PgConnection,
    /// The server process behind it, which tells it from the one before.
    process: i32,
}

/// A lock that one program holds.
#[derive(Debug)]
pub(in crate::db) struct Lease {
    leases: Arc<Leases>,
    process: i32,
    key: i32,
    is_given_back: bool,
}

impl Leases {
    pub(super) fn new(config: PostgresConfig) -> Self {
        Self { config, connection: tokio::sync::Mutex::default(), forsaken: Mutex::default() }
    }

    /// Takes the lock of this name, unless another program has it. One program asks for a lock that it does not have.
    pub(super) async fn try_take(self: &Arc<Self>, name: &str) -> Result<Option<Lease>, DatabaseError> {
        let key = key_of(name);
        let take = self.with_connection(async |held: &mut Held| {
            let sql = "SELECT pg_try_advisory_lock($1, $2)";
            let taken = sqlx::query_as(sql).bind(CLASS).bind(key).fetch_one(&mut held.connection);
            let (taken,): (bool,) = taken.await?;
            Ok(taken.then_some(held.process))
        });
        let taken = in_time(ANSWER_MAX, take).await?;
        let lease = |process| Lease { leases: Arc::clone(self), process, key, is_given_back: false };
        Ok(taken.map(lease))
    }

    /// Lets go of every lock.
    pub(super) async fn close(&self) {
        let close = async {
            if let Some(held) = self.connection.lock().await.take() {
                held.connection.close().await?;
            }
            Ok(())
        };
        // Should the server not answer, it lets go when it notices that nobody is there.
        if let Err(error) = in_time(GIVE_BACK_MAX, close).await {
            tracing::debug!(%error, "the server did not say goodbye in time");
        }
    }

    async fn with_connection<T>(
        &self,
        work: impl AsyncFnOnce(&mut Held) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        let mut place = self.connection.lock().await;
        let mut held = match place.take() {
            Some(held) => held,
            None => self.connect().await?,
        };
        let forsaken = std::mem::take(&mut *self.forsaken());
        // Those of the connection before went with it.
        for (_, key) in forsaken.into_iter().filter(|(process, _)| *process == held.process) {
            unlock(&mut held.connection, key).await?;
        }
        let done = work(&mut held).await?;
        *place = Some(held);
        Ok(done)
    }

    async fn connect(&self) -> sqlx::Result<Held> {
        let mut connection = options(&self.config)?.connect().await?;
        let (process,) = sqlx::query_as("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
        Ok(Held { connection, process })
    }

    fn forsaken(&self) -> MutexGuard<'_, Vec<(i32, i32)>> {
        self.forsaken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// Whether the connection, and so the lock, is still there.
    pub(in crate::db) async fn is_held(&mut self) -> bool {
        let process = self.process;
        let look = self.leases.with_connection(async |held: &mut Held| {
            held.connection.ping().await?;
            Ok(held.process == process)
        });
        in_time(ANSWER_MAX, look).await.unwrap_or(false)
    }

    /// Lets go of the lock, and says so.
    pub(in crate::db) async fn give_back(mut self, topic: Topic) {
        let (process, key) = (self.process, self.key);
        let give = self.leases.with_connection(async |held: &mut Held| {
            if held.process == process {
                unlock(&mut held.connection, key).await?;
                sqlx::query(NOTIFY).bind(topic.name()).execute(&mut held.connection).await?;
            }
            Ok(())
        });
        match in_time(GIVE_BACK_MAX, give).await {
            Ok(()) => {}
            // The connection went, and the lock with it, as soon as the server notices.
            Err(error) => tracing::debug!(%error, "a lock could not be given back in time"),
        }
        self.is_given_back = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.is_given_back {
            self.leases.forsaken().push((self.process, self.key));
        }
    }
}

async fn unlock(connection: &mut PgConnection, key: i32) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_advisory_unlock($1, $2)")
        .bind(CLASS)
        .bind(key)
        .execute(connection)
        .await
        .map(|_| ())
}

fn key_of(name: &str) -> i32 {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(name).into();
    i32::from_be_bytes([a, b, c, d])
}

async fn in_time<T>(
    longest: Duration,
    work: impl Future<Output = sqlx::Result<T>>,
) -> Result<T, DatabaseError> {
    match tokio::time::timeout(longest, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(DatabaseError::Unreachable(error.to_string())),
        Err(_) => Err(DatabaseError::Unreachable("it does not answer in time".to_owned())),
    }
}
