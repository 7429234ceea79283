//! Pictures and other files.

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::catalogue;
use soko_kernel::AssetId;

use super::enums::{AssetType, LanguageCode};
use super::loads::each;
use super::values::{AssetTranslation, Coordinate};
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};

/// A picture or another file.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Asset", complex)]
pub struct Asset {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The language of its name.
    pub language_code: LanguageCode,
    /// Its name.
    pub name: String,
    /// What kind of file it is.
    #[graphql(name = "type")]
    pub kind: AssetType,
    /// Bytes.
    pub file_size: i64,
    /// MIME type.
    pub mime_type: String,
    /// Pixels; 0 for a file that is no picture.
    pub width: i64,
    /// Pixels; 0 for a file that is no picture.
    pub height: i64,
    /// What stays in view when it is cropped.
    pub focal_point: Option<Coordinate>,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    source_file: String,
    #[graphql(skip)]
    preview_file: String,
}

impl From<&catalogue::Asset> for Asset {
    fn from(asset: &catalogue::Asset) -> Self {
        Self {
            id: asset.id.into(),
            created_at: asset.created_at.into(),
            updated_at: asset.updated_at.into(),
            language_code: LanguageCode(asset.language),
            name: asset.name.clone(),
            kind: AssetType(asset.kind.clone()),
            file_size: asset.file_size,
            mime_type: asset.mime_type.clone(),
            width: asset.width,
            height: asset.height,
            focal_point: asset
                .focal_point_x_ppm
                .zip(asset.focal_point_y_ppm)
                .map(|(x, y)| Coordinate::at_ppm(x, y)),
            custom_fields: NO_CUSTOM_FIELDS,
            source_file: asset.source.clone(),
            preview_file: asset.preview.clone(),
        }
    }
}

#[ComplexObject]
impl Asset {
    /// Where the file itself is.
    async fn source(&self, context: &Context<'_>) -> String {
        context.request().asset_url(&self.source_file)
    }

    /// Where a version of it for display is.
    async fn preview(&self, context: &Context<'_>) -> String {
        context.request().asset_url(&self.preview_file)
    }

    /// Labels.
    async fn tags(&self, context: &Context<'_>) -> ApiResult<Vec<Tag>> {
        Ok(each(&context.request().tags_of_asset(self.id.into()).await?))
    }

    /// Its name in every language.
    async fn translations(&self, context: &Context<'_>) -> ApiResult<Vec<AssetTranslation>> {
        Ok(each(&context.request().translations_of_asset(self.id.into()).await?))
    }
}

impl Asset {
    /// The asset with this id, if there is one.
    pub(crate) async fn load(context: &Context<'_>, id: Option<AssetId>) -> ApiResult<Option<Self>> {
        let Some(id) = id else { return Ok(None) };
        Ok(context.request().asset(id).await?.as_deref().map(Self::from))
    }
}

/// A label on assets.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Tag")]
pub struct Tag {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The label.
    pub value: String,
}

impl From<&catalogue::Tag> for Tag {
    fn from(tag: &catalogue::Tag) -> Self {
        Self {
            id: tag.id.into(),
            created_at: tag.created_at.into(),
            updated_at: tag.updated_at.into(),
            value: tag.value.clone(),
        }
    }
}
