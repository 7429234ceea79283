//! The catalogue's use cases against a real store.
#![expect(clippy::unwrap_used, reason = "a failed test")]

mod products;

use soko_infra::db::Bound;
use soko_kernel::{Actor, Language, ProductId, TaxCategoryId, VariantId};

use super::{Catalogue, CatalogueError, NewProduct, NewVariant};
use crate::testing::TestStore;

/// A store with a catalogue and a default tax category.
struct Shop {
    store: TestStore,
    catalogue: Catalogue,
    actor: Actor,
}

impl Shop {
    async fn open() -> Self {
        let store = TestStore::open().await;
        let catalogue = Catalogue::new(store.database.clone(), store.clock.clone(), store.blobs.clone());
        let actor = store.actor.clone();
        let shop = Self { store, catalogue, actor };
        shop.add_tax_category(&shop.actor, "Standard").await;
        shop
    }

    /// Another shop in the same store, with its own default tax category.
    async fn neighbour(&self) -> Actor {
        let actor = self.store.add_channel("other").await;
        self.add_tax_category(&actor, "Standard").await;
        actor
    }

    async fn add_tax_category(&self, actor: &Actor, name: &str) -> TaxCategoryId {
        let (scope, values) =
            (actor.public_scope(), vec![Bound::from(actor.channel.id.0), Bound::from(name)]);
        let insert = self.store.database.write(scope, async move |tx| {
            let sql = "INSERT INTO tax_category (channel_id, name, is_default, created_at, updated_at) \
                       VALUES ($1, $2, TRUE, 0, 0) RETURNING id";
            let (id,): (TaxCategoryId,) = tx.fetch_one(sql, values).await?;
            Ok::<_, CatalogueError>(id)
        });
        insert.await.unwrap()
    }

    /// An enabled product with one variant.
    async fn add_product(&self, name: &str, price: i64) -> (ProductId, VariantId) {
        self.add_product_of(&self.actor, name, price).await
    }

    async fn add_product_of(&self, actor: &Actor, name: &str, price: i64) -> (ProductId, VariantId) {
        let new = NewProduct::named(Language::EN, name);
        let product = self.catalogue.create_product(actor, new).await.unwrap();
        let sku = format!("SKU-{}", product.slug);
        let new = NewVariant::named(product.id, Language::EN, name, sku, price);
        let variants = self.catalogue.create_variants(actor, vec![new]).await.unwrap();
        (product.id, variants[0].id)
    }

    fn in_language(&self, language: Language) -> Actor {
        Actor { language, ..self.actor.clone() }
    }
}
