//! Reads that share a snapshot.

use futures_util::future::{join, join_all};
use soko_infra::DataScope::Platform;
use soko_infra::db::share_snapshots;

use super::*;

const PROCESS_AND_BEGINNING: &str =
    "SELECT CAST(pg_backend_pid() AS BIGINT), CAST(transaction_timestamp() AS TEXT)";

impl Store {
    /// The server process that a read is on, and when its transaction began.
    async fn whereabouts(&self) -> (i64, String) {
        let read = self.database.read(Platform, async |reader| {
            reader.fetch_one::<(i64, String)>(PROCESS_AND_BEGINNING, ()).await
        });
        read.await.unwrap()
    }
}

#[tokio::test]
async fn reads_at_the_same_time_are_on_one_snapshot() {
    let store = Store::open().await;
    let together = share_snapshots(join_all((0..5).map(|_| store.whereabouts()))).await;
    assert!(together.windows(2).all(|pair| pair[0] == pair[1]), "{together:?}");
    let apart = join_all((0..5).map(|_| store.whereabouts())).await;
    assert!(apart.windows(2).all(|pair| pair[0] != pair[1]), "by themselves they are not: {apart:?}");
}

#[tokio::test]
async fn what_is_read_after_a_write_sees_it() {
    let store = Store::open().await;
    let work = async {
        for name in ["a", "b", "c"] {
            let (before, _) = join(store.names(), store.names()).await;
            assert!(!before.contains(&name.to_owned()));
            store.add(name).await.unwrap();
            assert!(store.names().await.contains(&name.to_owned()));
        }
    };
    share_snapshots(work).await;
    let free = store.database.stats().pools.iter().all(|pool| pool.used == 0);
    assert!(free, "no snapshot is left open: {:?}", store.database.stats().pools);
}

#[tokio::test]
async fn a_read_that_fails_or_goes_away_harms_no_other() {
    let store = Store::open().await;
    store.add("there").await.unwrap();
    let failing = async || {
        let failing = store.database.read(Platform, async |reader| {
            reader.fetch_one::<(i64,)>("SELECT 1 / (amount - amount) FROM note", ()).await
        });
        assert!(failing.await.is_err());
    };
    let leaving = async || {
        let endless = store.database.read(Platform, async |reader| {
            reader.fetch_one::<(String,)>("SELECT CAST(pg_sleep(60) AS TEXT)", ()).await
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), endless).await.is_err());
    };
    let work = async {
        let (first, (), second) = tokio::join!(store.names(), failing(), store.names());
        assert_eq!([first, second], [["there"], ["there"]]);
        let (first, (), second) = tokio::join!(store.names(), leaving(), store.names());
        assert_eq!([first, second], [["there"], ["there"]]);
    };
    share_snapshots(work).await;
    assert_eq!(store.names().await, ["there"]);
}

#[tokio::test]
async fn a_read_within_a_read_has_a_snapshot_of_its_own() {
    let store = Store::open().await;
    let nested = store.database.read(Platform, async |reader| {
        let outer: (i64, String) = reader.fetch_one(PROCESS_AND_BEGINNING, ()).await?;
        Ok::<_, DatabaseError>((outer.0, store.whereabouts().await.0))
    });
    let (outer, inner) = share_snapshots(nested).await.unwrap();
    assert_ne!(outer, inner);
}
