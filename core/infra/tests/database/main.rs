//! The store as its users see it: what is written, what is refused, who waits for whom.
#![expect(clippy::unwrap_used, reason = "a failed test")]

mod callers;
mod commits;
mod counting;
mod guards;
mod lists;
mod opening;

use std::time::Duration;

use soko_infra::{DataScope, Database, DatabaseError, Migrations, SqliteConfig, Tx};

static SCHEMA: Migrations = Migrations {
    sqlite: sqlx::migrate!("./tests/schema"),
    postgres: sqlx::migrate!("./tests/schema_postgres"),
};

/// A query that no machine finishes in time.
const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT COUNT(*) FROM n";

struct Store {
    database: Database,
    directory: tempfile::TempDir,
}

impl Store {
    async fn open() -> Self {
        Self::open_with(|_| ()).await
    }

    async fn open_with(change: impl FnOnce(&mut SqliteConfig)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = SqliteConfig::at(directory.path().join("store.db"));
        change(&mut config);
        let database = Database::open(config, &SCHEMA).await.unwrap();
        Self { database, directory }
    }

    /// The names of all notes, sorted.
    async fn names(&self) -> Vec<String> {
        let names = self.database.read(DataScope::Platform, async |reader| {
            reader.fetch_all::<(String,)>("SELECT name FROM note ORDER BY name", ()).await
        });
        names.await.unwrap().into_iter().map(|(name,)| name).collect()
    }

    async fn add(&self, name: &str) -> Result<(), DatabaseError> {
        let name = name.to_owned();
        self.database.write(DataScope::Platform, async move |tx| add_note(tx, &name).await).await
    }

    /// Keeps the writer busy for a while, so that what is written meanwhile shares a batch. Returns once it is busy.
    async fn occupy(&self, time: Duration) -> tokio::task::JoinHandle<Result<(), DatabaseError>> {
        let (busy, database) = (std::sync::Arc::new(tokio::sync::Notify::new()), self.database.clone());
        let tell = busy.clone();
        let task = tokio::spawn(async move {
            let work = database.write(DataScope::Platform, async move |_tx| {
                tell.notify_one();
                tokio::time::sleep(time).await;
                Ok(())
            });
            work.await
        });
        busy.notified().await;
        task
    }
}

async fn add_note(tx: &mut Tx, name: &str) -> Result<(), DatabaseError> {
    tx.execute_one("INSERT INTO note (name) VALUES ($1)", (name,)).await
}
