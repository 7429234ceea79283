//! Rows as products and variants, with every fault of every row.

use std::collections::{BTreeMap, HashMap};

use soko_kernel::{Language, TaxCategoryId};

use super::error::{Rejection, RowError};
use super::price::parse_price;
use super::sheet::{Field, Row, Translated};
use crate::catalogue::text;
use crate::catalogue::translation::{SluggedInput, TranslationInput};
use crate::catalogue::variant::TrackInventory;

/// Something with a code and names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Coded {
    pub(super) code: String,
    pub(super) names: Vec<TranslationInput>,
}

/// A facet value with its facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParsedFacetValue {
    pub(super) facet: Coded,
    pub(super) value: Coded,
}

/// An option group of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParsedGroup {
    pub(super) group: Coded,
    /// Whether products share it by its code: the file says `name:code`.
    pub(super) is_shared: bool,
}

/// A product with its variants.
#[derive(Debug, Clone)]
pub(super) struct ParsedProduct {
    pub(super) line: u64,
    pub(super) texts: Vec<SluggedInput>,
    pub(super) assets: Vec<String>,
    pub(super) facet_values: Vec<ParsedFacetValue>,
    pub(super) groups: Vec<ParsedGroup>,
    pub(super) variants: Vec<ParsedVariant>,
}

/// A variant.
#[derive(Debug, Clone)]
pub(super) struct ParsedVariant {
    pub(super) line: u64,
    pub(super) sku: String,
    pub(super) price_minor: i64,
    pub(super) tax_category_id: TaxCategoryId,
    pub(super) track_inventory: TrackInventory,
    pub(super) stock_on_hand: i64,
    pub(super) names: Vec<TranslationInput>,
    /// One of each of the product's groups, in their order.
    pub(super) options: Vec<Coded>,
    pub(super) assets: Vec<String>,
    pub(super) facet_values: Vec<ParsedFacetValue>,
}

/// What rows are read with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'o> {
    /// The language of columns that name none.
    pub(super) language: Language,
    /// The channel's tax categories by their names.
    pub(super) tax_categories: &'o HashMap<String, TaxCategoryId>,
    /// Where a row names none.
    pub(super) default_tax_category: Option<TaxCategoryId>,
}

/// The products of the rows, without those variants that have a fault, and the faults.
pub(super) fn parse(rows: &[Row], reading: Reading<'_>) -> (Vec<ParsedProduct>, Vec<Rejection>) {
    let mut parser = Parser { reading, products: Vec::new(), rejections: Vec::new(), slugs: HashMap::new() };
    for row in rows {
        parser.row(row);
    }
    (parser.products, parser.rejections)
}

struct Parser<'o> {
    reading: Reading<'o>,
    products: Vec<ParsedProduct>,
    rejections: Vec<Rejection>,
    slugs: HashMap<(Language, String), u64>,
}

impl Parser<'_> {
    fn row(&mut self, row: &Row) {
        let is_product = !row.get(Field::Name).is_empty();
        if is_product {
            self.product(row);
        } else if row.translations(Field::Name).next().is_some() {
            self.reject(row.line, RowError::NoName);
        }
        let Some(mut product) = self.products.pop() else {
            return self.reject(row.line, RowError::NoProduct);
        };
        if !is_product && !row.get(Field::OptionGroups).is_empty() {
            self.reject(row.line, RowError::MisplacedGroups);
        }
        if let Some(variant) = self.variant(row, &product) {
            let same = |other: &&ParsedVariant| other.options == variant.options;
            match product.variants.iter().find(same) {
                Some(other) => self.reject(row.line, RowError::DuplicateOptions(other.line)),
                None => product.variants.push(variant),
            }
        }
        self.products.push(product);
    }

    fn reject(&mut self, line: u64, reason: RowError) {
        self.rejections.push(Rejection { line, reason });
    }

    /// The value, or nothing and a rejection.
    fn keep<T>(&mut self, line: u64, value: Result<T, RowError>) -> Option<T> {
        value.map_err(|reason| self.reject(line, reason)).ok()
    }

    fn product(&mut self, row: &Row) {
        let texts = self.texts(row);
        let slug = texts.first().and_then(|text| text.slug.clone()).unwrap_or_default();
        let facet_values = facet_values(row, Field::Facets, self.reading.language);
        let groups = groups(row, self.reading.language, &slug);
        let product = ParsedProduct {
            line: row.line,
            texts,
            assets: assets(row, Field::Assets),
            facet_values: self.keep(row.line, facet_values).unwrap_or_default(),
            groups: self.keep(row.line, groups).unwrap_or_default(),
            variants: Vec::new(),
        };
        self.products.push(product);
    }

    /// The texts of a product, the file's own language first, all with a slug.
    fn texts(&mut self, row: &Row) -> Vec<SluggedInput> {
        let own = (self.reading.language, row.get(Field::Name));
        let others: Vec<(Language, &str)> = row.translations(Field::Name).collect();
        let in_language = |field: Field, language: Language| {
            if language == own.0 {
                row.get(field)
            } else {
                row.translations(field).find(|(other, _)| *other == language).map_or("", |(_, text)| text)
            }
        };
        let mut texts = Vec::new();
        for (language, name) in std::iter::once(own).chain(others) {
            let slug = Some(in_language(Field::Slug, language)).filter(|slug| !slug.is_empty());
            let checked = texts_of(name, slug, in_language(Field::Description, language));
            let Some((name, slug, description)) = self.keep(row.line, checked) else { continue };
            match self.slugs.get(&(language, slug.clone())) {
                Some(line) => {
                    self.reject(row.line, RowError::DuplicateSlug { slug: slug.clone(), line: *line });
                }
                None => drop(self.slugs.insert((language, slug.clone()), row.line)),
            }
            texts.push(SluggedInput {
                language,
                name: Some(name),
                slug: Some(slug),
                description: Some(description),
            });
        }
        texts
    }

    /// The variant of a row, if it has no fault.
    fn variant(&mut self, row: &Row, product: &ParsedProduct) -> Option<ParsedVariant> {
        let line = row.line;
        let sku = self.keep(line, text::name("sku", row.get(Field::Sku)).map_err(RowError::from));
        let price = self.keep(line, parse_price(row.get(Field::Price)).map_err(RowError::from));
        let tax = self.keep(line, tax_category(row.get(Field::TaxCategory), self.reading));
        let stock = self.keep(line, stock(row.get(Field::StockOnHand)));
        let track = self.keep(line, track_inventory(row.get(Field::TrackInventory)));
        let values = self.keep(line, facet_values(row, Field::VariantFacets, self.reading.language));
        let options = self.keep(line, options(row, product.groups.len(), self.reading.language))?;
        let names = variant_names(product, &options);
        let long = names.iter().filter_map(|name| name.name.as_deref()).map(|name| text::name("name", name));
        self.keep(line, long.collect::<Result<Vec<_>, _>>().map_err(RowError::from))?;
        Some(ParsedVariant {
            line,
            sku: sku?,
            price_minor: price?,
            tax_category_id: tax?,
            track_inventory: track?,
            stock_on_hand: stock?,
            names,
            options,
            assets: assets(row, Field::VariantAssets),
            facet_values: values?,
        })
    }
}

fn texts_of(name: &str, slug: Option<&str>, description: &str) -> Result<(String, String, String), RowError> {
    let name = text::name("name", name)?;
    let slug = text::slug(slug.unwrap_or(&name))?;
    Ok((name, slug, text::description(description)?))
}

/// The product's name with the variant's options after it, in each language of the product.
fn variant_names(product: &ParsedProduct, options: &[Coded]) -> Vec<TranslationInput> {
    let shown = |option: &Coded, language: Language| {
        let own = option.names.iter().find(|name| name.language == language);
        own.or(option.names.first()).and_then(|name| name.name.clone())
    };
    let name = |text: &SluggedInput| {
        let words = text.name.clone().into_iter();
        let words = words.chain(options.iter().filter_map(|option| shown(option, text.language)));
        TranslationInput::new(text.language, words.collect::<Vec<_>>().join(" "))
    };
    product.texts.iter().map(name).collect()
}

fn assets(row: &Row, field: Field) -> Vec<String> {
    row.list(field).into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn coded(code: &str, language: Language, name: &str, others: &[(Language, &str)]) -> Result<Coded, RowError> {
    let mut names = vec![TranslationInput::new(language, text::name("name", name)?)];
    for (language, name) in others {
        names.push(TranslationInput::new(*language, text::name("name", name)?));
    }
    Ok(Coded { code: text::slug(code)?, names })
}

fn facet_values(row: &Row, field: Field, language: Language) -> Result<Vec<ParsedFacetValue>, RowError> {
    let value = |item: Translated<'_>| {
        let (facet, value) = facet_and_value(item.text)?;
        let mut others = Vec::with_capacity(item.others.len());
        for (language, text) in &item.others {
            others.push((*language, facet_and_value(text)?));
        }
        let facets: Vec<_> = others.iter().map(|(language, (facet, _))| (*language, *facet)).collect();
        let values: Vec<_> = others.iter().map(|(language, (_, value))| (*language, *value)).collect();
        Ok(ParsedFacetValue {
            facet: coded(facet, language, facet, &facets)?,
            value: coded(value, language, value, &values)?,
        })
    };
    row.translated_list(field)?.into_iter().map(value).collect()
}

fn facet_and_value(text: &str) -> Result<(&str, &str), RowError> {
    let trimmed = text.split_once(':').map(|(facet, value)| (facet.trim(), value.trim()));
    let whole = trimmed.filter(|(facet, value)| !facet.is_empty() && !value.is_empty());
    whole.ok_or_else(|| RowError::Facet(text.to_owned()))
}

/// The option groups of a product: `name`, or `name:code` for one that products share.
fn groups(row: &Row, language: Language, product_slug: &str) -> Result<Vec<ParsedGroup>, RowError> {
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    let mut parsed = Vec::new();
    for item in row.translated_list(Field::OptionGroups)? {
        let (name, code) = match item.text.split_once(':') {
            Some((name, code)) => (name.trim(), Some(code.trim())),
            None => (item.text, None),
        };
        let others: Vec<(Language, &str)> = item
            .others
            .iter()
            .map(|(language, text)| (*language, text.split_once(':').map_or(*text, |(name, _)| name.trim())))
            .collect();
        let own_code = format!("{product_slug}-{name}");
        let group = coded(code.unwrap_or(&own_code), language, name, &others)?;
        if groups.insert(group.code.clone(), parsed.len()).is_some() {
            return Err(RowError::DuplicateGroup(name.to_owned()));
        }
        parsed.push(ParsedGroup { group, is_shared: code.is_some() });
    }
    Ok(parsed)
}

fn options(row: &Row, groups: usize, language: Language) -> Result<Vec<Coded>, RowError> {
    let items = row.translated_list(Field::OptionValues)?;
    if items.len() != groups {
        return Err(RowError::OptionCount { values: items.len(), groups });
    }
    items.iter().map(|item| coded(item.text, language, item.text, &item.others)).collect()
}

/// The category with this name, or the only one whose name begins so; without regard to case.
fn tax_category(name: &str, reading: Reading<'_>) -> Result<TaxCategoryId, RowError> {
    if name.is_empty() {
        return reading.default_tax_category.ok_or(RowError::NoTaxCategory);
    }
    let wanted = name.to_lowercase();
    let known = || reading.tax_categories.iter().map(|(name, id)| (name.to_lowercase(), *id));
    if let Some((_, id)) = known().find(|(name, _)| *name == wanted) {
        return Ok(id);
    }
    let mut beginning = known().filter(|(name, _)| name.starts_with(&wanted));
    match (beginning.next(), beginning.next()) {
        (Some((_, id)), None) => Ok(id),
        _ => Err(RowError::TaxCategory(name.to_owned())),
    }
}

fn stock(text: &str) -> Result<i64, RowError> {
    if text.is_empty() {
        return Ok(0);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<i64>().ok().filter(|_| digits);
    number.ok_or_else(|| RowError::Stock(text.to_owned()))
}

fn track_inventory(text: &str) -> Result<TrackInventory, RowError> {
    match text.to_lowercase().as_str() {
        "" => Ok(TrackInventory::Inherit),
        "true" => Ok(TrackInventory::True),
        "false" => Ok(TrackInventory::False),
        _ => Err(RowError::TrackInventory(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;
    use crate::catalogue::import::sheet;

    const HEADER: &str = "name,slug,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,\
                          trackInventory,name:sw,optionValues:sw\n";

    fn parsed(rows: &str) -> (Vec<ParsedProduct>, Vec<(u64, String)>) {
        let taxes: HashMap<String, TaxCategoryId> =
            [("Standard Tax".to_owned(), TaxCategoryId(1)), ("Zero Tax".to_owned(), TaxCategoryId(2))].into();
        let reading = Reading { language: Language::EN, tax_categories: &taxes, default_tax_category: None };
        let (rows, none) = sheet::read(format!("{HEADER}{rows}").as_bytes(), Language::EN).unwrap();
        assert_eq!(none, []);
        let (products, rejections) = parse(&rows, reading);
        (products, rejections.into_iter().map(|one| (one.line, one.reason.to_string())).collect())
    }

    #[test]
    fn reads_products_with_their_variants() {
        let (products, rejections) = parsed(
            "Shirt,,brand:Soko|plant type:Cotton,size,S,A,5,standard,7,,Shati,Ndogo\n\
             ,,,,M,B,6.50,standard,,true,,\n\
             Mug,cup,,,,C,1,zero tax,,false,,\n",
        );
        assert_eq!(rejections, []);
        let [shirt, mug] = &products[..] else { panic!("two products") };
        assert_eq!(shirt.texts[0].slug.as_deref(), Some("shirt"));
        assert_eq!(shirt.facet_values[1].facet.code, "plant-type");
        assert_eq!((shirt.groups[0].group.code.as_str(), shirt.groups[0].is_shared), ("shirt-size", false));
        let names: Vec<_> = shirt.variants.iter().flat_map(|variant| &variant.names).collect();
        assert_eq!(names[0], &TranslationInput::new(Language::EN, "Shirt S"));
        assert_eq!(names[1], &TranslationInput::new(Language::SW, "Shati Ndogo"));
        assert_eq!(names[3], &TranslationInput::new(Language::SW, "Shati M"));
        let second = &shirt.variants[1];
        assert_eq!((second.price_minor, second.stock_on_hand, second.line), (650, 0, 3));
        assert_eq!(second.track_inventory, TrackInventory::True);
        assert_eq!(
            (mug.variants[0].tax_category_id, mug.texts[0].slug.as_deref()),
            (TaxCategoryId(2), Some("cup"))
        );
    }

    #[test]
    fn rejects_every_fault_of_every_row() {
        let (_, rejections) = parsed(
            ",,,,,A,1,standard,,,,\n\
             Shirt,,brand,size,,B,-1,vat,x,maybe,,\n\
             ,,,,S,,1,,,,,\n\
             Shirt,,,size|size,,D,1,tax,,,,\n",
        );
        let lines = |line: u64| -> Vec<&str> {
            let of_line = rejections.iter().filter(|(at, _)| *at == line);
            of_line.map(|(_, reason)| reason.as_str()).collect()
        };
        assert_eq!(lines(2).len(), 1);
        assert_eq!(lines(3).len(), 6, "{rejections:?}");
        assert_eq!(
            lines(4),
            ["the sku must not be empty", "the tax category is empty, and the channel has no default"]
        );
        assert_eq!(lines(5).len(), 3, "{rejections:?}");
        assert!(lines(5)[0].contains("line 3 has the slug"));
    }

    #[test]
    fn rejects_the_same_options_twice() {
        let (_, rejections) = parsed("Shirt,,,size,S,A,1,zero,,,,\n,,,,S,B,1,zero,,,,\n,,,,,C,1,zero,,,,\n");
        let reasons: Vec<&str> = rejections.iter().map(|(_, reason)| reason.as_str()).collect();
        assert_eq!(
            reasons,
            ["the variant in line 2 has the same options", "there are 0 option values for 1 option groups"]
        );
    }
}
