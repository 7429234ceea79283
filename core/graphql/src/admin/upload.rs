//! Files that come with a request.

use std::fs::File;
use std::io::{Read as _, Seek as _};

use async_graphql::Context;
use soko_kernel::ErrorKind;

use crate::error::{ApiError, ApiResult};
use crate::scalars::Upload;

/// The media type of a file whose sender names none.
const MEDIA_TYPE_DEFAULT: &str = "application/octet-stream";

/// A file of the request, not yet read.
pub(super) struct UploadedFile {
    /// Its name, as the client says.
    pub(super) name: String,
    /// Its media type, as the client says.
    pub(super) media_type: String,
    content: File,
}

impl UploadedFile {
    /// The file behind an argument.
    ///
    /// # Errors
    /// A request that has no such file.
    pub(super) fn open(context: &Context<'_>, upload: Upload) -> ApiResult<Self> {
        let missing = || ApiError::new(ErrorKind::InvalidInput, "the request has no such file");
        let found = upload.file(context).map_err(|error| ApiError::internal(&error))?.ok_or_else(missing)?;
        Ok(Self {
            name: found.filename,
            media_type: found.content_type.unwrap_or_else(|| MEDIA_TYPE_DEFAULT.to_owned()),
            content: found.content,
        })
    }

    /// The file's bytes: at most one more than `bytes_max`, for the service to refuse.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) async fn read(self, bytes_max: u64) -> ApiResult<Vec<u8>> {
        let mut content = self.content;
        let reading = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            // Another field of the request may have read the same part.
            content.rewind()?;
            content.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
            Ok::<_, std::io::Error>(bytes)
        });
        let read = reading.await.map_err(|error| ApiError::internal(&error))?;
        read.map_err(|error| ApiError::internal(&error))
    }
}
