//! How log lines look.

use std::fmt::{self, Debug};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// What a field's name begins with that says where an event of the crate `log` came from.
const OF_LOG: &str = "log.";

/// For people: the node, and then what `tracing` makes of it.
pub(super) struct TextLines {
    node: String,
    rest: Format<Full>,
}

impl TextLines {
    pub(super) fn new(node: String) -> Self {
        Self { node, rest: fmt_format() }
    }
}

fn fmt_format() -> Format<Full> {
    tracing_subscriber::fmt::format()
}

impl<S, N> FormatEvent<S, N> for TextLines
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "{} ", self.node)?;
        self.rest.format_event(context, writer, event)
    }
}

/// For machines: an object with `timestamp`, `level`, `target`, `node` and `message`, and the fields of the event and of
/// the spans around it. Of several of one name the innermost is shown.
pub(super) struct JsonLines {
    node: String,
}

impl JsonLines {
    pub(super) fn new(node: String) -> Self {
        Self { node }
    }
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Map::new();
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            let extensions = span.extensions();
            let Some(of_span) = extensions.get::<FormattedFields<N>>() else { continue };
            // They are what `JsonFields` wrote.
            if let Ok(Value::Object(of_span)) = serde_json::from_str(of_span.as_str()) {
                fields.extend(of_span);
            }
        }
        event.record(&mut Fields(&mut fields));
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let message = fields.remove("message");
        let head = [
            ("timestamp", Value::from(timestamp)),
            ("level", Value::from(metadata.level().as_str())),
            ("target", Value::from(metadata.target())),
            ("node", Value::from(self.node.as_str())),
        ];
        let head = head.into_iter().map(|(name, value)| (name.to_owned(), value));
        let message = message.map(|message| ("message".to_owned(), message));
        let mut before = '{';
        for (name, value) in head.chain(message).chain(fields) {
            write!(writer, "{before}{}:{value}", Value::from(name))?;
            before = ',';
        }
        writeln!(writer, "}}")
    }
}

struct Fields<'f>(&'f mut Map<String, Value>);

impl Fields<'_> {
    fn add(&mut self, field: &Field, value: Value) {
        if !field.name().starts_with(OF_LOG) {
            self.0.insert(field.name().trim_start_matches("r#").to_owned(), value);
        }
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.add(field, u64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::fmt::format::JsonFields;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::{Layer as _, fmt, registry};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Written {
        type Writer = Self;

        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    /// What is written of an event within two spans.
    fn written(is_json: bool) -> String {
        let (written, node) = (Written::default(), "node-7".to_owned());
        let lines = fmt::layer().with_writer(written.clone());
        let lines = if is_json {
            lines.fmt_fields(JsonFields::new()).event_format(JsonLines::new(node)).boxed()
        } else {
            lines.with_ansi(false).event_format(TextLines::new(node)).boxed()
        };
        tracing::subscriber::with_default(registry().with(lines), || {
            let field = tracing::field::Empty;
            let request =
                tracing::error_span!("request", trace_id = "4bf9", channel = field, outcome = "outer");
            request.record("channel", "alpha");
            let _request = request.entered();
            let _plugin = tracing::info_span!("plugin", outcome = "inner").entered();
            tracing::warn!(took = 12_u128, is_late = true, "a \"slow\" {}\nrule", "pricing");
        });
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_object_a_line_has_the_fields_of_all_spans() {
        let text = written(true);
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: Value = serde_json::from_str(&text).unwrap();
        for (name, value) in [
            ("level", Value::from("WARN")),
            ("target", module_path!().into()),
            ("node", "node-7".into()),
            ("message", "a \"slow\" pricing\nrule".into()),
            ("trace_id", "4bf9".into()),
            ("channel", "alpha".into()),
            ("outcome", "inner".into()),
            ("took", 12.into()),
            ("is_late", true.into()),
        ] {
            assert_eq!(line[name], value, "{name} of {text}");
        }
        assert!(text.starts_with("{\"timestamp\":\"20"), "{text}");
    }

    #[test]
    fn a_line_for_people_names_node_trace_and_channel() {
        let text = written(false);
        for part in ["node-7 ", "trace_id=\"4bf9\"", "channel=\"alpha\"", "WARN", "took=12"] {
            assert!(text.contains(part), "{part} of {text}");
        }
    }
}
