//! A server in this process, on a port that the system chooses, over a store of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use soko::config::Settings;
use soko::demo::DemoShop;
use soko::wiring::{App, DataDirectory, Options, Platform, RunningApp, listen};
use soko_domain::Services;
use soko_infra::Database;
use soko_kernel::token::Random;
use soko_kernel::{Clock, Timestamp};

use crate::client::Client;
use crate::home::TestHome;
use crate::platform::{self, PASSWORD};
use crate::shopper::Shopper;

/// When every test begins: Wednesday, 2026-07-01, 12:00 in Nairobi.
pub const START: Timestamp = Timestamp(1_782_896_400_000);
/// Bytes of stack of the server's threads, as in the program: deeply nested documents recurse.
const THREAD_STACK_BYTES: usize = 4 << 20;

/// A server with the small platform of [`platform`].
pub struct TestServer {
    app: RunningApp,
    /// The server's clock; it stands until it is moved.
    pub clock: Clock,
    /// The shops, by the platform's own hand in them.
    pub shops: Vec<DemoShop>,
    data: PathBuf,
    http: reqwest::Client,
}

/// Runs a test against a new server, and stops it in good order.
///
/// # Panics
/// When the server cannot be started, or the test fails.
pub fn with_server<F: AsyncFnOnce(&TestServer)>(test: F) {
    with_settings(|_| (), test);
}

/// [`with_server`] with other settings than those of the tests.
///
/// # Panics
/// When the server cannot be started, or the test fails.
pub fn with_settings<F: AsyncFnOnce(&TestServer)>(change: impl FnOnce(&mut Settings), test: F) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().thread_stack_size(THREAD_STACK_BYTES).build();
    runtime.expect("a runtime").block_on(async {
        let home = TestHome::create().await;
        let mut settings = home.settings();
        change(&mut settings);
        let server = TestServer::start(settings).await.expect("a server");
        test(&server).await;
        server.app.shutdown().await;
    });
}

/// Runs a test against two servers over one store, which know nothing of each other.
///
/// # Panics
/// When a server cannot be started, or the test fails.
pub fn with_two_nodes<F: AsyncFnOnce(&TestServer, &TestServer)>(test: F) {
    with_two_nodes_set(|_| (), test);
}

/// [`with_two_nodes`] with other settings than those of the tests.
///
/// # Panics
/// When a server cannot be started, or the test fails.
pub fn with_two_nodes_set<F: AsyncFnOnce(&TestServer, &TestServer)>(
    change: impl FnOnce(&mut Settings),
    test: F,
) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().thread_stack_size(THREAD_STACK_BYTES).build();
    runtime.expect("a runtime").block_on(async {
        let home = TestHome::create().await;
        let mut settings = home.settings();
        change(&mut settings);
        let first = TestServer::start(settings.clone()).await.expect("a server");
        let second = TestServer::join(settings, first.clock.clone()).await.expect("a second server");
        test(&first, &second).await;
        second.app.shutdown().await;
        first.app.shutdown().await;
    });
}

/// Settings for a server below a directory, with passwords that cost next to nothing.
pub fn settings(directory: &Path) -> Settings {
    let mut settings = Settings::default();
    settings.listen.0.set_port(0);
    directory.clone_into(&mut settings.data.0);
    PASSWORD.clone_into(&mut settings.superadmin_password.0);
    settings.secrets.key.0 = "5a".repeat(32);
    (settings.argon2.memory_kib, settings.argon2.iterations) = (8, 1);
    settings
}

async fn open(settings: &Settings, clock: &Clock) -> anyhow::Result<Platform> {
    let options = Options {
        clock: clock.clone(),
        random: Random::try_system()?,
        compiler: None,
        transaction_limit: None,
    };
    Platform::open(settings, &options, DataDirectory::Create).await
}

impl TestServer {
    async fn start(settings: Settings) -> anyhow::Result<Self> {
        let clock = Clock::fixed(START);
        let opened = open(&settings, &clock).await?;
        let shops = platform::open_shops(&opened.services).await?;
        Self::serve(settings, clock, opened, shops).await
    }

    /// Another server over a store that has the shops.
    async fn join(settings: Settings, clock: Clock) -> anyhow::Result<Self> {
        let opened = open(&settings, &clock).await?;
        Self::serve(settings, clock, opened, Vec::new()).await
    }

    async fn serve(
        settings: Settings,
        clock: Clock,
        opened: Platform,
        shops: Vec<DemoShop>,
    ) -> anyhow::Result<Self> {
        let listener = listen(&settings).await?;
        let data = settings.data.0.clone();
        let app = App::serve(settings, opened, listener).await?;
        Ok(Self { app, clock, shops, data, http: reqwest::Client::new() })
    }

    /// The services behind the server.
    pub fn services(&self) -> &Arc<Services> {
        self.app.services()
    }

    /// The store behind the server, for tests that look at what is kept.
    pub fn database(&self) -> &Database {
        &self.app.platform().database
    }

    /// The server's data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The shop with this code.
    ///
    /// # Panics
    /// When there is none.
    pub fn open(&self, code: &str) -> &DemoShop {
        self.shops.iter().find(|shop| shop.plan.code == code).expect("a shop of the platform")
    }

    /// The address of a path of the server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.address())
    }

    /// A client for anything but GraphQL.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// A stranger at the Shop API of a channel; of the default channel without a token.
    pub fn shop(&self, token: impl Into<Option<&'static str>>) -> Client {
        Client::new(self.http.clone(), self.url("/shop-api"), token.into())
    }

    /// A guest at the Shop API of a channel.
    pub fn shopper(&self, token: &'static str) -> Shopper {
        Shopper::new(self.shop(token))
    }

    /// A stranger at the Admin API of a channel.
    pub fn admin(&self, token: &'static str) -> Client {
        Client::new(self.http.clone(), self.url("/admin-api"), Some(token))
    }

    /// The administrator of a shop, logged in.
    ///
    /// # Panics
    /// When the log-in fails.
    pub async fn administrator(&self, token: &'static str) -> Client {
        self.log_in(token, &format!("admin@{token}.example")).await
    }

    /// The platform's operator, logged in, in a channel.
    ///
    /// # Panics
    /// When the log-in fails.
    pub async fn operator(&self, token: &'static str) -> Client {
        self.log_in(token, soko_domain::auth::SUPERADMIN_IDENTIFIER).await
    }

    /// Waits for what is done in the background: plugin runs recorded, events handed on.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn settle(&self) {
        self.services().plugins.recorder().flush().await;
        while self.services().notifications.route().await.expect("a store that works").events > 0 {}
    }

    /// Puts so many units of a variant on a shop's shelf, for tests that sell many.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn restock(&self, token: &'static str, variant: &str, units: i64) {
        let admin = self.administrator(token).await;
        let text = "mutation ($input: UpdateProductVariantInput!) { updateProductVariant(input: $input) { stockOnHand } }";
        let changed = admin.query(text, json!({ "input": { "id": variant, "stockOnHand": units } })).await;
        assert_eq!(changed["updateProductVariant"]["stockOnHand"], units, "{changed}");
    }

    /// An administrator with the tests' password, logged in.
    ///
    /// # Panics
    /// When the log-in fails.
    pub async fn log_in(&self, token: &'static str, identifier: &str) -> Client {
        let client = self.admin(token);
        let text = "mutation ($username: String!, $password: String!) {
            login(username: $username, password: $password) { __typename } }";
        client.expect("CurrentUser", text, json!({ "username": identifier, "password": PASSWORD })).await;
        client
    }
}
