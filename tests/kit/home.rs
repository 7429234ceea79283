//! A data directory with a store of a test's own.

use std::path::{Path, PathBuf};

use soko::config::Settings;
use soko_infra::testing::TestDatabase;
use soko_infra::{Database, PostgresConfig, SqliteConfig};

use crate::server::settings;

/// The file in a data directory that tells the program's tests of a server: where it is.
const URL_FILE: &str = "database-url";

/// A data directory, and a database of the server for tests where there is one. Both go with it.
#[derive(Debug)]
pub struct TestHome {
    directory: tempfile::TempDir,
    store: Store,
}

#[derive(Debug)]
enum Store {
    /// Of the backend that the tests run on.
    OfTests(Box<TestDatabase>),
    /// A file in the directory, whatever the tests run on.
    InFile,
    /// The database at this URL, which somebody else sees to.
    At(String),
}

impl TestHome {
    /// An empty one.
    ///
    /// # Panics
    /// When there is no room for it.
    pub async fn create() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = TestDatabase::create(directory.path(), &soko_domain::MIGRATIONS).await;
        if let Some(url) = database.url() {
            std::fs::write(directory.path().join(URL_FILE), url).expect("a file");
        }
        Self { directory, store: Store::OfTests(Box::new(database)) }
    }

    /// One whose store is a file, whatever the tests run on.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn with_file() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory"), store: Store::InFile }
    }

    /// One whose store is the database at this URL, whatever the tests run on.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn with_database(url: String) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(directory.path().join(URL_FILE), &url).expect("a file");
        Self { directory, store: Store::At(url) }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Settings for a server over it, with passwords that cost next to nothing.
    pub fn settings(&self) -> Settings {
        let mut settings = settings(self.path());
        let url = match &self.store {
            Store::OfTests(database) => database.url().unwrap_or_default(),
            Store::InFile => "",
            Store::At(url) => url,
        };
        url.clone_into(&mut settings.database.url.0);
        settings
    }

    /// The store itself, beside the programs that serve it.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open_store(&self) -> Database {
        let opened = match &self.store {
            Store::OfTests(database) => {
                Database::open(database.config.clone(), &soko_domain::MIGRATIONS).await
            }
            Store::InFile => {
                let config = SqliteConfig::at(self.path().join("soko.db"));
                Database::open(config, &soko_domain::MIGRATIONS).await
            }
            Store::At(url) => Database::open(PostgresConfig::at(url), &soko_domain::MIGRATIONS).await,
        };
        opened.expect("the store")
    }
}

/// The server's database that belongs to a data directory, if one does.
pub fn database_url(data: &Path) -> Option<String> {
    let file: PathBuf = data.join(URL_FILE);
    std::fs::read_to_string(file).ok()
}
