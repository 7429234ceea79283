//! Nodes that end: killed, or told to while their database does not answer.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use soko::config::Role;
use soko::wiring::{App, Options, RunningApp, STOP_MAX};
use soko_infra::{DataScope, DatabaseError, Tx};
use soko_kernel::Clock;
use soko_tests::TestHome;
use soko_tests::home::database_url;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

use super::{node, on_two_threads, sessions, until};

/// Puts a session into the store that has expired, for the jobs to remove.
async fn plant_expired_session(app: &RunningApp, token: u8) {
    let work = async move |tx: &mut Tx| {
        let sql =
            "INSERT INTO session (token_hash, lifetime_ms, created_at, expires_at) VALUES ($1, 1, 1, 2)";
        tx.execute_one(sql, (vec![token; 32],)).await
    };
    let planted: Result<(), DatabaseError> = app.platform().database.write(DataScope::Platform, work).await;
    planted.expect("a session");
}

#[test]
fn a_worker_that_is_killed_is_replaced_within_seconds() {
    on_two_threads(async {
        let home = TestHome::create().await;
        let api = node(&home, Role::Api, Clock::system()).await;
        let body = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let body = body.expect("a runtime");
        let settings = {
            let mut settings = home.settings();
            (settings.server.role, settings.server.sweep_s) = (Role::Worker, 1);
            settings
        };
        let started = body.spawn(async {
            let options = Options::in_process().expect("randomness");
            App::start(settings, options).await.expect("a worker")
        });
        let victim = started.await.expect("a worker");
        let swept = async || (sessions(&api).await == 0).then_some(());
        plant_expired_session(&api, 1).await;
        until(swept, "the worker works").await;

        let next = node(&home, Role::Worker, Clock::system()).await;
        // All its tasks end where they stand, and its connections with them.
        body.shutdown_background();
        drop(victim);
        plant_expired_session(&api, 2).await;
        until(swept, "the next worker takes over").await;
        next.shutdown().await;
        api.shutdown().await;
    });
}

#[test]
fn a_node_whose_database_does_not_answer_stops_in_time() {
    on_two_threads(async {
        let home = TestHome::create().await;
        let (stall, stalled) = watch::channel(false);
        let mut settings = home.settings();
        if let Some(url) = database_url(home.path()) {
            settings.database.url.0 = proxy(&url, stalled).await;
        }
        (settings.server.sweep_s, settings.server.drain_s) = (1, 1);
        let app = App::start(settings, Options::in_process().expect("randomness")).await.expect("a node");
        plant_expired_session(&app, 1).await;
        until(async || (sessions(&app).await == 0).then_some(()), "it works").await;

        let lock = database_url(home.path()).is_none().then(|| write_lock(&home.path().join("soko.db")));
        stall.send_replace(true);
        let address = app.address();
        let waiting = tokio::spawn(async move { log_in_at(address).await });
        // By then the jobs wait for it as well.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(!waiting.is_finished(), "it does not answer");
        let asked = Instant::now();
        app.shutdown().await;
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(1) + STOP_MAX, "it took {took:?}");
        drop(lock);
        waiting.abort();
    });
}

/// Tries to log in, whatever comes of it.
async fn log_in_at(address: std::net::SocketAddr) {
    let body =
        r#"{ "query": "mutation { login(username: \"nobody\", password: \"12345678\") { __typename } }" }"#;
    let request = reqwest::Client::new().post(format!("http://{address}/admin-api"));
    let request = request.header("content-type", "application/json").body(body);
    request.send().await.map(|_| ()).unwrap_or_default();
}

/// Holds the write lock of a SQLite store until it is dropped, as another process might.
fn write_lock(path: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).expect("the store's file");
    connection.busy_timeout(Duration::from_secs(5)).expect("a timeout");
    connection.execute_batch("BEGIN IMMEDIATE").expect("its lock");
    connection
}

/// The URL of the same database by way of a proxy that hands nothing on while it is stalled.
async fn proxy(url: &str, stalled: watch::Receiver<bool>) -> String {
    let server: PgConnectOptions = url.parse().expect("a URL");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let database = server.get_database().expect("a database").to_owned();
    let user = server.get_username().to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (server, stalled) = (server.clone(), stalled.clone());
            tokio::spawn(async move { connect(client, &server, stalled).await });
        }
    });
    format!("postgres://{user}@127.0.0.1:{port}/{database}")
}

async fn connect(client: TcpStream, server: &PgConnectOptions, stalled: watch::Receiver<bool>) {
    let (from_client, to_client) = client.into_split();
    match server.get_socket() {
        Some(folder) => {
            let path: PathBuf = folder.join(format!(".s.PGSQL.{}", server.get_port()));
            let (from, to) = UnixStream::connect(path).await.expect("the server").into_split();
            tokio::join!(carry(from_client, to, stalled.clone()), carry(from, to_client, stalled));
        }
        None => {
            let address = (server.get_host(), server.get_port());
            let (from, to) = TcpStream::connect(address).await.expect("the server").into_split();
            tokio::join!(carry(from_client, to, stalled.clone()), carry(from, to_client, stalled));
        }
    }
}

/// Hands bytes on until an end is closed.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut stalled: watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if stalled.wait_for(|stalled| !stalled).await.is_err() || to.write_all(&bytes[..count]).await.is_err()
        {
            return;
        }
    }
}
