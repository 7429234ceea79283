//! A store of a test's own, for tests of the domains and of what stands on them.
#![expect(clippy::unwrap_used, reason = "only tests use it, and a broken store is a failed test")]

use soko_infra::testing::TestDatabase;
use soko_infra::{Blobs, DataScope, Database};
use soko_kernel::{Actor, ChannelScope, Clock, Currency, Language, Timestamp};

use crate::channels::{ChannelError, Channels, NewChannel};

/// When a test begins: 2026-01-01T09:00:00Z.
pub const TEST_START: Timestamp = Timestamp(1_767_258_000_000);

/// A store with one channel, `test`: English and Swahili, shillings, prices with tax, stock tracked.
#[derive(Debug)]
pub struct TestStore {
    /// The store.
    pub database: Database,
    /// A clock that stands still.
    pub clock: Clock,
    /// Files beside the store.
    pub blobs: Blobs,
    /// The platform's own hand in the channel: it may do everything there.
    pub actor: Actor,
    directory: tempfile::TempDir,
    own: TestDatabase,
}

impl TestStore {
    /// An empty store. Its files go with it.
    ///
    /// # Panics
    /// When the machine has no room for it.
    pub async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let own = TestDatabase::create(directory.path(), &crate::MIGRATIONS).await;
        let database = Database::open(own.config.clone(), &crate::MIGRATIONS).await.unwrap();
        let clock = Clock::fixed(TEST_START);
        let blobs = Blobs::open(&directory.path().join("blobs")).unwrap();
        let actor = create_channel(&database, &clock, "test", true).await;
        Self { database, clock, blobs, actor, directory, own }
    }

    /// Another channel of the same kind, by its system actor.
    pub async fn add_channel(&self, code: &str) -> Actor {
        create_channel(&self.database, &self.clock, code, false).await
    }

    /// The first channel's data.
    pub fn scope(&self) -> ChannelScope {
        self.actor.public_scope()
    }

    /// Where the store's database is, to open it again.
    pub fn config(&self) -> &soko_infra::DatabaseConfig {
        &self.own.config
    }

    /// Where the store's files are.
    pub fn path(&self) -> &std::path::Path {
        self.directory.path()
    }
}

pub(crate) async fn create_channel(
    database: &Database,
    clock: &Clock,
    code: &str,
    is_default: bool,
) -> Actor {
    let new = NewChannel {
        code: code.to_owned(),
        token: code.to_owned(),
        is_default,
        seller_name: code.to_owned(),
        default_language: Language::EN,
        available_languages: vec![Language::EN, Language::SW],
        currency: Currency::KES,
        prices_include_tax: true,
        track_inventory: true,
        out_of_stock_threshold: 0,
        time_zone: "Africa/Nairobi".to_owned(),
    };
    let now = clock.now();
    let created = database.write(DataScope::Platform, async move |tx| {
        let channel = Channels::create_in_tx(tx, &new, now).await?;
        Ok::<_, ChannelError>(channel.for_actor())
    });
    Actor::system(created.await.unwrap())
}
