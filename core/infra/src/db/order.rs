//! A closure that is to write, with what it writes for.

use tracing::{Instrument as _, Span};

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
    /// What the log says of it: the work is done on another task or thread than its caller's.
    pub(super) span: Span,
    /// The closure.
    pub(super) work: F,
}

impl<F> Order<F> {
    /// The order as its caller gives it.
    pub(super) fn new(scope: DataScope, work: F) -> Self {
        let own = tracing::debug_span!("write");
        // One that nobody wants to see is none at all, and would hide its caller's.
        let span = if own.is_disabled() { Span::current() } else { own };
        Self { scope, claim: Claim::current(), span, work }
    }

    /// Runs the closure in a transaction, and where it succeeds notes the operation's effect.
    pub(super) async fn carry_out<T, E>(self, tx: &mut Tx) -> Result<T, E>
    where
        F: for<'t> WriteFn<'t, Result<T, E>>,
        E: From<DatabaseError>,
    {
        let (work, claim) = (self.work, self.claim);
        let carried_out = async move {
            let value = call(work, tx).await?;
            tx.write_down_facts().await?;
            if let Some(claim) = claim {
                claim.note_effect_in_tx(tx).await?;
            }
            Ok(value)
        };
        carried_out.instrument(self.span).await
    }
}
