//! The pictures that a file names, read from a directory into the blob store.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use soko_infra::Blobs;

use super::error::{Rejection, RowError};
use super::{ImportOptions, ImportProgress};
use crate::catalogue::asset::repo::StoredFile;
use crate::catalogue::asset::{FILE_SIZE_MAX_BYTES, store_file};

/// Stores the pictures, each once, and says which cannot be read. `named`: file names with the first line that names
/// each.
pub(super) async fn store(
    blobs: &Blobs,
    directory: &Path,
    named: BTreeMap<String, u64>,
    options: &ImportOptions,
) -> (Vec<(String, StoredFile)>, Vec<Rejection>) {
    let total = named.len();
    let (mut files, mut rejections) = (Vec::with_capacity(total), Vec::new());
    for ((name, line), done) in named.into_iter().zip(1..) {
        match store_one(blobs, directory, &name).await {
            Ok(file) => files.push((name, file)),
            Err(why) => rejections.push(Rejection { line, reason: RowError::Picture { name, why } }),
        }
        options.report(ImportProgress::Pictures { done, total });
    }
    (files, rejections)
}

async fn store_one(blobs: &Blobs, directory: &Path, name: &str) -> Result<StoredFile, String> {
    let path = Path::new(name);
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err("it is not inside the directory".to_owned());
    }
    let path = directory.join(path);
    let length = tokio::fs::metadata(&path).await.map_err(|error| error.to_string())?.len();
    if usize::try_from(length).map_or(true, |length| length > FILE_SIZE_MAX_BYTES) {
        return Err(format!("it is larger than {FILE_SIZE_MAX_BYTES} bytes"));
    }
    let bytes = tokio::fs::read(&path).await.map_err(|error| error.to_string())?;
    store_file(blobs, name, bytes.into()).await.map_err(|error| error.to_string())
}
