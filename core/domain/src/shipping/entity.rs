//! Shipping methods, and what they offer an order.

use soko_kernel::operation::ConfigurableOperation;
use soko_kernel::{Currency, Language, ShippingMethodId, TaxRatePpm, Timestamp};

use super::error::ShippingError;
use super::rules::{Calculator, Checker};

const CODE_LENGTH_MAX: usize = 64;

/// A way to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingMethod {
    /// Its id.
    pub id: ShippingMethodId,
    /// Unique in the channel.
    pub code: String,
    /// Who hands the goods over.
    pub fulfillment_handler: String,
    /// Which orders it delivers.
    pub checker: ConfigurableOperation,
    /// What it costs.
    pub calculator: ConfigurableOperation,
    /// Its texts; at least one.
    pub translations: Vec<ShippingMethodTranslation>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl ShippingMethod {
    /// The texts in the wanted language, else in the fallback, else in any.
    pub fn text(&self, wanted: Language, fallback: Language) -> Option<&ShippingMethodTranslation> {
        let of = |language| self.translations.iter().find(|translation| translation.language == language);
        of(wanted).or_else(|| of(fallback)).or(self.translations.first())
    }

    /// Takes the changes, and returns the texts that change.
    pub(super) fn apply(&mut self, changes: ShippingMethodChanges) -> Vec<ShippingMethodText> {
        if let Some(code) = changes.code {
            self.code = code;
        }
        if let Some(handler) = changes.fulfillment_handler {
            self.fulfillment_handler = handler;
        }
        if let Some(checker) = changes.checker {
            self.checker = checker;
        }
        if let Some(calculator) = changes.calculator {
            self.calculator = calculator;
        }
        changes.texts
    }
}

/// A method's texts in one language.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ShippingMethodTranslation {
    /// Its id.
    pub id: i64,
    /// The method.
    pub shipping_method_id: ShippingMethodId,
    /// The language.
    pub language: Language,
    /// Shown to customers.
    pub name: String,
    /// Shown to customers; may be empty.
    pub description: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Texts in one language, as given.
#[derive(Debug, Clone)]
pub struct ShippingMethodText {
    /// The language.
    pub language: Language,
    /// Shown to customers.
    pub name: String,
    /// Shown to customers; may be empty.
    pub description: String,
}

/// What a new method needs.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of ShippingMethod")]
pub struct NewShippingMethod {
    pub code: String,
    pub fulfillment_handler: String,
    pub checker: ConfigurableOperation,
    pub calculator: ConfigurableOperation,
    pub texts: Vec<ShippingMethodText>,
}

impl NewShippingMethod {
    pub(super) fn check(&self) -> Result<(), ShippingError> {
        check_code(&self.code)?;
        Checker::parse(&self.checker)?;
        Calculator::parse(&self.calculator)?;
        if self.texts.is_empty() {
            return Err(ShippingError::NameMissing);
        }
        check_texts(&self.texts)
    }
}

/// What may change; absent fields stay, and so do texts of languages that are not named.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of ShippingMethod")]
pub struct ShippingMethodChanges {
    pub code: Option<String>,
    pub fulfillment_handler: Option<String>,
    pub checker: Option<ConfigurableOperation>,
    pub calculator: Option<ConfigurableOperation>,
    pub texts: Vec<ShippingMethodText>,
}

impl ShippingMethodChanges {
    pub(super) fn check(&self) -> Result<(), ShippingError> {
        self.code.as_deref().map_or(Ok(()), check_code)?;
        self.checker.as_ref().map(Checker::parse).transpose()?;
        self.calculator.as_ref().map(Calculator::parse).transpose()?;
        check_texts(&self.texts)
    }
}

fn check_code(code: &str) -> Result<(), ShippingError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if code.is_empty() || code.len() > CODE_LENGTH_MAX || !code.chars().all(allowed) {
        return Err(ShippingError::InvalidCode);
    }
    Ok(())
}

fn check_texts(texts: &[ShippingMethodText]) -> Result<(), ShippingError> {
    if texts.iter().any(|text| text.name.trim().is_empty()) {
        Err(ShippingError::NameMissing)
    } else {
        Ok(())
    }
}

/// What of an order decides about its delivery. Amounts are minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippableOrder {
    /// The items without tax.
    pub sub_total: i64,
    /// The items with tax.
    pub sub_total_with_tax: i64,
    /// Where it goes, once that is known.
    pub country_code: Option<String>,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Units.
    pub total_quantity: i64,
}

/// What a method offers an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingQuote {
    /// The method.
    pub method: ShippingMethod,
    /// Minor units.
    pub list_price: i64,
    /// Whether `list_price` is with tax.
    pub includes_tax: bool,
    /// The tax on it.
    pub tax_rate: TaxRatePpm,
    /// Shown to customers.
    pub tax_name: String,
}

/// A channel's methods, ready to quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingSetup {
    /// In order of id.
    methods: Vec<(ShippingMethod, Checker, Calculator)>,
    prices_include_tax: bool,
}

impl ShippingSetup {
    pub(super) fn try_new(
        methods: Vec<ShippingMethod>,
        prices_include_tax: bool,
    ) -> Result<Self, ShippingError> {
        let read = |method: ShippingMethod| {
            let (checker, calculator) =
                (Checker::parse(&method.checker)?, Calculator::parse(&method.calculator)?);
            Ok((method, checker, calculator))
        };
        Ok(Self {
            methods: methods.into_iter().map(read).collect::<Result<_, ShippingError>>()?,
            prices_include_tax,
        })
    }

    /// The methods, whatever they deliver.
    pub fn methods(&self) -> impl Iterator<Item = &ShippingMethod> {
        self.methods.iter().map(|(method, ..)| method)
    }

    /// What the methods that deliver this order offer, cheapest first. A method whose price would not fit into 64
    /// bits does not deliver.
    pub fn quotes(&self, order: &ShippableOrder) -> Vec<ShippingQuote> {
        let accepting = self.methods.iter().filter(|(_, checker, _)| checker.accepts(order));
        let quote = |(method, _, calculator): &(ShippingMethod, Checker, Calculator)| {
            let list_price = calculator.price(order).ok()?;
            let tax_rate = calculator.tax_rate;
            let includes_tax = calculator.includes_tax(self.prices_include_tax);
            Some(ShippingQuote {
                method: method.clone(),
                list_price,
                includes_tax,
                tax_rate,
                tax_name: "shipping tax".to_owned(),
            })
        };
        let mut quotes: Vec<ShippingQuote> = accepting.filter_map(quote).collect();
        quotes.sort_by_key(|quote| (quote.list_price, quote.method.id));
        quotes
    }
}
