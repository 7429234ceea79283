//! Which orders a channel's methods deliver, and what that costs, over a real store.
#![expect(clippy::unwrap_used, reason = "a failed test")]

use soko_kernel::operation::ConfigurableOperation;
use soko_kernel::{Currency, Language, TaxRatePpm};

use super::*;
use crate::testing::TestStore;

struct Desk {
    store: TestStore,
    shipping: Shipping,
    admin: Actor,
}

impl Desk {
    async fn open() -> Self {
        let store = TestStore::open().await;
        let shipping = Shipping::new(store.database.clone(), store.clock.clone());
        let admin = store.actor.clone();
        Self { store, shipping, admin }
    }

    async fn create(&self, new: NewShippingMethod) -> Result<ShippingMethod, ShippingError> {
        self.shipping.create(&self.admin, new).await
    }

    /// What the methods offer the next request's order, cheapest first: codes and prices.
    async fn quotes(&self, order: &ShippableOrder) -> Vec<(String, i64)> {
        let channels = Channels::new(self.store.database.clone(), self.store.clock.clone());
        let channel = channels.active(&self.admin).await.unwrap();
        let setup = self.shipping.setup(&Actor::system(channel.for_actor())).await.unwrap();
        let quotes = setup.quotes(order).into_iter();
        quotes.map(|quote| (quote.method.code, quote.list_price)).collect()
    }
}

fn anywhere(minimum: &str) -> ConfigurableOperation {
    ConfigurableOperation::new("default-shipping-eligibility-checker", [("orderMinimum", minimum)])
}

fn within(codes: &str) -> ConfigurableOperation {
    ConfigurableOperation::new("country-shipping-eligibility-checker", [("countryCodes", codes)])
}

fn flat(rate: &str, includes_tax: &str) -> ConfigurableOperation {
    let args = [("rate", rate), ("includesTax", includes_tax), ("taxRate", "16")];
    ConfigurableOperation::new("default-shipping-calculator", args)
}

fn method(
    code: &str,
    checker: ConfigurableOperation,
    calculator: ConfigurableOperation,
) -> NewShippingMethod {
    let text = |language, name: &str| ShippingMethodText {
        language,
        name: name.to_owned(),
        description: format!("about {code}"),
    };
    NewShippingMethod {
        code: code.to_owned(),
        fulfillment_handler: MANUAL_FULFILLMENT.to_owned(),
        checker,
        calculator,
        texts: vec![text(Language::EN, "Delivery"), text(Language::SW, "Usafirishaji")],
    }
}

fn order(sub_total_with_tax: i64, country: &str) -> ShippableOrder {
    ShippableOrder {
        sub_total: sub_total_with_tax,
        sub_total_with_tax,
        country_code: Some(country.to_owned()),
        currency: Currency::KES,
        total_quantity: 1,
    }
}

#[tokio::test]
async fn offers_an_order_the_methods_that_deliver_it() {
    let desk = Desk::open().await;
    let express =
        desk.create(method("express", within(r#"["KE","UG"]"#), flat("90000", "auto"))).await.unwrap();
    desk.create(method("boda", within(r#"["KE"]"#), flat("20000", "auto"))).await.unwrap();
    desk.create(method("bulk", anywhere("1000000"), flat("0", "auto"))).await.unwrap();
    let offered = |quotes: &[(&str, i64)]| -> Vec<(String, i64)> {
        quotes.iter().map(|(code, price)| ((*code).to_owned(), *price)).collect()
    };
    let cheapest_first = offered(&[("boda", 20_000), ("express", 90_000)]);
    assert_eq!(desk.quotes(&order(999_999, "KE")).await, cheapest_first);
    assert_eq!(desk.quotes(&order(999_999, "UG")).await, offered(&[("express", 90_000)]));
    assert_eq!(desk.quotes(&order(1_000_000, "GB")).await, offered(&[("bulk", 0)]));
    let nowhere = ShippableOrder { country_code: None, ..order(1, "") };
    assert_eq!(desk.quotes(&nowhere).await, offered(&[]));
    let cheaper = ShippingMethodChanges { calculator: Some(flat("100", "auto")), ..Default::default() };
    desk.shipping.update(&desk.admin, express.id, cheaper).await.unwrap();
    assert_eq!(desk.quotes(&order(1, "KE")).await, offered(&[("express", 100), ("boda", 20_000)]));
    desk.shipping.delete(&desk.admin, vec![express.id]).await.unwrap();
    assert_eq!(desk.quotes(&order(1, "KE")).await, offered(&[("boda", 20_000)]));
    let kept = desk.shipping.by_ids(&desk.admin, &[express.id]).await.unwrap();
    assert_eq!(kept.len(), 1, "orders still name it");
}

#[tokio::test]
async fn tax_is_in_the_price_where_the_calculator_or_else_the_channel_says_so() {
    let price = |includes_tax, channel| {
        let (checker, calculator) = (anywhere("0"), flat("11600", includes_tax));
        ShippingPrice::of_rules(&checker, &calculator, channel, &order(1, "KE")).unwrap().unwrap()
    };
    let includes = |includes_tax, channel| price(includes_tax, channel).includes_tax;
    assert!(includes("auto", true) && includes("include", false));
    assert!(!includes("auto", false) && !includes("exclude", true));
    assert_eq!(price("auto", true).tax_rate, TaxRatePpm::try_new(160_000).unwrap());
    let refused = ShippingPrice::of_rules(&anywhere("2"), &flat("1", "auto"), true, &order(1, "KE"));
    assert_eq!(refused.unwrap(), None, "an order that is not delivered costs nothing");
}

#[tokio::test]
async fn changes_texts_language_by_language() {
    let desk = Desk::open().await;
    let created = desk.create(method("boda", anywhere("0"), flat("1", "auto"))).await.unwrap();
    let change = |language, name: Option<&str>, description: Option<&str>| ShippingMethodChanges {
        texts: vec![ShippingMethodTextChanges {
            language,
            name: name.map(str::to_owned),
            description: description.map(str::to_owned),
        }],
        ..Default::default()
    };
    let update = async |changes| desk.shipping.update(&desk.admin, created.id, changes).await;
    let changed = update(change(Language::EN, None, Some("to the door"))).await.unwrap();
    let text = |method: &ShippingMethod, language| {
        let text = method.text(language, Language::EN).unwrap();
        (text.name.clone(), text.description.clone())
    };
    assert_eq!(text(&changed, Language::EN), ("Delivery".to_owned(), "to the door".to_owned()));
    assert_eq!(text(&changed, Language::SW), ("Usafirishaji".to_owned(), "about boda".to_owned()));
    let french = Language::parse("fr").unwrap();
    let nameless = update(change(french, None, Some("à la porte"))).await;
    assert!(matches!(nameless, Err(ShippingError::NameMissing)), "a new language needs a name");
    assert_eq!(desk.shipping.find(&desk.admin, created.id).await.unwrap().unwrap().translations.len(), 2);
}

#[tokio::test]
async fn refuses_what_could_never_be_quoted() {
    let desk = Desk::open().await;
    let valid = || method("boda", anywhere("0"), flat("1", "auto"));
    let created = desk.create(valid()).await.unwrap();
    assert!(matches!(desk.create(valid()).await, Err(ShippingError::CodeInUse(code)) if code == "boda"));
    let kept = |checker, calculator| method("other", checker, calculator);
    let unknown = ConfigurableOperation::new("nonsense", []);
    let refused = desk.create(kept(unknown, flat("1", "auto"))).await;
    assert!(matches!(refused, Err(ShippingError::UnknownOperation(_))));
    for codes in ["KE", "[1]", r#"["kenya"]"#, r#"["ke"]"#] {
        let refused = desk.create(kept(within(codes), flat("1", "auto"))).await;
        let argument =
            matches!(refused, Err(ShippingError::InvalidArgument { argument: "countryCodes", .. }));
        assert!(argument, "{codes}");
    }
    let by_drone = NewShippingMethod {
        fulfillment_handler: "drone".to_owned(),
        ..kept(anywhere("0"), flat("1", "auto"))
    };
    assert!(matches!(desk.create(by_drone).await, Err(ShippingError::UnknownHandler(_))));
    let other = desk.store.add_channel("other").await;
    let theirs = desk.shipping.delete(&other, vec![created.id]).await;
    assert!(matches!(theirs, Err(ShippingError::NotFound(_))));
    let unknown = vec![created.id, ShippingMethodId(999)];
    assert!(matches!(desk.shipping.delete(&desk.admin, unknown).await, Err(ShippingError::NotFound(_))));
    assert!(desk.shipping.find(&desk.admin, created.id).await.unwrap().is_some(), "all or none");
}
