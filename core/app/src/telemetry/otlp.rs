//! Traces for a collector, by OTLP over HTTP: the spans of this program's own, whatever is logged of them. Off unless
//! asked for, and then nothing but a look at a flag.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId as ExportedId, TraceState,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::config::Telemetry as TelemetrySettings;
use crate::trace::{TraceId, TraceParent};

/// What the collector calls this program.
const SERVICE: &str = "soko";
/// Where collectors take traces, below the address that is configured.
const PATH: &str = "/v1/traces";
/// Longest that sending a batch may take.
const SEND_MAX: Duration = Duration::from_secs(5);
/// Longest that the last spans may take to be sent, at the end.
const FLUSH_MAX: Duration = Duration::from_secs(3);
/// Largest answer of a collector that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// All of a hundred, for shares.
const HUNDRED: f64 = 100.0;

/// What makes spans into traces, once there is something.
static EXPORTER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Whether spans go to a collector.
pub(super) fn is_on() -> bool {
    EXPORTER.get().is_some()
}

/// Begins to send spans to the collector that is configured; none where none is.
///
/// # Errors
/// An address that is none.
pub(super) fn start(
    settings: &TelemetrySettings,
    node: &str,
    runtime: Handle,
) -> anyhow::Result<Option<SdkTracer>> {
    if settings.otlp_endpoint.is_empty() {
        return Ok(None);
    }
    let address = settings.otlp_endpoint.trim_end_matches('/');
    let address = if address.ends_with(PATH) { address.to_owned() } else { format!("{address}{PATH}") };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector::new(runtime))
        .with_endpoint(address)
        .with_timeout(SEND_MAX)
        .build()
        .context("traces cannot be sent")?;
    #[expect(clippy::float_arithmetic, reason = "a share of traces is no money")]
    let share = f64::from(settings.sampled_percent) / HUNDRED;
    let resource = Resource::builder_empty().with_service_name(SERVICE).with_attributes([
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", node.to_owned()),
    ]);
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share))))
        .with_resource(resource.build())
        .build();
    let tracer = provider.tracer(SERVICE);
    Ok(EXPORTER.set(provider).is_ok().then_some(tracer))
}

/// Sends what has not been sent yet, within a bound, and nothing afterwards.
pub(super) fn stop() {
    if let Some(provider) = EXPORTER.get()
        && let Err(error) = provider.shutdown_with_timeout(FLUSH_MAX)
    {
        tracing::warn!(%error, "the last traces could not be sent in time");
    }
}

/// Makes a span that has just been opened a part of the trace that its sender has begun.
pub(super) fn go_on(span: &Span, given: TraceParent) {
    let flags = if given.is_sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let parent = SpanContext::new(
        ExportedId::from_bytes(given.trace.bytes()),
        SpanId::from_bytes(given.span),
        flags,
        true,
        TraceState::NONE,
    );
    // It fails where the span is not exported, which then has no trace to be a part of.
    if let Err(error) = span.set_parent(Context::new().with_remote_span_context(parent)) {
        tracing::debug!(%error, "a trace cannot be gone on with");
    }
}

/// The trace that a span belongs to.
pub(super) fn trace_of(span: &Span) -> Option<TraceId> {
    TraceId::new(span.context().span().span_context().trace_id().to_bytes())
}

/// Carries batches to the collector, on the program's own threads: those of the exporter only wait.
#[derive(Debug)]
struct Collector {
    runtime: Handle,
    client: Client<HttpConnector, Body>,
    /// Whether the last batch could not be sent, which is worth telling once.
    fails: AtomicBool,
}

impl Collector {
    fn new(runtime: Handle) -> Self {
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build_http();
        Self { runtime, client, fails: AtomicBool::new(false) }
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = async move {
            let (head, body) = client.request(request.map(Body::from)).await?.into_parts();
            let body = to_bytes(Body::new(body), ANSWER_BYTES_MAX).await?;
            Ok::<_, HttpError>(Response::from_parts(head, body))
        };
        // The time is the runtime's too.
        let sending = self.runtime.spawn(async move { tokio::time::timeout(SEND_MAX, sent).await });
        sending.await??
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.send(request).await;
        let why = match &sent {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("it answers {}", response.status())),
            Err(error) => Some(error.to_string()),
        };
        let failed_before = self.fails.swap(why.is_some(), Ordering::Relaxed);
        match why {
            Some(error) if !failed_before => {
                tracing::warn!(error, "traces cannot be sent to the collector for now");
            }
            None if failed_before => tracing::info!("traces can be sent to the collector again"),
            _ => {}
        }
        sent
    }
}
