//! Logging: one line an event on standard error, for people or for machines, without personal data. Every line names
//! the node, and within a request or a job its trace and its channel. Where a collector is configured, it gets the
//! spans.

mod lines;
mod otlp;

use std::io::{IsTerminal as _, stderr};

use tokio::runtime::Handle;
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

use crate::config::{LogFormat, Settings};
use crate::trace::{TraceId, TraceParent};
use lines::{JsonLines, TextLines};

/// What this program's own spans and events begin their target with.
const OWN: &str = "soko";

/// Logging and tracing of this process.
#[must_use = "the last traces are sent by stopping it"]
#[derive(Debug)]
pub struct Telemetry(());

/// Starts logging for this process, and sending traces where that is configured, by `runtime`. A process that logs
/// already, such as one that runs tests, goes on as it does.
///
/// # Errors
/// A collector's address that is none.
pub fn start(settings: &Settings, runtime: &Handle) -> anyhow::Result<Telemetry> {
    let filter = EnvFilter::try_new(&settings.log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let node = settings.node.name();
    let tracer = otlp::start(&settings.telemetry, &node, runtime.clone())?;
    // An error means that somebody else was first.
    let _started_before = match tracer {
        // One filter for all is the quickest.
        None => registry().with(filter).with(lines(settings, node)).try_init(),
        Some(tracer) => {
            let spans = tracing_opentelemetry::layer()
                .with_tracer(tracer)
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_level(false)
                .with_tracked_inactivity(false)
                .with_context_activation(false)
                .with_filter(filter_fn(is_exported));
            registry().with(lines(settings, node).with_filter(filter)).with(spans).try_init()
        }
    };
    Ok(Telemetry(()))
}

fn lines<S>(settings: &Settings, node: String) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    let lines = fmt::layer().with_writer(stderr);
    match settings.log.format {
        LogFormat::Json => lines.fmt_fields(JsonFields::new()).event_format(JsonLines::new(node)).boxed(),
        LogFormat::Pretty => {
            lines.with_ansi(stderr().is_terminal()).event_format(TextLines::new(node)).boxed()
        }
    }
}

/// Whether a collector is told: of this program's spans that are worth a look, and of what is worth a line within them.
fn is_exported(metadata: &Metadata<'_>) -> bool {
    let level = if metadata.is_span() { Level::DEBUG } else { Level::INFO };
    metadata.target().starts_with(OWN) && *metadata.level() <= level
}

impl Telemetry {
    /// Sends the traces that have not been sent yet, within a bound.
    pub fn stop(self) {
        otlp::stop();
    }
}

/// Begins a trace, or goes on with one: `open` makes the span for it, with a field `trace_id` of this value. `random` is
/// asked for a name where none is known.
pub fn begin_trace(
    given: Option<TraceParent>,
    random: impl FnOnce() -> [u8; 16],
    open: impl FnOnce(Option<&str>) -> Span,
) -> (Option<TraceId>, Span) {
    let exports = otlp::is_on();
    let named = given.map(|given| given.trace);
    let known = if exports { named } else { named.or_else(|| TraceId::new(random())) };
    let span = open(known.as_ref().map(TraceId::as_str));
    if !exports {
        return (known, span);
    }
    if let Some(given) = given {
        otlp::go_on(&span, given);
    }
    let trace = otlp::trace_of(&span).or(known);
    if let (Some(trace), None) = (&trace, known) {
        span.record("trace_id", trace.as_str());
    }
    (trace, span)
}
