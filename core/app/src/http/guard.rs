//! What surrounds every request: its id, its span in the log, its time limit, and a net for panics.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use data_encoding::HEXLOWER;
use futures_util::FutureExt as _;
use soko_kernel::Random;
use tokio::sync::Semaphore;
use tracing::{Instrument as _, Span, field};

use super::refusal::Refusal;
use super::traffic::{Traffic, surface_of};
use crate::telemetry::begin_trace;
use crate::trace::{TRACE_ID, TraceId, TraceParent};

/// Names a request in both directions and in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id that is taken over from a client, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;
/// Random bytes at the start of our own request ids.
const ID_PREFIX_BYTES: usize = 6;
/// Bytes of a request's path that are shown in the log.
const PATH_BYTES_SHOWN: usize = 256;
/// Milliseconds from which a request is logged as slow.
const SLOW_MS: u128 = 1_000;

/// State of the layers around all requests.
#[derive(Debug)]
pub struct Guard {
    timeout: Duration,
    places: Semaphore,
    places_max: usize,
    traffic: Traffic,
    id_prefix: String,
    id_next: AtomicU64,
    random: Random,
}

impl Guard {
    /// At most `requests_max` requests at a time, each for at most `timeout`. `random` keeps the ids of different runs of
    /// the server apart, and names traces.
    pub fn new(requests_max: usize, timeout: Duration, random: Random) -> Self {
        let id_prefix = HEXLOWER.encode(&random.salt()[..ID_PREFIX_BYTES]);
        Self {
            timeout,
            places: Semaphore::new(requests_max),
            places_max: requests_max,
            traffic: Traffic::default(),
            id_prefix,
            id_next: AtomicU64::new(0),
            random,
        }
    }

    /// The traffic so far.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// How many requests are being worked on, and how many may be.
    pub fn places(&self) -> (usize, usize) {
        (self.places_max.saturating_sub(self.places.available_permits()), self.places_max)
    }

    /// The trace that a request belongs to, and its span in it. The span is there whatever level is logged, since every
    /// line is to name the trace.
    fn trace(&self, request: &Request, request_id: &str) -> (Option<TraceId>, Span) {
        let path = request.uri().path();
        let path = path.get(..PATH_BYTES_SHOWN).unwrap_or(path);
        let method = request.method().as_str();
        begin_trace(
            TraceParent::read(request.headers()),
            || self.random.salt(),
            |trace_id| {
                tracing::error_span!("request", trace_id, request_id, method, path, channel = field::Empty)
            },
        )
    }

    /// The client's id where it is harmless in a log, else one of our own.
    fn request_id(&self, request: &Request) -> HeaderValue {
        let given = request.headers().get(&REQUEST_ID);
        let harmless = |id: &&HeaderValue| {
            let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            (1..=REQUEST_ID_BYTES_MAX).contains(&id.len()) && id.as_bytes().iter().all(allowed)
        };
        given.filter(harmless).cloned().unwrap_or_else(|| {
            let number = self.id_next.fetch_add(1, Ordering::Relaxed);
            let text = format!("{}-{number:x}", self.id_prefix);
            HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("unnamed"))
        })
    }
}

/// Gives the request its id, trace and span, its time limit, and turns a panic into an answer. Logs no payload.
pub async fn watch(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let id = guard.request_id(&request);
    let (trace, span) = guard.trace(&request, id.to_str().unwrap_or_default());
    let mut response = run(&guard, request, next).instrument(span).await;
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    if let Some(trace) = trace.and_then(|trace| trace.header()) {
        headers.insert(TRACE_ID, trace);
    }
    response
}

/// Notes the channel that a request is for, for every line of the log from now on.
pub fn note_channel(code: &str) {
    Span::current().record("channel", code);
}

async fn run(guard: &Guard, request: Request, next: Next) -> Response {
    let (started, surface) = (Instant::now(), surface_of(request.uri().path()));
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    let response = match tokio::time::timeout(guard.timeout, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            guard.traffic.panicked();
            tracing::error!(panic = panic_message(panic.as_ref()), "a request panicked");
            Refusal::Internal.into_response()
        }
        Err(_) => {
            guard.traffic.timed_out();
            tracing::warn!(timeout_s = guard.timeout.as_secs(), "a request was given up");
            Refusal::TimedOut.into_response()
        }
    };
    let took = started.elapsed();
    guard.traffic.answered(surface, response.status(), took);
    let (status, duration_ms) = (response.status().as_u16(), took.as_millis());
    if duration_ms >= SLOW_MS {
        tracing::warn!(status, duration_ms, "slow request");
    } else {
        tracing::debug!(status, duration_ms, "request");
    }
    response
}

/// Refuses a request at once when as many as allowed are being worked on: waiting would only make it worse.
pub async fn take_place(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    match guard.places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => {
            guard.traffic.refused();
            Refusal::Overloaded.into_response()
        }
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
