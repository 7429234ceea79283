//! Option groups, facets, collections and assets.

use soko_kernel::query::{Comparison, Filter, Value};
use soko_kernel::{
    Actor, AssetId, CollectionId, ErrorKind, FacetValueId, Language, ListQuery, OptionGroupId, VariantId,
};

use super::{Shop, having};
use crate::catalogue::*;

/// A picture's first bytes, which tell its kind and size.
fn gif(width: u8) -> bytes::Bytes {
    let mut bytes = b"GIF89a".to_vec();
    bytes.extend([width, 0, 2, 0, 0, 0, 0, b';']);
    bytes.into()
}

pub(super) fn picture(name: &str, width: u8) -> NewAsset {
    NewAsset::named(name, gif(width))
}

pub(super) async fn names_in(shop: &Shop, actor: &Actor, collection: CollectionId) -> Vec<String> {
    let all = ListQuery::default();
    let reads = shop.catalogue.shop();
    let page = reads.list_variants(actor, VariantsOf::Collection(collection), &all).await.unwrap();
    page.items.into_iter().map(|variant| variant.name).collect()
}

#[tokio::test]
async fn wants_an_option_of_each_group() {
    let shop = Shop::open().await;
    let product = shop.catalogue.create_product(&shop.actor, NewProduct::named(Language::EN, "Shirt")).await;
    let product = product.unwrap().id;
    let sizes = shop.add_option_group(product, "size", &["S", "M"]).await;
    let colours = shop.add_option_group(product, "colour", &["red", "blue"]).await;
    let variant = |options: &[soko_kernel::OptionId]| NewVariant {
        option_ids: options.to_vec(),
        ..NewVariant::named(product, Language::EN, "Shirt", "SHIRT", 100)
    };
    let create = async |new: Vec<NewVariant>| shop.catalogue.create_variants(&shop.actor, new).await;
    let refused = create(vec![variant(&[sizes[0]])]).await.unwrap_err();
    assert!(matches!(refused, CatalogueError::OptionsIncomplete { groups } if groups == "size, colour"));
    let pair = vec![variant(&[sizes[0], colours[0]]), variant(&[colours[0], sizes[0]])];
    assert!(matches!(create(pair).await.unwrap_err(), CatalogueError::OptionsTaken { .. }));
    let created = create(vec![variant(&[sizes[0], colours[0]]), variant(&[sizes[1], colours[0]])]).await;
    let [small, medium] = &created.unwrap()[..] else { panic!("two variants") };
    let clash =
        VariantChanges { option_ids: Some(vec![sizes[0], colours[0]]), ..VariantChanges::of(medium.id) };
    let refused = shop.catalogue.update_variants(&shop.actor, vec![clash]).await.unwrap_err();
    assert!(matches!(refused, CatalogueError::OptionsTaken { .. }));
    let free =
        VariantChanges { option_ids: Some(vec![sizes[1], colours[1]]), ..VariantChanges::of(medium.id) };
    shop.catalogue.update_variants(&shop.actor, vec![free]).await.unwrap();
    let exchange = |from: VariantId, options: [soko_kernel::OptionId; 2]| VariantChanges {
        option_ids: Some(options.to_vec()),
        ..VariantChanges::of(from)
    };
    let (of_small, of_medium) = ([sizes[0], colours[0]], [sizes[1], colours[1]]);
    let swapped = vec![exchange(small.id, of_medium), exchange(medium.id, of_small)];
    shop.catalogue.update_variants(&shop.actor, swapped).await.unwrap();
    let back = vec![exchange(small.id, of_small), exchange(medium.id, of_medium)];
    shop.catalogue.update_variants(&shop.actor, back).await.unwrap();
    let options =
        shop.catalogue.shop().options_of_variants(&shop.actor, &[small.id, medium.id]).await.unwrap();
    let codes: Vec<&str> = options[&medium.id].iter().map(|option| option.code.as_str()).collect();
    assert_eq!((codes, options[&small.id].len()), (vec!["M", "blue"], 2));
    let groups = shop.catalogue.shop().option_groups_of_products(&shop.actor, &[product]).await.unwrap();
    let seen: Vec<_> =
        groups[&product].iter().map(|group| (group.code.as_str(), group.product_count)).collect();
    assert_eq!(seen, [("size", 1), ("colour", 1)]);
}

#[tokio::test]
async fn keeps_options_that_are_in_use() {
    let shop = Shop::open().await;
    let product = shop.catalogue.create_product(&shop.actor, NewProduct::named(Language::EN, "Shirt")).await;
    let product = product.unwrap().id;
    let sizes = shop.add_option_group(product, "size", &["S", "M"]).await;
    let new = NewVariant {
        option_ids: vec![sizes[0]],
        ..NewVariant::named(product, Language::EN, "Shirt", "SHIRT", 100)
    };
    let variant = shop.catalogue.create_variants(&shop.actor, vec![new]).await.unwrap()[0].id;
    let catalogue = &shop.catalogue;
    let refused = catalogue.delete_option(&shop.actor, sizes[0]).await.unwrap_err();
    assert!(matches!(refused, CatalogueError::OptionInUse { variants: 1, .. }));
    catalogue.delete_option(&shop.actor, sizes[1]).await.unwrap();
    let group = catalogue.admin().options(&shop.actor, &[sizes[0]]).await.unwrap()[&sizes[0]].group_id;
    let again = catalogue.add_option_group_to_product(&shop.actor, product, group).await.unwrap_err();
    assert!(matches!(again, CatalogueError::OptionGroupAlreadyAdded));
    let removed = catalogue.remove_option_group_from_product(&shop.actor, product, group, false).await;
    assert!(matches!(removed.unwrap_err(), CatalogueError::OptionGroupInUse { variants: 1, .. }));
    let unused = NewOptionGroup {
        code: "unused".to_owned(),
        translations: vec![TranslationInput::new(Language::EN, "Unused")],
        options: Vec::new(),
    };
    let unused = catalogue.create_option_group(&shop.actor, unused).await.unwrap().id;
    let unknown = vec![unused, OptionGroupId(999)];
    let refused = catalogue.delete_option_groups(&shop.actor, unknown, true).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    let outcomes = catalogue.delete_option_groups(&shop.actor, vec![group, unused], false).await.unwrap();
    assert!(matches!(
        &outcomes[..],
        [Err(CatalogueError::OptionGroupInUse { products: 1, variants: 1, .. }), Ok(())]
    ));
    let left = catalogue.admin().list_option_groups(&shop.actor, &ListQuery::default()).await.unwrap();
    assert_eq!(left.items.iter().map(|group| group.id).collect::<Vec<_>>(), [group]);
    assert!(catalogue.delete_option_groups(&shop.actor, vec![group], true).await.unwrap()[0].is_ok());
    assert!(catalogue.shop().options_of_variants(&shop.actor, &[variant]).await.unwrap().is_empty());
}

#[tokio::test]
async fn deletes_many_option_groups_in_as_many_statements_as_one() {
    let shop = Shop::open().await;
    let product = shop.catalogue.create_product(&shop.actor, NewProduct::named(Language::EN, "Shirt")).await;
    let product = product.unwrap().id;
    for code in ["size", "colour", "cut", "cloth"] {
        shop.add_option_group(product, code, &["one", "other"]).await;
    }
    let all = shop.catalogue.admin().list_option_groups(&shop.actor, &ListQuery::default()).await.unwrap();
    let groups: Vec<OptionGroupId> = all.items.iter().map(|group| group.id).collect();
    let delete = async |groups: &[OptionGroupId]| {
        let before = shop.store.database.statement_count();
        let outcomes = shop.catalogue.delete_option_groups(&shop.actor, groups.to_vec(), true).await.unwrap();
        assert!(outcomes.len() == groups.len() && outcomes.iter().all(Result::is_ok));
        shop.store.database.statement_count() - before
    };
    assert_eq!(delete(&groups[..1]).await, delete(&groups[1..]).await);
}

#[tokio::test]
async fn adds_an_option_group_after_those_that_the_product_has() {
    let shop = Shop::open().await;
    let product = shop.catalogue.create_product(&shop.actor, NewProduct::named(Language::EN, "Shirt")).await;
    let product = product.unwrap().id;
    let mut groups = Vec::new();
    for code in ["size", "colour", "cut"] {
        let options = shop.add_option_group(product, code, &["one"]).await;
        groups
            .push(shop.catalogue.admin().options(&shop.actor, &options).await.unwrap()[&options[0]].group_id);
    }
    let (catalogue, actor) = (&shop.catalogue, &shop.actor);
    for group in [groups[1], groups[0]] {
        catalogue.remove_option_group_from_product(actor, product, group, false).await.unwrap();
    }
    for group in [groups[1], groups[0]] {
        catalogue.add_option_group_to_product(actor, product, group).await.unwrap();
    }
    let shown = catalogue.shop().option_groups_of_products(actor, &[product]).await.unwrap();
    let codes: Vec<&str> = shown[&product].iter().map(|group| group.code.as_str()).collect();
    assert_eq!(codes, ["cut", "colour", "size"]);
}

#[tokio::test]
async fn hides_private_facets_from_customers() {
    let shop = Shop::open().await;
    let colour = shop.add_facet_value("colour", "Blue", false).await;
    let margin = shop.add_facet_value("margin", "High", true).await;
    let (product, variant) = shop.add_product("Mug", 100).await;
    let changes =
        ProductChanges { facet_value_ids: Some(vec![colour, margin]), ..ProductChanges::of(product) };
    shop.catalogue.update_product(&shop.actor, changes).await.unwrap();
    let (customers, administrators) = (shop.catalogue.shop(), shop.catalogue.admin());
    let values = customers.facet_values_of_products(&shop.actor, &[product]).await.unwrap();
    assert_eq!(values[&product].iter().map(|value| value.id).collect::<Vec<_>>(), [colour]);
    assert_eq!(values[&product][0].facet.code, "colour");
    let values = administrators.facet_values_of_products(&shop.actor, &[product]).await.unwrap();
    assert_eq!(values[&product].len(), 2);
    let list = ListQuery::default();
    assert_eq!(customers.list_facets(&shop.actor, &list).await.unwrap().total, 1);
    assert_eq!(administrators.list_facet_values(&shop.actor, None, &list).await.unwrap().total, 2);
    let scope = shop.store.scope();
    let codes = shop.store.database.read(scope, async |reader| {
        FacetCodes::default().load(reader, scope, shop.actor.channel.revision, &[variant]).await
    });
    let pair = |facet: &str, value: &str| (facet.to_owned(), value.to_owned());
    assert_eq!(*codes.await.unwrap()[&variant], [pair("colour", "blue"), pair("margin", "high")]);
}

#[tokio::test]
async fn refuses_facets_that_clash_or_are_in_use() {
    let shop = Shop::open().await;
    let blue = shop.add_facet_value("colour", "Blue", false).await;
    let facet = shop.catalogue.admin().facet_values(&shop.actor, &[blue]).await.unwrap()[&blue].facet.id;
    let twin = NewFacet {
        code: "colour".to_owned(),
        is_private: false,
        translations: vec![TranslationInput::new(Language::EN, "Colour")],
        values: Vec::new(),
    };
    let refused = shop.catalogue.create_facet(&shop.actor, twin).await.unwrap_err();
    assert!(matches!(refused, CatalogueError::CodeInUse(code) if code == "colour"));
    let value = |code: &str| NewFacetValue {
        facet_id: facet,
        code: code.to_owned(),
        translations: vec![TranslationInput::new(Language::EN, code)],
    };
    let create = async |values| shop.catalogue.create_facet_values(&shop.actor, values).await;
    assert!(matches!(create(vec![value("blue")]).await.unwrap_err(), CatalogueError::CodeInUse(_)));
    assert!(matches!(
        create(vec![value("red"), value("red")]).await.unwrap_err(),
        CatalogueError::CodeInUse(_)
    ));
    assert_eq!(create(vec![value("red")]).await.unwrap()[0].code, "red");
    let (product, _) = shop.add_product("Mug", 1).await;
    let changes = ProductChanges { facet_value_ids: Some(vec![blue]), ..ProductChanges::of(product) };
    shop.catalogue.update_product(&shop.actor, changes).await.unwrap();
    let delete = async |force| {
        let mut outcome = shop.catalogue.delete_facets(&shop.actor, vec![facet], force).await.unwrap();
        outcome.pop().unwrap()
    };
    let colour =
        |is_deleted| FacetDeletion { code: "colour".to_owned(), products: 1, variants: 0, is_deleted };
    assert_eq!(delete(false).await, colour(false));
    assert!(shop.catalogue.admin().find_facet(&shop.actor, facet).await.unwrap().is_some());
    assert_eq!(delete(true).await, colour(true));
    let values = shop.catalogue.admin().facet_values_of_products(&shop.actor, &[product]).await.unwrap();
    assert!(values.is_empty());
    let unknown = ProductChanges { facet_value_ids: Some(vec![blue]), ..ProductChanges::of(product) };
    let refused = shop.catalogue.update_product(&shop.actor, unknown).await.unwrap_err();
    assert!(matches!(refused, CatalogueError::NotFound { what: Thing::FacetValue, .. }));
}

#[tokio::test]
async fn fills_collections_as_goods_and_filters_change() {
    let shop = Shop::open().await;
    let drinks = shop.add_facet_value("category", "Drinks", false).await;
    let (tea, variant) = shop.add_product("Tea", 100).await;
    let collection = shop.add_collection("Drinks", drinks, false).await;
    assert_eq!(names_in(&shop, &shop.actor, collection).await, [] as [&str; 0]);
    let changes = ProductChanges { facet_value_ids: Some(vec![drinks]), ..ProductChanges::of(tea) };
    shop.catalogue.update_product(&shop.actor, changes).await.unwrap();
    assert_eq!(names_in(&shop, &shop.actor, collection).await, ["Tea"]);
    let mut new = NewProduct::named(Language::EN, "Coffee");
    new.facet_value_ids = vec![drinks];
    let coffee = shop.catalogue.create_product(&shop.actor, new).await.unwrap().id;
    let new = NewVariant::named(coffee, Language::EN, "Coffee", "C", 1);
    shop.catalogue.create_variants(&shop.actor, vec![new]).await.unwrap();
    assert_eq!(names_in(&shop, &shop.actor, collection).await, ["Tea", "Coffee"]);
    let named = soko_kernel::ConfigurableOperation::new(
        "variant-name-filter",
        [("operator", "startsWith"), ("term", "cof")],
    );
    let changes =
        CollectionChanges { filters: Some(vec![having(drinks), named]), ..CollectionChanges::default() };
    shop.catalogue.update_collection(&shop.actor, collection, changes).await.unwrap();
    assert_eq!(names_in(&shop, &shop.actor, collection).await, ["Coffee"]);
    let renamed = VariantChanges {
        translations: vec![TranslationInput::new(Language::EN, "Coffee-like tea")],
        ..VariantChanges::of(variant)
    };
    shop.catalogue.update_variants(&shop.actor, vec![renamed]).await.unwrap();
    assert_eq!(names_in(&shop, &shop.actor, collection).await, ["Coffee-like tea", "Coffee"]);
    shop.catalogue.delete_products(&shop.actor, vec![coffee]).await.unwrap();
    let counts = shop.catalogue.shop().variant_counts_of_collections(&shop.actor, &[collection]).await;
    assert_eq!(counts.unwrap()[&collection], 1);
    shop.catalogue.delete_facet_values(&shop.actor, vec![drinks], true).await.unwrap();
    assert_eq!(names_in(&shop, &shop.actor, collection).await, [] as [&str; 0]);
}

#[tokio::test]
async fn walks_the_tree_of_collections() {
    let shop = Shop::open().await;
    let (food, drinks) =
        (shop.add_facet_value("a", "Food", false).await, shop.add_facet_value("b", "Drinks", false).await);
    let top = shop.add_collection("Food", food, false).await;
    let other = shop.add_collection("Other", food, true).await;
    let below = NewCollection {
        parent_id: Some(top),
        ..NewCollection::named(Language::EN, "Drinks", vec![having(drinks)])
    };
    let below = shop.catalogue.create_collection(&shop.actor, below).await.unwrap();
    let (customers, administrators) = (shop.catalogue.shop(), shop.catalogue.admin());
    let crumbs = customers.breadcrumbs_of_collections(&shop.actor, &[below.id]).await.unwrap();
    let slugs: Vec<&str> = crumbs[&below.id].iter().map(|crumb| crumb.slug.as_str()).collect();
    assert_eq!(slugs, [ROOT_COLLECTION_NAME, "food", "drinks"]);
    let children = customers.children_of_collections(&shop.actor, &[top]).await.unwrap();
    assert_eq!(children[&top][0].id, below.id);
    let all = ListQuery::default();
    assert_eq!(customers.list_collections(&shop.actor, false, &all).await.unwrap().total, 2);
    assert_eq!(customers.list_collections(&shop.actor, true, &all).await.unwrap().total, 1);
    assert_eq!(administrators.list_collections(&shop.actor, true, &all).await.unwrap().total, 2);
    let of_top = Filter::field("parentId", Comparison::Equal(Value::Integer(top.0)));
    let query = ListQuery::try_new(None, None, Vec::new(), Some(of_top)).unwrap();
    assert_eq!(customers.list_collections(&shop.actor, false, &query).await.unwrap().items[0].id, below.id);
    let moved = shop.catalogue.move_collection(&shop.actor, top, below.id, 0).await.unwrap_err();
    assert!(matches!(moved, CatalogueError::CollectionCycle));
    let root = crumbs[&below.id][0].id;
    let moved = shop.catalogue.move_collection(&shop.actor, below.id, root, 1).await.unwrap();
    assert_eq!((moved.parent_id, moved.position), (Some(root), 1));
    let children = administrators.children_of_collections(&shop.actor, &[root]).await.unwrap();
    let order: Vec<CollectionId> = children[&root].iter().map(|child| child.id).collect();
    assert_eq!(order, [top, below.id, other]);
    assert!(matches!(
        shop.catalogue.delete_collections(&shop.actor, vec![root]).await.unwrap_err(),
        CatalogueError::RootCollection
    ));
    shop.catalogue.move_collection(&shop.actor, below.id, top, 0).await.unwrap();
    shop.catalogue.delete_collections(&shop.actor, vec![top]).await.unwrap();
    assert!(administrators.find_collection(&shop.actor, below.id).await.unwrap().is_none());
    assert!(administrators.find_collection_by_slug(&shop.actor, "other").await.unwrap().is_some());
    assert!(customers.find_collection_by_slug(&shop.actor, "other").await.unwrap().is_none());
}

#[tokio::test]
async fn narrows_what_ancestors_select() {
    let shop = Shop::open().await;
    let (food, drinks) =
        (shop.add_facet_value("a", "Food", false).await, shop.add_facet_value("b", "Drinks", false).await);
    for (name, values) in [("Tea", vec![food, drinks]), ("Soap drink", vec![drinks])] {
        let (product, _) = shop.add_product(name, 1).await;
        let changes = ProductChanges { facet_value_ids: Some(values), ..ProductChanges::of(product) };
        shop.catalogue.update_product(&shop.actor, changes).await.unwrap();
    }
    let top = shop.add_collection("Food", food, false).await;
    let below = NewCollection {
        parent_id: Some(top),
        ..NewCollection::named(Language::EN, "Drinks", vec![having(drinks)])
    };
    let below = shop.catalogue.create_collection(&shop.actor, below).await.unwrap().id;
    assert_eq!(names_in(&shop, &shop.actor, below).await, ["Tea"]);
    let free = CollectionChanges { inherit_filters: Some(false), ..CollectionChanges::default() };
    shop.catalogue.update_collection(&shop.actor, below, free).await.unwrap();
    assert_eq!(names_in(&shop, &shop.actor, below).await, ["Tea", "Soap drink"]);
    let products = shop.catalogue.shop().find_product_by_slug(&shop.actor, "tea").await.unwrap().unwrap();
    let of = shop.catalogue.shop().collections_of_products(&shop.actor, &[products.id]).await.unwrap();
    assert_eq!(of[&products.id].iter().map(|one| one.id).collect::<Vec<_>>(), [top, below]);
}

#[tokio::test]
async fn refuses_filters_that_mean_nothing() {
    let shop = Shop::open().await;
    let odd = soko_kernel::ConfigurableOperation::new("price-filter", []);
    let new = NewCollection::named(Language::EN, "Cheap", vec![odd]);
    let refused = shop.catalogue.create_collection(&shop.actor, new).await.unwrap_err();
    assert!(matches!(refused, CatalogueError::Filter(InvalidFilter::UnknownCode(_))));
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    let below = NewCollection {
        parent_id: Some(CollectionId(77)),
        ..NewCollection::named(Language::EN, "Lost", Vec::new())
    };
    let refused = shop.catalogue.create_collection(&shop.actor, below).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn stores_pictures_and_shows_them_in_order() {
    let shop = Shop::open().await;
    let mut ids: Vec<AssetId> = Vec::new();
    for width in 1..=3 {
        let new = NewAsset { tags: vec!["tea".to_owned(), format!("w{width}")], ..picture("tea.gif", width) };
        let asset = shop.catalogue.create_asset(&shop.actor, new).await.unwrap();
        assert_eq!((asset.mime_type.as_str(), asset.width, asset.height), ("image/gif", width.into(), 2));
        assert!(shop.store.blobs.load(&asset.source).await.unwrap().is_some());
        ids.push(asset.id);
    }
    let order = vec![ids[2], ids[0]];
    let new = NewProduct { asset_ids: order.clone(), ..NewProduct::named(Language::EN, "Tea") };
    let product = shop.catalogue.create_product(&shop.actor, new).await.unwrap();
    assert_eq!(product.featured_asset_id, Some(ids[2]));
    let shown = shop.catalogue.shop().assets_of_products(&shop.actor, &[product.id]).await.unwrap();
    assert_eq!(shown[&product.id].iter().map(|asset| asset.id).collect::<Vec<_>>(), order);
    let tagged = AssetTags { tags: vec!["tea".to_owned(), "w1".to_owned()], all: true };
    let list = shop.catalogue.admin().list_assets(&shop.actor, &tagged, &ListQuery::default()).await.unwrap();
    assert_eq!(list.items.iter().map(|asset| asset.id).collect::<Vec<_>>(), [ids[0]]);
    let any = AssetTags { all: false, ..tagged };
    let list = shop.catalogue.admin().list_assets(&shop.actor, &any, &ListQuery::default()).await.unwrap();
    assert_eq!(list.total, 3);
    let refused = shop.catalogue.delete_assets(&shop.actor, vec![ids[2]], false).await.unwrap_err();
    assert!(matches!(refused, CatalogueError::AssetInUse { products: 1, .. }));
    shop.catalogue.delete_assets(&shop.actor, vec![ids[2]], true).await.unwrap();
    let product = shop.catalogue.shop().find_product(&shop.actor, product.id).await.unwrap().unwrap();
    assert_eq!(product.featured_asset_id, None);
}

#[tokio::test]
async fn refuses_files_that_are_no_pictures() {
    let shop = Shop::open().await;
    let page = NewAsset { bytes: "<html>".into(), ..picture("page.png", 1) };
    let refused = shop.catalogue.create_asset(&shop.actor, page).await.unwrap_err();
    assert!(matches!(refused, CatalogueError::Picture(PictureError::UnknownKind { .. })));
    let asset = shop.catalogue.create_asset(&shop.actor, picture("a.gif", 1)).await.unwrap();
    let outside = AssetChanges {
        focal_point: Some(Some(FocalPoint { x_ppm: 0, y_ppm: 1_000_001 })),
        ..AssetChanges::default()
    };
    let refused = shop.catalogue.update_asset(&shop.actor, asset.id, outside).await.unwrap_err();
    assert!(matches!(refused, CatalogueError::InvalidFocalPoint));
    let inside = AssetChanges {
        name: Some("Sun".to_owned()),
        focal_point: Some(Some(FocalPoint { x_ppm: 500_000, y_ppm: 0 })),
        tags: Some(vec!["day".to_owned()]),
        translations: vec![TranslationInput::new(Language::SW, "Jua")],
    };
    let changed = shop.catalogue.update_asset(&shop.actor, asset.id, inside).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.focal_point_x_ppm), ("Sun", Some(500_000)));
    let names = shop.catalogue.shop().translations_of_assets(&shop.actor, &[asset.id]).await.unwrap();
    let names: Vec<(Language, &str)> =
        names[&asset.id].iter().map(|text| (text.language, text.name.as_str())).collect();
    assert_eq!(names, [(Language::EN, "Sun"), (Language::SW, "Jua")]);
    let tags = shop.catalogue.admin().tags_of_assets(&shop.actor, &[asset.id]).await.unwrap();
    let tag = tags[&asset.id][0].clone();
    shop.catalogue.create_tag(&shop.actor, "night").await.unwrap();
    let refused = shop.catalogue.update_tag(&shop.actor, tag.id, Some("night")).await.unwrap_err();
    assert!(matches!(refused, CatalogueError::TagInUse));
    assert_eq!(shop.catalogue.update_tag(&shop.actor, tag.id, None).await.unwrap().value, "day");
    shop.catalogue.delete_tag(&shop.actor, tag.id).await.unwrap();
    assert!(shop.catalogue.admin().tags_of_assets(&shop.actor, &[asset.id]).await.unwrap().is_empty());
}

#[tokio::test]
async fn never_shows_another_shops_classes() {
    let shop = Shop::open().await;
    let other = shop.neighbour().await;
    let value = shop.add_facet_value("colour", "Blue", false).await;
    let collection = shop.add_collection("Blue", value, false).await;
    let asset = shop.catalogue.create_asset(&shop.actor, picture("a.gif", 1)).await.unwrap().id;
    let all = ListQuery::default();
    for reads in [shop.catalogue.shop(), shop.catalogue.admin()] {
        assert!(reads.facet_values(&other, &[value]).await.unwrap().is_empty());
        assert!(reads.collections(&other, &[collection]).await.unwrap().is_empty());
        assert!(reads.breadcrumbs_of_collections(&other, &[collection]).await.unwrap().is_empty());
        assert!(reads.assets(&other, &[asset]).await.unwrap().is_empty());
        assert_eq!(reads.list_collections(&other, false, &all).await.unwrap().total, 0);
        assert_eq!(reads.list_facets(&other, &all).await.unwrap().total, 0);
        assert_eq!(reads.list_assets(&other, &AssetTags::default(), &all).await.unwrap().total, 0);
        assert!(reads.find_collection_by_slug(&other, "blue").await.unwrap().is_none());
    }
    let not_found = |error: CatalogueError| assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let catalogue = &shop.catalogue;
    let borrowed =
        NewProduct { facet_value_ids: vec![FacetValueId(value.0)], ..NewProduct::named(Language::EN, "Mug") };
    not_found(catalogue.create_product(&other, borrowed).await.unwrap_err());
    let borrowed = NewProduct { asset_ids: vec![asset], ..NewProduct::named(Language::EN, "Mug") };
    not_found(catalogue.create_product(&other, borrowed).await.unwrap_err());
    not_found(catalogue.delete_assets(&other, vec![asset], true).await.unwrap_err());
    not_found(catalogue.delete_facet_values(&other, vec![value], true).await.unwrap_err());
    not_found(catalogue.delete_collections(&other, vec![collection]).await.unwrap_err());
    let below = NewCollection {
        parent_id: Some(collection),
        ..NewCollection::named(Language::EN, "Mine", Vec::new())
    };
    not_found(catalogue.create_collection(&other, below).await.unwrap_err());
}
