//! `/metrics`: what an operator watches, in the text format that Prometheus reads.
//!
//! Parts count as they work, in atomics of their own; here the numbers are read and written down when somebody asks. They
//! name no person and no shop's goods, but are not for the public: they are served at an address of their own
//! (`metrics.listen`), and at the server's own only where `metrics.public` says so.
//!
//! To add a metric: a line in [`families`].

mod families;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Router, routing};
use prometheus_client::registry::Registry;
use soko_host::PluginHost;
use soko_infra::Database;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::config::Role;
use crate::http::{self, Endpoints, Guard};
use crate::jobs::{DeliveryCounts, Records, RoutedCounts};

/// Connections of the tools that watch; more wait.
const CONNECTIONS_MAX: usize = 16;
/// What Prometheus calls the text format.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whose numbers are shown.
pub struct Sources {
    /// The store.
    pub database: Database,
    /// The plugins.
    pub host: PluginHost,
    /// HTTP.
    pub guard: Arc<Guard>,
    /// Both APIs.
    pub endpoints: Arc<Endpoints>,
    /// The platform's jobs, where this node does any.
    pub jobs: Records,
    /// What this node has handed on and sent, where it does.
    pub events: (Arc<RoutedCounts>, Arc<DeliveryCounts>),
    /// What this node does.
    pub role: Role,
}

/// The metrics of one server.
#[derive(Clone)]
pub struct Metrics {
    sources: Arc<Sources>,
}

impl Metrics {
    /// Of these parts.
    pub fn new(sources: Sources) -> Self {
        Self { sources: Arc::new(sources) }
    }

    /// `/metrics` alone.
    pub fn router(self) -> Router {
        Router::new().route("/metrics", routing::get(show)).with_state(self)
    }

    /// Everything, as text.
    ///
    /// # Errors
    /// A number that has no text, which is a defect.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(families::Numbers::read(&self.sources)));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry)?;
        Ok(text)
    }
}

async fn show(State(metrics): State<Metrics>) -> Response {
    match metrics.text() {
        Ok(text) => {
            ([(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, "no-store")], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the metrics have no text");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Serves the metrics at an address of their own, until it is dropped: as long as the server stops, an operator wants to
/// see how.
pub struct MetricsServer {
    address: SocketAddr,
    task: JoinHandle<usize>,
}

impl MetricsServer {
    /// Starts it, where there is an address.
    ///
    /// # Errors
    /// When the address is taken, or not this machine's.
    pub async fn start(address: Option<SocketAddr>, metrics: Metrics) -> anyhow::Result<Option<Self>> {
        let Some(wanted) = address else { return Ok(None) };
        let listener = TcpListener::bind(wanted).await;
        let listener = listener.with_context(|| format!("the address {wanted} cannot be listened on"))?;
        let address = listener.local_addr().context("the system does not say where the metrics are")?;
        let serve = http::serve(
            listener,
            metrics.router(),
            CONNECTIONS_MAX,
            Duration::ZERO,
            std::future::pending::<()>(),
        );
        tracing::info!(%address, "metrics");
        Ok(Some(Self { address, task: tokio::spawn(serve) }))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
