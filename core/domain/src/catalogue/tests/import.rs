//! Import of products.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use soko_kernel::{Language, ListQuery};

use super::Shop;
use crate::catalogue::import::*;
use crate::catalogue::*;

const FILE: &str = "\
name      ,slug  ,description    ,assets ,facets               ,optionGroups  ,optionValues,sku,price ,taxCategory,stockOnHand,trackInventory,variantAssets,variantFacets,name:sw
Shirt     ,      ,\"Cotton, soft\",s.gif  ,brand:Soko|type:Wear ,size          ,S           ,S-1,500.00,standard   ,10         ,              ,             ,color:Red    ,Shati
          ,      ,               ,       ,                     ,              ,M           ,S-2,550.5 ,standard   ,0          ,false         ,             ,             ,
Sandals   ,sandal,               ,s.gif  ,type:Wear            ,Size:shoe-size,40          ,F-1,900   ,           ,5          ,true          ,             ,             ,
Boots     ,      ,               ,       ,type:Wear            ,Size:shoe-size,40          ,B-1,1900  ,           ,5          ,true          ,             ,             ,
          ,      ,               ,       ,                     ,              ,41          ,B-2,1900  ,           ,5          ,true          ,             ,             ,
";

async fn options(shop: &Shop) -> ImportOptions {
    let standard = shop.tax_category("Standard Tax").await;
    ImportOptions {
        language: Language::EN,
        tax_categories: HashMap::from([("Standard Tax".to_owned(), standard)]),
        default_tax_category: Some(standard),
        assets_directory: None,
        store_pictures: true,
        on_progress: None,
    }
}

#[tokio::test]
async fn imports_products_with_all_that_belongs_to_them() {
    let shop = Shop::open().await;
    let options = options(&shop).await;
    let (catalogue, actor) = (&shop.catalogue, &shop.actor);
    let imported = catalogue.import_products(actor, FILE.as_bytes(), &options).await.unwrap();
    let report = &imported.report;
    assert_eq!((report.products, report.variants, report.facet_values), (3, 5, 3));
    assert_eq!((report.option_groups, report.options, report.assets), (2, 4, 0));
    assert_eq!(report.notes.len(), 1);
    let stock: Vec<_> = imported.variants.iter().map(|one| (one.sku.as_str(), one.stock_on_hand)).collect();
    assert_eq!(stock, [("S-1", 10), ("S-2", 0), ("F-1", 5), ("B-1", 5), ("B-2", 5)]);
    let reads = catalogue.shop();
    let shirt = reads.find_product_by_slug(actor, "shirt").await.unwrap().unwrap();
    assert_eq!(shirt.description, "Cotton, soft");
    let variants = &reads.variants_of_products(actor, &[shirt.id]).await.unwrap()[&shirt.id];
    assert_eq!((variants[1].name.as_str(), variants[1].list_price.minor()), ("Shirt M", 55_050));
    assert_eq!(variants[1].track_inventory, TrackInventory::False);
    let codes = shop.store.database.read(shop.store.scope(), async |reader| {
        let (codes, revision) = (FacetCodes::default(), shop.actor.channel.revision);
        codes.load(reader, shop.store.scope(), revision, &[variants[0].id]).await
    });
    let codes = codes.await.unwrap();
    let codes: Vec<String> =
        codes[&variants[0].id].iter().map(|(facet, value)| format!("{facet}:{value}")).collect();
    assert_eq!(codes, ["brand:soko", "color:red", "type:wear"]);
    let swahili = shop.in_language(Language::SW);
    let shown = reads.find_variant(&swahili, variants[0].id).await.unwrap().unwrap();
    assert_eq!((shown.name.as_str(), shown.product.slug.as_str()), ("Shati S", "shati"));
    let sandals = reads.find_product_by_slug(actor, "sandal").await.unwrap().unwrap();
    let boots = reads.find_product_by_slug(actor, "boots").await.unwrap().unwrap();
    let groups = reads.option_groups_of_products(actor, &[sandals.id, boots.id]).await.unwrap();
    assert_eq!(groups[&sandals.id][0], groups[&boots.id][0]);
    assert_eq!((groups[&boots.id][0].code.as_str(), groups[&boots.id][0].product_count), ("shoe-size", 2));
    let input = SearchInput { term: Some("boots 41".to_owned()), ..SearchInput::default() };
    let found = reads.search(actor, &input, SearchParts::ALL).await.unwrap();
    assert_eq!(found.items[0].variant.sku, "B-2");
}

#[tokio::test]
async fn refuses_the_whole_file_for_one_row() {
    let shop = Shop::open().await;
    let options = options(&shop).await;
    let (catalogue, actor) = (&shop.catalogue, &shop.actor);
    shop.add_product("Boots", 1).await;
    let broken = FILE.replace("550.5 ", "5,50.5").replace("900   ,           ", "900   ,luxury     ");
    let refused = catalogue.import_products(actor, broken.as_bytes(), &options).await.unwrap_err();
    let ImportError::Rejected(rejections) = refused else { panic!("{refused}") };
    let lines: Vec<(u64, String)> = rejections.iter().map(|one| (one.line, one.reason.to_string())).collect();
    assert_eq!(lines[0].0, 3, "{lines:?}");
    assert_eq!(lines[1], (4, "there is no single tax category \"luxury\"".to_owned()));
    assert!(lines.iter().any(|(line, reason)| *line == 5 && reason.contains("slug \"boots\" already")));
    let all = ListQuery::default();
    assert_eq!(catalogue.admin().list_products(actor, &all).await.unwrap().total, 1);
    assert_eq!(catalogue.admin().list_facets(actor, &all).await.unwrap().total, 0);
}

#[tokio::test]
async fn takes_pictures_from_a_directory_and_nowhere_else() {
    let shop = Shop::open().await;
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("s.gif"), b"GIF89a\x03\0\x02\0\0\0\0;").unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let options = ImportOptions {
        assets_directory: Some(home.path().to_owned()),
        on_progress: Some(Arc::new(move |progress| log.lock().unwrap().push(progress))),
        ..options(&shop).await
    };
    let (catalogue, actor) = (&shop.catalogue, &shop.actor);
    let missing = FILE.replace("s.gif", "../s.gif").replacen("Shirt     ,      ", "Shirt     ,shirt2", 1);
    let refused = catalogue.import_products(actor, missing.as_bytes(), &options).await.unwrap_err();
    assert!(refused.to_string().contains("not inside the directory"), "{refused}");
    let imported = catalogue.import_products(actor, FILE.as_bytes(), &options).await.unwrap();
    assert_eq!((imported.report.assets, imported.report.notes.len()), (1, 0));
    let shirt = catalogue.shop().find_product_by_slug(actor, "shirt").await.unwrap().unwrap();
    let assets = catalogue.shop().assets_of_products(actor, &[shirt.id]).await.unwrap();
    assert_eq!(shirt.featured_asset_id, Some(assets[&shirt.id][0].id));
    let seen = seen.lock().unwrap();
    assert!(seen.contains(&ImportProgress::Read { rows: 5, rejections: 0 }));
    assert_eq!(seen.last(), Some(&ImportProgress::Writing { products: 3, variants: 5 }));
}

#[tokio::test]
async fn imports_in_a_fixed_number_of_statements() {
    let shop = Shop::open().await;
    let options = options(&shop).await;
    let import = async |prefix: &str, count: usize| {
        let rows: String = (0..count)
            .map(|at| format!("{prefix}{at},size,S,a:b{prefix}{at},{prefix}{at},1\n,,M,,{prefix}{at}b,1\n"))
            .collect();
        let file = format!("name,optionGroups,optionValues,facets,sku,price\n{rows}");
        let before = shop.store.database.statement_count();
        shop.catalogue.import_products(&shop.actor, file.as_bytes(), &options).await.unwrap();
        shop.store.database.statement_count() - before
    };
    // Only the first import has a new facet.
    import("a", 2).await;
    assert_eq!(import("b", 2).await, import("c", 60).await);
}

/// The real file of 54 products, where it is at hand.
#[tokio::test]
async fn imports_a_real_file() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/products.csv");
    let Ok(file) = std::fs::read(path) else { return };
    let shop = Shop::open().await;
    let options = options(&shop).await;
    let imported = shop.catalogue.import_products(&shop.actor, &file, &options).await.unwrap();
    assert_eq!((imported.report.products, imported.report.variants), (54, 88));
    assert!(imported.variants.iter().all(|variant| variant.stock_on_hand > 0));
    let input =
        SearchInput { term: Some("laptop".to_owned()), group_by_product: true, ..SearchInput::default() };
    let found = shop.catalogue.shop().search(&shop.actor, &input, SearchParts::ALL).await.unwrap();
    let prices = &found.items[0].prices[0];
    assert_eq!((prices.min.minor(), prices.max.minor()), (129_900, 229_900));
    assert_eq!(Some(prices.tax_category_id), options.default_tax_category);
}
