//! An asset's facts.

use soko_kernel::{AssetId, Language, TagId, Timestamp};

use crate::catalogue::error::CatalogueError;
use crate::catalogue::translation::TranslationInput;

/// One millionth.
const MILLION: i64 = 1_000_000;

/// A stored picture. Its name is in one language.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// The language of the name.
    pub language: Language,
    /// Its name.
    pub name: String,
    /// The API's word for its kind: `IMAGE`.
    #[sqlx(rename = "type")]
    pub kind: String,
    /// Its media type: `image/png`.
    pub mime_type: String,
    /// Bytes.
    pub file_size: i64,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// Name in the blob store.
    pub source: String,
    /// Name in the blob store of what is shown; the same.
    pub preview: String,
    /// Where the eye falls, from the left, in millionths of the width.
    pub focal_point_x_ppm: Option<i64>,
    /// Where the eye falls, from the top, in millionths of the height.
    pub focal_point_y_ppm: Option<i64>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A label on assets.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// The label.
    pub value: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An uploaded file.
#[derive(Debug, Clone)]
pub struct NewAsset {
    /// The file's name, which becomes the asset's where there is no other.
    pub file_name: String,
    /// The file's content.
    pub bytes: bytes::Bytes,
    /// Labels; those that the channel lacks are created.
    pub tags: Vec<String>,
    /// Names; the file's name in the channel's default language when there are none.
    pub translations: Vec<TranslationInput>,
}

impl NewAsset {
    /// A file without labels and with no name but its own.
    pub fn named(file_name: impl Into<String>, bytes: bytes::Bytes) -> Self {
        Self { file_name: file_name.into(), bytes, tags: Vec::new(), translations: Vec::new() }
    }
}

/// Where the eye falls on a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FocalPoint {
    /// From the left, in millionths of the width.
    pub x_ppm: i64,
    /// From the top, in millionths of the height.
    pub y_ppm: i64,
}

impl FocalPoint {
    pub(super) fn check(self) -> Result<Self, CatalogueError> {
        let inside = |ppm: i64| (0..=MILLION).contains(&ppm);
        if inside(self.x_ppm) && inside(self.y_ppm) {
            Ok(self)
        } else {
            Err(CatalogueError::InvalidFocalPoint)
        }
    }
}

/// What may change of an asset; absent fields stay.
#[derive(Debug, Clone, Default)]
pub struct AssetChanges {
    /// Its name in the language of the answer, where `translations` has none in it.
    pub name: Option<String>,
    /// Where the eye falls; `Some(None)` takes it away.
    pub focal_point: Option<Option<FocalPoint>>,
    /// Its labels.
    pub tags: Option<Vec<String>>,
    /// Names that change.
    pub translations: Vec<TranslationInput>,
}

impl AssetChanges {
    /// The names that change, for an answer in this language.
    pub(super) fn names(self, language: Language) -> Vec<TranslationInput> {
        let mut names = self.translations;
        if let Some(name) = self.name.filter(|_| names.iter().all(|input| input.language != language)) {
            names.push(TranslationInput::new(language, name));
        }
        names
    }
}
