use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use soko_infra::{DataScope, DatabaseError};
use soko_kernel::ErrorKind;
use sqlx::{Connection as _, SqliteConnection};
use tokio::task::JoinSet;

use super::{Store, add_note};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_leaks_nor_half_writes_for_callers_that_go_away() {
    let store = Store::open().await;
    let held = Arc::new(());
    for number in 0..2_000 {
        let mine = held.clone();
        let write = store.database.write(DataScope::Platform, async move |tx| {
            drop(mine);
            add_note(tx, &format!("{number} first")).await?;
            tokio::task::yield_now().await;
            add_note(tx, &format!("{number} second")).await
        });
        let mut write = Box::pin(write);
        for _ in 0..number % 3 {
            if (&mut write).now_or_never().is_none() {
                tokio::task::yield_now().await;
            }
        }
        drop(write);
    }
    store.add("last").await.unwrap();
    let names = store.names().await;
    let count = |which: &str| names.iter().filter(|name| name.ends_with(which)).count();
    assert_eq!(count(" first"), count(" second"));
    assert!(count(" first") > 0, "some had been handed over");
    store.database.close().await;
    assert_eq!(Arc::strong_count(&held), 1, "every closure is gone");
}

#[tokio::test]
async fn refuses_work_that_waits_too_long_and_never_does_it() {
    let store = Store::open_with(|config| {
        config.wait_limit = Duration::from_millis(100);
        config.queue_max = 8;
    });
    let store = Arc::new(store.await);
    let busy = store.occupy(Duration::from_millis(600)).await;
    let mut writes = JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        writes.spawn(async move { store.add(&number.to_string()).await });
    }
    for outcome in writes.join_all().await {
        assert!(matches!(outcome, Err(DatabaseError::Overloaded)), "{outcome:?}");
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Overloaded);
    }
    busy.await.unwrap().unwrap();
    store.add("later").await.unwrap();
    assert_eq!(store.names().await, ["later"]);
}

#[tokio::test]
async fn refuses_readers_when_every_connection_is_taken() {
    let store = Store::open_with(|config| {
        config.readers = 1;
        config.wait_limit = Duration::from_millis(100);
    })
    .await;
    let outcome = store.database.read(DataScope::Platform, async |_reader| {
        store
            .database
            .read(DataScope::Platform, async |reader| reader.fetch_one::<(i64,)>("SELECT 1", ()).await)
            .await
    });
    let outcome = outcome.await;
    assert!(matches!(outcome, Err(DatabaseError::Overloaded)), "{outcome:?}");
}

/// Everybody is answered after one wait for the lock, not each after one more.
#[tokio::test]
async fn refuses_all_at_once_when_another_process_holds_the_lock() {
    let store = Store::open_with(|config| {
        config.wait_limit = Duration::from_secs(4);
        config.batch_max = 8;
    });
    let store = Arc::new(store.await);
    let path = store.directory.path().join("store.db");
    let mut other = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let begun = Instant::now();
    let mut writes = JoinSet::new();
    for number in 0..100 {
        let store = store.clone();
        writes.spawn(async move { store.add(&number.to_string()).await });
    }
    for outcome in writes.join_all().await {
        assert!(matches!(outcome, Err(DatabaseError::Overloaded)), "{outcome:?}");
    }
    let waited = begun.elapsed();
    assert!(waited > Duration::from_millis(1_500), "the lock was waited for: {waited:?}");
    assert!(waited < Duration::from_millis(3_500), "once: {waited:?}");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    store.add("later").await.unwrap();
    assert_eq!(store.names().await, ["later"]);
}

#[tokio::test]
async fn waits_for_a_lock_that_another_process_gives_up_soon() {
    let store = Store::open().await;
    let path = store.directory.path().join("store.db");
    let mut other = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    };
    let (write, ()) = tokio::join!(store.add("patient"), release);
    write.unwrap();
}

#[tokio::test]
async fn finishes_what_waits_when_it_is_closed() {
    let store = Arc::new(Store::open().await);
    let busy = store.occupy(Duration::from_millis(200)).await;
    let mut writes = JoinSet::new();
    for number in 0..100 {
        let store = store.clone();
        writes.spawn(async move { store.add(&number.to_string()).await });
    }
    tokio::task::yield_now().await;
    tokio::join!(store.database.close(), store.database.close());
    busy.await.unwrap().unwrap();
    let outcomes = writes.join_all().await;
    let written = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let late = store.add("late").await;
    assert!(matches!(late, Err(DatabaseError::Closed)), "{late:?}");
    let read = store.database.read(DataScope::Platform, async |_reader| Ok::<_, DatabaseError>(())).await;
    assert!(matches!(read, Err(DatabaseError::Closed)), "{read:?}");
    let path = store.directory.path().join("store.db");
    let again = soko_infra::Database::open(soko_infra::SqliteConfig::at(path), &super::SCHEMA).await.unwrap();
    let count = again.read(DataScope::Platform, async |reader| {
        reader.fetch_one::<(i64,)>("SELECT COUNT(*) FROM note", ()).await
    });
    assert_eq!(count.await.unwrap().0, i64::try_from(written).unwrap());
    assert_eq!(written, 100, "all of them waited already");
}
