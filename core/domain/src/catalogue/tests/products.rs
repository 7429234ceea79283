//! Products and variants.

use soko_kernel::query::{Comparison, Direction, Filter, Value};
use soko_kernel::{AssetId, ErrorKind, Forbidden, Language, ListQuery, PermissionSet, ProductId};

use super::Shop;
use crate::catalogue::*;

#[tokio::test]
async fn creates_and_reads_a_product_with_variants() {
    let shop = Shop::open().await;
    let (product, variant) = shop.add_product("Green Tea", 25_000).await;
    let reads = shop.catalogue.shop();
    let found = reads.find_product_by_slug(&shop.actor, "green-tea").await.unwrap().unwrap();
    assert_eq!((found.id, found.name.as_str()), (product, "Green Tea"));
    let variants = reads.variants_of_products(&shop.actor, &[product]).await.unwrap();
    let only = &variants[&product][0];
    assert_eq!(
        (only.id, only.list_price.minor(), only.product.slug.as_str()),
        (variant, 25_000, "green-tea")
    );
    assert!(only.is_sold());
}

#[tokio::test]
async fn shows_the_wanted_language_then_the_shops_then_any() {
    let shop = Shop::open().await;
    let mut new = NewProduct::named(Language::EN, "Tea");
    new.translations.push(SluggedInput::new(Language::SW, "Chai"));
    let both = shop.catalogue.create_product(&shop.actor, new).await.unwrap();
    let french = Language::parse("fr").unwrap();
    let only = shop.catalogue.create_product(&shop.actor, NewProduct::named(french, "Thé")).await.unwrap();
    for (language, expected) in [(Language::SW, "Chai"), (Language::EN, "Tea"), (french, "Tea")] {
        let actor = shop.in_language(language);
        let shown = shop.catalogue.shop().find_product(&actor, both.id).await.unwrap().unwrap();
        assert_eq!(shown.name, expected, "{language}");
    }
    let shown = shop.catalogue.shop().find_product(&shop.actor, only.id).await.unwrap().unwrap();
    assert_eq!((shown.name.as_str(), shown.slug.as_str(), shown.language), ("Thé", "the", french));
    let by_other_slug =
        shop.catalogue.shop().find_product_by_slug(&shop.actor, "chai").await.unwrap().unwrap();
    assert_eq!(by_other_slug.id, both.id);
    let texts = shop.catalogue.admin().translations_of_products(&shop.actor, &[both.id]).await.unwrap();
    assert_eq!(texts[&both.id].len(), 2);
}

#[tokio::test]
async fn numbers_equal_slugs_and_frees_those_of_deleted_products() {
    let shop = Shop::open().await;
    let (first, _) = shop.add_product("Laptop", 1).await;
    let (second, _) = shop.add_product("Laptop", 1).await;
    let slug = async |id| shop.catalogue.shop().find_product(&shop.actor, id).await.unwrap().unwrap().slug;
    assert_eq!((slug(first).await.as_str(), slug(second).await.as_str()), ("laptop", "laptop-2"));
    shop.catalogue.delete_products(&shop.actor, vec![first]).await.unwrap();
    assert!(shop.catalogue.admin().find_product(&shop.actor, first).await.unwrap().is_none());
    let (third, _) = shop.add_product("Laptop", 1).await;
    assert_eq!(slug(third).await, "laptop");
    let mut changes = ProductChanges::of(second);
    changes.translations.push(SluggedInput {
        language: Language::EN,
        name: None,
        slug: Some(" Lap Top! ".to_owned()),
        description: None,
    });
    let updated = shop.catalogue.update_product(&shop.actor, changes).await.unwrap();
    assert_eq!((updated.name.as_str(), updated.slug.as_str()), ("Laptop", "lap-top"));
}

#[tokio::test]
async fn hides_disabled_things_from_customers_only() {
    let shop = Shop::open().await;
    let (product, variant) = shop.add_product("Tea", 100).await;
    let changes = VariantChanges { enabled: Some(false), ..VariantChanges::of(variant) };
    shop.catalogue.update_variants(&shop.actor, vec![changes]).await.unwrap();
    let (customers, administrators) = (shop.catalogue.shop(), shop.catalogue.admin());
    assert!(customers.variants_of_products(&shop.actor, &[product]).await.unwrap().is_empty());
    assert_eq!(administrators.variants_of_products(&shop.actor, &[product]).await.unwrap().len(), 1);
    let changes = ProductChanges { enabled: Some(false), ..ProductChanges::of(product) };
    shop.catalogue.update_product(&shop.actor, changes).await.unwrap();
    assert!(customers.find_product(&shop.actor, product).await.unwrap().is_none());
    assert!(administrators.find_product(&shop.actor, product).await.unwrap().is_some());
    assert_eq!(customers.list_products(&shop.actor, &ListQuery::default()).await.unwrap().total, 0);
}

#[tokio::test]
async fn keeps_deleted_variants_for_orders() {
    let shop = Shop::open().await;
    let (product, variant) = shop.add_product("Tea", 100).await;
    shop.catalogue.delete_products(&shop.actor, vec![product]).await.unwrap();
    let (scope, languages) = (shop.store.scope(), Languages::of(&shop.actor));
    let loaded = shop
        .store
        .database
        .read(scope, async |reader| load_variants(reader, scope, languages, &[variant]).await);
    let loaded = loaded.await.unwrap();
    assert_eq!(loaded[0].product.name, "Tea");
    assert!(!loaded[0].is_sold());
    assert!(shop.catalogue.admin().find_variant(&shop.actor, variant).await.unwrap().is_none());
}

#[tokio::test]
async fn lists_with_filters_and_sorting() {
    let shop = Shop::open().await;
    for (name, price) in [("Tea", 300), ("Coffee", 100), ("Tea strainer", 200)] {
        shop.add_product(name, price).await;
    }
    let tea = Filter::field("name", Comparison::Contains("TEA".to_owned()));
    let sort = vec![("name", Direction::Descending)];
    let query = ListQuery::try_new(None, Some(1), sort, Some(tea)).unwrap();
    let page = shop.catalogue.shop().list_products(&shop.actor, &query).await.unwrap();
    assert_eq!((page.total, page.items[0].name.as_str()), (2, "Tea strainer"));
    let dear = Filter::field("price", Comparison::GreaterOrEqual(Value::Integer(200)));
    let out = Filter::field("stockLevel", Comparison::Equal(Value::Text("OUT_OF_STOCK".to_owned())));
    let sort = vec![("price", Direction::Ascending)];
    let query = ListQuery::try_new(None, None, sort, Some(Filter::And(vec![dear, out]))).unwrap();
    let page = shop.catalogue.shop().list_variants(&shop.actor, VariantsOf::Channel, &query).await.unwrap();
    let prices: Vec<i64> = page.items.iter().map(|variant| variant.list_price.minor()).collect();
    assert_eq!(prices, [200, 300]);
    let query = ListQuery::try_new(None, None, vec![("colour", Direction::Ascending)], None).unwrap();
    let refused = shop.catalogue.shop().list_products(&shop.actor, &query).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn refuses_bad_variants_and_keeps_nothing_of_them() {
    let shop = Shop::open().await;
    let (product, variant) = shop.add_product("Tea", 100).await;
    let new = |sku: &str, price| NewVariant::named(product, Language::EN, "More tea", sku, price);
    let create = async |new| shop.catalogue.create_variants(&shop.actor, vec![new]).await.unwrap_err();
    assert!(matches!(create(new("A", -1)).await, CatalogueError::InvalidPrice));
    assert!(matches!(create(new(" ", 1)).await, CatalogueError::Text(InvalidText::Empty("sku"))));
    assert!(matches!(create(new("A", 1)).await, CatalogueError::OptionsTaken { .. }));
    let unknown = NewVariant { product_id: ProductId(999), ..new("A", 1) };
    assert!(matches!(create(unknown).await, CatalogueError::NotFound { what: Thing::Product, id: 999 }));
    let pictured = NewVariant { asset_ids: vec![AssetId(5)], ..new("A", 1) };
    shop.catalogue.delete_variants(&shop.actor, vec![variant]).await.unwrap();
    assert!(matches!(create(pictured).await, CatalogueError::NotFound { what: Thing::Asset, id: 5 }));
    let all = ListQuery::default();
    let list = shop.catalogue.admin().list_variants(&shop.actor, VariantsOf::Channel, &all);
    assert_eq!(list.await.unwrap().total, 0);
}

#[tokio::test]
async fn refuses_two_changes_of_one_thing() {
    let shop = Shop::open().await;
    let (product, variant) = shop.add_product("Tea", 100).await;
    let cheap = VariantChanges { list_price_minor: Some(1), ..VariantChanges::of(variant) };
    let dear = VariantChanges { list_price_minor: Some(900), ..VariantChanges::of(variant) };
    let refused = shop.catalogue.update_variants(&shop.actor, vec![cheap, dear]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    let values = ProductChanges { facet_value_ids: Some(Vec::new()), ..ProductChanges::of(product) };
    let refused =
        shop.catalogue.update_products(&shop.actor, vec![values.clone(), values]).await.unwrap_err();
    assert!(matches!(refused, CatalogueError::NamedTwice { what: Thing::Product, .. }));
    let found = shop.catalogue.shop().find_variant(&shop.actor, variant).await.unwrap().unwrap();
    assert_eq!(found.list_price.minor(), 100);
}

#[tokio::test]
async fn tells_which_slug_would_be_free() {
    let shop = Shop::open().await;
    let (tea, _) = shop.add_product("Tea", 100).await;
    let reads = shop.catalogue.admin();
    let free = async |of, text: &str| reads.free_slug(&shop.actor, of, text).await.unwrap();
    assert_eq!(free(SlugOf::Product(None), "Tea!").await, "tea-2");
    assert_eq!(free(SlugOf::Product(Some(tea)), "Tea!").await, "tea");
    assert_eq!(free(SlugOf::Collection(None), "Tea!").await, "tea");
    let refused = reads.free_slug(&shop.actor, SlugOf::Product(None), "?!").await.unwrap_err();
    assert!(matches!(refused, CatalogueError::Text(InvalidText::NoSlug(_))));
}

#[tokio::test]
async fn refuses_those_without_permission() {
    let shop = Shop::open().await;
    let mut nobody = shop.actor.clone();
    nobody.permissions = PermissionSet::NONE;
    let created = shop.catalogue.create_product(&nobody, NewProduct::named(Language::EN, "Tea")).await;
    assert!(matches!(created, Err(CatalogueError::Forbidden(Forbidden::NotAuthenticated))));
    let listed = shop.catalogue.admin().list_products(&nobody, &ListQuery::default()).await;
    assert!(matches!(listed, Err(CatalogueError::Forbidden(_))));
}

#[tokio::test]
async fn never_shows_another_shops_products() {
    let shop = Shop::open().await;
    let other = shop.neighbour().await;
    let (product, variant) = shop.add_product("Tea", 100).await;
    let (theirs, _) = shop.add_product_of(&other, "Tea", 900).await;
    for reads in [shop.catalogue.shop(), shop.catalogue.admin()] {
        assert!(reads.find_product(&other, product).await.unwrap().is_none());
        assert!(reads.find_variant(&other, variant).await.unwrap().is_none());
        assert!(reads.variants_of_products(&other, &[product]).await.unwrap().is_empty());
        assert!(reads.translations_of_products(&other, &[product]).await.unwrap().is_empty());
        let found = reads.find_product_by_slug(&other, "tea").await.unwrap().unwrap();
        assert_eq!(found.id, theirs);
    }
    let not_found = |error: CatalogueError| assert_eq!(error.kind(), ErrorKind::NotFound);
    let catalogue = &shop.catalogue;
    not_found(catalogue.update_product(&other, ProductChanges::of(product)).await.unwrap_err());
    not_found(catalogue.delete_products(&other, vec![product]).await.unwrap_err());
    not_found(catalogue.update_variants(&other, vec![VariantChanges::of(variant)]).await.unwrap_err());
    not_found(catalogue.delete_variants(&other, vec![variant]).await.unwrap_err());
    let intruder = NewVariant::named(product, Language::EN, "Tea", "X", 1);
    not_found(catalogue.create_variants(&other, vec![intruder]).await.unwrap_err());
    assert!(catalogue.shop().find_variant(&shop.actor, variant).await.unwrap().is_some());
}

#[tokio::test]
async fn updates_many_variants_in_as_many_statements_as_one() {
    let shop = Shop::open().await;
    let mut variants = Vec::new();
    for name in ["Tea", "Coffee", "Cocoa", "Milk", "Sugar"] {
        variants.push(shop.add_product(name, 100).await.1);
    }
    let reprice = async |variants: &[soko_kernel::VariantId], price| {
        let change = |id: &_| VariantChanges {
            list_price_minor: Some(price),
            translations: vec![TranslationInput::new(Language::SW, "Kitu")],
            ..VariantChanges::of(*id)
        };
        let before = shop.store.database.statement_count();
        let changed =
            shop.catalogue.update_variants(&shop.actor, variants.iter().map(change).collect()).await;
        assert!(changed.unwrap().iter().all(|variant| variant.list_price.minor() == price));
        shop.store.database.statement_count() - before
    };
    assert_eq!(reprice(&variants[..1], 200).await, reprice(&variants, 300).await);
}
