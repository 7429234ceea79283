//! A closure that is to write, with what it writes for.

use super::DataScope;
use super::error::DatabaseError;
use super::reader::{Tx, WriteFn, call};
use crate::idempotency::Claim;

/// Work for a write transaction.
#[derive(Clone)]
pub(super) struct Order<F> {
    /// Whose data it touches.
    pub(super) scope: DataScope,
    /// The claim of the operation that it belongs to, if it takes effect once.
    pub(super) claim: Option<Claim>,
    /// The closure.
    pub(super) work: F,
}

impl<F> Order<F> {
    /// Runs the closure in a transaction, and where it succeeds notes the operation's effect.
    pub(super) async fn carry_out<T, E>(self, tx: &mut Tx) -> Result<T, E>
    where
        F: for<'t> WriteFn<'t, Result<T, E>>,
        E: From<DatabaseError>,
    {
        let value = call(self.work, tx).await?;
        if let Some(claim) = self.claim {
            claim.note_effect_in_tx(tx).await?;
        }
        Ok(value)
    }
}
