//! Copies of a platform that lives in a data directory: its database and its pictures, made while it serves.
//!
//! A backup is a directory with the database, the pictures, and a manifest that says what must be in it. It comes into
//! being under another name, and gets its own when everything is on disk: what bears the name is whole.

mod error;
mod files;
mod manifest;

use std::fs;
use std::path::{Path, PathBuf};

use soko_infra::db::{CopyContents, copy_store, inspect_copy};
use soko_kernel::Timestamp;

pub use error::BackupError;
use files::{copy_pictures, digest_of, list_pictures, sync_directory, write_synced};
pub use manifest::Manifest;
use manifest::{DatabaseFile, FORMAT, Pictures};

use crate::wiring::{BLOBS_FOLDER, DATABASE_FILE, create_private};

/// What SQLite puts beside a file that it has open, and reads when it opens the file again.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];
/// The file that says what a backup must hold.
const MANIFEST_FILE: &str = "manifest.json";

/// Copies the platform in the data directory into the new directory `to`. Blocks the thread. `progress` hears each step.
///
/// # Errors
/// [`BackupError`]: no platform there, a directory that exists, also one that a broken-off backup left, a file system that
/// refuses.
pub fn back_up(
    data: &Path,
    to: &Path,
    now: Timestamp,
    progress: &mut dyn FnMut(&str),
) -> Result<Manifest, BackupError> {
    let store = data.join(DATABASE_FILE);
    if !store.is_file() {
        return Err(BackupError::NoPlatform(data.to_owned()));
    }
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let partial = beside(to, "partial")?;
    if partial.exists() {
        return Err(BackupError::BrokenOff(partial));
    }
    create_private(&partial).map_err(BackupError::Directory)?;
    progress("copying the database");
    let copy = partial.join(DATABASE_FILE);
    copy_store(&store, &copy)?;
    progress("checking the copy");
    let contents = inspect_copy(&copy)?;
    remove_companions(&copy)?;
    let database = DatabaseFile::of(&copy, contents)?;
    // After the database, so that every picture that it names is there: none is ever removed or changed.
    progress("copying the pictures");
    let pictures = copy_pictures(&data.join(BLOBS_FOLDER), &partial.join(BLOBS_FOLDER))?;
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: now.to_rfc3339(),
        database,
        pictures,
    };
    let text =
        serde_json::to_vec_pretty(&manifest).map_err(|error| BackupError::Manifest(error.to_string()))?;
    write_synced(&partial.join(MANIFEST_FILE), &text)?;
    sync_directory(&partial)?;
    fs::rename(&partial, to)?;
    sync_directory(parent_of(to))?;
    Ok(manifest)
}

/// Makes a platform of a backup in a data directory that has none. Blocks the thread. `progress` hears each step.
///
/// # Errors
/// [`BackupError`]: a backup that is not whole, damaged, or of a newer program; a data directory with a platform, or with
/// what is left of one.
pub fn restore(from: &Path, data: &Path, progress: &mut dyn FnMut(&str)) -> Result<Manifest, BackupError> {
    let manifest = read_manifest(from)?;
    let store = data.join(DATABASE_FILE);
    if store.exists() {
        return Err(BackupError::PlatformExists(data.to_owned()));
    }
    // Left by a database that somebody took away: SQLite would play it into the restored one.
    if let Some(leftover) = companions(&store).find(|path| path.exists()) {
        return Err(BackupError::Leftover(leftover));
    }
    progress("checking the backup");
    let known = soko_domain::MIGRATIONS.sqlite.iter().map(|migration| migration.version).max().unwrap_or(0);
    if manifest.database.schema_version > known {
        return Err(BackupError::Newer { schema: manifest.database.schema_version, known });
    }
    check_digest(&from.join(DATABASE_FILE), &manifest.database.sha256)?;
    check_pictures(&from.join(BLOBS_FOLDER), &manifest.pictures)?;
    progress("copying the pictures");
    create_private(data).map_err(BackupError::Directory)?;
    copy_pictures(&from.join(BLOBS_FOLDER), &data.join(BLOBS_FOLDER))?;
    progress("copying the database");
    let arriving = data.join(format!("{DATABASE_FILE}.restoring"));
    remove_companions(&arriving)?;
    fs::copy(from.join(DATABASE_FILE), &arriving)?;
    fs::File::open(&arriving)?.sync_all()?;
    progress("checking the database");
    let CopyContents { rows, .. } = inspect_copy(&arriving)?;
    if rows != manifest.database.rows {
        return Err(BackupError::Damaged { file: DATABASE_FILE.to_owned() });
    }
    remove_companions(&arriving)?;
    // The last step: without this file the directory has no platform.
    fs::rename(&arriving, &store)?;
    sync_directory(data)?;
    Ok(manifest)
}

fn read_manifest(from: &Path) -> Result<Manifest, BackupError> {
    let path = from.join(MANIFEST_FILE);
    if !path.is_file() {
        return Err(BackupError::NoBackup(from.to_owned()));
    }
    let unreadable = |error: serde_json::Error| BackupError::Manifest(error.to_string());
    let manifest: Manifest = serde_json::from_slice(&fs::read(&path)?).map_err(unreadable)?;
    if manifest.format != FORMAT {
        return Err(BackupError::Manifest(format!("this program does not read format {}", manifest.format)));
    }
    Ok(manifest)
}

fn check_digest(path: &Path, expected: &str) -> Result<(), BackupError> {
    let damaged = || BackupError::Damaged { file: file_name(path) };
    if !path.is_file() || digest_of(path)?.0 != expected {
        return Err(damaged());
    }
    Ok(())
}

fn check_pictures(folder: &Path, expected: &Pictures) -> Result<(), BackupError> {
    let found = list_pictures(folder)?;
    if found.len() as u64 != expected.count {
        return Err(BackupError::Pictures { found: found.len() as u64, expected: expected.count });
    }
    for name in found {
        let path = folder.join(&name);
        let (digest, _) = digest_of(&path)?;
        // Pictures are named by their content.
        if !file_name(&path).starts_with(&digest) {
            return Err(BackupError::Damaged { file: name.display().to_string() });
        }
    }
    Ok(())
}

fn companions(store: &Path) -> impl Iterator<Item = PathBuf> {
    COMPANIONS.into_iter().map(|companion| {
        let mut path = store.as_os_str().to_owned();
        path.push(companion);
        PathBuf::from(path)
    })
}

fn remove_companions(store: &Path) -> Result<(), BackupError> {
    for path in companions(store).filter(|path| path.exists()) {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// `DIR.partial` for `DIR`.
fn beside(path: &Path, suffix: &str) -> Result<PathBuf, BackupError> {
    let name = path.file_name().ok_or_else(|| BackupError::Exists(path.to_owned()))?;
    let mut name = name.to_owned();
    name.push(format!(".{suffix}"));
    Ok(path.with_file_name(name))
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
