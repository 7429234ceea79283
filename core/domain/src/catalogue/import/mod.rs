//! Import of products from the CSV files of Vendure's form.
//!
//! Columns: `name, slug, description, assets, facets, optionGroups, optionValues, sku, price, taxCategory,
//! stockOnHand, trackInventory, variantAssets, variantFacets`; of these `name`, `sku` and `price` must be there. Texts
//! may have further columns for other languages, such as `name:sw`. A row without a name is a further variant of the
//! product above it. Lists are split by `|`; a facet is `facet:value`; an option group `name:code` is shared by the
//! products that name it. Prices are in major units with a decimal point.
//!
//! All or nothing: a file with a rejected row changes nothing, and every fault of every row is told.

mod error;
mod parse;
mod pictures;
mod price;
mod sheet;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use soko_infra::Tx;
use soko_kernel::{Actor, Language, Permission, TaxCategoryId, VariantId};

pub use error::{ImportError, Rejection, Rejections, RowError};
pub use price::InvalidPrice;

use self::parse::{ParsedProduct, Reading};
use super::asset::repo::StoredFile;
use super::{Catalogue, Writing};

/// Largest file, in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most rows of a file, without the header.
pub const ROWS_MAX: usize = 100_000;

/// How a file is read.
#[derive(Clone)]
pub struct ImportOptions {
    /// The language of columns that name none: as a rule the channel's default language.
    pub language: Language,
    /// The channel's tax categories by their names. A row may give the beginning of a name, if it is one category's.
    pub tax_categories: HashMap<String, TaxCategoryId>,
    /// For rows that name no tax category.
    pub default_tax_category: Option<TaxCategoryId>,
    /// Where the pictures are. Without it the file's pictures are left out, and the report says so.
    pub assets_directory: Option<PathBuf>,
    /// Whether pictures are put into the blob store; otherwise they are only looked at, for an import that will not
    /// be kept.
    pub store_pictures: bool,
    /// Told how far the import is.
    pub on_progress: Option<Arc<dyn Fn(ImportProgress) + Send + Sync>>,
}

impl ImportOptions {
    fn report(&self, progress: ImportProgress) {
        if let Some(on_progress) = &self.on_progress {
            on_progress(progress);
        }
    }
}

impl fmt::Debug for ImportOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportOptions")
            .field("language", &self.language)
            .field("tax_categories", &self.tax_categories)
            .field("assets_directory", &self.assets_directory)
            .finish_non_exhaustive()
    }
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportProgress {
    /// The rows have been read and checked.
    Read {
        /// Rows of the file.
        rows: usize,
        /// Faults found in them.
        rejections: usize,
    },
    /// Pictures have been read, and put into the store where they are to be kept.
    Pictures {
        /// So many.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// Everything is being written, in one transaction.
    Writing {
        /// Products.
        products: usize,
        /// Variants.
        variants: usize,
    },
}

/// A file that has been read and checked, with its pictures in the blob store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PreparedImport {
    products: Arc<Vec<ParsedProduct>>,
    files: Arc<Vec<(String, StoredFile)>>,
    rejections: Vec<Rejection>,
    notes: Vec<String>,
}

/// What an import made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// New products.
    pub products: usize,
    /// New variants.
    pub variants: usize,
    /// New facet values.
    pub facet_values: usize,
    /// New option groups.
    pub option_groups: usize,
    /// New options.
    pub options: usize,
    /// New assets.
    pub assets: usize,
    /// What was left out, in sentences.
    pub notes: Vec<String>,
}

/// A variant that an import made. Its stock is still to be set by the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedVariant {
    /// Its id.
    pub id: VariantId,
    /// Its line in the file.
    pub line: u64,
    /// Its SKU.
    pub sku: String,
    /// Units that the file gives it.
    pub stock_on_hand: i64,
}

/// What an import made, and the variants in the file's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The numbers.
    pub report: ImportReport,
    /// The variants.
    pub variants: Vec<ImportedVariant>,
}

impl Catalogue {
    /// Reads and checks a file, and stores its pictures. Faults of its rows are told by
    /// [`Catalogue::import_in_tx`], together with what only the transaction can see.
    ///
    /// # Errors
    /// A file that is too large or has another header, or missing permission.
    pub async fn prepare_import(
        &self,
        actor: &Actor,
        file: &[u8],
        options: &ImportOptions,
    ) -> Result<PreparedImport, ImportError> {
        actor.require_any(&[Permission::CreateProduct, Permission::CreateCatalog])?;
        let (rows, mut rejections) = sheet::read(file, options.language)?;
        let reading = Reading {
            language: options.language,
            tax_categories: &options.tax_categories,
            default_tax_category: options.default_tax_category,
        };
        let (products, faults) = parse::parse(&rows, reading);
        rejections.extend(faults);
        options.report(ImportProgress::Read { rows: rows.len(), rejections: rejections.len() });
        let named = named_pictures(&products);
        let (mut files, mut notes) = (Vec::new(), Vec::new());
        match &options.assets_directory {
            Some(directory) => {
                // A file that is refused anyway leaves no pictures behind.
                let keep = options.store_pictures && rejections.is_empty();
                let blobs = keep.then_some(&self.blobs);
                let (stored, faults) = pictures::take(blobs, directory, named, options).await;
                files = stored;
                rejections.extend(faults);
            }
            None if named.is_empty() => {}
            None => notes.push(format!(
                "{} pictures that the file names were left out: no directory of pictures was given",
                named.len()
            )),
        }
        let variants = products.iter().map(|product| product.variants.len()).sum();
        options.report(ImportProgress::Writing { products: products.len(), variants });
        Ok(PreparedImport { products: Arc::new(products), files: Arc::new(files), rejections, notes })
    }

    /// Writes a prepared import inside another's transaction, so that the stock of its variants can be set in the
    /// same. A fixed number of statements, apart from very large files.
    ///
    /// # Errors
    /// [`ImportError::Rejected`] with every fault of every row, also those found before.
    pub async fn import_in_tx(
        tx: &mut Tx,
        writing: Writing,
        prepared: &PreparedImport,
    ) -> Result<Imported, ImportError> {
        write::write(tx, writing, prepared).await
    }

    /// Imports a file. The stock that it gives is returned, not set.
    ///
    /// # Errors
    /// As [`Self::prepare_import`] and [`Self::import_in_tx`].
    pub async fn import_products(
        &self,
        actor: &Actor,
        file: &[u8],
        options: &ImportOptions,
    ) -> Result<Imported, ImportError> {
        let scope = actor.require_any(&[Permission::CreateProduct, Permission::CreateCatalog])?;
        let prepared = self.prepare_import(actor, file, options).await?;
        let writing = self.writing(actor, scope);
        self.database.write(scope, async move |tx| Self::import_in_tx(tx, writing, &prepared).await).await
    }
}

/// The names of pictures, with the first line that names each.
fn named_pictures(products: &[ParsedProduct]) -> BTreeMap<String, u64> {
    let mut named = BTreeMap::new();
    for product in products {
        let of_variants = product
            .variants
            .iter()
            .flat_map(|variant| variant.assets.iter().map(move |name| (name, variant.line)));
        for (name, line) in product.assets.iter().map(|name| (name, product.line)).chain(of_variants) {
            named.entry(name.clone()).or_insert(line);
        }
    }
    named
}
