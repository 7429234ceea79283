//! Import of products together with their stock: what the catalogue, the taxes and the inventory do as one change.

use std::path::PathBuf;
use std::sync::Arc;

use soko_infra::DatabaseError;
use soko_kernel::{Actor, ErrorKind, Forbidden, Language, Permission};

use crate::catalogue::Catalogue;
use crate::catalogue::import::{ImportError, ImportOptions, ImportProgress, ImportReport};
use crate::channels::ChannelError;
use crate::inventory::{Inventory, InventoryError};
use crate::services::Services;
use crate::tax::TaxError;

/// How a file of products is imported.
#[derive(Clone, Default)]
pub struct ProductImport {
    /// The language of columns that name none; the channel's default language when absent.
    pub language: Option<Language>,
    /// Where the pictures are. Without it the file's pictures are left out, and the report says so.
    pub assets_directory: Option<PathBuf>,
    /// Check everything and report as if it had been imported, but change nothing.
    pub dry_run: bool,
    /// Told how far the import is.
    pub on_progress: Option<Arc<dyn Fn(ImportProgress) + Send + Sync>>,
}

/// Why products were not imported. Nothing of the file was.
#[derive(Debug, thiserror::Error)]
pub enum ProductImportError {
    /// The file, one of its rows, or the catalogue.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A language that the shop does not have.
    #[error("the channel does not have the language {0}")]
    Language(Language),
    /// The channel.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// Tax categories.
    #[error(transparent)]
    Tax(#[from] TaxError),
    /// Stock.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
}

impl ProductImportError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Import(error) => error.kind(),
            Self::Language(_) => ErrorKind::InvalidInput,
            Self::Channel(error) => error.kind(),
            Self::Tax(error) => error.kind(),
            Self::Inventory(error) => error.kind(),
            Self::Forbidden(error) => error.kind(),
        }
    }
}

impl From<DatabaseError> for ProductImportError {
    fn from(error: DatabaseError) -> Self {
        Self::Import(error.into())
    }
}

/// How the transaction ends: only an error rolls it back, so that a dry run is one.
#[derive(Debug, thiserror::Error)]
enum Ending {
    #[error("everything was checked, and nothing was to be kept")]
    DryRun(Box<ImportReport>),
    #[error(transparent)]
    Refused(#[from] ProductImportError),
}

impl From<DatabaseError> for Ending {
    fn from(error: DatabaseError) -> Self {
        Self::Refused(error.into())
    }
}

impl Services {
    /// Imports a file of products into the actor's channel, with their stock at its default location, in one
    /// transaction.
    ///
    /// # Errors
    /// [`ImportError::Rejected`] with every fault of every row; a file that cannot be read as products at all; a
    /// language that the channel does not have; a channel without a stock location; missing permission.
    pub async fn import_products(
        &self,
        actor: &Actor,
        file: &[u8],
        import: ProductImport,
    ) -> Result<ImportReport, ProductImportError> {
        let scope = actor.require_any(&[Permission::CreateProduct, Permission::CreateCatalog])?;
        let ProductImport { language, assets_directory, dry_run, on_progress } = import;
        let language = self.import_language(actor, language).await?;
        let taxes = self.tax.setup(actor).await?;
        let options = ImportOptions {
            language,
            tax_categories: taxes.categories.iter().map(|one| (one.name.clone(), one.id)).collect(),
            default_tax_category: taxes.categories.iter().find(|one| one.is_default).map(|one| one.id),
            assets_directory,
            store_pictures: !dry_run,
            on_progress,
        };
        let prepared = self.catalogue.prepare_import(actor, file, &options).await?;
        let writing = self.catalogue.writing(actor, scope);
        let written = self.database.write(scope, async move |tx| {
            let imported = Catalogue::import_in_tx(tx, writing, &prepared).await;
            let imported = imported.map_err(ProductImportError::from)?;
            let stocked = async {
                let shelf = Inventory::default_location(tx, scope).await?;
                let counts: Vec<_> =
                    imported.variants.iter().map(|one| (one.id, shelf, one.stock_on_hand)).collect();
                Inventory::set_stock_in_tx(tx, scope, &counts, writing.now).await
            };
            stocked.await.map_err(ProductImportError::from)?;
            if dry_run { Err(Ending::DryRun(Box::new(imported.report))) } else { Ok(imported.report) }
        });
        match written.await {
            Ok(report) => Ok(report),
            Err(Ending::DryRun(report)) => Ok(*report),
            Err(Ending::Refused(error)) => Err(error),
        }
    }

    async fn import_language(
        &self,
        actor: &Actor,
        asked: Option<Language>,
    ) -> Result<Language, ProductImportError> {
        let Some(language) = asked else { return Ok(actor.channel.default_language) };
        let channel = self.channels.active(actor).await?;
        if channel.available_languages.contains(&language) {
            Ok(language)
        } else {
            Err(ProductImportError::Language(language))
        }
    }
}
