//! Closures that write.

use std::time::Duration;

use rand::Rng as _;

use super::session::{Bounds, Session, scope_key};
use super::turns::Turn;
use super::{Concurrency, Postgres};
use crate::db::DataScope;
use crate::db::error::DatabaseError;
use crate::db::guard::run_guarded;
use crate::db::order::Order;
use crate::db::reader::{Handle, Reader, Tx, WriteFn};

/// How often a closure runs that others are in the way of.
const ATTEMPTS_MAX: u32 = 6;
/// Longest pause before the second attempt; it doubles with each further one.
const PAUSE_MAX: Duration = Duration::from_millis(10);

/// What an attempt came to.
enum Attempt<T, E> {
    Done(Result<T, E>),
    /// Another transaction was in the way; nothing was written.
    Conflict(E),
}

impl Postgres {
    pub(super) async fn write_with_retries<T, E, F>(
        &self,
        order: Order<F>,
        concurrency: Concurrency,
    ) -> Result<T, E>
    where
        F: for<'t> WriteFn<'t, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let mut pause_max = PAUSE_MAX;
        for _ in 1..ATTEMPTS_MAX {
            match self.try_write(order.clone(), concurrency).await {
                Attempt::Done(outcome) => return outcome,
                Attempt::Conflict(_) => {
                    self.statements.retried();
                    // Any pause up to the longest, so that those who collided do not meet again.
                    #[expect(clippy::disallowed_methods, reason = "a pause decides nothing")]
                    let pause = rand::rng().random_range(Duration::ZERO..=pause_max);
                    tokio::time::sleep(pause).await;
                    pause_max *= 2;
                }
            }
        }
        match self.try_write(order, concurrency).await {
            Attempt::Done(outcome) => outcome,
            Attempt::Conflict(error) => Err(error),
        }
    }

    /// A transaction once it is this scope's turn.
    async fn begin(
        &self,
        scope: DataScope,
        concurrency: Concurrency,
    ) -> Result<(Turn, Session), DatabaseError> {
        let turn = {
            let _place = self.pool.enter_queue()?;
            let turn = tokio::time::timeout(self.wait_limit, self.turns.take(scope_key(scope), concurrency));
            turn.await.map_err(|_| self.statements.overloaded())?
        };
        let session = self.pool.begin(Bounds::Write(concurrency), scope).await?;
        Ok((turn, session))
    }

    async fn try_write<T, E, F>(&self, order: Order<F>, concurrency: Concurrency) -> Attempt<T, E>
    where
        F: for<'t> WriteFn<'t, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let scope = order.scope;
        let (_turn, session) = match self.begin(scope, concurrency).await {
            Ok(begun) => begun,
            Err(error) => return Attempt::Done(Err(error.into())),
        };
        let handle = Handle::Postgres(Box::new(session));
        let mut tx = Tx(Reader::new(handle, scope, self.statements.clone()));
        let outcome = match run_guarded(async { order.carry_out(&mut tx).await }, self.closure_limit).await {
            Ok(outcome) => outcome,
            // Ended in the middle of anything: the connection goes with the transaction.
            Err(ended) => return Attempt::Done(Err(ended.into())),
        };
        let Reader { handle, failure, .. } = tx.0;
        let Handle::Postgres(session) = handle else {
            return Attempt::Done(Err(DatabaseError::Closed.into()));
        };
        // Beside others, a row that was not there when it was looked for may be there when it is written.
        let is_conflict = failure.as_ref().is_some_and(|failure| {
            failure.is_conflict || (failure.is_duplicate && concurrency == Concurrency::Together)
        });
        let outcome = match (outcome, failure) {
            (Ok(_), Some(failure)) => Err(DatabaseError::FailureIgnored(failure.why).into()),
            (outcome, _) => outcome,
        };
        let ended = if outcome.is_ok() {
            let committed = session.commit().await;
            self.statements.ended(committed.is_ok());
            tracing::debug!(is_committed = committed.is_ok(), "commit");
            committed
        } else {
            session.roll_back().await
        };
        match (outcome, ended) {
            (Err(error), _) if is_conflict => Attempt::Conflict(error),
            // Whether a transaction that fails to roll back leaves nothing is the server's to see to.
            (Err(error), _) => Attempt::Done(Err(error)),
            (Ok(value), Ok(())) => Attempt::Done(Ok(value)),
            (Ok(_), Err(error)) => Attempt::Done(Err(error.into())),
        }
    }
}
