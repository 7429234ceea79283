//! A data directory with a store of a test's own.

use std::path::{Path, PathBuf};

use soko::config::Settings;
use soko_infra::testing::TestDatabase;

use crate::server::settings;

/// The file in a data directory that tells the program's tests of a server: where it is.
const URL_FILE: &str = "database-url";

/// A data directory, and a database of the server for tests where there is one. Both go with it.
#[derive(Debug)]
pub struct TestHome {
    directory: tempfile::TempDir,
    database: TestDatabase,
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
        Self { directory, database }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Settings for a server over it, with passwords that cost next to nothing.
    pub fn settings(&self) -> Settings {
        let mut settings = settings(self.path());
        self.database.url().unwrap_or_default().clone_into(&mut settings.database.url.0);
        settings
    }
}

/// The server's database that belongs to a data directory, if one does.
pub fn database_url(data: &Path) -> Option<String> {
    let file: PathBuf = data.join(URL_FILE);
    std::fs::read_to_string(file).ok()
}
