//! The built-in checkers and calculators: which orders a method delivers, and what it costs.

use soko_kernel::operation::{ArgDefinition, ConfigurableOperation, OperationDefinition};
use soko_kernel::rate::round_half_up;
use soko_kernel::{MoneyError, TaxRatePpm};

use super::entity::ShippableOrder;
use super::error::ShippingError;

const PERCENT_IN_PPM: i64 = 10_000;

const fn arg(
    name: &'static str,
    kind: &'static str,
    list: bool,
    default: Option<&'static str>,
    label: &'static str,
) -> ArgDefinition {
    ArgDefinition { name, kind, list, required: default.is_none(), default, label }
}

/// Every checker that a method can have.
pub const CHECKERS: &[OperationDefinition] = &[
    OperationDefinition {
        code: "default-shipping-eligibility-checker",
        description: "Delivers orders from a minimum total on",
        args: &[arg("orderMinimum", "int", false, Some("0"), "Minimum order total with tax")],
    },
    OperationDefinition {
        code: "country-shipping-eligibility-checker",
        description: "Delivers orders to some countries, from a minimum total on",
        args: &[
            arg("countryCodes", "string", true, None, "Two-letter country codes"),
            arg("orderMinimum", "int", false, Some("0"), "Minimum order total with tax"),
        ],
    },
];

/// Every calculator that a method can have.
pub const CALCULATORS: &[OperationDefinition] = &[
    OperationDefinition {
        code: "default-shipping-calculator",
        description: "Costs the same for every order",
        args: &[
            arg("rate", "int", false, Some("0"), "Shipping price"),
            arg("includesTax", "string", false, Some("auto"), "Price includes tax: include, exclude or auto"),
            arg("taxRate", "int", false, Some("0"), "Tax rate in percent"),
        ],
    },
    OperationDefinition {
        code: "percentage-shipping-calculator",
        description: "Costs a share of the order's items, within bounds",
        args: &[
            arg("percentage", "int", false, None, "Percentage of the items' price with tax"),
            arg("minimum", "int", false, Some("0"), "Least price"),
            arg("includesTax", "string", false, Some("auto"), "Price includes tax: include, exclude or auto"),
            arg("taxRate", "int", false, Some("0"), "Tax rate in percent"),
        ],
    },
];

/// The fulfillment handler by which people hand over goods.
pub const MANUAL_FULFILLMENT: &str = "manual-fulfillment";

/// Every way to hand goods over that a method can name.
pub const FULFILLMENT_HANDLERS: &[OperationDefinition] = &[OperationDefinition {
    code: MANUAL_FULFILLMENT,
    description: "People hand the goods over and say how",
    args: &[
        arg("method", "string", false, Some(""), "How the goods travel"),
        arg("trackingCode", "string", false, Some(""), "The carrier's reference"),
    ],
}];

/// A checker with its arguments read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checker {
    order_minimum: i64,
    countries: Option<Vec<String>>,
}

/// A calculator with its arguments read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Calculator {
    amount: Amount,
    includes_tax: Option<bool>,
    pub(super) tax_rate: TaxRatePpm,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Amount {
    Flat(i64),
    Share { ppm: i64, minimum: i64 },
}

impl Checker {
    pub(super) fn parse(operation: &ConfigurableOperation) -> Result<Self, ShippingError> {
        let definition = find(CHECKERS, operation)?;
        let countries = match definition.code {
            "country-shipping-eligibility-checker" => {
                let text = value(definition, operation, "countryCodes")?;
                let codes: Vec<String> = serde_json::from_str(text).map_err(|_| bad("countryCodes", text))?;
                if !codes.iter().all(|code| is_country_code(code)) {
                    return Err(bad("countryCodes", text));
                }
                Some(codes)
            }
            _ => None,
        };
        Ok(Self { order_minimum: amount(definition, operation, "orderMinimum")?, countries })
    }

    pub(super) fn accepts(&self, order: &ShippableOrder) -> bool {
        let country = self
            .countries
            .as_ref()
            .is_none_or(|codes| order.country_code.as_ref().is_some_and(|country| codes.contains(country)));
        country && order.sub_total_with_tax >= self.order_minimum
    }
}

impl Calculator {
    pub(super) fn parse(operation: &ConfigurableOperation) -> Result<Self, ShippingError> {
        let definition = find(CALCULATORS, operation)?;
        let percent = amount(definition, operation, "taxRate")?;
        let tax_rate = percent.checked_mul(PERCENT_IN_PPM).and_then(TaxRatePpm::try_new);
        let includes_tax = match value(definition, operation, "includesTax")? {
            "auto" => None,
            "include" => Some(true),
            "exclude" => Some(false),
            other => return Err(bad("includesTax", other)),
        };
        let amount = if definition.code == "percentage-shipping-calculator" {
            let percentage = amount(definition, operation, "percentage")?;
            let ppm = percentage.checked_mul(PERCENT_IN_PPM).filter(|ppm| *ppm <= TaxRatePpm::MAX.ppm());
            let ppm = ppm.ok_or_else(|| bad("percentage", &percentage.to_string()))?;
            Amount::Share { ppm, minimum: amount(definition, operation, "minimum")? }
        } else {
            Amount::Flat(amount(definition, operation, "rate")?)
        };
        let tax_rate = tax_rate.ok_or_else(|| bad("taxRate", &percent.to_string()))?;
        Ok(Self { amount, includes_tax, tax_rate })
    }

    /// What delivering the order costs; a share is rounded half up to the minor unit.
    pub(super) fn price(&self, order: &ShippableOrder) -> Result<i64, MoneyError> {
        match self.amount {
            Amount::Flat(price) => Ok(price),
            Amount::Share { ppm, minimum } => {
                let share = round_half_up(i128::from(order.sub_total_with_tax) * i128::from(ppm), 1_000_000);
                i64::try_from(share).map(|share| share.max(minimum)).map_err(|_| MoneyError::Overflow)
            }
        }
    }

    pub(super) fn includes_tax(&self, channel_prices_include_tax: bool) -> bool {
        self.includes_tax.unwrap_or(channel_prices_include_tax)
    }
}

fn is_country_code(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn find<'d>(
    definitions: &'d [OperationDefinition],
    operation: &ConfigurableOperation,
) -> Result<&'d OperationDefinition, ShippingError> {
    let definition = definitions.iter().find(|definition| definition.code == operation.code);
    let definition = definition.ok_or_else(|| ShippingError::UnknownOperation(operation.code.clone()))?;
    let unknown =
        operation.args.iter().find(|arg| !definition.args.iter().any(|known| known.name == arg.name));
    match unknown {
        Some(arg) => {
            Err(ShippingError::UnknownArgument { code: definition.code, argument: arg.name.clone() })
        }
        None => Ok(definition),
    }
}

fn value<'o>(
    definition: &OperationDefinition,
    operation: &'o ConfigurableOperation,
    name: &'static str,
) -> Result<&'o str, ShippingError> {
    let default = definition.args.iter().find(|arg| arg.name == name).and_then(|arg| arg.default);
    operation.arg(name).or(default).ok_or_else(|| bad(name, ""))
}

/// A whole number that is not negative.
fn amount(
    definition: &OperationDefinition,
    operation: &ConfigurableOperation,
    name: &'static str,
) -> Result<i64, ShippingError> {
    let text = value(definition, operation, name)?;
    text.parse().ok().filter(|amount| *amount >= 0).ok_or_else(|| bad(name, text))
}

fn bad(argument: &'static str, value: &str) -> ShippingError {
    ShippingError::InvalidArgument { argument, value: value.to_owned() }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use soko_kernel::Currency;

    use super::*;

    fn order(sub_total_with_tax: i64, country: Option<&str>) -> ShippableOrder {
        ShippableOrder {
            sub_total: sub_total_with_tax,
            sub_total_with_tax,
            country_code: country.map(str::to_owned),
            currency: Currency::KES,
            total_quantity: 1,
        }
    }

    #[test]
    fn prices_flat_and_by_share() {
        let flat = ConfigurableOperation::new("default-shipping-calculator", [("rate", "25000")]);
        assert_eq!(Calculator::parse(&flat).unwrap().price(&order(1, None)).unwrap(), 25_000);
        let share = [("percentage", "5"), ("minimum", "100")];
        let share =
            Calculator::parse(&ConfigurableOperation::new("percentage-shipping-calculator", share)).unwrap();
        assert_eq!(share.price(&order(10_010, None)).unwrap(), 501);
        assert_eq!(share.price(&order(10, None)).unwrap(), 100);
    }

    #[test]
    fn checks_country_and_minimum() {
        let args = [("countryCodes", r#"["KE","UG"]"#), ("orderMinimum", "100")];
        let operation = ConfigurableOperation::new("country-shipping-eligibility-checker", args);
        let checker = Checker::parse(&operation).unwrap();
        assert!(checker.accepts(&order(100, Some("KE"))));
        assert!(!checker.accepts(&order(99, Some("KE"))));
        assert!(!checker.accepts(&order(100, Some("GB"))));
        assert!(!checker.accepts(&order(100, None)));
    }

    #[test]
    fn refuses_unknown_operations_and_malformed_arguments() {
        let refused = |code, args| Calculator::parse(&ConfigurableOperation::new(code, args)).is_err();
        assert!(refused("nonsense", [("rate", "1")]));
        for (name, value) in
            [("rate", "-1"), ("rate", "1.5"), ("includesTax", "maybe"), ("taxRate", "2000"), ("x", "1")]
        {
            assert!(refused("default-shipping-calculator", [(name, value)]), "{name}={value}");
        }
        assert!(refused("percentage-shipping-calculator", [("minimum", "1")]));
    }
}
