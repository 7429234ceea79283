//! The file as rows of named cells.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Trim};
use soko_kernel::Language;

use super::error::{ImportError, Rejection, RowError};
use super::{FILE_BYTES_MAX, ROWS_MAX};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Name,
    Slug,
    Description,
    Assets,
    Facets,
    OptionGroups,
    OptionValues,
    Sku,
    Price,
    TaxCategory,
    StockOnHand,
    TrackInventory,
    VariantAssets,
    VariantFacets,
}

impl Field {
    const ALL: [Self; 14] = [
        Self::Name,
        Self::Slug,
        Self::Description,
        Self::Assets,
        Self::Facets,
        Self::OptionGroups,
        Self::OptionValues,
        Self::Sku,
        Self::Price,
        Self::TaxCategory,
        Self::StockOnHand,
        Self::TrackInventory,
        Self::VariantAssets,
        Self::VariantFacets,
    ];
    /// Columns that every file needs.
    const REQUIRED: [Self; 3] = [Self::Name, Self::Sku, Self::Price];

    pub(super) fn column(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Slug => "slug",
            Self::Description => "description",
            Self::Assets => "assets",
            Self::Facets => "facets",
            Self::OptionGroups => "optionGroups",
            Self::OptionValues => "optionValues",
            Self::Sku => "sku",
            Self::Price => "price",
            Self::TaxCategory => "taxCategory",
            Self::StockOnHand => "stockOnHand",
            Self::TrackInventory => "trackInventory",
            Self::VariantAssets => "variantAssets",
            Self::VariantFacets => "variantFacets",
        }
    }

    /// Whether a column may be for one language: `name:de`.
    fn is_translated(self) -> bool {
        matches!(
            self,
            Self::Name
                | Self::Slug
                | Self::Description
                | Self::Facets
                | Self::OptionGroups
                | Self::OptionValues
                | Self::VariantFacets
        )
    }
}

/// A row: its cells without white space around them.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) line: u64,
    cells: BTreeMap<(Field, Option<Language>), String>,
}

impl Row {
    /// The cell of a column in the file's own language; empty where there is none.
    pub(super) fn get(&self, field: Field) -> &str {
        self.cells.get(&(field, None)).map_or("", String::as_str)
    }

    /// The cells of a column in other languages that are not empty.
    pub(super) fn translations(&self, field: Field) -> impl Iterator<Item = (Language, &str)> {
        // No language comes first in the order.
        self.cells
            .range((field, None)..)
            .take_while(move |((of, _), _)| *of == field)
            .filter_map(|((_, language), text)| Some(((*language)?, text.as_str())))
            .filter(|(_, text)| !text.is_empty())
    }

    /// The items of a list in the file's own language; none for an empty cell.
    pub(super) fn list(&self, field: Field) -> Vec<&str> {
        split(self.get(field))
    }

    /// The items of a list, each with its translations.
    ///
    /// # Errors
    /// A translation with another number of items.
    pub(super) fn translated_list(&self, field: Field) -> Result<Vec<Translated<'_>>, RowError> {
        let mut items: Vec<Translated<'_>> =
            self.list(field).into_iter().map(|text| Translated { text, others: Vec::new() }).collect();
        for (language, text) in self.translations(field) {
            let translated = split(text);
            if translated.len() != items.len() {
                return Err(RowError::Translation {
                    column: field.column(),
                    items: items.len(),
                    translated: translated.len(),
                });
            }
            for (item, text) in items.iter_mut().zip(translated) {
                item.others.push((language, text));
            }
        }
        Ok(items)
    }
}

/// An item of a list in the file's own language and in others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Translated<'r> {
    pub(super) text: &'r str,
    pub(super) others: Vec<(Language, &'r str)>,
}

fn split(cell: &str) -> Vec<&str> {
    if cell.is_empty() { Vec::new() } else { cell.split('|').map(str::trim).collect() }
}

/// Reads a file: its rows, and those that are none.
pub(super) fn read(bytes: &[u8], language: Language) -> Result<(Vec<Row>, Vec<Rejection>), ImportError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(ImportError::FileTooLarge);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new().trim(Trim::All).flexible(true).from_reader(bytes);
    let header = reader.headers().map_err(|error| ImportError::NoHeader(error.to_string()))?;
    let columns = columns(header, language)?;
    let (mut rows, mut rejections) = (Vec::new(), Vec::new());
    for (record, count) in reader.into_records().zip(1..) {
        if count > ROWS_MAX {
            return Err(ImportError::TooManyRows);
        }
        match record {
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                rejections.push(Rejection { line, reason: RowError::Unreadable(error.to_string()) });
            }
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                if record.len() == columns.len() {
                    let cells = columns.iter().copied().zip(record.iter().map(str::to_owned)).collect();
                    rows.push(Row { line, cells });
                } else {
                    let reason = RowError::CellCount { cells: record.len(), columns: columns.len() };
                    rejections.push(Rejection { line, reason });
                }
            }
        }
    }
    Ok((rows, rejections))
}

fn columns(header: &StringRecord, own: Language) -> Result<Vec<(Field, Option<Language>)>, ImportError> {
    let mut columns = Vec::with_capacity(header.len());
    for name in header {
        let column = column(name, own).ok_or_else(|| ImportError::UnknownColumn(name.to_owned()))?;
        if columns.contains(&column) {
            return Err(ImportError::DuplicateColumn(name.to_owned()));
        }
        columns.push(column);
    }
    let missing = Field::REQUIRED.into_iter().find(|field| !columns.contains(&(*field, None)));
    missing.map_or(Ok(columns), |field| Err(ImportError::MissingColumn(field.column())))
}

/// `name:de`; a column in the file's own language is the one without a language.
fn column(name: &str, own: Language) -> Option<(Field, Option<Language>)> {
    let (name, language) = name.split_once(':').map_or((name, None), |(name, code)| (name, Some(code)));
    let field = Field::ALL.into_iter().find(|field| field.column() == name)?;
    match language {
        None => Some((field, None)),
        Some(code) if field.is_translated() => {
            Some((field, Language::parse(code).map(Some)?.filter(|language| *language != own)))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    fn rows(text: &str) -> (Vec<Row>, Vec<Rejection>) {
        read(text.as_bytes(), Language::EN).unwrap()
    }

    #[test]
    fn reads_padded_and_quoted_cells() {
        let text = "\u{feff}name   ,facets          ,sku ,price\n\
                    Tea    ,\"a:b|c:d\"     ,T-1 ,5.00\n\
                    \"Two\nlines, \"\"quoted\"\"\"   ,,T-2,1\n\
                    ,,T-3,1\n";
        let (rows, rejections) = rows(text);
        assert_eq!(rejections, []);
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3, 5]);
        assert_eq!(rows[0].get(Field::Name), "Tea");
        assert_eq!(rows[0].list(Field::Facets), ["a:b", "c:d"]);
        assert_eq!(rows[1].get(Field::Name), "Two\nlines, \"quoted\"");
        assert_eq!(rows[1].get(Field::Slug), "");
    }

    #[test]
    fn reads_translated_columns() {
        let (rows, _) =
            rows("name,name:sw,name:de,sku,price,optionValues,optionValues:sw\nTea,Chai,,T,1,a|b,c|d\n");
        let swahili = Language::SW;
        assert_eq!(rows[0].translations(Field::Name).collect::<Vec<_>>(), [(swahili, "Chai")]);
        let values = rows[0].translated_list(Field::OptionValues).unwrap();
        assert_eq!(values[1], Translated { text: "b", others: vec![(swahili, "d")] });
    }

    #[test]
    fn refuses_headers_that_mean_nothing() {
        let refused = |text: &str| read(text.as_bytes(), Language::EN).unwrap_err().to_string();
        assert_eq!(refused("name,sku\n"), "the column \"price\" is missing");
        assert_eq!(refused("name,sku,price,weight\n"), "there is no column \"weight\"");
        assert_eq!(refused("name,sku:en,price\n"), "there is no column \"sku:en\"");
        assert_eq!(refused("name,name:xx,sku,price\n"), "there is no column \"name:xx\"");
        assert_eq!(refused("name,sku,price,name:en\n"), "there are two columns \"name:en\"");
        assert_eq!(refused(""), "the column \"name\" is missing");
    }

    #[test]
    fn rejects_rows_that_are_none() {
        let (good, rejections) = rows("name,sku,price\na,b\nTea,T,1\nx,y,1,2\n");
        assert_eq!(good.len(), 1);
        let reasons: Vec<_> = rejections.iter().map(|one| (one.line, one.reason.to_string())).collect();
        assert_eq!(reasons[0], (2, "the row has 2 cells where the header has 3".to_owned()));
        assert_eq!(reasons[1].0, 4);
        let mut broken = b"name,sku,price\nTea,".to_vec();
        broken.extend([0xff, b',', b'1', b'\n']);
        let (good, rejections) = read(&broken, Language::EN).unwrap();
        assert!(good.is_empty() && matches!(rejections[0].reason, RowError::Unreadable(_)));
    }
}
