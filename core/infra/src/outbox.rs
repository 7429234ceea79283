//! Events on their way out: written in the transaction that made them true.

use serde::Serialize;
use soko_kernel::{ChannelScope, Timestamp};

use crate::db::{DatabaseError, Dialect, Topic, Tx};

/// Said where there is something on its way out. On a server nothing is said: it would make transactions commit one after
/// another, so that whoever hands events on has to look by themselves.
pub const EVENTS: Topic = Topic::new("events");

/// A fact that a domain states about a channel. Its JSON form is the contract with whoever handles it.
pub trait Event: Serialize {
    /// The stable name, past tense: `order.placed`.
    fn name(&self) -> &'static str;
}

impl Tx {
    /// States a fact: it is handed on if and only if this transaction commits.
    ///
    /// # Errors
    /// A failing store, or an event that has no JSON form.
    pub async fn publish<E: Event>(
        &mut self,
        scope: ChannelScope,
        now: Timestamp,
        event: &E,
    ) -> Result<(), DatabaseError> {
        let payload = serde_json::to_string(event).map_err(|error| DatabaseError::corrupt("event", error))?;
        self.execute_one(
            "INSERT INTO outbox (channel_id, name, payload, created_at) VALUES ($1, $2, $3, $4)",
            (scope.channel_id(), event.name(), payload, now),
        )
        .await?;
        if self.dialect() == Dialect::Sqlite {
            self.notify(EVENTS).await?;
        }
        Ok(())
    }
}
