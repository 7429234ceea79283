//! Puts the catalogue into a shop: pictures, facets, options, products, variants, stock, collections.
//!
//! What does not depend on each other is created side by side, so that the store commits it together.

use std::collections::HashMap;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use soko_domain::Services;
use soko_domain::catalogue::{
    Catalogue as Shelves, CatalogueError, NewAsset, NewCollection, NewFacet, NewOption, NewOptionGroup,
    NewProduct, NewVariant, SluggedInput, TranslationInput,
};
use soko_domain::inventory::{Inventory, InventoryError};
use soko_kernel::{
    Actor, AssetId, CollectionId, ConfigurableOperation, FacetValueId, Language, OptionGroupId, OptionId,
    ProductId, StockLocationId, TaxCategoryId, VariantId,
};

use super::catalogue::{Catalogue, Collection, Named, Product, Variant};
use super::picture;

/// Changes of one shop that wait for the store at the same time.
const SIDE_BY_SIDE_MAX: usize = 32;
/// What the sample requests buy.
const SAMPLE_PRODUCT: &str = "white-sugar";
/// Which of its variants.
const SAMPLE_SKU: &str = "SUGAR-2KG";

/// Pictures by the products' slugs.
pub type Pictures = HashMap<String, Bytes>;

/// Where the goods lie, and how many.
#[derive(Debug, Clone, Copy)]
pub struct Shelf {
    /// The location.
    pub location: StockLocationId,
    /// Units of every variant; as the catalogue says when absent.
    pub units: Option<i64>,
}

/// Draws the picture of every product.
///
/// # Errors
/// When one cannot be drawn.
pub fn draw(catalogue: &Catalogue) -> anyhow::Result<Pictures> {
    let drawn = catalogue.products.iter().map(|product| {
        let picture = picture::draw(&product.picture, &product.name)?;
        Ok((product.slug.clone(), Bytes::from(picture)))
    });
    drawn.collect()
}

/// Fills a shop with the catalogue's goods.
///
/// # Errors
/// A failing store, or goods that break a rule of the catalogue.
pub async fn stock_shop(
    services: &Services,
    actor: &Actor,
    catalogue: &Catalogue,
    pictures: &Pictures,
    tax_categories: &HashMap<String, TaxCategoryId>,
    shelf: Shelf,
) -> anyhow::Result<()> {
    let assets = create_assets(services, actor, catalogue, pictures).await.context("the pictures")?;
    let facet_values = create_facets(services, actor, catalogue).await.context("the facets")?;
    let products = create_products(services, actor, catalogue, &assets, &facet_values).await?;
    let options = create_options(services, actor, catalogue, &products).await.context("the options")?;
    let new: Vec<(NewVariant, i64)> = catalogue
        .products
        .iter()
        .zip(&products)
        .zip(&options)
        .flat_map(|((product, id), options)| {
            let tax_category_id = tax_categories.get(&product.tax).copied();
            product.variants.iter().map(move |variant| {
                let new = NewVariant {
                    tax_category_id,
                    option_ids: variant
                        .values
                        .iter()
                        .filter_map(|value| options.get(value).copied())
                        .collect(),
                    ..new_variant(*id, product, variant)
                };
                (new, shelf.units.unwrap_or(variant.stock))
            })
        })
        .collect();
    create_variants(services, actor, new, shelf.location).await.context("the variants")?;
    create_collections(services, actor, &catalogue.collections, &facet_values)
        .await
        .context("the collections")
}

/// The variant that the sample requests buy, if the shop sells it.
///
/// # Errors
/// A failing store.
pub async fn find_sample(services: &Services, actor: &Actor) -> anyhow::Result<Option<VariantId>> {
    let shop = services.catalogue.shop();
    let Some(product) = shop.find_product_by_slug(actor, SAMPLE_PRODUCT).await? else { return Ok(None) };
    let variants = shop.variants_of_products(actor, &[product.id]).await?;
    let mut variants = variants.into_values().flatten();
    Ok(variants.find(|variant| variant.sku == SAMPLE_SKU).map(|variant| variant.id))
}

fn names(english: &str, swahili: Option<&str>) -> Vec<TranslationInput> {
    let english = TranslationInput::new(Language::EN, english);
    std::iter::once(english).chain(swahili.map(|name| TranslationInput::new(Language::SW, name))).collect()
}

fn texts(slug: &str, english: [&str; 2], swahili: [&str; 2]) -> Vec<SluggedInput> {
    let text = |language, [name, description]: [&str; 2]| SluggedInput {
        slug: Some(slug.to_owned()),
        description: Some(description.to_owned()),
        ..SluggedInput::new(language, name)
    };
    vec![text(Language::EN, english), text(Language::SW, swahili)]
}

async fn create_assets(
    services: &Services,
    actor: &Actor,
    catalogue: &Catalogue,
    pictures: &Pictures,
) -> anyhow::Result<Vec<AssetId>> {
    let created = catalogue.products.iter().map(async |product| {
        let bytes =
            pictures.get(&product.slug).with_context(|| format!("no picture of {}", product.slug))?.clone();
        let new = NewAsset::named(format!("{}.png", product.slug), bytes);
        anyhow::Ok(services.catalogue.create_asset(actor, new).await?.id)
    });
    futures_util::stream::iter(created).buffered(SIDE_BY_SIDE_MAX).try_collect().await
}

/// Facet values by `facet:value`.
async fn create_facets(
    services: &Services,
    actor: &Actor,
    catalogue: &Catalogue,
) -> anyhow::Result<HashMap<String, FacetValueId>> {
    let mut values = HashMap::new();
    for facet in &catalogue.facets {
        let value = |value: &Named| (value.code.clone(), names(&value.name, value.name_sw.as_deref()));
        let new = NewFacet {
            code: facet.code.clone(),
            is_private: false,
            translations: names(&facet.name, facet.name_sw.as_deref()),
            values: facet.values.iter().map(value).collect(),
        };
        let id = services.catalogue.create_facet(actor, new).await?.id;
        let created = services.catalogue.admin().values_of_facets(actor, &[id]).await?;
        for value in created.into_values().flatten() {
            values.insert(format!("{}:{}", facet.code, value.code), value.id);
        }
    }
    Ok(values)
}

async fn create_products(
    services: &Services,
    actor: &Actor,
    catalogue: &Catalogue,
    assets: &[AssetId],
    facet_values: &HashMap<String, FacetValueId>,
) -> anyhow::Result<Vec<ProductId>> {
    let new = catalogue.products.iter().zip(assets).map(|(product, asset)| {
        let categories = product.category.iter().map(|category| format!("category:{category}"));
        let others = [format!("brand:{}", product.brand), format!("origin:{}", product.origin)];
        NewProduct {
            enabled: true,
            featured_asset_id: Some(*asset),
            asset_ids: vec![*asset],
            facet_value_ids: categories
                .chain(others)
                .filter_map(|key| facet_values.get(&key).copied())
                .collect(),
            translations: texts(
                &product.slug,
                [&product.name, &product.description],
                [&product.name_sw, &product.description_sw],
            ),
        }
    });
    let (new, scope): (Vec<NewProduct>, _) = (new.collect(), actor.public_scope());
    let writing = services.catalogue.writing(actor, scope);
    let created = services.database.write(scope, async move |tx| {
        let mut ids = Vec::with_capacity(new.len());
        for product in &new {
            ids.push(Shelves::create_product_in_tx(tx, writing, product).await?);
        }
        Ok::<_, CatalogueError>(ids)
    });
    created.await.context("the products")
}

/// Each product's options by their names.
async fn create_options(
    services: &Services,
    actor: &Actor,
    catalogue: &Catalogue,
    products: &[ProductId],
) -> anyhow::Result<Vec<HashMap<String, OptionId>>> {
    let created = catalogue.products.iter().zip(products).map(async |(product, id)| {
        let mut groups: Vec<OptionGroupId> = Vec::new();
        for (code, position) in product.options.iter().zip(0..) {
            let new = option_group(catalogue, product, code, position)?;
            let group = services.catalogue.create_option_group(actor, new).await?.id;
            services.catalogue.add_option_group_to_product(actor, *id, group).await?;
            groups.push(group);
        }
        let options = services.catalogue.admin().options_of_groups(actor, &groups).await?;
        anyhow::Ok(options.into_values().flatten().map(|option| (option.name, option.id)).collect())
    });
    futures_util::stream::iter(created).buffered(SIDE_BY_SIDE_MAX).try_collect().await
}

fn option_group(
    catalogue: &Catalogue,
    product: &Product,
    code: &str,
    position: usize,
) -> anyhow::Result<NewOptionGroup> {
    let named = catalogue.option_groups.iter().find(|group| group.code == code);
    let mut values: Vec<&str> = Vec::new();
    for value in product.variants.iter().filter_map(|variant| variant.values.get(position)) {
        if !values.contains(&value.as_str()) {
            values.push(value);
        }
    }
    let option = |value: &str| {
        let code = soko_domain::catalogue::slug(value).with_context(|| format!("the option {value:?}"))?;
        Ok(NewOption { code, translations: names(value, None) })
    };
    Ok(NewOptionGroup {
        code: format!("{}-{code}", product.slug),
        translations: named
            .map_or_else(|| names(code, None), |group| names(&group.name, group.name_sw.as_deref())),
        options: values.into_iter().map(option).collect::<anyhow::Result<_>>()?,
    })
}

fn new_variant(product_id: ProductId, product: &Product, variant: &Variant) -> NewVariant {
    let suffix = variant.values.join(", ");
    let named = |name: &str| if suffix.is_empty() { name.to_owned() } else { format!("{name} {suffix}") };
    NewVariant {
        translations: names(&named(&product.name), Some(&named(&product.name_sw))),
        ..NewVariant::named(product_id, Language::EN, "", variant.sku.clone(), variant.price)
    }
}

async fn create_variants(
    services: &Services,
    actor: &Actor,
    new: Vec<(NewVariant, i64)>,
    location: StockLocationId,
) -> anyhow::Result<()> {
    let (scope, now) = (actor.public_scope(), services.clock.now());
    let writing = services.catalogue.writing(actor, scope);
    let (new, units): (Vec<NewVariant>, Vec<i64>) = new.into_iter().unzip();
    let created = services
        .database
        .write(scope, async move |tx| Shelves::create_variants_in_tx(tx, writing, &new).await);
    let ids = created.await?;
    let counted = services.database.write(scope, async move |tx| {
        let counts: Vec<_> = ids.into_iter().zip(units).map(|(id, units)| (id, location, units)).collect();
        Inventory::set_stock_in_tx(tx, scope, &counts, now).await?;
        Ok::<_, InventoryError>(())
    });
    Ok(counted.await?)
}

async fn create_collections(
    services: &Services,
    actor: &Actor,
    top: &[Collection],
    facet_values: &HashMap<String, FacetValueId>,
) -> anyhow::Result<()> {
    let mut waiting: Vec<(Option<CollectionId>, &Collection)> =
        top.iter().rev().map(|collection| (None, collection)).collect();
    while let Some((parent, collection)) = waiting.pop() {
        let new = NewCollection { parent_id: parent, ..new_collection(collection, facet_values)? };
        let id = services.catalogue.create_collection(actor, new).await?.id;
        waiting.extend(collection.children.iter().rev().map(|child| (Some(id), child)));
    }
    Ok(())
}

fn new_collection(
    collection: &Collection,
    facet_values: &HashMap<String, FacetValueId>,
) -> anyhow::Result<NewCollection> {
    let ids = collection.categories.iter().map(|category| {
        let id = facet_values.get(&format!("category:{category}"));
        id.map(ToString::to_string).with_context(|| format!("no category {category}"))
    });
    let ids = serde_json::to_string(&ids.collect::<anyhow::Result<Vec<String>>>()?)?;
    let filter =
        ConfigurableOperation::new("facet-value-filter", [("facetValueIds", &ids), ("containsAny", "true")]);
    let english = [collection.name.as_str(), collection.description.as_str()];
    let swahili = [collection.name_sw.as_str(), ""];
    Ok(NewCollection {
        translations: texts(&collection.slug, english, swahili),
        ..NewCollection::named(Language::EN, "", vec![filter])
    })
}
