//! Where a shop sells: countries, zones, and what is taxed there.

use std::collections::HashMap;

use anyhow::Context as _;
use soko_domain::Services;
use soko_domain::tax::{NewCountry, NewTaxRate};
use soko_kernel::{Actor, CountryId, Language, TaxCategoryId, TaxRatePpm, ZoneId};

use super::catalogue::Catalogue;

/// ISO 3166-1 alpha-2 codes and names, one a line.
const COUNTRIES: &str = include_str!("countries.txt");
/// The other countries of the East African Community.
const NEIGHBOURS: &[&str] = &["UG", "TZ", "RW", "BI", "SS", "CD", "SO"];
/// Names in Swahili of those that Kenyans write to most.
const SWAHILI_NAMES: &[(&str, &str)] = &[
    ("CD", "Jamhuri ya Kidemokrasia ya Kongo"),
    ("ET", "Uhabeshi"),
    ("GB", "Uingereza"),
    ("IN", "Uhindi"),
    ("SS", "Sudan Kusini"),
    ("US", "Marekani"),
    ("ZA", "Afrika Kusini"),
];
/// Value added tax: 16 %.
const VAT_PPM: i64 = 160_000;
/// Code of the tax category with [`VAT_PPM`]; every other is zero-rated.
const STANDARD: &str = "standard";

/// A shop's places.
pub struct Places {
    /// The zone of Kenya.
    pub home: ZoneId,
    /// The zone of all countries.
    pub everywhere: ZoneId,
    /// Tax categories by the catalogue's codes.
    pub tax_categories: HashMap<String, TaxCategoryId>,
}

/// Creates countries, zones, tax categories and rates.
///
/// # Errors
/// A failing store.
pub async fn create(services: &Services, actor: &Actor, catalogue: &Catalogue) -> anyhow::Result<Places> {
    let countries = create_countries(services, actor).await?;
    let id_of = |code: &str| countries.get(code).copied().with_context(|| format!("no country {code}"));
    let tax = &services.tax;
    let home = tax.create_zone(actor, "Kenya".to_owned(), vec![id_of("KE")?]).await?.id;
    let neighbours = NEIGHBOURS.iter().map(|code| id_of(code)).collect::<anyhow::Result<Vec<_>>>()?;
    let east_africa = tax.create_zone(actor, "East Africa".to_owned(), neighbours).await?.id;
    let everyone = countries.values().copied().collect();
    let everywhere = tax.create_zone(actor, "Everywhere".to_owned(), everyone).await?.id;
    let mut tax_categories = HashMap::new();
    for category in &catalogue.tax_categories {
        let is_standard = category.code == STANDARD;
        let id = tax.create_category(actor, category.name.clone(), is_standard).await?.id;
        tax_categories.insert(category.code.clone(), id);
        let (ppm, label) = if is_standard { (VAT_PPM, "VAT 16 %") } else { (0, "VAT 0 %") };
        for zone_id in [home, east_africa, everywhere] {
            let rate = NewTaxRate {
                name: label.to_owned(),
                enabled: true,
                rate: TaxRatePpm::try_new(ppm).context("a rate of tax")?,
                category_id: id,
                zone_id,
                customer_group_id: None,
            };
            tax.create_rate(actor, rate).await?;
        }
    }
    Ok(Places { home, everywhere, tax_categories })
}

async fn create_countries(
    services: &Services,
    actor: &Actor,
) -> anyhow::Result<HashMap<&'static str, CountryId>> {
    let lines: Vec<(&str, &str)> = COUNTRIES.lines().filter_map(|line| line.split_once(' ')).collect();
    let swahili = |code: &str| SWAHILI_NAMES.iter().find(|(known, _)| *known == code).map(|(_, name)| *name);
    let new = lines.iter().map(|(code, name)| {
        let names =
            std::iter::once((Language::EN, *name)).chain(swahili(code).map(|name| (Language::SW, name)));
        NewCountry {
            code: (*code).to_owned(),
            enabled: true,
            names: names.map(|(language, name)| (language, name.to_owned())).collect(),
        }
    });
    let ids = services.tax.create_countries(actor, new.collect()).await?;
    Ok(lines.into_iter().map(|(code, _)| code).zip(ids).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_every_country_once() {
        let codes: Vec<&str> =
            COUNTRIES.lines().filter_map(|line| line.split_once(' ')).map(|(code, _)| code).collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.is_sorted() && codes.windows(2).all(|pair| pair[0] != pair[1]));
        let wanted = NEIGHBOURS.iter().chain(&["KE", "GB"]).chain(SWAHILI_NAMES.iter().map(|(code, _)| code));
        for code in wanted {
            assert!(codes.contains(code), "{code}");
        }
    }
}
