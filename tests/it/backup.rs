//! A backup that is made while customers check out, and what comes of it.

use std::path::Path;
use std::process::Output;

use serde_json::json;
use soko_tests::platform::{PASSWORD, TEA, prepare};
use soko_tests::process::Process;
use soko_tests::program::program;
use soko_tests::{Client, Shopper};

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().expect("the program runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn refused(arguments: &[&str], because: &str) {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(because), "{said}");
}

async fn check_out(url: &str, number: usize) -> String {
    let shopper = Shopper::new(Client::new(reqwest::Client::new(), format!("{url}/shop-api"), None));
    let tea = shopper.variant(TEA).await;
    let order = shopper.check_out(&tea, 1, &format!("customer{number}@example.com")).await;
    order["code"].as_str().expect("a code").to_owned()
}

/// The codes of all orders that are placed, by the operator, and the bytes of the first picture.
async fn inventory_of(url: &str) -> (Vec<String>, Vec<u8>) {
    let http = reqwest::Client::new();
    let admin = Client::new(http.clone(), format!("{url}/admin-api"), None);
    let log_in = "mutation ($password: String!) { login(username: \"superadmin\", password: $password) { __typename } }";
    admin.expect("CurrentUser", log_in, json!({ "password": PASSWORD })).await;
    let orders = "{ orders(options: { take: 1000, filter: { active: { eq: false } } }) { items { code } } }";
    let orders = admin.query(orders, json!({})).await["orders"]["items"].clone();
    let codes = orders
        .as_array()
        .expect("orders")
        .iter()
        .map(|order| order["code"].as_str().expect("a code").to_owned());
    let picture = admin.query("{ assets(options: { take: 1 }) { items { source } } }", json!({})).await;
    let picture = picture["assets"]["items"][0]["source"].as_str().expect("a picture").to_owned();
    let bytes = http.get(picture).send().await.expect("an answer").bytes().await.expect("a picture").to_vec();
    (codes.collect(), bytes)
}

fn on_two_threads<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

#[test]
fn a_backup_made_under_load_is_a_platform_again() {
    let home = tempfile::tempdir().expect("a directory");
    let (data, copy, again) = (home.path().join("data"), home.path().join("copy"), home.path().join("again"));
    on_two_threads(async {
        let settings = soko_tests::server::settings(&data);
        prepare(&settings).await.expect("a shop to serve");
        let process = Process::serve(&data);
        let mut before = Vec::new();
        for number in 0..5 {
            before.push(check_out(&process.url, number).await);
        }
        let url = process.url.clone();
        let meanwhile = tokio::spawn(async move {
            let mut number = 100;
            loop {
                check_out(&url, number).await;
                number += 1;
            }
        });
        let arguments = ["backup", "--to", text(&copy), "--data", text(&data)].map(str::to_owned);
        let made = tokio::task::spawn_blocking(move || run(&arguments.each_ref().map(String::as_str)));
        let made = made.await.expect("a backup");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        assert!(!meanwhile.is_finished(), "a checkout failed while the backup was made");
        meanwhile.abort();
        let (_, picture) = inventory_of(&process.url).await;
        process.kill();

        refused(&["backup", "--to", text(&copy), "--data", text(&data)], "exists");
        refused(&["restore", "--from", text(&copy), "--data", text(&data)], "there is a platform");
        let restored = run(&["restore", "--from", text(&copy), "--data", text(&again)]);
        assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
        let process = Process::serve(&again);
        let (codes, same_picture) = inventory_of(&process.url).await;
        assert!(before.iter().all(|code| codes.contains(code)), "{before:?} are not all in {codes:?}");
        assert!(picture == same_picture && !picture.is_empty());
        check_out(&process.url, 0).await;
    });
}

#[test]
fn what_is_not_whole_is_not_restored() {
    let home = tempfile::tempdir().expect("a directory");
    let (data, copy, again) = (home.path().join("data"), home.path().join("copy"), home.path().join("again"));
    refused(&["backup", "--to", text(&copy), "--data", text(&data)], "there is no platform");
    on_two_threads(async {
        let settings = soko_tests::server::settings(&data);
        prepare(&settings).await.expect("a shop to serve");
    });
    let broken_off = home.path().join("copy.partial");
    std::fs::create_dir(&broken_off).expect("a directory");
    refused(&["backup", "--to", text(&copy), "--data", text(&data)], "broken off");
    std::fs::remove_dir(&broken_off).expect("nothing in it");
    assert!(run(&["backup", "--to", text(&copy), "--data", text(&data)]).status.success());
    let restore = ["restore", "--from", text(&copy), "--data", text(&again)];
    let spoil = |name: &str| {
        let path = copy.join(name);
        let whole = std::fs::read(&path).expect("a file of the backup");
        let mut spoiled = whole.clone();
        let middle = spoiled.len() / 2;
        spoiled[middle] ^= 1;
        std::fs::write(&path, spoiled).expect("a file to spoil");
        (path, whole)
    };
    let (path, whole) = spoil("soko.db");
    refused(&restore, "soko.db of the backup is missing or damaged");
    std::fs::write(path, whole).expect("the file as it was");

    let folder = std::fs::read_dir(copy.join("blobs")).expect("pictures").next().expect("one").expect("one");
    let picture = std::fs::read_dir(folder.path()).expect("pictures").next().expect("one").expect("one");
    let name = picture.path().strip_prefix(&copy).expect("a path of the backup").to_owned();
    let (path, whole) = spoil(text(&name));
    refused(&restore, "missing or damaged");
    std::fs::remove_file(&path).expect("a picture to lose");
    refused(&restore, "pictures where it must have");
    std::fs::write(path, whole).expect("the picture as it was");

    let manifest = copy.join("manifest.json");
    let whole = std::fs::read_to_string(&manifest).expect("a manifest");
    let newer = whole.replace("\"schema_version\": ", "\"schema_version\": 9");
    std::fs::write(&manifest, newer).expect("a manifest of a newer program");
    refused(&restore, "with a newer one");
    std::fs::remove_file(&manifest).expect("a manifest to lose");
    refused(&restore, "is no backup");
    std::fs::write(&manifest, whole).expect("the manifest as it was");

    std::fs::create_dir_all(&again).expect("a directory");
    for companion in ["soko.db-wal", "soko.db-shm", "soko.db-journal"] {
        let leftover = again.join(companion);
        std::fs::write(&leftover, "of another database").expect("a file without its database");
        refused(&restore, companion);
        std::fs::remove_file(&leftover).expect("the file that was refused, untouched");
    }
    assert!(!again.join("soko.db").exists(), "nothing came of any of them");
    assert!(run(&restore).status.success());
}

#[test]
fn a_platform_on_a_server_has_backups_of_its_own() {
    let home = tempfile::tempdir().expect("a directory");
    let (data, copy) = (home.path().join("data"), home.path().join("copy"));
    let url = "postgres://nobody@127.0.0.1:1/none";
    refused(&["backup", "--to", text(&copy), "--data", text(&data), "--database", url], "PostgreSQL");
    refused(&["restore", "--from", text(&copy), "--data", text(&data), "--database", url], "PostgreSQL");
}
