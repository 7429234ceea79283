//! What keeps a closure from taking the store along.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::error::DatabaseError;

/// Runs a closure's future within a time limit, and turns a panic into an error.
///
/// # Errors
/// [`DatabaseError::TransactionTimeout`] or [`DatabaseError::Panicked`]: it was ended in the middle of anything.
pub(super) async fn run_guarded<T, E>(
    work: impl Future<Output = Result<T, E>>,
    limit: Duration,
) -> Result<Result<T, E>, DatabaseError> {
    match tokio::time::timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(panic)) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(DatabaseError::Panicked(text.to_owned()))
        }
        Err(_) => Err(DatabaseError::TransactionTimeout),
    }
}
