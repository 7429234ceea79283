//! A PostgreSQL server that is restarted, cut off, slow or full.

use std::time::Duration;

use soko_infra::Database;
use soko_tests::cluster::Cluster;
use soko_tests::load::{Load, Records};
use soko_tests::platform::TEA;
use soko_tests::proxy::Proxy;
use soko_tests::{TestHome, invariants, soak};
use soko_tools::postgres::{Stop, TestServer};
use tokio::task::block_in_place;

use super::{CUSTOMERS, RECOVERY_MAX, assert_typed, on_two_threads, wait_for_refusals};

const DEFAULT_ROUNDS: u64 = 1;
/// Enough for the server, the shop and some sales.
const DISK_MIB: u32 = 112;
/// How slow the line is: every chunk, in each direction.
const SLOW: Duration = Duration::from_millis(200);

/// A node that reaches a server of its own through a line that can be disturbed, under load.
struct Stage {
    server: TestServer,
    proxy: Proxy,
    /// The store, by a line that is never disturbed.
    store: Database,
    load: Load,
    _node: Cluster,
}

impl Stage {
    async fn set(disk_mib: Option<u32>) -> Self {
        let server = block_in_place(|| TestServer::start_durable(disk_mib)).expect("a server");
        let proxy = Proxy::start(server.port()).await;
        let node = Cluster::over(TestHome::with_database(server.own_url_through(proxy.port())), 1).await;
        let store = TestHome::with_database(server.own_url()).open_store().await;
        let load = Load::start(&node.addresses, TEA, CUSTOMERS, &mut soak::random()).await;
        load.wait_for_more(2, RECOVERY_MAX).await;
        Self { server, proxy, store, load, _node: node }
    }

    /// Somebody can pay again, and all that was acknowledged is there.
    async fn recovers(&self) {
        self.load.wait_for_more(4, RECOVERY_MAX).await;
        invariants::check(&self.store, &self.load.records()).await;
    }

    async fn end(self) -> Records {
        let records = self.load.stop().await;
        assert_typed(&records);
        invariants::check(&self.store, &records).await;
        self.store.close().await;
        records
    }
}

#[test]
fn survives_a_server_that_is_restarted() {
    on_two_threads(async {
        let mut stage = Stage::set(None).await;
        for _ in 0..soak::rounds(DEFAULT_ROUNDS) {
            for how in [Stop::Immediate, Stop::Fast] {
                block_in_place(|| stage.server.stop(how)).expect("a server that stops");
                wait_for_refusals(&stage.load, RECOVERY_MAX).await;
                block_in_place(|| stage.server.run()).expect("a server that starts again");
                stage.recovers().await;
            }
        }
        stage.end().await;
    });
}

#[test]
fn survives_connections_that_are_cut() {
    on_two_threads(async {
        let stage = Stage::set(None).await;
        for _ in 0..soak::rounds(DEFAULT_ROUNDS) {
            for _ in 0..4 {
                stage.proxy.cut();
                stage.load.wait_for_more(1, RECOVERY_MAX).await;
            }
            stage.proxy.refuse(true);
            stage.proxy.cut();
            tokio::time::sleep(Duration::from_secs(1)).await;
            stage.proxy.refuse(false);
            stage.recovers().await;
        }
        stage.end().await;
    });
}

#[test]
fn survives_a_line_that_is_slow() {
    on_two_threads(async {
        let stage = Stage::set(None).await;
        for _ in 0..soak::rounds(DEFAULT_ROUNDS) {
            stage.proxy.delay(SLOW);
            tokio::time::sleep(Duration::from_secs(4)).await;
            stage.proxy.delay(Duration::ZERO);
            stage.recovers().await;
        }
        stage.end().await;
    });
}

#[test]
fn survives_a_server_whose_disk_is_full() {
    on_two_threads(async {
        let mut stage = Stage::set(Some(DISK_MIB)).await;
        for _ in 0..soak::rounds(DEFAULT_ROUNDS) {
            stage.server.disk().expect("its disk").fill().expect("a full disk");
            wait_for_refusals(&stage.load, RECOVERY_MAX).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            stage.server.disk().expect("its disk").free().expect("room");
            // A server that could not write its log has ended, and its operator starts it again.
            if !stage.server.is_running().expect("an answer") {
                block_in_place(|| stage.server.run()).expect("a server that starts again");
            }
            stage.recovers().await;
        }
        stage.end().await;
    });
}
