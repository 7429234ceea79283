//! A channel's places and taxes, and which rate applies.

use soko_kernel::{
    CountryId, CustomerGroupId, Language, TaxCategoryId, TaxRateId, TaxRatePpm, Timestamp, ZoneId,
};

use super::error::TaxError;

const NAME_LENGTH_MAX: usize = 200;

/// A country that the channel serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Country {
    /// Its id.
    pub id: CountryId,
    /// ISO 3166-1 alpha-2.
    pub code: String,
    /// Whether orders may go there.
    pub enabled: bool,
    /// Its names; at least one.
    pub names: Vec<CountryName>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A country's name in one language.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CountryName {
    /// Its id.
    pub id: i64,
    /// The country.
    pub country_id: CountryId,
    /// The language.
    pub language: Language,
    /// The name.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Country {
    /// The name in the wanted language, else in the first.
    pub fn name(&self, language: Language) -> Option<&CountryName> {
        self.names.iter().find(|name| name.language == language).or(self.names.first())
    }
}

/// A country to add.
#[derive(Debug, Clone)]
pub struct NewCountry {
    /// ISO 3166-1 alpha-2.
    pub code: String,
    /// Whether orders may go there.
    pub enabled: bool,
    /// Names by language; at least one.
    pub names: Vec<(Language, String)>,
}

impl NewCountry {
    pub(super) fn check(&self) -> Result<(), TaxError> {
        check_country_code(&self.code)?;
        if self.names.is_empty() {
            return Err(TaxError::InvalidName);
        }
        check_names(&self.names)
    }
}

/// What may change of a country; absent fields stay, and so do names in languages that are not named.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of NewCountry")]
pub struct CountryChanges {
    pub code: Option<String>,
    pub enabled: Option<bool>,
    pub names: Vec<(Language, String)>,
}

impl CountryChanges {
    pub(super) fn check(&self) -> Result<(), TaxError> {
        self.code.as_deref().map_or(Ok(()), check_country_code)?;
        check_names(&self.names)
    }
}

fn check_country_code(code: &str) -> Result<(), TaxError> {
    if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(TaxError::InvalidCountryCode(code.to_owned()));
    }
    Ok(())
}

fn check_names(names: &[(Language, String)]) -> Result<(), TaxError> {
    if let Some(twice) = Language::first_twice(names.iter().map(|(language, _)| *language)) {
        return Err(TaxError::LanguageTwice(twice));
    }
    names.iter().try_for_each(|(_, name)| check_name(name))
}

/// A named set of countries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its id.
    pub id: ZoneId,
    /// Its name, unique in the channel.
    pub name: String,
    /// Its countries, in order of id.
    pub members: Vec<CountryId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Which rates a variant falls under.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TaxCategory {
    /// Its id.
    pub id: TaxCategoryId,
    /// Its name, unique in the channel.
    pub name: String,
    /// Whether variants without a category get it.
    pub is_default: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A rate of tax for a category in a zone.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TaxRate {
    /// Its id.
    pub id: TaxRateId,
    /// Shown to customers.
    pub name: String,
    /// Whether it applies.
    pub enabled: bool,
    /// The rate.
    #[sqlx(rename = "rate_ppm")]
    pub rate: TaxRatePpm,
    /// The category.
    #[sqlx(rename = "tax_category_id")]
    pub category_id: TaxCategoryId,
    /// The zone.
    pub zone_id: ZoneId,
    /// For customers of this group alone.
    pub customer_group_id: Option<CustomerGroupId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A rate's facts.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of TaxRate")]
pub struct NewTaxRate {
    pub name: String,
    pub enabled: bool,
    pub rate: TaxRatePpm,
    pub category_id: TaxCategoryId,
    pub zone_id: ZoneId,
    pub customer_group_id: Option<CustomerGroupId>,
}

/// What may change of a rate; absent fields stay.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of TaxRate")]
pub struct TaxRateChanges {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub rate: Option<TaxRatePpm>,
    pub category_id: Option<TaxCategoryId>,
    pub zone_id: Option<ZoneId>,
    /// Another group, or everybody again.
    pub customer_group_id: Option<Option<CustomerGroupId>>,
}

impl TaxRate {
    /// The rate's facts with the changes.
    pub(super) fn changed(self, changes: TaxRateChanges) -> NewTaxRate {
        NewTaxRate {
            name: changes.name.unwrap_or(self.name),
            enabled: changes.enabled.unwrap_or(self.enabled),
            rate: changes.rate.unwrap_or(self.rate),
            category_id: changes.category_id.unwrap_or(self.category_id),
            zone_id: changes.zone_id.unwrap_or(self.zone_id),
            customer_group_id: changes.customer_group_id.unwrap_or(self.customer_group_id),
        }
    }
}

/// The rate that applies to something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedRate {
    /// The stored rate; absent where nothing is taxed.
    pub id: Option<TaxRateId>,
    /// The rate.
    pub rate: TaxRatePpm,
    /// Shown to customers.
    pub name: String,
}

/// Everything about a channel's taxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxSetup {
    /// Countries in order of code.
    pub countries: Vec<Country>,
    /// Zones in order of id.
    pub zones: Vec<Zone>,
    /// Categories in order of id.
    pub categories: Vec<TaxCategory>,
    /// Rates in order of id.
    pub rates: Vec<TaxRate>,
    pub(super) default_zone: Option<ZoneId>,
}

impl TaxSetup {
    /// The zone whose taxes are shown before an address is known.
    pub fn default_zone(&self) -> Option<ZoneId> {
        self.default_zone
    }

    /// The first zone that the country is in and that has a rate; else the first that it is in.
    pub fn zone_for_country(&self, code: &str) -> Option<ZoneId> {
        let country = self.countries.iter().find(|country| country.code == code)?.id;
        let zones = || self.zones.iter().filter(|zone| zone.members.contains(&country));
        let taxed = |zone: &&Zone| self.rates.iter().any(|rate| rate.zone_id == zone.id);
        zones().find(taxed).or_else(|| zones().next()).map(|zone| zone.id)
    }

    /// The name of a country that orders may go to; `None` for any other.
    pub fn country_name(&self, code: &str, language: Language) -> Option<String> {
        let country = self.countries.iter().find(|country| country.code == code && country.enabled)?;
        country.name(language).map(|name| name.name.clone())
    }

    /// The rate of a category in a zone: one for a group that the customer is in before one for everybody. Nothing is
    /// taxed outside all zones.
    pub fn rate_for(
        &self,
        category: TaxCategoryId,
        zone: Option<ZoneId>,
        groups: &[CustomerGroupId],
    ) -> AppliedRate {
        let applies =
            |rate: &&TaxRate| rate.enabled && rate.category_id == category && Some(rate.zone_id) == zone;
        let rates = || self.rates.iter().filter(applies);
        let special =
            rates().find(|rate| rate.customer_group_id.is_some_and(|group| groups.contains(&group)));
        let rate = special.or_else(|| rates().find(|rate| rate.customer_group_id.is_none()));
        match rate {
            Some(rate) => AppliedRate { id: Some(rate.id), rate: rate.rate, name: rate.name.clone() },
            None => {
                AppliedRate { id: None, rate: TaxRatePpm::ZERO, name: "No configured tax rate".to_owned() }
            }
        }
    }

    /// The category of variants that name none.
    pub fn default_category(&self) -> Option<TaxCategoryId> {
        let default = self.categories.iter().find(|category| category.is_default);
        default.or(self.categories.first()).map(|category| category.id)
    }
}

pub(super) fn check_name(name: &str) -> Result<(), TaxError> {
    if name.trim().is_empty() || name.chars().count() > NAME_LENGTH_MAX {
        return Err(TaxError::InvalidName);
    }
    Ok(())
}
