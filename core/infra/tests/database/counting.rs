use std::time::Duration;

use soko_infra::db::{StatementFailure, StatementKind, StoreStats};
use soko_infra::{DataScope, DatabaseError};

use super::{Store, add_note};

fn statements(stats: &StoreStats, wanted: StatementKind) -> (u64, u64) {
    let found = stats.statements.iter().find(|(kind, ..)| *kind == wanted);
    found.map(|(_, count, nanoseconds)| (*count, *nanoseconds)).unwrap()
}

fn failures(stats: &StoreStats, wanted: StatementFailure) -> u64 {
    stats.failures.iter().find(|(failure, _)| *failure == wanted).unwrap().1
}

#[tokio::test]
async fn counts_statements_commits_and_refusals() {
    let store = Store::open_with(|config| config.wait_limit = Duration::from_millis(100)).await;
    let before = store.database.stats();
    store.add("first").await.unwrap();
    store.add("second").await.unwrap();
    assert_eq!(store.names().await, ["first", "second"]);
    let after = store.database.stats();
    let (read, written) = (statements(&after, StatementKind::Read), statements(&after, StatementKind::Write));
    assert_eq!(read.0 - statements(&before, StatementKind::Read).0, 1);
    assert_eq!(written.0 - statements(&before, StatementKind::Write).0, 2);
    assert!(read.1 > 0 && written.1 > 0, "they took some time");
    assert_eq!((after.commits - before.commits, after.commit_failures, after.refused), (2, 0, 0));
    assert_eq!(store.database.writer_stats().by_size.iter().sum::<u64>(), after.commits, "each has its size");

    let nameless = store.database.write(DataScope::Platform, async |tx| {
        tx.execute("INSERT INTO note (name) VALUES (NULL)", ()).await.map(|_| ())
    });
    nameless.await.unwrap_err();
    assert_eq!(failures(&store.database.stats(), StatementFailure::Constraint), 1);

    let busy = store.occupy(Duration::from_millis(400)).await;
    let refused = store.database.write(DataScope::Platform, async |tx| add_note(tx, "late").await).await;
    assert!(matches!(refused, Err(DatabaseError::Overloaded)), "{refused:?}");
    let stats = store.database.stats();
    assert_eq!(
        (stats.refused, stats.waiting),
        (1, 1),
        "whoever gave up leaves the queue when it is their turn"
    );
    busy.await.unwrap().unwrap();
}

#[tokio::test]
async fn says_how_its_connections_are_used() {
    let store = Store::open().await;
    let used = || store.database.stats().pools[0].used;
    assert_eq!(used(), 0);
    let within = store.database.read(DataScope::Platform, async |_| Ok::<_, DatabaseError>(used())).await;
    assert_eq!((within.unwrap(), used()), (1, 0));
}
