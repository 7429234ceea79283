//! How imports are refused.

use soko_infra::DatabaseError;
use soko_kernel::{ErrorKind, Forbidden};

use super::price::InvalidPrice;
use super::{FILE_BYTES_MAX, ROWS_MAX};
use crate::catalogue::error::CatalogueError;
use crate::catalogue::text::InvalidText;

/// Why a file was not imported. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// More bytes than a file may have.
    #[error("the file is larger than {FILE_BYTES_MAX} bytes")]
    FileTooLarge,
    /// More rows than a file may have.
    #[error("the file has more than {ROWS_MAX} rows")]
    TooManyRows,
    /// No first line with the names of columns.
    #[error("the file has no header that could be read: {0}")]
    NoHeader(String),
    /// A column that every file needs.
    #[error("the column {0:?} is missing")]
    MissingColumn(&'static str),
    /// A column that no product or variant has.
    #[error("there is no column {0:?}")]
    UnknownColumn(String),
    /// Two columns for the same thing.
    #[error("there are two columns {0:?}")]
    DuplicateColumn(String),
    /// Rows that cannot be imported, in the file's order.
    #[error("{} rows were rejected, the first in line {}: {}", .0.len(), .0[0].line, .0[0].reason)]
    Rejected(Rejections),
    /// The catalogue refused or failed.
    #[error(transparent)]
    Catalogue(CatalogueError),
}

/// Rows that cannot be imported: at least one, in the file's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejections(Vec<Rejection>);

impl Rejections {
    /// `None` for no rejections.
    pub(super) fn try_new(mut rejections: Vec<Rejection>) -> Option<Self> {
        rejections.sort_by_key(|rejection| rejection.line);
        if rejections.is_empty() { None } else { Some(Self(rejections)) }
    }
}

impl std::ops::Deref for Rejections {
    type Target = [Rejection];

    fn deref(&self) -> &[Rejection] {
        &self.0
    }
}

/// A row that cannot be imported. A row with several faults is rejected for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Where the row begins in the file; the header is line 1.
    pub line: u64,
    /// Why.
    pub reason: RowError,
}

/// Why a row cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// Bytes that are no row of text.
    #[error("the row cannot be read: {0}")]
    Unreadable(String),
    /// Another number of cells than the header has.
    #[error("the row has {cells} cells where the header has {columns}")]
    CellCount {
        /// Cells of the row.
        cells: usize,
        /// Columns of the header.
        columns: usize,
    },
    /// A further variant before any product.
    #[error("the name is empty, but there is no product above that this could be a variant of")]
    NoProduct,
    /// A product whose name is not in the file's own language.
    #[error("the product has no name in the file's language")]
    NoName,
    /// A text that breaks a rule.
    #[error(transparent)]
    Text(#[from] InvalidText),
    /// A price that is no price.
    #[error(transparent)]
    Price(#[from] InvalidPrice),
    /// A facet that is not `facet:value`.
    #[error("{0:?} is not of the form facet:value")]
    Facet(String),
    /// A list whose translation has another number of items.
    #[error("the column {column:?} has {items} items where its translation has {translated}")]
    Translation {
        /// The column without a language.
        column: &'static str,
        /// Items in the file's language.
        items: usize,
        /// Items in the other language.
        translated: usize,
    },
    /// Another number of option values than the product has option groups.
    #[error("there are {values} option values for {groups} option groups")]
    OptionCount {
        /// Values of the row.
        values: usize,
        /// Groups of the product.
        groups: usize,
    },
    /// Option groups in the row of a further variant.
    #[error("option groups stand in the product's row only")]
    MisplacedGroups,
    /// Two option groups of a product with one name.
    #[error("the option group {0:?} is named twice")]
    DuplicateGroup(String),
    /// Two variants of a product with the same options.
    #[error("the variant in line {0} has the same options")]
    DuplicateOptions(u64),
    /// A slug that an earlier product of the file has.
    #[error("the product in line {line} has the slug {slug:?} too")]
    DuplicateSlug {
        /// The slug.
        slug: String,
        /// The earlier product's line.
        line: u64,
    },
    /// A slug that a product of the channel has.
    #[error("there is a product with the slug {0:?} already")]
    SlugTaken(String),
    /// A tax category that the channel does not have, or a beginning of several.
    #[error("there is no single tax category {0:?}")]
    TaxCategory(String),
    /// No tax category in the row, and no default in the channel.
    #[error("the tax category is empty, and the channel has no default")]
    NoTaxCategory,
    /// A stock that is no whole number from 0.
    #[error("{0:?} is no stock: a whole number from 0 is needed")]
    Stock(String),
    /// Neither `true` nor `false`.
    #[error("{0:?} is neither true nor false")]
    TrackInventory(String),
    /// A picture that is not in the directory, or cannot be read.
    #[error("the picture {name:?} cannot be read: {why}")]
    Picture {
        /// Its file name.
        name: String,
        /// Why not.
        why: String,
    },
}

impl ImportError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Catalogue(error) => error.kind(),
            _ => ErrorKind::InvalidInput,
        }
    }
}

impl From<CatalogueError> for ImportError {
    fn from(error: CatalogueError) -> Self {
        Self::Catalogue(error)
    }
}

impl From<DatabaseError> for ImportError {
    fn from(error: DatabaseError) -> Self {
        Self::Catalogue(error.into())
    }
}

impl From<Forbidden> for ImportError {
    fn from(error: Forbidden) -> Self {
        Self::Catalogue(error.into())
    }
}
