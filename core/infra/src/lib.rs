//! What the domains stand on: the database, the outbox, caches and blobs.
//!
//! Invariants: the only way to write is [`db::Database::write`], whose closure runs on a task of its own; an
//! acknowledged write is on disk; nothing here knows a business rule.

pub mod blobs;
pub mod cache;
pub mod db;
pub mod idempotency;
pub mod outbox;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use blobs::Blobs;
pub use cache::{RevisionCache, RevisionMap};
pub use db::{
    DataScope, Database, DatabaseConfig, DatabaseError, Leadership, Migrations, PostgresConfig, Reader,
    SqliteConfig, Subscription, Topic, Tx,
};
