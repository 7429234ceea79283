//! What the programs of a platform tell each other: that something changed, and to look again. No more than that, so that
//! nothing is wrong where a word is lost: who listens looks now and then all the same, only later.
//!
//! A word is said with the transaction that makes it true. On PostgreSQL it reaches every program (see
//! [`super::postgres`]), on SQLite those who use the same [`Database`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::error::DatabaseError;
use super::postgres::NOTIFY;
use super::reader::Tx;
use super::{Backend, Database, Dialect};

/// What a word is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Topic(&'static str);

impl Topic {
    /// The topic of this name, which is the same in all programs.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// The ear of somebody who is told of a topic.
#[derive(Debug)]
pub struct Subscription(watch::Receiver<()>);

impl Subscription {
    /// Completes when it was said since the last time, however often, that there is something to look at; also when words
    /// may have been missed. Never completes when the store is closed. Nothing is lost when this is dropped.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Who is told, in this program.
#[derive(Debug, Default)]
pub(super) struct Notices {
    topics: Mutex<HashMap<&'static str, watch::Sender<()>>>,
    listener: Mutex<Option<AbortHandle>>,
}

impl Notices {
    fn subscribe(&self, topic: Topic) -> Subscription {
        Subscription(self.topics().entry(topic.0).or_default().subscribe())
    }

    /// Tells those who subscribed to the topic of this name.
    pub(super) fn tell(&self, topic: &str) {
        if let Some(told) = self.topics().get(topic) {
            told.send_replace(());
        }
    }

    /// Tells everybody: something may have been missed.
    pub(super) fn tell_all(&self) {
        self.topics().values().for_each(|told| told.send_replace(()));
    }

    fn listen_by(&self, start: impl FnOnce() -> AbortHandle) {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        listener.get_or_insert_with(start);
    }

    fn stop_listening(&self) {
        if let Some(listener) = &*self.listener.lock().unwrap_or_else(PoisonError::into_inner) {
            listener.abort();
        }
    }

    fn topics(&self) -> MutexGuard<'_, HashMap<&'static str, watch::Sender<()>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        self.stop_listening();
    }
}

impl Database {
    /// An ear for a topic. On PostgreSQL the first one opens a connection that listens for the whole program; it is opened
    /// again when it ends, and everybody told to look then. To be called within a Tokio runtime.
    pub fn subscribe(&self, topic: Topic) -> Subscription {
        let subscription = self.notices.subscribe(topic);
        if let Backend::Postgres(postgres) = &self.backend {
            self.notices.listen_by(|| postgres.listen(&self.notices));
        }
        subscription
    }

    /// No more is told from here on.
    pub(super) fn stop_listening(&self) {
        self.notices.stop_listening();
    }
}

impl Tx {
    /// Tells those who subscribed to a topic that there is something to look at: if and when this transaction commits. On
    /// PostgreSQL transactions that tell something commit one after another, so it is not for what every order does.
    ///
    /// # Errors
    /// A failed statement.
    pub async fn notify(&mut self, topic: Topic) -> Result<(), DatabaseError> {
        match self.dialect() {
            Dialect::Postgres => self.execute(NOTIFY, (topic.name(),)).await.map(|_| ()),
            Dialect::Sqlite => {
                self.0.told.push(topic);
                Ok(())
            }
        }
    }
}
