use std::time::{Duration, Instant};

use soko_infra::{DataScope, DatabaseError};
use soko_kernel::ErrorKind;

use super::{ENDLESS, Store, add_note};

const LIMIT: Duration = Duration::from_millis(200);
/// Longest that anything may take which is ended at [`LIMIT`], on a busy machine.
const PATIENCE: Duration = Duration::from_secs(4);

async fn with_short_limit() -> Store {
    Store::open_with(|config| config.closure_limit = LIMIT).await
}

/// Runs `bad` in one batch with writes of `before` and `after`, which must both be kept.
async fn beside_others<F>(store: &Store, bad: F) -> Result<(), DatabaseError>
where
    F: Future<Output = Result<(), DatabaseError>>,
{
    let begun = Instant::now();
    let busy = store.occupy(LIMIT / 4).await;
    let (before, outcome, after) = tokio::join!(biased; store.add("before"), bad, store.add("after"));
    before.unwrap();
    after.unwrap();
    busy.await.unwrap().unwrap();
    assert_eq!(store.names().await, ["after", "before"]);
    assert!(store.database.writer_stats().largest_batch > 1);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    outcome
}

#[tokio::test]
async fn survives_a_panicking_closure() {
    let store = Store::open().await;
    let panicking = store.database.write(DataScope::Platform, async move |tx| {
        add_note(tx, "panicked").await?;
        let nothing: Option<()> = std::hint::black_box(None);
        nothing.expect("the closure panics");
        Ok(())
    });
    let outcome = beside_others(&store, panicking).await;
    assert!(
        matches!(&outcome, Err(DatabaseError::Panicked(why)) if why == "the closure panics"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn interrupts_a_slow_query() {
    let store = with_short_limit().await;
    let slow = store.database.write(DataScope::Platform, async move |tx| {
        add_note(tx, "slow").await?;
        tx.fetch_one::<(i64,)>(ENDLESS, ()).await.map(|_| ())
    });
    let outcome = beside_others(&store, slow).await;
    assert!(matches!(outcome, Err(DatabaseError::TransactionTimeout)), "{outcome:?}");
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Overloaded);
}

/// SQLite ends the whole transaction with an interrupted INSERT, so that the others of the batch run again.
#[tokio::test]
async fn interrupts_a_slow_insert_and_keeps_the_others() {
    let store = with_short_limit().await;
    let slow = store.database.write(DataScope::Platform, async move |tx| {
        let sql = format!("INSERT INTO note (name, amount) {}", ENDLESS.replace("COUNT(*)", "'n' || i, i"));
        let interrupted = tx.execute(sqlx::AssertSqlSafe(sql), ()).await.map(|_| ());
        let next = add_note(tx, "after the transaction was gone").await;
        assert!(matches!(next, Err(DatabaseError::FailureIgnored(_))), "{next:?}");
        interrupted
    });
    let outcome = beside_others(&store, slow).await;
    assert!(matches!(outcome, Err(DatabaseError::TransactionTimeout)), "{outcome:?}");
    assert_eq!(store.database.writer_stats().redone, 2, "before and after");
}

#[tokio::test]
async fn ends_an_endless_await() {
    let store = with_short_limit().await;
    let endless = store.database.write(DataScope::Platform, async move |tx| {
        add_note(tx, "endless").await?;
        std::future::pending().await
    });
    let outcome = beside_others(&store, endless).await;
    assert!(matches!(outcome, Err(DatabaseError::TransactionTimeout)), "{outcome:?}");
}

#[tokio::test]
async fn refuses_a_closure_that_hides_its_timeout() {
    let store = with_short_limit().await;
    let hiding = store.database.write(DataScope::Platform, async move |tx| {
        let statement = tx.fetch_one::<(i64,)>(ENDLESS, ()).await;
        assert!(matches!(statement, Err(DatabaseError::TransactionTimeout)), "{statement:?}");
        Ok(())
    });
    let outcome = beside_others(&store, hiding).await;
    assert!(matches!(outcome, Err(DatabaseError::FailureIgnored(_))), "{outcome:?}");
}

#[tokio::test]
async fn ends_a_slow_read_and_lends_its_connection_again() {
    let store = Store::open_with(|config| {
        config.read_limit = LIMIT;
        config.readers = 1;
    })
    .await;
    store.add("present").await.unwrap();
    let begun = Instant::now();
    let slow = store
        .database
        .read(DataScope::Platform, async |reader| reader.fetch_one::<(i64,)>(ENDLESS, ()).await);
    let outcome = slow.await;
    assert!(matches!(outcome, Err(DatabaseError::ReadTimeout)), "{outcome:?}");
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Overloaded);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    assert_eq!(store.names().await, ["present"]);
}

/// What a reader sees does not change under it.
#[tokio::test]
async fn reads_from_one_snapshot() {
    let store = Store::open().await;
    store.add("before").await.unwrap();
    let counts = store.database.read(DataScope::Platform, async |reader| {
        let (first,): (i64,) = reader.fetch_one("SELECT COUNT(*) FROM note", ()).await?;
        store.add("meanwhile").await?;
        let (second,): (i64,) = reader.fetch_one("SELECT COUNT(*) FROM note", ()).await?;
        Ok::<_, DatabaseError>((first, second))
    });
    assert_eq!(counts.await.unwrap(), (1, 1));
    assert_eq!(store.names().await, ["before", "meanwhile"]);
}

#[tokio::test]
async fn refuses_a_closure_that_ignores_a_failed_statement() {
    let store = Store::open().await;
    let careless = store.database.write(DataScope::Platform, async move |tx| {
        add_note(tx, "careless").await?;
        add_note(tx, "careless").await.ok();
        let next = add_note(tx, "later").await;
        assert!(matches!(next, Err(DatabaseError::FailureIgnored(_))), "{next:?}");
        Ok(())
    });
    let outcome = beside_others(&store, careless).await;
    assert!(
        matches!(&outcome, Err(DatabaseError::FailureIgnored(why)) if why.contains("UNIQUE")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn readers_cannot_write() {
    let store = Store::open().await;
    let write = store.database.read(DataScope::Platform, async |reader| {
        reader.fetch_all::<(i64,)>("INSERT INTO note (name) VALUES ('x') RETURNING id", ()).await
    });
    write.await.unwrap_err();
    assert!(store.names().await.is_empty());
}
