//! Puts the parts together: store, plugin host, services, endpoints, HTTP.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use soko_domain::auth::{AuthConfig, PasswordCost, SuperadminSetup};
use soko_domain::payments::PaymentsConfig;
use soko_domain::plugins::{KeptForPlugins, PluginLimits, StoredComponents, Vault};
use soko_domain::{Services, ServicesConfig};
use soko_graphql::admin::AdminSchema;
use soko_graphql::shop::ShopSchema;
use soko_host::{CompilerCommand, HostConfig, PluginHost};
use soko_infra::{Blobs, Database, PostgresConfig, SqliteConfig};
use soko_kernel::Clock;
use soko_kernel::token::Random;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::breakers::BreakerLink;
use crate::cli::COMPILE_COMPONENT;
use crate::config::Settings;
use crate::http::{self, Endpoints, Guard, Readiness, Streams};
use crate::jobs::Jobs;
use crate::mail::mailer;
use crate::metrics::{Metrics, MetricsServer, Sources};
use crate::push::push_sender;
use crate::sms::gateway;
use crate::timekeeper::Timekeeper;

/// The database's file in the data directory.
pub(crate) const DATABASE_FILE: &str = "soko.db";
/// The folder of assets in the data directory.
pub(crate) const BLOBS_FOLDER: &str = "blobs";
/// The folder of compiled components in the data directory.
const COMPONENT_CACHE_FOLDER: &str = "cache/components";
/// mimalloc claims its arenas at once, which would use up the compiler's cap on memory before it began.
const COMPILER_ENVIRONMENT: &[(&str, &str)] = &[("MIMALLOC_ARENA_EAGER_COMMIT", "0")];
/// Longest that the recorder of plugin runs may take to write what it has, at the end.
const FLUSH_MAX: Duration = Duration::from_secs(5);
/// Longest that the store may take to close: one that does not answer keeps nobody from ending.
const CLOSE_MAX: Duration = Duration::from_secs(5);
/// Longest that requests which are cut may take to notice.
const CUT_MAX: Duration = Duration::from_secs(5);
/// Longest that a stop takes beyond the times that the settings give for withdrawing and for draining, whatever is stuck.
pub const STOP_MAX: Duration = CUT_MAX.saturating_add(FLUSH_MAX).saturating_add(CLOSE_MAX);

/// What a run of the program depends on beside its settings.
#[derive(Debug, Clone)]
pub struct Options {
    /// Tells the time.
    pub clock: Clock,
    /// Makes tokens and codes.
    pub random: Random,
    /// The program that compiles components; without one they are compiled inside this process, uncapped.
    pub compiler: Option<PathBuf>,
    /// Longest that a write transaction may run, where it is not the store's usual limit.
    pub transaction_limit: Option<Duration>,
}

impl Options {
    /// For the program `soko` itself: the machine's clock and randomness, and itself as the compiler.
    ///
    /// # Errors
    /// When the machine has no randomness to give, or does not say where the program is.
    pub fn for_this_program() -> anyhow::Result<Self> {
        let compiler = std::env::current_exe().context("the system does not say where this program is")?;
        Ok(Self { compiler: Some(compiler), ..Self::in_process()? })
    }

    /// For tests: the machine's clock and randomness, components compiled in this process.
    ///
    /// # Errors
    /// When the machine has no randomness to give.
    pub fn in_process() -> anyhow::Result<Self> {
        let random = Random::try_system().context("the machine has no randomness to give")?;
        Ok(Self { clock: Clock::system(), random, compiler: None, transaction_limit: None })
    }
}

/// What to do about a data directory that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataDirectory {
    /// Create it.
    Create,
    /// Refuse.
    MustExist,
}

/// The store, the plugin host and the services, without a server.
pub struct Platform {
    /// The store.
    pub database: Database,
    /// Files.
    pub blobs: Blobs,
    /// Runs plugins.
    pub host: PluginHost,
    /// The use cases.
    pub services: Arc<Services>,
    pub(crate) options: Options,
}

impl Platform {
    /// Opens the data directory and starts everything but the server.
    ///
    /// # Errors
    /// When a part cannot be started; the message names it.
    pub async fn open(
        settings: &Settings,
        options: &Options,
        directory: DataDirectory,
    ) -> anyhow::Result<Self> {
        let database = open_database(settings, options.transaction_limit, directory).await?;
        Timekeeper::set_right(&database, &options.clock).await?;
        let data = &settings.data.0;
        let blobs = Blobs::open(&data.join(BLOBS_FOLDER)).context("the folder of assets cannot be opened")?;
        let cache = open_folder(&data.join(COMPONENT_CACHE_FOLDER))?;
        let source = Arc::new(StoredComponents::new(database.clone()));
        let vault = vault(settings, options)?;
        let kept = KeptForPlugins::new(database.clone(), options.clock.clone(), vault.clone());
        let config =
            HostConfig { store: Some(Arc::new(kept)), ..host_config(settings, options, Some(cache)) };
        let host = PluginHost::try_new(config, source)?;
        let parts = ServicesConfig {
            database: database.clone(),
            clock: options.clock.clone(),
            random: options.random.clone(),
            blobs: blobs.clone(),
            pricing: Arc::new(host.clone()),
            inspector: Arc::new(host.clone()),
            webhooks: Some(Arc::new(host.clone())),
            mailer: mailer(&settings.email)?,
            push: push_sender(&settings.push, Arc::new(host.clone()), options.clock.clone())?,
            sms: Some(gateway(&settings.sms)?),
            platform_sms: settings.sms.platform_account(),
            actions: Some(Arc::new(host.clone())),
            payments: PaymentsConfig {
                plugins: Some(Arc::new(host.clone())),
                handler_timeout: Duration::from_secs(settings.payments.handler_timeout_s),
                ..PaymentsConfig::default()
            },
            auth: auth_config(settings),
            plugin_limits: plugin_limits(settings),
            vault,
        };
        let services = Arc::new(Services::try_new(parts)?);
        Ok(Self { database, blobs, host, services, options: options.clone() })
    }

    /// Writes what is still in memory, and closes the store, within a bound.
    pub async fn close(&self) {
        if tokio::time::timeout(FLUSH_MAX, self.services.plugins.recorder().flush()).await.is_err() {
            tracing::warn!("the last runs of plugins could not be recorded in time");
        }
        if tokio::time::timeout(CLOSE_MAX, self.database.close()).await.is_err() {
            tracing::warn!("the store could not be closed in time; what it has not answered may be undone");
        }
    }
}

/// A server in this process.
pub struct App;

/// A server that serves.
pub struct RunningApp {
    address: SocketAddr,
    platform: Platform,
    superadmin: SuperadminSetup,
    readiness: Readiness,
    endpoints: Arc<Endpoints>,
    withdraw: Duration,
    drain: Duration,
    stop: oneshot::Sender<()>,
    task: JoinHandle<usize>,
    jobs: Option<Jobs>,
    timekeeper: Timekeeper,
    metrics: Option<MetricsServer>,
    breakers: BreakerLink,
}

impl App {
    /// Opens or creates the data directory and serves.
    ///
    /// # Errors
    /// When a part cannot be started; the message names it.
    pub async fn start(settings: Settings, options: Options) -> anyhow::Result<RunningApp> {
        let listener = listen(&settings).await?;
        let platform = Platform::open(&settings, &options, DataDirectory::Create).await?;
        Self::serve(settings, platform, listener).await
    }

    /// Serves a platform that is open already.
    ///
    /// # Errors
    /// A failing store.
    pub async fn serve(
        settings: Settings,
        platform: Platform,
        listener: TcpListener,
    ) -> anyhow::Result<RunningApp> {
        let superadmin = platform.complete_first_start(&settings).await?;
        let address = listener.local_addr().context("the system does not say where the server listens")?;
        let readiness = Readiness::new(platform.database.clone());
        let role = settings.server.role;
        let timeout = Duration::from_secs(settings.http.request_timeout_s);
        let guard =
            Arc::new(Guard::new(settings.server.requests_max, timeout, platform.options.random.clone()));
        let endpoints = Arc::new(Endpoints {
            services: Arc::clone(&platform.services),
            shop: ShopSchema::new(),
            admin: AdminSchema::new(),
            streams: Streams::new(settings.http.streams_max),
            http: settings.http,
            sessions: settings.session,
            uploads: settings.uploads,
        });
        let every = Duration::from_secs(settings.server.sweep_s);
        let jobs = role.works().then(|| Jobs::start(&platform.services, every));
        let metrics = Metrics::new(Sources {
            database: platform.database.clone(),
            host: platform.host.clone(),
            guard: Arc::clone(&guard),
            endpoints: Arc::clone(&endpoints),
            jobs: jobs.as_ref().map(Jobs::records).unwrap_or_default(),
            events: jobs.as_ref().map(Jobs::events).unwrap_or_default(),
            role,
        });
        let router = if role.serves() {
            http::router(&endpoints, platform.blobs.clone(), readiness.clone(), guard)
        } else {
            http::health_router(readiness.clone(), guard)
        };
        let router = if settings.metrics.public { router.merge(metrics.clone().router()) } else { router };
        let metrics = MetricsServer::start(settings.metrics.address(), metrics).await?;
        let breakers = BreakerLink::start(platform.host.clone(), Arc::clone(&platform.services)).await;
        let (stop, stopped) = oneshot::channel();
        let drain = Duration::from_secs(settings.server.drain_s);
        let connections_max = settings.server.connections_max;
        let task = tokio::spawn(async move {
            // An error means that the app was dropped, which stops it as well.
            http::serve(listener, router, connections_max, drain, async { stopped.await.unwrap_or_default() })
                .await
        });
        let timekeeper = Timekeeper::start(platform.database.clone(), platform.options.clock.clone());
        let withdraw = Duration::from_secs(settings.server.withdraw_s);
        tracing::info!(%address, ?role, "serving");
        Ok(RunningApp {
            address,
            platform,
            superadmin,
            readiness,
            endpoints,
            withdraw,
            drain,
            stop,
            task,
            jobs,
            timekeeper,
            metrics,
            breakers,
        })
    }
}

impl RunningApp {
    /// Where it listens: with port 0 in the settings, the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the metrics are, if they have an address of their own.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(MetricsServer::address)
    }

    /// The use cases behind the server.
    pub fn services(&self) -> &Arc<Services> {
        &self.platform.services
    }

    /// The store, the plugin host and the services behind the server.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// What the start did about the platform's operator.
    pub fn superadmin(&self) -> &SuperadminSetup {
        &self.superadmin
    }

    /// Stops in good order: not ready any more, and some time to notice it; requests finished within the drain time, jobs
    /// ended and left to another node, plugin runs recorded, store closed. Returns how many connections had to be cut. Takes
    /// at most [`STOP_MAX`] longer than the settings allow for the first two, even if the store does not answer or a job
    /// does not end.
    pub async fn shutdown(self) -> usize {
        self.readiness.withdraw();
        tokio::time::sleep(self.withdraw).await;
        self.endpoints.streams.stop();
        // An error means that the server has stopped by itself.
        let _stopped_before = self.stop.send(());
        let jobs = async {
            if let Some(jobs) = self.jobs {
                jobs.stop().await;
            }
        };
        let (cut, ()) = tokio::join!(drained(self.task, self.drain + CUT_MAX), jobs);
        drop((self.timekeeper, self.breakers));
        self.platform.close().await;
        cut
    }
}

/// How many connections had to be cut as the server ended.
async fn drained(mut server: JoinHandle<usize>, longest: Duration) -> usize {
    match tokio::time::timeout(longest, &mut server).await {
        Ok(Ok(cut)) => cut,
        Ok(Err(error)) => {
            tracing::error!(%error, "the server ended badly");
            0
        }
        Err(_) => {
            server.abort();
            tracing::warn!("requests did not notice that they were cut, and are left");
            0
        }
    }
}

/// Takes the address, before anything is created.
///
/// # Errors
/// When it is taken, or not this machine's.
pub async fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    let address = settings.listen.0;
    TcpListener::bind(address).await.with_context(|| format!("the address {address} cannot be listened on"))
}

/// Opens the store and brings its schema up to date.
///
/// # Errors
/// When there is none where one must be, or it cannot be opened.
pub async fn open_database(
    settings: &Settings,
    transaction_limit: Option<Duration>,
    directory: DataDirectory,
) -> anyhow::Result<Database> {
    let data = &settings.data.0;
    let read_limit = Duration::from_secs(settings.database.read_timeout_s);
    if let Some(url) = settings.database.url.reveal() {
        create_private(data)?;
        let usual = PostgresConfig::at(url);
        let config = PostgresConfig {
            connections: settings.database.connections,
            closure_limit: transaction_limit.unwrap_or(usual.closure_limit),
            read_limit,
            ..usual
        };
        let opened = Database::open(config, &soko_domain::MIGRATIONS).await;
        return opened.context("the PostgreSQL database cannot be used");
    }
    let path = data.join(DATABASE_FILE);
    if directory == DataDirectory::MustExist && !path.exists() {
        bail!(
            "there is no platform in {}: start one with `soko serve` or `soko demo`, or name another directory by --data",
            data.display()
        );
    }
    create_private(data)?;
    let usual = SqliteConfig::at(path);
    let config = SqliteConfig {
        readers: settings.database.readers,
        page_cache_kib: settings.database.page_cache_kib,
        closure_limit: transaction_limit.unwrap_or(usual.closure_limit),
        read_limit,
        ..usual
    };
    let shown = config.path.clone();
    let opened = Database::open(config, &soko_domain::MIGRATIONS).await;
    opened.with_context(|| format!("{} cannot be used", shown.display()))
}

/// How the plugin host is set up.
pub fn host_config(settings: &Settings, options: &Options, cache_dir: Option<Dir>) -> HostConfig {
    let compiler = options.compiler.clone().map(|program| CompilerCommand {
        program,
        args: vec![COMPILE_COMPONENT.to_owned()],
        env: COMPILER_ENVIRONMENT.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
    });
    let (limits, clock) = (settings.plugins.clone(), options.clock.clone());
    HostConfig { limits, cache_dir, compiler, clock, store: None }
}

/// What secrets are sealed with, if the platform keeps any.
fn vault(settings: &Settings, options: &Options) -> anyhow::Result<Option<Vault>> {
    let key = settings.secrets.key.reveal();
    key.map(|key| Vault::try_new(key, options.random.clone()).context("secrets.key")).transpose()
}

fn open_folder(path: &Path) -> anyhow::Result<Dir> {
    create_private(path)?;
    Dir::open_ambient_dir(path, ambient_authority())
        .with_context(|| format!("{} cannot be opened", path.display()))
}

/// Creates a directory, and those above it that are missing, for this user only.
pub(crate) fn create_private(path: &Path) -> anyhow::Result<()> {
    if path.exists() && !path.is_dir() {
        bail!("{} is a file where a directory is needed", path.display());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| format!("the directory {} cannot be created", path.display()))
}

fn auth_config(settings: &Settings) -> AuthConfig {
    let milliseconds = |seconds: u64| i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX);
    AuthConfig {
        session_lifetime_ms: milliseconds(settings.session.lifetime_s),
        remembered_lifetime_ms: milliseconds(settings.session.remembered_s),
        password_cost: PasswordCost {
            memory_kib: settings.argon2.memory_kib,
            iterations: settings.argon2.iterations,
        },
        hashes_at_once_max: settings.argon2.concurrent_max,
        hashes_waiting_max: settings.argon2.waiting_max,
    }
}

fn plugin_limits(settings: &Settings) -> PluginLimits {
    PluginLimits {
        component_bytes_max: settings.uploads.component_bytes_max,
        large_component_bytes_max: settings.uploads.large_component_bytes_max,
        allow_large: settings.uploads.allow_large_components,
        ..PluginLimits::default()
    }
}
