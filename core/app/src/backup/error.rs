//! How backups fail.

use std::path::PathBuf;

use soko_infra::db::CopyError;

/// Why a backup cannot be made or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The data directory has no platform.
    #[error("there is no platform in {}", .0.display())]
    NoPlatform(PathBuf),
    /// The place of the backup is taken.
    #[error("{} exists; a backup is written to a new directory", .0.display())]
    Exists(PathBuf),
    /// An earlier backup did not end.
    #[error("{} exists: a backup that was broken off has left it; remove it, or choose another name", .0.display())]
    BrokenOff(PathBuf),
    /// A directory cannot be used.
    #[error("{0:#}")]
    Directory(anyhow::Error),
    /// The data directory has a platform.
    #[error("there is a platform in {}; a backup is restored where there is none", .0.display())]
    PlatformExists(PathBuf),
    /// The data directory has what belongs to a database that is not there.
    #[error(
        "{} is left of a database that is not there any more, and would change the restored one: move it away, or restore \
         into another directory",
        .0.display()
    )]
    Leftover(PathBuf),
    /// No whole backup is there.
    #[error("{} is no backup: it has no manifest.json, which is written last", .0.display())]
    NoBackup(PathBuf),
    /// The manifest cannot be read.
    #[error("the manifest of the backup cannot be used: {0}")]
    Manifest(String),
    /// The backup is of a newer program.
    #[error("the backup's schema is {schema}, and this program knows {known}: restore it with a newer one")]
    Newer {
        /// The backup's last migration.
        schema: i64,
        /// This program's last migration.
        known: i64,
    },
    /// A file is not what was backed up.
    #[error("{file} of the backup is missing or damaged")]
    Damaged {
        /// The file.
        file: String,
    },
    /// Pictures are missing or too many.
    #[error("the backup has {found} pictures where it must have {expected}")]
    Pictures {
        /// Pictures that are there.
        found: u64,
        /// Pictures that must be there.
        expected: u64,
    },
    /// The database could not be copied or is damaged.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The file system refused.
    #[error("the file system answered: {0}")]
    Io(#[from] std::io::Error),
}
