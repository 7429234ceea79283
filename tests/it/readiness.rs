//! `/readyz` tells the truth, and why.

use std::time::{Duration, Instant};

use soko::config::Role;
use soko::wiring::RunningApp;
use soko_infra::{DataScope, Database, DatabaseError, Tx};
use soko_kernel::Clock;
use soko_tests::TestHome;
use soko_tests::server::with_server;
use soko_tools::postgres::{Stop, TestServer};
use tokio::task::block_in_place;

use crate::nodes::{node, on_two_threads};

/// Longest that a server which has lost its database may say that it is ready.
const NOTICED_MAX: Duration = Duration::from_secs(1);
/// Longest that it may take to come back.
const RECOVERY_MAX: Duration = Duration::from_secs(20);

async fn ask(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a text"))
}

async fn change(database: &Database, sql: &'static str) {
    let work = async move |tx: &mut Tx| tx.execute_one(sql, ()).await;
    let changed: Result<(), DatabaseError> = database.write(DataScope::Platform, work).await;
    changed.expect("a change of the schema's record");
}

#[test]
fn says_when_the_schema_is_another_programs() {
    with_server(async |server| {
        let (url, database) = (server.url("/readyz"), server.database());
        assert_eq!(ask(&url).await, (200, "ready\n".to_owned()));

        let later = async move |tx: &mut Tx| {
            let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                       VALUES (9999, 'later', TRUE, $1, 0)";
            tx.execute_one(sql, (vec![0_u8],)).await
        };
        let migrated: Result<(), DatabaseError> = database.write(DataScope::Platform, later).await;
        migrated.expect("a newer schema");
        let (status, why) = ask(&url).await;
        assert!(status == 503 && why.contains("1 migrations ahead of this program"), "{status} {why}");
        change(database, "DELETE FROM _sqlx_migrations WHERE version = 9999").await;
        assert_eq!(ask(&url).await.0, 200);

        change(database, "UPDATE _sqlx_migrations SET success = FALSE WHERE version = 1").await;
        let (status, why) = ask(&url).await;
        assert!(status == 503 && why.contains("1 migrations behind this program"), "{status} {why}");
        change(database, "UPDATE _sqlx_migrations SET success = TRUE WHERE version = 1").await;
        assert_eq!(ask(&url).await.0, 200);
        assert_eq!(ask(&server.url("/healthz")).await.0, 200, "the process lives all the while");
    });
}

/// Waits until it is ready or is not, and says how long that took and what it said.
async fn until(app: &RunningApp, status: u16, longest: Duration) -> (Duration, String) {
    let (url, begun) = (format!("http://{}/readyz", app.address()), Instant::now());
    loop {
        let (answered, why) = ask(&url).await;
        if answered == status {
            return (begun.elapsed(), why);
        }
        assert!(begun.elapsed() < longest, "{answered} {why} after {:?}", begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn says_within_a_second_that_the_database_is_lost_and_comes_back_by_itself() {
    on_two_threads(async {
        let mut server = block_in_place(|| TestServer::start_durable(None)).expect("a server");
        let home = TestHome::with_database(server.own_url());
        let app = node(&home, Role::All, Clock::system()).await;
        until(&app, 200, NOTICED_MAX).await;
        for how in [Stop::Fast, Stop::Immediate] {
            block_in_place(|| server.stop(how)).expect("a server that stops");
            let (took, why) = until(&app, 503, NOTICED_MAX).await;
            assert!(took < NOTICED_MAX, "it took {took:?}");
            assert!(why.contains("the database does not answer"), "{why}");
            block_in_place(|| server.run()).expect("a server that starts again");
            until(&app, 200, RECOVERY_MAX).await;
        }
        app.shutdown().await;
    });
}
