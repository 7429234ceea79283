use std::time::Duration;

use futures_util::FutureExt as _;
use soko_infra::db::{Bound, MultiRowInsert};
use soko_infra::{DataScope, DatabaseError, Topic, Tx};
use tokio::task::JoinSet;

use super::{Store, add_note};

/// An error of the work itself.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the number {0} is odd")]
    Odd(usize),
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

#[tokio::test]
async fn shares_commits_and_rolls_back_only_who_fails() {
    let store = Store::open().await;
    let before = store.database.writer_stats();
    let busy = store.occupy(Duration::from_millis(100)).await;
    let mut writes = JoinSet::new();
    for number in 0..100_usize {
        let database = store.database.clone();
        writes.spawn(async move {
            let outcome = database.write(DataScope::Platform, async move |tx| {
                add_note(tx, &format!("{number:03}")).await?;
                if number % 2 == 1 { Err(Refused::Odd(number)) } else { Ok(number) }
            });
            match (number % 2, outcome.await) {
                (0, Ok(kept)) => assert_eq!(kept, number),
                (1, Err(Refused::Odd(odd))) => assert_eq!(odd, number),
                (_, outcome) => panic!("{number}: {outcome:?}"),
            }
        });
    }
    writes.join_all().await;
    busy.await.unwrap().unwrap();
    let even: Vec<_> = (0..100).step_by(2).map(|number| format!("{number:03}")).collect();
    assert_eq!(store.names().await, even);
    let stats = store.database.writer_stats();
    // Of each batch, the first that fails is answered and all the others run again.
    assert_eq!((stats.largest_batch, stats.closures - before.closures, stats.redone), (63, 101, 63 + 35));
    assert_eq!(
        stats.commits - before.commits,
        3,
        "one for the closure that kept the writer busy, two for the rest"
    );
}

#[tokio::test]
async fn runs_nothing_again_for_those_who_refuse_before_they_write() {
    let store = Store::open().await;
    let before = store.database.writer_stats();
    let busy = store.occupy(Duration::from_millis(100)).await;
    let mut writes = JoinSet::new();
    for number in 0..20_usize {
        let database = store.database.clone();
        writes.spawn(async move {
            let outcome = database.write(DataScope::Platform, async move |tx| {
                let (stored,): (i64,) = tx.fetch_one("SELECT count(*) FROM note", ()).await?;
                if number % 2 == 1 {
                    return Err(Refused::Odd(number));
                }
                add_note(tx, &format!("{number:03}")).await?;
                Ok(stored)
            });
            assert_eq!(outcome.await.is_ok(), number % 2 == 0);
        });
    }
    writes.join_all().await;
    busy.await.unwrap().unwrap();
    assert_eq!(store.names().await.len(), 10);
    let stats = store.database.writer_stats();
    assert_eq!((stats.redone, stats.commits - before.commits), (0, 2));
}

#[tokio::test]
async fn shows_each_answered_write_to_the_next_reader() {
    let store = Store::open().await;
    for number in 0..50 {
        store.add(&format!("{number:02}")).await.unwrap();
        assert_eq!(store.names().await.len(), number + 1);
    }
}

#[tokio::test]
async fn refuses_only_the_guilty_when_a_shared_commit_fails() {
    let store = Store::open().await;
    let busy = store.occupy(Duration::from_millis(100)).await;
    let mut writes = JoinSet::new();
    for number in 0..10_i64 {
        let database = store.database.clone();
        writes.spawn(async move {
            let outcome = database.write(DataScope::Platform, async move |tx| {
                if number == 4 {
                    return tx.execute_one("INSERT INTO promise (note_id) VALUES (12345)", ()).await;
                }
                add_note(tx, &number.to_string()).await
            });
            (number, outcome.await)
        });
    }
    for (number, outcome) in writes.join_all().await {
        match outcome {
            Ok(()) => assert_ne!(number, 4),
            Err(DatabaseError::Commit(why)) => {
                assert_eq!(number, 4);
                assert!(why.contains("FOREIGN KEY"), "{why}");
            }
            Err(error) => panic!("{number}: {error}"),
        }
    }
    busy.await.unwrap().unwrap();
    assert_eq!(store.names().await.len(), 9);
    assert_eq!(store.database.writer_stats().redone, 10);
}

#[tokio::test]
async fn inserts_more_rows_than_one_statement_can_hold() {
    let store = Store::open().await;
    let insert = store.database.write(DataScope::Platform, async move |tx| {
        let rows: Vec<Vec<Bound>> =
            (0..20_000_i64).map(|number| vec![format!("n{number}").into(), number.into()]).collect();
        let insert = MultiRowInsert::new("INSERT INTO note (name, amount)", 2, "RETURNING amount");
        insert.fetch::<(i64,)>(tx, rows).await
    });
    let amounts: Vec<_> = insert.await.unwrap().into_iter().map(|(amount,)| amount).collect();
    assert_eq!(amounts, (0..20_000).collect::<Vec<_>>());
    let none = store.database.write(DataScope::Platform, async move |tx| {
        MultiRowInsert::new("INSERT INTO note (name)", 1, "").execute(tx, Vec::new()).await
    });
    assert_eq!(none.await.unwrap(), 0);
}

#[tokio::test]
async fn refuses_statements_that_change_another_number_of_rows() {
    let store = Store::open().await;
    store.add("a").await.unwrap();
    store.add("b").await.unwrap();
    for (condition, changed) in [("name = 'c'", 0), ("TRUE", 2)] {
        let sql = format!("UPDATE note SET remark = 'x' WHERE {condition}");
        let update = store
            .database
            .write(DataScope::Platform, async move |tx| tx.execute_one(sqlx::AssertSqlSafe(sql), ()).await);
        let outcome = update.await;
        assert!(
            matches!(outcome, Err(DatabaseError::RowCount { changed: found, expected: 1 }) if found == changed),
            "{outcome:?}"
        );
    }
    let remarks = store.database.read(DataScope::Platform, async |reader| {
        reader.fetch_one::<(i64,)>("SELECT COUNT(remark) FROM note", ()).await
    });
    assert_eq!(remarks.await.unwrap(), (0,));
}

#[tokio::test]
async fn tells_constraints_apart() {
    let store = Store::open().await;
    store.add("taken").await.unwrap();
    let taken = store.add("taken").await.unwrap_err();
    assert!(taken.is_unique_violation("note", &["name"]), "{taken}");
    assert!(!taken.is_unique_violation("note", &["id"]));
    assert!(!taken.is_unique_violation("ote", &["name"]));
    assert!(!taken.is_unique_violation("note", &["name", "at"]));
    assert!(!taken.is_foreign_key_violation());
    let pair = store.database.write(DataScope::Platform, async move |tx| {
        let insert = MultiRowInsert::new("INSERT INTO note (name, amount, at)", 3, "");
        let row = |name: &str| vec![name.into(), 1_i64.into(), 2_i64.into()];
        insert.execute(tx, vec![row("x"), row("y")]).await
    });
    let pair = pair.await.unwrap_err();
    assert!(pair.is_unique_violation("note", &["amount", "at"]), "{pair}");
    assert!(!pair.is_unique_violation("note", &["at"]));
    let orphan = store.database.write(DataScope::Platform, async move |tx| {
        tx.execute_one("INSERT INTO label (note_id, name) VALUES (999, 'x')", ()).await
    });
    let orphan = orphan.await.unwrap_err();
    assert!(orphan.is_foreign_key_violation(), "{orphan}");
    assert!(!orphan.is_unique_violation("label", &["note_id"]));
}

#[tokio::test]
async fn tells_what_was_committed_and_nothing_else() {
    const NEWS: Topic = Topic::new("news");
    let store = Store::open().await;
    let mut told = store.database.subscribe(NEWS);
    let mut unconcerned = store.database.subscribe(Topic::new("weather"));
    let tell = async |name: &'static str, fails: bool| {
        let database = store.database.clone();
        let work = async move |tx: &mut Tx| {
            add_note(tx, name).await?;
            tx.notify(NEWS).await?;
            if fails { Err(DatabaseError::Closed) } else { Ok(()) }
        };
        database.write(DataScope::Platform, work).await
    };
    // In one batch with others that have nothing to tell.
    let busy = store.occupy(Duration::from_millis(50)).await;
    let (failed, kept, quiet) = tokio::join!(tell("failed", true), tell("kept", false), store.add("quiet"));
    assert!(failed.is_err() && kept.is_ok() && quiet.is_ok());
    busy.await.unwrap().unwrap();
    told.changed().now_or_never().expect("it is told before it is answered");
    assert!(told.changed().now_or_never().is_none(), "once");
    tell("failed", true).await.unwrap_err();
    store.add("later").await.unwrap();
    assert!(told.changed().now_or_never().is_none(), "what failed is not told with the next commit");
    assert!(unconcerned.changed().now_or_never().is_none());
}
