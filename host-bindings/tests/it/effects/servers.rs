//! Small servers that note what they were asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A request as a server saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A server; it ends with this.
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Desk {
    seen: Arc<Mutex<Vec<Seen>>>,
    redirect: Arc<str>,
}

impl Server {
    /// `/ok` answers `receipt-1`; `/teapot` 418; `/big` two million bytes; `/hang` never; `/drip` a byte now and then;
    /// `/to-get` and `/to-post` lead to `redirect`; `/loop` to itself.
    pub async fn start(redirect: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let desk = Desk { seen: seen.clone(), redirect: redirect.into() };
        let router = Router::new().fallback(answer).with_state(desk);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, seen, task }
    }

    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    State(desk): State<Desk>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    desk.seen.lock().unwrap().push(Seen { method, path: path.clone(), headers, body });
    let redirect = |status: StatusCode, to: &str| (status, [("location", to.to_owned())]).into_response();
    match path.as_str() {
        "/teapot" => (StatusCode::IM_A_TEAPOT, "short and stout").into_response(),
        "/big" => vec![b'x'; 2_000_000].into_response(),
        "/hang" => std::future::pending().await,
        "/drip" => Body::from_stream(drip()).into_response(),
        "/to-get" => redirect(StatusCode::SEE_OTHER, &desk.redirect),
        "/to-post" => redirect(StatusCode::TEMPORARY_REDIRECT, &desk.redirect),
        "/loop" => redirect(StatusCode::TEMPORARY_REDIRECT, "/loop"),
        _ => "receipt-1".into_response(),
    }
}

fn drip() -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Ok(Bytes::from_static(b".")), ()))
    })
}
