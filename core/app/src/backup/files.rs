//! Files of backups.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::manifest::Pictures;

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// SHA-256 in hexadecimal, and the number of bytes.
pub(super) fn digest_of(path: &Path) -> io::Result<(String, u64)> {
    let (mut file, mut digest, mut bytes) = (File::open(path)?, Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return Ok((HEXLOWER.encode(&digest.finalize()), bytes));
        }
        digest.update(&chunk[..read]);
        bytes += read as u64;
    }
}

/// The pictures in a folder, as `ab/abcd….png`, in order of their names. What is being written has more than one dot
/// and is left out. A folder that is not there has none.
pub(super) fn list_pictures(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut pictures = Vec::new();
    if !folder.is_dir() {
        return Ok(pictures);
    }
    for part in fs::read_dir(folder)? {
        let part = part?;
        if !part.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(part.path())? {
            let name = file?.file_name();
            let whole = name.to_str().is_some_and(|name| name.matches('.').count() == 1);
            if whole {
                pictures.push(Path::new(&part.file_name()).join(name));
            }
        }
    }
    pictures.sort();
    Ok(pictures)
}

/// Copies every picture, and returns when all are on disk.
pub(super) fn copy_pictures(from: &Path, to: &Path) -> io::Result<Pictures> {
    let mut copied = Pictures { count: 0, bytes: 0 };
    fs::create_dir_all(to)?;
    for name in list_pictures(from)? {
        let target = to.join(&name);
        let folder = target.parent().unwrap_or(to);
        fs::create_dir_all(folder)?;
        copied.bytes += fs::copy(from.join(&name), &target)?;
        File::open(&target)?.sync_all()?;
        sync_directory(folder)?;
        copied.count += 1;
    }
    sync_directory(to)?;
    Ok(copied)
}

/// Writes a file, and returns when it is on disk.
pub(super) fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Puts the names in a directory on disk. Only Unix has a way to.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}
