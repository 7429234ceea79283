//! Prices in major units with a decimal point, read without a float.

use crate::catalogue::variant::PRICE_MAX_MINOR;

/// Digits after the decimal point: every currency of this API counts hundredths.
const DECIMALS: usize = 2;
const MINOR_PER_MAJOR: i64 = 100;

/// A price that is no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no price: digits are needed, with at most {DECIMALS} after a point, up to {max}", max = PRICE_MAX_MINOR / MINOR_PER_MAJOR)]
pub struct InvalidPrice(pub String);

/// The price in minor units: `1299.5` is 129,950.
pub(super) fn parse_price(text: &str) -> Result<i64, InvalidPrice> {
    let refusal = || InvalidPrice(text.to_owned());
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(major) || !digits(minor) || minor.len() > DECIMALS {
        return Err(refusal());
    }
    let major: i64 = major.parse().map_err(|_| refusal())?;
    let minor: i64 = format!("{minor:0<DECIMALS$}").parse().map_err(|_| refusal())?;
    let price = major.checked_mul(MINOR_PER_MAJOR).and_then(|price| price.checked_add(minor));
    price.filter(|price| *price <= PRICE_MAX_MINOR).ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_prices_exactly() {
        for (text, minor) in [
            ("1299.00", 129_900),
            ("0", 0),
            ("5.5", 550),
            ("0.07", 7),
            ("007", 700),
            ("8.95", 895),
            ("1000000000000.00", PRICE_MAX_MINOR),
        ] {
            assert_eq!(parse_price(text), Ok(minor), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_price() {
        for text in [
            "",
            ".",
            "5.",
            ".5",
            "-1",
            "+1",
            "1,5",
            "1 000",
            "1.234",
            "1e3",
            "£5",
            "1.2.3",
            "١",
            "1000000000000.01",
            "99999999999999999999",
        ] {
            assert_eq!(parse_price(text), Err(InvalidPrice(text.to_owned())));
        }
    }
}
