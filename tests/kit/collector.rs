//! A collector of traces: takes OTLP over HTTP on a port of its own, as the real ones do.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// The spans that came, and their resources' attributes.
#[derive(Debug, Default)]
struct Received {
    spans: Vec<Span>,
    resource: HashMap<String, String>,
}

/// A span as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its trace, in hexadecimal digits.
    pub trace: String,
    /// Its own id, in hexadecimal digits.
    pub id: String,
    /// That of the span around it; empty for the first of a trace.
    pub parent: String,
    /// What it is called.
    pub name: String,
    /// What it says, as texts.
    pub attributes: HashMap<String, String>,
}

/// A collector. It ends with this.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    received: Arc<Mutex<Received>>,
    serving: AbortHandle,
}

impl Collector {
    /// Takes traces from now on.
    ///
    /// # Panics
    /// When there is no port left.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let received = Arc::<Mutex<Received>>::default();
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&received));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, received, serving: serving.abort_handle() }
    }

    /// Where it is, as the program is told.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The spans of a trace that have come.
    pub fn spans(&self, trace: &str) -> Vec<Span> {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.spans.iter().filter(|span| span.trace == trace).cloned().collect()
    }

    /// What the last sender said of itself by this name.
    pub fn sender(&self, name: &str) -> Option<String> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).resource.get(name).cloned()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(State(received): State<Arc<Mutex<Received>>>, body: Bytes) -> impl IntoResponse {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "text/plain")], Vec::new());
    };
    let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
    for of_sender in request.resource_spans {
        received.resource = texts(of_sender.resource.unwrap_or_default().attributes);
        let spans = of_sender.scope_spans.into_iter().flat_map(|of_scope| of_scope.spans);
        received.spans.extend(spans.map(|span| Span {
            trace: digits(&span.trace_id),
            id: digits(&span.span_id),
            parent: digits(&span.parent_span_id),
            name: span.name,
            attributes: texts(span.attributes),
        }));
    }
    let answer = ExportTraceServiceResponse::default().encode_to_vec();
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/x-protobuf")], answer)
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn texts(attributes: Vec<KeyValue>) -> HashMap<String, String> {
    let text = |value: Value| match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        Value::BoolValue(is_so) => is_so.to_string(),
        other => format!("{other:?}"),
    };
    let value = |of: KeyValue| Some((of.key, text(of.value?.value?)));
    attributes.into_iter().filter_map(value).collect()
}
