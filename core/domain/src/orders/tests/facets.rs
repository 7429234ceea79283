//! A pricing rule sees how goods are classified at the moment of the price.

use super::*;
use crate::catalogue::{FacetChanges, FacetValueChanges, NewFacet, ProductChanges, VariantChanges};

const FULL: i64 = 11_600;
const OFF: i64 = 10_440;

/// What a unit costs whoever comes now.
async fn price(shop: &Shop) -> i64 {
    let guest = shop.guest().await;
    let (changed, refusals) = shop.services.orders.add_items(&guest, vec![(shop.variant, 1)]).await.unwrap();
    assert!(refusals.is_empty(), "{refusals:?}");
    changed.order.order.totals.sub_total.gross
}

#[tokio::test]
async fn every_change_of_a_facet_is_in_the_next_price() {
    let shop = Shop::open(100).await;
    shop.bind_bulk_discount().await;
    assert_eq!(price(&shop).await, FULL);
    let (catalogue, admin) = (&shop.services.catalogue, &shop.admin);
    let new = NewFacet {
        code: "offer".to_owned(),
        is_private: true,
        translations: vec![TranslationInput::new(Language::EN, "Offer")],
        values: vec![("tenth".to_owned(), vec![TranslationInput::new(Language::EN, "A tenth off")])],
    };
    let facet = catalogue.create_facet(admin, new).await.unwrap().id;
    let values = catalogue.admin().values_of_facets(admin, &[facet]).await.unwrap();
    let value = values[&facet][0].id;

    let of_variant =
        |values| VariantChanges { facet_value_ids: Some(values), ..VariantChanges::of(shop.variant) };
    catalogue.update_variants(admin, vec![of_variant(vec![value])]).await.unwrap();
    assert_eq!(price(&shop).await, OFF);
    catalogue.update_variants(admin, vec![of_variant(vec![])]).await.unwrap();
    assert_eq!(price(&shop).await, FULL);

    let product = catalogue.admin().find_variant(admin, shop.variant).await.unwrap().unwrap().product.id;
    let of_product = ProductChanges { facet_value_ids: Some(vec![value]), ..ProductChanges::of(product) };
    catalogue.update_product(admin, of_product).await.unwrap();
    assert_eq!(price(&shop).await, OFF);

    for (code, expected) in [("fifth", FULL), ("tenth", OFF)] {
        let change = FacetValueChanges { id: value, code: Some(code.to_owned()), translations: vec![] };
        catalogue.update_facet_values(admin, vec![change]).await.unwrap();
        assert_eq!(price(&shop).await, expected);
    }
    for (code, expected) in [("former-offer", FULL), ("offer", OFF)] {
        let changes = FacetChanges { code: Some(code.to_owned()), ..FacetChanges::default() };
        catalogue.update_facet(admin, facet, changes).await.unwrap();
        assert_eq!(price(&shop).await, expected);
    }
    catalogue.delete_facets(admin, vec![facet], true).await.unwrap();
    assert_eq!(price(&shop).await, FULL);
}
