//! A SQLite file on a full disk, or locked by another process.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use soko_infra::{Database, SqliteConfig};
use soko_tests::cluster::Addresses;
use soko_tests::load::Load;
use soko_tests::platform::{TEA, prepare};
use soko_tests::process::Process;
use soko_tests::{Client, built_program, invariants, soak};
use soko_tools::disk::SmallDisk;

use super::{CUSTOMERS, RECOVERY_MAX, assert_typed, on_two_threads, wait_for_refusals};

const DEFAULT_ROUNDS: u64 = 1;
/// Enough for the shop and some sales.
const DISK_MIB: u32 = 32;
/// Longer than the server waits for the file's lock.
const LOCKED: Duration = Duration::from_secs(7);

/// A data directory with a shop in a file, whatever the tests run on.
async fn shop_in_a_file() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    prepare(&soko_tests::server::settings(directory.path())).await.expect("a shop to serve");
    directory
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").arg(from).arg(to).status().expect("`cp`");
    assert!(copied.success(), "{} is copied", from.display());
}

async fn open(data: &Path) -> Database {
    Database::open(SqliteConfig::at(data.join("soko.db")), &soko_domain::MIGRATIONS).await.expect("the store")
}

/// Who only looks is served all the time.
async fn assert_readable(url: &str) {
    let shop = Client::new(reqwest::Client::new(), format!("{url}/shop-api"), None);
    let found = shop.query("{ products { totalItems } }", json!({})).await;
    assert_ne!(found["products"]["totalItems"], 0, "{found}");
}

#[test]
fn survives_a_file_on_a_full_disk() {
    on_two_threads(async {
        let home = shop_in_a_file().await;
        let disk = SmallDisk::create(DISK_MIB, None).expect("a small disk");
        copy(home.path(), &disk.seen().join("data"));
        let mut serve = disk.enter(&built_program());
        serve.arg("serve").arg("--data").arg(disk.path().join("data"));
        let node = Process::run(serve);
        let load = Load::start(&Addresses::of(&node.url), TEA, CUSTOMERS, &mut soak::random()).await;
        load.wait_for_more(2, RECOVERY_MAX).await;
        for _ in 0..soak::rounds(DEFAULT_ROUNDS) {
            disk.fill().expect("a full disk");
            wait_for_refusals(&load, RECOVERY_MAX).await;
            assert_readable(&node.url).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            disk.free().expect("room");
            load.wait_for_more(4, RECOVERY_MAX).await;
        }
        let records = load.stop().await;
        assert_typed(&records);
        node.kill();
        let saved = tempfile::tempdir().expect("a temporary directory");
        copy(&disk.seen().join("data"), &saved.path().join("data"));
        invariants::check(&open(&saved.path().join("data")).await, &records).await;
    });
}

#[test]
fn survives_a_file_that_another_process_locks() {
    on_two_threads(async {
        let home = shop_in_a_file().await;
        let mut serve = Command::new(built_program());
        serve.arg("serve").arg("--data").arg(home.path());
        let node = Process::run(serve);
        let store = open(home.path()).await;
        let load = Load::start(&Addresses::of(&node.url), TEA, CUSTOMERS, &mut soak::random()).await;
        load.wait_for_more(2, RECOVERY_MAX).await;
        let locker = rusqlite::Connection::open(home.path().join("soko.db")).expect("the file");
        for _ in 0..soak::rounds(DEFAULT_ROUNDS) {
            locker.busy_timeout(LOCKED).expect("a setting");
            locker.execute_batch("BEGIN IMMEDIATE").expect("the lock");
            tokio::time::sleep(LOCKED).await;
            assert_readable(&node.url).await;
            let paid = load.records().paid.len();
            assert!(!load.records().refused.is_empty(), "nobody was told: {}", load.records());
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert_eq!(load.records().paid.len(), paid, "nobody can write meanwhile");
            locker.execute_batch("ROLLBACK").expect("the end of the lock");
            load.wait_for_more(4, RECOVERY_MAX).await;
            invariants::check(&store, &load.records()).await;
        }
        let records = load.stop().await;
        assert_typed(&records);
        invariants::check(&store, &records).await;
    });
}
