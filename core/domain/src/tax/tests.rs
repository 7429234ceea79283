//! Which rate applies where, and what may not be deleted, over a real store.
#![expect(clippy::unwrap_used, reason = "a failed test")]

use soko_kernel::{CustomerGroupId, CustomerId, Language, TaxCategoryId, TaxRateId, TaxRatePpm, ZoneId};

use super::*;
use crate::channels::{ChannelChanges, ChannelError};
use crate::testing::TestStore;

struct Desk {
    store: TestStore,
    tax: Tax,
    admin: Actor,
}

impl Desk {
    async fn open() -> Self {
        let store = TestStore::open().await;
        let tax = Tax::new(store.database.clone(), store.clock.clone());
        let admin = store.actor.clone();
        Self { store, tax, admin }
    }

    /// The setup as the next request sees it.
    async fn setup(&self) -> Arc<TaxSetup> {
        let channels = Channels::new(self.store.database.clone(), self.store.clock.clone());
        let channel = channels.active(&self.admin).await.unwrap();
        self.tax.setup(&Actor::system(channel.for_actor())).await.unwrap()
    }

    async fn country(&self, code: &str) -> soko_kernel::CountryId {
        let names = vec![(Language::EN, format!("Country {code}")), (Language::SW, format!("Nchi {code}"))];
        let new = NewCountry { code: code.to_owned(), enabled: true, names };
        self.tax.create_country(&self.admin, new).await.unwrap().id
    }

    async fn zone(&self, name: &str, codes: &[&str]) -> ZoneId {
        let mut members = Vec::new();
        for code in codes {
            members.push(self.country(code).await);
        }
        self.tax.create_zone(&self.admin, name.to_owned(), members).await.unwrap().id
    }

    async fn category(&self, name: &str, is_default: bool) -> TaxCategoryId {
        self.tax.create_category(&self.admin, name.to_owned(), is_default).await.unwrap().id
    }

    async fn rate(&self, category_id: TaxCategoryId, zone_id: ZoneId, ppm: i64) -> TaxRateId {
        let new = NewTaxRate {
            name: format!("{ppm} ppm"),
            enabled: true,
            rate: TaxRatePpm::try_new(ppm).unwrap(),
            category_id,
            zone_id,
            customer_group_id: None,
        };
        self.tax.create_rate(&self.admin, new).await.unwrap().id
    }

    /// A customer group, written as its own domain would.
    async fn group(&self, name: &'static str) -> CustomerGroupId {
        let scope = self.store.scope();
        let written = self.store.database.write(scope, async move |tx| {
            let sql = "INSERT INTO customer_group (channel_id, name, created_at, updated_at) \
                       VALUES ($1, $2, 0, 0) RETURNING id";
            let (id,): (CustomerGroupId,) = tx.fetch_one(sql, (scope.channel_id(), name)).await?;
            Ok::<_, TaxError>(id)
        });
        written.await.unwrap()
    }

    /// A customer's address, written as its own domain would.
    async fn address_in(&self, code: &'static str) {
        let scope = self.store.scope();
        let written = self.store.database.write(scope, async move |tx| {
            let customer = "INSERT INTO customer (channel_id, first_name, last_name, email_address, created_at, \
                            updated_at) VALUES ($1, 'A', 'B', 'a@example.com', 0, 0) RETURNING id";
            let (customer,): (CustomerId,) = tx.fetch_one(customer, (scope.channel_id(),)).await?;
            let address = "INSERT INTO address (channel_id, customer_id, full_name, company, street_line1, \
                           street_line2, city, province, postal_code, country_code, phone_number, created_at, \
                           updated_at) VALUES ($1, $2, '', '', '', '', '', '', '', $3, '', 0, 0)";
            tx.execute_one(address, (scope.channel_id(), customer, code)).await?;
            Ok::<_, TaxError>(())
        });
        written.await.unwrap();
    }
}

fn query() -> soko_kernel::ListQuery {
    soko_kernel::ListQuery::default()
}

#[tokio::test]
async fn picks_the_rate_of_the_categorys_zone() {
    let desk = Desk::open().await;
    let (kenya, uganda) = (desk.zone("Kenya", &["KE"]).await, desk.zone("Uganda", &["UG"]).await);
    let (standard, food) = (desk.category("standard", true).await, desk.category("food", false).await);
    let in_kenya = desk.rate(standard, kenya, 160_000).await;
    let in_uganda = desk.rate(standard, uganda, 180_000).await;
    let on_food = desk.rate(food, kenya, 0).await;
    let setup = desk.setup().await;
    let applied = |category, code: &str| {
        let rate = setup.rate_for(category, setup.zone_for_country(code), &[]);
        (rate.id, rate.rate.ppm())
    };
    assert_eq!(applied(standard, "KE"), (Some(in_kenya), 160_000));
    assert_eq!(applied(standard, "UG"), (Some(in_uganda), 180_000));
    assert_eq!(applied(food, "KE"), (Some(on_food), 0));
    assert_eq!(applied(food, "UG"), (None, 0), "a category without a rate in the zone is not taxed there");
    assert_eq!(applied(standard, "GB"), (None, 0), "nothing is taxed outside all zones");
    assert_eq!(setup.default_category(), Some(standard));
}

#[tokio::test]
async fn prefers_a_zone_that_is_taxed_and_a_rate_of_the_customers_group() {
    let desk = Desk::open().await;
    let kenya = desk.country("KE").await;
    let delivery = desk.tax.create_zone(&desk.admin, "Delivery".to_owned(), vec![kenya]).await.unwrap().id;
    let taxed = desk.tax.create_zone(&desk.admin, "Taxed".to_owned(), vec![kenya]).await.unwrap().id;
    assert_eq!(desk.setup().await.zone_for_country("KE"), Some(delivery), "the first while none is taxed");
    let standard = desk.category("standard", true).await;
    let (group, other) = (desk.group("wholesale").await, desk.group("staff").await);
    let general = desk.rate(standard, taxed, 160_000).await;
    let special = desk.rate(standard, taxed, 80_000).await;
    let to_group = |group| TaxRateChanges { customer_group_id: Some(group), ..TaxRateChanges::default() };
    let changed = desk.tax.update_rate(&desk.admin, special, to_group(Some(group))).await.unwrap();
    assert_eq!((changed.customer_group_id, changed.rate.ppm()), (Some(group), 80_000));
    let setup = desk.setup().await;
    assert_eq!(setup.zone_for_country("KE"), Some(taxed));
    let id = |groups: &[CustomerGroupId]| setup.rate_for(standard, Some(taxed), groups).id;
    assert_eq!(id(&[]), Some(general));
    assert_eq!(id(&[group]), Some(special));
    assert_eq!(id(&[other]), Some(general));
    let off = TaxRateChanges { enabled: Some(false), ..TaxRateChanges::default() };
    desk.tax.update_rate(&desk.admin, general, off).await.unwrap();
    assert_eq!(desk.setup().await.rate_for(standard, Some(taxed), &[]).id, None, "a rate that is off");
    let open = desk.tax.update_rate(&desk.admin, special, to_group(None)).await.unwrap();
    assert_eq!(open.customer_group_id, None, "for everybody again");
    assert_eq!(desk.setup().await.rate_for(standard, Some(taxed), &[]).id, Some(special));
}

#[test]
fn rounds_half_up_in_both_directions() {
    let gross = |ppm, net| TaxRatePpm::try_new(ppm).unwrap().gross_of(net).unwrap();
    let net = |ppm, gross| TaxRatePpm::try_new(ppm).unwrap().net_of(gross).unwrap();
    // 12.5 %: 4 × 1.125 is 4.5, and 20 × 1.125 is 22.5.
    assert_eq!([gross(125_000, 4), gross(125_000, 20), gross(125_000, 12)], [5, 23, 14]);
    // 100 %: half of 3 is 1.5.
    assert_eq!([net(1_000_000, 3), net(1_000_000, 2)], [2, 1]);
    // 16 %: 100 ÷ 1.16 is 86.2…, 103 ÷ 1.16 is 88.79…
    assert_eq!([net(160_000, 100), net(160_000, 103), net(160_000, 0)], [86, 89, 0]);
    for price in [1, 99, 360_000, 1_234_567] {
        assert_eq!((gross(0, price), net(0, price)), (price, price), "no tax changes nothing");
        assert_eq!(net(160_000, gross(160_000, price)), price, "what was added comes off again");
    }
}

#[tokio::test]
async fn keeps_what_is_still_used() {
    let desk = Desk::open().await;
    let (kenya, uganda) = (desk.zone("Kenya", &["KE"]).await, desk.zone("Uganda", &["UG"]).await);
    let rest = desk.zone("Rest", &[]).await;
    let (standard, food) = (desk.category("standard", true).await, desk.category("food", false).await);
    let rate = desk.rate(standard, kenya, 160_000).await;
    let channels = Channels::new(desk.store.database.clone(), desk.store.clock.clone());
    let default = ChannelChanges { default_shipping_zone_id: Some(uganda), ..ChannelChanges::default() };
    channels.update(&desk.admin, desk.admin.channel.id, default).await.unwrap();
    let zones = desk.tax.delete_zones(&desk.admin, vec![kenya, rest, uganda]).await.unwrap();
    let used = |why: &str| soko_kernel::Deletion::InUse(why.to_owned());
    assert_eq!(zones[0], used("the zone is still used by tax rates (1)"));
    assert_eq!(zones[1], soko_kernel::Deletion::Deleted);
    assert_eq!(zones[2], used("the zone is still used by channels (1)"));
    let categories = desk.tax.delete_categories(&desk.admin, vec![standard, food]).await.unwrap();
    assert_eq!(categories[0], used("the tax category is still used by tax rates (1)"));
    assert_eq!(categories[1], soko_kernel::Deletion::Deleted);
    desk.tax.delete_rates(&desk.admin, vec![rate]).await.unwrap();
    let again = desk.tax.delete_zones(&desk.admin, vec![kenya, kenya]).await.unwrap();
    assert_eq!(again, [soko_kernel::Deletion::Deleted, soko_kernel::Deletion::Deleted], "named twice");
    let left = desk.setup().await;
    assert_eq!(left.zones.iter().map(|zone| zone.id).collect::<Vec<_>>(), [uganda]);
    assert_eq!((left.categories.len(), left.rates.len()), (1, 0));
}

#[tokio::test]
async fn a_country_with_addresses_keeps_its_code_and_stays() {
    let desk = Desk::open().await;
    let zone = desk.zone("East Africa", &["KE", "UG"]).await;
    desk.address_in("KE").await;
    let members = desk.tax.find_zone(&desk.admin, zone).await.unwrap().unwrap().members;
    let [kenya, uganda]: [soko_kernel::CountryId; 2] = members.try_into().unwrap();
    let outcomes = desk.tax.delete_countries(&desk.admin, vec![uganda, kenya]).await.unwrap();
    assert_eq!(outcomes[0], soko_kernel::Deletion::Deleted);
    let why = "the country is still used by addresses (1)".to_owned();
    assert_eq!(outcomes[1], soko_kernel::Deletion::InUse(why));
    let left = desk.tax.find_zone(&desk.admin, zone).await.unwrap().unwrap();
    assert_eq!(left.members, [kenya], "a country that is gone is in no zone");
    let renamed = CountryChanges {
        code: Some("KN".to_owned()),
        names: vec![(Language::SW, "Kenya yetu".to_owned())],
        ..CountryChanges::default()
    };
    let refused = desk.tax.update_country(&desk.admin, kenya, renamed.clone()).await;
    assert!(matches!(refused, Err(TaxError::CodeReferenced(code)) if code == "KE"));
    let texts = CountryChanges { code: None, enabled: Some(false), ..renamed };
    let changed = desk.tax.update_country(&desk.admin, kenya, texts).await.unwrap();
    let name = |language| changed.name(language).map(|name| name.name.as_str());
    assert_eq!((name(Language::EN), name(Language::SW)), (Some("Country KE"), Some("Kenya yetu")));
    assert_eq!(desk.setup().await.country_name("KE", Language::EN), None, "orders no longer go there");
}

#[tokio::test]
async fn refuses_unknown_ids_whole_and_those_of_other_channels() {
    let desk = Desk::open().await;
    let (kenya, other) = (desk.zone("Kenya", &["KE"]).await, desk.store.add_channel("other").await);
    let standard = desk.category("standard", true).await;
    let rate = desk.rate(standard, kenya, 160_000).await;
    let missing = |outcome: Result<(), TaxError>| matches!(outcome, Err(TaxError::NotFound(..)));
    let tax = &desk.tax;
    assert!(missing(tax.delete_zones(&other, vec![kenya]).await.map(|_| ())));
    assert!(missing(tax.delete_categories(&other, vec![standard]).await.map(|_| ())));
    assert!(missing(tax.delete_rates(&other, vec![rate]).await));
    assert!(missing(tax.update_zone(&other, kenya, Some("Mine".to_owned())).await.map(|_| ())));
    assert!(missing(tax.update_category(&other, standard, None, Some(false)).await.map(|_| ())));
    assert!(missing(tax.update_rate(&other, rate, TaxRateChanges::default()).await.map(|_| ())));
    let member = tax.find_zone(&desk.admin, kenya).await.unwrap().unwrap().members[0];
    assert!(missing(tax.create_zone(&other, "Theirs".to_owned(), vec![member]).await.map(|_| ())));
    assert!(missing(tax.update_country(&other, member, CountryChanges::default()).await.map(|_| ())));
    assert!(missing(tax.delete_rates(&desk.admin, vec![rate, TaxRateId(999)]).await));
    assert_eq!(tax.list_rates(&desk.admin, &query()).await.unwrap().total, 1, "all of them stay");
    assert_eq!(tax.list_zones(&other, &query()).await.unwrap().total, 0);
    let channels = Channels::new(desk.store.database.clone(), desk.store.clock.clone());
    let foreign = ChannelChanges { default_tax_zone_id: Some(kenya), ..ChannelChanges::default() };
    let refused = channels.update(&other, other.channel.id, foreign).await;
    assert!(matches!(refused, Err(ChannelError::UnknownZone(zone)) if zone == kenya));
}

#[tokio::test]
async fn refuses_malformed_countries_and_names_in_use() {
    let desk = Desk::open().await;
    desk.zone("Kenya", &["KE"]).await;
    let country = |code: &str, names: &[(Language, &str)]| NewCountry {
        code: code.to_owned(),
        enabled: true,
        names: names.iter().map(|(language, name)| (*language, (*name).to_owned())).collect(),
    };
    let create = async |new: NewCountry| desk.tax.create_country(&desk.admin, new).await.unwrap_err();
    let named = [(Language::EN, "Uganda")];
    for code in ["", "U", "ug", "UGA", "U1"] {
        assert!(matches!(create(country(code, &named)).await, TaxError::InvalidCountryCode(_)), "{code:?}");
    }
    assert!(matches!(create(country("UG", &[])).await, TaxError::InvalidName));
    assert!(matches!(create(country("UG", &[(Language::EN, " ")])).await, TaxError::InvalidName));
    let twice = [(Language::EN, "Uganda"), (Language::EN, "Uganda again")];
    assert!(matches!(create(country("UG", &twice)).await, TaxError::LanguageTwice(Language::EN)));
    assert!(matches!(create(country("KE", &named)).await, TaxError::InUse("country")));
    let zone = desk.tax.create_zone(&desk.admin, "Kenya".to_owned(), vec![]).await;
    assert!(matches!(zone, Err(TaxError::InUse("zone"))));
}
