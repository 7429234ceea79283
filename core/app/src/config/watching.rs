//! Settings for those who watch a node: what it is called, what it logs, where its numbers are.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::settings::Broken;

/// Longest name of a node, in bytes: as long as that of a host may be.
const NODE_NAME_BYTES_MAX: usize = 253;

/// This program among those that serve a platform.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// What the log and traces call it; empty: by the name of its host.
    pub name: String,
}

impl Node {
    pub(super) fn check(&self) -> Result<(), Broken> {
        if self.name.len() <= NODE_NAME_BYTES_MAX && self.name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(());
        }
        let reason = format!("must be at most {NODE_NAME_BYTES_MAX} visible ASCII characters");
        Err(Broken::new("node.name", reason))
    }

    /// What it is called.
    pub fn name(&self) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        hostname::get().map_or_else(|_| "unnamed".to_owned(), |name| name.to_string_lossy().into_owned())
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// What is logged, on standard error.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A level, or directives such as `info,soko_domain=debug`.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Pretty }
    }
}

impl Log {
    pub(super) fn check(&self) -> Result<(), Broken> {
        tracing_subscriber::EnvFilter::try_new(&self.level)
            .map(|_| ())
            .map_err(|error| Broken::new("log.level", format!("is no log level: {error}")))
    }
}

/// Where `/metrics` is served. Nowhere unless asked for: it is not for the public.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSettings {
    /// An address and port of its own, which only the operator's tools should reach; empty: none.
    pub listen: String,
    /// Whether the server's own address has it too.
    pub public: bool,
}

impl MetricsSettings {
    pub(super) fn check(&self) -> Result<(), Broken> {
        if self.listen.is_empty() || self.address().is_some() {
            return Ok(());
        }
        Err(Broken::new("metrics.listen", "must be an address and a port, such as 127.0.0.1:9100"))
    }

    /// The address of its own.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listen.parse().ok()
    }
}

/// Where traces go. Nowhere unless asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// A collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`; empty: none.
    pub otlp_endpoint: String,
    /// How many of a hundred traces are sent, where their sender does not say.
    pub sampled_percent: u32,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { otlp_endpoint: String::new(), sampled_percent: 100 }
    }
}

impl Telemetry {
    pub(super) fn check(&self) -> Result<(), Broken> {
        let uri: Option<axum::http::Uri> = self.otlp_endpoint.parse().ok();
        let is_plain = |uri: &axum::http::Uri| uri.scheme_str() == Some("http") && uri.host().is_some();
        if self.otlp_endpoint.is_empty() || uri.as_ref().is_some_and(is_plain) {
            return Ok(());
        }
        let reason =
            "must be such as http://127.0.0.1:4318: a collector nearby, which adds TLS where that is needed";
        Err(Broken::new("telemetry.otlp_endpoint", reason))
    }
}
