//! Events on their way out: written in the transaction that made them true.

use serde::Serialize;
use soko_kernel::{ChannelScope, Timestamp};

use crate::db::{DatabaseError, Dialect, MultiRowInsert, Topic, Tx};

/// Said where there is something on its way out. On a server nothing is said: it would make transactions commit one after
/// another, so that whoever hands events on has to look by themselves.
pub const EVENTS: Topic = Topic::new("events");

/// A fact that a domain states about a channel. Its JSON form is the contract with whoever handles it.
pub trait Event: Serialize {
    /// The stable name, past tense: `order.placed`.
    fn name(&self) -> &'static str;
}

/// A fact that is stated by a transaction, not written yet.
pub(crate) struct Stated {
    scope: ChannelScope,
    name: &'static str,
    payload: String,
    at: Timestamp,
}

const WRITE_DOWN: MultiRowInsert =
    MultiRowInsert::new("INSERT INTO outbox (channel_id, name, payload, created_at)", 4, "");

impl Tx {
    /// States a fact: it is handed on if and only if this transaction commits.
    ///
    /// # Errors
    /// An event that has no JSON form.
    pub fn publish<E: Event>(
        &mut self,
        scope: ChannelScope,
        at: Timestamp,
        event: &E,
    ) -> Result<(), DatabaseError> {
        let payload = serde_json::to_string(event).map_err(|error| DatabaseError::corrupt("event", error))?;
        self.stated.push(Stated { scope, name: event.name(), payload, at });
        Ok(())
    }

    /// Writes what was stated, in its order, by one statement at the end of the transaction.
    pub(crate) async fn write_down_facts(&mut self) -> Result<(), DatabaseError> {
        let stated = std::mem::take(&mut self.stated);
        if stated.is_empty() {
            return Ok(());
        }
        let row = |fact: Stated| {
            vec![fact.scope.channel_id().0.into(), fact.name.into(), fact.payload.into(), fact.at.into()]
        };
        WRITE_DOWN.execute(self, stated.into_iter().map(row).collect()).await?;
        if self.dialect() == Dialect::Sqlite {
            self.notify(EVENTS).await?;
        }
        Ok(())
    }
}
