//! What a backup says of itself.

use std::path::Path;

use serde::{Deserialize, Serialize};
use soko_infra::db::CopyContents;

use super::error::BackupError;
use super::files::digest_of;

/// The form of a backup that this program writes and reads.
pub(super) const FORMAT: u32 = 1;

/// What must be in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of the backup.
    pub format: u32,
    /// Version of the program that made it.
    pub program: String,
    /// When, RFC 3339.
    pub made_at: String,
    /// The database.
    pub database: DatabaseFile,
    /// The pictures.
    pub pictures: Pictures,
}

/// The database of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseFile {
    /// SHA-256 of the file.
    pub sha256: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// Rows in all tables.
    pub rows: i64,
    /// Number of the last migration.
    pub schema_version: i64,
}

impl DatabaseFile {
    pub(super) fn of(path: &Path, contents: CopyContents) -> Result<Self, BackupError> {
        let (sha256, bytes) = digest_of(path)?;
        Ok(Self { sha256, bytes, rows: contents.rows, schema_version: contents.schema_version })
    }
}

/// The pictures of a backup. Each is named by the SHA-256 of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pictures {
    /// How many there are.
    pub count: u64,
    /// Their bytes together.
    pub bytes: u64,
}
