//! The pictures that a file names, read from a directory.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use soko_infra::Blobs;

use super::error::{Rejection, RowError};
use super::{ImportOptions, ImportProgress};
use crate::catalogue::asset::repo::StoredFile;
use crate::catalogue::asset::{FILE_SIZE_MAX_BYTES, inspect_file, store_file};

/// Takes the pictures, each once, into the blob store if there is one, and says which cannot be read. `named`: file
/// names with the first line that names each.
pub(super) async fn take(
    blobs: Option<&Blobs>,
    directory: &Path,
    named: BTreeMap<String, u64>,
    options: &ImportOptions,
) -> (Vec<(String, StoredFile)>, Vec<Rejection>) {
    let total = named.len();
    let (mut files, mut rejections) = (Vec::with_capacity(total), Vec::new());
    for ((name, line), done) in named.into_iter().zip(1..) {
        match take_one(blobs, directory, &name).await {
            Ok(file) => files.push((name, file)),
            Err(why) => rejections.push(Rejection { line, reason: RowError::Picture { name, why } }),
        }
        options.report(ImportProgress::Pictures { done, total });
    }
    (files, rejections)
}

async fn take_one(blobs: Option<&Blobs>, directory: &Path, name: &str) -> Result<StoredFile, String> {
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
    let taken = match blobs {
        Some(blobs) => store_file(blobs, name, bytes.into()).await,
        None => inspect_file(name, &bytes.into()),
    };
    taken.map_err(|error| error.to_string())
}
