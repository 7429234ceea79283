//! Every setting with its unit and its default.
//!
//! To add a setting: a field here, its default, its rule in [`Settings::check`] where the type says too little. File,
//! environment, `--set` and `soko config` know it at once.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use soko_domain::plugins::Vault;
use soko_host::{HostError, Limits};

use super::outside::{EmailSettings, PaymentSettings, PushSettings, SecretSettings, SmsSettings};
use super::watching::{Log, MetricsSettings, Node, Telemetry};

/// Most threads, connections and the like that a setting may ask for: beyond it is a slip of the pen.
const COUNT_CEILING: u64 = 65_536;
/// Most bytes of a request's body that a setting may allow.
const BODY_BYTES_CEILING: u64 = 256 << 20;
/// Longest time that a setting may ask for: ten years, in seconds.
const SECONDS_CEILING: u64 = 10 * 365 * 24 * 3600;
/// Shortest superadmin password that is accepted, in characters.
const PASSWORD_CHARACTERS_MIN: usize = 8;

/// The whole configuration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the server listens.
    pub listen: Listen,
    /// The data directory: database, files, caches.
    pub data: DataDir,
    /// The platform operator's password at first start; empty: one is made and shown once.
    pub superadmin_password: Secret,
    /// This program among those that serve a platform.
    pub node: Node,
    /// What is logged.
    pub log: Log,
    /// The process.
    pub server: Server,
    /// The store.
    pub database: DatabaseSettings,
    /// The HTTP surface.
    pub http: Http,
    /// What an operator's tools may read.
    pub metrics: MetricsSettings,
    /// Where traces go.
    pub telemetry: Telemetry,
    /// How long visits last.
    pub session: Sessions,
    /// What hashing a password costs.
    pub argon2: Argon2,
    /// What shops may upload.
    pub uploads: Uploads,
    /// Who moves money.
    pub payments: PaymentSettings,
    /// What shops' plugins sign with and log in by.
    pub secrets: SecretSettings,
    /// How customers get mail.
    pub email: EmailSettings,
    /// How people are told in browsers.
    pub push: PushSettings,
    /// Who sends text messages.
    pub sms: SmsSettings,
    /// What plugins may use.
    pub plugins: Limits,
}

/// An address and a port; port 0 lets the system choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Listen(pub SocketAddr);

impl Default for Listen {
    fn default() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 3000)))
    }
}

/// The data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataDir(pub PathBuf);

impl Default for DataDir {
    fn default() -> Self {
        Self(PathBuf::from("./soko-data"))
    }
}

/// A text that never appears in logs or listings. Empty means that there is none.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl Secret {
    /// The secret, if there is one.
    pub fn reveal(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(self.0.as_str())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "set" })
    }
}

/// What a node of a platform does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    All,
    /// Serve both APIs, and leave the jobs to others.
    Api,
    /// Do the platform's jobs, when no other node does, and serve nothing but `/healthz` and `/readyz`.
    Worker,
}

impl Role {
    /// Whether it serves clients.
    pub fn serves(self) -> bool {
        self != Self::Worker
    }

    /// Whether it does the platform's jobs.
    pub fn works(self) -> bool {
        self != Self::Api
    }
}

/// The process.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// What this node does: `all`, `api` or `worker`.
    pub role: Role,
    /// Threads that run requests; 0 is one for each core.
    pub worker_threads: usize,
    /// Open connections; more wait in the system's queue.
    pub connections_max: usize,
    /// Requests worked on at the same time; more are refused as overload.
    pub requests_max: usize,
    /// Seconds between `/readyz` saying that the server stops and the end of its accepting requests: as long as a load
    /// balancer takes to notice.
    pub withdraw_s: u64,
    /// Seconds that requests may still run after that.
    pub drain_s: u64,
    /// Seconds between two rounds of removing what has expired.
    pub sweep_s: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            role: Role::All,
            worker_threads: 0,
            connections_max: 4_096,
            requests_max: 512,
            withdraw_s: 0,
            drain_s: 20,
            sweep_s: 60,
        }
    }
}

/// The store.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// Where the PostgreSQL server is, as `postgres://USER:PASSWORD@HOST/DATABASE`; empty: a SQLite file in the data
    /// directory.
    pub url: Secret,
    /// Most connections to the server.
    pub connections: u32,
    /// Connections for reading a SQLite file.
    pub readers: u32,
    /// Page cache of each connection to a SQLite file, in KiB.
    pub page_cache_kib: u32,
    /// Seconds until a query is given up.
    pub read_timeout_s: u64,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: Secret::default(),
            connections: 16,
            readers: 4,
            page_cache_kib: 8_192,
            read_timeout_s: 10,
        }
    }
}

/// When the session cookie is marked as being for HTTPS only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CookieSecure {
    /// When the proxy in front says that the client came by HTTPS (`x-forwarded-proto`).
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The HTTP surface.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Origins of pages that may call the API. `*` lets any page call it with tokens but without cookies; pages of
    /// named origins may send cookies too.
    pub cors_origins: Vec<String>,
    /// Where clients reach the server, such as `https://shop.example`, for the URLs of assets; empty: as each request
    /// says by its `host`.
    pub public_url: String,
    /// When the session cookie is for HTTPS only.
    pub cookie_secure: CookieSecure,
    /// Bytes of a JSON request.
    pub json_body_bytes_max: u64,
    /// Seconds until a request is given up.
    pub request_timeout_s: u64,
    /// Subscriptions by server-sent events, and sockets, that may be open at a time.
    pub streams_max: usize,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            cors_origins: vec!["*".to_owned()],
            public_url: String::new(),
            cookie_secure: CookieSecure::Auto,
            json_body_bytes_max: 1 << 20,
            request_timeout_s: 30,
            streams_max: 1_000,
        }
    }
}

/// How long visits last.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    /// Seconds after its last use until a session ends.
    pub lifetime_s: u64,
    /// The same for sessions whose user wants to be remembered.
    pub remembered_s: u64,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { lifetime_s: 30 * 24 * 3600, remembered_s: 365 * 24 * 3600 }
    }
}

/// What hashing a password costs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argon2 {
    /// KiB of memory for one hash.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Hashes made at the same time.
    pub concurrent_max: usize,
    /// Hashes that wait; more are refused as overload.
    pub waiting_max: usize,
}

impl Default for Argon2 {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, concurrent_max: 2, waiting_max: 64 }
    }
}

/// What shops may upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uploads {
    /// Bytes of one file, whatever it is for.
    pub file_bytes_max: u64,
    /// Files in one request.
    pub files_max: usize,
    /// Bytes of one plugin component.
    pub component_bytes_max: u64,
    /// Whether components may be larger, for languages that bring their runtime along.
    pub allow_large_components: bool,
    /// Bytes of one plugin component where large ones are allowed.
    pub large_component_bytes_max: u64,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            file_bytes_max: 24 << 20,
            files_max: 10,
            component_bytes_max: soko_host::COMPONENT_BYTES_DEFAULT,
            allow_large_components: false,
            large_component_bytes_max: soko_host::COMPONENT_BYTES_OPT_IN,
        }
    }
}

impl Uploads {
    /// Most bytes that a plugin component may have.
    pub fn component_limit_bytes(&self) -> u64 {
        if self.allow_large_components { self.large_component_bytes_max } else { self.component_bytes_max }
    }
}

/// A rule that a value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The setting.
    pub key: String,
    /// What is wrong, as the end of a sentence that begins with the key.
    pub reason: String,
}

impl Broken {
    pub(super) fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }
}

impl Settings {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), Broken> {
        if self.data.0.as_os_str().is_empty() {
            return Err(Broken::new("data", "must name a directory"));
        }
        let password = &self.superadmin_password.0;
        if !password.is_empty() && password.chars().count() < PASSWORD_CHARACTERS_MIN {
            let reason = format!("must have at least {PASSWORD_CHARACTERS_MIN} characters");
            return Err(Broken::new("superadmin_password", reason));
        }
        self.node.check()?;
        self.log.check()?;
        let url = &self.database.url.0;
        if !url.is_empty() && !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(Broken::new("database.url", "must begin with postgres://"));
        }
        self.metrics.check()?;
        self.telemetry.check()?;
        if let Some(key) = self.secrets.key.reveal()
            && let Err(error) = Vault::check_key(key)
        {
            return Err(Broken::new("secrets.key", format!("is refused: {error}")));
        }
        self.push.check()?;
        self.sms.check()?;
        self.check_numbers()?;
        self.http.cors_origins.iter().try_for_each(|origin| check_origin(origin))?;
        if self.http.cors_origins.len() > 1 && self.http.cors_origins.iter().any(|origin| origin == "*") {
            return Err(Broken::new("http.cors_origins", "cannot have `*` beside other origins"));
        }
        if !self.http.public_url.is_empty() && !is_url_of_host(self.http.public_url.trim_end_matches('/')) {
            return Err(Broken::new("http.public_url", "must be such as https://shop.example"));
        }
        self.plugins.check().map_err(|error| match error {
            HostError::Limit { key, reason } => {
                Broken::new(format!("plugins.{key}"), format!("is refused: {reason}"))
            }
            other => Broken::new("plugins", format!("is refused: {other}")),
        })
    }

    fn check_numbers(&self) -> Result<(), Broken> {
        let (server, http, uploads) = (&self.server, &self.http, &self.uploads);
        let ranges = [
            ("server.worker_threads", server.worker_threads as u64, 0, 1_024),
            ("server.connections_max", server.connections_max as u64, 1, COUNT_CEILING),
            ("server.requests_max", server.requests_max as u64, 1, COUNT_CEILING),
            ("server.withdraw_s", server.withdraw_s, 0, 3_600),
            ("server.drain_s", server.drain_s, 0, 3_600),
            ("server.sweep_s", server.sweep_s, 1, 3_600),
            ("database.connections", u64::from(self.database.connections), 2, 1_024),
            ("database.readers", u64::from(self.database.readers), 1, 1_024),
            ("database.page_cache_kib", u64::from(self.database.page_cache_kib), 64, 16 << 20),
            ("database.read_timeout_s", self.database.read_timeout_s, 1, 3_600),
            ("http.json_body_bytes_max", http.json_body_bytes_max, 1_024, BODY_BYTES_CEILING),
            ("http.request_timeout_s", http.request_timeout_s, 1, 3_600),
            ("http.streams_max", http.streams_max as u64, 0, COUNT_CEILING),
            ("telemetry.sampled_percent", u64::from(self.telemetry.sampled_percent), 0, 100),
            ("payments.handler_timeout_s", self.payments.handler_timeout_s, 1, 50),
            ("session.lifetime_s", self.session.lifetime_s, 60, SECONDS_CEILING),
            ("session.remembered_s", self.session.remembered_s, 60, SECONDS_CEILING),
            // RFC 9106 asks for 8 KiB at least.
            ("argon2.memory_kib", u64::from(self.argon2.memory_kib), 8, 4 << 20),
            ("argon2.iterations", u64::from(self.argon2.iterations), 1, 1_000),
            ("argon2.concurrent_max", self.argon2.concurrent_max as u64, 1, 1_024),
            ("argon2.waiting_max", self.argon2.waiting_max as u64, 1, COUNT_CEILING),
            ("uploads.file_bytes_max", uploads.file_bytes_max, 1_024, BODY_BYTES_CEILING),
            ("uploads.component_bytes_max", uploads.component_bytes_max, 1_024, uploads.file_bytes_max),
            (
                "uploads.large_component_bytes_max",
                uploads.large_component_bytes_max,
                1_024,
                uploads.file_bytes_max,
            ),
            ("uploads.files_max", uploads.files_max as u64, 1, 1_000),
        ];
        for (key, value, min, max) in ranges {
            if !(min..=max).contains(&value) {
                return Err(Broken::new(key, format!("must be {min} to {max}, not {value}")));
            }
        }
        Ok(())
    }
}

fn check_origin(origin: &str) -> Result<(), Broken> {
    if origin == "*" || is_url_of_host(origin) {
        return Ok(());
    }
    let reason = format!("must hold `*` or origins such as https://shop.example, not {origin:?}");
    Err(Broken::new("http.cors_origins", reason))
}

/// Scheme and host, perhaps with a port, and no path: an origin as browsers send it.
fn is_url_of_host(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
    })
}
