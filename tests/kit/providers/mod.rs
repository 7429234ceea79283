//! Stand-ins for providers of payments and messages: servers on real sockets that speak the providers' documented HTTP and keep books of
//! their own, with the faults that a test asks for.

pub mod daraja;
pub mod paystack;
pub mod sms;

use std::net::SocketAddr;

use axum::Router;
pub use soko::demo::daraja::Answering;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running stand-in; it ends with this.
struct Running {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("a stand-in") });
        Self { address, task }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}
