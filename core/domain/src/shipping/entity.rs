//! Shipping methods, and what they offer an order.

use soko_kernel::operation::ConfigurableOperation;
use soko_kernel::{Currency, Language, ShippingMethodId, TaxRatePpm, Timestamp};

use super::error::ShippingError;
use super::rules::{Calculator, Checker, FULFILLMENT_HANDLERS};

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

    /// Takes the changes, and returns the texts that change, whole.
    pub(super) fn apply(
        &mut self,
        changes: ShippingMethodChanges,
    ) -> Result<Vec<ShippingMethodText>, ShippingError> {
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
        let whole = |change: ShippingMethodTextChanges| {
            let before = self.translations.iter().find(|text| text.language == change.language);
            let name = change.name.or_else(|| before.map(|text| text.name.clone()));
            let description = change.description.or_else(|| before.map(|text| text.description.clone()));
            ShippingMethodText {
                language: change.language,
                name: name.unwrap_or_default(),
                description: description.unwrap_or_default(),
            }
        };
        let texts: Vec<ShippingMethodText> = changes.texts.into_iter().map(whole).collect();
        check_texts(&texts)?;
        Ok(texts)
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

/// What changes of the texts in one language; absent fields stay.
#[derive(Debug, Clone)]
pub struct ShippingMethodTextChanges {
    /// The language.
    pub language: Language,
    /// Shown to customers; a language that is new must have it.
    pub name: Option<String>,
    /// Shown to customers.
    pub description: Option<String>,
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
        check_handler(&self.fulfillment_handler)?;
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
    pub texts: Vec<ShippingMethodTextChanges>,
}

impl ShippingMethodChanges {
    pub(super) fn check(&self) -> Result<(), ShippingError> {
        self.code.as_deref().map_or(Ok(()), check_code)?;
        self.fulfillment_handler.as_deref().map_or(Ok(()), check_handler)?;
        self.checker.as_ref().map(Checker::parse).transpose()?;
        self.calculator.as_ref().map(Calculator::parse).transpose()?;
        Ok(())
    }
}

fn check_code(code: &str) -> Result<(), ShippingError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if code.is_empty() || code.len() > CODE_LENGTH_MAX || !code.chars().all(allowed) {
        return Err(ShippingError::InvalidCode);
    }
    Ok(())
}

fn check_handler(code: &str) -> Result<(), ShippingError> {
    if FULFILLMENT_HANDLERS.iter().any(|handler| handler.code == code) {
        Ok(())
    } else {
        Err(ShippingError::UnknownHandler(code.to_owned()))
    }
}

fn check_texts(texts: &[ShippingMethodText]) -> Result<(), ShippingError> {
    if texts.iter().any(|text| text.name.trim().is_empty()) {
        return Err(ShippingError::NameMissing);
    }
    let twice = Language::first_twice(texts.iter().map(|text| text.language));
    twice.map_or(Ok(()), |twice| Err(ShippingError::LanguageTwice(twice)))
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

/// What delivering an order costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingPrice {
    /// Minor units.
    pub list_price: i64,
    /// Whether `list_price` is with tax.
    pub includes_tax: bool,
    /// The tax on it.
    pub tax_rate: TaxRatePpm,
}

impl ShippingPrice {
    /// What a method with this checker and this calculator would ask for an order; `None` when it would not deliver
    /// it. `prices_include_tax` is the channel's setting.
    ///
    /// # Errors
    /// An unknown checker or calculator, or arguments that it does not take.
    pub fn of_rules(
        checker: &ConfigurableOperation,
        calculator: &ConfigurableOperation,
        prices_include_tax: bool,
        order: &ShippableOrder,
    ) -> Result<Option<Self>, ShippingError> {
        let (checker, calculator) = (Checker::parse(checker)?, Calculator::parse(calculator)?);
        Ok(Self::of(&checker, &calculator, prices_include_tax, order))
    }

    /// A price that would not fit into 64 bits is none.
    fn of(
        checker: &Checker,
        calculator: &Calculator,
        prices_include_tax: bool,
        order: &ShippableOrder,
    ) -> Option<Self> {
        if !checker.accepts(order) {
            return None;
        }
        Some(Self {
            list_price: calculator.price(order).ok()?,
            includes_tax: calculator.includes_tax(prices_include_tax),
            tax_rate: calculator.tax_rate,
        })
    }
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
        let quote = |(method, checker, calculator): &(ShippingMethod, Checker, Calculator)| {
            let price = ShippingPrice::of(checker, calculator, self.prices_include_tax, order)?;
            Some(ShippingQuote {
                method: method.clone(),
                list_price: price.list_price,
                includes_tax: price.includes_tax,
                tax_rate: price.tax_rate,
                tax_name: "shipping tax".to_owned(),
            })
        };
        let mut quotes: Vec<ShippingQuote> = self.methods.iter().filter_map(quote).collect();
        quotes.sort_by_key(|quote| (quote.list_price, quote.method.id));
        quotes
    }
}
