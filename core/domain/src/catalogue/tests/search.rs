//! Search.

use soko_kernel::query::Direction;
use soko_kernel::{Actor, ErrorKind, FacetValueId, Language};

use super::Shop;
use crate::catalogue::*;

/// Two teas and a mug; the teas and the mug's blue variant have facet values.
struct Goods {
    shop: Shop,
    drinks: FacetValueId,
    blue: FacetValueId,
    secret: FacetValueId,
}

async fn goods() -> Goods {
    let shop = Shop::open().await;
    let drinks = shop.add_facet_value("category", "Drinks", false).await;
    let blue = shop.add_facet_value("color", "Blue", false).await;
    let secret = shop.add_facet_value("margin", "Lossleader", true).await;
    for (name, description, price) in
        [("Green Tea", "<p>From <b>Kericho</b></p>", 300), ("Black Tea", "Strong, for mornings", 200)]
    {
        let mut new = NewProduct::named(Language::EN, name);
        new.translations[0].description = Some(description.to_owned());
        new.facet_value_ids = vec![drinks, secret];
        let product = shop.catalogue.create_product(&shop.actor, new).await.unwrap();
        let sku = format!("SKU-{price}");
        let variant = NewVariant::named(product.id, Language::EN, name, sku, price);
        shop.catalogue.create_variants(&shop.actor, vec![variant]).await.unwrap();
    }
    let mug = NewProduct::named(Language::EN, "Mug");
    let mug = shop.catalogue.create_product(&shop.actor, mug).await.unwrap();
    let colours = shop.add_option_group(mug.id, "colour", &["blue", "red"]).await;
    let variant = |name: &str, price, option: usize| NewVariant {
        option_ids: vec![colours[option]],
        facet_value_ids: if option == 0 { vec![blue] } else { Vec::new() },
        translations: vec![
            TranslationInput::new(Language::EN, name),
            TranslationInput::new(Language::SW, "Kikombe"),
        ],
        ..NewVariant::named(mug.id, Language::EN, name, format!("MUG-{option}"), price)
    };
    let variants = vec![variant("Mug blue", 500, 0), variant("Mug red", 450, 1)];
    shop.catalogue.create_variants(&shop.actor, variants).await.unwrap();
    Goods { shop, drinks, blue, secret }
}

fn term(term: &str) -> SearchInput {
    SearchInput { term: Some(term.to_owned()), ..SearchInput::default() }
}

impl Goods {
    async fn names(&self, input: SearchInput) -> Vec<String> {
        self.names_for(&self.shop.actor, input).await
    }

    async fn names_for(&self, actor: &Actor, input: SearchInput) -> Vec<String> {
        let page = self.shop.catalogue.shop().search(actor, &input, SearchParts::ALL).await.unwrap();
        assert_eq!(page.total, i64::try_from(page.items.len()).unwrap(), "a first page holds all");
        page.items.into_iter().map(|hit| hit.variant.name).collect()
    }
}

#[tokio::test]
async fn finds_words_and_their_beginnings_in_every_field() {
    let goods = goods().await;
    for (words, expected) in [
        ("tea", vec!["Green Tea", "Black Tea"]),
        ("TEA gre", vec!["Green Tea"]),
        ("kericho", vec!["Green Tea"]),
        ("mug-1", vec!["Mug red"]),
        ("drink", vec!["Green Tea", "Black Tea"]),
        ("coffee", vec![]),
        ("p", vec![]),
        ("lossleader", vec![]),
    ] {
        let mut found = goods.names(term(words)).await;
        found.sort();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{words}");
    }
    assert_eq!(goods.names(term("  ")).await.len(), 4);
}

#[tokio::test]
async fn ranks_names_above_descriptions() {
    let goods = goods().await;
    let mut new = NewProduct::named(Language::EN, "Strainer");
    new.translations[0].description = Some("For black leaves".to_owned());
    let product = goods.shop.catalogue.create_product(&goods.shop.actor, new).await.unwrap();
    let variant = NewVariant::named(product.id, Language::EN, "Strainer", "STR", 100);
    goods.shop.catalogue.create_variants(&goods.shop.actor, vec![variant]).await.unwrap();
    assert_eq!(goods.names(term("black")).await, ["Black Tea", "Strainer"]);
}

#[tokio::test]
async fn survives_any_term() {
    let goods = goods().await;
    for odd in [
        "\"",
        "\"tea",
        "tea\"*",
        "tea OR mug",
        "NEAR(tea mug)",
        "product_name:tea",
        "-tea",
        "^tea",
        "(tea",
        "tea*",
        "te'a",
        "tea; DROP TABLE product",
        "{tea}",
        "tea + mug",
        "\0tea",
        "c1",
        "*",
        "''",
        "🍵 tea",
        "Ⓐ",
        "AND",
        "tea AND",
        "$1",
        "%",
        "_",
        "\\",
    ] {
        let found = goods.shop.catalogue.shop().search(&goods.shop.actor, &term(odd), SearchParts::ALL).await;
        assert!(found.is_ok(), "{odd:?}: {found:?}");
    }
    assert_eq!(goods.names(term("\"green\" \"tea")).await, ["Green Tea"]);
    assert_eq!(goods.names(term("c1")).await, [] as [&str; 0]);
    let long = term(&"tea ".repeat(100));
    let refused = goods.shop.catalogue.shop().search(&goods.shop.actor, &long, SearchParts::ALL).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn finds_texts_in_the_wanted_language() {
    let goods = goods().await;
    let swahili = goods.shop.in_language(Language::SW);
    assert_eq!(goods.names_for(&swahili, term("kikombe")).await, ["Kikombe", "Kikombe"]);
    assert_eq!(goods.names(term("kikombe")).await, [] as [&str; 0]);
    assert_eq!(goods.names_for(&swahili, term("green")).await, ["Green Tea"]);
    assert_eq!(goods.names_for(&swahili, term("blue")).await, ["Kikombe"], "by its facet value");
}

#[tokio::test]
async fn groups_variants_by_product_with_their_prices() {
    let goods = goods().await;
    let input = SearchInput { group_by_product: true, ..term("mug") };
    let page = goods.shop.catalogue.shop().search(&goods.shop.actor, &input, SearchParts::ALL).await.unwrap();
    assert_eq!((page.total, page.items.len()), (1, 1));
    let hit = &page.items[0];
    assert_eq!(hit.prices.len(), 1);
    assert_eq!((hit.prices[0].min.minor(), hit.prices[0].max.minor()), (450, 500));
    assert_eq!(hit.facet_values.iter().map(|(value, _)| *value).collect::<Vec<_>>(), [goods.blue]);
    assert!(!hit.in_stock && hit.score > 0.0);
    let input = SearchInput { group_by_product: false, ..input };
    let page = goods.shop.catalogue.shop().search(&goods.shop.actor, &input, SearchParts::ALL).await.unwrap();
    let prices: Vec<_> = page.items.iter().map(|hit| (hit.prices[0].min, hit.prices[0].max)).collect();
    assert!(prices.len() == 2 && prices.iter().all(|(min, max)| min == max));
}

#[tokio::test]
async fn sorts_and_pages_over_the_whole_result() {
    let goods = goods().await;
    let input = |by_name, by_price| SearchInput {
        group_by_product: true,
        sort_by_name: by_name,
        sort_by_price: by_price,
        ..SearchInput::default()
    };
    let names = async |input| -> Vec<String> {
        let page = goods.shop.catalogue.shop().search(&goods.shop.actor, &input, SearchParts::ALL).await;
        page.unwrap().items.into_iter().map(|hit| hit.variant.product.name.clone()).collect()
    };
    let (up, down) = (Some(Direction::Ascending), Some(Direction::Descending));
    assert_eq!(names(input(up, None)).await, ["Black Tea", "Green Tea", "Mug"]);
    assert_eq!(names(input(None, down)).await, ["Mug", "Green Tea", "Black Tea"]);
    let second = SearchInput { take: Some(1), skip: Some(1), ..input(None, up) };
    assert_eq!(names(second).await, ["Green Tea"]);
    let past = SearchInput { skip: Some(50), ..input(None, up) };
    let page = goods.shop.catalogue.shop().search(&goods.shop.actor, &past, SearchParts::ALL).await.unwrap();
    assert_eq!((page.total, page.items.len()), (3, 0));
}

#[tokio::test]
async fn filters_by_facet_values_and_counts_them() {
    let goods = goods().await;
    let (reads, actor) = (goods.shop.catalogue.shop(), &goods.shop.actor);
    let with = |ids: Vec<FacetValueId>, any| SearchInput {
        facet_value_ids: ids,
        facet_value_any: any,
        ..SearchInput::default()
    };
    assert_eq!(goods.names(with(vec![goods.drinks], false)).await.len(), 2);
    assert_eq!(goods.names(with(vec![goods.drinks, goods.blue], false)).await.len(), 0);
    assert_eq!(goods.names(with(vec![goods.drinks, goods.blue], true)).await.len(), 3);
    let none = FacetValueFilter { and: None, or: Some(Vec::new()) };
    let nothing = SearchInput { facet_value_filters: vec![none], ..SearchInput::default() };
    assert_eq!(goods.names(nothing).await.len(), 0);
    let counts = |values: Vec<(FacetValue, i64)>| -> Vec<(FacetValueId, i64)> {
        values.into_iter().map(|(value, count)| (value.id, count)).collect()
    };
    let page = SearchInput { take: Some(1), ..SearchInput::default() };
    let shown = counts(reads.search_facet_values(actor, &page).await.unwrap());
    assert_eq!(shown, [(goods.drinks, 2), (goods.blue, 1)]);
    let all = counts(goods.shop.catalogue.admin().search_facet_values(actor, &page).await.unwrap());
    assert_eq!(all, [(goods.drinks, 2), (goods.blue, 1), (goods.secret, 2)]);
}

#[tokio::test]
async fn filters_by_collection_and_counts_them() {
    let goods = goods().await;
    let collection = goods.shop.add_collection("Hot drinks", goods.drinks, false).await;
    goods.shop.add_collection("Hidden", goods.blue, true).await;
    let (reads, actor) = (goods.shop.catalogue.shop(), &goods.shop.actor);
    let by_id = SearchInput { collection_id: Some(collection), ..SearchInput::default() };
    assert_eq!(goods.names(by_id).await, ["Green Tea", "Black Tea"]);
    let by_slug = SearchInput { collection_slugs: vec!["hot-drinks".to_owned()], ..SearchInput::default() };
    assert_eq!(goods.names(by_slug).await.len(), 2);
    let grouped = SearchInput { group_by_product: true, ..SearchInput::default() };
    let counts = reads.search_collections(actor, &grouped).await.unwrap();
    let counts: Vec<_> = counts.iter().map(|(found, count)| (found.name.as_str(), *count)).collect();
    assert_eq!(counts, [("Hot drinks", 2)]);
    let hits = reads.search(actor, &term("green"), SearchParts::ALL).await.unwrap();
    assert_eq!(hits.items[0].collection_ids, [collection]);
}

#[tokio::test]
async fn filters_by_stock() {
    let goods = goods().await;
    let page = goods.shop.catalogue.shop().search(&goods.shop.actor, &term("green"), SearchParts::ALL).await;
    let green = page.unwrap().items[0].variant.id;
    goods.shop.set_stock(green, 3).await;
    let stocked = |in_stock, group_by_product| SearchInput {
        in_stock: Some(in_stock),
        group_by_product,
        ..SearchInput::default()
    };
    for grouped in [true, false] {
        assert_eq!(goods.names(stocked(true, grouped)).await, ["Green Tea"]);
        assert!(!goods.names(stocked(false, grouped)).await.contains(&"Green Tea".to_owned()));
    }
    let page = goods.shop.catalogue.shop().search(&goods.shop.actor, &term("green"), SearchParts::ALL).await;
    assert!(page.unwrap().items[0].in_stock);
}

#[tokio::test]
async fn follows_every_change() {
    let goods = goods().await;
    let (catalogue, actor) = (&goods.shop.catalogue, &goods.shop.actor);
    let found = catalogue.shop().search(actor, &term("green"), SearchParts::ALL).await.unwrap();
    let variant = found.items[0].variant.clone();
    let changes = VariantChanges {
        translations: vec![TranslationInput::new(Language::EN, "Matcha")],
        ..VariantChanges::of(variant.id)
    };
    catalogue.update_variants(actor, vec![changes]).await.unwrap();
    assert_eq!(goods.names(term("matcha")).await, ["Matcha"]);
    let mut renamed = ProductChanges::of(variant.product.id);
    renamed.translations.push(SluggedInput::new(Language::EN, "Powder"));
    catalogue.update_product(actor, renamed).await.unwrap();
    assert_eq!(goods.names(term("powder matcha")).await, ["Matcha"]);
    assert_eq!(goods.names(term("green")).await, [] as [&str; 0]);
    let changes = FacetValueChanges {
        id: goods.drinks,
        code: None,
        translations: vec![TranslationInput::new(Language::EN, "Beverages")],
    };
    catalogue.update_facet_values(actor, vec![changes]).await.unwrap();
    assert_eq!(goods.names(term("beverages")).await.len(), 2);
    catalogue.delete_facet_values(actor, vec![goods.drinks], true).await.unwrap();
    assert_eq!(goods.names(term("beverages")).await.len(), 0);
    catalogue.delete_variants(actor, vec![variant.id]).await.unwrap();
    assert_eq!(goods.names(term("matcha")).await, [] as [&str; 0]);
    catalogue.reindex(actor).await.unwrap();
    assert_eq!(goods.names(term("tea")).await, ["Black Tea"]);
}

#[tokio::test]
async fn never_finds_another_shops_goods() {
    let goods = goods().await;
    let other = goods.shop.neighbour().await;
    assert_eq!(goods.names_for(&other, term("tea")).await, [] as [&str; 0]);
    assert_eq!(goods.names_for(&other, SearchInput::default()).await, [] as [&str; 0]);
    let theirs = SearchInput { facet_value_ids: vec![goods.drinks], ..SearchInput::default() };
    assert_eq!(goods.names_for(&other, theirs).await, [] as [&str; 0]);
    goods.shop.add_product_of(&other, "Tea", 1).await;
    assert_eq!(goods.names_for(&other, term("tea")).await, ["Tea"]);
    goods.shop.catalogue.reindex(&other).await.unwrap();
    assert_eq!(goods.names(term("tea")).await.len(), 2);
}

#[tokio::test]
async fn searches_in_a_fixed_number_of_statements() {
    let goods = goods().await;
    let (reads, actor) = (goods.shop.catalogue.shop(), &goods.shop.actor);
    let statements = async |take| {
        let input = SearchInput { take: Some(take), group_by_product: true, ..SearchInput::default() };
        let before = goods.shop.store.database.statement_count();
        reads.search(actor, &input, SearchParts::ALL).await.unwrap();
        goods.shop.store.database.statement_count() - before
    };
    assert_eq!(statements(1).await, statements(25).await);
}
