//! A lock that lives as long as its connection.

use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::PostgresConfig;
use super::pool::options;
use crate::db::error::DatabaseError;

/// The class of our locks with two keys; those of scopes have one key, and never meet them.
const CLASS: i32 = i32::from_be_bytes(*b"soko");
/// The lock of whoever does the platform's jobs.
const JOBS: i32 = 1;
/// Longest that the server may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// A connection that holds a lock.
#[derive(Debug)]
pub(in crate::db) struct Lease(PgConnection);

impl Lease {
    /// Takes the lock, unless another connection has it.
    pub(super) async fn try_take(config: &PostgresConfig) -> Result<Option<Self>, DatabaseError> {
        let take = async {
            let mut connection = options(config)?.connect().await?;
            let (taken,): (bool,) = sqlx::query_as("SELECT pg_try_advisory_lock($1, $2)")
                .bind(CLASS)
                .bind(JOBS)
                .fetch_one(&mut connection)
                .await?;
            if taken {
                return Ok(Some(Self(connection)));
            }
            connection.close().await?;
            Ok::<_, sqlx::Error>(None)
        };
        match tokio::time::timeout(ANSWER_MAX, take).await {
            Ok(Ok(taken)) => Ok(taken),
            Ok(Err(error)) => Err(DatabaseError::Unreachable(error.to_string())),
            Err(_) => Err(DatabaseError::Unreachable("it does not answer in time".to_owned())),
        }
    }

    /// Whether the connection, and so the lock, is still there.
    pub(in crate::db) async fn is_held(&mut self) -> bool {
        matches!(tokio::time::timeout(ANSWER_MAX, self.0.ping()).await, Ok(Ok(())))
    }

    /// Lets go of the lock with the connection.
    pub(in crate::db) async fn give_back(self) {
        // Should the server not answer, it lets go when it notices that nobody is there.
        if tokio::time::timeout(ANSWER_MAX, self.0.close()).await.is_err() {
            tracing::debug!("the server did not say goodbye in time");
        }
    }
}
