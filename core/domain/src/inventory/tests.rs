//! Stock against a real store.
#![expect(clippy::unwrap_used, reason = "a failed test")]

use std::time::Duration;

use soko_infra::{DataScope, DatabaseError};
use soko_kernel::{
    Actor, ErrorKind, ListQuery, OrderId, OrderLineId, PermissionSet, StockLocationId, Timestamp, VariantId,
};

use super::{Inventory, InventoryError, MovementKind, NewStockLocation, Saleable, StockLocationChanges};
use crate::testing::{TEST_START, TestStore};

const ORDER: OrderId = OrderId(1);
const LATER: Timestamp = Timestamp(TEST_START.0 + 600_000);

/// A shop with two locations and variants whose stock it tracks.
struct Shop {
    store: TestStore,
    inventory: Inventory,
    shelf: StockLocationId,
    cellar: StockLocationId,
}

impl Shop {
    async fn open() -> Self {
        let store = TestStore::open().await;
        let inventory = Inventory::new(store.database.clone(), store.clock.clone());
        let shelf = add_location(&inventory, &store.actor, "shelf").await;
        let cellar = add_location(&inventory, &store.actor, "cellar").await;
        Self { store, inventory, shelf, cellar }
    }

    async fn variant(&self, on_shelf: i64, in_cellar: i64) -> VariantId {
        let variant = add_variant(&self.store, &self.store.actor, "INHERIT").await;
        self.count(&[(variant, self.shelf, on_shelf), (variant, self.cellar, in_cellar)]).await.unwrap();
        variant
    }

    async fn count(&self, counts: &[(VariantId, StockLocationId, i64)]) -> Result<(), InventoryError> {
        let (scope, counts) = (self.store.scope(), counts.to_vec());
        let database = &self.store.database;
        let work = async move |tx: &mut soko_infra::Tx| {
            Inventory::set_stock_in_tx(tx, scope, &counts, TEST_START).await
        };
        database.write(scope, work).await
    }

    async fn hold(
        &self,
        order: OrderId,
        wanted: &[(VariantId, i64)],
        now: Timestamp,
    ) -> Result<(), InventoryError> {
        let (scope, wanted) = (self.store.scope(), wanted.to_vec());
        let expires_at = now.after(Duration::from_mins(10));
        let work = async move |tx: &mut soko_infra::Tx| {
            Inventory::hold_in_tx(tx, scope, order, &wanted, expires_at, now).await
        };
        self.store.database.write(scope, work).await
    }

    async fn allocate(&self, order: OrderId, lines: &[Line], now: Timestamp) -> Result<(), InventoryError> {
        let (scope, lines) = (self.store.scope(), lines.to_vec());
        let work = async move |tx: &mut soko_infra::Tx| {
            Inventory::allocate_in_tx(tx, scope, order, &lines, now).await
        };
        self.store.database.write(scope, work).await
    }

    async fn sell(&self, lines: &[Line]) -> Result<(), InventoryError> {
        let (scope, lines) = (self.store.scope(), lines.to_vec());
        let work =
            async move |tx: &mut soko_infra::Tx| Inventory::sell_in_tx(tx, scope, &lines, TEST_START).await;
        self.store.database.write(scope, work).await
    }

    async fn cancel(&self, lines: &[Line]) -> Result<(), InventoryError> {
        let (scope, lines) = (self.store.scope(), lines.to_vec());
        let work =
            async move |tx: &mut soko_infra::Tx| Inventory::cancel_in_tx(tx, scope, &lines, TEST_START).await;
        self.store.database.write(scope, work).await
    }

    async fn saleable(&self, variant: VariantId) -> Saleable {
        self.inventory.saleable(&self.store.actor, &[variant]).await.unwrap()[&variant]
    }

    /// On hand and allocated, at the shelf and in the cellar.
    async fn levels(&self, variant: VariantId) -> Vec<(i64, i64)> {
        let levels = self.inventory.levels_of(&self.store.actor, &[variant]).await.unwrap();
        levels[&variant].iter().map(|level| (level.on_hand, level.allocated)).collect()
    }
}

type Line = (OrderLineId, VariantId, i64);

async fn add_location(inventory: &Inventory, actor: &Actor, name: &str) -> StockLocationId {
    let new = NewStockLocation { name: name.to_owned(), description: String::new() };
    inventory.create_location(actor, new).await.unwrap().id
}

async fn add_variant(store: &TestStore, actor: &Actor, tracking: &'static str) -> VariantId {
    let channel = actor.channel.id;
    let inserted = store.database.write(DataScope::Platform, async move |tx| {
        let (product,): (i64,) = tx
            .fetch_one(
                "INSERT INTO product (channel_id, created_at, updated_at) VALUES ($1, $2, $2) RETURNING id",
                (channel, TEST_START),
            )
            .await?;
        let (variant,) = tx
            .fetch_one(
                "INSERT INTO product_variant \
                 (channel_id, product_id, sku, list_price, tax_category_id, track_inventory, created_at, updated_at) \
                 VALUES ($1, $2, 'SKU', 100, 1, $3, $4, $4) RETURNING id",
                (channel, product, tracking, TEST_START),
            )
            .await?;
        Ok::<VariantId, DatabaseError>(variant)
    });
    inserted.await.unwrap()
}

async fn set_threshold(shop: &Shop, variant: VariantId, threshold: i64) {
    let changed = shop.store.database.write(DataScope::Platform, async move |tx| {
        tx.execute_one(
            "UPDATE product_variant SET out_of_stock_threshold = $1, use_global_out_of_stock_threshold = FALSE \
             WHERE id = $2",
            (threshold, variant),
        )
        .await
    });
    changed.await.map_err(|error: DatabaseError| error).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sells_the_last_unit_once_to_64_buyers() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let variant = shop.variant(1, 0).await;
    let buyers = (1..=64).map(|number| {
        let shop = shop.clone();
        tokio::spawn(async move {
            let order = OrderId(number);
            shop.hold(order, &[(variant, 1)], TEST_START).await?;
            shop.allocate(order, &[(OrderLineId(number), variant, 1)], TEST_START).await
        })
    });
    let mut sold = 0;
    for buyer in buyers.collect::<Vec<_>>() {
        match buyer.await.unwrap() {
            Ok(()) => sold += 1,
            Err(InventoryError::InsufficientStock { variant: missed, saleable: 0 }) => {
                assert_eq!(missed, variant);
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(sold, 1);
    assert_eq!(shop.saleable(variant).await, Saleable::Units(0));
    assert_eq!(shop.levels(variant).await, [(1, 1), (0, 0)]);
}

#[tokio::test]
async fn allocates_hands_over_and_takes_back_over_two_locations() {
    let shop = Shop::open().await;
    let variant = shop.variant(2, 5).await;
    let line = |quantity| [(OrderLineId(7), variant, quantity)];
    shop.hold(ORDER, &[(variant, 4)], TEST_START).await.unwrap();
    assert_eq!(shop.saleable(variant).await, Saleable::Units(3));
    shop.allocate(ORDER, &line(4), TEST_START).await.unwrap();
    assert_eq!(shop.levels(variant).await, [(2, 2), (5, 2)]);
    assert_eq!(shop.saleable(variant).await, Saleable::Units(3));
    shop.sell(&line(3)).await.unwrap();
    assert_eq!(shop.levels(variant).await, [(0, 0), (4, 1)]);
    // Of four units one was not handed over: it is released, the three others return.
    shop.cancel(&line(4)).await.unwrap();
    assert_eq!(shop.levels(variant).await, [(2, 0), (5, 0)]);
    shop.cancel(&line(4)).await.unwrap();
    assert_eq!(shop.levels(variant).await, [(2, 0), (5, 0)]);
    let query = ListQuery::default();
    let movements = shop.inventory.list_movements(&shop.store.actor, variant, &query).await.unwrap();
    let explained = |location| {
        let on_hand = movements
            .items
            .iter()
            .filter(|one| one.location_id == location)
            .filter(|one| !matches!(one.kind, MovementKind::Allocation | MovementKind::Release));
        on_hand.map(|one| one.quantity).sum::<i64>()
    };
    assert_eq!((explained(shop.shelf), explained(shop.cellar)), (2, 5));
}

#[tokio::test]
async fn an_expired_hold_counts_nowhere_and_is_swept_away() {
    let shop = Shop::open().await;
    let variant = shop.variant(1, 0).await;
    shop.hold(ORDER, &[(variant, 1)], TEST_START).await.unwrap();
    assert_eq!(shop.saleable(variant).await, Saleable::Units(0));
    shop.store.clock.advance(Duration::from_mins(10));
    assert_eq!(shop.saleable(variant).await, Saleable::Units(1));
    shop.hold(OrderId(2), &[(variant, 1)], LATER).await.unwrap();
    let late = shop.allocate(ORDER, &[(OrderLineId(1), variant, 1)], LATER).await;
    assert!(matches!(late, Err(InventoryError::InsufficientStock { saleable: 0, .. })));
    assert_eq!(shop.inventory.expire_holds(LATER).await.unwrap(), 1);
    assert_eq!(shop.inventory.expire_holds(LATER).await.unwrap(), 0);
    shop.allocate(OrderId(2), &[(OrderLineId(2), variant, 1)], LATER).await.unwrap();
}

#[tokio::test]
async fn a_late_payer_gets_units_that_nobody_took() {
    let shop = Shop::open().await;
    let variant = shop.variant(1, 0).await;
    shop.hold(ORDER, &[(variant, 1)], TEST_START).await.unwrap();
    shop.allocate(ORDER, &[(OrderLineId(1), variant, 1)], LATER.after(Duration::from_hours(1)))
        .await
        .unwrap();
    assert_eq!(shop.levels(variant).await, [(1, 1), (0, 0)]);
}

#[tokio::test]
async fn sweeps_more_holds_than_one_batch_has() {
    let shop = Shop::open().await;
    let variant = shop.variant(1_000_000, 0).await;
    let (scope, count) = (shop.store.scope(), crate::expiry::ROWS_MAX + 1);
    let held = shop.store.database.write(scope, async move |tx| {
        for order in 1..=count {
            Inventory::hold_in_tx(tx, scope, OrderId(order), &[(variant, 1)], LATER, TEST_START).await?;
        }
        Ok::<(), InventoryError>(())
    });
    held.await.unwrap();
    assert_eq!(shop.inventory.expire_holds(LATER).await.unwrap(), count.unsigned_abs());
}

#[tokio::test]
async fn a_refused_hold_leaves_the_one_before() {
    let shop = Shop::open().await;
    let (plenty, scarce) = (shop.variant(10, 0).await, shop.variant(0, 1).await);
    shop.hold(ORDER, &[(plenty, 4)], TEST_START).await.unwrap();
    let refused = shop.hold(ORDER, &[(plenty, 2), (scarce, 2)], TEST_START).await;
    assert!(matches!(
        refused,
        Err(InventoryError::InsufficientStock { variant, saleable: 1 }) if variant == scarce
    ));
    assert_eq!(shop.saleable(plenty).await, Saleable::Units(6));
    shop.hold(ORDER, &[(plenty, 10)], TEST_START).await.unwrap();
    assert_eq!(shop.saleable(plenty).await, Saleable::Units(0));
}

#[tokio::test]
async fn refuses_bad_quantities_and_unknown_things() {
    let shop = Shop::open().await;
    let variant = shop.variant(10, 0).await;
    for quantity in [0, -1, super::QUANTITY_MAX + 1, i64::MAX, i64::MIN] {
        let held = shop.hold(ORDER, &[(variant, quantity)], TEST_START).await;
        assert!(matches!(held, Err(InventoryError::InvalidQuantity)), "{quantity}");
    }
    let twice = shop.hold(ORDER, &[(variant, super::QUANTITY_MAX), (variant, 1)], TEST_START).await;
    assert!(matches!(twice, Err(InventoryError::InvalidQuantity)));
    let unknown = shop.hold(ORDER, &[(VariantId(999), 1)], TEST_START).await;
    assert!(matches!(unknown, Err(InventoryError::UnknownVariant(VariantId(999)))));
    assert!(matches!(shop.count(&[(variant, shop.shelf, -1)]).await, Err(InventoryError::InvalidQuantity)));
    let nowhere = shop.count(&[(variant, StockLocationId(999), 1)]).await;
    assert!(matches!(nowhere, Err(InventoryError::UnknownLocation(StockLocationId(999)))));
    assert_eq!(shop.levels(variant).await, [(10, 0), (0, 0)]);
}

#[tokio::test]
async fn untracked_variants_sell_without_being_counted() {
    let shop = Shop::open().await;
    let variant = add_variant(&shop.store, &shop.store.actor, "FALSE").await;
    assert_eq!(shop.saleable(variant).await, Saleable::Unlimited);
    let lines = [(OrderLineId(1), variant, 1_000)];
    shop.hold(ORDER, &[(variant, 1_000)], TEST_START).await.unwrap();
    shop.allocate(ORDER, &lines, TEST_START).await.unwrap();
    shop.sell(&lines).await.unwrap();
    shop.cancel(&lines).await.unwrap();
    assert!(shop.inventory.levels_of(&shop.store.actor, &[variant]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_negative_threshold_allows_back_orders_down_to_it() {
    let shop = Shop::open().await;
    let variant = shop.variant(1, 0).await;
    set_threshold(&shop, variant, -2).await;
    let line = [(OrderLineId(1), variant, 3)];
    shop.allocate(ORDER, &line, TEST_START).await.unwrap();
    assert!(shop.hold(OrderId(2), &[(variant, 1)], TEST_START).await.is_err());
    shop.sell(&line).await.unwrap();
    assert_eq!(shop.levels(variant).await, [(-2, 0), (0, 0)]);
}

#[tokio::test]
async fn no_channel_touches_anothers_stock() {
    let shop = Shop::open().await;
    let variant = shop.variant(5, 0).await;
    let other = shop.store.add_channel("other").await;
    let scope = other.public_scope();
    assert!(shop.inventory.saleable(&other, &[variant]).await.unwrap().is_empty());
    assert!(shop.inventory.levels_of(&other, &[variant]).await.unwrap().is_empty());
    let query = ListQuery::default();
    assert_eq!(shop.inventory.list_movements(&other, variant, &query).await.unwrap().total, 0);
    let adjusted = shop.inventory.adjust(&other, vec![(variant, shop.shelf, 1)]).await;
    assert!(matches!(adjusted, Err(InventoryError::UnknownLocation(_))));
    let held = shop.store.database.write(scope, async move |tx| {
        Inventory::hold_in_tx(tx, scope, ORDER, &[(variant, 1)], LATER, TEST_START).await
    });
    assert!(matches!(held.await, Err(InventoryError::UnknownVariant(_))));
    shop.hold(ORDER, &[(variant, 5)], TEST_START).await.unwrap();
    let released = shop
        .store
        .database
        .write(scope, async move |tx| Inventory::release_holds_in_tx(tx, scope, ORDER).await);
    released.await.unwrap();
    assert_eq!(shop.saleable(variant).await, Saleable::Units(0));
    assert_eq!(shop.inventory.find_location(&other, shop.shelf).await.unwrap(), None);
    let stolen = shop.inventory.delete_location(&other, shop.shelf, None).await;
    assert!(matches!(stolen, Err(InventoryError::UnknownLocation(_))));
}

#[tokio::test]
async fn runs_as_many_statements_for_many_variants_as_for_one() {
    let shop = Shop::open().await;
    let mut variants = Vec::new();
    for _ in 0..20 {
        variants.push(shop.variant(10, 10).await);
    }
    let mut counts = Vec::new();
    for (order, size) in [(OrderId(1), 1), (OrderId(2), 20)] {
        let wanted: Vec<_> = variants[..size].iter().map(|variant| (*variant, 8)).collect();
        let line = |variant: &VariantId| (OrderLineId(order.0 * 1_000 + variant.0), *variant, 8);
        let lines: Vec<Line> = variants[..size].iter().map(line).collect();
        let before = shop.store.database.statement_count();
        shop.hold(order, &wanted, TEST_START).await.unwrap();
        shop.allocate(order, &lines, TEST_START).await.unwrap();
        shop.sell(&lines).await.unwrap();
        shop.cancel(&lines).await.unwrap();
        shop.inventory.saleable(&shop.store.actor, &variants[..size]).await.unwrap();
        counts.push(shop.store.database.statement_count() - before);
    }
    assert_eq!(counts[0], counts[1]);
}

#[tokio::test]
async fn moves_stock_and_what_lines_have_allocated_with_a_location() {
    let shop = Shop::open().await;
    let variant = shop.variant(3, 1).await;
    let line = [(OrderLineId(1), variant, 2)];
    shop.allocate(ORDER, &line, TEST_START).await.unwrap();
    let actor = &shop.store.actor;
    let refused = shop.inventory.delete_location(actor, shop.shelf, None).await;
    assert!(matches!(refused, Err(InventoryError::LocationHoldsStock)));
    let nowhere = shop.inventory.delete_location(actor, shop.shelf, Some(shop.shelf)).await;
    assert!(matches!(nowhere, Err(InventoryError::UnknownLocation(_))));
    shop.inventory.delete_location(actor, shop.shelf, Some(shop.cellar)).await.unwrap();
    assert_eq!(shop.levels(variant).await, [(4, 2)]);
    shop.sell(&line).await.unwrap();
    assert_eq!(shop.levels(variant).await, [(2, 0)]);
    let last = shop.inventory.delete_location(actor, shop.cellar, None).await;
    assert!(matches!(last, Err(InventoryError::LastLocation)));
}

#[tokio::test]
async fn refuses_location_names_in_use_and_blank() {
    let shop = Shop::open().await;
    let actor = &shop.store.actor;
    let rename = |name: &str| StockLocationChanges { name: Some(name.to_owned()), description: None };
    let taken = shop.inventory.update_location(actor, shop.shelf, rename("cellar")).await;
    assert!(matches!(taken, Err(InventoryError::NameInUse)));
    let blank = shop.inventory.update_location(actor, shop.shelf, rename("  ")).await;
    assert!(matches!(blank, Err(InventoryError::InvalidName)));
    let renamed = shop.inventory.update_location(actor, shop.shelf, rename("front")).await.unwrap();
    assert_eq!(shop.inventory.find_location(actor, shop.shelf).await.unwrap(), Some(renamed));
    let page = shop.inventory.list_locations(actor, &ListQuery::default()).await.unwrap();
    assert_eq!(page.items.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["front", "cellar"]);
}

#[tokio::test]
async fn refuses_those_without_permission() {
    let shop = Shop::open().await;
    let mut visitor = shop.store.actor.clone();
    visitor.permissions = PermissionSet::NONE;
    let variant = shop.variant(1, 0).await;
    let kinds = [
        shop.inventory.adjust(&visitor, vec![(variant, shop.shelf, 1)]).await.unwrap_err().kind(),
        shop.inventory.levels_of(&visitor, &[variant]).await.unwrap_err().kind(),
        shop.inventory.delete_location(&visitor, shop.shelf, None).await.unwrap_err().kind(),
        shop.inventory.create_location(&visitor, NewStockLocation::default()).await.unwrap_err().kind(),
    ];
    assert_eq!(kinds, [ErrorKind::Unauthenticated; 4]);
    assert_eq!(shop.levels(variant).await, [(1, 0), (0, 0)]);
}

#[tokio::test]
async fn refuses_payment_for_units_that_a_count_took_away() {
    let shop = Shop::open().await;
    let variant = shop.variant(2, 0).await;
    shop.hold(ORDER, &[(variant, 2)], TEST_START).await.unwrap();
    shop.count(&[(variant, shop.shelf, 1)]).await.unwrap();
    let refused = shop.allocate(ORDER, &[(OrderLineId(1), variant, 2)], TEST_START).await;
    assert!(matches!(refused, Err(InventoryError::InsufficientStock { saleable: 1, .. })));
}
