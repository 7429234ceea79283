#![expect(clippy::unwrap_used, reason = "a failed test")]
//! Goods against a real store.

use soko_infra::db::Bound;
use soko_kernel::{Actor, ErrorKind, Language, ListQuery, ProductId, StockLocationId};

use super::*;
use crate::catalogue::{NewProduct, VariantsOf};
use crate::inventory::NewStockLocation;
use crate::testing::TestStore;

struct Shop {
    store: TestStore,
    catalogue: Catalogue,
    inventory: Inventory,
    merchandise: Merchandise,
    product: ProductId,
}

impl Shop {
    async fn open() -> Self {
        let store = TestStore::open().await;
        let catalogue = Catalogue::new(store.database.clone(), store.clock.clone(), store.blobs.clone());
        let scope = store.scope();
        let values = vec![Bound::from(scope.channel_id().0)];
        let taxes = store.database.write(scope, async move |tx| {
            let sql = "INSERT INTO tax_category (channel_id, name, is_default, created_at, updated_at) \
                       VALUES ($1, 'Standard', TRUE, 0, 0)";
            tx.execute_one(sql, values).await?;
            Ok::<_, CatalogueError>(())
        });
        taxes.await.unwrap();
        let new = NewProduct::named(Language::EN, "Tea");
        let product = catalogue.create_product(&store.actor, new).await.unwrap().id;
        let inventory = Inventory::new(store.database.clone(), store.clock.clone());
        let merchandise = Merchandise::new(store.database.clone(), catalogue.clone());
        Self { store, catalogue, inventory, merchandise, product }
    }

    async fn add_location(&self, name: &str) -> StockLocationId {
        let new = NewStockLocation { name: name.to_owned(), description: String::new() };
        self.inventory.create_location(self.actor(), new).await.unwrap().id
    }

    fn actor(&self) -> &Actor {
        &self.store.actor
    }

    fn goods(&self, stock: Counts) -> NewGoods {
        NewGoods { variant: NewVariant::named(self.product, Language::EN, "Tea", "TEA", 100), stock }
    }

    async fn levels(&self, variant: VariantId) -> Vec<(StockLocationId, i64)> {
        let levels = self.inventory.levels_of(self.actor(), &[variant]).await.unwrap();
        levels.into_values().flatten().map(|level| (level.location.id, level.on_hand)).collect()
    }
}

#[tokio::test]
async fn sets_prices_and_shelves_together() {
    let shop = Shop::open().await;
    let (here, there) = (shop.add_location("Here").await, shop.add_location("There").await);
    let new = vec![shop.goods(Counts::AtDefault(5))];
    let variant = shop.merchandise.create_variants(shop.actor(), new).await.unwrap()[0].id;
    assert_eq!(shop.levels(variant).await, [(here, 5)]);
    let change = |price, stock| GoodsChanges {
        variant: VariantChanges { list_price_minor: Some(price), ..VariantChanges::of(variant) },
        stock,
    };
    let changes = vec![change(200, Counts::At(vec![(there, 7)]))];
    let updated = shop.merchandise.update_variants(shop.actor(), changes).await.unwrap();
    assert_eq!(updated[0].list_price.minor(), 200);
    assert_eq!(shop.levels(variant).await, [(here, 5), (there, 7)]);
    let negative = vec![change(300, Counts::AtDefault(-1))];
    let refused = shop.merchandise.update_variants(shop.actor(), negative).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    let found = shop.catalogue.shop().find_variant(shop.actor(), variant).await.unwrap().unwrap();
    assert_eq!(found.list_price.minor(), 200, "nothing is half done");
}

#[tokio::test]
async fn creates_no_variant_whose_stock_is_refused() {
    let shop = Shop::open().await;
    let count = async || {
        let all = ListQuery::default();
        let list = shop.catalogue.admin().list_variants(shop.actor(), VariantsOf::Channel, &all);
        list.await.unwrap().total
    };
    let refused =
        shop.merchandise.create_variants(shop.actor(), vec![shop.goods(Counts::AtDefault(1))]).await;
    assert!(matches!(refused, Err(MerchandiseError::Inventory(InventoryError::NoLocation))));
    let elsewhere = Counts::At(vec![(StockLocationId(99), 1)]);
    let refused = shop.merchandise.create_variants(shop.actor(), vec![shop.goods(elsewhere)]).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(count().await, 0);
    let without = shop.merchandise.create_variants(shop.actor(), vec![shop.goods(Counts::None)]).await;
    assert_eq!(shop.levels(without.unwrap()[0].id).await, [], "there is no shelf yet");
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn creates_many_variants_in_as_many_statements_as_one() {
    let shop = Shop::open().await;
    shop.add_location("Here").await;
    let mut products = vec![shop.product];
    for name in ["Coffee", "Cocoa", "Milk", "Sugar"] {
        let new = NewProduct::named(Language::EN, name);
        products.push(shop.catalogue.create_product(shop.actor(), new).await.unwrap().id);
    }
    let create = async |products: &[ProductId]| {
        let goods = |product: &ProductId| {
            let stocked = shop.goods(Counts::AtDefault(3));
            NewGoods { variant: NewVariant { product_id: *product, ..stocked.variant }, stock: stocked.stock }
        };
        let new = products.iter().map(goods).collect();
        let before = shop.store.database.statement_count();
        let created = shop.merchandise.create_variants(shop.actor(), new).await.unwrap();
        assert_eq!(created.len(), products.len());
        shop.store.database.statement_count() - before
    };
    assert_eq!(create(&products[..1]).await, create(&products[1..]).await);
}
