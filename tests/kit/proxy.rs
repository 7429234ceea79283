//! A line between two programs that can be slow, cut, or closed to newcomers.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Bytes that are passed on at a time.
const CHUNK_BYTES: usize = 16 << 10;

/// A proxy of one server, on a port of its own. It ends with this.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    line: Arc<Line>,
    accepting: AbortHandle,
}

#[derive(Debug)]
struct Line {
    server: SocketAddr,
    delay_ms: AtomicU64,
    refuses: AtomicBool,
    /// Changes when all connections are cut.
    cuts: watch::Sender<u64>,
}

impl Proxy {
    /// Passes on what comes, at once, to a server on this machine.
    ///
    /// # Panics
    /// When there is no port left.
    pub async fn start(server_port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let line = Arc::new(Line {
            server: (Ipv4Addr::LOCALHOST, server_port).into(),
            delay_ms: AtomicU64::new(0),
            refuses: AtomicBool::new(false),
            cuts: watch::channel(0).0,
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&line))).abort_handle();
        Self { address, line, accepting }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Passes every chunk on so much later, in both directions.
    pub fn delay(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.line.delay_ms.store(millis, Ordering::Relaxed);
    }

    /// Ends every connection that there is.
    pub fn cut(&self) {
        self.line.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Ends new connections as soon as they are made, or does so no more.
    pub fn refuse(&self, refuses: bool) {
        self.line.refuses.store(refuses, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, line: Arc<Line>) {
    while let Ok((client, _)) = listener.accept().await {
        if !line.refuses.load(Ordering::Relaxed) {
            tokio::spawn(pass_on(client, Arc::clone(&line)));
        }
    }
}

/// Ends both connections when either ends, or is cut.
async fn pass_on(client: TcpStream, line: Arc<Line>) {
    let mut cuts = line.cuts.subscribe();
    let Ok(server) = TcpStream::connect(line.server).await else { return };
    for stream in [&client, &server] {
        // Chunks go as they come: a delay is the test's to choose.
        if stream.set_nodelay(true).is_err() {
            return;
        }
    }
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        () = copy(from_client, to_server, &line) => {}
        () = copy(from_server, to_client, &line) => {}
        // Also when the proxy is gone.
        _cut = cuts.changed() => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, line: &Line) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(bytes @ 1..) = from.read(&mut chunk).await {
        let delay_ms = line.delay_ms.load(Ordering::Relaxed);
        if delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
        if to.write_all(&chunk[..bytes]).await.is_err() {
            return;
        }
    }
}
