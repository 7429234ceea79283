//! The catalogue's use cases against a real store.
#![expect(clippy::unwrap_used, reason = "a failed test")]

mod classes;
mod import;
mod products;
mod search;
mod upkeep;

use soko_infra::db::Bound;
use soko_kernel::{
    Actor, CollectionId, ConfigurableOperation, FacetValueId, Language, OptionId, ProductId, TaxCategoryId,
    VariantId,
};

use super::*;
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
        shop.add_tax_category(&shop.actor, "Standard", true).await;
        shop
    }

    /// Another shop in the same store, with its own default tax category.
    async fn neighbour(&self) -> Actor {
        let actor = self.store.add_channel("other").await;
        self.add_tax_category(&actor, "Standard", true).await;
        actor
    }

    /// Another tax category, which is not the default.
    async fn tax_category(&self, name: &str) -> TaxCategoryId {
        self.add_tax_category(&self.actor, name, false).await
    }

    async fn add_tax_category(&self, actor: &Actor, name: &str, is_default: bool) -> TaxCategoryId {
        let scope = actor.public_scope();
        let values = vec![actor.channel.id.0.into(), name.into(), Bound::from(is_default)];
        let insert = self.store.database.write(scope, async move |tx| {
            let sql = "INSERT INTO tax_category (channel_id, name, is_default, created_at, updated_at) \
                       VALUES ($1, $2, $3, 0, 0) RETURNING id";
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

    /// A value of a facet of its own.
    async fn add_facet_value(&self, facet: &str, value: &str, is_private: bool) -> FacetValueId {
        let new = NewFacet {
            code: facet.to_owned(),
            is_private,
            translations: vec![TranslationInput::new(Language::EN, facet)],
            values: vec![(value.to_lowercase(), vec![TranslationInput::new(Language::EN, value)])],
        };
        let facet = self.catalogue.create_facet(&self.actor, new).await.unwrap();
        let values = self.catalogue.admin().values_of_facets(&self.actor, &[facet.id]).await.unwrap();
        values[&facet.id][0].id
    }

    /// A group with options, given to a product.
    async fn add_option_group(&self, product: ProductId, code: &str, options: &[&str]) -> Vec<OptionId> {
        let names = |name: &str| vec![TranslationInput::new(Language::EN, name)];
        let option = |code: &&str| NewOption { code: (*code).to_owned(), translations: names(code) };
        let new = NewOptionGroup {
            code: code.to_owned(),
            translations: names(code),
            options: options.iter().map(option).collect(),
        };
        let group = self.catalogue.create_option_group(&self.actor, new).await.unwrap();
        self.catalogue.add_option_group_to_product(&self.actor, product, group.id).await.unwrap();
        let options = self.catalogue.admin().options_of_groups(&self.actor, &[group.id]).await.unwrap();
        options[&group.id].iter().map(|option| option.id).collect()
    }

    /// A collection at the top of what has a facet value.
    async fn add_collection(&self, name: &str, value: FacetValueId, is_private: bool) -> CollectionId {
        let new =
            NewCollection { is_private, ..NewCollection::named(Language::EN, name, vec![having(value)]) };
        self.catalogue.create_collection(&self.actor, new).await.unwrap().id
    }

    /// Puts units of a variant on a shelf of its own.
    async fn set_stock(&self, variant: VariantId, units: i64) {
        let scope = self.store.scope();
        let set = self.store.database.write(scope, async move |tx| {
            let (location,): (i64,) = tx
                .fetch_one(
                    "INSERT INTO stock_location (channel_id, name, description, created_at, updated_at) \
                     VALUES ($1, 'Shelf', '', 0, 0) RETURNING id",
                    (scope.channel_id(),),
                )
                .await?;
            tx.execute_one(
                "INSERT INTO stock_level (channel_id, variant_id, stock_location_id, on_hand, created_at, \
                 updated_at) VALUES ($1, $2, $3, $4, 0, 0)",
                (scope.channel_id(), variant, location, units),
            )
            .await?;
            Ok::<_, CatalogueError>(())
        });
        set.await.unwrap();
    }

    fn in_language(&self, language: Language) -> Actor {
        Actor { language, ..self.actor.clone() }
    }
}

/// The filter that selects what has a facet value.
fn having(value: FacetValueId) -> ConfigurableOperation {
    ConfigurableOperation::new("facet-value-filter", [("facetValueIds", format!("[\"{value}\"]").as_str())])
}
