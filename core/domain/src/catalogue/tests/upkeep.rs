//! What administrators do to many facet values, collections and assets at once.

use soko_kernel::{CollectionId, ErrorKind, FacetValueId, ListQuery};

use super::classes::{names_in, picture};
use super::{Shop, having};
use crate::catalogue::*;

#[tokio::test]
async fn deletes_the_facet_values_that_nothing_has() {
    let shop = Shop::open().await;
    let used = shop.add_facet_value("colour", "Blue", false).await;
    let free = shop.add_facet_value("size", "Large", false).await;
    let (_, variant) = shop.add_product("Mug", 1).await;
    let changes = VariantChanges { facet_value_ids: Some(vec![used]), ..VariantChanges::of(variant) };
    shop.catalogue.update_variants(&shop.actor, vec![changes]).await.unwrap();
    let unknown = vec![free, FacetValueId(999)];
    let refused = shop.catalogue.delete_facet_values(&shop.actor, unknown, true).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    let outcome = shop.catalogue.delete_facet_values(&shop.actor, vec![used, free], false).await.unwrap();
    let gone: Vec<(&str, usize, usize, bool)> =
        outcome.iter().map(|one| (one.code.as_str(), one.products, one.variants, one.is_deleted)).collect();
    assert_eq!(gone, [("blue", 0, 1, false), ("large", 0, 0, true)]);
    let left = shop.catalogue.admin().facet_values(&shop.actor, &[used, free]).await.unwrap();
    assert_eq!(left.into_keys().collect::<Vec<_>>(), [used]);
}

#[tokio::test]
async fn previews_what_filters_select() {
    let shop = Shop::open().await;
    let (food, drinks) =
        (shop.add_facet_value("a", "Food", false).await, shop.add_facet_value("b", "Drinks", false).await);
    for (name, values) in [("Tea", vec![food, drinks]), ("Soap drink", vec![drinks]), ("Bread", vec![food])] {
        let (product, _) = shop.add_product(name, 1).await;
        let changes = ProductChanges { facet_value_ids: Some(values), ..ProductChanges::of(product) };
        shop.catalogue.update_product(&shop.actor, changes).await.unwrap();
    }
    let top = shop.add_collection("Food", food, false).await;
    let query = ListQuery::try_new(None, Some(1), Vec::new(), None).unwrap();
    let names = async |parent_id, inherit_filters, filters| {
        let preview = CollectionPreview { parent_id, inherit_filters, filters };
        let page = shop.catalogue.admin().preview_collection(&shop.actor, &preview, &query).await?;
        let names: Vec<String> = page.items.into_iter().map(|variant| variant.name).collect();
        Ok::<_, CatalogueError>((names.join(", "), page.total))
    };
    assert_eq!(names(None, true, vec![having(drinks)]).await.unwrap(), ("Tea".to_owned(), 2));
    assert_eq!(names(Some(top), true, vec![having(drinks)]).await.unwrap(), ("Tea".to_owned(), 1));
    assert_eq!(names(Some(top), false, vec![having(drinks)]).await.unwrap(), ("Tea".to_owned(), 2));
    assert_eq!(names(None, true, Vec::new()).await.unwrap(), (String::new(), 0));
    let lost = names(Some(CollectionId(77)), true, Vec::new()).await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::NotFound);
    assert_eq!(names_in(&shop, &shop.actor, top).await, ["Tea", "Bread"]);
}

#[tokio::test]
async fn stores_the_pictures_among_several_files() {
    let shop = Shop::open().await;
    let ready = |new: NewAsset| std::future::ready(Ok::<_, CatalogueError>(new));
    let files = [
        NewAsset { tags: vec!["a".to_owned()], ..picture("one.gif", 1) },
        NewAsset { bytes: "text".into(), ..picture("two.gif", 1) },
        NewAsset { tags: vec!["a".to_owned(), "b".to_owned()], ..picture("three.gif", 3) },
    ];
    let outcome = shop.catalogue.create_assets(&shop.actor, files.map(ready).into()).await.unwrap();
    let shown: Vec<Option<(&str, i64)>> =
        outcome.iter().map(|one| one.as_ref().ok().map(|asset| (asset.name.as_str(), asset.width))).collect();
    assert_eq!(shown, [Some(("one.gif", 1)), None, Some(("three.gif", 3))]);
    assert!(matches!(outcome[1], Err(PictureError::UnknownKind { .. })));
    let third = outcome[2].as_ref().unwrap().id;
    let tags = shop.catalogue.admin().tags_of_assets(&shop.actor, &[third]).await.unwrap();
    assert_eq!(tags[&third].iter().map(|tag| tag.value.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let broken = std::future::ready(Err(CatalogueError::NoTranslation));
    let refused =
        shop.catalogue.create_assets(&shop.actor, vec![ready(picture("four.gif", 1)), broken]).await;
    assert!(matches!(refused.unwrap_err(), CatalogueError::NoTranslation));
    let all = ListQuery::default();
    let list = shop.catalogue.admin().list_assets(&shop.actor, &AssetTags::default(), &all).await.unwrap();
    assert_eq!(list.total, 2);
}
