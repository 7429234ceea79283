//! Files of the platform: pictures and other assets, below one directory that nothing can climb out of.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use sha2::{Digest as _, Sha256};

/// Files that this process has begun to write, so that no two write to the same place.
/// Digits of a blob's digest that name its folder.
const FOLDER_NAME_BYTES: usize = 2;

static ATTEMPTS: AtomicU64 = AtomicU64::new(0);

/// A directory of files named by their content. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    directory: Arc<Dir>,
}

/// Why a blob cannot be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The file system refused.
    #[error("the file store answered: {0}")]
    Io(#[from] io::Error),
    /// The work was cut off, which happens only while the program ends.
    #[error("the file store is shutting down")]
    ShuttingDown,
}

impl Blobs {
    /// Opens the directory, and creates it where it is missing.
    ///
    /// # Errors
    /// The file system's refusal.
    pub fn open(path: &std::path::Path) -> Result<Self, BlobError> {
        std::fs::create_dir_all(path)?;
        Ok(Self { directory: Arc::new(Dir::open_ambient_dir(path, ambient_authority())?) })
    }

    /// The name under which these bytes are stored: the SHA-256 in hexadecimal and the extension, in a folder of the
    /// digest's first digits.
    pub fn name_of(bytes: &[u8], extension: &str) -> String {
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
        format!("{}/{digest}.{extension}", &digest[..FOLDER_NAME_BYTES])
    }

    /// Stores the bytes and returns their name, see [`Blobs::name_of`]. Storing the same bytes
    /// again changes nothing. When this returns, the file is on disk.
    ///
    /// # Errors
    /// The file system's refusal.
    pub async fn store(&self, bytes: bytes::Bytes, extension: &'static str) -> Result<String, BlobError> {
        let directory = self.directory.clone();
        on_file_thread(move || {
            let path = Self::name_of(&bytes, extension);
            if directory.exists(&path) {
                return Ok(path);
            }
            directory.create_dir_all(&path[..FOLDER_NAME_BYTES])?;
            // The same bytes may be on their way more than once.
            let attempt = ATTEMPTS.fetch_add(1, Ordering::Relaxed);
            let partial = format!("{path}.{}-{attempt}", std::process::id());
            let mut file =
                directory.open_with(&partial, OpenOptions::new().write(true).create(true).truncate(true))?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            directory.rename(&partial, &directory, &path)?;
            Ok(path)
        })
        .await
    }

    /// The bytes stored under this name; `None` when there are none, or when the name points anywhere else.
    ///
    /// # Errors
    /// The file system's refusal.
    pub async fn load(&self, name: &str) -> Result<Option<Vec<u8>>, BlobError> {
        if !is_blob_name(name) {
            return Ok(None);
        }
        let (directory, name) = (self.directory.clone(), name.to_owned());
        on_file_thread(move || match directory.open(&name) {
            Ok(mut file) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes)?;
                Ok(Some(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }
}

async fn on_file_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| BlobError::ShuttingDown)?.map_err(BlobError::Io)
}

/// `ab/ab…64 hex digits.ext`, as [`Blobs::store`] makes them.
fn is_blob_name(name: &str) -> bool {
    let Some((folder, file)) = name.split_once('/') else { return false };
    let Some((digest, extension)) = file.split_once('.') else { return false };
    let hexadecimal = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    folder.len() == FOLDER_NAME_BYTES
        && digest.len() == 64
        && digest.starts_with(folder)
        && hexadecimal(digest)
        && (1..=4).contains(&extension.len())
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn survives_the_same_bytes_stored_side_by_side() {
        let home = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(home.path()).unwrap();
        let stores = (0..32).map(|_| {
            let blobs = blobs.clone();
            tokio::spawn(async move { blobs.store("picture".into(), "png").await })
        });
        let stores: Vec<_> = stores.collect();
        for store in stores {
            let name = store.await.unwrap().unwrap();
            assert_eq!(blobs.load(&name).await.unwrap().unwrap(), b"picture");
        }
    }

    #[tokio::test]
    async fn stores_once_and_refuses_to_climb_out() {
        let home = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&home.path().join("blobs")).unwrap();
        let name = blobs.store("picture".into(), "png").await.unwrap();
        assert_eq!(blobs.store("picture".into(), "png").await.unwrap(), name);
        assert_eq!(blobs.load(&name).await.unwrap().unwrap(), b"picture");
        std::fs::write(home.path().join("secret"), "s").unwrap();
        for outside in ["../secret", "/etc/passwd", "ab/../../secret", "", "ab/ab.png"] {
            assert_eq!(blobs.load(outside).await.unwrap(), None, "{outside}");
        }
    }
}
