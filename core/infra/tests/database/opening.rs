use futures_util::FutureExt as _;
use soko_infra::db::LEADS;
use soko_infra::{DataScope, Database, DatabaseError, SqliteConfig};
use tokio::task::JoinSet;

use super::{SCHEMA, Store, add_note};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrates_once_when_many_open_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let mut opens = JoinSet::new();
    for number in 0..8 {
        let config = SqliteConfig::at(&path);
        opens.spawn(async move {
            let database = Database::open(config, &SCHEMA).await.unwrap();
            let write =
                database.write(DataScope::Platform, async move |tx| add_note(tx, &number.to_string()).await);
            write.await.unwrap();
            database
        });
    }
    let databases = opens.join_all().await;
    let applied = databases[0].read(DataScope::Platform, async |reader| {
        reader
            .fetch_one::<(i64, i64)>("SELECT COUNT(*), (SELECT COUNT(*) FROM note) FROM _sqlx_migrations", ())
            .await
    });
    assert_eq!(applied.await.unwrap(), (2, 8));
}

#[tokio::test]
async fn refuses_a_schema_newer_than_the_program() {
    let store = Store::open().await;
    let newer = store.database.write(DataScope::Platform, async move |tx| {
        tx.execute_one(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'of the future', TRUE, $1, 0)",
            (vec![0_u8; 48],),
        )
        .await
    });
    newer.await.unwrap();
    store.database.close().await;
    let config = SqliteConfig::at(store.directory.path().join("store.db"));
    let outcome = Database::open(config, &SCHEMA).await.map(|_| ());
    assert!(matches!(&outcome, Err(DatabaseError::Open(why)) if why.contains("9999")), "{outcome:?}");
}

#[tokio::test]
async fn refuses_files_that_are_no_store() {
    let directory = tempfile::tempdir().unwrap();
    let text = directory.path().join("text.db");
    std::fs::write(&text, "not a database, and long enough to have a header ".repeat(100)).unwrap();
    for path in [text, directory.path().join("no/such/folder/store.db"), directory.path().to_owned()] {
        let outcome = Database::open(SqliteConfig::at(&path), &SCHEMA).await.map(|_| ());
        assert!(matches!(outcome, Err(DatabaseError::Open(_))), "{}: {outcome:?}", path.display());
    }
}

/// What is answered is on disk: a copy of the files taken without closing anything holds it.
#[tokio::test]
async fn keeps_answered_writes_without_being_closed() {
    let store = Store::open().await;
    store.add("kept").await.unwrap();
    let copy = tempfile::tempdir().unwrap();
    for file in ["store.db", "store.db-wal"] {
        std::fs::copy(store.directory.path().join(file), copy.path().join(file)).unwrap();
    }
    let config = SqliteConfig::at(copy.path().join("store.db"));
    let database = Database::open(config, &SCHEMA).await.unwrap();
    let copied = Store { database, directory: copy };
    assert_eq!(copied.names().await, ["kept"]);
}

#[tokio::test]
async fn one_part_of_the_program_leads_at_a_time() {
    let store = Store::open().await;
    let mut told = store.database.subscribe(LEADS);
    let mut leading = store.database.try_lead("sweep").await.unwrap().unwrap();
    assert!(leading.is_held().await);
    assert!(store.database.clone().try_lead("sweep").await.unwrap().is_none());
    drop(store.database.try_lead("reap").await.unwrap().expect("another lead"));
    assert!(told.changed().now_or_never().is_none());
    leading.give_back().await;
    told.changed().now_or_never().expect("who waits is told");
    assert!(store.database.try_lead("sweep").await.unwrap().is_some());
    assert!(store.database.try_lead("reap").await.unwrap().is_some(), "dropped, it is free too");
    assert_eq!(store.database.shared_time().await.unwrap(), None);
}
