//! What administrators send of assets and tags, and what they get back.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject, Union};
use soko_domain::catalogue::{AssetChanges, FILE_SIZE_MAX_BYTES, FocalPoint, NewAsset};
use soko_kernel::ErrorKind;

use super::refusals::MimeTypeError;
use super::upload::UploadedFile;
use crate::error::{ApiError, ApiResult};
use crate::scalars::NoCustomFields;
use crate::scalars::{Id, Upload};
use crate::shared::asset::{Asset, Tag};
use crate::shared::values::{AssetTranslationInput, CoordinateInput};

/// A file to be stored.
#[derive(InputObject)]
#[graphql(name = "CreateAssetInput")]
pub struct CreateAssetInput {
    /// The file.
    pub file: Upload,
    /// Labels; those that the channel lacks are created.
    pub tags: Option<Vec<String>>,
    /// Its name; the file's when absent.
    pub translations: Option<Vec<AssetTranslationInput>>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// A file that is about to be stored, and what goes with it.
pub(super) struct IncomingAsset {
    pub(super) file: UploadedFile,
    pub(super) tags: Vec<String>,
    pub(super) translations: Vec<AssetTranslationInput>,
}

impl IncomingAsset {
    /// The asset to be, with the file's bytes.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) async fn read(self) -> ApiResult<NewAsset> {
        let file_name = self.file.name.clone();
        let bytes_max = u64::try_from(FILE_SIZE_MAX_BYTES).unwrap_or(u64::MAX);
        Ok(NewAsset {
            file_name,
            bytes: self.file.read(bytes_max).await?.into(),
            tags: self.tags,
            translations: self.translations.into_iter().map(Into::into).collect(),
        })
    }
}

/// The new asset, or why there is none.
#[derive(Union)]
#[graphql(name = "CreateAssetResult")]
pub enum CreateAssetResult {
    /// The new asset.
    Asset(Box<Asset>),
    /// The file is no picture.
    MimeTypeError(MimeTypeError),
}

/// What changes of an asset; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateAssetInput")]
pub struct UpdateAssetInput {
    /// The asset.
    pub id: Id,
    /// Its name in the language of the request.
    pub name: Option<String>,
    /// What stays in view when it is cropped; null takes it away.
    pub focal_point: MaybeUndefined<CoordinateInput>,
    /// Its labels.
    pub tags: Option<Vec<String>>,
    /// Its name in some languages.
    pub translations: Option<Vec<AssetTranslationInput>>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl UpdateAssetInput {
    /// The changes.
    ///
    /// # Errors
    /// A point far outside the picture.
    pub(super) fn changes(self) -> ApiResult<AssetChanges> {
        let outside = || ApiError::new(ErrorKind::InvalidInput, "a focal point lies between 0 and 1");
        let focal_point = match self.focal_point {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(point) => {
                let (x_ppm, y_ppm) = point.to_ppm().ok_or_else(outside)?;
                Some(Some(FocalPoint { x_ppm, y_ppm }))
            }
        };
        let translations = self.translations.unwrap_or_default();
        Ok(AssetChanges {
            name: self.name,
            focal_point,
            tags: self.tags,
            translations: translations.into_iter().map(Into::into).collect(),
        })
    }
}

/// An asset to be deleted. Every shop has its own, so that there are no other channels to delete it from.
#[derive(InputObject)]
#[graphql(name = "DeleteAssetInput")]
pub struct DeleteAssetInput {
    /// The asset.
    pub asset_id: Id,
    /// Whether it is deleted even where something shows it.
    pub force: Option<bool>,
    /// Makes no difference.
    pub delete_from_all_channels: Option<bool>,
}

/// Assets to be deleted, all or none. Every shop has its own, so that there are no other channels to delete them from.
#[derive(InputObject)]
#[graphql(name = "DeleteAssetsInput")]
pub struct DeleteAssetsInput {
    /// The assets.
    pub asset_ids: Vec<Id>,
    /// Whether they are deleted even where something shows them.
    pub force: Option<bool>,
    /// Makes no difference.
    pub delete_from_all_channels: Option<bool>,
}

/// A label to be created.
#[derive(InputObject)]
#[graphql(name = "CreateTagInput")]
pub struct CreateTagInput {
    /// The label.
    pub value: String,
}

/// What changes of a label.
#[derive(InputObject)]
#[graphql(name = "UpdateTagInput")]
pub struct UpdateTagInput {
    /// The tag.
    pub id: Id,
    /// The label; it stays when absent.
    pub value: Option<String>,
}

/// A page of assets.
#[derive(SimpleObject)]
#[graphql(name = "AssetList")]
pub struct AssetList {
    /// This page.
    pub items: Vec<Asset>,
    /// Assets in the whole list.
    pub total_items: i64,
}

/// A page of labels.
#[derive(SimpleObject)]
#[graphql(name = "TagList")]
pub struct TagList {
    /// This page.
    pub items: Vec<Tag>,
    /// Tags in the whole list.
    pub total_items: i64,
}
