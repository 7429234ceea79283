//! The demo's goods as data: what `products.json` and `catalogue.json` hold.

use anyhow::Context as _;
use serde::Deserialize;

use super::picture::Sketch;

const PRODUCTS: &str = include_str!("products.json");
const STRUCTURE: &str = include_str!("catalogue.json");

/// Everything that a demo shop sells.
#[derive(Debug)]
pub struct Catalogue {
    /// Classes of goods for tax.
    pub tax_categories: Vec<TaxCategory>,
    /// What variants can differ in.
    pub option_groups: Vec<Named>,
    /// Ways to classify.
    pub facets: Vec<Facet>,
    /// The top of the tree.
    pub collections: Vec<Collection>,
    /// The goods.
    pub products: Vec<Product>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Structure {
    tax_categories: Vec<TaxCategory>,
    option_groups: Vec<Named>,
    facets: Vec<Facet>,
    collections: Vec<Collection>,
}

/// A class of goods for tax.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxCategory {
    /// What products name it by.
    pub code: String,
    /// What people read.
    pub name: String,
}

/// A code with its names.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Named {
    /// What products name it by.
    pub code: String,
    /// In English.
    pub name: String,
    /// In Swahili, where it differs.
    pub name_sw: Option<String>,
}

/// A way to classify, with its values.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Facet {
    /// Its code.
    pub code: String,
    /// In English.
    pub name: String,
    /// In Swahili, where it differs.
    pub name_sw: Option<String>,
    /// Its values.
    pub values: Vec<Named>,
}

/// A node of the tree of collections.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Collection {
    /// Its slug.
    pub slug: String,
    /// In English.
    pub name: String,
    /// In Swahili.
    pub name_sw: String,
    /// In English.
    pub description: String,
    /// Values of the facet `category`; what carries one of them is in the collection.
    pub categories: Vec<String>,
    /// The collections below.
    #[serde(default)]
    pub children: Vec<Collection>,
}

/// One kind of goods.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Product {
    /// Its slug, the same in both languages.
    pub slug: String,
    /// In English.
    pub name: String,
    /// In Swahili.
    pub name_sw: String,
    /// In English.
    pub description: String,
    /// In Swahili.
    pub description_sw: String,
    /// Code of its tax category.
    pub tax: String,
    /// Values of the facet `category`.
    pub category: Vec<String>,
    /// Value of the facet `brand`.
    pub brand: String,
    /// Value of the facet `origin`.
    pub origin: String,
    /// How it is drawn.
    pub picture: Sketch,
    /// Codes of the option groups in which its variants differ.
    pub options: Vec<String>,
    /// What is sold.
    pub variants: Vec<Variant>,
}

/// What is sold: one size, colour or pack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its stock-keeping unit.
    pub sku: String,
    /// One value for each of the product's options.
    pub values: Vec<String>,
    /// Price in cents of the Kenyan shilling, with tax.
    pub price: i64,
    /// Units on hand.
    pub stock: i64,
}

impl Catalogue {
    /// The goods that come with the program.
    ///
    /// # Errors
    /// When the data does not parse or names what it does not hold.
    pub fn built_in() -> anyhow::Result<Self> {
        Self::with_products(PRODUCTS)
    }

    /// The built-in classes, with these products in their place: a JSON text in the form of `products.json`.
    ///
    /// # Errors
    /// As [`Self::built_in`].
    pub fn with_products(products: &str) -> anyhow::Result<Self> {
        let structure: Structure =
            serde_json::from_str(STRUCTURE).context("the structure of the catalogue")?;
        let products: Vec<Product> = serde_json::from_str(products).context("the products")?;
        let catalogue = Self {
            tax_categories: structure.tax_categories,
            option_groups: structure.option_groups,
            facets: structure.facets,
            collections: structure.collections,
            products,
        };
        catalogue.products.iter().try_for_each(|product| catalogue.check(product))?;
        Ok(catalogue)
    }

    fn check(&self, product: &Product) -> anyhow::Result<()> {
        let slug = &product.slug;
        let knows = |facet: &str, value: &str| {
            let mut values = self.facets.iter().filter(|one| one.code == facet).flat_map(|one| &one.values);
            values.any(|one| one.code == value)
        };
        anyhow::ensure!(
            self.tax_categories.iter().any(|category| category.code == product.tax),
            "{slug}: no tax category {}",
            product.tax
        );
        for category in &product.category {
            anyhow::ensure!(knows("category", category), "{slug}: no category {category}");
        }
        anyhow::ensure!(knows("brand", &product.brand), "{slug}: no brand {}", product.brand);
        anyhow::ensure!(knows("origin", &product.origin), "{slug}: no origin {}", product.origin);
        for option in &product.options {
            let known = self.option_groups.iter().any(|group| group.code == *option);
            anyhow::ensure!(known, "{slug}: no option group {option}");
        }
        for variant in &product.variants {
            let (have, want) = (variant.values.len(), product.options.len());
            anyhow::ensure!(have == want, "{}: {have} values for {want} options", variant.sku);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn holds_sixty_products_with_unique_slugs_and_skus() {
        let catalogue = Catalogue::built_in().unwrap();
        assert!(catalogue.products.len() >= 60);
        let slugs: HashSet<&str> = catalogue.products.iter().map(|product| product.slug.as_str()).collect();
        assert_eq!(slugs.len(), catalogue.products.len());
        let skus: Vec<&str> =
            catalogue.products.iter().flat_map(|one| &one.variants).map(|one| &*one.sku).collect();
        assert_eq!(skus.iter().collect::<HashSet<_>>().len(), skus.len());
        assert!(
            catalogue.products.iter().flat_map(|one| &one.variants).all(|one| one.price > 0 && one.stock > 0)
        );
    }
}
