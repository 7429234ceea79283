//! Which files are pictures: told from their bytes, never from their names.

/// MIME types of pictures that can be stored.
pub const PICTURE_TYPES: &[&str] = &["image/png", "image/jpeg", "image/gif", "image/webp"];
/// Largest picture, in bytes.
pub const FILE_SIZE_MAX_BYTES: usize = 20 * 1024 * 1024;
/// Widest and highest picture, in pixels.
pub const DIMENSION_MAX: i64 = 20_000;

/// Why an uploaded file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// No bytes at all.
    #[error("the file {name:?} is empty")]
    Empty {
        /// The file's name.
        name: String,
    },
    /// More bytes than a picture may have.
    #[error("the file {name:?} is larger than {FILE_SIZE_MAX_BYTES} bytes")]
    TooLarge {
        /// The file's name.
        name: String,
    },
    /// Bytes of no known kind of picture.
    #[error("the file {name:?} is neither a PNG, JPEG, GIF nor WebP picture")]
    UnknownKind {
        /// The file's name.
        name: String,
    },
    /// A picture whose size cannot be read, or that is too wide or high.
    #[error("the picture {name:?} is damaged, or wider or higher than {DIMENSION_MAX} pixels")]
    Damaged {
        /// The file's name.
        name: String,
    },
}

impl PictureError {
    /// Whether other files of the same request can be taken all the same. A file that is too large is not among
    /// those: whoever sends it disregards a limit that they could know.
    pub(super) fn is_of_one_file(&self) -> bool {
        !matches!(self, Self::TooLarge { .. })
    }
}

/// What a picture's bytes say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::catalogue) struct Picture {
    pub(super) mime_type: &'static str,
    pub(super) extension: &'static str,
    /// Pixels.
    pub(super) width: i64,
    /// Pixels.
    pub(super) height: i64,
}

/// Reads kind and size of a picture. SVG is not taken: it may carry scripts, and browsers run them.
pub(super) fn inspect(name: &str, bytes: &[u8]) -> Result<Picture, PictureError> {
    let name = || name.to_owned();
    if bytes.is_empty() {
        return Err(PictureError::Empty { name: name() });
    }
    if bytes.len() > FILE_SIZE_MAX_BYTES {
        return Err(PictureError::TooLarge { name: name() });
    }
    let kind = imagesize::image_type(bytes).map_err(|_| PictureError::UnknownKind { name: name() })?;
    let (mime_type, extension) = match kind {
        imagesize::ImageType::Png => ("image/png", "png"),
        imagesize::ImageType::Jpeg => ("image/jpeg", "jpg"),
        imagesize::ImageType::Gif => ("image/gif", "gif"),
        imagesize::ImageType::Webp => ("image/webp", "webp"),
        _ => return Err(PictureError::UnknownKind { name: name() }),
    };
    let size = imagesize::blob_size(bytes).map_err(|_| PictureError::Damaged { name: name() })?;
    let pixels =
        |length: usize| i64::try_from(length).ok().filter(|length| (1..=DIMENSION_MAX).contains(length));
    match (pixels(size.width), pixels(size.height)) {
        (Some(width), Some(height)) => Ok(Picture { mime_type, extension, width, height }),
        _ => Err(PictureError::Damaged { name: name() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG's signature and header, which is all that tells its size.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    #[test]
    fn tells_pictures_by_their_bytes() {
        let expected = Picture { mime_type: "image/png", extension: "png", width: 640, height: 480 };
        assert_eq!(inspect("photo.exe", &png(640, 480)), Ok(expected));
        let gif = b"GIF89a\x03\0\x02\0\0\0\0;";
        let expected = Picture { mime_type: "image/gif", extension: "gif", width: 3, height: 2 };
        assert_eq!(inspect("dot", gif), Ok(expected));
    }

    #[test]
    fn refuses_what_is_no_picture() {
        let refused = |bytes: &[u8]| inspect("f", bytes);
        let name = || "f".to_owned();
        assert_eq!(refused(b""), Err(PictureError::Empty { name: name() }));
        for other in [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"MZ\x90", b"%PDF-1.7", b"a,b\n1,2"]
        {
            assert_eq!(refused(other), Err(PictureError::UnknownKind { name: name() }));
        }
        assert_eq!(refused(&png(0, 480)), Err(PictureError::Damaged { name: name() }));
        assert_eq!(refused(&png(640, 1_000_000)), Err(PictureError::Damaged { name: name() }));
        assert_eq!(refused(&png(640, 480)[..17]), Err(PictureError::Damaged { name: name() }));
        assert_eq!(refused(&vec![0; FILE_SIZE_MAX_BYTES + 1]), Err(PictureError::TooLarge { name: name() }));
    }
}
